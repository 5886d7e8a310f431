"""Runs that have not ended: which are stale, how they are closed, and what is spared for them."""

from __future__ import annotations

from typing import Any

import pytest

from lineage import Artifact, Context, Event, EventType, Execution, Store
from lineage.errors import Conflict, InvalidValue, NotFound, PlanRefused

NOW = 1_800_000_000_000
HOUR = 3_600_000


def begin(store: Store, name: str | None, **said: Any) -> Execution:
    return store.put(Execution(type="Train", name=name, state="RUNNING", custom_properties=said))


@pytest.fixture
def begun(store: Store) -> dict[str, Execution]:
    """Two runs without a lease, one of yesterday, and two with one, of which one has ended."""
    store.clock = lambda: NOW - 30 * HOUR
    silent = begin(store, "silent")
    lost = begin(store, "lost", lease_until=NOW - HOUR)
    alive = begin(store, "alive", lease_until=NOW + HOUR)
    store.clock = lambda: NOW - HOUR
    fresh = begin(store, None)
    store.put(Execution(type="Train", name="done", state="COMPLETE"))
    store.clock = lambda: NOW
    return {"silent": silent, "lost": lost, "alive": alive, "fresh": fresh}


def test_what_has_not_ended_is_listed(store: Store, begun: dict[str, Execution]) -> None:
    rows = store.open_runs()
    assert [(row.run.id, row.stale) for row in rows] == [
        (begun["silent"].id, True),
        (begun["lost"].id, True),
        (begun["alive"].id, False),
        (begun["fresh"].id, False),
    ]
    assert [row.lease_until_ms for row in rows] == [None, NOW - HOUR, NOW + HOUR, None]
    assert [row.run.name for row in store.open_runs(stale=True)] == ["silent", "lost"]
    assert len(store.open_runs(stale=True, idle_hours=0.5)) == 3
    assert store.open_runs(type="Evaluate") == []
    store.put_in_context(
        Context(type="PipelineRun", name="monday"), executions=[begun["lost"].id or 0]
    )
    assert [row.run.name for row in store.open_runs(context="PipelineRun:monday")] == ["lost"]
    with pytest.raises(NotFound):
        store.open_runs(context="PipelineRun:tuesday")
    with pytest.raises(InvalidValue):
        store.open_runs(idle_hours=-1)


def test_a_run_is_closed_with_the_reason(store: Store, begun: dict[str, Execution]) -> None:
    [closed] = store.close_runs("Train:lost", state="CANCELED", reason="node died", who="ann")
    assert (closed.state, closed.get("closed_reason"), closed.get("closed_by")) == (
        "CANCELED",
        "node died",
        "ann",
    )
    assert (closed.get("closed_ms"), closed.lease_until_ms) == (NOW, None)
    assert store.execution("Train:lost") == closed
    with pytest.raises(Conflict, match="has ended already: it is CANCELED"):
        store.close_runs("Train:lost", state="FAILED")
    [unnamed] = store.close_runs(begun["fresh"], state="FAILED")
    assert unnamed.state == "FAILED"


def test_runs_are_closed_by_condition(store: Store, begun: dict[str, Execution]) -> None:
    where = "name = 'silent' OR name = 'done' OR name = 'lost'"
    closed = store.close_runs(state="CANCELED", where=where)
    assert [run.name for run in closed] == ["silent", "lost"]
    assert store.execution("Train:done").state == "COMPLETE"
    assert store.close_runs(state="CANCELED", stale=True) == []
    assert {row.run.id for row in store.open_runs()} == {begun["alive"].id, begun["fresh"].id}


