"""What the driver answers, as values of ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import neo4j
from neo4j import graph, spatial

from lineage.backends import row_mapping
from lineage.backends.from_properties import node_from_properties as stored
from lineage.backends.neo4j.templates import template
from lineage.backends.neo4j.temporal import TEMPORAL, to_cypher
from lineage.model import Event, Kind, Node
from lineage.model.graph import Link, Vertex, Walk
from lineage.opencypher.values.memory_estimate import MemoryMeter, weigh_alone, weigh_entity

_KINDS = {kind.capitalize(): kind for kind in Kind}
_EVENTS = frozenset({"INPUT", "OUTPUT", "PENDING_OUTPUT", "UNKNOWN_EVENT"})


@dataclass(frozen=True, slots=True)
class _Loose:
    """A relationship that is no event, of whose ends only the element ids came."""

    type: str
    start: str
    end: str
    properties: Mapping[str, Any]


class Hydration:
    """Rows of one query, taken as they come; a node that comes often is made once.

    A relationship outside a path names its ends only by id. They are read when all rows are there,
    because a transaction answers one thing at a time.
    """

    def __init__(self) -> None:
        self._rows: list[tuple[Any, ...]] = []
        self._nodes: dict[str, Node | Vertex] = {}
        self._ends: set[str] = set()
        self._loose: set[int] = set()
        self._pile = MemoryMeter()

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, row: Iterable[Any]) -> None:
        """One more row. Raises QueryStopped when there is too much to be kept."""
        self._rows.append(tuple(map(self._value, row)))

    def rows(self, transaction: neo4j.Transaction) -> list[tuple[Any, ...]]:
        """All rows, in values of ours."""
        unread = sorted(self._ends - self._nodes.keys())
        if unread:
            read = transaction.run(template("read/nodes_by_element_id"), ids=unread)
            for record in read:
                self._node(record["node"])
        for place in self._loose:
            self._rows[place] = tuple(map(self._tied, self._rows[place]))
        return self._rows

    def _value(self, value: Any) -> Any:
        self._pile.add(weigh_alone(value))
        if isinstance(value, graph.Node):
            return self._node(value)
        if isinstance(value, graph.Path):
            return Walk(
                tuple(map(self._node, value.nodes)), tuple(map(self._on_path, value.relationships))
            )
        if isinstance(value, graph.Relationship):
            return self._event(value) or self._untied(value)
        if isinstance(value, list):
            return [self._value(item) for item in value]
        if isinstance(value, dict):
            return {name: self._value(item) for name, item in value.items()}
        if isinstance(value, bytearray):
            return bytes(value)
        if isinstance(value, TEMPORAL):
            return to_cypher(value)
        if isinstance(value, spatial.Point):
            return {**dict(zip("xyz", value, strict=False)), "srid": value.srid}
        return value

    def _node(self, found: graph.Node) -> Node | Vertex:
        known = self._nodes.get(found.element_id)
        if known is None:
            known = self._nodes[found.element_id] = self._made(found)
        return known

    def _made(self, found: graph.Node) -> Node | Vertex:
        self._pile.add(weigh_entity(dict(found)))
        for label in found.labels:
            if label in _KINDS and "type_id" in found:
                return stored(_KINDS[label], dict(found))
        properties = {name: self._value(value) for name, value in found.items()}
        return Vertex(tuple(sorted(found.labels)), properties)

    def _event(self, found: graph.Relationship) -> Event | None:
        self._pile.add(weigh_entity(dict(found)))
        if found.type in _EVENTS and "execution_id" in found:
            return row_mapping.event_of(found)
        return None

    def _on_path(self, found: graph.Relationship) -> Event | Link:
        event = self._event(found)
        if event is not None:
            return event
        start, end = _ends(found)
        return Link(found.type, self._node(start), self._node(end), self._own(found))

    def _untied(self, found: graph.Relationship) -> _Loose:
        start, end = (node.element_id for node in _ends(found))
        self._ends |= {start, end}
        self._loose.add(len(self._rows))
        return _Loose(found.type, start, end, self._own(found))

    def _own(self, found: graph.Relationship) -> dict[str, Any]:
        return {name: self._value(value) for name, value in found.items()}

    def _tied(self, value: Any) -> Any:
        if isinstance(value, _Loose):
            start, end = self._nodes[value.start], self._nodes[value.end]
            return Link(value.type, start, end, value.properties)
        if isinstance(value, list):
            return [self._tied(item) for item in value]
        if isinstance(value, dict):
            return {name: self._tied(item) for name, item in value.items()}
        return value


def _ends(found: graph.Relationship) -> tuple[graph.Node, graph.Node]:
    start, end = found.nodes
    assert start is not None
    assert end is not None
    return start, end
