"""Chains in which nothing precedes what it came of, against chains of any order."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineage import Artifact, Event, EventType, Execution, Kind, Store

A, X = Kind.ARTIFACT, Kind.EXECUTION


def rewritten(store: Store) -> None:
    """A table that is written on Monday, read, and written again: by id, without versions."""
    store.record(
        Execution(type="Process", name="monday", state="COMPLETE"),
        inputs=[Artifact(type="Dataset", name="raw-monday")],
        outputs=[Artifact(type="Table", name="table")],
        time_ms=1_000,
    )
    table = store.artifact("Table:table").id or 0
    store.record(
        Execution(type="Train", name="fit", state="COMPLETE"),
        inputs=[table],
        outputs=[Artifact(type="Model", name="m")],
        time_ms=2_000,
    )
    store.record(
        Execution(type="Process", name="tuesday", state="COMPLETE"),
        inputs=[Artifact(type="Dataset", name="raw-tuesday")],
        outputs=[table],
        time_ms=3_000,
    )


def names(answer: Any) -> set[str]:
    return {found.node.name for found in answer}


def test_what_was_written_later_is_left_out(store: Store) -> None:
    rewritten(store)
    assert "raw-tuesday" in names(store.upstream("Model:m"))
    found = store.upstream("Model:m", causal=True)
    assert names(found) == {"m", "fit", "table", "monday", "raw-monday"}
    assert {event.execution_id for event in found.events} == {1, 2}
    assert (found.causal, found.against_time) == (True, 0)
    assert "m" in names(store.downstream("Dataset:raw-tuesday"))
    assert "m" not in names(store.downstream("Dataset:raw-tuesday", causal=True))
    assert "m" in names(store.downstream("Dataset:raw-monday", causal=True))
    levels = store.closure("Dataset:raw-tuesday", causal=True)
    assert [(depth, kind) for depth, kind, _ in levels] == [(0, A), (1, X), (2, A)]


def test_why_goes_by_time(store: Store) -> None:
    rewritten(store)
    assert store.why("Dataset:raw-tuesday", "Model:m").found
    assert not store.why("Dataset:raw-tuesday", "Model:m", causal=True).found
    found = store.why("Dataset:raw-monday", "Model:m", causal=True)
    assert [node.name for node in found.nodes] == ["raw-monday", "monday", "table", "fit", "m"]
    assert len(found.events) == 4


def test_an_answer_that_depends_on_it_says_so(store: Store) -> None:
    rewritten(store)
    assert store.upstream("Model:m").against_time == 2
    assert store.upstream("Model:m", type="DATASET").against_time == 1
    assert store.downstream("Dataset:raw-monday").against_time == 0
    data = {row.dataset.name: row.in_time for row in store.trained_on("Model:m")}
    assert data == {"table": True, "raw-monday": True, "raw-tuesday": False}
    causal = store.trained_on("Model:m", causal=True)
    assert [(row.dataset.name, row.in_time) for row in causal] == [
        ("table", True),
        ("raw-monday", True),
    ]


def test_taint_goes_by_time_where_that_is_asked(store: Store) -> None:
    rewritten(store)
    source = "Dataset:raw-tuesday"
    assert len(store.taint_levels(source=source)) == 5
    assert len(store.taint_levels(source=source, causal=True)) == 3
    assert [a.step.name for a in store.plan_rebuild(source=source).steps] == ["tuesday", "fit"]
    again = store.plan_rebuild(source=source, causal=True)
    assert [step.step.name for step in again.steps] == ["tuesday"]
    live = {node.name for node in store.taint_progress(source=source, causal=True).dirty}
    assert "m" not in live


drawn_events = st.lists(
    st.tuples(
        st.integers(0, 4), st.integers(0, 4), st.sampled_from(["INPUT", "OUTPUT"]),
        st.integers(0, 4),
    ),
    max_size=14,
)  # fmt: skip


def chains(events: list[Event], start: tuple[Kind, int]) -> dict[tuple[Kind, int], int]:
    """The least length of a causal chain to each node, by trying every chain."""
    found = {start: 0}
    waiting: list[list[Event]] = [[]]
    while waiting:
        chain = waiting.pop(0)
        at = chain[-1].target if chain else start
        for event in events:
            late = chain and (event.time_ms or 0) < (chain[-1].time_ms or 0)
            if event.source == at and event not in chain and not late:
                depth = len(chain) + 1
                found[event.target] = min(depth, found.get(event.target, depth))
                waiting.append([*chain, event])
    return found


@given(drawn_events, st.integers(0, 4))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_causal_closures_agree_with_the_definition(store: Store, drawn: Any, start: int) -> None:
    artifacts = store.put_all([Artifact(type="Model") for _ in range(5)])
    runs = store.put_all([Execution(type="Train") for _ in range(5)])
    events = [
        Event(
            artifact_id=artifacts[a].id, execution_id=runs[x].id, type=type, path=(at,), time_ms=ms
        )
        for at, (a, x, type, ms) in enumerate(drawn[:8])
    ]
    store.put_events(events)
    key = (A, artifacts[start].id or 0)
    expected = chains(events, key)
    levels = store.closure(key[1], causal=True)
    assert {(kind, id): depth for depth, kind, ids in levels for id in ids} == expected
    for target in expected:
        back = store.closure(f"{target[0]}:{target[1]}", causal=True, direction="upstream")
        assert key in {(kind, id) for _, kind, ids in back for id in ids}
        found = store.why(key[1], f"{target[0]}:{target[1]}", causal=True)
        assert len(found.events) == expected[target]
        times = [event.time_ms or 0 for event in found.events]
        assert all(first <= after for first, after in pairwise(times))
    assert all(EventType(event.type) for event in events)
