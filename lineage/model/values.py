"""What a property can hold."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1

# A struct is any JSON value that is a mapping or a sequence.
Value = bool | int | float | str | bytes | dict[str, Any] | list[Any]


class PropertyKind(StrEnum):
    """The kind of a property's value, as a type declares it."""

    INT = "int"
    DOUBLE = "double"
    STRING = "string"
    BOOL = "bool"
    STRUCT = "struct"
    BYTES = "bytes"


def kind_of(value: object) -> PropertyKind | None:
    """The property kind that a Python value has by itself, or None if it can't be a property.

    bool is BOOL although Python calls it an int; dict and list are STRUCT.
    """
    return _KINDS.get(type(value))


_KINDS: dict[type, PropertyKind] = {
    bool: PropertyKind.BOOL,
    int: PropertyKind.INT,
    float: PropertyKind.DOUBLE,
    str: PropertyKind.STRING,
    bytes: PropertyKind.BYTES,
    dict: PropertyKind.STRUCT,
    list: PropertyKind.STRUCT,
}
