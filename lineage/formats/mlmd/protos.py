"""Proto values: a google.protobuf.Any of ML Metadata is bytes here, and bytes are an Any there.

An Any is kept as its serialized bytes. Bytes that are no Any go out as one that wraps them in a
google.protobuf.BytesValue. Field numbers are those of google/protobuf/any.proto (type_url = 1,
value = 2) and wrappers.proto (value = 1).
"""

from __future__ import annotations

from lineage.formats.mlmd.structs import LENGTH, fields, tag

_BYTES_URL = b"type.googleapis.com/google.protobuf.BytesValue"


def to_any(content: bytes) -> bytes:
    """The serialized Any that stands for a bytes property."""
    return content if _is_any(content) else _wrap(content)


def _is_any(content: bytes) -> bool:
    """Whether an Any with a type_url is serialized to exactly these bytes."""
    try:
        found = dict(fields(content))
        url, value = found.get(1), found.get(2, b"")
        if not url or not isinstance(url, bytes) or not isinstance(value, bytes):
            return False
        url.decode()
    except (ValueError, IndexError):
        return False
    return content == _any(url, value)


def _wrap(content: bytes) -> bytes:
    return _any(_BYTES_URL, tag(1, LENGTH, content) if content else b"")


def _any(url: bytes, value: bytes) -> bytes:
    return tag(1, LENGTH, url) + (tag(2, LENGTH, value) if value else b"")
