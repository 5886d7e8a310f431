"""What is no integer, no time, no text or no node is refused by name, alike on every backend."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable
from typing import Any

import pytest

from lineage import (
    Artifact,
    Context,
    Event,
    EventType,
    Execution,
    Kind,
    Mark,
    Policy,
    Step,
    Store,
    Type,
)
from lineage.errors import InvalidValue, NotFound, UnknownType

HUGE = 2**64
NO_INTEGER = [HUGE, -HUGE, True, 1.5, math.nan, "1", b"1", {}]
LONE_SURROGATE = "\ud800"


@pytest.fixture
def recorded(store: Store) -> Store:
    store.record(
        Execution(type="Train", name="fit"),
        inputs={"examples": Artifact(type="Dataset", name="raw")},
        outputs={"model": Artifact(type="Model", name="churn")},
        contexts=[Context(type="PipelineRun", name="monday")],
    )
    return store


@pytest.mark.parametrize("value", NO_INTEGER, ids=ascii)
@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda s, v: s.artifacts(limit=v), id="limit"),
        pytest.param(lambda s, v: s.artifacts(after_id=v), id="after_id"),
        pytest.param(lambda s, v: s.artifacts(page_size=v), id="page_size"),
        pytest.param(lambda s, v: s.upstream("Model:churn", depth=v), id="depth"),
        pytest.param(lambda s, v: s.closure("Model:churn", depth=v), id="depth of a closure"),
        pytest.param(lambda s, v: s.record_steps([], batch_size=v), id="batch_size"),
        pytest.param(lambda s, v: s.query("RETURN 1", limit=v), id="limit of a query"),
    ],
)
def test_a_number_that_is_none(
    recorded: Store, ask: Callable[[Store, Any], object], value: Any
) -> None:
    with pytest.raises(InvalidValue, match=r"(limit|after_id|page_size|depth|batch_size)"):
        ask(recorded, value)


def test_numbers_at_their_ends(recorded: Store) -> None:
    most = 2**63 - 1
    assert len(recorded.artifacts(page_size=most)) == 2
    assert len(recorded.artifacts(limit=most)) == 2
    assert len(recorded.upstream("Model:churn", depth=most)) == 3
    assert len(recorded.upstream("Model:churn", depth=0)) == 1
    with pytest.raises(InvalidValue, match="depth is -1"):
        recorded.upstream("Model:churn", depth=-1)
    for size in (0, -1):
        with pytest.raises(InvalidValue, match=f"batch_size is {size}"):
            recorded.record_steps([Step(execution=Execution(type="Train"))], batch_size=size)


@pytest.mark.parametrize("value", [HUGE, -HUGE, True, 1.5, math.nan, {}], ids=ascii)
@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda s, v: s.upstream(v), id="upstream"),
        pytest.param(lambda s, v: s.taint(source=v), id="taint"),
        pytest.param(lambda s, v: s.mark(v, label="pii"), id="mark"),
        pytest.param(lambda s, v: s.marks(v), id="marks"),
        pytest.param(lambda s, v: s.artifacts(context=v), id="context"),
        pytest.param(lambda s, v: s.artifact(v), id="artifact"),
        pytest.param(lambda s, v: s.contexts_of(v), id="contexts_of"),
        pytest.param(lambda s, v: s.why(v, 1), id="why"),
        pytest.param(lambda s, v: s.impact(v), id="impact"),
        pytest.param(lambda s, v: s.plan_deletion(v), id="plan_deletion"),
        pytest.param(lambda s, v: s.failure(v), id="failure"),
        pytest.param(lambda s, v: s.put_in_context(1, artifacts=[v]), id="put_in_context"),
    ],
)
def test_a_node_that_is_none(
    recorded: Store, ask: Callable[[Store, Any], object], value: Any
) -> None:
    with pytest.raises(InvalidValue, match=r"is no|must be an integer|does not fit in 64 bits"):
        ask(recorded, value)


@pytest.mark.parametrize("value", [HUGE, -HUGE, True, 1.5, math.nan, {}, "soon"], ids=ascii)
@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda s, v: s.upstream("Model:churn", as_of=v), id="as_of"),
        pytest.param(lambda s, v: s.taint(label="pii", as_of=v), id="as_of of a taint"),
        pytest.param(lambda s, v: s.deployments(at=v), id="at"),
        pytest.param(lambda s, v: s.mark("Model:churn", label="pii", time=v), id="time"),
        pytest.param(lambda s, v: s.mark("Model:churn", label="pii", until=v), id="until"),
    ],
)
def test_a_time_that_is_none(
    recorded: Store, ask: Callable[[Store, Any], object], value: Any
) -> None:
    with pytest.raises(InvalidValue, match="is no time"):
        ask(recorded, value)


@pytest.mark.parametrize("value", ["", " pii", "a\0", LONE_SURROGATE, 5, math.nan], ids=ascii)
@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda s, v: s.taint(label=v), id="taint"),
        pytest.param(lambda s, v: s.taint(label=[v]), id="taint of several"),
        pytest.param(lambda s, v: s.taint_levels(label=v), id="taint_levels"),
        # One that can't be a label must not read as: it is clean of that.
        pytest.param(lambda s, v: s.check("Model:churn", label=v), id="check"),
        pytest.param(lambda s, v: s.marks(label=v), id="marks"),
        pytest.param(lambda s, v: s.cheapest_cut("Model:churn", label=v), id="cheapest_cut"),
        pytest.param(lambda s, v: s.plan_rebuild(label=v), id="rebuild_plan"),
        pytest.param(lambda s, v: s.plan_forget("Dataset:raw", label=v), id="plan_forget"),
    ],
)
def test_a_label_that_is_none(
    recorded: Store, ask: Callable[[Store, Any], object], value: Any
) -> None:
    with pytest.raises(InvalidValue, match="label"):
        ask(recorded, value)


@pytest.mark.parametrize("field", ["who", "reason"])
def test_what_a_receipt_could_not_keep(recorded: Store, field: str) -> None:
    with pytest.raises(InvalidValue, match=rf"{field} contains a lone surrogate"):
        recorded.plan_deletion("Model:churn", **{field: LONE_SURROGATE})
    plan = recorded.plan_deletion("Model:churn", policy="tombstone")
    with pytest.raises(InvalidValue, match="who contains a lone surrogate"):
        recorded.apply(plan, who=LONE_SURROGATE)
    assert recorded.receipts() == []
    with pytest.raises(NotFound, match="no receipt"):
        recorded.receipt(LONE_SURROGATE)


@pytest.mark.parametrize("field", ["created_ms", "updated_ms"])
def test_a_mirrored_time_that_does_not_fit(store: Store, field: str) -> None:
    node = Artifact(type="Dataset", id=1, **{field: HUGE})
    with pytest.raises(InvalidValue, match=rf"artifact\.{field} does not fit in 64 bits"):
        store.mirror(nodes=[node])
    assert store.artifacts() == []


def test_a_mirrored_time_that_nothing_can_come_after(store: Store) -> None:
    last = 2**63 - 1
    node = Artifact(type="Dataset", id=1, updated_ms=last)
    with pytest.raises(InvalidValue, match=rf"artifact\.updated_ms is {last}"):
        store.mirror(nodes=[node])
    with pytest.raises(InvalidValue, match=rf"policy\.recorded_ms is {last}"):
        store.mirror(policies=[Policy(recorded_ms=last)])
    store.mirror(nodes=[node.model_copy(update={"updated_ms": 2**62 - 1})])
    changed = store.update(store.artifact(1).model_copy(update={"uri": "s3://raw"}))
    assert changed.updated_ms == 2**62


def test_a_mirrored_event_or_mark_that_does_not_fit(recorded: Store) -> None:
    event = Event(artifact_id=1, execution_id=1, type=EventType.INPUT, recorded_ms=HUGE)
    with pytest.raises(InvalidValue, match=r"event\.recorded_ms does not fit in 64 bits"):
        recorded.mirror(events=[event])
    mark = Mark(label="pii", kind=Kind.ARTIFACT, node_id=HUGE)
    with pytest.raises(InvalidValue, match=r"mark\.node_id does not fit in 64 bits"):
        recorded.mirror(marks=[mark])


@pytest.mark.parametrize("value", [None, "Model:churn", 1, Type(kind=Kind.ARTIFACT, name="T")])
def test_what_is_put_or_updated_is_a_node(store: Store, value: Any) -> None:
    with pytest.raises(InvalidValue, match="is no artifact, execution or context"):
        store.put(value)
    with pytest.raises(InvalidValue, match="is no artifact, execution or context"):
        store.update(value)


def test_what_is_no_text_names_nothing(recorded: Store) -> None:
    for value in (5, math.nan, b"raw", LONE_SURROGATE):
        assert recorded.artifacts(name=value) == []
        assert recorded.artifacts(uri=value) == []
        with pytest.raises(NotFound, match="nothing is named"):
            recorded.get(value)  # type: ignore[arg-type]
        with pytest.raises(UnknownType, match="nothing of a type"):
            recorded.artifacts(type=value)


def test_a_page_token_that_is_none(recorded: Store) -> None:
    deep = base64.urlsafe_b64encode(b"[" * 100_000).decode()
    for token in ("x", deep, LONE_SURROGATE):
        with pytest.raises(InvalidValue, match="is no page token"):
            recorded.artifacts(page_token=token)


def test_a_closure_is_of_nodes_that_data_flows_through(recorded: Store) -> None:
    with pytest.raises(InvalidValue, match="is a context, through which no data flows"):
        recorded.closure("PipelineRun:monday")
    with pytest.raises(InvalidValue, match="downstream of what"):
        recorded.closure()


@pytest.mark.parametrize("id", [2**62 + 1, 2**63 - 1])
def test_an_id_that_would_be_the_last_is_refused(recorded: Store, id: int) -> None:
    """Ids are given out above the largest that there is: recording would be blocked for ever."""
    refused: list[Callable[[], object]] = [
        lambda: recorded.mirror(marks=[Mark(label="pii", kind=Kind.ARTIFACT, node_id=1, id=id)]),
        lambda: recorded.mirror(nodes=[Artifact(type="Dataset", id=id)]),
        lambda: recorded.mirror(nodes=[Context(type="Project", name="p", id=id)]),
        lambda: recorded.put_type(Type(kind=Kind.ARTIFACT, name="Last", id=id)),
    ]
    for work in refused:
        with pytest.raises(InvalidValue, match=rf"{id}, and leaves no room"):
            work()
