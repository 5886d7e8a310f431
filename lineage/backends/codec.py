"""Property values as JSON text, exactly, for backends that keep them as text.

int, str, bool and finite doubles are plain JSON, so that a database's JSON functions can read
them; what JSON has no word for is a mapping with one key that begins with `$`.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pydantic_core import from_json, to_json

from lineage.model import Value

_encode_sorted = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), allow_nan=False, sort_keys=True
).encode
_encode_text = json.encoder.encode_basestring
# What stands for itself in JSON, without a look at the value.
_PLAIN = frozenset({str, int, bool})


def encode(properties: Mapping[str, Value], *, sort: bool = False) -> str | None:
    """JSON text of properties; None where there are none.

    With `sort`, equal properties give equal texts: NaN equals NaN, but 1 isn't 1.0.
    """
    if not properties:
        return None
    if not _PLAIN.issuperset(map(type, properties.values())):
        properties = {name: _to_json(value) for name, value in properties.items()}
    # Pydantic's writer has no order to keep, and takes an eighth of the time.
    return _encode_sorted(properties) if sort else to_json(properties).decode()


def decode(text: str | None) -> dict[str, Value]:
    """The properties that `encoded` made the text from."""
    if text is None:
        return {}
    found: dict[str, Any] = from_json(text)
    if '{"$' in text:
        for name, value in found.items():
            if type(value) is dict:
                found[name] = _from_json(value)
    return found


@lru_cache(maxsize=1024)
def encode_path(path: tuple[str | int, ...]) -> str:
    """An event's path as compact JSON text."""
    return (
        f"[{','.join([_encode_text(s) if isinstance(s, str) else int.__repr__(s) for s in path])}]"
    )


@lru_cache(maxsize=4096)
def decode_path(text: str) -> tuple[str | int, ...]:
    """The path that `encoded_path` made the text from."""
    return tuple(from_json(text)) if text != "[]" else ()


def _to_json(value: Value) -> Any:
    if isinstance(value, dict | list):
        return {"$struct": value}
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, float) and not math.isfinite(value):
        return {"$double": repr(value)}
    return value


def _from_json(value: dict[str, Any]) -> Any:
    [(tag, content)] = value.items()
    if tag == "$struct":
        return content
    if tag == "$bytes":
        return base64.b64decode(content)
    return float(content)
