"""Transactions over one SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, TypeVar
from urllib.parse import parse_qs, quote, unquote

from lineage.backends.sqlite import maintenance, schema
from lineage.backends.sqlite.connections import Connections
from lineage.backends.sqlite.reader import SELECT_TYPES, SqliteReader
from lineage.backends.sqlite.writer import SqliteWriter
from lineage.errors import InvalidValue
from lineage.ports.backend import Backend
from lineage.ports.capabilities import Capabilities
from lineage.ports.reader import Reader
from lineage.ports.writer import Writer

T = TypeVar("T")

_SYNCHRONOUS = ("full", "normal")
# How often the log is tried to be emptied; each waits for who writes.
_CHECKPOINTS = 3


class SqliteBackend(Backend):
    """A lineage store in one file. Readers see snapshots and never wait; writers take turns."""

    capabilities: ClassVar[Capabilities] = Capabilities(templates=False, durable=True, shared=True)

    def __init__(self, path: Path, *, synchronous: str = "full", create: bool = True) -> None:
        self._path = path
        self._synchronous = synchronous
        self._connections = Connections(path, synchronous, create=create)
        self.made = self._connections.made

    @property
    def url(self) -> str:
        option = "" if self._synchronous == "full" else f"?synchronous={self._synchronous}"
        return f"sqlite:///{quote(str(self._path))}{option}"

    @property
    def file(self) -> str | None:
        return str(self._connections.path)

    def describe(self) -> dict[str, str]:
        with self._connections.reading() as (connection, _):
            [journal] = connection.execute("PRAGMA journal_mode").fetchone()
        access = {"journal": str(journal), "synchronous": self._synchronous}
        if connection.read_only:
            access = {"access": "read-only"}
        elif connection.older is not None:
            access = {
                "access": f"read as it is; `lineage upgrade` brings it to schema {schema.SCHEMA}"
            }
        return {
            "backend": "sqlite",
            "version": sqlite3.sqlite_version,
            "location": str(self._connections.path),
            "schema": str(schema.SCHEMA if connection.older is None else connection.older),
            **access,
        }

    @contextmanager
    def read(self) -> Iterator[Reader]:
        with self._connections.reading(SELECT_TYPES) as (connection, types):
            yield SqliteReader(connection, types)

    def write(self, work: Callable[[Writer], T]) -> T:
        with self._connections.writing() as connection:
            return work(SqliteWriter(connection))

    def erase_traces(self) -> bool:
        # Pages as they were stay in the log until it is emptied. Who reads an older state holds
        # that up; then the log is emptied when the last connection is closed.
        with self._connections.exclusive() as connection:
            for _ in range(_CHECKPOINTS):
                [busy, _, _] = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                if not busy:
                    return True
        return False

    def find_damage(self, *, deep: bool = False) -> list[str]:
        with self._connections.reading() as (connection, _):
            return maintenance.find_damage(connection, deep=deep)

    def back_up(self, file: Path) -> None:
        with self._connections.reading() as (connection, _):
            maintenance.back_up(connection, file)

    def restore(self, file: Path) -> None:
        with self._connections.exclusive() as connection:
            maintenance.restore(connection, file)

    def close(self) -> None:
        self._connections.close()


def open_backend(url: str, *, create: bool = True) -> SqliteBackend:
    """`sqlite:///relative/path` or `sqlite:////absolute/path`, as SQLAlchemy writes them.

    `?synchronous=normal` gives up the last moments before a power cut for speed; a killed process
    loses nothing either way.
    """
    # Not urlsplit: it would take a "#" in a file's name for a fragment.
    location, _, query = url.removeprefix("sqlite://").partition("?")
    path = unquote(location)[1:]
    if not location.startswith("/") or not path:
        raise InvalidValue(
            f"store URL {url!r}: write sqlite:///relative/path or sqlite:////absolute/path"
        )
    options = parse_qs(query, keep_blank_values=True)
    synchronous = options.pop("synchronous", ["full"])[-1].lower()
    if options or synchronous not in _SYNCHRONOUS:
        raise InvalidValue(
            f"store URL {url!r}: the only option is synchronous=full or synchronous=normal"
        )
    if "\x00" in path:
        raise InvalidValue(f"store URL {url!r}: a file's name can't have a NUL character")
    return SqliteBackend(Path(path), synchronous=synchronous, create=create)
