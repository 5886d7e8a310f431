"""Answers in a notebook: what is one value is a line, what are rows a table, all escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from lineage.captions import printable
from lineage.questions.facts import tabulate, take_apart

# Of more rows, a notebook shows the beginning.
MOST_ROWS = 100


def render(shown: Mapping[str, Any]) -> str:
    """Return the HTML of an answer, of which `shown` is what is said of it."""
    return "".join(_parts(shown, 4))


def render_rows(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the HTML of an answer that is a list."""
    return _rows(rows) if rows else "<p>nothing</p>"


def table(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table of texts; nothing in a cell is taken for HTML."""
    top = f"<tr>{''.join(f'<th>{text(name)}</th>' for name in headings)}</tr>" if headings else ""
    body = "".join(
        f"<tr>{''.join(f'<td>{text(value)}</td>' for value in row)}</tr>" for row in rows
    )
    return f"<table>{top}{body}</table>"


def text(value: Any) -> str:
    """A value as HTML; None is nothing."""
    return "" if value is None else escape(printable(str(value)))


def _parts(shown: Mapping[str, Any], level: int) -> Iterable[str]:
    facts, parts = take_apart(shown)
    if facts:
        yield table((), facts)
    for name, value in parts:
        if isinstance(value, Mapping):
            yield f"<h{level}>{text(name)}</h{level}>"
            yield from _parts(value, min(level + 1, 6))
        else:
            yield f"<h{level}>{text(name)} ({len(value):,})</h{level}>"
            yield _rows(value)
    if shown.get("complete") is False:
        yield "<p><b>not complete</b></p>"


def _rows(rows: Sequence[Mapping[str, Any]]) -> str:
    headings, written = tabulate(rows[:MOST_ROWS])
    shown = table(headings, written)
    return shown + (f"<p>The first {MOST_ROWS} are shown.</p>" if len(rows) > MOST_ROWS else "")
