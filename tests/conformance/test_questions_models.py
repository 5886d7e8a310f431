"""What a person asks of one model, and of a run that failed, on every backend."""

from __future__ import annotations

import pytest

from lineage import Artifact, BaseType, Context, Execution, Kind, Store, Type
from lineage.errors import NotFound


@pytest.fixture
def pipeline(store: Store) -> Store:
    """Two runs of a pipeline; the second one's training fails."""
    store.put_type(Type(kind=Kind.ARTIFACT, name="Weights", base=BaseType.MODEL))
    store.put_parent(Context(type="PipelineRun", name="r1"), Context(type="Pipeline", name="p"))
    store.put_parent(Context(type="PipelineRun", name="r2"), Context(type="Pipeline", name="p"))
    p, r1, r2 = "Pipeline:p", "PipelineRun:r1", "PipelineRun:r2"
    store.record(
        Execution(type="Ingest", name="ingest"),
        outputs={"raw": Artifact(type="Dataset", name="raw", uri="s3://raw")},
        contexts=[p, r1],
    )
    store.record(
        Execution(type="Split", name="split"),
        inputs={"raw": "Dataset:raw"},
        outputs={
            "train": Artifact(type="Dataset", name="train"),
            "eval": Artifact(type="Dataset", name="eval"),
        },
        contexts=[p, r1],
    )
    store.record(
        Execution(
            type="Train",
            name="t1",
            state="COMPLETE",
            custom_properties={"lr": 0.1, "environment": {"python": "3.11", "sklearn": "1.5"}},
        ),
        inputs={"examples": "Dataset:train"},
        outputs={"model": Artifact(type="Model", name="m")},
        contexts=[p, r1],
    )
    store.record(
        Execution(type="Evaluate", name="e1"),
        inputs={"model": "Model:m", "examples": "Dataset:eval"},
        outputs={"metrics": Artifact(type="Metrics", custom_properties={"accuracy": 0.9})},
        contexts=[p, r1],
    )
    store.record(
        Execution(type="Transform", name="quantise"),
        inputs={"model": "Model:m"},
        outputs={"weights": Artifact(type="Weights", name="q")},
    )
    store.record(
        Execution(type="Deploy", name="push", state="COMPLETE"),
        inputs={"model": "Weights:q"},
        outputs={"pushed": Artifact(type="PushedModel", uri="https://serving/m")},
        time_ms=5000,
    )
    store.record(
        Execution(
            type="Train", name="t2", state="FAILED", custom_properties={"lr": 9.9, "error": "NaN"}
        ),
        inputs={"examples": "Dataset:eval"},
        contexts=[p, r2],
    )
    return store


@pytest.mark.parametrize("model", ["Model:m", "Weights:q"])
def test_which_data_was_it_trained_on(pipeline: Store, model: str) -> None:
    rows = {row.dataset.name: row.direct for row in pipeline.trained_on(model)}
    assert rows == {"raw": False, "train": True}


@pytest.mark.parametrize("model", ["Model:m", "Weights:q"])
def test_hyperparameters_and_environment(pipeline: Store, model: str) -> None:
    assert [(s.name, s.value) for s in pipeline.hyperparameters(model)] == [("lr", 0.1)]
    assert [(s.name, s.value) for s in pipeline.environment_of(model)] == [
        ("python", "3.11"),
        ("sklearn", "1.5"),
    ]


def test_by_which_pipeline_and_run(pipeline: Store) -> None:
    found = pipeline.pipeline_of("Model:m")
    assert [c.name for c in found.pipelines] == ["p"]
    assert [c.name for c in found.runs] == ["r1"]


def test_what_was_measured_and_where_it_was_deployed(pipeline: Store) -> None:
    [measured] = pipeline.evaluations("Model:m")
    assert measured.metrics.get("accuracy") == 0.9
    assert measured.execution.name == "e1"
    for model in ("Model:m", "Weights:q"):
        [deployed] = pipeline.deployments(model)
        assert deployed.execution.name == "push"
        assert deployed.time_ms == 5000
        assert [o.uri for o in deployed.outputs] == ["https://serving/m"]
    assert pipeline.evaluations("Weights:q") == []


def test_about_is_all_of_them(pipeline: Store) -> None:
    found = pipeline.about("Model:m")
    assert found.trained_on == pipeline.trained_on("Model:m")
    assert found.hyperparameters == pipeline.hyperparameters("Model:m")
    assert found.environment == pipeline.environment_of("Model:m")
    assert found.evaluations == pipeline.evaluations("Model:m")
    assert found.deployments == pipeline.deployments("Model:m")
    assert found.pipeline == pipeline.pipeline_of("Model:m")


def test_a_failure_beside_the_last_good_run(pipeline: Store) -> None:
    found = pipeline.failure("Train:t2")
    assert [(path, a.name) for path, a in found.inputs] == [(("examples",), "eval")]
    assert found.last_good is not None
    assert found.last_good.name == "t1"
    differences = {d.what: (d.failed, d.good) for d in found.differences}
    assert differences["lr"] == (9.9, 0.1)
    assert differences["error"] == ("NaN", None)
    assert differences["input examples"] == ("Dataset:eval", "Dataset:train")


def test_a_failure_of_a_model_is_that_of_the_run_that_made_it(pipeline: Store) -> None:
    assert pipeline.failure("Model:m").run.name == "t1"
    made = pipeline.put(Artifact(type="Model", name="from nowhere"))
    with pytest.raises(NotFound, match="from nowhere"):
        pipeline.failure(made)


def test_a_good_run_of_another_pipeline_is_not_the_last_good_one(pipeline: Store) -> None:
    pipeline.record(
        Execution(type="Train", name="elsewhere", state="COMPLETE"),
        contexts=[Context(type="Pipeline", name="other")],
    )
    pipeline.record(Execution(type="Train", name="t3", state="FAILED"), contexts=["Pipeline:p"])
    good = pipeline.failure("Train:t3").last_good
    assert good is not None
    assert good.name == "t1"


def test_history_is_in_the_order_of_time(pipeline: Store) -> None:
    found = pipeline.history("Weights:q")
    words = [(h.what, h.other.name if h.other else None) for h in found]
    # The deployment happened, as it says, long before it was recorded.
    assert words[0] == ("used by", "push")
    assert ("made by", "quantise") in words
    times = [h.time_ms for h in found if h.time_ms is not None]
    assert times == sorted(times)


def test_history_has_marks_and_deletions(pipeline: Store) -> None:
    pipeline.clock = lambda: 2**42
    pipeline.mark("Weights:q", label="pii", who="ann", reason="names")
    pipeline.mark("Weights:q", label="tainted", clean=True)
    pipeline.clock = lambda: 2**42 + 1
    pipeline.lift("Weights:q", label="pii", who="bob")
    pipeline.clock = lambda: 2**42 + 2
    receipt = pipeline.delete("Weights:q", policy="tombstone", who="ann", reason="asked to")
    found = [h for h in pipeline.history("Weights:q") if (h.time_ms or 0) >= 2**42]
    assert [(h.what, h.receipt, h.why) for h in found] == [
        ("marked pii", None, "ann: names"),
        ("marked clean of tainted", None, None),
        ("lifted pii", None, "bob"),
        ("deleted", receipt.id, "ann: asked to"),
    ]
