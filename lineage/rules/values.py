"""Which values are legal, and what they become in the store."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from lineage.errors import InvalidValue, UnknownProperty
from lineage.model import PropertyKind, Type, Value, kind_of
from lineage.model.values import INT64_MAX, INT64_MIN

# Neo4j can't index a key over about 8 kB; names, external ids and uris are indexed.
MAX_NAME_BYTES = 1_024
MAX_URI_BYTES = 4_096
MAX_VALUE_BYTES = 1_048_576
MAX_STRUCT_DEPTH = 64
MAX_PATH_STEPS = 256
MAX_ARRAY_ITEMS = 10_000
# In 146 million years; each change of a node moves its updated time on, by one at least.
_END_OF_TIME_MS = 2**62
# Ids are given out above the largest that there is.
LARGEST_GIVEN_ID = 2**62


def validate_text(value: str, field: str, limit: int, *, may_be_empty: bool = False) -> str:
    """The text, or InvalidValue naming the field: too long (UTF-8 bytes), empty, NUL, surrogate."""
    if not isinstance(value, str):
        raise InvalidValue(f"{field} must be a string, not {format_value(value)}")
    if not value and not may_be_empty:
        raise InvalidValue(f"{field} is empty; leave it out or give it a value")
    if "\x00" in value:
        raise InvalidValue(f"{field} contains a NUL character: {format_value(value)}")
    # A str has at most four bytes a character, so most texts need no encoding to be measured.
    if value.isascii():
        size = len(value)
    else:
        try:
            size = len(value.encode())
        except UnicodeEncodeError:
            raise InvalidValue(
                f"{field} contains a lone surrogate, which is not text: {format_value(value)}"
            ) from None
    if size > limit:
        raise InvalidValue(
            f"{field} has {size:,} bytes; at most {limit:,} are allowed: {format_value(value)}. "
            "Keep large content in storage and record its uri."
        )
    # str() of an enum that is also a str is its name, not its text.
    return str.__str__(value)


def is_text(value: object) -> bool:
    """Whether it is a string with neither NUL characters nor lone surrogates."""
    if not isinstance(value, str):
        return False
    try:
        return "\x00" not in value and (value.isascii() or bool(value.encode()))
    except UnicodeEncodeError:
        return False


def validate_int64(value: int, field: str) -> int:
    """The integer, or InvalidValue where it is none or doesn't fit 64 bits."""
    # True is 1 in Python, but JSON and databases tell them apart.
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidValue(f"{field} must be an integer, not {format_value(value)}")
    if not INT64_MIN <= value <= INT64_MAX:
        raise InvalidValue(f"{field} does not fit in 64 bits: {value}")
    return value


def validate_id(value: int, field: str) -> int:
    """The id that something comes with, or InvalidValue where no other could be given after it."""
    if validate_int64(value, field) > LARGEST_GIVEN_ID:
        raise InvalidValue(
            f"{field} is {value}, and leaves no room for the ids that come after it; the largest "
            f"that can be brought along is {LARGEST_GIVEN_ID}"
        )
    return value


def validate_growing(value: int, field: str) -> int:
    """A time in milliseconds that later changes can come after, or InvalidValue."""
    if validate_int64(value, field) >= _END_OF_TIME_MS:
        raise InvalidValue(
            f"{field} is {value}, which leaves no room for later changes; give milliseconds "
            "since 1970"
        )
    return value


def validate_properties(type: Type, given: Mapping[str, Any], owner: str) -> dict[str, Value]:
    """Declared properties, each of the kind that its type declares.

    An int is accepted for a double where it is exact. Raises UnknownProperty, InvalidValue.
    """
    checked: dict[str, Value] = {}
    for name, value in given.items():
        kind = type.properties.get(name)
        if value is None and kind is not None:
            # What is None is absent.
            continue
        if kind is None:
            declared = ", ".join(map(repr, type.properties)) or "none"
            raise UnknownProperty(
                f"{owner}: type {type.label!r} declares no property {name!r} (it has {declared}); "
                "declare it with put_type, or give it in custom_properties"
            )
        try:
            checked[name] = _of_kind(value, kind, name)
        except InvalidValue:
            # Once more for its full name: to make that for every value costs more than the check.
            _of_kind(value, kind, f"{owner}.properties[{name!r}]")
            raise
    return checked


def validate_custom_properties(given: Mapping[str, Any], owner: str) -> dict[str, Value]:
    """Custom properties, each of the kind that its value has by itself."""
    checked: dict[str, Value] = {}
    for name, value in given.items():
        try:
            validate_text(name, "name", MAX_NAME_BYTES)
            if value is None:
                # What is None is absent.
                continue
            checked[name] = _of_own_kind(value, name)
        except InvalidValue:
            field = f"{owner}.custom_properties[{name!r}]"
            validate_text(name, f"the name of {field}", MAX_NAME_BYTES)
            _of_own_kind(value, field)
            raise
    return checked


def format_value(value: object) -> str:
    """A value as an error message shows it: short, and printable whatever it is."""
    text = ascii(value[:60]) if isinstance(value, str | bytes) else repr(value)
    if isinstance(value, str | bytes) and len(value) > 60:
        return f"{text}... ({len(value):,} long)"
    text = " ".join(text.encode("ascii", "backslashreplace").decode().split())
    return text if len(text) <= 80 else text[:77] + "..."


