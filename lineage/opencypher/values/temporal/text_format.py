"""Temporal values from text: ISO 8601 in its basic and extended forms, with Cypher's additions."""

from __future__ import annotations

import re
from fractions import Fraction

from lineage.opencypher.errors import shorten
from lineage.opencypher.values.temporal import calendar
from lineage.opencypher.values.temporal.amounts import build_duration
from lineage.opencypher.values.temporal.errors import InvalidTemporal
from lineage.opencypher.values.temporal.types import (
    HOUR,
    MINUTE,
    SECOND,
    Date,
    DateTime,
    Duration,
    LocalDateTime,
    LocalTime,
    Time,
)
from lineage.opencypher.values.temporal.zones import UTC_ZONE, Zone, find_zone, offset_of

# No date, time or duration that fits 64 bits is longer.
_LONGEST = 250
_DATE = re.compile(
    r"(?P<year>\d{4}|[+-]\d{1,9}(?=-|$)|[+-]\d{4})"
    r"(?:-?W(?P<week>\d{2})(?:-?(?P<weekday>\d))?"
    r"|-?Q(?P<quarter>\d)(?:-?(?P<of_quarter>\d{1,2}))?"
    r"|-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2}))?"
    r"|(?P<month_>\d{2})(?P<day_>\d{2})?"
    r"|-?(?P<ordinal>\d{3}))?",
    re.ASCII,
)
_TIME = re.compile(
    r"(?P<hour>\d{2})"
    r"(?::(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"|(?P<minute_>\d{2})(?:(?P<second_>\d{2})(?:[.,](?P<fraction_>\d{1,9}))?)?)?",
    re.ASCII,
)
_ZONED = re.compile(
    r"(?P<local>[^+\-Zz\[]*)(?P<offset>[Zz]|[+-][\d:]+)?(?:\[(?P<name>[^\]]+)\])?", re.ASCII
)
_NUMBER = r"[+-]?\d+(?:[.,]\d+)?"
_DURATION = re.compile(
    r"(?P<sign>[+-]?)P"
    rf"(?:(?P<years>{_NUMBER})Y)?(?:(?P<quarters>{_NUMBER})Q)?(?:(?P<months>{_NUMBER})M)?"
    rf"(?:(?P<weeks>{_NUMBER})W)?(?:(?P<days>{_NUMBER})D)?"
    rf"(?P<time>T(?:(?P<hours>{_NUMBER})H)?(?:(?P<minutes>{_NUMBER})M)?"
    rf"(?:(?P<seconds>{_NUMBER})S)?)?",
    re.ASCII,
)
_DURATION_AS_DATE = re.compile(
    r"(?P<sign>[+-]?)P(?P<years>\d{4})-?(?P<months>\d{2})-?(?P<days>\d{2})"
    r"(?:T(?P<hours>\d{2}):?(?P<minutes>\d{2}):?(?P<seconds>\d{2}(?:[.,]\d{1,9})?))?",
    re.ASCII,
)


def parse_date(text: str) -> Date:
    """`2015-07-21`, `201507`, `2015-W30-2`, `2015Q3`, `2015-202` …"""
    _check_length(text)
    return Date(_days(text, text))


def parse_local_time(text: str) -> LocalTime:
    """`21:40:32.142`, `2140` …"""
    _check_length(text)
    return LocalTime(_nanos(text.removeprefix("T"), text))


def parse_time(text: str) -> Time:
    """The same with an offset, else in UTC."""
    _check_length(text)
    local, offset, name = _split(text.removeprefix("T"), text)
    if name is not None:
        raise InvalidTemporal(f"{text!r} is no time: a time has an offset, not a named zone")
    return Time(_nanos(local, text), 0 if offset is None else offset_of(offset))


def parse_local_date_time(text: str) -> LocalDateTime:
    """A date, `T`, and a local time; or a date alone."""
    _check_length(text)
    date, _, time = text.partition("T")
    return LocalDateTime(_days(date, text), _nanos(time, text) if time else 0)


def parse_date_time(text: str) -> DateTime:
    """The same with an offset, a zone's name in brackets, or both; else in UTC."""
    _check_length(text)
    date, _, rest = text.partition("T")
    if not rest and "[" in date:
        date, _, name = date.partition("[")
        rest = f"00:00[{name}"
    days = _days(date, text)
    if not rest:
        return DateTime.of_local(days, 0, UTC_ZONE)
    local, offset_said, name_said = _split(rest, text)
    nanos = _nanos(local, text)
    offset = None if offset_said is None else offset_of(offset_said)
    if name_said is None:
        return DateTime.of_local(days, nanos, UTC_ZONE if offset is None else Zone(offset))
    made = DateTime.of_local(days, nanos, find_zone(name_said), preferred=offset)
    if offset is not None and made.offset != offset:
        raise InvalidTemporal(f"{name_said} does not have the offset in {text!r} at that time")
    return made


def parse_duration(text: str) -> Duration:
    """`P1Y2M10DT2H30M`, `P2.5W`, `P2012-02-02T14:37:21.545` …"""
    _check_length(text)
    found = _DURATION.fullmatch(text)
    if found is None or found["time"] == "T" or text[-1:] == "P":
        found = _DURATION_AS_DATE.fullmatch(text)
    if found is None:
        raise InvalidTemporal(f"{text!r} is no duration")
    parts = {
        name: Fraction(said.replace(",", "."))
        for name, said in found.groupdict().items()
        if said and name not in ("sign", "time")
    }
    made = build_duration(parts)
    return made.negate() if found["sign"] == "-" else made


def _check_length(text: str) -> None:
    if len(text) > _LONGEST:
        raise InvalidTemporal(f"{shorten(text)} is no date, time or duration: it is too long")


def _days(text: str, whole: str) -> int:
    found = _DATE.fullmatch(text)
    if found is None:
        raise InvalidTemporal(f"{whole!r} has no date that can be read")
    part = {name: int(said) for name, said in found.groupdict().items() if said is not None}
    year = part["year"]
    if "week" in part:
        return calendar.from_week_date(year, part["week"], part.get("weekday", 1))
    if "quarter" in part:
        return calendar.from_quarter_date(year, part["quarter"], part.get("of_quarter", 1))
    if "ordinal" in part:
        return calendar.from_ordinal_day(year, part["ordinal"])
    month = part.get("month", part.get("month_", 1))
    return calendar.day_number(year, month, part.get("day", part.get("day_", 1)))


def _nanos(text: str, whole: str) -> int:
    found = _TIME.fullmatch(text)
    if found is None:
        raise InvalidTemporal(f"{whole!r} has no time that can be read")
    hour = int(found["hour"])
    minute, second = (int(found[name] or found[f"{name}_"] or 0) for name in ("minute", "second"))
    calendar.check_range("hour", hour, 0, 23)
    calendar.check_range("minute", minute, 0, 59)
    calendar.check_range("second", second, 0, 59)
    fraction = (found["fraction"] or found["fraction_"] or "").ljust(9, "0")
    return hour * HOUR + minute * MINUTE + second * SECOND + int(fraction)


def _split(text: str, whole: str) -> tuple[str, str | None, str | None]:
    found = _ZONED.fullmatch(text)
    if found is None:
        raise InvalidTemporal(f"{whole!r} has no time that can be read")
    return found["local"], found["offset"], found["name"]
