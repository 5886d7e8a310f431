"""Property values between the wire and the store.

Proto values are bytes here (`lineage.formats.mlmd.protos`), and the wire's numbers inside of
structs are doubles.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from lineage.errors import InvalidValue, StoreError
from lineage.formats.mlmd.protos import to_any
from lineage.formats.mlmd.structs import LIST_FIELD
from lineage.model import PropertyKind, Type

# The wire's property types by number, and the field of a value that holds each.
KINDS: dict[int, PropertyKind] = {
    1: PropertyKind.INT,
    2: PropertyKind.DOUBLE,
    3: PropertyKind.STRING,
    4: PropertyKind.STRUCT,
    5: PropertyKind.BYTES,
    6: PropertyKind.BOOL,
}
NUMBERS = {kind: number for number, kind in KINDS.items()}
_FIELDS = {
    "int_value": PropertyKind.INT,
    "double_value": PropertyKind.DOUBLE,
    "string_value": PropertyKind.STRING,
    "struct_value": PropertyKind.STRUCT,
    "proto_value": PropertyKind.BYTES,
    "bool_value": PropertyKind.BOOL,
}


def check_declared(
    type: Type, given: Mapping[str, Any], names: set[str] | None = None
) -> dict[str, Any]:
    """Return the declared properties from the wire, of `names` only where these are given.

    Raises InvalidValue where the type declares no such property, or one of another kind.
    """
    found: dict[str, Any] = {}
    for name, value in given.items():
        if names is not None and name not in names:
            continue
        kind = type.properties.get(name)
        if kind is None:
            raise InvalidValue(
                f"Found unknown property: {name}; type {type.label!r} doesn't declare it"
            )
        field = value.WhichOneof("value")
        if field is None or _FIELDS[field] is not kind:
            raise InvalidValue(
                f"Found unmatched property type: {name}; type {type.label!r} declares it as "
                f"{kind}, and the value is {field or 'empty'}"
            )
        found[name] = _from_wire(field, value)
    return found


def custom(given: Mapping[str, Any], names: set[str] | None = None) -> dict[str, Any]:
    """Custom properties from the wire. Raises StoreError for an empty value, as there."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        if names is not None and name not in names:
            continue
        field = value.WhichOneof("value")
        if field is None:
            raise StoreError(f"custom property {name!r} has no value; give it one or leave it out")
        found[name] = _from_wire(field, value)
    return found


def put(given: Mapping[str, Any], onto: Any) -> None:
    """Set properties on a map of the wire."""
    for name, value in given.items():
        kind = type(value)
        if kind is str:
            onto[name].string_value = value
        elif kind is bool:
            onto[name].bool_value = value
        elif kind is int:
            onto[name].int_value = value
        elif kind is float:
            onto[name].double_value = value
        elif kind is bytes:
            onto[name].proto_value.ParseFromString(to_any(value))
        else:
            struct = value if isinstance(value, dict) else {LIST_FIELD: value}
            onto[name].struct_value.SetInParent()
            for key, item in struct.items():
                _put_item(onto[name].struct_value.fields[key], item)


def text(given: str | bytes) -> str:
    """A text of the wire; protobuf gives bytes where it isn't UTF-8. Raises InvalidValue."""
    if isinstance(given, str):
        return given
    raise InvalidValue(f"a text is not UTF-8: {given[:60]!r}")


def _from_wire(field: str, value: Any) -> Any:
    if field == "string_value":
        return text(value.string_value)
    if field == "struct_value":
        return {key: _item(item) for key, item in value.struct_value.fields.items()}
    if field == "proto_value":
        if not value.proto_value.type_url:
            raise InvalidValue("a proto value has no type_url; give it that of its message")
        return value.proto_value.SerializeToString(deterministic=True)
    return getattr(value, field)


def _item(value: Any) -> Any:
    field = value.WhichOneof("kind")
    if field == "struct_value":
        return {key: _item(item) for key, item in value.struct_value.fields.items()}
    if field == "list_value":
        return [_item(item) for item in value.list_value.values]
    if field == "number_value" and not math.isfinite(value.number_value):
        raise InvalidValue(
            f"a struct holds {value.number_value}, which JSON can't hold; use a double property"
        )
    return None if field in (None, "null_value") else getattr(value, field)


def _put_item(onto: Any, value: Any) -> None:
    if value is None:
        onto.null_value = 0
    elif isinstance(value, bool):
        onto.bool_value = value
    elif isinstance(value, int | float):
        onto.number_value = value
    elif isinstance(value, str):
        onto.string_value = value
    elif isinstance(value, dict):
        onto.struct_value.SetInParent()
        for key, item in value.items():
            _put_item(onto.struct_value.fields[key], item)
    else:
        onto.list_value.SetInParent()
        for item in value:
            _put_item(onto.list_value.values.add(), item)
