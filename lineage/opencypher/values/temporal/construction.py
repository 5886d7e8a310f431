"""Temporal values from maps of components and from other temporal values, and their truncation.

A map may bring a `date`, a `time` or a `datetime` to start from; its other components then replace
what they name. A value with a zone that is asked into another zone keeps its instant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from lineage.opencypher.values.entities import Value
from lineage.opencypher.values.kinds import Temporal, kind_of
from lineage.opencypher.values.temporal import calendar
from lineage.opencypher.values.temporal.errors import InvalidTemporal
from lineage.opencypher.values.temporal.types import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    Date,
    DateTime,
    LocalDateTime,
    LocalTime,
    Time,
)
from lineage.opencypher.values.temporal.zones import UTC_ZONE, Zone, find_zone

Fields = Mapping[str, Value]
Instant = Date | LocalTime | Time | LocalDateTime | DateTime

# What stands beside the year, in each of the four ways to name a day.
_WAYS = (
    ("month", "day"),
    ("week", "dayOfWeek"),
    ("quarter", "dayOfQuarter"),
    ("ordinalDay",),
)
_DATE_FIELDS = {"year", *(name for way in _WAYS for name in way)}
_TIME_FIELDS = ("hour", "minute", "second", "millisecond", "microsecond", "nanosecond")


# --- Parts of other values -----------------------------------------------------------------------


def days_of(value: Value) -> int:
    """The day that a value is of; raises InvalidTemporal where it has none."""
    if isinstance(value, Date | LocalDateTime | DateTime):
        return value.days
    raise InvalidTemporal(f"a {kind_of(value)} has no date")


def nanos_of(value: Value) -> int:
    """The time of day of a value; that of a date is midnight only where a date is enough."""
    if isinstance(value, LocalTime | Time | LocalDateTime | DateTime):
        return value.nanos
    raise InvalidTemporal(f"a {kind_of(value)} has no time of day")


def zone_of(value: Value) -> Zone | None:
    """The zone or offset of a value, if it has one."""
    if isinstance(value, DateTime):
        return value.zone
    return Zone(value.offset) if isinstance(value, Time) else None


# --- From maps -----------------------------------------------------------------------------------


def date_from_map(fields: Fields) -> Date:
    """A date from `year` with month and day, week, quarter or ordinal day; or from `date`."""
    _check_names(fields, {*_DATE_FIELDS, "date", "datetime"}, "date")
    return Date(_days_from(fields, fields.get("date", fields.get("datetime"))))


def local_time_from_map(fields: Fields) -> LocalTime:
    """A time from `hour` and what is smaller; or from `time`."""
    _check_names(fields, {*_TIME_FIELDS, "time", "datetime"}, "localtime")
    return LocalTime(_nanos_from(fields, fields.get("time", fields.get("datetime"))))


def time_from_map(fields: Fields, now: DateTime, default: Zone = UTC_ZONE) -> Time:
    """The same with `timezone`. A named zone counts with its offset at the present time."""
    _check_names(fields, {*_TIME_FIELDS, "time", "datetime", "timezone"}, "time")
    base = fields.get("time", fields.get("datetime"))
    nanos = _nanos_from(fields, base)
    asked = _zone_from(fields)
    if isinstance(base, Time | DateTime):
        made = Time(nanos, base.offset)
        return made if asked is None else made.at(_offset_now(asked, now))
    return Time(nanos, _offset_now(asked or default, now))


def local_date_time_from_map(fields: Fields) -> LocalDateTime:
    """A date and a time; a time that is not said is midnight."""
    _check_names(
        fields, {*_DATE_FIELDS, *_TIME_FIELDS, "date", "time", "datetime"}, "localdatetime"
    )
    date, time = _bases(fields)
    return LocalDateTime(_days_from(fields, date), _nanos_from(fields, time, optional=True))


def date_time_from_map(fields: Fields, default: Zone = UTC_ZONE) -> DateTime:
    """The same with `timezone`; or from `epochSeconds` or `epochMillis`."""
    _check_names(
        fields,
        {
            *_DATE_FIELDS, *_TIME_FIELDS, "date", "time", "datetime", "timezone",
            "epochSeconds", "epochMillis",
        },
        "datetime",
    )  # fmt: skip
    asked = _zone_from(fields)
    if "epochSeconds" in fields or "epochMillis" in fields:
        return _from_epoch(fields, asked or default)
    date, time = _bases(fields)
    days = _days_from(fields, date)
    nanos = _nanos_from(fields, time, optional=True)
    from_zone = zone_of(time)
    if from_zone is None:
        return DateTime.of_local(days, nanos, asked or default)
    preferred = time.offset if isinstance(time, DateTime) else None
    made = DateTime.of_local(days, nanos, from_zone, preferred=preferred)
    return made if asked is None else made.in_zone(asked)


def _from_epoch(fields: Fields, into: Zone) -> DateTime:
    _check_names(
        fields, {"epochSeconds", "epochMillis", "nanosecond", "timezone"}, "datetime from epoch"
    )
    if "epochSeconds" in fields:
        nanos, most = _whole(fields, "epochSeconds") * SECOND, SECOND - 1
    else:
        nanos, most = _whole(fields, "epochMillis") * 1_000_000, 999_999
    if "nanosecond" in fields:
        calendar.check_range("nanosecond", _whole(fields, "nanosecond"), 0, most)
        nanos += _whole(fields, "nanosecond")
    return DateTime.of_epoch(nanos, into)


def _bases(fields: Fields) -> tuple[Value, Value]:
    """What the date and the time start from."""
    both = fields.get("datetime")
    if both is not None and ("date" in fields or "time" in fields):
        raise InvalidTemporal("give either datetime, or date and time")
    return fields.get("date", both), fields.get("time", both)


def _days_from(fields: Fields, base: Value) -> int:
    ways = [way for way in _WAYS if any(name in fields for name in way)]
    if len(ways) > 1:
        names = sorted(name for way in ways for name in way if name in fields)
        raise InvalidTemporal(f"{' and '.join(names)} can't be given together")
    way = ways[0] if ways else ()
    if base is None:
        return _days_alone(fields, way)
    days = days_of(base)
    year, month, day = calendar.year_month_day(days)
    if way == ("week", "dayOfWeek"):
        week_year, week, weekday = calendar.week_date(days)
        return calendar.from_week_date(
            _whole(fields, "year", week_year),
            _whole(fields, "week", week),
            _whole(fields, "dayOfWeek", weekday),
        )
    year = _whole(fields, "year", year)
    if way == ("ordinalDay",):
        return calendar.from_ordinal_day(year, _whole(fields, "ordinalDay"))
    if way == ("quarter", "dayOfQuarter"):
        quarter = _whole(fields, "quarter", calendar.quarter_of(month))
        if "dayOfQuarter" in fields:
            return calendar.from_quarter_date(year, quarter, _whole(fields, "dayOfQuarter"))
        calendar.check_range("quarter", quarter, 1, 4)
        month += (quarter - calendar.quarter_of(month)) * 3
    month = _whole(fields, "month", month)
    calendar.check_range("month", month, 1, 12)
    if "day" in fields:
        return calendar.day_number(year, month, _whole(fields, "day"))
    return calendar.day_number(year, month, min(day, calendar.days_in_month(year, month)))


def _days_alone(fields: Fields, way: tuple[str, ...]) -> int:
    year = _whole(fields, "year")
    if way and way[0] not in fields:
        raise InvalidTemporal(f"{way[1]} needs {way[0]}")
    if way == ("week", "dayOfWeek"):
        return calendar.from_week_date(year, _whole(fields, "week"), _whole(fields, "dayOfWeek", 1))
    if way == ("quarter", "dayOfQuarter"):
        of_quarter = _whole(fields, "dayOfQuarter", 1)
        return calendar.from_quarter_date(year, _whole(fields, "quarter"), of_quarter)
    if way == ("ordinalDay",):
        return calendar.from_ordinal_day(year, _whole(fields, "ordinalDay"))
    return calendar.day_number(year, _whole(fields, "month", 1), _whole(fields, "day", 1))


def _nanos_from(fields: Fields, base: Value, *, optional: bool = False) -> int:
    if base is None:
        given = [name in fields for name in ("hour", "minute", "second")]
        finer = any(name in fields for name in _TIME_FIELDS[3:])
        if not optional and not given[0]:
            raise InvalidTemporal("hour must be given")
        for smaller, larger in ((1, 0), (2, 1)):
            if given[smaller] and not given[larger]:
                raise InvalidTemporal(f"{_TIME_FIELDS[smaller]} needs {_TIME_FIELDS[larger]}")
        if finer and not given[2]:
            raise InvalidTemporal("fractions of a second need second")
    nanos = 0 if base is None else nanos_of(base)
    total = nanos % SECOND
    for name, size, most in (("hour", HOUR, 23), ("minute", MINUTE, 59), ("second", SECOND, 59)):
        amount = _whole(fields, name, nanos // size % (most + 1))
        calendar.check_range(name, amount, 0, most)
        total += amount * size
    return total if not _has_fraction(fields) else total - nanos % SECOND + _fraction(fields)


def _has_fraction(fields: Fields) -> bool:
    return any(name in fields for name in _TIME_FIELDS[3:])


def _fraction(fields: Fields) -> int:
    """Each of the three counts what the larger ones among them leave."""
    total, left = 0, SECOND
    for name, size in (("millisecond", 1_000_000), ("microsecond", 1_000), ("nanosecond", 1)):
        if name in fields:
            amount = _whole(fields, name)
            calendar.check_range(name, amount, 0, left // size - 1)
            total += amount * size
            left = size
    return total


def _whole(fields: Fields, name: str, default: int | None = None) -> int:
    amount = fields.get(name, default)
    if amount is None:
        raise InvalidTemporal(f"{name} must be given")
    if amount.__class__ is not int:
        raise InvalidTemporal(f"{name} must be an integer, not {amount!r}")
    return int(amount)


def _zone_from(fields: Fields) -> Zone | None:
    said = fields.get("timezone")
    return None if said is None else read_zone(said)


def read_zone(said: Value) -> Zone:
    """The zone that a caller names; raises InvalidTemporal where it is none."""
    if not isinstance(said, str):
        raise InvalidTemporal(f"a time zone is a name or an offset, not {said!r}")
    return find_zone(said)


def _offset_now(zone: Zone, now: DateTime) -> int:
    return zone.offset_at(now.epoch_nanos // SECOND)


def _check_names(fields: Fields, known: set[str], what: str) -> None:
    for name in fields:
        if name not in known:
            raise InvalidTemporal(f"{what} takes no {name!r}")


# --- From other values ---------------------------------------------------------------------------


def date_from(value: Temporal) -> Date:
    """The date of a value that has one."""
    return Date(days_of(value))


def local_time_from(value: Temporal) -> LocalTime:
    """The time of day of a value that has one."""
    return LocalTime(nanos_of(value))


def time_from(value: Temporal, default: Zone, now: DateTime) -> Time:
    """The time of day with its offset."""
    if isinstance(value, Time | DateTime):
        return Time(value.nanos, value.offset)
    return Time(nanos_of(value), _offset_now(default, now))


def local_date_time_from(value: Temporal) -> LocalDateTime:
    """Date and time; of a date, its midnight."""
    return LocalDateTime(days_of(value), 0 if isinstance(value, Date) else nanos_of(value))


def date_time_from(value: Temporal, default: Zone) -> DateTime:
    """Date and time in the value's zone, else in the default one."""
    if isinstance(value, DateTime):
        return value
    local = local_date_time_from(value)
    return DateTime.of_local(local.days, local.nanos, default)