def test_a_run_that_is_alive_is_not_closed(store: Store, begun: dict[str, Execution]) -> None:
    for given in ({"where": "type = 'Train'"}, {}):
        refs = () if given else (begun["fresh"], begun["alive"])
        with pytest.raises(Conflict, match=r"Train:alive .* holds a lease"):
            store.close_runs(*refs, state="CANCELED", **given)
        assert len(store.open_runs()) == 4
    assert len(store.close_runs(state="CANCELED", stale=True)) == 2
    [closed] = store.close_runs("Train:alive", state="CANCELED", force=True)
    assert closed.state == "CANCELED"


def test_what_cannot_be_closed_so_is_refused(store: Store, begun: dict[str, Execution]) -> None:
    with pytest.raises(InvalidValue, match="close what"):
        store.close_runs(state="CANCELED")
    for state in ("RUNNING", "over", "CACHED"):
        with pytest.raises(InvalidValue, match="ends as COMPLETE, FAILED, CANCELED"):
            store.close_runs("Train:lost", state=state)
    with pytest.raises(NotFound):
        store.close_runs("Train:lost", "Train:nope", state="CANCELED")
    assert store.execution("Train:lost").state == "RUNNING"


@pytest.mark.parametrize("event", [EventType.OUTPUT, EventType.PENDING_OUTPUT])
def test_what_an_open_run_writes_is_not_deleted(store: Store, event: EventType) -> None:
    run = begin(store, "fit")
    model = store.put(Artifact(type="Model", name="m", state="ABANDONED"))
    store.put_events([Event(artifact_id=model.id, execution_id=run.id, type=event)])
    assert store.plan_gc().nodes == ()
    for policy in ("restrict", "tombstone", "cascade"):
        plan = store.plan_deletion("Model:m", policy=policy)
        assert [node.label for node in plan.blockers] == ["Model:m"]
        assert "written by Train:fit" in plan.blockers[0].why
        with pytest.raises(PlanRefused):
            store.apply(plan)
    assert store.plan_forget("Model:m").refused
    store.close_runs("Train:fit", state="CANCELED")
    assert [node.label for node in store.plan_gc().nodes] == ["Model:m"]
    assert store.delete("Model:m").done


def test_a_run_that_begins_to_write_makes_the_plan_stale(store: Store) -> None:
    model = store.put(Artifact(type="Model", name="m"))
    plan = store.plan_deletion("Model:m")
    run = begin(store, "fit")
    event = Event(artifact_id=model.id, execution_id=run.id, type="PENDING_OUTPUT")
    store.put_events([event])
    with pytest.raises(Conflict):
        store.apply(plan)
    assert store.artifact("Model:m").state != "DELETED"


def test_blame_sees_what_never_ended(store: Store, begun: dict[str, Execution]) -> None:
    found = store.blame(type="Train")
    assert {run.id for run in found.open} == {run.id for run in begun.values()}
    assert {run.id for run in found.bad} == {begun["silent"].id, begun["lost"].id}
    assert [run.label for run in found.good] == ["Train:done"]


def test_failure_sees_the_attempts(store: Store) -> None:
    raw = {"d": Artifact(type="Dataset", name="raw")}
    for state, rate in (("FAILED", 1.0), ("FAILED", 0.5), ("COMPLETE", 0.1)):
        store.record(
            Execution(type="Train", name="fit", state=state, custom_properties={"lr": rate}),
            inputs=raw,
        )
    found = store.failure("Train:fit@1")
    assert [(run.version, run.state) for run in found.attempts] == [
        (1, "FAILED"),
        (2, "FAILED"),
        (3, "COMPLETE"),
    ]
    assert found.last_good is not None
    assert found.last_good.version == 3
    assert [(d.what, d.failed, d.good) for d in found.differences] == [("lr", 1.0, 0.1)]
    assert found.unended is None


def test_failure_says_that_a_run_never_ended(store: Store, begun: dict[str, Execution]) -> None:
    lost = store.failure("Train:lost").unended
    assert lost is not None
    assert lost.stale
    assert store.failure("Train:lost").to_dict()["unended"]["stale"] is True
    assert store.failure("Train:done").unended is None
