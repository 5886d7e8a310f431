"""What the mixin of every subject that can be written stands on."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TypeVar

from lineage.ports.backend import Backend
from lineage.ports.writer import Writer
from lineage.questions.starting import Starting
from lineage.rules.types import TypeSession

T = TypeVar("T")


class Subject(Starting):
    """Reads as the questions do, and writes one transaction at a time."""

    backend: Backend
    _clock: Callable[[], int]

    @abstractmethod
    def _write(self, work: Callable[[Writer, TypeSession], T]) -> T:
        """Run `work` in one transaction, whole or not at all; it may be run again."""
