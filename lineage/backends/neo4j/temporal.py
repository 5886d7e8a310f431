"""The driver's temporal values as those of Cypher, zones and nanoseconds kept."""

from __future__ import annotations

from typing import Any

from neo4j import time

from lineage.opencypher.values.kinds import Temporal
from lineage.opencypher.values.temporal.types import (
    Date,
    DateTime,
    Duration,
    LocalDateTime,
    LocalTime,
    Time,
)
from lineage.opencypher.values.temporal.zones import Zone

TEMPORAL = (time.Date, time.Time, time.DateTime, time.Duration)
_EPOCH_ORDINAL = 719_163
_SECOND = 1_000_000_000


def to_cypher(value: Any) -> Temporal:
    """Return a date, time or duration of the driver's as Cypher has it."""
    if isinstance(value, time.Duration):
        nanos = value.seconds * _SECOND + value.nanoseconds
        return Duration.of(value.months, value.days, nanos)
    if isinstance(value, time.DateTime):
        days, nanos = value.to_ordinal() - _EPOCH_ORDINAL, value.time().ticks
        if value.tzinfo is None:
            return LocalDateTime(days, nanos)
        offset = _offset(value)
        name = getattr(value.tzinfo, "key", None) or getattr(value.tzinfo, "zone", None)
        if name == "UTC":
            # So the driver calls the offset 0, too.
            name = None
        return DateTime(days, nanos, offset, Zone(offset) if name is None else Zone(None, name))
    if isinstance(value, time.Time):
        return LocalTime(value.ticks) if value.tzinfo is None else Time(value.ticks, _offset(value))
    return Date(value.to_ordinal() - _EPOCH_ORDINAL)


def _offset(value: Any) -> int:
    return int(value.utcoffset().total_seconds())
