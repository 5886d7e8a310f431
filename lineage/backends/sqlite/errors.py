"""What goes wrong below: waiting for locks, and SQLite's errors as ours."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from lineage.errors import StoreDamaged, StoreError, StoreReadOnly, StoreUnavailable

P = ParamSpec("P")
R = TypeVar("R")

# How long a writer waits for its turn. Writers take milliseconds, so this is for crowds.
WAIT_SECONDS = 60.0

# How long SQLite itself polls for a lock before `patiently` does. SQLite's pauses grow to a tenth
# of a second, which leaves a process behind others that write without a break; ours stay short.
POLL_SECONDS = 0.002


def run_patiently(connection: sqlite3.Connection, statement: str) -> list[tuple[Any, ...]]:
    """Run a statement that takes a lock, again and again while others hold it; return its rows.

    Every statement that may have to wait goes through here; those inside a transaction have their
    locks already.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return connection.execute(statement).fetchall()
        except sqlite3.OperationalError as error:
            if error_code(error) not in _BUSY or time.monotonic() > deadline:
                raise
        time.sleep(random.uniform(0, POLL_SECONDS))


def name_damage(read: Callable[P, R]) -> Callable[P, R]:
    """Make a method that builds records of rows raise StoreDamaged where a row can't be one."""

    @wraps(read)
    def named(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return read(*args, **kwargs)
        except (KeyError, ValueError, TypeError) as error:
            raise _damaged(repr(error)) from error
        except sqlite3.OperationalError as error:
            # Python's own refusal of bytes that are no text has none of SQLite's codes.
            if error_code(error) is None and "decode" in str(error):
                raise _damaged(str(error)) from error
            raise

    return named


def _damaged(what: str) -> StoreDamaged:
    return StoreDamaged(
        f"a stored row can't be read ({what}): the file was damaged or changed by another program; "
        "`lineage doctor --deep` lists what is, restore it from a backup"
    )


@contextmanager
def translate_errors(path: Path) -> Iterator[None]:
    """Raise SQLite's and the file system's errors as kinds of StoreError."""
    try:
        yield
    except sqlite3.Error as error:
        raise store_error(path, error) from error
    except OSError as error:
        raise unreachable_error(path, error) from error


def unreachable_error(path: Path, error: OSError) -> StoreUnavailable:
    """The error of ours for what the file system said."""
    return StoreUnavailable(f"{path}: {error.strerror or error}")


def store_error(path: Path, error: sqlite3.Error) -> StoreError:
    """The error of ours that says what SQLite's means and what to do."""
    extended = getattr(error, "sqlite_errorcode", None)
    hint = _HINTS.get(extended) or _HINTS.get(error_code(error))
    if path.is_dir():
        hint = "it is a folder: name a file in it"
    kind = StoreUnavailable if hint else StoreError
    if error_code(error) == sqlite3.SQLITE_CORRUPT:
        kind = StoreDamaged
    if extended != sqlite3.SQLITE_READONLY_DBMOVED and error_code(error) == sqlite3.SQLITE_READONLY:
        kind = StoreReadOnly
    return kind(f"{path}: {error}{f'; {hint}' if hint else ''}")


def error_code(error: sqlite3.Error) -> int | None:
    """SQLite's primary code of an error."""
    extended: int | None = getattr(error, "sqlite_errorcode", None)
    return None if extended is None else extended & 0xFF


_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
_WAITED = f"another process held it for {WAIT_SECONDS:.0f} s: run it again"
_HINTS: dict[int | None, str] = {
    sqlite3.SQLITE_NOTADB: "it is not a SQLite database: name another file",
    sqlite3.SQLITE_CORRUPT: (
        "the file is damaged: restore it from a backup, by `lineage restore FILE`"
    ),
    sqlite3.SQLITE_CANTOPEN: "check that the folder exists and may be written to",
    sqlite3.SQLITE_READONLY: "check that the file and its folder may be written to",
    sqlite3.SQLITE_READONLY_DBMOVED: "the file was moved or deleted while open: connect again",
    sqlite3.SQLITE_PERM: "check that the file and its folder may be read and written",
    sqlite3.SQLITE_AUTH: "check that the file and its folder may be read and written",
    sqlite3.SQLITE_FULL: "the disk is full: make room and run it again",
    sqlite3.SQLITE_IOERR: "the disk failed or is full: check it, and free space",
    sqlite3.SQLITE_NOMEM: "memory ran out: ask for less at once",
    sqlite3.SQLITE_BUSY: _WAITED,
    sqlite3.SQLITE_LOCKED: _WAITED,
    sqlite3.SQLITE_PROTOCOL: _WAITED,
}
