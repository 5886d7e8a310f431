"""From one kind of value to another. What does not say such a value is null; a value of a kind
that can't be turned into one is a TypeError, or null in the OrNull and List forms."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from lineage.opencypher.errors import CypherTypeError, shorten
from lineage.opencypher.functions.numbers import LARGEST, SMALLEST
from lineage.opencypher.functions.registry import Context, function
from lineage.opencypher.functions.strings import _WHITE
from lineage.opencypher.values.entities import Value
from lineage.opencypher.values.kinds import Temporal, kind_of
from lineage.opencypher.values.operations import format_float

# Of an integer of 64 bits.
_DIGITS = 19
_WHOLE = re.compile(r"[+-]?\d+")
_FLOAT = re.compile(
    r"(?P<number>[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)[fFdD]?"
    r"|(?P<special>[+-]?(?:Infinity|NaN))"
)


class _NotConvertible(Exception):
    """A value of this kind can't become one of that kind."""


def _to_boolean(value: Value) -> Value:
    if value.__class__ is bool:
        return value
    if value.__class__ is int:
        return value != 0
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip(_WHITE).lower())
    raise _NotConvertible


def _to_float(value: Value) -> Value:
    if value.__class__ is int or value.__class__ is float:
        return float(value)
    if not isinstance(value, str):
        raise _NotConvertible
    found = _FLOAT.fullmatch(value.strip(_WHITE))
    return None if found is None else float(found["number"] or found["special"])


def _to_integer(value: Value) -> Value:
    if value.__class__ is int:
        return value
    if value.__class__ is bool:
        return int(value)
    if value.__class__ is float:
        # As Java narrows: NaN is 0, what is too large the largest.
        return 0 if math.isnan(value) else int(max(SMALLEST, min(LARGEST, _whole(value))))
    if not isinstance(value, str):
        raise _NotConvertible
    if _WHOLE.fullmatch(value):
        digits = value.lstrip("+-0")
        # Python reads no more than 4,300 digits at once.
        number = 2**64 if len(digits) > _DIGITS else int(digits or "0")
        if value[0] == "-":
            number = -number
    else:
        found = _FLOAT.fullmatch(value)
        if found is None or not found["number"]:
            return None
        number = int(_whole(float(found["number"])))
    if not SMALLEST <= number <= LARGEST:
        raise CypherTypeError(f"{shorten(value)} is too large for an integer of 64 bits")
    return number


def _whole(value: float) -> float:
    return int(value) if math.isfinite(value) else math.copysign(2.0**64, value)


def _to_string(value: Value) -> Value:
    if isinstance(value, str):
        return value
    if value.__class__ is bool:
        return "true" if value else "false"
    if value.__class__ is float:
        return format_float(value)
    if value.__class__ is int or isinstance(value, Temporal):
        return str(value)
    raise _NotConvertible


def _register_conversion(name: str, convert: Callable[[Value], Value]) -> None:
    @function(f"to{name}", 1)
    def convert_or_raise(context: Context, value: Value) -> Value:
        try:
            return convert(value)
        except _NotConvertible:
            raise CypherTypeError(f"to{name}() can't convert a {kind_of(value)}") from None

    def or_null(value: Value) -> Value:
        try:
            return None if value is None else convert(value)
        except (_NotConvertible, CypherTypeError):
            return None

    @function(f"to{name}OrNull", 1)
    def convert_or_null(context: Context, value: Value) -> Value:
        return or_null(value)

    @function(f"to{name}List", 1, accepts=(frozenset({"list"}),))
    def convert_list(context: Context, value: Value) -> Value:
        if not isinstance(value, list):
            raise CypherTypeError(f"to{name}List() takes a list, not a {kind_of(value)}")
        return [or_null(item) for item in value]


_register_conversion("Boolean", _to_boolean)
_register_conversion("Float", _to_float)
_register_conversion("Integer", _to_integer)
_register_conversion("String", _to_string)
