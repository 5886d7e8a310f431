"""The open connections to one file: a pool that survives threads, forks and crowds."""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from lineage.backends.sqlite.errors import (
    POLL_SECONDS,
    WAIT_SECONDS,
    error_code,
    run_patiently,
    store_error,
    translate_errors,
    unreachable_error,
)
from lineage.backends.sqlite.older_file import copy_forward
from lineage.backends.sqlite.read_only_file import (
    Stamp,
    can_be_read_only,
    has_log,
    is_read_only,
    memory_of,
    open_to_read,
    stamp_of,
    write_refusal,
)
from lineage.backends.sqlite.schema import is_older, prepare, read_version
from lineage.backends.statement_log import is_logged, log_statement
from lineage.errors import NotFound, StoreError, StoreUnavailable
from lineage.ports.deadline import check_time, get_remaining_seconds, is_over

# Reads something, so that the state that a transaction sees is fixed.
_LOOK = "SELECT 1 FROM type LIMIT 1"
_CACHE_KIB = 65_536
_WAL_BYTES = 64 << 20
# Pages in the log before they go into the file: each such move waits for the disk twice, and pages
# that are written again and again, as an index's are, go over once. 16 MB at 4 kB a page.
_WAL_PAGES = 4_000
# SQLite's instructions between two looks at the clock, some tenths of a millisecond.
_BETWEEN_LOOKS = 10_000
# More than this many connections are closed after use, not kept.
_KEPT = 16


class Connection(sqlite3.Connection):
    """A connection that knows which file it opened, and how."""

    file: tuple[int, int]
    # The shared memory that tells processes what is in the log, where there was one.
    memory: tuple[int, int] | None = None
    read_only: bool = False
    # The schema of the file, where what is read is a copy that was brought forward.
    older: int | None = None
    # Of a file that is read as if it never changed.
    stamp: Stamp | None = None


