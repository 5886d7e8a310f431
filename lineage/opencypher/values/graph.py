"""What the evaluator asks of a graph, and a plain one in memory.

The evaluator never asks for everything at once: it scans by label or looks up by property, then
expands frontiers, many nodes a call, and loads labels and properties of those that it must see.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from lineage.opencypher.values.entities import Keys, Loader, Node, Relationship, Value

Direction = Literal["out", "in", "both"]
Sign = Literal["=", "<", "<=", ">", ">=", "STARTS WITH"]
# (property, sign, value): how a property stands to a value, which is not null.
Bound = tuple[str, Sign, Value]
Types = frozenset[str] | None  # None: of any type
Neighbour = tuple[Relationship, Node]


@dataclass(frozen=True, slots=True)
class EndView:
    """What is told of the nodes at one end of relationships: which properties, and their labels
    where `labelled`; they have this label, or any."""

    label: str | None
    is_labelled: bool
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
    ) -> Mapping[Node, Sequence[Neighbour]]:
        """For each of these nodes, its relationships with the node at the other end.

        "out": those that start there; "in": those that end there; "both": either, a loop once. A
        node without any may be left out.
        """

    # What follows has an answer that is right for any graph; a graph that knows better overrides.

    def is_indexed(self, label: str | None, key: str) -> bool:
        """Whether `lookup` finds nodes of this label by this property without a scan."""
        return False

    def lookup(self, label: str | None, key: str, value: Value) -> Iterable[Node]:
        """The nodes (with this label) whose property equals this value. Only where `indexed`.

        It may answer more nodes than that: the evaluator checks them.
        """
        raise NotImplementedError(f"{key} is not indexed")

    def is_ordered(self, label: str | None, key: str) -> bool:
        """Whether `scan` gives the nodes of this label in the order of this property."""
        return False

    def is_bounded(self, label: str | None, key: str) -> bool:
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
        self, types: Types, start: EndView, end: EndView
    ) -> Iterable[Group[Relationship]] | None:
        """As `relationships`: of those that differ in nothing that is told, one, and how many.

        What is told is the type, and of each end the labels and properties that `EndView` says;
        both ends have the labels that are asked for. None as for `node_groups`.
        """
        return None

    def with_label(self, nodes: Sequence[Node], label: str) -> Iterable[Node]:
        """Those of these nodes that have this label."""
        self.load([node for node in nodes if not node.is_labelled], frozenset())
        return [node for node in nodes if label in node.labels]

    def load(self, nodes: Sequence[Node], keys: Keys) -> None:
        """Fetch at least the labels and these properties of these nodes."""
        self.load_nodes(nodes)

    def relationships(self, types: Types) -> Iterator[Relationship]:
        """All relationships of these types."""
        for node in self.nodes(None):
            for relationship, _ in self.expand((node,), "out", types).get(node, ()):
                yield relationship