# --- Truncation ----------------------------------------------------------------------------------


def _whole_years(size: int) -> Callable[[int], int]:
    def truncate(days: int) -> int:
        year = calendar.year_month_day(days)[0]
        return calendar.day_number(year - year % size, 1, 1)

    return truncate


def _to_quarter(days: int) -> int:
    year, month, _ = calendar.year_month_day(days)
    return calendar.day_number(year, calendar.quarter_of(month) * 3 - 2, 1)


def _to_month(days: int) -> int:
    year, month, _ = calendar.year_month_day(days)
    return calendar.day_number(year, month, 1)


_TO_DAY: dict[str, Callable[[int], int]] = {
    "millennium": _whole_years(1000),
    "century": _whole_years(100),
    "decade": _whole_years(10),
    "year": _whole_years(1),
    "weekYear": lambda days: calendar.from_week_date(calendar.week_date(days)[0], 1, 1),
    "quarter": _to_quarter,
    "month": _to_month,
    "week": lambda days: days - calendar.day_of_week(days) + 1,
    "day": lambda days: days,
}
_TO_TIME = {
    "day": DAY,
    "hour": HOUR,
    "minute": MINUTE,
    "second": SECOND,
    "millisecond": 1_000_000,
    "microsecond": 1_000,
}
_SPELLINGS = {name.lower(): name for name in (*_TO_DAY, *_TO_TIME)}


