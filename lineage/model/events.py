"""Events: an artifact was an input or an output of an execution."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from lineage.model.nodes import to_datetime
from lineage.model.record import Record


class Flow(StrEnum):
    """Which way the data went through an event."""

    INPUT = "INPUT"
    OUTPUT = "OUTPUT"


class EventType(StrEnum):
    """MLMD's event types. PENDING_OUTPUT and UNKNOWN carry no data."""

    UNKNOWN = "UNKNOWN"
    DECLARED_OUTPUT = "DECLARED_OUTPUT"
    DECLARED_INPUT = "DECLARED_INPUT"
    INPUT = "INPUT"
    OUTPUT = "OUTPUT"
    INTERNAL_INPUT = "INTERNAL_INPUT"
    INTERNAL_OUTPUT = "INTERNAL_OUTPUT"
    PENDING_OUTPUT = "PENDING_OUTPUT"

    @property
    def flow(self) -> Flow | None:
        """INPUT or OUTPUT, or None where the event carries no data."""
        return _FLOWS.get(self)


_FLOWS = {
    EventType.DECLARED_INPUT: Flow.INPUT,
    EventType.INPUT: Flow.INPUT,
    EventType.INTERNAL_INPUT: Flow.INPUT,
    EventType.DECLARED_OUTPUT: Flow.OUTPUT,
    EventType.OUTPUT: Flow.OUTPUT,
    EventType.INTERNAL_OUTPUT: Flow.OUTPUT,
}

Path = tuple[str | int, ...]


class Event(Record):
    """An artifact was an input or an output of an execution, at a time, under a path.

    `time_ms` is when it happened, `recorded_ms` when the store learned of it; both are
    milliseconds since the Unix epoch. An event is itself by artifact, execution, type and path.
    """

    artifact_id: int
    execution_id: int
    type: EventType
    path: Path = ()
    time_ms: int | None = None
    recorded_ms: int | None = None

    @property
    def time(self) -> datetime | None:
        """When it happened, UTC."""
        return to_datetime(self.time_ms)
