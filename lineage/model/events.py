"""Events: an artifact was an input or an output of an execution."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from lineage.model.nodes import to_datetime
from lineage.model.record import Record
from lineage.model.types import Kind


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

    @property
    def source_kind(self) -> Kind:
        """The kind of node that its arrow starts at; what is no input starts at the execution."""
        return Kind.ARTIFACT if self.flow is Flow.INPUT else Kind.EXECUTION


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

    @property
    def carries_data(self) -> bool:
        """Whether data went from its source to its target."""
        return self.type.flow is not None

    @property
    def source(self) -> tuple[Kind, int]:
        """Kind and id of the node that its arrow starts at."""
        kind = self.type.source_kind
        return kind, self.end(kind)

    @property
    def target(self) -> tuple[Kind, int]:
        """Kind and id of the node that its arrow leads to."""
        kind = self.type.source_kind.other
        return kind, self.end(kind)

    def end(self, kind: Kind) -> int:
        """Return the id of its artifact, or of its execution."""
        return self.artifact_id if kind is Kind.ARTIFACT else self.execution_id

    @property
    def happened_ms(self) -> int:
        """When it happened, else when it was recorded."""
        return (self.recorded_ms or 0) if self.time_ms is None else self.time_ms

    def is_known_at(self, as_of_ms: int | None) -> bool:
        """Return whether the store had learned of it by a time; None is the latest time."""
        return as_of_ms is None or (self.recorded_ms or 0) <= as_of_ms
