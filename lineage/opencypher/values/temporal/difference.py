"""How long it is from one temporal value to another.

What only one of the two has (a date, a time, a zone) the other takes over; a date's time is
midnight. Where neither has a zone, a day has 24 hours.
"""

from __future__ import annotations

from dataclasses import replace

from lineage.opencypher.values.entities import Value
from lineage.opencypher.values.kinds import kind_of
from lineage.opencypher.values.temporal import calendar
from lineage.opencypher.values.temporal.errors import InvalidTemporal
from lineage.opencypher.values.temporal.types import (
    DAY,
    SECOND,
    Date,
    DateTime,
    Duration,
    LocalDateTime,
    LocalTime,
    Time,
)
from lineage.opencypher.values.temporal.zones import Zone


def measure(start: Value, end: Value) -> Duration:
    """`duration.between`: months, then days, then time, each as much as goes in whole."""
    first, second = _align(start, end)
    if isinstance(first, LocalDateTime | DateTime):
        months = _months(first, second)
        moved = first.plus(Duration.of(months=months))
        days = _days(moved, second)
        moved = moved.plus(Duration.of(days=days))
        return Duration.of(months, days, _nanos(moved, second))
    return Duration.of(nanos=_nanos(first, second))


def measure_months(start: Value, end: Value) -> Duration:
    """`duration.inMonths`: whole months only."""
    first, second = _align(start, end)
    dated = isinstance(first, LocalDateTime | DateTime)
    return Duration.of(months=_months(first, second) if dated else 0)


def measure_days(start: Value, end: Value) -> Duration:
    """`duration.inDays`: whole days only."""
    first, second = _align(start, end)
    dated = isinstance(first, LocalDateTime | DateTime)
    return Duration.of(days=_days(first, second) if dated else 0)


def measure_seconds(start: Value, end: Value) -> Duration:
    """`duration.inSeconds`: all of it as time."""
    first, second = _align(start, end)
    return Duration.of(nanos=_nanos(first, second))


def _align(start: Value, end: Value) -> tuple[Value, Value]:
    first, second = _with_time(start), _with_time(end)
    if isinstance(first, LocalDateTime | DateTime):
        second = _with_date(second, first.days)
    elif isinstance(second, LocalDateTime | DateTime):
        first = _with_date(first, second.days)
    if isinstance(first, Time | DateTime):
        second = _with_zone(second, first)
    elif isinstance(second, Time | DateTime):
        first = _with_zone(first, second)
    return first, second


def _with_time(value: Value) -> Value:
    if isinstance(value, Date):
        return LocalDateTime(value.days, 0)
    if isinstance(value, LocalTime | Time | LocalDateTime | DateTime):
        return value
    raise InvalidTemporal(f"there is no time between a {kind_of(value)} and something else")


def _with_date(value: Value, days: int) -> Value:
    if isinstance(value, LocalTime):
        return LocalDateTime(days, value.nanos)
    if isinstance(value, Time):
        return DateTime.of_local(days, value.nanos, Zone(value.offset))
    return value


def _with_zone(value: Value, other: Time | DateTime) -> Value:
    if isinstance(value, LocalDateTime):
        zone = other.zone if isinstance(other, DateTime) else Zone(other.offset)
        return DateTime.of_local(value.days, value.nanos, zone)
    if isinstance(value, LocalTime):
        return Time(value.nanos, other.offset)
    return value


def _local(first: Value, second: Value) -> tuple[LocalDateTime, LocalDateTime]:
    """Both as the first one's wall shows them, the second on its last whole day."""
    if isinstance(first, DateTime):
        second = second.in_zone(first.zone)
    mine = LocalDateTime(first.days, first.nanos)
    theirs = LocalDateTime(second.days, second.nanos)
    if theirs.days > mine.days and theirs.nanos < mine.nanos:
        return mine, replace(theirs, days=theirs.days - 1)
    if theirs.days < mine.days and theirs.nanos > mine.nanos:
        return mine, replace(theirs, days=theirs.days + 1)
    return mine, theirs


def _months(first: Value, second: Value) -> int:
    mine, theirs = _local(first, second)
    return calendar.months_between(mine.days, theirs.days)


def _days(first: Value, second: Value) -> int:
    mine, theirs = _local(first, second)
    return theirs.days - mine.days


def _nanos(first: Value, second: Value) -> int:
    return _instant(second) - _instant(first)


def _instant(value: Value) -> int:
    if isinstance(value, DateTime):
        return value.epoch_nanos
    if isinstance(value, LocalDateTime):
        return value.days * DAY + value.nanos
    if isinstance(value, Time):
        return value.nanos - value.offset * SECOND
    nanos: int = value.nanos
    return nanos
