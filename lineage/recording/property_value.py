"""Python values as property values, without credentials."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from os import PathLike, fspath
from typing import Any

from lineage.model.values import INT64_MAX, INT64_MIN
from lineage.recording.redaction import REDACTED, is_secret_name, redact_text

_MAX_TEXT = 2_000
_MAX_ITEMS = 200
_MAX_DEPTH = 8
_RESERVED = frozenset(
    {
        "attempt", "cached_from", "command", "cpu_s", "duration_s", "environment", "error", "host",
        "inputs_assumed", "lease_until", "parent_run", "peak_memory_bytes", "pid", "step_name",
        "traceback", "user",
    }
)  # fmt: skip
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def to_property(name: str, value: Any) -> Any:
    """Return what is kept of a value under a name.

    Scalars stay what they are, numpy's become Python's; mappings and sequences become structs.
    Everything else keeps its `repr`, cut to 2,000 characters. What looks like a credential, by
    its name or form, is replaced.

    Examples
    --------
    >>> to_property("max_depth", None), to_property("api_key", "abc"), to_property("lr", 0.1)
    ('None', '[redacted]', 0.1)
    """
    if value is not None and not isinstance(value, bool | Mapping) and is_secret_name(name):
        return REDACTED
    return _plain(value, _MAX_DEPTH)


def to_properties(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return properties by name, each as `to_property` has it."""
    return {str(name): to_property(str(name), value) for name, value in values.items()}


def to_parameters(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a program's own parameters as properties.

    A name that a run has a property of its own under stands behind `param.`, so that neither is
    lost.

    Examples
    --------
    >>> to_parameters({"lr": 0.1, "user": "ann"})
    {'lr': 0.1, 'param.user': 'ann'}
    """
    return {
        f"param.{name}" if is_reserved(name) else name: value
        for name, value in to_properties(values).items()
    }


def is_reserved(name: str) -> bool:
    """Return whether a run has a property of that name of its own."""
    return name in _RESERVED or name.startswith(("git_", "cache_"))


def to_number(value: Any) -> float | int | None:
    """Return a real number that stands for itself, such as a metric; None for everything else."""
    if isinstance(value, bool):
        return None
    found = _scalar(value)
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None


def _plain(value: Any, depth: int) -> Any:
    value = _scalar(value)
    if isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if INT64_MIN <= value <= INT64_MAX else str(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bytes):
        return f"bytes({len(value)})"
    if isinstance(value, Enum):
        return _plain(value.value, depth - 1) if depth else str(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, PathLike):
        return _text(str(fspath(value)))
    if depth and isinstance(value, Mapping) and len(value) <= _MAX_ITEMS:
        return {_text(str(k)): _inside_mapping(str(k), v, depth - 1) for k, v in value.items()}
    if depth and isinstance(value, list | tuple) and len(value) <= _MAX_ITEMS:
        return [_finite(_plain(item, depth - 1)) for item in value]
    return describe(value)


def _inside_mapping(name: str, value: Any, depth: int) -> Any:
    if value is not None and not isinstance(value, bool | Mapping) and is_secret_name(name):
        return REDACTED
    return _finite(_plain(value, depth))


def _finite(value: Any) -> Any:
    """Structs are JSON, which has neither NaN nor infinities."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def describe(value: Any) -> str:
    """Return a short text for a value: an array's shape and type, else its `repr`."""
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if isinstance(shape, tuple) and not callable(shape):
        return f"{type(value).__name__}{shape}" + (f" {dtype}" if dtype is not None else "")
    if callable(value) and hasattr(value, "__qualname__"):
        return f"{getattr(value, '__module__', '?')}.{value.__qualname__}"
    try:
        text = repr(value)
    except Exception:  # a repr of somebody's class may do anything
        text = f"<{type(value).__module__}.{type(value).__qualname__}>"
    return _text(_ADDRESS.sub("", text))


def _scalar(value: Any) -> Any:
    """numpy's and other libraries' scalars as Python's."""
    if value is None or isinstance(value, bool | int | float | str | bytes):
        return "None" if value is None else value
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "shape", None) == ():
        try:
            return item()
        except Exception:  # not of one element after all
            return value
    return value


def _text(text: str) -> str:
    text = text.replace("\x00", "\\0").encode("utf-8", "replace").decode()
    text = redact_text(text)
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"
