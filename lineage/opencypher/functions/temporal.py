"""Functions that make temporal values: date, time, datetime, duration and their relatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from lineage.opencypher.errors import CypherTypeError
from lineage.opencypher.functions.registry import Context, function
from lineage.opencypher.values.entities import Value
from lineage.opencypher.values.kinds import Temporal, kind_of
from lineage.opencypher.values.temporal import DateTime, Duration, InvalidTemporal, text_format
from lineage.opencypher.values.temporal import construction as make
from lineage.opencypher.values.temporal import difference as measure
from lineage.opencypher.values.temporal.amounts import parse_duration_map
from lineage.opencypher.values.temporal.zones import UTC_ZONE, Zone

_LEAST = {
    **dict.fromkeys(
        ("month", "day", "week", "dayOfWeek", "quarter", "dayOfQuarter", "ordinalDay"), 1
    ),
    **dict.fromkeys(
        ("year", "hour", "minute", "second", "millisecond", "microsecond", "nanosecond"), 0
    ),
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(moment: datetime) -> DateTime:
    """An aware `datetime` of Python's as a value of ours, in UTC."""
    since = moment - _EPOCH
    micros = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return DateTime.of_epoch(micros * 1000)


def _now(context: Context, zone: Zone = UTC_ZONE, *, statement: bool = True) -> DateTime:
    moment = context.now if statement else datetime.now(UTC)
    return instant(moment).in_zone(zone)


# For each type: from text, from a map, from another value.
_Parse = Callable[[str], Temporal]
_FromMap = Callable[[Mapping[str, Value], DateTime], Temporal]
_FromValue = Callable[[Temporal, DateTime], Temporal]


def _register_instants(
    name: str, parse: _Parse, from_map: _FromMap, from_value: _FromValue
) -> None:
    """`name(value)`, `name()`, and `name()` by each of the three clocks."""

    def current(context: Context, zone: Value, *, statement: bool) -> Temporal:
        into = UTC_ZONE if zone is None else make.read_zone(zone)
        now = _now(context, into, statement=statement)
        return from_value(now, now)

    @function(name, 0, 1)
    def made(context: Context, *arguments: Value) -> Value:
        if not arguments:
            return current(context, None, statement=True)
        (value,) = arguments
        if isinstance(value, str):
            return parse(value)
        if isinstance(value, Mapping):
            if set(value) == {"timezone"}:
                return current(context, value["timezone"], statement=True)
            return from_map(_drop_null_fields(value), _now(context))
        if isinstance(value, Temporal) and not isinstance(value, Duration):
            return from_value(value, _now(context))
        raise CypherTypeError(
            f"{name}() takes text, a map or a temporal value, not {_describe(value)}"
        )

    for clock in ("transaction", "statement", "realtime"):
        statement = clock != "realtime"

        @function(f"{name}.{clock}", 0, 1, deterministic=statement)
        def by_clock(context: Context, zone: Value = None, *, statement: bool = statement) -> Value:
            if isinstance(zone, Mapping):
                zone = zone.get("timezone")
            return current(context, zone, statement=statement)


_register_instants(
    "date",
    text_format.parse_date,
    lambda fields, _: make.date_from_map(fields),
    lambda value, _: make.date_from(value),
)
_register_instants(
    "localtime",
    text_format.parse_local_time,
    lambda fields, _: make.local_time_from_map(fields),
    lambda value, _: make.local_time_from(value),
)
_register_instants(
    "time",
    text_format.parse_time,
    lambda fields, now: make.time_from_map(fields, now),
    lambda value, now: make.time_from(value, UTC_ZONE, now),
)
_register_instants(
    "localdatetime",
    text_format.parse_local_date_time,
    lambda fields, _: make.local_date_time_from_map(fields),
    lambda value, _: make.local_date_time_from(value),
)
_register_instants(
    "datetime",
    text_format.parse_date_time,
    lambda fields, _: make.date_time_from_map(fields),
    lambda value, _: make.date_time_from(value, UTC_ZONE),
)


def _register_truncation(
    name: str, truncate: Callable[..., Temporal], *, clocked: bool = False
) -> None:
    """`name.truncate(unit, value, fields)`; the value is now, if it is left out."""

    @function(f"{name}.truncate", 1, 3, nulls=True)
    def truncate_value(context: Context, unit: Value, *rest: Value) -> Value:
        value = rest[0] if rest else _now(context)
        fields = rest[1] if len(rest) > 1 and rest[1] is not None else {}
        if not isinstance(unit, str):
            raise CypherTypeError(f"the unit must be a string, not {_describe(unit)}")
        if not isinstance(value, Temporal) or isinstance(value, Duration):
            raise CypherTypeError(f"{name}.truncate() can't truncate {_describe(value)}")
        if not isinstance(fields, Mapping):
            raise CypherTypeError(f"the fields must be a map, not {_describe(fields)}")
        return truncate(
            unit, value, _drop_null_fields(fields), *((_now(context),) if clocked else ())
        )


_register_truncation("date", make.truncate_date)
_register_truncation("localtime", make.truncate_local_time)
_register_truncation("time", make.truncate_time, clocked=True)
_register_truncation("localdatetime", make.truncate_local_date_time)
_register_truncation("datetime", make.truncate_date_time)


@function("datetime.fromEpoch", 2, nulls=True)
def from_epoch(context: Context, seconds: Value, nanoseconds: Value) -> Value:
    """Seconds and nanoseconds since 1970-01-01T00:00Z."""
    return DateTime.of_epoch(_integer(seconds) * 1_000_000_000 + _integer(nanoseconds))


@function("datetime.fromEpochMillis", 1, nulls=True)
def from_epoch_millis(context: Context, milliseconds: Value) -> Value:
    """Milliseconds since 1970-01-01T00:00Z."""
    return DateTime.of_epoch(_integer(milliseconds) * 1_000_000)


@function("timestamp", 0)
def timestamp(context: Context) -> Value:
    """Milliseconds since 1970-01-01T00:00Z, by the statement's clock."""
    return _now(context).epoch_nanos // 1_000_000


@function("duration", 1)
def duration(context: Context, value: Value) -> Value:
    """From text, or from a map of amounts."""
    if isinstance(value, str):
        return text_format.parse_duration(value)
    if isinstance(value, Duration):
        return value
    if isinstance(value, Mapping):
        return parse_duration_map(value)
    raise CypherTypeError(f"duration() takes text or a map, not {_describe(value)}")


def _register_difference(name: str, by: Callable[[Any, Any], Duration]) -> None:
    @function(name, 2)
    def measure_span(context: Context, start: Value, end: Value) -> Value:
        return by(start, end)


_register_difference("duration.between", measure.measure)
_register_difference("duration.inMonths", measure.measure_months)
_register_difference("duration.inDays", measure.measure_days)
_register_difference("duration.inSeconds", measure.measure_seconds)


def _drop_null_fields(fields: Mapping[str, Value]) -> Mapping[str, Value]:
    """The fields, the least of each where it is null, as Neo4j reads them; what the others start
    from can't be null."""
    given = {name: _LEAST.get(name) if value is None else value for name, value in fields.items()}
    for name, value in given.items():
        if value is None:
            raise InvalidTemporal(f"{name} can't be null")
    return given


def _integer(value: Value) -> int:
    if value.__class__ is not int:
        raise InvalidTemporal(f"an integer is needed, not {_describe(value)}")
    return int(value)


def _describe(value: Value) -> str:
    return f"a {kind_of(value)}"