def _unit(said: str, known: Mapping[str, object], what: str) -> str:
    unit = _SPELLINGS.get(said.lower(), said)
    if unit not in known:
        raise InvalidTemporal(f"a {what} can't be truncated to {said!r}; to {', '.join(known)}")
    return unit


def truncate_date(unit: str, value: Temporal, fields: Fields) -> Date:
    """`date.truncate`: the first day of the unit, then the fields."""
    days = _TO_DAY[_unit(unit, _TO_DAY, "date")](days_of(value))
    return date_from_map({**fields, "date": Date(days)}) if fields else Date(days)


def truncate_local_time(unit: str, value: Temporal, fields: Fields) -> LocalTime:
    """`localtime.truncate`."""
    nanos, fields = _truncate_time(unit, value, fields, "localtime")
    return local_time_from_map({**fields, "time": LocalTime(nanos)})


def truncate_time(
    unit: str, value: Temporal, fields: Fields, now: DateTime, default: Zone = UTC_ZONE
) -> Time:
    """`time.truncate`; a `timezone` among the fields replaces the zone, not the time."""
    nanos, fields = _truncate_time(unit, value, fields, "time")
    into = _zone_from(fields) or (
        Zone(value.offset) if isinstance(value, Time | DateTime) else default
    )
    fields = {name: part for name, part in fields.items() if name != "timezone"}
    local = local_time_from_map({**fields, "time": LocalTime(nanos)})
    return Time(local.nanos, _offset_now(into, now))


