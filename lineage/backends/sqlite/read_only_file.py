"""A file that can't be written, as on a read-only share: how it is read all the same.

A reader of a file in WAL mode needs the log and the shared memory beside it. Where both are there,
they are read as they are. Where there is no log, or an empty one, the file holds everything, and
SQLite reads it as immutable: without locks, and without looking whether it changes. That is looked
for here.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from lineage.backends.sqlite.errors import error_code, run_patiently
from lineage.backends.sqlite.schema import SCHEMA, version_of
from lineage.errors import StoreReadOnly, StoreUnavailable

C = TypeVar("C", bound=sqlite3.Connection)

Stamp = tuple[int, int, int]

_REFUSED = {
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
}


def is_read_only(path: Path) -> bool:
    """Whether the file is there and can't be written."""
    return path.is_file() and not os.access(path, os.W_OK)


def can_be_read_only(path: Path, error: sqlite3.Error) -> bool:
    """Whether an error of opening it to write may come of its folder's being read-only."""
    return error_code(error) in _REFUSED and os.access(path, os.R_OK) and path.is_file()


def open_to_read(path: Path, connect: Callable[[str], C]) -> tuple[C, Stamp | None]:
    """A connection that only reads, by `connect` with SQLite's URI of the file; and where it takes
    the file for immutable, its stamp.

    Raises StoreUnavailable where the file, or the log that has what was last written, can't be
    read, and StoreReadOnly for a file of an older schema.
    """
    if not os.access(path, os.R_OK):
        raise StoreUnavailable(f"{path} can't be read: ask its owner for permission")
    stamp = stamp_of(path)
    uri = _real(path).as_uri()
    log, memory = _beside(path)
    if log.exists() and memory.exists():
        try:
            return _check(connect(f"{uri}?mode=ro"), path), None
        except sqlite3.OperationalError as error:
            if error_code(error) not in _REFUSED:
                raise
    if has_log(path):
        raise StoreUnavailable(
            f"{path}: what was last written is still in {log.name}, which can't be read without "
            f"{memory.name}: copy both files to a folder that can be written, or have the store "
            "opened where it can be written"
        )
    return _check(connect(f"{uri}?immutable=1"), path), stamp


def has_log(path: Path) -> bool:
    """Whether something may be in the log that is not yet in the file."""
    try:
        return _beside(path)[0].stat().st_size > 0
    except FileNotFoundError:
        return False


def stamp_of(path: Path) -> Stamp:
    """What changes when the file is written."""
    found = os.stat(path)
    return found.st_ino, found.st_size, found.st_mtime_ns


def memory_of(path: Path) -> tuple[int, int] | None:
    """Return device and inode of the shared memory beside the file, None where there is none."""
    try:
        found = os.stat(_beside(path)[1])
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def write_refusal(path: Path) -> StoreReadOnly:
    """What a write to it is answered with."""
    return StoreReadOnly(
        f"{path} can only be read, for the file or its folder can't be written; `lineage copy` "
        "makes a copy that can"
    )


def _real(path: Path) -> Path:
    # SQLite follows links, and its log is beside the file itself.
    return Path(os.path.realpath(path))


def _beside(path: Path) -> tuple[Path, Path]:
    real = _real(path)
    return real.with_name(f"{real.name}-wal"), real.with_name(f"{real.name}-shm")


def _check(connection: C, path: Path) -> C:
    try:
        run_patiently(connection, "BEGIN")
        run_patiently(connection, "SELECT 1 FROM sqlite_master LIMIT 1")
        version = version_of(connection, str(path))
        connection.execute("ROLLBACK")
        if version == 0:
            raise StoreReadOnly(f"{path} is empty and can't be written: name another file")
        if version < SCHEMA:
            raise StoreReadOnly(
                f"{path} has schema {version}, this Lineage reads {SCHEMA}, and a file that can't "
                "be written isn't brought forward: copy it to a folder that can be, and open it "
                "there"
            )
    except BaseException:
        connection.close()
        raise
    return connection
