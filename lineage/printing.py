"""Text as it is shown to people."""

from __future__ import annotations


def short_type(type: str) -> str:
    """A type's name; of a long dotted one, such as TFX's components have, the last part."""
    return type.rpartition(".")[2] if type.count(".") > 1 else type


def printable(text: str) -> str:
    """With nothing in it that a terminal or a picture would act on: a space for each such."""
    return "".join(c if c.isprintable() else " " for c in text)
