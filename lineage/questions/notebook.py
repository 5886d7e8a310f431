"""Answers in a notebook: what is one value is a line, what are rows a table, all escaped."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from lineage.captions import printable, short_type

# Of more rows, a notebook shows the beginning.
MOST_ROWS = 100
# What a list of nodes has no room for; `store.get` has it.
_DETAILS = frozenset({
    "kind", "id", "type", "name", "type_version", "external_id", "properties",
    "custom_properties", "created_ms", "updated_ms", "witness", "reached",
})  # fmt: skip
_NODE = frozenset({"kind", "id", "type", "name"})


class InNotebooks(ABC):
    """An answer that a notebook shows by what `to_dict` says of it."""

    __slots__ = ()

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON has it."""

    def _shown(self) -> Mapping[str, Any]:
        return self.to_dict()

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return "".join(_parts(self._shown(), 4))


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
    if shown.keys() >= _NODE:
        shown = {str(shown["kind"]): _inline(shown), **_without_details(shown)}
    facts = {
        name: value
        for name, value in shown.items()
        if not (_is_rows(value) or _is_tree(value) or _is_nothing(value) or name == "complete")
    }
    if facts:
        yield table((), [(_words(name), _inline(value)) for name, value in facts.items()])
    for name, value in shown.items():
        if _is_rows(value):
            yield f"<h{level}>{text(_words(name))} ({len(value):,})</h{level}>"
            yield _rows(value)
        elif _is_tree(value):
            yield f"<h{level}>{text(_words(name))}</h{level}>"
            yield from _parts(value, min(level + 1, 6))
    if shown.get("complete") is False:
        yield "<p><b>not complete</b></p>"


def _rows(rows: Sequence[Mapping[str, Any]]) -> str:
    written = [
        {"node": _inline(row), **_without_details(row)} if row.keys() >= _NODE else row
        for row in rows[:MOST_ROWS]
    ]
    headings = dict.fromkeys(
        name for row in written for name, value in row.items() if not _is_nothing(value)
    )
    shown = table(
        [_words(name) for name in headings],
        [[_inline(row.get(name)) for name in headings] for row in written],
    )
    return shown + (f"<p>The first {MOST_ROWS} are shown.</p>" if len(rows) > MOST_ROWS else "")


def _inline(value: Any) -> str | None:
    """A value within one line."""
    match value:
        case None:
            return None
        case bool():
            return "yes" if value else "no"
        case Mapping() if value.keys() >= _NODE:
            place = f"{value['kind']}:{value['id']}"
            type = short_type(str(value["type"]))
            return f"{type}:{value['name']} ({place})" if value["name"] else f"{type} ({place})"
        case Mapping():
            said = ((_words(name), _inline(item)) for name, item in value.items())
            return ", ".join(f"{name} {item}" for name, item in said if item)
        case list() | tuple():
            return ", ".join(_inline(item) or "-" for item in value)
        case _:
            return str(value)


def _without_details(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in _DETAILS}


def _is_rows(value: Any) -> bool:
    return isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value)


def _is_tree(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and not value.keys() >= _NODE
        and any(isinstance(item, Mapping | list | tuple) for item in value.values())
    )


def _is_nothing(value: Any) -> bool:
    return value is None or value in ([], (), {})


def _words(name: str) -> str:
    return name.replace("_", " ")
