"""Open snapshots of a backend, and run transactions on it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from lineage.ports.backend import Backend
from lineage.ports.writer import Writer
from lineage.rules.types import TypeTable
from lineage.session.read_cache import cache_reads
from lineage.session.snapshot import Snapshot

if TYPE_CHECKING:
    from lineage.session.transaction import Transaction

T = TypeVar("T")


class Session:
    """What a store works with: a backend, a clock, and the types that it remembers.

    Parameters
    ----------
    backend : Backend
        Where everything is kept.
    clock : callable, optional
        Tells the time in milliseconds since the Unix epoch; the system's clock by default.
    """

    def __init__(self, backend: Backend, clock: Callable[[], int] | None = None) -> None:
        self.backend = backend
        self.clock = clock or now_ms
        # Whether a reference may be a path of this machine.
        self.paths = True
        self._types = TypeTable()

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Open the state that the store is in, to the end of the `with` block."""
        with self.backend.read() as reader:
            caching = cache_reads(reader)
            types = self._types.session(caching)
            yield Snapshot(caching, types, self.clock(), paths=self.paths)

    def transact(self, work: Callable[[Transaction], T], *, exact: bool = False) -> T:
        """Run `work` in one transaction and commit; on any exception nothing is written.

        `work` may be run again when the backend asks for it, so it must have no other effects.
        """
        # What builds batches is of no use to those who only read.
        from lineage.session.transaction import Transaction

        runs: list[Transaction] = []

        def run(writer: Writer) -> T:
            types = self._types.session(writer)
            transaction = Transaction(writer, types, self.clock, exact=exact, paths=self.paths)
            runs.append(transaction)
            return work(transaction)

        result = self.backend.write(run)
        self._types.keep(runs[-1].types)
        return result


def now_ms() -> int:
    """Return the system's time in milliseconds since the Unix epoch."""
    return time.time_ns() // 1_000_000
