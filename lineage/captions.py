"""Text as it is shown to people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

# What is measured has more digits than tell it apart; what somebody chose has no more than these.
_CHOSEN = 10
# Properties that say which content it is, or on what it was made: a row has no room for them.
_LEFT_OUT = frozenset({
    "sha256", "sha_256", "sha512", "blake3", "blake2b", "sha1", "md5", "md5_hash", "crc32c", "etag",
    "input_fingerprint", "digest", "checksum", "content_hash", "content_digest", "hash",
    "fingerprint", "environment",
})  # fmt: skip


class Named(Protocol):
    """What has a type, perhaps a name, and an id: a node, or what a plan says of one."""

    @property
    def kind(self) -> Any: ...
    @property
    def id(self) -> int | None: ...
    @property
    def type(self) -> str: ...
    @property
    def name(self) -> str | None: ...


def short_type(type: str) -> str:
    """A type's name; of a long dotted one, such as TFX's components have, the last part."""
    return type.rpartition(".")[2] if type.count(".") > 1 else type


def caption(node: Named) -> str:
    """What a node is called where nothing beside it tells its id: `Model:churn`, else
    `Model (artifact:42)`."""
    type = short_type(node.type)
    return f"{type}:{node.name}" if node.name else f"{type} ({node.kind}:{node.id})"


def printable(text: str) -> str:
    """With nothing in it that a terminal or a picture would act on: a space for each such."""
    return "".join(c if c.isprintable() else " " for c in text)


def width_of(text: str) -> int:
    """How many columns of a terminal a text takes: a Chinese character or an emoji two."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def pad(text: str, width: int) -> str:
    """Fill a text up with spaces to a width in columns."""
    return text + " " * (width - width_of(text))


def to_one_line(value: object) -> str:
    """A value on one line, with nothing in it that a terminal would act on."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False)
    text = str(value)
    if "\n" in text:
        text = " ".join(text.split())
    return printable(text)


def measure(value: object) -> str:
    """A value on one line; a number that was worked out to its last digit, to six of them."""
    exact = to_one_line(value)
    if isinstance(value, float) and len(exact) > _CHOSEN and abs(value) < 1e6:
        return f"{value:g}"
    return exact


def brief_properties(node: Any) -> dict[str, Any]:
    """Return the properties of a node that a row of a list has room for.

    Digests and the environment are left out.
    """
    both = {**node.properties, **node.custom_properties}
    return {name: value for name, value in both.items() if is_brief(name)}


def is_brief(name: str) -> bool:
    """Tell whether a property is none that says which content it is, or on what it was made."""
    lowered = name.lower()
    return lowered not in _LEFT_OUT and not lowered.startswith(("environment.", "env."))


def align(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table in columns of the width of their texts."""
    lines = [list(headings), *map(list, rows)]
    widths = [max(map(width_of, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(map(pad, line, widths)).rstrip() for line in lines]
