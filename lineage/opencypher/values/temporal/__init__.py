"""Temporal values: dates, times of day, both together, and durations.

`add`, `subtract`, `multiply` and `divide` are the operators; they answer NotImplemented where
neither side is temporal or the two don't go together.
"""

from __future__ import annotations

from typing import Any

from lineage.opencypher.values.entities import Value
from lineage.opencypher.values.kinds import is_number
from lineage.opencypher.values.temporal import amounts
from lineage.opencypher.values.temporal.errors import InvalidTemporal
from lineage.opencypher.values.temporal.types import (
    Date,
    DateTime,
    Duration,
    LocalDateTime,
    LocalTime,
    Time,
)

__all__ = [
    "Date",
    "DateTime",
    "Duration",
    "InvalidTemporal",
    "LocalDateTime",
    "LocalTime",
    "Time",
    "divided",
    "minus",
    "plus",
    "times",
]

_INSTANTS = (Date, LocalTime, Time, LocalDateTime, DateTime)


def add(left: Value, right: Value) -> Any:
    """An instant or duration and a duration, in any order."""
    if isinstance(right, Duration) and isinstance(left, (*_INSTANTS, Duration)):
        return left.plus(right)
    if isinstance(left, Duration) and isinstance(right, _INSTANTS):
        return right.plus(left)
    return NotImplemented


def subtract(left: Value, right: Value) -> Any:
    """An instant or duration less a duration."""
    if isinstance(right, Duration) and isinstance(left, (*_INSTANTS, Duration)):
        return left.plus(right.negate())
    return NotImplemented


def multiply(left: Value, right: Value) -> Any:
    """A duration and a number, in any order."""
    if isinstance(left, Duration) and is_number(right):
        return amounts.multiply_duration(left, right)
    if is_number(left) and isinstance(right, Duration):
        return amounts.multiply_duration(right, left)
    return NotImplemented


def divide(left: Value, right: Value) -> Any:
    """A duration by a number."""
    if isinstance(left, Duration) and is_number(right):
        return amounts.divide_duration(left, right)
    return NotImplemented
