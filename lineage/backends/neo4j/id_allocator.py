"""Ids in blocks, so that no counter is a hot spot."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import neo4j

from lineage.backends.ids import none_left
from lineage.backends.neo4j.templates import template

_OVERFLOW = "Neo.ClientError.Statement.ArithmeticError"
_BLOCK = {"type": 1, "context": 100}
_USUAL_BLOCK = 1_000


class IdAllocator:
    """Hands out ids that no other process hands out. What a process doesn't use is lost."""

    def __init__(self, driver: neo4j.Driver, database: str | None) -> None:
        self._driver = driver
        self._database = database
        self._lock = threading.Lock()
        self._left: dict[str, range] = {}
        self._reserved: dict[str, int] = {}

    def take(self, kind: str, count: int) -> Sequence[int]:
        """`count` new ids."""
        with self._lock:
            left = self._left.get(kind, range(0))
            if len(left) < count:
                # What is left of the old block is not joined on: ids come in one run.
                left = self._fetch(kind, max(count, _BLOCK.get(kind, _USUAL_BLOCK)), 0)
            self._left[kind] = left[count:]
            return left[:count]

    def reserve(self, kind: str, upto: int) -> None:
        """Never hand out ids up to `upto`, which come from another store."""
        with self._lock:
            if upto <= self._reserved.get(kind, 0):
                return
            self._fetch(kind, 0, upto)
            self._reserved[kind] = upto
            left = self._left.get(kind, range(0))
            self._left[kind] = range(max(left.start, upto + 1), max(left.stop, upto + 1))

    def _fetch(self, kind: str, size: int, at_least: int) -> range:
        def work(tx: neo4j.ManagedTransaction) -> int:
            found = tx.run(template("write/take_ids"), kind=str(kind), size=size, at_least=at_least)
            try:
                return int(found.single(strict=True)["last"])
            except neo4j.exceptions.ClientError as error:
                if error.code != _OVERFLOW:
                    raise
                raise none_left(kind) from error

        with self._driver.session(database=self._database) as session:
            last = session.execute_write(work)
        return range(last - size + 1, last + 1)
