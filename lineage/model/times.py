"""Points in time, as people write and read them.

A time without a zone is of the reader's zone, as Python's own methods take a naive datetime. It is
written, too, in that zone, with its offset: `2026-11-23 21:27:04+01:00`, or `Z` where that is UTC.
"""

from __future__ import annotations

import re
from calendar import monthrange
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from lineage.errors import InvalidValue
from lineage.model.values import INT64_MAX, INT64_MIN

Time = datetime | date | timedelta | str | int

# The zone of times without one, and of times that are shown; None is the machine's own.
zone: ContextVar[tzinfo | None] = ContextVar("zone", default=None)

_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
_FORMS = {
    "seconds": ("s", "sec", "secs", "second", "seconds"),
    "minutes": ("m", "min", "mins", "minute", "minutes"),
    "hours": ("h", "hr", "hrs", "hour", "hours"),
    "days": ("d", "day", "days"),
    "weeks": ("w", "week", "weeks"),
    "months": ("mo", "month", "months"),
    "years": ("y", "year", "years"),
}
_UNITS = {form: unit for unit, forms in _FORMS.items() for form in forms}
# Of a text that is longer than this, no part is looked at.
_LONGEST = 80
_TERM = re.compile(r"(\d{1,9})\s*([a-z]+)(?:\s*(?:,|and\b))?\s*")
_ISO = re.compile(
    r"p(?:(?P<years>\d{1,9})y)?(?:(?P<months>\d{1,9})m)?(?:(?P<weeks>\d{1,9})w)?"
    r"(?:(?P<days>\d{1,9})d)?"
    r"(?:t(?:(?P<hours>\d{1,9})h)?(?:(?P<minutes>\d{1,9})m)?(?:(?P<seconds>\d{1,9})s)?)?"
)


def to_milliseconds(time: Time | None, *, ahead: bool = False) -> int | None:
    """Return a point in time in milliseconds since the Unix epoch.

    Parameters
    ----------
    time : datetime, date, timedelta, str or int, optional
        Such milliseconds; a datetime; a date, which is its first moment; a duration, as a timedelta
        or as `2 days`, `90m`, `P1D`; or text: ISO 8601, `now`, `today`, `yesterday`,
        `yesterday 14:00`, `2 days ago`, `in 3 weeks`. What has no zone is in the reader's.
    ahead : bool
        A duration is from now on, and not back from now.

    Returns
    -------
    int or None
        None for None.

    Raises
    ------
    InvalidValue
        It is no time, or one that a datetime can't express.

    Examples
    --------
    >>> to_milliseconds("1970-01-01T01:00:00+00:00")
    3600000
    """
    if time is None:
        return None
    if isinstance(time, int) and not isinstance(time, bool) and INT64_MIN <= time <= INT64_MAX:
        return time
    with suppress(OverflowError, ValueError, TypeError):
        moment = _moment(time, ahead)
        if moment is not None:
            return round(_localize(moment).timestamp() * 1000)
    raise InvalidValue(
        f"{_show(time)} is no time; write it as 2026-11-23, 2026-11-23T21:27:04Z, yesterday or "
        "'2 days ago', or give a datetime, or milliseconds since 1970"
    )


def format_time(milliseconds: int | None) -> str:
    """Return a time as people read it: in their zone, to the second.

    Examples
    --------
    >>> token = zone.set(UTC)
    >>> format_time(1_000)
    '1970-01-01 00:00:01Z'
    >>> zone.reset(token)
    """
    if not milliseconds:
        return "-"
    try:
        moment = datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone(zone.get())
    except (OverflowError, ValueError, OSError):
        return str(milliseconds)
    offset = f"{moment:%z}"
    shown = "Z" if not moment.utcoffset() else f"{offset[:3]}:{offset[3:5]}"
    return f"{moment:%Y-%m-%d %H:%M:%S}{shown}"


def _show(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"


def _moment(given: object, ahead: bool) -> datetime | None:
    """The datetime that is meant, perhaps without a zone; None where it is no time."""
    if isinstance(given, datetime):
        return given
    if isinstance(given, date):
        return datetime.combine(given, time())
    if isinstance(given, timedelta):
        return datetime.now(UTC) + (given if ahead else -given)
    return _parse(given.strip(), ahead) if isinstance(given, str) else None


def _parse(text: str, ahead: bool) -> datetime | None:
    if len(text) > _LONGEST:
        return None
    with suppress(ValueError):
        return datetime.fromisoformat(text)
    words = text.lower()
    day, _, rest = words.partition(" ")
    if words == "now":
        return datetime.now(UTC)
    if day in _DAYS:
        clock = time.fromisoformat(rest.strip()) if rest else time()
        return datetime.combine(_now().date() + timedelta(days=_DAYS[day]), clock)
    past, future = words.endswith(" ago"), words.startswith("in ")
    terms = _terms(words.removesuffix(" ago").removeprefix("in ").strip())
    if terms is None or (past and future):
        return None
    return _shift(terms, 1 if future or (ahead and not past) else -1)


def _terms(words: str) -> dict[str, int] | None:
    """How many of each unit a duration has; None where it is none."""
    iso = _ISO.fullmatch(words)
    if iso is not None and any(iso.groups()):
        return {unit: int(count) for unit, count in iso.groupdict().items() if count}
    found: dict[str, int] = {}
    at = 0
    while at < len(words):
        term = _TERM.match(words, at)
        unit = _UNITS.get(term[2]) if term else None
        if term is None or unit is None or unit in found:
            return None
        found[unit], at = int(term[1]), term.end()
    return found or None


def _shift(terms: dict[str, int], sign: int) -> datetime:
    """Now, and so much later or earlier: days and longer by the calendar, the rest by the clock."""
    wall = _now()
    months = sign * (terms.pop("months", 0) + 12 * terms.pop("years", 0))
    year, month = divmod(wall.year * 12 + wall.month - 1 + months, 12)
    if months:
        last = monthrange(year, month + 1)[1]
        wall = wall.replace(year=year, month=month + 1, day=min(wall.day, last))
    days = timedelta(days=terms.pop("days", 0), weeks=terms.pop("weeks", 0))
    moment = _localize(wall + sign * days)
    return moment.astimezone(UTC) + sign * timedelta(**terms)


def _now() -> datetime:
    """What a clock on the reader's wall shows."""
    return datetime.now(zone.get()).replace(tzinfo=None)


def _localize(moment: datetime) -> datetime:
    """The same with its zone."""
    if moment.tzinfo is not None:
        return moment
    # A subclass, such as pandas', may refuse what a datetime does.
    plain = datetime(*moment.timetuple()[:6], moment.microsecond, fold=moment.fold)
    own = zone.get()
    return plain.astimezone() if own is None else plain.replace(tzinfo=own)
