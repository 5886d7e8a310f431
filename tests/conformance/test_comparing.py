"""What differs between two models, and who trained on the same data, on every backend."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineage import Artifact, BaseType, Event, EventType, Execution, Kind, Store, Type
from lineage.errors import InvalidValue, NotFound
from lineage.questions.metrics import higher_is_better
from lineage.questions.run_facets import Part
from tests.conformance.reference import Graph, Key
from tests.series import declare_series

EXAMPLES = 200 if os.environ.get("LINEAGE_LONG") else 8
per_example = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def train(
    store: Store,
    model: str,
    *,
    raw: str = "raw-1",
    digest: str | None = None,
    accuracy: float | None = None,
    augmented: bool = False,
    **settings: Any,
) -> None:
    """raw -> Split -> train data -> Train -> model -> Evaluate -> metrics."""
    version = model.rpartition("-")[2]
    data = {"sha256": digest, "rows": len(digest)} if digest else {}
    source = Artifact(type="Dataset", name=raw, custom_properties=data)
    part = Artifact(type="Examples", name=f"part-{raw}")
    split = Execution(type="Split", name=f"split-{raw}", external_id=f"split-{raw}")
    store.record(split, inputs={"d": source}, outputs=[part])
    if augmented:
        more = Artifact(type="Examples", name=f"augmented-{version}")
        step = Execution(type="Transform", name=f"augment-{version}")
        store.record(step, inputs={"examples": part}, outputs={"examples": more})
        part = more
    store.record(
        Execution(type="Train", name=f"train-{version}", custom_properties=settings),
        inputs={"examples": part},
        outputs={"model": Artifact(type="Model", name=model)},
    )
    if accuracy is not None:
        metrics = Artifact(type="Metrics", custom_properties={"accuracy": accuracy, "bytes": 7})
        store.record(
            Execution(type="Evaluate"), inputs={"model": f"Model:{model}"}, outputs=[metrics]
        )


def test_what_differs_between_two_models(store: Store) -> None:
    declare_series(store)
    environment = {"python": "3.11", "numpy": "1.26", "host": "a"}
    train(store, "churn-1", digest="abc", accuracy=0.9, lr=0.1, git_commit="c1", seed=7,
          environment=environment)  # fmt: skip
    train(store, "churn-2", raw="raw-2", digest="abcd", accuracy=0.8, augmented=True, lr=0.2,
          git_commit="c2", seed=7, environment={**environment, "numpy": "2.0"},
          error="none", dropout=0.5)  # fmt: skip
    found = store.diff("Model:churn-1", "Model:churn-2")
    assert [(d.part, d.name, d.first, d.second) for d in found.settings] == [
        (Part.CODE, "git_commit", "c1", "c2"),
        (Part.PARAMETER, "dropout", None, 0.5),
        (Part.PARAMETER, "lr", 0.1, 0.2),
        (Part.LIBRARY, "numpy", "1.26", "2.0"),
    ]
    assert [(d.first.name, d.second.name, d.derived, d.known) for d in found.data] == [
        ("raw-1", "raw-2", False, True),
        ("part-raw-1", "part-raw-2", True, False),
    ]
    assert found.data[0].values == (("rows", 3, 4),)
    assert found.only_first == ()
    assert [n.name for n in found.only_second] == ["augmented-2", "augment-2"]
    assert [(m.name, m.first, m.second, m.better) for m in found.metrics] == [
        ("accuracy", 0.9, 0.8, False)
    ]
    assert found.shared == 0
    assert not found.same


def test_a_copy_is_the_same_data(store: Store) -> None:
    train(store, "churn-1", raw="here", digest="abc", lr=1)
    train(store, "churn-2", raw="there", digest="abc", lr=1.0)
    found = store.diff("Model:churn-1", "Model:churn-2")
    assert [row.first.name for row in found.data] == ["part-here"]
    assert found.settings == ()


def test_what_is_upstream_of_both_differs_in_nothing(store: Store) -> None:
    train(store, "churn-1", lr=1)
    train(store, "churn-2", lr=2)
    found = store.diff("Model:churn-1", "Model:churn-2")
    assert (found.data, found.only_first, found.only_second) == ((), (), ())
    assert found.shared == 3
    assert [(d.name, len(d.steps)) for d in found.settings] == [("lr", 1)]
    assert store.diff("Model:churn-1", "Model:churn-1").same
    runs = store.diff("Train:train-1", "Train:train-2")
    assert runs.settings == found.settings


def test_a_model_and_what_it_was_made_of(store: Store) -> None:
    train(store, "base")
    store.record(
        Execution(type="Train", name="tune"),
        inputs={"base": "Model:base"},
        outputs={"model": Artifact(type="Model", name="tuned")},
    )
    found = store.diff("Model:base", "Model:tuned")
    assert [n.name for n in found.only_second] == ["tune"]
    assert found.shared == 4


def test_what_was_deleted_is_not_taken_for_the_same(store: Store) -> None:
    train(store, "churn-1", lr=1)
    train(store, "churn-2", lr=2)
    for what in ("Model:churn-1", "Model:churn-2"):
        store.update(store.artifact(what).model_copy(update={"state": "DELETED"}))
    found = store.diff("Model:churn-1", "Model:churn-2")
    assert [node.name for node in found.deleted] == ["churn-1", "churn-2"]
    assert store.diff("Model:churn-1", "Model:churn-1").deleted == ()


def test_only_alike_compares(store: Store) -> None:
    train(store, "churn-1")
    with pytest.raises(InvalidValue, match="two of one kind"):
        store.diff("Model:churn-1", "Train:train-1")
    with pytest.raises(NotFound):
        store.diff("Model:churn-1", "Model:none")


_steps = st.lists(
    st.tuples(
        st.sampled_from(["Train", "Transform"]),
        st.lists(st.integers(0, 7), max_size=3),
        st.lists(st.integers(0, 7), max_size=2),
    ),
    max_size=7,
)


def _put(store: Store, steps: list[Any], named: str | None = None) -> tuple[list[int], Graph]:
    """Eight artifacts, the last three models, and the steps: ids of artifacts, and the graph.

    Named, each has a series of its own within this graph.
    """

    def name(kind: str, at: int) -> str | None:
        return None if named is None else f"{kind}{chr(ord('a') + at)}-{named}"

    artifacts = [
        a.id or 0
        for a in store.put_all(
            Artifact(type="Model" if at > 4 else "Dataset", name=name("a", at)) for at in range(8)
        )
    ]
    runs = store.put_all(
        Execution(type=type, name=name("x", at), custom_properties={"at": at})
        for at, (type, _, _) in enumerate(steps)
    )
    graph = Graph()
    events = []
    for run, (_, reads, writes) in zip(runs, steps, strict=True):
        for kind, some in ((EventType.INPUT, reads), (EventType.OUTPUT, writes)):
            for place, at in enumerate(some):
                events.append(Event(artifact_id=artifacts[at], execution_id=run.id or 0,
                                    type=kind, path=(place,)))  # fmt: skip
                graph.add(artifacts[at], run.id or 0, kind)
    store.put_events(events)
    return artifacts, graph


@given(steps=_steps, first=st.integers(0, 7), second=st.integers(0, 7))
@per_example
def test_every_node_is_paired_or_shared_or_of_one_side(
    store: Store, steps: list[Any], first: int, second: int
) -> None:
    artifacts, graph = _put(store, steps)
    one, two = ((Kind.ARTIFACT, artifacts[at]) for at in (first, second))
    above = [set(graph.reversed().depths([start])) for start in (one, two)]
    found = store.diff(one[1], two[1])
    if one == two:
        assert found.same
        return
    shared = (above[0] & above[1]) - {one, two}
    assert found.shared == len(shared)
    for own, only, other in (
        (above[0] - shared - {one, two}, found.only_first, above[1]),
        (above[1] - shared - {one, two}, found.only_second, above[0]),
    ):
        assert {(n.kind, n.id) for n in only} <= own - other
    # What neither side lacks is paired with one of its type.
    steps_paired = {(a.id, b.id) for row in found.settings for a, b in row.steps}
    assert len({a for a, _ in steps_paired}) == len({b for _, b in steps_paired})
    for row in found.data:
        assert row.first.type == row.second.type
        assert (Kind.ARTIFACT, row.first.id) in above[0] - shared
        assert (Kind.ARTIFACT, row.second.id) in above[1] - shared


@given(steps=_steps, start=st.integers(0, 7), planted=st.integers(0, 6))
@per_example
def test_the_same_graph_twice_differs_in_what_was_changed(
    store: Store, steps: list[Any], start: int, planted: int
) -> None:
    example = store.counts().artifacts
    artifacts, graph = _put(store, steps, f"{2 * example}")
    others, _ = _put(store, steps, f"{2 * example + 1}")
    if planted < len(steps):
        name = f"x{chr(ord('a') + planted)}-{2 * example + 1}"
        [changed] = store.executions(name=name)
        store.update(changed.model_copy(update={"custom_properties": {"at": -1}}))
    found = store.diff(artifacts[start], others[start])
    assert (found.only_first, found.only_second, found.shared) == ((), (), 0)
    above = graph.reversed().depths([(Kind.ARTIFACT, artifacts[start])])
    [run] = store.executions(name=f"x{chr(ord('a') + planted)}-{2 * example}") or [None]
    expected = run is not None and (Kind.EXECUTION, run.id) in above
    assert [(d.name, d.first, d.second) for d in found.settings] == (
        [("at", planted, -1)] if expected else []
    )
    data = {key for key in above if key[0] is Kind.ARTIFACT} - {(Kind.ARTIFACT, artifacts[start])}
    assert {(Kind.ARTIFACT, row.first.id) for row in found.data} == data


def test_who_else_trained_on_it_and_did_better(store: Store) -> None:
    train(store, "mine-1", accuracy=0.8)
    train(store, "theirs-2", accuracy=0.9)
    train(store, "worse-3", accuracy=0.7, augmented=True)
    train(store, "silent-4")
    train(store, "other-5", raw="elsewhere", accuracy=1.0)
    found = store.siblings("Model:mine-1")
    assert (found.metric, found.higher_is_better, found.value) == ("accuracy", True, 0.8)
    assert [(s.model.name, s.value, s.better, s.same_data, s.shared.name) for s in found] == [
        ("theirs-2", 0.9, True, True, "part-raw-1"),
        ("worse-3", 0.7, False, False, "part-raw-1"),
        ("silent-4", None, None, True, "part-raw-1"),
    ]
    assert [s.model.name for s in found.better] == ["theirs-2"]
    turned = store.siblings("Model:mine-1", metric="accuracy", better="lower")
    assert [s.model.name for s in turned] == ["worse-3", "theirs-2", "silent-4"]
    assert [s.model.name for s in turned.better] == ["worse-3"]
    assert len(store.siblings("Model:other-5")) == 0
    with pytest.raises(NotFound, match=r"'f1'.*accuracy"):
        store.siblings("Model:mine-1", metric="f1")
    with pytest.raises(InvalidValue, match="higher"):
        store.siblings("Model:mine-1", metric="accuracy", better="more")


def test_copies_are_the_same_data(store: Store) -> None:
    for at in ("a", "b"):
        data = Artifact(type="Dataset", name=f"raw-{at}", custom_properties={"md5": "f00"})
        store.record(
            Execution(type="Train"),
            inputs={"d": data},
            outputs={"m": Artifact(type="Model", name=at, custom_properties={"loss": ord(at)})},
        )
    [row] = store.siblings("Model:b")
    assert (row.model.name, row.same_data, row.shared.name) == ("a", True, "raw-b")
    # The loss is lower.
    assert row.better


def test_what_a_model_became_is_no_sibling(store: Store) -> None:
    train(store, "mine-1")
    store.record(
        Execution(type="Deploy"),
        inputs={"m": "Model:mine-1"},
        outputs={"p": Artifact(type="PushedModel", name="pushed")},
    )
    store.record(
        Execution(type="Train"),
        inputs={"m": "Model:mine-1"},
        outputs={"p": Artifact(type="Model", name="tuned")},
    )
    assert [s.model.name for s in store.siblings("Model:mine-1")] == []
    # It was tuned without the data, but the data is upstream of it.
    assert [s.model.name for s in store.siblings("Model:tuned")] == ["mine-1"]
    assert [s.model.name for s in store.siblings("PushedModel:pushed")] == ["mine-1"]


@given(steps=_steps, start=st.integers(5, 7))
@per_example
def test_siblings_agree_with_the_definition(store: Store, steps: list[Any], start: int) -> None:
    artifacts, graph = _put(store, steps)
    model = (Kind.ARTIFACT, artifacts[start])
    models = {(Kind.ARTIFACT, id) for id in artifacts[5:]}
    above = graph.reversed().depths([model])
    data = {key for key in above if key[0] is Kind.ARTIFACT} - models
    without_models = Graph({k: v for k, v in graph.onward.items() if k not in models})
    reached = without_models.depths(data)
    runs: dict[Key, str] = {
        (Kind.EXECUTION, e.id or 0): e.type
        for e in store.executions(
            after_id=max(0, (min((x for k, x in _runs(graph)), default=1)) - 1)
        )
    }
    makers = {runs[key] for key in graph.reversed().onward.get(model, ())}
    trainings = {at: runs[key] for key in above if key in runs for at in [above[key]]
                 if runs[key] == "Train"}  # fmt: skip
    types = {"Train"} if trainings else {*makers, "Train"}
    passing = Graph({k: v for k, v in graph.onward.items() if runs.get(k) != "Train"})
    became = {model}
    frontier = {model}
    while frontier:
        made = {m for key in frontier for x in passing.onward.get(key, ())
                for m in passing.onward.get(x, ())}  # fmt: skip
        frontier = (made & models) - became
        became |= frontier
    expected = {
        made[1]
        for key in reached
        if key in runs and runs[key] in types
        for made in graph.onward.get(key, ())
        if made in models - became
    }
    found = store.siblings(model[1])
    assert {row.model.id for row in found} == expected
    for row in found:
        assert (Kind.ARTIFACT, row.shared.id) in data
        key = (Kind.EXECUTION, row.training.id or 0)
        assert key in without_models.depths([(Kind.ARTIFACT, row.shared.id or 0)])


def _runs(graph: Graph) -> set[Key]:
    both = {*graph.onward, *(t for targets in graph.onward.values() for t in targets)}
    return {key for key in both if key[0] is Kind.EXECUTION}


@pytest.mark.parametrize(
    ("name", "higher"),
    [
        ("accuracy", True),
        ("val_loss", False),
        ("RMSE", False),
        ("meanAbsoluteError", False),
        ("neg_mean_squared_error", True),
        ("auc", True),
        ("logloss", False),
        ("p95_latency_ms", False),
        ("recall", True),
        ("validation.error-rate", False),
    ],
)
def test_a_metric_says_what_is_better(name: str, higher: bool) -> None:
    assert higher_is_better(name) is higher


def test_metrics_of_a_comparison_are_of_the_candidate(store: Store) -> None:
    """TFX's Evaluator reads the model and the baseline that it is compared with."""
    for name in ("new", "old"):
        train(store, f"{name}-1", raw=name)
    store.record(
        Execution(type="Evaluator"),
        inputs={"model": "Model:new-1", "baseline_model": "Model:old-1"},
        outputs={"e": Artifact(type="ModelEvaluation", custom_properties={"auc": 0.9})},
    )
    found = store.diff("Model:old-1", "Model:new-1")
    assert [(m.name, m.first, m.second) for m in found.metrics] == [("auc", None, 0.9)]


def test_types_of_their_own_count_by_their_base(store: Store) -> None:
    store.put_type(Type(kind=Kind.ARTIFACT, name="Net", base=BaseType.MODEL))
    store.put_type(Type(kind=Kind.ARTIFACT, name="Corpus", base=BaseType.DATASET))
    store.put_type(Type(kind=Kind.EXECUTION, name="Fit", base=BaseType.TRAIN))
    for name in ("a", "b"):
        store.record(
            Execution(type="Fit"),
            inputs={"d": Artifact(type="Corpus", name="c")},
            outputs={"m": Artifact(type="Net", name=name)},
        )
    assert [s.model.name for s in store.siblings("Net:a")] == ["b"]
