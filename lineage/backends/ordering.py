"""The order of found nodes, for backends that sort by themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lineage.backends.base import Filter
from lineage.model import Node

_FIELDS = {"id": "id", "created": "created_ms", "updated": "updated_ms", "name": "name"}


def in_order(nodes: Iterable[Node], where: Filter) -> list[Node]:
    """Nodes as `where.order` has them, those left out that don't come after `where.after`."""
    field = _FIELDS[where.order.field]
    descending = where.order.descending or where.newest_first

    def key(value: Any, id: int | None) -> tuple[bool, Any, int]:
        return (value is not None, 0 if value is None else value, id or 0)

    keyed = [(key(getattr(node, field), node.id), node) for node in nodes]
    if where.after is not None:
        last = key(*where.after)
        if where.order.field == "id":
            last = key(where.after[1], where.after[1])
        keyed = [pair for pair in keyed if (pair[0] < last if descending else pair[0] > last)]
    keyed.sort(key=lambda pair: pair[0], reverse=descending)
    return [node for _, node in keyed]
