"""The order of found nodes, for backends that sort by themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lineage.model import Node
from lineage.ports.filters import Filter

_Place = tuple[bool, Any, int]

_FIELDS = {"id": "id", "created": "created_ms", "updated": "updated_ms", "name": "name"}


def sort_nodes(nodes: Iterable[Node], where: Filter) -> list[Node]:
    """Nodes as `where.order` has them, those left out that don't come after `where.after`."""
    found = [node for node in nodes if is_after(node, where)]
    found.sort(key=lambda node: _place(node, where), reverse=_descending(where))
    return found


def is_after(node: Node, where: Filter) -> bool:
    """Whether a node comes after `where.after` in the order; all do where nothing is before."""
    if where.after is None:
        return True
    value, id = where.after
    last = _key(id if where.order.field == "id" else value, id)
    return _place(node, where) < last if _descending(where) else _place(node, where) > last


def _place(node: Node, where: Filter) -> _Place:
    return _key(getattr(node, _FIELDS[where.order.field]), node.id)


def _key(value: Any, id: int | None) -> _Place:
    return (value is not None, 0 if value is None else value, id or 0)


def _descending(where: Filter) -> bool:
    return where.order.descending or where.newest_first
