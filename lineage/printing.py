"""Text as it is shown to people."""

from __future__ import annotations


def printable(text: str) -> str:
    """With nothing in it that a terminal or a picture would act on: a space for each such."""
    return "".join(c if c.isprintable() else " " for c in text)