def truncate_local_date_time(unit: str, value: Temporal, fields: Fields) -> LocalDateTime:
    """`localdatetime.truncate`."""
    start, fields = _truncate(unit, value, fields, "localdatetime")
    return local_date_time_from_map({**fields, "datetime": start})


def truncate_date_time(
    unit: str, value: Temporal, fields: Fields, default: Zone = UTC_ZONE
) -> DateTime:
    """`datetime.truncate`; a `timezone` among the fields replaces the zone, not the time."""
    start, fields = _truncate(unit, value, fields, "datetime")
    into = _zone_from(fields) or zone_of(value) or default
    fields = {name: part for name, part in fields.items() if name != "timezone"}
    local = local_date_time_from_map({**fields, "datetime": start})
    return DateTime.of_local(local.days, local.nanos, into)


def _truncate(
    unit: str, value: Temporal, fields: Fields, what: str
) -> tuple[LocalDateTime, Fields]:
    unit = _unit(unit, {**_TO_DAY, **_TO_TIME}, what)
    local = local_date_time_from(value)
    if unit in _TO_DAY:
        return LocalDateTime(_TO_DAY[unit](local.days), 0), fields
    nanos, fields = _truncate_time(unit, value, fields, what)
    return replace(local, nanos=nanos), fields


def _truncate_time(unit: str, value: Temporal, fields: Fields, what: str) -> tuple[int, Fields]:
    """The time, and the fields that are still to be set: what is finer than the unit is added."""
    unit = _unit(unit, _TO_TIME, what)
    # A date is its midnight.
    nanos = 0 if isinstance(value, Date) and unit == "day" else nanos_of(value)
    nanos -= nanos % _TO_TIME[unit]
    if unit in ("millisecond", "microsecond") and _has_fraction(fields):
        for name in ("millisecond", "microsecond")[: 1 if unit == "millisecond" else 2]:
            if name in fields:
                raise InvalidTemporal(f"{name} is not finer than {unit}")
        nanos += _fraction({**fields, unit: 0})
        fields = {name: part for name, part in fields.items() if name not in _TIME_FIELDS[3:]}
    return nanos, fields
