"""One transaction: what every change is a function of."""

from __future__ import annotations

from collections.abc import Callable

from lineage.ports.writer import Writer
from lineage.rules.cycles import check_acyclic
from lineage.rules.types import TypeSession
from lineage.session.batch_builder import BatchBuilder
from lineage.session.snapshot import Snapshot


class Transaction(Snapshot):
    """A state of a store that can be changed, whole or not at all.

    What is put into `builder` is checked at once and written by `apply`. `reader` sees what the
    transaction has written.

    Parameters
    ----------
    writer : Writer
        Writes, and reads its own writes.
    types : TypeSession
        The types, which the transaction may add to.
    clock : callable
        Tells the time in milliseconds since the Unix epoch. `now_ms` is when the transaction
        began; what must come after a lock asks the clock again.
    exact : bool
        A name is that of version 1, as systems know it in which names are unique, unless a number
        is given with it; otherwise it is the version that `lineage.rules.versions` says.
    """

    def __init__(
        self,
        writer: Writer,
        types: TypeSession,
        clock: Callable[[], int],
        *,
        exact: bool = False,
        paths: bool = True,
    ) -> None:
        super().__init__(writer, types, clock(), paths=paths)
        self.writer = writer
        self.clock = clock
        self._exact = exact
        self.builder = BatchBuilder(writer, types, self.now_ms, exact=exact, paths=paths)

    @property
    def compose(self) -> BatchBuilder:
        """The builder, by the name that it had before."""
        return self.builder

    def apply(self) -> list[int]:
        """Write what was built; return the id of each node, by its position.

        Raises
        ------
        NotFound, AlreadyExists, Conflict, ContextCycle
            The batch doesn't fit what is stored; then the transaction must not be committed.
        """
        self.builder.settle()
        batch = self.builder.batch
        ids = self.writer.apply(batch)
        check_acyclic(self.writer, [(ids[child], ids[parent]) for child, parent in batch.parents])
        self.builder = BatchBuilder(
            self.writer, self.types, self.now_ms, exact=self._exact, paths=self.paths
        )
        return ids
