"""google.protobuf.Struct from its wire form, so that no protobuf library is needed.

Field numbers are those of google/protobuf/struct.proto: Struct.fields = 1 (a map, whose entries
have key = 1 and value = 2); Value.null = 1, number = 2, string = 3, bool = 4, struct = 5, list = 6;
ListValue.values = 1. The wire format is that of the Protocol Buffers encoding guide.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator
from typing import Any

from lineage.errors import InvalidValue

# How ML Metadata marks a struct among its string values.
PREFIX = "mlmd-struct::"

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5


def is_struct(text: str) -> bool:
    """Whether a string value is a struct in disguise."""
    return text.startswith(PREFIX)


def decoded_struct(text: str) -> dict[str, Any]:
    """The struct. Raises InvalidValue where the text holds none."""
    try:
        return _struct(base64.b64decode(text.removeprefix(PREFIX)))
    except (ValueError, IndexError, struct.error) as error:
        raise InvalidValue(f"not a struct of ML Metadata: {text[:60]!r} ({error})") from None


def _struct(data: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number, entry in _fields(data):
        if number == 1:
            pair = dict(_fields(entry))
            found[pair.get(1, b"").decode()] = _value(pair.get(2, b""))
    return found


def _value(data: bytes) -> Any:
    value: Any = None
    for number, content in _fields(data):
        if number == 1:
            value = None
        elif number == 2:
            [value] = struct.unpack("<d", content)
        elif number == 3:
            value = content.decode()
        elif number == 4:
            value = bool(content)
        elif number == 5:
            value = _struct(content)
        elif number == 6:
            value = [_value(item) for at, item in _fields(content) if at == 1]
    return value


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            value, at = _varint(data, at)
            yield number, value
            continue
        if wire == _LENGTH:
            size, at = _varint(data, at)
        elif wire in (_FIXED64, _FIXED32):
            size = 8 if wire == _FIXED64 else 4
        else:
            raise ValueError(f"wire type {wire}")
        if at + size > len(data):
            raise ValueError("it ends too early")
        yield number, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
