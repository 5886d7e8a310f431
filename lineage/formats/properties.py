"""What other systems' values become as properties: what can be kept, and why the rest is not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from hashlib import sha256
from typing import Any

from lineage.errors import InvalidValue
from lineage.rules.values import validate_custom_properties


def drop_unkeepable(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties that are there; in the place of one that can't be kept, the reason.

    Examples
    --------
    >>> drop_unkeepable({"a": 1, "b": None, "c": ""})
    {'a': 1}
    >>> drop_unkeepable({"big": 2**70})["big"]["left_out"]
    "import.custom_properties['big'] does not fit in 64 bits: 1180591620717411303424"
    """
    kept: dict[str, Any] = {}
    for name, value in properties.items():
        if value is None or value == "":
            continue
        try:
            validate_custom_properties({name: value}, "import")
            kept[name] = value
        except InvalidValue as error:
            reason = {"left_out": str(error)[:500]}
            try:
                kept.update(validate_custom_properties({name: reason}, "import"))
            except InvalidValue:
                # Its name can't be kept either.
                kept["left_out"] = reason["left_out"]
    return kept


def flatten(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested values by their dotted names; lists stay whole, times become texts.

    Examples
    --------
    >>> flatten({"train": {"lr": 0.1, "layers": [1, 2]}, "seed": 7})
    {'train.lr': 0.1, 'train.layers': [1, 2], 'seed': 7}
    """
    found: dict[str, Any] = {}
    # A stack: what others wrote may be nested deeper than Python calls.
    waiting: list[tuple[str, Any]] = [(str(key), item) for key, item in values.items()][::-1]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, Mapping) and value and len(name) <= 500:
            waiting += [(f"{name}.{key}", item) for key, item in value.items()][::-1]
        elif isinstance(value, date | time):
            found[name] = value.isoformat()
        else:
            found[name] = value
    return found


def shorten(text: str, longest: int = 800) -> str:
    """Return a text that may be a part of a name: the end of a longer one gives way to its hash.

    Examples
    --------
    >>> shorten("models/a.bin"), len(shorten("x" * 5_000))
    ('models/a.bin', 800)
    """
    encoded = text.encode(errors="replace")
    if len(encoded) <= longest:
        return encoded.decode()
    suffix = f"#sha256:{sha256(encoded).hexdigest()}"
    return encoded[: longest - len(suffix)].decode(errors="ignore") + suffix
