"""What is to blame, and the first bad version, against the definitions, on every backend."""

from __future__ import annotations

import json
import math
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineage import Artifact, Context, Event, EventType, Execution, Kind, Store
from lineage.algorithms.fault_localization import Counts, dstar, ochiai, tarantula
from lineage.errors import InvalidValue, UnknownType
from lineage.questions.blame import What
from tests.conformance.reference import Graph, Key
from tests.conformance.test_questions_tracing import ladder
from tests.series import declare_series

EXAMPLES = 200 if os.environ.get("LINEAGE_LONG") else 8
per_example = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def run(store: Store, name: str, state: str, *, data: str = "raw", **told: Any) -> None:
    outputs = {"m": Artifact(type="Model", name=f"m-{name}")} if state != "FAILED" else {}
    store.record(
        Execution(type="Train", name=name, state=state, custom_properties=told),
        inputs={"d": Artifact(type="Dataset", name=data)},
        outputs=outputs,
        contexts=[Context(type="Pipeline", name="p")],
    )


def test_what_caused_the_failures(store: Store) -> None:
    for name, state, data, lr, numpy in [
        ("a", "COMPLETE", "raw-1", 0.1, "1.26"),
        ("b", "FAILED", "raw-2", 0.1, "2.0"),
        ("c", "CACHED", "raw-2", 0.2, "1.26"),
        ("d", "FAILED", "raw-1", 0.2, "2.0"),
        ("e", "RUNNING", "raw-1", 0.3, "2.0"),
    ]:
        env = {"numpy": numpy, "host": "h1"}
        run(store, name, state, data=data, lr=lr, environment=env, error=name, run_id=name)
    found = store.blame(type="Train")
    first = found.suspects[0]
    assert (first.what, first.name, first.value, first.rank) == (What.LIBRARY, "numpy", "2.0", 1)
    assert first.score == 1.0
    assert first.counts == Counts(2, 0, 0, 2)
    assert {(s.what, s.label) for s in found} == {
        (What.LIBRARY, "numpy=2.0"),
        (What.DATA, "Dataset:raw-1"),
        (What.DATA, "Dataset:raw-2"),
        (What.PARAMETER, "Train lr=0.1"),
        (What.PARAMETER, "Train lr=0.2"),
        (What.MACHINE, "host=h1"),
        (What.STEP, "Train"),
    }
    # Named, the failed run is compared with those that succeeded.
    named = store.blame("Train:b")
    assert named.suspects[0].label == "numpy=2.0"
    assert [len(named.bad), len(named.good)] == [1, 2]
    assert len(store.blame("Train:b", good=["Train:a"]).good) == 1
    assert len(store.blame(type="Train", context="Pipeline:p").bad) == 2
    assert store.blame(type="TRAIN").suspects == found.suspects
    assert json.dumps(found.to_dict())


def test_what_makes_models_bad(store: Store) -> None:
    for name, data, accuracy in [
        ("a", "raw-1", 0.9), ("b", "raw-2", 0.5), ("c", "raw-1", 0.95), ("d", "raw-2", math.nan)
    ]:  # fmt: skip
        run(store, name, "COMPLETE", data=data)
        metrics = Artifact(type="Metrics", custom_properties={"accuracy": accuracy})
        store.record(Execution(type="Evaluate"), inputs={"m": f"Model:m-{name}"}, outputs=[metrics])
    run(store, "unmeasured", "COMPLETE", data="raw-2")
    found = store.blame(type="Model", metric="accuracy", below=0.8)
    assert {n.name for n in found.bad} == {"m-b", "m-d"}
    assert {n.name for n in found.good} == {"m-a", "m-c"}
    assert (found.suspects[0].label, found.suspects[0].score) == ("Dataset:raw-2", 1.0)
    one = store.blame("Model:m-b")
    assert len(one.good) == 4
    one = store.blame("Model:m-b", metric="accuracy", below=0.8)
    assert {n.name for n in one.good} == {"m-a", "m-c"}
    assert len(store.blame(type="Model", metric="accuracy", above=0.92).bad) == 2


def test_copies_are_one_suspect(store: Store) -> None:
    for name, state in (("a", "FAILED"), ("b", "FAILED"), ("c", "COMPLETE")):
        data = Artifact(type="Dataset", name=name, custom_properties={"sha256": state})
        step = Execution(type="Train", state=state)
        store.record(step, inputs={"d": data})
    data = [s for s in store.blame(type="Train") if s.what is What.DATA]
    assert [(s.label, s.counts.bad_with, s.score) for s in data] == [("Dataset:a", 2, 1.0)]


