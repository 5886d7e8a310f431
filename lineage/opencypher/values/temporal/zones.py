"""Time zones: fixed offsets and the IANA database, for any year that a date can have.

The database is that of the `tzdata` package, not the machine's: a query answers the same wherever
it runs. (Distributions differ in what they keep of the time before 1970.)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

from lineage.opencypher.errors import shorten
from lineage.opencypher.values.temporal import calendar
from lineage.opencypher.values.temporal.errors import InvalidTemporal

_OFFSET = re.compile(r"([+-])(\d{1,2})(?::?(\d{2})(?::?(\d{2}))?)?")
_LONGEST = 18 * 3600
_DAY = 86_400
# `zoneinfo` knows the years 1 to 9999. The calendar repeats every 400 years, weekdays included:
# before the first of these years only local mean time holds, from the last the last rules do.
_FIRST_YEAR, _LAST_YEAR = 1000, 2400
_CYCLE_DAYS = 146_097


@dataclass(frozen=True, slots=True)
class Zone:
    """A fixed offset in seconds, or the name of a zone whose offset depends on the time."""

    offset: int | None
    name: str | None = None

    def offset_of_local(self, days: int, nanos: int, preferred: int | None = None) -> int:
        """Seconds east of UTC at this local time.

        A local time that comes twice is the earlier of the two, unless `preferred` is the other's
        offset. One that is left out (clocks went forward) gets the offset from before.
        """
        if self.offset is not None:
            return self.offset
        local = _representable(days, nanos).replace(tzinfo=_zone_info(self.name or ""))
        first, second = (_seconds(local.replace(fold=fold).utcoffset()) for fold in (0, 1))
        return second if preferred == second else first

    def offset_at(self, epoch_seconds: int) -> int:
        """Seconds east of UTC at this instant."""
        if self.offset is not None:
            return self.offset
        days, seconds = divmod(epoch_seconds, _DAY)
        instant = _representable(days, seconds * 1_000_000_000).replace(tzinfo=UTC)
        return _seconds(instant.astimezone(_zone_info(self.name or "")).utcoffset())

    def __str__(self) -> str:
        return self.name if self.name is not None else format_offset(self.offset or 0)


UTC_ZONE = Zone(0)


def find_zone(text: str) -> Zone:
    """The zone of a name or an offset; raises InvalidTemporal where there is none."""
    if text in ("Z", "z"):
        return UTC_ZONE
    found = _OFFSET.fullmatch(text)
    if found:
        return Zone(offset_of(text))
    return Zone(None, _find_name(text))


def offset_of(text: str) -> int:
    """Seconds of `Z`, `+01`, `+0130`, `+01:30` or with seconds."""
    if text in ("Z", "z"):
        return 0
    found = _OFFSET.fullmatch(text)
    if not found:
        raise InvalidTemporal(f"{shorten(text)} is no offset from UTC")
    hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:])
    total = hours * 3600 + minutes * 60 + seconds
    if minutes > 59 or seconds > 59 or total > _LONGEST:
        raise InvalidTemporal(f"the offset {shorten(text)} is not within 18 hours")
    return -total if found[1] == "-" else total


def format_offset(seconds: int) -> str:
    """`Z`, `+01:00` or `+02:05:59`."""
    if seconds == 0:
        return "Z"
    hours, rest = divmod(abs(seconds), 3600)
    minutes, left = divmod(rest, 60)
    text = f"{'-' if seconds < 0 else '+'}{hours:02}:{minutes:02}"
    return f"{text}:{left:02}" if left else text


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    listed = resources.files("tzdata").joinpath("zones").read_text().split()
    return {name.lower(): name for name in listed}


@lru_cache(maxsize=512)
def _find_name(text: str) -> str:
    name = _names().get(text.lower())
    if name is None:
        raise InvalidTemporal(f"there is no time zone {shorten(text)}")
    return name


@lru_cache(maxsize=512)
def _zone_info(name: str) -> ZoneInfo:
    with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def _representable(days: int, nanos: int) -> datetime:
    """A `datetime` at which the same rules hold."""
    year = calendar.year_month_day(days)[0]
    if year < _FIRST_YEAR:
        days += -((year - _FIRST_YEAR) // 400) * _CYCLE_DAYS
    elif year >= _LAST_YEAR:
        days -= ((year - _LAST_YEAR) // 400 + 1) * _CYCLE_DAYS
    return datetime(1970, 1, 1) + timedelta(days=days, microseconds=nanos // 1000)


def _seconds(offset: timedelta | None) -> int:
    assert offset is not None, "a zone has an offset at any time"
    return round(offset.total_seconds())
