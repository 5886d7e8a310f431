"""Text as it is shown to people."""

from __future__ import annotations

from typing import Any, Protocol


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
