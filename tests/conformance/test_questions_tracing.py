"""Upstream, downstream and why, against the plain reference, on every backend."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineage import Artifact, Context, Event, EventType, Execution, Kind, Step, Store
from lineage.errors import InvalidValue, NotFound
from lineage.ports.traversal import Direction
from tests.conformance.reference import Graph

EXAMPLES = 200 if os.environ.get("LINEAGE_LONG") else 15

_events = st.lists(
    st.tuples(
        st.integers(0, 11),
        st.integers(0, 5),
        st.sampled_from(list(EventType)),
        st.sampled_from([(), ("a",), ("a", 1)]),
        st.integers(1, 5),
    ),
    max_size=40,
)


def put_graph(store: Store, events: list[Any]) -> tuple[list[int], list[Event]]:
    """A graph of its own in the store: ids of its artifacts, and its events."""
    artifacts = [a.id or 0 for a in store.put_all([Artifact(type="Dataset") for _ in range(12)])]
    executions = [e.id or 0 for e in store.put_all([Execution(type="Train") for _ in range(6)])]
    made = [
        Event(
            artifact_id=artifacts[a],
            execution_id=executions[x],
            type=type,
            path=path,
            time_ms=time,
            recorded_ms=time,
        )
        for a, x, type, path, time in events
    ]
    # `mirror` keeps the time of recording, which as_of asks for; the first of equal events stays.
    for event in made:
        store.mirror(events=[event])
    return artifacts, made


@given(
    events=_events,
    # Few, and so many that a backend may go about it in another way.
    starts=st.sets(st.integers(0, 11), min_size=1, max_size=3)
    | st.sets(st.integers(0, 11), min_size=9),
    as_of=st.none() | st.integers(0, 5),
    limit=st.none() | st.integers(0, 6),
    direction=st.sampled_from(list(Direction)),
)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_closures_agree_with_the_definition(
    store: Store,
    events: list[Any],
    starts: set[int],
    as_of: int | None,
    limit: int | None,
    direction: Direction,
) -> None:
    artifacts, made = put_graph(store, events)
    graph = Graph()
    first: dict[Any, Event] = {}
    for event in made:
        first.setdefault((event.artifact_id, event.execution_id, event.type, event.path), event)
    for event in first.values():
        if as_of is None or (event.recorded_ms or 0) <= as_of:
            graph.add(event.artifact_id, event.execution_id, event.type)
    if direction is Direction.UPSTREAM:
        graph = graph.reversed()
    ids = [artifacts[start] for start in starts]
    expected = graph.depths([(Kind.ARTIFACT, id) for id in ids], limit)
    levels = store.closure(*ids, direction=direction, depth=limit, as_of=as_of)
    assert {(k, i): depth for depth, k, some in levels for i in some} == expected
    ask = store.upstream if direction is Direction.UPSTREAM else store.downstream
    answer = ask(*ids, depth=limit, as_of=as_of)
    assert answer.complete
    assert {(f.node.kind, f.node.id): f.depth for f in answer} == expected
    assert all(
        (Kind.ARTIFACT, e.artifact_id) in expected and (Kind.EXECUTION, e.execution_id) in expected
        for e in answer.events
    )


@given(events=_events, source=st.integers(0, 7), target=st.integers(0, 7))
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_a_witness_is_a_shortest_chain(
    store: Store, events: list[Any], source: int, target: int
) -> None:
    artifacts, made = put_graph(store, events)
    graph = Graph()
    for event in made:
        graph.add(event.artifact_id, event.execution_id, event.type)
    start, end = (Kind.ARTIFACT, artifacts[source]), (Kind.ARTIFACT, artifacts[target])
    expected = graph.depths([start]).get(end)
    answer = store.why(artifacts[source], artifacts[target])
    assert answer.found == (expected is not None)
    if expected is not None:
        chain = [(n.kind, n.id) for n in answer.nodes]
        assert len(chain) == expected + 1
        assert (chain[0], chain[-1]) == (start, end)
        for here, there, event in zip(chain[:-1], chain[1:], answer.events, strict=True):
            assert there in graph.onward[here]  # type: ignore[index]
            assert {here, there} == {
                (Kind.ARTIFACT, event.artifact_id),
                (Kind.EXECUTION, event.execution_id),
            }


def ladder(store: Store, layers: int = 60) -> tuple[list[int], list[int]]:
    """Two executions a layer, each reading both artifacts of the layer before: 2^60 paths."""
    steps = []
    for layer in range(layers):
        for side in (0, 1):
            inputs = (
                [Artifact(type="Dataset", name=f"a{layer}{other}") for other in (0, 1)]
                if layer
                else []
            )
            steps.append(
                Step(
                    execution=Execution(type="Transform", name=f"x{layer}{side}"),
                    inputs=inputs,
                    outputs=[Artifact(type="Dataset", name=f"a{layer + 1}{side}")],
                )
            )
    store.record_steps(steps)
    first = [store.artifact(f"Dataset:a1{side}").id or 0 for side in (0, 1)]
    last = [store.artifact(f"Dataset:a{layers}{side}").id or 0 for side in (0, 1)]
    return first, last


def test_the_ladder_is_complete(store: Store) -> None:
    first, last = ladder(store)
    down = store.downstream(*first)
    assert len(down) == 2 + 59 * 4
    assert max(found.depth for found in down) == 118
    assert len(store.upstream(*last)) == 240
    witness = store.why(first[0], last[1])
    assert len(witness.nodes) == 119


def test_filters_choose_what_is_shown_not_what_is_followed(store: Store) -> None:
    run = store.record(
        Execution(type="Train"),
        inputs={"d": Artifact(type="Dataset", name="d")},
        outputs={"m": Artifact(type="Model", name="m")},
    )
    down = store.downstream("Dataset:d", type="Model")
    assert [f.node.label for f in down] == ["Model:m"]
    assert [f.node.label for f in store.downstream("Dataset:d", type="MODEL")] == ["Model:m"]
    kinds = store.downstream("Dataset:d", kind=Kind.EXECUTION)
    assert [f.node.id for f in kinds] == [run.execution]


def test_what_cannot_be_asked_says_so(store: Store) -> None:
    store.put(Context(type="Pipeline", name="p"))
    with pytest.raises(InvalidValue, match="Pipeline:p"):
        store.upstream("Pipeline:p")
    with pytest.raises(NotFound, match="77"):
        store.upstream(77)
    with pytest.raises(InvalidValue):
        store.upstream()
    made = store.put(Artifact(type="Dataset"))
    with pytest.raises(InvalidValue, match="some day"):
        store.upstream(made, as_of="some day")


def test_as_a_networkx_graph_no_event_is_left_out(store: Store) -> None:
    store.record(
        Execution(type="Train", name="t"),
        inputs={path: Artifact(type="Dataset", name="d") for path in ("examples", "baseline")},
        outputs={"model": Artifact(type="Model", name="m")},
    )
    answer = store.upstream("Model:m")
    graph = answer.to_networkx()
    assert len(answer.events) == 3
    assert {event for _, _, event in graph.edges(data="event")} == set(answer.events)
