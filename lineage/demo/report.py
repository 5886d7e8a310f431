"""Who is told how the demo goes, and asks its questions."""

from __future__ import annotations

from typing import Protocol


class Report(Protocol):
    """Shows the demo to somebody."""

    def head(self, text: str) -> None:
        """Begin a part of the demo."""

    def say(self, text: str) -> None:
        """Say how it goes."""

    def ask(self, question: str, *command: str) -> None:
        """Ask the store a question, by a command of `lineage`."""


class Silence:
    """A report that nobody reads."""

    def head(self, text: str) -> None:
        """Leave it out."""

    def say(self, text: str) -> None:
        """Leave it out."""

    def ask(self, question: str, *command: str) -> None:
        """Leave it out."""
