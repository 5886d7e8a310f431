"""What the evaluator asks of a graph, and a plain one in memory.

The evaluator never asks for everything at once: it scans by label or looks up by property, then
expands frontiers, many nodes a call, and loads labels and properties of those that it must see.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from lineage.opencypher.values import Keys, Loader, Node, Relationship, Value

Direction = Literal["out", "in", "both"]
Sign = Literal["=", "<", "<=", ">", ">=", "STARTS WITH"]
# (property, sign, value): how a property stands to a value, which is not null.
Bound = tuple[str, Sign, Value]
Types = frozenset[str] | None  # None: of any type
Step = tuple[Relationship, Node]


@dataclass(frozen=True, slots=True)
class End:
    """What is told of the nodes at one end of relationships: which properties, and their labels
    where `labelled`; they have this label, or any."""

    label: str | None
    labelled: bool
    keys: Keys


Entity = TypeVar("Entity", Node, Relationship)
# One of several, and how many they are.
Group = tuple[Entity, int]


class Graph(Loader):
    """A property graph that can be read, unchanged for as long as a query runs."""

    @abstractmethod
    def nodes(self, label: str | None) -> Iterator[Node]:
        """All nodes with this label, or all nodes. Lazily: a caller may stop early."""

    @abstractmethod
    def expand(
        self, nodes: Sequence[Node], direction: Direction, types: Types
    ) -> Mapping[Node, Sequence[Step]]:
        """For each of these nodes, its relationships with the node at the other end.

        "out": those that start there; "in": those that end there; "both": either, a loop once. A
        node without any may be left out.
        """

    # What follows has an answer that is right for any graph; a graph that knows better overrides.

    def indexed(self, label: str | None, key: str) -> bool:
        """Whether `lookup` finds nodes of this label by this property without a scan."""
        return False

    def lookup(self, label: str | None, key: str, value: Value) -> Iterable[Node]:
        """The nodes (with this label) whose property equals this value. Only where `indexed`.

        It may answer more nodes than that: the evaluator checks them.
        """
        raise NotImplementedError(f"{key} is not indexed")

    def ordered(self, label: str | None, key: str) -> bool:
        """Whether `scan` gives the nodes of this label in the order of this property."""
        return False

    def bounded(self, label: str | None, key: str) -> bool:
        """Whether `scan` finds the nodes of this label by bounds of this property."""
        return False

    def scan(
        self,
        label: str | None,
        keys: Keys = None,
        bounds: Sequence[Bound] = (),
        order: tuple[str, bool] | None = None,
    ) -> Iterator[Node]:
        """As `nodes`, for who knows more.

        keys: only these of their properties will be read. bounds: only nodes within them are
        wanted; it may give others too: the evaluator checks them. order: a property that they
        come in the order of, and whether descending, only where `ordered`.
        """
        if order is not None:
            raise NotImplementedError(f"nothing is ordered by {order[0]}")
        return self.nodes(label)

    def counts(self, label: str | None) -> bool:
        """Whether `count` knows without looking at the nodes of this label."""
        return False

    def count(self, label: str | None) -> int:
        """How many nodes have this label, or how many there are."""
        return sum(1 for _ in self.nodes(label))

    def estimate(self, label: str | None) -> float:
        """About how many nodes have this label, for planning."""
        return 1_000_000.0 if label is None else 100_000.0

    def neighbours(
        self, nodes: Sequence[Node], direction: Direction, types: Types
    ) -> Iterable[Node]:
        """The nodes one step away from any of these; each may come several times."""
        for steps in self.expand(nodes, direction, types).values():
            for _, other in steps:
                yield other

    def degrees(
        self, nodes: Sequence[Node], direction: Direction, types: Types, label: str | None
    ) -> Mapping[Node, int]:
        """How many relationships each of these nodes has; only those to nodes with this label."""
        found = self.expand(nodes, direction, types)
        if label is None:
            return {node: len(steps) for node, steps in found.items()}
        others = dict.fromkeys(other for steps in found.values() for _, other in steps)
        kept = set(self.with_label(list(others), label))
        return {node: sum(other in kept for _, other in s) for node, s in found.items()}

    def node_groups(
        self, label: str | None, keys: Keys, bounds: Sequence[Bound] = ()
    ) -> Iterable[Group[Node]] | None:
        """As `scan`: of nodes that differ in none of these properties, nor in their labels, one,
        and how many they are. None where the graph does not know that faster than by a look at
        each node.
        """
        return None

    def relationship_groups(
        self, types: Types, start: End, end: End
    ) -> Iterable[Group[Relationship]] | None:
        """As `relationships`: of those that differ in nothing that is told, one, and how many.

        What is told is the type, and of each end the labels and properties that `End` says; both
        ends have the labels that are asked for. None as for `node_groups`.
        """
        return None

    def with_label(self, nodes: Sequence[Node], label: str) -> Iterable[Node]:
        """Those of these nodes that have this label."""
        self.load([node for node in nodes if not node.labelled], frozenset())
        return [node for node in nodes if label in node.labels]

    def load(self, nodes: Sequence[Node], keys: Keys) -> None:
        """Fetch at least the labels and these properties of these nodes."""
        self.load_nodes(nodes)

    def relationships(self, types: Types) -> Iterator[Relationship]:
        """All relationships of these types."""
        for node in self.nodes(None):
            for relationship, _ in self.expand((node,), "out", types).get(node, ()):
                yield relationship


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
        node = Node(self, self._next, _sorted(labels), _present(properties or {}))
        self._next += 1
        self._nodes[node.key] = node
        self._steps[node] = {}
        return node

    def create_relationship(
        self, start: Node, type: str, end: Node, properties: Mapping[str, Value] | None = None
    ) -> Relationship:
        """A new relationship."""
        made = Relationship(
            self, self._next_relationship, type, start, end, _present(properties or {})
        )
        self._next_relationship += 1
        self._relationships[made.key] = made
        self._steps[start][made] = None
        self._steps[end][made] = None
        return made

    def set_labels(self, node: Node, labels: Iterable[str]) -> None:
        """Exactly these labels, from now on."""
        mine = self._nodes[node.key]
        mine.fill(_sorted(labels), mine.properties)

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
    ) -> Mapping[Node, Sequence[Step]]:
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

    def _walk(self, node: Node, direction: Direction, types: Types) -> Iterator[Step]:
        for relationship in self._steps.get(node, ()):
            if types is not None and relationship.type not in types:
                continue
            if direction != "in" and relationship.start == node:
                yield relationship, relationship.end
            elif direction != "out" and relationship.end == node:
                yield relationship, relationship.start


def _sorted(labels: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(labels)))


def _present(properties: Mapping[str, Value]) -> dict[str, Value]:
    return {key: value for key, value in properties.items() if value is not None}
