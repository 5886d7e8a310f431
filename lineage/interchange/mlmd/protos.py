"""Proto values: a google.protobuf.Any of ML Metadata is bytes here, and bytes are an Any there.

An Any is kept as its serialized bytes. Bytes that are no Any go out as one that wraps them in a
google.protobuf.BytesValue. Field numbers are those of google/protobuf/any.proto (type_url = 1,
value = 2) and wrappers.proto (value = 1).
"""

from __future__ import annotations

from lineage.interchange.mlmd.structs import LENGTH, fields, tagged

_BYTES_URL = b"type.googleapis.com/google.protobuf.BytesValue"


def as_any(content: bytes) -> bytes:
    """The serialized Any that stands for a bytes property."""
    return content if _is_any(content) else _wrapped(content)


def _is_any(content: bytes) -> bool:
    try:
        found = [(number, value) for number, value in fields(content) if isinstance(value, bytes)]
        urls = [value.decode() for number, value in found if number == 1]
    except (ValueError, IndexError):
        return False
    return len(urls) == 1 and "/" in urls[0] and {number for number, _ in found} <= {1, 2}


def _wrapped(content: bytes) -> bytes:
    inner = tagged(1, LENGTH, content) if content else b""
    return tagged(1, LENGTH, _BYTES_URL) + (tagged(2, LENGTH, inner) if inner else b"")
