"""Dates, times and durations: what they are, what they consist of, how they compare and print.

The five instants follow ISO 8601 with nanoseconds; a duration keeps months, days and seconds apart,
as none is a fixed number of the others (openCypher's CIP2015-08-06).
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from lineage.opencypher.errors import CypherTypeError
from lineage.opencypher.values.entities import Value
from lineage.opencypher.values.kinds import Temporal, kind_of
from lineage.opencypher.values.temporal import calendar
from lineage.opencypher.values.temporal.errors import InvalidTemporal
from lineage.opencypher.values.temporal.zones import UTC_ZONE, Zone, format_offset

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
# The mean length of a month of the Gregorian calendar.
SECONDS_OF_MONTH = 2_629_746
_INT64 = 2**63


def _require(part: Value, value: Temporal, name: str) -> Value:
    """The component, where there is one of that name; else raises CypherTypeError."""
    if part is None:
        raise CypherTypeError(f"a {kind_of(value)} has no component {name!r}")
    return part


def date_component(days: int, name: str) -> int | None:
    """A component of a date, by its day number."""
    year, month, day = calendar.year_month_day(days)
    match name:
        case "year":
            return year
        case "quarter":
            return calendar.quarter_of(month)
        case "month":
            return month
        case "week":
            return calendar.week_date(days)[1]
        case "weekYear":
            return calendar.week_date(days)[0]
        case "day":
            return day
        case "ordinalDay":
            return calendar.ordinal_day(days)
        case "dayOfWeek" | "weekDay":
            return calendar.day_of_week(days)
        case "dayOfQuarter":
            return calendar.day_of_quarter(days)
    return None


def time_component(nanos: int, name: str) -> int | None:
    """A component of a time of day, by its nanoseconds since midnight."""
    match name:
        case "hour":
            return nanos // HOUR
        case "minute":
            return nanos // MINUTE % 60
        case "second":
            return nanos // SECOND % 60
        case "millisecond":
            return nanos % SECOND // 1_000_000
        case "microsecond":
            return nanos % SECOND // 1_000
        case "nanosecond":
            return nanos % SECOND
    return None


def _offset_component(offset: int, zone: Zone, name: str) -> Value:
    match name:
        case "timezone":
            return str(zone)
        case "offset":
            return format_offset(offset)
        case "offsetMinutes":
            return _quotient(offset, 60)
        case "offsetSeconds":
            return offset
    return None


def _date_text(days: int) -> str:
    year, month, day = calendar.year_month_day(days)
    sign = "-" if year < 0 else "+" if year > 9999 else ""
    return f"{sign}{abs(year):04}-{month:02}-{day:02}"


def _time_text(nanos: int) -> str:
    seconds, fraction = divmod(nanos, SECOND)
    minutes, second = divmod(seconds, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{second:02}{_fraction_text(fraction)}"


def _fraction_text(fraction: int) -> str:
    return f".{fraction:09}".rstrip("0") if fraction else ""


@dataclass(frozen=True, slots=True)
class Date(Temporal):
    """A day; `days` since 1970-01-01."""

    kind: ClassVar[str] = "DATE"
    days: int

    def order_key(self) -> Any:
        return self.days

    def component(self, name: str) -> Value:
        return _require(date_component(self.days, name), self, name)

    def __str__(self) -> str:
        return _date_text(self.days)

    def to_native(self) -> datetime.date:
        """Return Python's date. Raises InvalidTemporal outside the years 1 to 9999."""
        year, month, day = calendar.year_month_day(self.days)
        return datetime.date(_native_year(year), month, day)

    def plus(self, duration: Duration) -> Date:
        """The day that much later; what of the time is less than a day does not count."""
        days = calendar.plus_months(self.days, duration.months) + duration.days
        whole_days = abs(duration.total_nanos()) // DAY
        days += whole_days if duration.total_nanos() >= 0 else -whole_days
        return Date(calendar.check_day(days))


@dataclass(frozen=True, slots=True)
class LocalTime(Temporal):
    """A time of day; `nanos` since midnight."""

    kind: ClassVar[str] = "LOCAL TIME"
    nanos: int

    def order_key(self) -> Any:
        return self.nanos

    def component(self, name: str) -> Value:
        return _require(time_component(self.nanos, name), self, name)

    def __str__(self) -> str:
        return _time_text(self.nanos)

    def to_native(self) -> datetime.time:
        """Return Python's time, whose finest part is the microsecond."""
        return _native_time(self.nanos)

    def plus(self, duration: Duration) -> LocalTime:
        """The time that much later, on whatever day."""
        return LocalTime((self.nanos + duration.total_nanos()) % DAY)


