"""Answers as text: what is one value on a line, rows as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lineage.captions import align
from lineage.questions.facts import tabulate, take_apart

# Of more rows, a text shows the beginning.
MOST_ROWS = 100


def render(shown: Mapping[str, Any]) -> str:
    """Return the text of an answer, of which `shown` is what is said of it."""
    return "\n".join(_lines(shown))


def render_rows(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the text of an answer that is a list."""
    return "\n".join(_table(rows)) if rows else "nothing"


def _lines(shown: Mapping[str, Any]) -> Iterator[str]:
    facts, parts = take_apart(shown)
    if facts:
        (first, value), *rest = facts
        yield from align((first, value), rest)
    for at, (name, part) in enumerate(parts):
        if at or facts:
            yield ""
        if isinstance(part, Mapping):
            yield name
            yield from (f"  {line}".rstrip() for line in _lines(part))
        else:
            yield f"{name} ({len(part):,})"
            yield from _table(part)
    if shown.get("complete") is False:
        yield "not complete"


def _table(rows: Sequence[Any]) -> Iterator[str]:
    headings, cells = tabulate([row for row in rows[:MOST_ROWS] if isinstance(row, Mapping)])
    yield from align([heading.upper() for heading in headings], cells)
    if len(rows) > MOST_ROWS:
        yield f"The first {MOST_ROWS} of {len(rows):,} are shown."
