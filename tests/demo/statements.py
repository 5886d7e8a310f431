"""What a question sends to SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lineage.backends.sqlite.connections import Connection

_ASKING = ("SELECT", "WITH", "EXPLAIN")


@contextmanager
def traced_statements() -> Iterator[list[str]]:
    """Collect the statements that read, on connections that are opened in the block."""
    seen: list[str] = []

    def note(text: str) -> None:
        if text.lstrip().upper().startswith(_ASKING):
            seen.append(text)

    class Traced(Connection):
        def __init__(self, *arguments: object, **named: object) -> None:
            super().__init__(*arguments, **named)  # type: ignore[arg-type]
            self.set_trace_callback(note)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lineage.backends.sqlite.connections.Connection", Traced)
        assert issubclass(Traced, sqlite3.Connection)
        yield seen