@dataclass(frozen=True, slots=True)
class Time(Temporal):
    """A time of day at an offset (in seconds) from UTC."""

    kind: ClassVar[str] = "ZONED TIME"
    nanos: int
    offset: int

    def order_key(self) -> Any:
        return self.nanos - self.offset * SECOND, self.offset

    def component(self, name: str) -> Value:
        part = time_component(self.nanos, name)
        if part is None:
            part = _offset_component(self.offset, Zone(self.offset), name)
        return _require(part, self, name)

    def __str__(self) -> str:
        return _time_text(self.nanos) + format_offset(self.offset)

    def to_native(self) -> datetime.time:
        """Return Python's time, whose finest part is the microsecond."""
        return _native_time(self.nanos).replace(tzinfo=_native_offset(self.offset))

    def plus(self, duration: Duration) -> Time:
        """The time that much later, on whatever day."""
        return Time((self.nanos + duration.total_nanos()) % DAY, self.offset)

    def at(self, offset: int) -> Time:
        """The same moment as seen at another offset."""
        return Time((self.nanos + (offset - self.offset) * SECOND) % DAY, offset)


@dataclass(frozen=True, slots=True)
class LocalDateTime(Temporal):
    """A day and a time of day, wherever."""

    kind: ClassVar[str] = "LOCAL DATETIME"
    days: int
    nanos: int

    def order_key(self) -> Any:
        return self.days, self.nanos

    def component(self, name: str) -> Value:
        part = date_component(self.days, name)
        return _require(time_component(self.nanos, name) if part is None else part, self, name)

    def __str__(self) -> str:
        return f"{_date_text(self.days)}T{_time_text(self.nanos)}"

    def to_native(self) -> datetime.datetime:
        """Return Python's datetime without a zone, whose finest part is the microsecond.

        Raises InvalidTemporal outside the years 1 to 9999.
        """
        return datetime.datetime.combine(Date(self.days).to_native(), _native_time(self.nanos))

    def plus(self, duration: Duration) -> LocalDateTime:
        """Months first, then days, then time."""
        days = calendar.plus_months(self.days, duration.months) + duration.days
        more, nanos = divmod(self.nanos + duration.total_nanos(), DAY)
        return LocalDateTime(calendar.check_day(days + more), nanos)