def test_what_cannot_be_asked_says_so(store: Store) -> None:
    run(store, "a", "COMPLETE")
    for wrong, said in [
        ({}, "type='Train'"),
        ({"type": "Model"}, "metric='accuracy'"),
        ({"type": "Model", "metric": "accuracy"}, "below a number"),
        ({"type": "Model", "below": 1}, "need a metric"),
        ({"type": "Train", "formula": "jaccard"}, "ochiai"),
    ]:
        with pytest.raises(InvalidValue, match=said):
            store.blame(**wrong)
    with pytest.raises(InvalidValue, match="only one"):
        store.blame("Train:a", good=["Train:a"])
    with pytest.raises(UnknownType, match="'Nothing'"):
        store.blame(type="Nothing")
    assert store.blame(type="Train").suspects == ()
    assert store.blame(type="Evaluate").bad == ()
    with pytest.raises(InvalidValue, match="bisect what"):
        store.bisect()


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (Counts(2, 0, 0, 5), (1.0, 1.0, math.inf)),
        (Counts(1, 1, 1, 3), (1 / 2, 2 / 3, 1 / 2)),
        (Counts(3, 1, 2, 6), (3 / math.sqrt(20), 0.75, 3.0)),
        (Counts(0, 2, 3, 0), (0.0, 0.0, 0.0)),
        (Counts(2, 2, 0, 0), (1 / math.sqrt(2), 1.0, 2.0)),
    ],
)
def test_the_formulas_are_those_of_the_papers(
    counts: Counts, expected: tuple[float, float, float]
) -> None:
    for formula, value in zip((ochiai, tarantula, dstar), expected, strict=True):
        assert formula(counts) == pytest.approx(value)


_steps = st.lists(
    st.tuples(
        st.sampled_from(["Train", "Transform"]),
        st.integers(0, 2),
        st.lists(st.integers(0, 7), max_size=3),
        st.lists(st.integers(0, 7), max_size=2),
    ),
    min_size=1,
    max_size=7,
)


def put(store: Store, steps: list[Any]) -> tuple[list[int], list[int], Graph]:
    artifacts = [a.id or 0 for a in store.put_all(Artifact(type="Dataset") for _ in range(8))]
    runs = store.put_all(
        Execution(type=type, custom_properties={"lr": lr, "env.numpy": str(lr)})
        for type, lr, _, _ in steps
    )
    graph = Graph()
    events = []
    for step, (_, _, reads, writes) in zip(runs, steps, strict=True):
        for kind, some in ((EventType.INPUT, reads), (EventType.OUTPUT, writes)):
            for at in some:
                events.append(
                    Event(artifact_id=artifacts[at], execution_id=step.id or 0, type=kind)
                )
                graph.add(artifacts[at], step.id or 0, kind)
    store.put_events(events)
    return artifacts, [r.id or 0 for r in runs], graph


@given(
    steps=_steps,
    outcomes=st.dictionaries(st.integers(0, 14), st.booleans(), min_size=1, max_size=6),
    formula=st.sampled_from(["ochiai", "tarantula", "dstar"]),
)
@per_example
def test_suspects_are_counted_as_defined(
    store: Store, steps: list[Any], outcomes: dict[int, bool], formula: str
) -> None:
    artifacts, runs, graph = put(store, steps)
    keys: list[Key] = [(Kind.ARTIFACT, id) for id in artifacts]
    keys += [(Kind.EXECUTION, id) for id in runs]
    is_bad = {keys[at % len(keys)]: bad for at, bad in outcomes.items()}
    bad, good = ([k for k, b in is_bad.items() if b is wanted] for wanted in (True, False))
    if not bad or not good:
        return
    told = {(Kind.EXECUTION, id): step for id, step in zip(runs, steps, strict=True)}
    has: dict[Any, set[Key]] = {}
    for outcome in is_bad:
        for key in graph.reversed().depths([outcome]):
            if key in told:
                type, lr = told[key][:2]
                suspects: list[Any] = [
                    ("parameter", type, "lr", lr), ("library", None, "numpy", str(lr)),
                    ("step", None, type, None),
                ]  # fmt: skip
            else:
                suspects = [("data", key[1])] if key != outcome else []
            for suspect in suspects:
                has.setdefault(suspect, set()).add(outcome)
    expected = {
        suspect: Counts(
            sum(k in some for k in bad), sum(k not in some for k in bad),
            sum(k in some for k in good), sum(k not in some for k in good),
        )
        for suspect, some in has.items()
        if any(k in some for k in bad)
    }  # fmt: skip
    found = store.blame(
        *(f"{k}:{id}" for k, id in bad), good=[f"{k}:{id}" for k, id in good], formula=formula
    )
    answered = {
        ("data", s.artifact.id) if s.artifact else (str(s.what), s.step, s.name, s.value): s.counts
        for s in found
    }
    assert answered == expected
    plain = {"ochiai": ochiai, "tarantula": tarantula, "dstar": dstar}[formula]
    assert [s.score for s in found] == sorted(map(plain, expected.values()), reverse=True)
    assert [s.rank for s in found] == [
        1 + sum(other.score > s.score for other in found) for s in found
    ]


