"""What the driver answers, as values of ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import neo4j
from neo4j import graph, spatial
from neo4j import time as neo4j_time

from lineage.backends import rows
from lineage.backends.neo4j.templates import template
from lineage.backends.stored import node as stored
from lineage.model import Event, Kind, Node
from lineage.model.graph import Link, Vertex, Walk

_KINDS = {kind.capitalize(): kind for kind in Kind}
_EVENTS = frozenset({"INPUT", "OUTPUT", "PENDING_OUTPUT", "UNKNOWN_EVENT"})
_TEMPORAL = (neo4j_time.Date, neo4j_time.Time, neo4j_time.DateTime, neo4j_time.Duration)


class Answering:
    """Rows of one query. Relationships name their ends only by id, so those are read once."""

    def __init__(self, found: Sequence[tuple[Any, ...]], transaction: neo4j.Transaction) -> None:
        self._found = found
        self._transaction = transaction
        self._nodes: dict[str, Node | Vertex] = {}

    def rows(self) -> list[tuple[Any, ...]]:
        """The rows in values of ours."""
        self._read_ends()
        return [tuple(map(self._value, row)) for row in self._found]

    def _value(self, value: Any) -> Any:
        if isinstance(value, graph.Node):
            return self._node(value)
        if isinstance(value, graph.Path):
            return Walk(
                tuple(map(self._node, value.nodes)), tuple(map(self._link, value.relationships))
            )
        if isinstance(value, graph.Relationship):
            return self._link(value)
        if isinstance(value, list):
            return [self._value(item) for item in value]
        if isinstance(value, dict):
            return {name: self._value(item) for name, item in value.items()}
        if isinstance(value, bytearray):
            return bytes(value)
        if isinstance(value, _TEMPORAL):
            return value.iso_format()
        if isinstance(value, spatial.Point):
            return {**dict(zip("xyz", value, strict=False)), "srid": value.srid}
        return value

    def _node(self, found: graph.Node) -> Node | Vertex:
        known = self._nodes.get(found.element_id)
        if known is None:
            known = self._nodes[found.element_id] = self._made(found)
        return known

    def _made(self, found: graph.Node) -> Node | Vertex:
        for label in found.labels:
            if label in _KINDS and "type_id" in found:
                return stored(_KINDS[label], dict(found))
        properties = {name: self._value(value) for name, value in found.items()}
        return Vertex(tuple(sorted(found.labels)), properties)

    def _link(self, found: graph.Relationship) -> Event | Link:
        if found.type in _EVENTS and "execution_id" in found:
            return rows.event_of(found)
        start, end = found.nodes
        assert start is not None
        assert end is not None
        return Link(
            found.type,
            self._node(start),
            self._node(end),
            {name: self._value(value) for name, value in found.items()},
        )

    def _read_ends(self) -> None:
        ends = {id for row in self._found for value in row for id in _ends(value)}
        if not ends:
            return
        read = self._transaction.run(template("read/nodes_by_element_id"), ids=sorted(ends))
        for record in read:
            self._node(record["node"])


def _ends(value: Any) -> list[str]:
    """The element ids at the ends of relationships that are no events."""
    if isinstance(value, graph.Relationship):
        if value.type in _EVENTS:
            return []
        return [end.element_id for end in value.nodes if end is not None]
    if isinstance(value, graph.Path):
        return []
    if isinstance(value, list):
        return [id for item in value for id in _ends(item)]
    if isinstance(value, dict):
        return [id for item in value.values() for id in _ends(item)]
    return []