@dataclass(frozen=True, slots=True)
class DateTime(Temporal):
    """A day and a time of day in a zone; `offset` is the zone's at that time, in seconds."""

    kind: ClassVar[str] = "ZONED DATETIME"
    days: int
    nanos: int
    offset: int
    zone: Zone

    @classmethod
    def of_local(
        cls, days: int, nanos: int, zone: Zone, *, preferred: int | None = None
    ) -> DateTime:
        """At this local time. Where clocks went forward over it, it moves forward with them."""
        offset = zone.offset_of_local(days, nanos, preferred)
        return cls.of_epoch((days * DAY + nanos) - offset * SECOND, zone)

    @classmethod
    def of_epoch(cls, epoch_nanos: int, zone: Zone = UTC_ZONE) -> DateTime:
        """At this instant, in nanoseconds since 1970-01-01T00:00Z."""
        offset = zone.offset_at(epoch_nanos // SECOND)
        days, nanos = divmod(epoch_nanos + offset * SECOND, DAY)
        return cls(calendar.check_day(days), nanos, offset, zone)

    @property
    def epoch_nanos(self) -> int:
        """Nanoseconds since 1970-01-01T00:00Z."""
        return self.days * DAY + self.nanos - self.offset * SECOND

    def order_key(self) -> Any:
        return self.epoch_nanos, self.offset, self.zone.name or ""

    def component(self, name: str) -> Value:
        if name == "epochSeconds":
            return self.epoch_nanos // SECOND
        if name == "epochMillis":
            return self.epoch_nanos // 1_000_000
        part = date_component(self.days, name)
        if part is None:
            part = time_component(self.nanos, name)
        if part is None:
            part = _offset_component(self.offset, self.zone, name)
        return _require(part, self, name)

    def __str__(self) -> str:
        named = f"[{self.zone.name}]" if self.zone.name is not None else ""
        local = f"{_date_text(self.days)}T{_time_text(self.nanos)}"
        return f"{local}{format_offset(self.offset)}{named}"

    def to_native(self) -> datetime.datetime:
        """Return Python's datetime with its zone, whose finest part is the microsecond.

        Raises InvalidTemporal outside the years 1 to 9999.
        """
        local = LocalDateTime(self.days, self.nanos).to_native()
        if self.zone.name is None:
            return local.replace(tzinfo=_native_offset(self.offset))
        made = local.replace(tzinfo=ZoneInfo(self.zone.name))
        if made.utcoffset() != datetime.timedelta(seconds=self.offset):
            # The later of the two times that a clock shows twice.
            made = made.replace(fold=1)
        return made

    def plus(self, duration: Duration) -> DateTime:
        """Months and days by the calendar, the rest by the clock that knows no summer time."""
        days = calendar.plus_months(self.days, duration.months) + duration.days
        moved = DateTime.of_local(
            calendar.check_day(days), self.nanos, self.zone, preferred=self.offset
        )
        return DateTime.of_epoch(moved.epoch_nanos + duration.total_nanos(), self.zone)

    def in_zone(self, zone: Zone) -> DateTime:
        """The same instant as seen in another zone."""
        return DateTime.of_epoch(self.epoch_nanos, zone)


@dataclass(frozen=True, slots=True)
class Duration(Temporal):
    """Months, days and seconds, with 0 <= `nanos` < 1e9 added to the seconds."""

    kind: ClassVar[str] = "DURATION"
    comparable: ClassVar[bool] = False
    months: int
    days: int
    seconds: int
    nanos: int

    @classmethod
    def of(cls, months: int = 0, days: int = 0, nanos: int = 0) -> Duration:
        """Raises InvalidTemporal where a part does not fit 64 bits."""
        seconds, left = divmod(nanos, SECOND)
        for name, part in (("months", months), ("days", days), ("seconds", seconds)):
            if not -_INT64 <= part < _INT64:
                raise InvalidTemporal(f"the duration's {name} do not fit 64 bits: {part}")
        return cls(months, days, seconds, left)

    def total_nanos(self) -> int:
        """Seconds and nanoseconds together."""
        return self.seconds * SECOND + self.nanos

    def order_key(self) -> Any:
        mean = self.months * SECONDS_OF_MONTH + self.days * 86_400 + self.seconds
        return mean, self.nanos, self.months, self.days

    def component(self, name: str) -> Value:
        found = _OF_DURATION.get(name)
        return _require(None if found is None else found(self), self, name)

    def __str__(self) -> str:
        date = _unit(_quotient(self.months, 12), "Y") + _unit(_remainder(self.months, 12), "M")
        date += _unit(self.days, "D")
        total = self.total_nanos()
        seconds, fraction = divmod(abs(total), SECOND)
        sign = "-" if total < 0 else ""
        time = "".join(
            f"{sign}{amount}{unit}"
            for amount, unit in ((seconds // 3600, "H"), (seconds // 60 % 60, "M"))
            if amount
        )
        if seconds % 60 or fraction:
            time += f"{sign}{seconds % 60}{_fraction_text(fraction)}S"
        if not date and not time:
            return "PT0S"
        return f"P{date}T{time}" if time else f"P{date}"

    def to_native(self) -> datetime.timedelta:
        """Return Python's timedelta, whose finest part is the microsecond.

        Raises InvalidTemporal for months, of which none is as long as the next, and for what is
        too long.
        """
        if self.months:
            raise InvalidTemporal(f"{self} has months, which no timedelta has")
        try:
            return datetime.timedelta(
                days=self.days, seconds=self.seconds, microseconds=self.nanos // 1000
            )
        except OverflowError:
            raise InvalidTemporal(f"{self} is longer than a timedelta can be") from None

    def plus(self, other: Duration) -> Duration:
        """Part by part."""
        return Duration.of(
            self.months + other.months,
            self.days + other.days,
            self.total_nanos() + other.total_nanos(),
        )

    def negate(self) -> Duration:
        """As long the other way."""
        return Duration.of(-self.months, -self.days, -self.total_nanos())


def _native_year(year: int) -> int:
    if not datetime.MINYEAR <= year <= datetime.MAXYEAR:
        raise InvalidTemporal(f"Python's dates have no year {year}; take its text")
    return year


def _native_time(nanos: int) -> datetime.time:
    seconds, fraction = divmod(nanos, SECOND)
    minutes, second = divmod(seconds, 60)
    return datetime.time(minutes // 60, minutes % 60, second, fraction // 1000)


def _native_offset(offset: int) -> datetime.timezone:
    return datetime.timezone(datetime.timedelta(seconds=offset))


def _quotient(number: int, divisor: int) -> int:
    """Towards zero."""
    return number // divisor if number >= 0 else -(-number // divisor)


def _remainder(number: int, divisor: int) -> int:
    """With the sign of the number."""
    return number - divisor * _quotient(number, divisor)


def _unit(amount: int, unit: str) -> str:
    return f"{amount}{unit}" if amount else ""


_OF_DURATION: dict[str, Callable[[Duration], int]] = {
    "years": lambda d: _quotient(d.months, 12),
    "quarters": lambda d: _quotient(d.months, 3),
    "months": lambda d: d.months,
    "quartersOfYear": lambda d: _quotient(_remainder(d.months, 12), 3),
    "monthsOfYear": lambda d: _remainder(d.months, 12),
    "monthsOfQuarter": lambda d: _remainder(d.months, 3),
    "weeks": lambda d: _quotient(d.days, 7),
    "days": lambda d: d.days,
    "daysOfWeek": lambda d: _remainder(d.days, 7),
    "hours": lambda d: _quotient(d.seconds, 3600),
    "minutes": lambda d: _quotient(d.seconds, 60),
    "minutesOfHour": lambda d: _remainder(_quotient(d.seconds, 60), 60),
    "seconds": lambda d: d.seconds,
    "secondsOfMinute": lambda d: _remainder(d.seconds, 60),
    "milliseconds": lambda d: d.total_nanos() // 1_000_000,
    "microseconds": lambda d: d.total_nanos() // 1_000,
    "nanoseconds": lambda d: d.total_nanos(),
    "millisecondsOfSecond": lambda d: d.nanos // 1_000_000,
    "microsecondsOfSecond": lambda d: d.nanos // 1_000,
    "nanosecondsOfSecond": lambda d: d.nanos,
}