@given(steps=_steps, culprit=st.integers(0, 7), end=st.integers(0, 7))
@per_example
def test_bisection_finds_the_first_bad_one(
    store: Store, steps: list[Any], culprit: int, end: int
) -> None:
    artifacts, _, graph = put(store, steps)
    spoilt = graph.depths([(Kind.ARTIFACT, artifacts[culprit])])
    if (Kind.ARTIFACT, artifacts[end]) not in spoilt:
        return
    bad, good = [artifacts[end]], []
    before = None
    for _ in range(8):
        found = store.bisect(*bad, good=good)
        left = {n.id for n in found.candidates}
        assert artifacts[culprit] in left
        expected = _candidates(graph, bad, good)
        assert left == expected
        if before is not None:
            assert len(left) < before
        before = len(left)
        if found.test is None:
            break
        splits = {id: len(_upstream(graph, id) & left) for id in left}
        told = {id: min(n, len(left) - n) for id, n in splits.items()}
        assert told[found.test.id or 0] == max(told.values())
        assert (found.if_bad, found.if_good) == (
            splits[found.test.id or 0],
            len(left) - splits[found.test.id or 0],
        )
        is_bad = (Kind.ARTIFACT, found.test.id or 0) in spoilt
        (bad if is_bad else good).append(found.test.id or 0)
    circle = {
        id for id in left if id in _upstream(graph, artifacts[culprit])
        and artifacts[culprit] in _upstream(graph, id or 0)
    }  # fmt: skip
    assert left == circle
    if len(left) == 1:
        assert found.first_bad is not None
        assert found.first_bad.id == artifacts[culprit]


def _upstream(graph: Graph, id: int) -> set[int]:
    return {i for k, i in graph.reversed().depths([(Kind.ARTIFACT, id)]) if k is Kind.ARTIFACT}


def _candidates(graph: Graph, bad: list[int], good: list[int]) -> set[int]:
    left = set.intersection(*(_upstream(graph, id) for id in bad))
    return left.difference(*(_upstream(graph, id) for id in good))


def versions(store: Store, accuracies: list[float | None]) -> None:
    """Models churn-1, churn-2 …, each trained by itself."""
    declare_series(store)
    for at, accuracy in enumerate(accuracies, start=1):
        measured = {} if accuracy is None else {"accuracy": accuracy}
        model = Artifact(type="Model", name=f"churn-{at}", custom_properties=measured)
        store.record(Execution(type="Train"), outputs={"m": model})


def test_versions_in_the_order_of_recording(store: Store) -> None:
    versions(store, [None] * 9)
    found = store.bisect("Model:churn-9", good=["Model:churn-1"], versions=True)
    assert [n.name for n in found.candidates] == [f"churn-{n}" for n in range(2, 10)]
    assert found.test is not None
    assert found.test.name == "churn-5"
    assert (found.if_bad, found.if_good, found.tests) == (4, 4, 3)
    done = store.bisect("Model:churn-9", "Model:churn-5", good=["Model:churn-4"], versions=True)
    assert done.first_bad is not None
    assert done.first_bad.name == "churn-5"
    # They aren't made of one another: without `versions` there is nothing upstream.
    assert store.bisect("Model:churn-9").first_bad == store.artifact("Model:churn-9")
    with pytest.raises(InvalidValue, match="came of"):
        store.bisect("Model:churn-4", good=["Model:churn-5"], versions=True)
    store.put(Artifact(type="Model", name="other"))
    with pytest.raises(InvalidValue, match="no version"):
        store.bisect("Model:churn-9", good=["Model:other"], versions=True)


def test_what_was_measured_need_not_be_tested(store: Store) -> None:
    versions(store, [0.9, 0.5, 0.92, None, None, 0.6, 0.7])
    found = store.bisect("Model:churn-7", versions=True, metric="accuracy", below=0.8)
    # churn-2 was bad, but churn-3 good again.
    assert [n.name for n in found.candidates] == ["churn-4", "churn-5", "churn-6"]
    assert found.test is not None
    assert found.test.name == "churn-4"


def test_only_a_type_may_be_to_blame(store: Store) -> None:
    run(store, "a", "COMPLETE", data="raw")
    found = store.bisect("Model:m-a", type="DATASET")
    assert [n.label for n in found.candidates] == ["Dataset:raw", "Model:m-a"]
    assert store.bisect("Model:m-a", type="Statistics").first_bad == store.artifact("Model:m-a")


def test_the_ladder_answers(store: Store) -> None:
    """2^60 paths."""
    first, last = ladder(store)
    found = store.blame(last[0], good=[last[1]])
    assert len(found.bad) == len(found.good) == 1
    assert max(s.score for s in found) == pytest.approx(1 / math.sqrt(2))
    assert len(store.bisect(last[0], good=first).candidates) == 117
    assert store.diff(last[0], last[1]).shared == 236
    assert len(store.siblings(last[0])) == 0
