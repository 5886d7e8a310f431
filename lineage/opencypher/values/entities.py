"""Nodes, relationships and paths, which fetch their labels and properties when asked for them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, ClassVar

Value = Any
Keys = frozenset[str] | None  # properties by name; None: all of them


class Loader(ABC):
    """Where nodes and relationships fetch from what they don't have yet."""

    @abstractmethod
    def load_nodes(self, nodes: Sequence[Node]) -> None:
        """`fill` labels and properties of these nodes."""

    @abstractmethod
    def load_relationships(self, relationships: Sequence[Relationship]) -> None:
        """`fill` the properties of these relationships."""

    @abstractmethod
    def node_id(self, node: Node) -> int:
        """What `id(n)` answers: unique among the nodes."""

    @abstractmethod
    def relationship_id(self, relationship: Relationship) -> int:
        """What `id(r)` answers: unique among the relationships."""


class Node:
    """A node of a graph. `key` identifies it in the graph; the rest is fetched when asked for.

    `labels` are in the order of the graph. Two nodes are equal if their keys are. A node may be
    known in brief: its labels and a few properties (`brief`: with None for those that it has not).
    """

    __slots__ = ("_brief", "_labels", "_loader", "_properties", "key")

    def __init__(
        self,
        loader: Loader,
        key: Hashable,
        labels: tuple[str, ...] | None = None,
        properties: Mapping[str, Value] | None = None,
        brief: Mapping[str, Value] | None = None,
    ) -> None:
        self._loader = loader
        self.key = key
        self._labels = labels
        self._properties = properties
        self._brief = brief

    @property
    def is_loaded(self) -> bool:
        """Whether labels and properties are here already."""
        return self._properties is not None

    @property
    def is_labelled(self) -> bool:
        """Whether its labels are here already."""
        return self._labels is not None

    def knows(self, keys: Keys) -> bool:
        """Whether its labels and these properties are here already."""
        if self._properties is not None:
            return True
        return keys is not None and self._brief is not None and keys <= self._brief.keys()

    def get(self, key: str) -> Value:
        """One of its properties; None where it has none of that name."""
        brief = self._brief
        if brief is not None and key in brief:
            return brief[key]
        return self.properties.get(key)

    @property
    def labels(self) -> tuple[str, ...]:
        """Its labels, in the order of the graph."""
        if self._labels is None:
            self._loader.load_nodes((self,))
        return self._labels or ()

    @property
    def properties(self) -> Mapping[str, Value]:
        """Its properties; none is null."""
        if self._properties is None:
            self._loader.load_nodes((self,))
        return self._properties or {}

    def fill(self, labels: tuple[str, ...], properties: Mapping[str, Value]) -> None:
        """For `Loader.load_nodes`: here they are."""
        self._labels = labels
        self._properties = properties

    def fill_partially(self, labels: tuple[str, ...], brief: Mapping[str, Value]) -> None:
        """Here are its labels and some of its properties."""
        self._labels = labels
        self._brief = brief if self._brief is None else {**self._brief, **brief}

    @property
    def id(self) -> int:
        """What `id(n)` answers."""
        return self._loader.node_id(self)

    def __eq__(self, other: object) -> bool:
        return other.__class__ is Node and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"<Node {self.key!r}>"


class Relationship:
    """A relationship: `start` and `end` are nodes, whatever way it was walked."""

    __slots__ = ("_loader", "_properties", "end", "key", "start", "type")
    weight: ClassVar[int] = 4

    def __init__(
        self,
        loader: Loader,
        key: Hashable,
        type: str,
        start: Node,
        end: Node,
        properties: Mapping[str, Value] | None = None,
    ) -> None:
        self._loader = loader
        self.key = key
        self.type = type
        self.start = start
        self.end = end
        self._properties = properties

    @property
    def properties(self) -> Mapping[str, Value]:
        """Its properties; none is null."""
        if self._properties is None:
            self._loader.load_relationships((self,))
        return self._properties or {}

    def fill(self, properties: Mapping[str, Value]) -> None:
        """For `Loader.load_relationships`: here they are."""
        self._properties = properties

    @property
    def id(self) -> int:
        """What `id(r)` answers."""
        return self._loader.relationship_id(self)

    def __eq__(self, other: object) -> bool:
        return other.__class__ is Relationship and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"<Relationship {self.key!r}>"


class Path:
    """Nodes and the relationships between them: one node more than relationships."""

    __slots__ = ("nodes", "relationships")

    def __init__(self, nodes: Sequence[Node], relationships: Sequence[Relationship]) -> None:
        self.nodes = tuple(nodes)
        self.relationships = tuple(relationships)

    @property
    def weight(self) -> int:
        """As `values.memory_estimate` has it."""
        return 1 + len(self.nodes) + Relationship.weight * len(self.relationships)

    def __len__(self) -> int:
        return len(self.relationships)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Path)
            and self.nodes == other.nodes
            and self.relationships == other.relationships
        )

    def __hash__(self) -> int:
        return hash((self.nodes, self.relationships))

    def __repr__(self) -> str:
        return f"<Path of {len(self.relationships)}>"
