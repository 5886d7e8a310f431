"""One connection a thread, opened as the store wants it, and SQLite's errors as ours."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lineage.backends.sqlite.schema import prepare
from lineage.errors import NotFound, StoreError, StoreUnavailable

# How long a writer waits for its turn. Writers take milliseconds, so this is for crowds.
WAIT_SECONDS = 60.0
_MMAP_BYTES = 1 << 30
_CACHE_KIB = 65_536


class Connections:
    """The connections to one file. A thread gets its own; a forked child gets new ones."""

    def __init__(self, path: Path, synchronous: str, *, create: bool) -> None:
        self.path = path
        self._synchronous = synchronous
        self._local = threading.local()
        self._all: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._pid = os.getpid()
        if not create and not path.exists():
            raise NotFound(
                f"there is no store at {path}; `lineage demo` or `lineage record` makes one"
            )
        with translated(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self.get()

    def get(self) -> sqlite3.Connection:
        """This thread's connection."""
        if self._pid != os.getpid():
            # A connection must not cross a fork; forget, don't close, the parent's.
            self._local, self._all, self._pid = threading.local(), [], os.getpid()
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._open()
            self._local.connection = connection
            with self._lock:
                self._all.append(connection)
        return connection

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            if self._pid == os.getpid():
                for connection in self._all:
                    connection.close()
            self._all = []
            self._local = threading.local()

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute(f"PRAGMA mmap_size = {_MMAP_BYTES}")
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            connection.execute("PRAGMA temp_store = MEMORY")
            _use_wal(connection)
            connection.execute(f"PRAGMA synchronous = {self._synchronous}")
            prepare(connection, str(self.path))
        except BaseException:
            connection.close()
            raise
        return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL. SQLite does not wait for the lock that the switch needs, so wait here."""
    waiting = threading.Event()
    for _ in range(int(WAIT_SECONDS / 0.05)):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
        waiting.wait(0.05)
    connection.execute("PRAGMA journal_mode = WAL")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise SQLite's and the file system's errors as StoreUnavailable or StoreError."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        primary = code & 0xFF if code is not None else None
        hint = _HINTS.get(primary) if primary is not None else None
        kind = StoreUnavailable if hint else StoreError
        raise kind(f"{path}: {error}{f'; {hint}' if hint else ''}") from error
    except OSError as error:
        raise StoreUnavailable(f"{path}: {error.strerror or error}") from error


_HINTS = {
    sqlite3.SQLITE_NOTADB: "it is not a SQLite database: name another file",
    sqlite3.SQLITE_CORRUPT: "the file is damaged: restore it from a backup",
    sqlite3.SQLITE_CANTOPEN: "check that the folder exists and may be written to",
    sqlite3.SQLITE_READONLY: "check that the file and its folder may be written to",
    sqlite3.SQLITE_FULL: "the disk is full: make room and run it again",
    sqlite3.SQLITE_IOERR: "the disk failed: check it, and free space",
    sqlite3.SQLITE_BUSY: f"another process held it for {WAIT_SECONDS:.0f} s: run it again",
    sqlite3.SQLITE_LOCKED: "another process holds it: run it again",
}
