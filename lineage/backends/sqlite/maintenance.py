"""Look after a store's file: find what is damaged, back it up, restore it."""

from __future__ import annotations

import os
import sqlite3
import uuid
from pathlib import Path

from lineage.backends.sqlite.errors import translate_errors
from lineage.backends.sqlite.schema import SCHEMA, version_of
from lineage.errors import InvalidValue, NotFound, StoreDamaged

# SQLite would list every page of a file that is one ruin.
_MOST = 100


def find_damage(connection: sqlite3.Connection, *, deep: bool) -> list[str]:
    """Return what SQLite finds wrong with the file.

    Without `deep`, indexes are not held against their tables, which is most of the time it takes.
    """
    check = "integrity_check" if deep else "quick_check"
    try:
        found = [str(text) for [text] in connection.execute(f"PRAGMA {check}({_MOST})")]
        broken = connection.execute("PRAGMA foreign_key_check").fetchmany(_MOST) if deep else []
    except sqlite3.DatabaseError as error:
        return [f"SQLite can't read the file: {error}"]
    return [f"SQLite: {text}" for text in found if text != "ok"] + [
        f"row {row} of the table {table} points at a row of {parent} that is not there"
        for table, row, parent, _ in broken
    ]


def back_up(connection: sqlite3.Connection, file: Path) -> None:
    """Write a consistent copy into a file that is not there yet.

    It appears under its name when it is whole and on the disk. Raises InvalidValue where the file
    is there, StoreDamaged where the copy does not pass SQLite's own check.
    """
    if os.path.lexists(file):
        raise InvalidValue(f"{file} is there already: name a file that isn't")
    partial = file.with_name(f".{file.name}.{uuid.uuid4().hex}.partial")
    with translate_errors(file):
        try:
            copy = sqlite3.connect(partial)
            try:
                connection.backup(copy)
                damage = find_damage(copy, deep=False)
            finally:
                copy.close()
            if damage:
                raise StoreDamaged(
                    f"the store is damaged, and so would its backup be: {damage[0]}; "
                    "`lineage doctor --deep` lists it all"
                )
            _sync(partial)
            # Unlike a rename, a link does not take the place of a file that came meanwhile.
            os.link(partial, file)
            _sync(file.parent)
        except FileExistsError:
            raise InvalidValue(f"{file} is there already: name a file that isn't") from None
        finally:
            partial.unlink(missing_ok=True)


def restore(connection: sqlite3.Connection, file: Path) -> None:
    """Put what a backup holds in place of what the store holds, in one transaction.

    Raises NotFound, or StoreDamaged, StoreTooNew, StoreUnavailable where the file is no whole
    store; the store is then as it was.
    """
    if not file.is_file():
        raise NotFound(f"there is no file {file}")
    with translate_errors(file):
        source = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
        try:
            source.execute("BEGIN")
            if version_of(source, str(file)) != SCHEMA:
                raise InvalidValue(
                    f"{file} is of another schema: open it once with `lineage --store "
                    f"sqlite:///{file} doctor`, which brings it forward, and restore it then"
                )
            damage = find_damage(source, deep=True)
            if damage:
                raise StoreDamaged(f"{file} is damaged, and was not restored: {damage[0]}")
            source.backup(connection)
        finally:
            source.close()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