class _LoggedConnection(Connection):
    """The same, and its statements are logged."""

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        """Execute a statement, and log it."""
        with log_statement("sqlite", sql):
            return super().execute(sql, *parameters)

    def executemany(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        """Execute a statement for many values, and log it once."""
        with log_statement("sqlite", sql):
            return super().executemany(sql, *parameters)


class Connections:
    """The connections to one file, each lent to one transaction at a time.

    SQLite's connections must not cross a fork, and while one is open, a child can't take the
    file's locks again. So a fork waits for the writes of other threads, those that are idle are
    closed just before it, and both sides open new ones when they need them. Fork outside of the
    thread's own transactions.
    """

    def __init__(self, path: Path, synchronous: str, *, create: bool) -> None:
        # Where it is must not change when the process changes its directory.
        self.path = path.absolute()
        self._synchronous = synchronous
        self._idle: list[Connection] = []
        self._closed = False
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._writer: int | None = None
        self._held_for_fork = False
        with translate_errors(self.path):
            self.made = not self.path.exists()
            if self.made:
                if not create:
                    raise NotFound(
                        f"there is no store at {path}; `lineage demo` or `lineage record` makes one"
                    )
                self.path.parent.mkdir(parents=True, exist_ok=True)
            self._give_back(self._open())
        _all.add(self)

    @contextmanager
    def reading(self, first: str = _LOOK) -> Iterator[tuple[Connection, list[tuple[Any, ...]]]]:
        """A connection inside a transaction that sees the store as it is now, to the end.

        With it come the rows of `first`, the read that fixes what is seen.
        SQLite's errors in it are raised as ours.
        """
        connection = self._take()
        bounded = get_remaining_seconds() is not None
        if bounded:
            connection.set_progress_handler(is_over, _BETWEEN_LOOKS)
        try:
            run_patiently(connection, "BEGIN")
            # BEGIN alone does not look; the first read fixes the state that is seen.
            yield connection, run_patiently(connection, first)
            self._check_unchanged(connection)
        except sqlite3.Error as error:
            if error_code(error) == sqlite3.SQLITE_INTERRUPT:
                check_time()
            self._check_unchanged(connection)
            raise store_error(self.path, error) from error
        finally:
            if bounded:
                connection.set_progress_handler(None, 0)
            self._give_back(connection)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection inside a write transaction. Without an error it is committed.

        SQLite's errors in it are raised as ours. Raises StoreReadOnly where the file can't be
        written.
        """
        with self.exclusive() as connection:
            run_patiently(connection, "BEGIN IMMEDIATE")
            # The log that another connection reads would be another one than this writes.
            self._check_memory(connection)
            yield connection
            connection.execute("COMMIT")

    @contextmanager
    def exclusive(self) -> Iterator[Connection]:
        """A connection that may write, lent to one thread of this process; no transaction."""
        if self._writer == threading.get_ident():
            raise StoreError("a write began inside a write of the same thread; finish that first")
        # SQLite's waiting is a poll with growing pauses; threads of one process needn't poll.
        turn = self._turn
        if not turn.acquire(timeout=WAIT_SECONDS):
            raise StoreUnavailable(
                f"{self.path}: another thread has been writing for {WAIT_SECONDS:.0f} s; "
                "keep transactions short"
            )
        try:
            self._writer = threading.get_ident()
            connection = self._take(to_write=True)
            try:
                if connection.read_only:
                    raise write_refusal(self.path)
                yield connection
            except sqlite3.Error as error:
                raise store_error(self.path, error) from error
            finally:
                self._give_back(connection)
        finally:
            self._writer = None
            turn.release()

    def close(self) -> None:
        """Close what is idle now, and what is in use when it is given back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _take(self, *, to_write: bool = False) -> Connection:
        # SQLite would go on writing to a file that was deleted, and acknowledge it.
        file = _identity(self.path)
        while True:
            with self._lock:
                if self._closed:
                    raise StoreError(f"{self.path}: this store was closed; connect again")
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                with translate_errors(self.path):
                    return self._open(to_write=to_write)
            fits = connection.older is None or not to_write
            if fits and connection.file == file and self._is_current(connection):
                return connection
            connection.close()

    def _give_back(self, connection: Connection) -> None:
        if self._pid != os.getpid():
            # Given back in a forked child, which must not so much as close it.
            _inherited.append(connection)
            return
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            connection.close()
            return
        with self._lock:
            if not self._closed and len(self._idle) < _KEPT:
                self._idle.append(connection)
                return
        connection.close()

    def _open(self, *, to_write: bool = False) -> Connection:
        if is_read_only(self.path):
            return self._open_to_read()
        try:
            return self._open_to_write(upgrade=to_write)
        except sqlite3.Error as error:
            if not can_be_read_only(self.path, error):
                raise
        return self._open_to_read()

    def _open_to_write(self, *, upgrade: bool) -> Connection:
        connection = self._connect(self.path)
        try:
            self._set_up(connection)
            version = read_version(connection, str(self.path))
            if is_older(version) and not upgrade:
                connection.close()
                return self._open_copy(version)
            prepare(connection, str(self.path))
            run_patiently(connection, f"PRAGMA synchronous = {self._synchronous}")
            # Not every build of SQLite overwrites what is deleted.
            run_patiently(connection, "PRAGMA secure_delete = ON")
            run_patiently(connection, f"PRAGMA journal_size_limit = {_WAL_BYTES}")
            run_patiently(connection, f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}")
            connection.file = _identity(self.path)
            connection.memory = memory_of(self.path)
        except BaseException:
            connection.close()
            raise
        return connection

    def _open_copy(self, version: int) -> Connection:
        connection, stamp = copy_forward(self.path, version, self._connect)
        self._make_ready(connection, stamp)
        connection.older = version
        return connection

    def _check_memory(self, connection: Connection) -> None:
        if connection.memory != memory_of(self.path):
            raise StoreUnavailable(
                f"{self.path}: the file ending in -shm beside it was removed or replaced while "
                "the store was open, so that a write could be lost: close every process that has "
                "it open, and connect again"
            )

    def _open_to_read(self) -> Connection:
        connection, stamp = open_to_read(self.path, self._connect)
        self._make_ready(connection, stamp)
        connection.read_only = True
        return connection

    def _make_ready(self, connection: Connection, stamp: Stamp | None) -> None:
        """Set up a connection that only reads, of the file as `stamp` tells it."""
        try:
            self._set_up(connection)
            connection.file = _identity(self.path)
        except BaseException:
            connection.close()
            raise
        connection.stamp = stamp

    def _connect(self, file: Path | str) -> Connection:
        return sqlite3.connect(
            file,
            timeout=POLL_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            factory=_LoggedConnection if is_logged("sqlite") else Connection,
            uri=isinstance(file, str),
        )

    def _set_up(self, connection: Connection) -> None:
        # No mmap: it measures no faster, and a failing disk would kill the process.
        run_patiently(connection, "PRAGMA foreign_keys = ON")
        run_patiently(connection, f"PRAGMA cache_size = -{_CACHE_KIB}")
        run_patiently(connection, "PRAGMA temp_store = MEMORY")

    def _is_current(self, connection: Connection) -> bool:
        if connection.stamp is None:
            return True
        with translate_errors(self.path):
            return connection.stamp == stamp_of(self.path) and not has_log(self.path)

    def _check_unchanged(self, connection: Connection) -> None:
        if connection.stamp is None:
            return
        with translate_errors(self.path):
            changed = connection.stamp != stamp_of(self.path)
        if changed:
            raise StoreUnavailable(
                f"{self.path}: the file was written while it was read: ask again"
            )

    def _before_fork(self) -> None:
        # The lock that a write has would never be let go of in the child.
        own = self._writer == threading.get_ident()
        self._held_for_fork = not own and self._turn.acquire(timeout=WAIT_SECONDS)
        self._lock.acquire()
        idle, self._idle = self._idle, []
        for connection in idle:
            with suppress(sqlite3.Error):
                connection.close()

    def _after_fork(self) -> None:
        self._lock.release()
        if self._held_for_fork:
            self._turn.release()

    def _in_child(self) -> None:
        # Other threads, and the locks they held, are not in the child.
        self._pid = os.getpid()
        self._lock, self._turn, self._writer = threading.Lock(), threading.Lock(), None


def _identity(path: Path) -> tuple[int, int]:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        raise StoreUnavailable(
            f"{path}: the file was moved or deleted while open: put it back, or connect again to "
            "begin anew"
        ) from None
    except OSError as error:
        raise unreachable_error(path, error) from error
    return found.st_dev, found.st_ino


_all: weakref.WeakSet[Connections] = weakref.WeakSet()
_forking: list[Connections] = []
# Connections of the parent's transactions that a child was forked inside of: never touched.
_inherited: list[sqlite3.Connection] = []


def _before_fork() -> None:
    _forking.extend(_all)
    for connections in _forking:
        connections._before_fork()


def _after_fork() -> None:
    while _forking:
        _forking.pop()._after_fork()


def _in_child() -> None:
    while _forking:
        _forking.pop()._in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_in_child)
