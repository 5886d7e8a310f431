"""A graph in memory that can be changed."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

from lineage.opencypher.values.entities import Node, Relationship, Value
from lineage.opencypher.values.graph import Direction, Graph, Neighbour, Types


class PropertyGraph(Graph):
    """A graph in memory that can be changed: for tests, and for small graphs of any kind.

    Nodes and relationships have ids from 0, each in its own row. A null property is not kept.
    """

    def __init__(self) -> None:
        self._nodes: dict[Hashable, Node] = {}
        self._relationships: dict[Hashable, Relationship] = {}
        self._steps: dict[Node, dict[Relationship, None]] = {}
        self._next = 0
        self._next_relationship = 0

    def create_node(
        self, labels: Iterable[str] = (), properties: Mapping[str, Value] | None = None
    ) -> Node:
        """A new node."""
        node = Node(self, self._next, _sort_labels(labels), _drop_nulls(properties or {}))
        self._next += 1
        self._nodes[node.key] = node
        self._steps[node] = {}
        return node

    def create_relationship(
        self, start: Node, type: str, end: Node, properties: Mapping[str, Value] | None = None
    ) -> Relationship:
        """A new relationship."""
        made = Relationship(
            self, self._next_relationship, type, start, end, _drop_nulls(properties or {})
        )
        self._next_relationship += 1
        self._relationships[made.key] = made
        self._steps[start][made] = None
        self._steps[end][made] = None
        return made

    def set_labels(self, node: Node, labels: Iterable[str]) -> None:
        """Exactly these labels, from now on."""
        mine = self._nodes[node.key]
        mine.fill(_sort_labels(labels), mine.properties)

    def delete_relationship(self, relationship: Relationship) -> None:
        """Remove it; once more is allowed."""
        if self._relationships.pop(relationship.key, None) is not None:
            self._steps[relationship.start].pop(relationship, None)
            self._steps[relationship.end].pop(relationship, None)

    def delete_node(self, node: Node) -> None:
        """Remove a node without relationships; once more is allowed.

        Raises ValueError for one that has some.
        """
        if self._steps.get(node):
            raise ValueError(f"{node!r} still has relationships")
        self._nodes.pop(node.key, None)
        self._steps.pop(node, None)

    def has(self, entity: Node | Relationship) -> bool:
        """Whether it is (still) in the graph."""
        known: Mapping[Hashable, object] = (
            self._nodes if isinstance(entity, Node) else self._relationships
        )
        return entity.key in known

    def relationships_of(self, node: Node) -> list[Relationship]:
        """Those that start or end there, a loop once."""
        return list(self._steps.get(node, {}))

    def nodes(self, label: str | None) -> Iterator[Node]:
        for node in list(self._nodes.values()):
            if label is None or label in node.labels:
                yield node

    def load_nodes(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            mine = self._nodes.get(node.key)
            node.fill(*((mine.labels, mine.properties) if mine is not None else ((), {})))

    def load_relationships(self, relationships: Sequence[Relationship]) -> None:
        for relationship in relationships:
            mine = self._relationships.get(relationship.key)
            relationship.fill({} if mine is None else mine.properties)

    def expand(
        self, nodes: Sequence[Node], direction: Direction, types: Types
    ) -> Mapping[Node, Sequence[Neighbour]]:
        return {node: list(self._walk(node, direction, types)) for node in nodes}

    def node_id(self, node: Node) -> int:
        return int(node.key)  # type: ignore[call-overload, no-any-return]

    def relationship_id(self, relationship: Relationship) -> int:
        return int(relationship.key)  # type: ignore[call-overload, no-any-return]

    def relationships(self, types: Types) -> Iterator[Relationship]:
        for relationship in list(self._relationships.values()):
            if types is None or relationship.type in types:
                yield relationship

    def estimate(self, label: str | None) -> float:
        return float(len(self._nodes)) if label is None else len(self._nodes) / 4

    def _walk(self, node: Node, direction: Direction, types: Types) -> Iterator[Neighbour]:
        for relationship in self._steps.get(node, ()):
            if types is not None and relationship.type not in types:
                continue
            if direction != "in" and relationship.start == node:
                yield relationship, relationship.end
            elif direction != "out" and relationship.end == node:
                yield relationship, relationship.start


def _sort_labels(labels: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(labels)))


def _drop_nulls(properties: Mapping[str, Value]) -> dict[str, Value]:
    return {key: value for key, value in properties.items() if value is not None}
