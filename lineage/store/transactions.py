"""Several reads and writes as one: for those who bring rules of their own, such as other wires."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from lineage.ports.reader import Reader
from lineage.ports.writer import Writer
from lineage.rules.cycles import check_acyclic
from lineage.rules.types import TypeSession
from lineage.session.batch_builder import BatchBuilder
from lineage.store.subject import Subject

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class View:
    """One consistent state of a store: its nodes and edges by `reader`, its types by `types`."""

    reader: Reader
    types: TypeSession


class Transaction:
    """One transaction: `reader` sees the store as it is in it, `types` its types.

    What is put into `compose` is checked at once and written by `apply`. `now_ms` is the time that
    it all gets.
    """

    def __init__(self, writer: Writer, types: TypeSession, now_ms: int) -> None:
        self.reader = writer
        self.types = types
        self.now_ms = now_ms
        self.compose = BatchBuilder(writer, types, now_ms)

    def apply(self) -> list[int]:
        """Write what was composed; returns the id of each node, by its position.

        Raises NotFound, AlreadyExists, Conflict or ContextCycle.
        """
        batch = self.compose.batch
        ids = self.reader.apply(batch)
        check_acyclic(self.reader, [(ids[child], ids[parent]) for child, parent in batch.parents])
        self.compose = BatchBuilder(self.reader, self.types, self.now_ms)
        return ids


class Transactions(Subject):
    """The part of a store that runs such transactions."""

    def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in one transaction and commit; on any exception nothing is written.

        `work` may be run again when the store asks for it, so it must have no other effects.
        """
        return self._write(lambda tx, types: work(Transaction(tx, types, self._clock())))

    @contextmanager
    def view(self) -> Iterator[View]:
        """The store as it is now, to the end of the `with` block."""
        with self._reading() as (reader, types):
            yield View(reader, types)
