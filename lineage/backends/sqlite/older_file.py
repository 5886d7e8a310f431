"""A file of an older schema, read as it is: questions leave it alone, only a write changes it.

What is read is a copy in memory that was brought forward, made anew where the file has changed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from lineage.backends.sqlite.read_only_file import Stamp, has_log, stamp_of
from lineage.backends.sqlite.schema import SCHEMA, migrate_schema
from lineage.errors import StoreUnavailable

C = TypeVar("C", bound=sqlite3.Connection)

# What is larger would take too much memory, and too long for a question.
MOST_BYTES = 512 << 20


def copy_forward(path: Path, version: int, connect: Callable[[Path | str], C]) -> tuple[C, Stamp]:
    """Return a connection to a copy of the file in the present schema, and the file's stamp.

    Raises
    ------
    StoreUnavailable
        The file is too large for that.
    """
    stamp = stamp_of(path)
    if path.stat().st_size > MOST_BYTES:
        raise StoreUnavailable(
            f"{path} has schema {version}, this Lineage has {SCHEMA}, and it is too large to be "
            "read as it is: `lineage upgrade` brings it forward"
        )
    # Without a log, the file holds everything, and is not so much as locked.
    real = path.resolve().as_uri()
    source = connect(f"{real}?mode=rw" if has_log(path) else f"{real}?immutable=1")
    copy = connect("file::memory:")
    try:
        source.backup(copy)
        migrate_schema(copy, str(path))
    except BaseException:
        copy.close()
        raise
    finally:
        source.close()
    return copy, stamp
