"""Which way an event points: the same in every answer, also where it carries no data."""

from __future__ import annotations

import pytest

from lineage import Artifact, Event, EventType, Execution, Kind, Store
from lineage.questions.query_result import to_text

FROM_THE_ARTIFACT = {EventType.INPUT, EventType.DECLARED_INPUT, EventType.INTERNAL_INPUT}


@pytest.mark.parametrize("type", list(EventType))
def test_ends(type: EventType) -> None:
    event = Event(artifact_id=1, execution_id=2, type=type)
    artifact, execution = (Kind.ARTIFACT, 1), (Kind.EXECUTION, 2)
    ends = (artifact, execution) if type in FROM_THE_ARTIFACT else (execution, artifact)
    assert (event.source, event.target) == ends
    assert event.carries_data is (type not in (EventType.PENDING_OUTPUT, EventType.UNKNOWN))


@pytest.mark.parametrize(
    ("type", "label"),
    [
        (EventType.INPUT, "INPUT"),
        (EventType.OUTPUT, "OUTPUT"),
        (EventType.PENDING_OUTPUT, "PENDING_OUTPUT"),
        (EventType.UNKNOWN, "UNKNOWN_EVENT"),
    ],
)
def test_a_query_draws_an_event_as_its_pattern_has_it(
    store: Store, type: EventType, label: str
) -> None:
    artifact = store.put(Artifact(type="Dataset", name="d"))
    execution = store.put(Execution(type="Train", name="t"))
    event = Event(artifact_id=artifact.id or 0, execution_id=execution.id or 0, type=type)
    store.put_events([event])
    found = store.query(f"MATCH (a)-[e:{label}]->(b) RETURN a, e, b")
    [(start, stored, end)] = found.rows
    assert stored.source == (start.kind, start.id)
    assert stored.target == (end.kind, end.id)
    # In text, and as a graph.
    assert f"{start.kind}:{start.id} -{type}-> {end.kind}:{end.id}" in "\n".join(
        str(to_text(cell)) for cell in found.rows[0]
    )
    [(source, target)] = found.to_networkx().edges()
    assert (source, target) == ((str(start.kind), start.id), (str(end.kind), end.id))


def test_what_was_recorded_by_a_time() -> None:
    event = Event(artifact_id=1, execution_id=2, type="INPUT", recorded_ms=5)
    assert [event.is_known_at(at) for at in (None, 4, 5, 6)] == [True, False, True, True]
    assert event.model_copy(update={"recorded_ms": None}).is_known_at(0)


def test_the_other_kind() -> None:
    assert (Kind.ARTIFACT.other, Kind.EXECUTION.other) == (Kind.EXECUTION, Kind.ARTIFACT)