def _of_own_kind(value: Any, field: str) -> Value:
    value = to_plain(value)
    kind = kind_of(value)
    if kind is None:
        raise InvalidValue(_no_property(field, value))
    return _of_kind(value, kind, field)


def _of_kind(value: Any, kind: PropertyKind, field: str) -> Value:
    found = kind_of(value)
    if found is None:
        value = to_plain(value)
        found = kind_of(value)
    if found is None:
        raise InvalidValue(_no_property(field, value))
    # By value: `model_copy` may have left a text where a kind belongs.
    if found is PropertyKind.INT and kind == PropertyKind.DOUBLE:
        as_float = float(validate_int64(value, field))
        if int(as_float) != value:
            raise InvalidValue(f"{field} is declared double, which can't hold {value} exactly")
        return as_float
    if found != kind:
        raise InvalidValue(f"{field} is declared {kind}, but {format_value(value)} is {found}")
    if kind == PropertyKind.STRING:
        return validate_text(value, field, MAX_VALUE_BYTES, may_be_empty=True)
    if kind is PropertyKind.INT:
        return validate_int64(value, field)
    if kind is PropertyKind.BYTES and len(value) > MAX_VALUE_BYTES:
        raise InvalidValue(
            f"{field} has {len(value):,} bytes; at most {MAX_VALUE_BYTES:,} are allowed. "
            "Keep large content in storage and record its uri."
        )
    if kind is PropertyKind.STRUCT:
        budget = [MAX_VALUE_BYTES]
        return _struct(value, field, MAX_STRUCT_DEPTH, budget)  # type: ignore[no-any-return]
    return value  # type: ignore[no-any-return]


def _struct(value: Any, field: str, depth: int, budget: list[int]) -> Any:
    """A private copy of a JSON value, checked. `budget` is what is left of its size in bytes."""
    if depth == 0:
        raise InvalidValue(f"{field} is nested more than {MAX_STRUCT_DEPTH} levels deep")
    value = to_plain(value)
    budget[0] -= 2
    if isinstance(value, dict):
        copy: Any = {}
        for key, item in value.items():
            if not isinstance(key, str):
                raise InvalidValue(
                    f"{field} has the key {format_value(key)}; JSON keys are strings"
                )
            key = validate_text(key, f"a key of {field}", MAX_NAME_BYTES, may_be_empty=True)
            budget[0] -= len(key)
            copy[key] = _struct(item, f"{field}[{key!r}]", depth - 1, budget)
    elif isinstance(value, list):
        copy = [_struct(v, f"{field}[{i}]", depth - 1, budget) for i, v in enumerate(value)]
    elif isinstance(value, str):
        copy = validate_text(value, field, MAX_VALUE_BYTES, may_be_empty=True)
        budget[0] -= len(copy)
    elif value is None or isinstance(value, bool):
        copy = value
    elif isinstance(value, int):
        copy = validate_int64(value, field)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidValue(f"{field} is {value}, which JSON can't hold")
        copy = value
    else:
        raise InvalidValue(f"{field} is {format_value(value)}, which JSON can't hold")
    if budget[0] < 0:
        raise InvalidValue(f"{field} makes its struct larger than {MAX_VALUE_BYTES:,} bytes")
    return copy


def to_plain(value: Any) -> Any:
    """Return the plain Python value of what people give, itself where there is none.

    A number or array of numpy, a time, a path, an enum, a decimal, a tuple, a dataclass or a
    pydantic model become plain; what they hold may still have to.
    """
    if kind_of(value) is not None or value is None:
        return value
    if type(value).__module__ == "numpy":
        return _of_numpy(value)
    if isinstance(value, str):
        # str() of an enum that is also a str is its name, not its text.
        return str.__str__(value)
    if isinstance(value, Enum):
        return to_plain(value.value)
    for plain in (bool, int, float, bytes, dict, list):
        if isinstance(value, plain):
            return plain(value)  # type: ignore[arg-type]
    if isinstance(value, tuple):
        named = getattr(value, "_asdict", None)
        return dict(named()) if callable(named) else list(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, Decimal):
        # A double would not be what was given.
        return str(value)
    if isinstance(value, UUID):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, BaseModel):
        return value.model_dump()
    try:
        return operator.index(value)
    except TypeError:
        return value


def _of_numpy(value: Any) -> Any:
    """A scalar as Python's, an array of moderate size as lists."""
    ndim, size = getattr(value, "ndim", None), getattr(value, "size", MAX_ARRAY_ITEMS + 1)
    if ndim == 0:
        # A time of numpy is the same as Python's; what finer ones it has, Python gives as numbers.
        plain = value.item() if value.dtype.kind in "biuf" else _of_numpy_time(value)
        return plain if type(plain).__module__ == "numpy" else to_plain(plain)
    if ndim is None or size > MAX_ARRAY_ITEMS or value.dtype.kind not in "biufSU":
        return value
    return value.tolist()


def _of_numpy_time(value: Any) -> Any:
    return str(value) if value.dtype.kind in "mM" else value.item()


def _no_property(field: str, value: object) -> str:
    if type(value).__module__ == "numpy":
        size = getattr(value, "size", 0)
        return (
            f"{field} is an array of {size:,} items; up to {MAX_ARRAY_ITEMS:,} numbers or texts "
            "can be a property. Keep it in storage and record its uri."
        )
    kinds = ", ".join(PropertyKind)
    return f"{field} is {format_value(value)}, of no kind that a property can have ({kinds})"
