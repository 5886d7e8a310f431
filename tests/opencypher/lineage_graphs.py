"""Lineage graphs to ask: one that tells a story, and random ones."""

from __future__ import annotations

import random
from collections.abc import Iterator

from lineage import Artifact, Context, Execution, Kind, Store, Type

_ARTIFACT_TYPES = ("Dataset", "Examples", "Model", "Metrics")
_STEP_TYPES = ("Split", "Train", "Evaluate", "Deploy")


class Clock:
    """A second passes with each look at it, so that stores can be the same to the millisecond."""

    def __init__(self) -> None:
        self.now_ms = 1_700_000_000_000

    def __call__(self) -> int:
        self.now_ms += 1000
        return self.now_ms


def random_graph(store: Store, seed: int, steps: int = 9) -> None:
    """Steps over few artifacts: chains, diamonds, re-use, artifacts that nobody uses, failures."""
    _declare(
        store,
        (Kind.ARTIFACT, _ARTIFACT_TYPES),
        (Kind.EXECUTION, _STEP_TYPES),
        (Kind.CONTEXT, ("Pipeline", "PipelineRun")),
    )
    chance = random.Random(seed)
    artifacts: list[int] = []
    runs = [Context(type="PipelineRun", name=f"run-{n}") for n in range(3)]
    pipelines = [Context(type="Pipeline", name=name) for name in ("churn", "fraud")]
    for step in range(steps):
        inputs = {
            f"in{n}": id
            for n, id in enumerate(
                chance.sample(artifacts, min(len(artifacts), chance.choice((0, 1, 1, 2, 2, 3))))
            )
        }
        outputs = {
            f"out{n}": _random_artifact(chance, f"a{step}.{n}")
            for n in range(chance.choice((0, 1, 1, 2)))
        }
        contexts = chance.sample(runs, chance.choice((0, 1, 1, 2)))
        done = store.record(
            Execution(
                type=chance.choice(_STEP_TYPES),
                name=f"step{step}",
                state=chance.choice(("COMPLETE", "COMPLETE", "FAILED")),
                custom_properties=_some(chance, {"lr": chance.choice((0.1, 0.01)), "seed": 7}),
            ),
            inputs=inputs,
            outputs=outputs,
            contexts=contexts,
        )
        artifacts += done.outputs.values()
    store.record(Execution(type="Train", name="grouped"), contexts=runs)
    for run in runs:
        store.put_parent(f"PipelineRun:{run.name}", chance.choice(pipelines))
    _mark(store, chance, artifacts, steps)


def _mark(store: Store, chance: random.Random, artifacts: list[int], steps: int) -> None:
    """Marks of two labels on artifacts, some of them clean, and on steps; one of them lifted."""
    for label, artifact in zip(
        ("pii", "tainted", "pii", "tainted"), chance.sample(artifacts, 4), strict=True
    ):
        clean, reason = chance.random() < 0.3, chance.choice(("seen", None))
        store.mark(f"artifact:{artifact}", label=label, clean=clean, reason=reason)
    marked = chance.sample(range(1, steps + 1), 3)
    for place, step in enumerate(marked):
        store.mark(f"execution:{step}", label="tainted", reason=f"for {place}")
    store.lift(f"execution:{marked[0]}", label="tainted")


def _declare(store: Store, *declared: tuple[Kind, tuple[str, ...]]) -> None:
    """Types in the order in which a copy puts them, so that their ids stay the same."""
    for kind, names in declared:
        for name in sorted(names):
            store.put_type(Type(kind=kind, name=name))


def _random_artifact(chance: random.Random, name: str) -> Artifact:
    return Artifact(
        type=chance.choice(_ARTIFACT_TYPES),
        name=name if chance.random() < 0.8 else None,
        uri=f"s3://{chance.choice('xyz')}/{name}" if chance.random() < 0.7 else None,
        custom_properties=_some(
            chance,
            {
                "accuracy": chance.choice((0.5, 0.75, 0.875, 0.9375)),
                "rows": chance.choice((10, 200, 3000)),
                "framework": chance.choice(("sklearn", "torch")),
                "approved": chance.random() < 0.5,
            },
        ),
    )


def _some(chance: random.Random, values: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if chance.random() < 0.6}


