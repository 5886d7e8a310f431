"""Transactions over one SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

from lineage.backends.base import Backend, Capabilities, Reader, Writer
from lineage.backends.sqlite.connections import Connections, translated
from lineage.backends.sqlite.reader import SqliteReader
from lineage.backends.sqlite.schema import SCHEMA
from lineage.backends.sqlite.writer import SqliteWriter
from lineage.errors import InvalidValue, StoreError

T = TypeVar("T")

_SYNCHRONOUS = {"full": "FULL", "normal": "NORMAL"}


class SqliteBackend(Backend):
    """A lineage store in one file. Readers see snapshots and never wait; writers take turns."""

    capabilities: ClassVar[Capabilities] = Capabilities(templates=False, durable=True, shared=True)

    def __init__(self, path: Path, *, synchronous: str = "FULL", create: bool = True) -> None:
        self._path = path
        self._connections = Connections(path, synchronous, create=create)

    @property
    def url(self) -> str:
        return f"sqlite:///{self._path}"

    def describe(self) -> dict[str, str]:
        with translated(self._path):
            connection = self._connections.get()
            [journal] = connection.execute("PRAGMA journal_mode").fetchone()
            [synchronous] = connection.execute("PRAGMA synchronous").fetchone()
        return {
            "backend": "sqlite",
            "version": sqlite3.sqlite_version,
            "location": str(self._path.absolute()),
            "schema": str(SCHEMA),
            "journal": str(journal),
            "synchronous": {1: "normal", 2: "full"}.get(synchronous, str(synchronous)),
        }

    @contextmanager
    def read(self) -> Iterator[Reader]:
        with translated(self._path):
            connection = self._connections.get()
            if connection.in_transaction:  # a read inside a read of the same thread
                yield SqliteReader(connection)
                return
            connection.execute("BEGIN")
            try:
                yield SqliteReader(connection)
            finally:
                connection.execute("ROLLBACK")

    def write(self, work: Callable[[Writer], T]) -> T:
        with translated(self._path):
            connection = self._connections.get()
            if connection.in_transaction:
                raise StoreError(
                    "a write began inside a read or write of the same thread; finish that first"
                )
            connection.execute("BEGIN IMMEDIATE")
            try:
                result = work(SqliteWriter(connection))
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            return result

    def close(self) -> None:
        self._connections.close()


def open_backend(url: str, *, create: bool = True) -> SqliteBackend:
    """`sqlite:///relative/path` or `sqlite:////absolute/path`, as SQLAlchemy writes them.

    `?synchronous=normal` gives up the last moments before a power cut for speed; a killed process
    loses nothing either way.
    """
    parts = urlsplit(url)
    path = unquote(parts.path)[1:]
    if parts.netloc or not path:
        raise InvalidValue(
            f"store URL {url!r}: write sqlite:///relative/path or sqlite:////absolute/path"
        )
    options = parse_qs(parts.query)
    synchronous = options.pop("synchronous", ["full"])[-1].lower()
    if options or synchronous not in _SYNCHRONOUS:
        raise InvalidValue(
            f"store URL {url!r}: the only option is synchronous=full or synchronous=normal"
        )
    return SqliteBackend(Path(path), synchronous=_SYNCHRONOUS[synchronous], create=create)
