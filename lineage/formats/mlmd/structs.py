"""google.protobuf.Struct from its wire form and back, so that no protobuf library is needed.

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

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
# What a struct that is a list is called, of which the wire has no word.
LIST_FIELD = "list"


def is_struct(text: str) -> bool:
    """Whether a string value is a struct in disguise."""
    return text.startswith(PREFIX)


def decode_struct(text: str) -> dict[str, Any]:
    """The struct. Raises InvalidValue where the text holds none."""
    try:
        return _struct(base64.b64decode(text.removeprefix(PREFIX), validate=True))
    except (ValueError, IndexError, struct.error) as error:
        raise InvalidValue(f"not a struct of ML Metadata: {text[:60]!r} ({error})") from None


def encode_struct(value: dict[str, Any] | list[Any]) -> str:
    """The text that `decoded_struct` reads; a list goes as the struct `{"list": [...]}`."""
    struct = value if isinstance(value, dict) else {LIST_FIELD: value}
    return PREFIX + base64.b64encode(_of_struct(struct)).decode()


def fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """Number and content of each field: an int for a varint, bytes for the rest.

    Raises ValueError or IndexError where the bytes are no message.
    """
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == VARINT:
            value, at = _varint(data, at)
            yield number, value
            continue
        if wire == LENGTH:
            size, at = _varint(data, at)
        elif wire in (FIXED64, FIXED32):
            size = 8 if wire == FIXED64 else 4
        else:
            raise ValueError(f"wire type {wire}")
        if at + size > len(data):
            raise ValueError("it ends too early")
        yield number, data[at : at + size]
        at += size


def tag(number: int, wire: int, content: bytes) -> bytes:
    """A field: its tag, for a LENGTH its length, and its content."""
    tag = _of_varint(number << 3 | wire)
    return tag + (_of_varint(len(content)) if wire == LENGTH else b"") + content


def _struct(data: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number, entry in fields(data):
        if number == 1:
            pair = dict(fields(entry))
            found[pair.get(1, b"").decode()] = _value(pair.get(2, b""))
    return found


def _value(data: bytes) -> Any:
    value: Any = None
    for number, content in fields(data):
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
            value = [_value(item) for at, item in fields(content) if at == 1]
    return value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift >= 70:
            raise ValueError("a number has more than ten bytes")


def _of_struct(value: dict[str, Any]) -> bytes:
    return b"".join(
        tag(1, LENGTH, tag(1, LENGTH, key.encode()) + tag(2, LENGTH, _of_value(item)))
        for key, item in value.items()
    )


def _of_value(value: Any) -> bytes:
    if value is None:
        return tag(1, VARINT, b"\x00")
    if isinstance(value, bool):
        return tag(4, VARINT, b"\x01" if value else b"\x00")
    if isinstance(value, int | float):
        return tag(2, FIXED64, struct.pack("<d", value))
    if isinstance(value, str):
        return tag(3, LENGTH, value.encode())
    if isinstance(value, dict):
        return tag(5, LENGTH, _of_struct(value))
    return tag(6, LENGTH, b"".join(tag(1, LENGTH, _of_value(item)) for item in value))


def _of_varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