def story(store: Store) -> None:
    """A churn model and a fraud model over shared data, with a failure and two deployments."""
    _declare(
        store,
        (Kind.ARTIFACT, ("Dataset", "Endpoint", "Metrics", "Model")),
        (Kind.EXECUTION, ("Deploy", "Evaluate", "Ingest", "Join", "Predict", "Split", "Train")),
        (Kind.CONTEXT, ("Pipeline", "PipelineRun", "Project")),
    )
    for record in _story():
        execution, inputs, outputs, contexts = record
        store.record(execution, inputs=inputs, outputs=outputs, contexts=contexts)
    for run, pipeline in (("monday", "churn"), ("tuesday", "churn"), ("fraud-1", "fraud")):
        store.put_parent(f"PipelineRun:{run}", Context(type="Pipeline", name=pipeline))
    for pipeline in ("churn", "fraud"):
        store.put_parent(f"Pipeline:{pipeline}", Context(type="Project", name="risk"))


def _story() -> Iterator[tuple[Execution, dict, dict, list[Context]]]:  # type: ignore[type-arg]
    monday, tuesday, fraud = (
        Context(type="PipelineRun", name=name) for name in ("monday", "tuesday", "fraud-1")
    )

    def dataset(name: str, rows: int, **more: object) -> Artifact:
        return Artifact(
            type="Dataset",
            name=name,
            uri=f"s3://lake/{name}.parquet",
            custom_properties={"rows": rows, **more},
        )

    def step(type: str, name: str, state: str = "COMPLETE", **more: object) -> Execution:
        return Execution(type=type, name=name, state=state, custom_properties=more)

    customers = dataset("customers", 100_000, owner="crm", licence="internal")
    clicks = dataset("clicks", 2_000_000, owner="web", licence="internal")
    external = dataset("credit-scores", 80_000, owner="vendor", licence="nc")
    yield (
        step("Ingest", "ingest-customers", host="etl-1"),
        {}, {"data": customers}, [monday],
    )  # fmt: skip
    yield step("Ingest", "ingest-clicks", host="etl-2"), {}, {"data": clicks}, [monday]
    yield step("Ingest", "ingest-scores", host="etl-1"), {}, {"data": external}, [fraud]
    features = dataset("features", 95_000)
    yield (
        step("Join", "join-features", host="etl-1"),
        {"left": "Dataset:customers", "right": "Dataset:clicks"}, {"data": features}, [monday],
    )  # fmt: skip
    yield (
        step("Split", "split-features", seed=7),
        {"data": "Dataset:features"},
        {"train": dataset("train", 76_000), "test": dataset("test", 19_000)},
        [monday],
    )
    trained = (
        ("churn-1", 0.1, "sklearn", 0.81, monday),
        ("churn-2", 0.01, "sklearn", 0.86, tuesday),
        ("churn-3", 0.01, "torch", 0.89, tuesday),
    )
    for name, lr, framework, accuracy, run in trained:
        yield (
            step("Train", f"train-{name}", lr=lr, framework=framework, host="gpu-1"),
            {"examples": "Dataset:train"},
            {"model": Artifact(type="Model", name=name, uri=f"s3://models/{name}",
                               custom_properties={"framework": framework})},
            [run],
        )  # fmt: skip
        yield (
            step("Evaluate", f"evaluate-{name}"),
            {"model": f"Model:{name}", "examples": "Dataset:test"},
            {"metrics": Artifact(type="Metrics", name=f"{name}-metrics",
                                 custom_properties={"accuracy": accuracy})},
            [run],
        )  # fmt: skip
    yield (
        step("Train", "train-churn-4", "FAILED", lr=10.0, framework="torch", host="gpu-2"),
        {"examples": "Dataset:train"}, {}, [tuesday],
    )  # fmt: skip
    yield (
        step("Train", "train-fraud", lr=0.1, framework="sklearn", host="gpu-1"),
        {"examples": "Dataset:features", "scores": "Dataset:credit-scores"},
        {"model": Artifact(type="Model", name="fraud-1", uri="s3://models/fraud-1",
                           custom_properties={"framework": "sklearn"})},
        [fraud],
    )  # fmt: skip
    yield (
        step("Evaluate", "evaluate-fraud-1"),
        {"model": "Model:fraud-1"},
        {"metrics": Artifact(type="Metrics", name="fraud-1-metrics",
                             custom_properties={"accuracy": 0.93})},
        [fraud],
    )  # fmt: skip
    for model in ("churn-2", "fraud-1"):
        yield (
            step("Deploy", f"deploy-{model}", host="serving-1"),
            {"model": f"Model:{model}", "metrics": f"Metrics:{model}-metrics"},
            {"endpoint": Artifact(type="Endpoint", name=f"{model}-live",
                                  uri=f"https://serving/{model}")},
            [],
        )  # fmt: skip
    yield (
        step("Predict", "score-everyone"),
        {"endpoint": "Endpoint:churn-2-live", "data": "Dataset:customers"},
        {"scores": dataset("churn-scores", 100_000, owner="ml")}, [],
    )  # fmt: skip
