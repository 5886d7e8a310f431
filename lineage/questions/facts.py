"""What is said of an answer, in words: facts, and rows with the columns that have something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lineage.captions import is_brief, measure, printable, short_type, to_one_line
from lineage.model.times import format_time

# What a list of nodes has no room for; `store.get` has it.
_DETAILS = frozenset({
    "kind", "id", "type", "name", "type_version", "external_id", "properties",
    "custom_properties", "created_ms", "updated_ms", "witness", "reached", "digest",
})  # fmt: skip
_USUAL = (("version", 1), ("state", "UNKNOWN"))
_NODE = frozenset({"kind", "id", "type", "name"})
_TIME = "_ms"


def take_apart(
    shown: Mapping[str, Any],
) -> tuple[list[tuple[str, str]], list[tuple[str, Mapping[str, Any] | Sequence[Any]]]]:
    """Return the facts of an answer, as words, and its parts: rows, and what has parts itself."""
    if shown.keys() >= _NODE:
        shown = {str(shown["kind"]): dict(shown), **_without_details(shown)}
    parts = {name: value for name, value in shown.items() if _is_rows(value) or _is_tree(value)}
    facts = [
        (_words(name), _inline(name, value) or "-")
        for name, value in shown.items()
        if name not in parts and not _is_nothing(value) and name != "complete"
    ]
    return facts, [(_words(name), value) for name, value in parts.items()]


def tabulate(rows: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Return the headings of rows, and their cells; columns without anything are left out."""
    written = [
        {"node": _in_one_line(row), **_without_details(row)} if row.keys() >= _NODE else row
        for row in rows
    ]
    names = dict.fromkeys(
        name for row in written for name, value in row.items() if not _is_nothing(value)
    )
    return (
        [_words(name) for name in names],
        [[_inline(name, row.get(name)) or "" for name in names] for row in written],
    )


def name_node(node: Mapping[str, Any]) -> str:
    """Return what a node is called, with its id."""
    place = f"{node['kind']}:{node['id']}"
    type = short_type(str(node["type"]))
    return printable(f"{type}:{node['name']} ({place})" if node["name"] else f"{type} ({place})")


def _in_one_line(value: Any) -> str:
    return _inline("", value) or ""


def _inline(name: str, value: Any) -> str | None:
    """A value within one line."""
    match value:
        case None:
            return None
        case int() if name.endswith(_TIME) and not isinstance(value, bool):
            return format_time(value)
        case Mapping() if value.keys() >= _NODE:
            return name_node(value)
        case Mapping() if name == "described":
            return " ".join(f"{key}={_in_one_line(item)}" for key, item in value.items())
        case Mapping():
            said = ((_words(key), _inline(key, item)) for key, item in value.items())
            return ", ".join(f"{key} {item}" for key, item in said if item)
        case list() | tuple():
            return ", ".join(_inline(name, item) or "-" for item in value)
        case float():
            return measure(value)
    return to_one_line(value)


def _without_details(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in row.items()
        if name not in _DETAILS and is_brief(name) and (name, value) not in _USUAL
    }


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
    """The name of a field in words; a time's without its unit, for it is shown as one."""
    return {"described": "properties"}.get(name, name.removesuffix(_TIME).replace("_", " "))
