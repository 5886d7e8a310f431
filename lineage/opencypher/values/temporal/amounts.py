"""Durations from amounts of units, whole or not, and their multiples."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from lineage.opencypher.values.entities import Value
from lineage.opencypher.values.temporal.errors import InvalidTemporal
from lineage.opencypher.values.temporal.types import SECOND, SECONDS_OF_MONTH, Duration

_DAY_SECONDS = 86_400
# Each unit as months, days or nanoseconds.
_MONTHS = {"years": 12, "quarters": 3, "months": 1}
_DAYS = {"weeks": 7, "days": 1}
_NANOS = {
    "hours": 3600 * SECOND,
    "minutes": 60 * SECOND,
    "seconds": SECOND,
    "milliseconds": 1_000_000,
    "microseconds": 1_000,
    "nanoseconds": 1,
}
UNITS = (*_MONTHS, *_DAYS, *_NANOS)


def to_exact(number: float) -> Fraction:
    """The number that its shortest decimal form says: 0.1 is a tenth."""
    try:
        return Fraction(number) if isinstance(number, int) else Fraction(Decimal(repr(number)))
    except (OverflowError, ValueError) as error:
        raise InvalidTemporal(f"{number} is no amount of time") from error


def build_duration(parts: Mapping[str, Fraction]) -> Duration:
    """What of a unit is not whole goes on into the next smaller: months into days by the mean
    length of a month, days into time."""
    months, days, nanos = (
        sum((parts.get(unit, Fraction(0)) * size for unit, size in sizes.items()), Fraction(0))
        for sizes in (_MONTHS, _DAYS, _NANOS)
    )
    return _cascade(months, days, nanos)


def parse_duration_map(map: Mapping[str, Value]) -> Duration:
    """`duration({days: 1.5, hours: 2})`; raises InvalidTemporal on other names or values."""
    parts: dict[str, Fraction] = {}
    for name, amount in map.items():
        if name not in UNITS:
            raise InvalidTemporal(f"a duration has no {name!r}; it has {', '.join(UNITS)}")
        if amount.__class__ is not int and amount.__class__ is not float:
            raise InvalidTemporal(f"{name} must be a number, not {amount!r}")
        parts[name] = to_exact(amount)
    return build_duration(parts)


def multiply_duration(duration: Duration, factor: float) -> Duration:
    """That many times as long."""
    return _scale(duration, to_exact(factor))


def divide_duration(duration: Duration, divisor: float) -> Duration:
    """That much shorter."""
    if divisor == 0:
        raise InvalidTemporal("a duration can't be divided by zero")
    return _scale(duration, 1 / to_exact(divisor))


def _scale(duration: Duration, factor: Fraction) -> Duration:
    return _cascade(
        duration.months * factor, duration.days * factor, duration.total_nanos() * factor
    )


def _cascade(months: Fraction, days: Fraction, nanos: Fraction) -> Duration:
    whole_months = int(months)
    days += (months - whole_months) * Fraction(SECONDS_OF_MONTH, _DAY_SECONDS)
    whole_days = int(days)
    nanos += (days - whole_days) * _DAY_SECONDS * SECOND
    return Duration.of(whole_months, whole_days, int(nanos))
