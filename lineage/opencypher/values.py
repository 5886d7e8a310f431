"""The values of openCypher, and how they compare.

null is None, integers int (64 bit), floats float, strings str, booleans bool, lists list, maps
dict; nodes, relationships and paths are the classes here; temporal values derive from `Temporal`.
Byte arrays (bytes) are opaque: they only equal each other.

Three relations are told apart, as in the openCypher specification (CIP2016-06-14):
equality (`equal`, three-valued: null and NaN equal nothing), equivalence (`identity_key`: for
DISTINCT, grouping and sets, where null is null and NaN is NaN), and order (`order_key`: total, for
ORDER BY, min and max; `less` is comparability, three-valued, for `<`).
"""

from __future__ import annotations

import math
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

    `labels` are sorted. Two nodes are equal if their keys are. A node may be known in brief: its
    labels and a few properties (`brief`: with None for those that it has not).
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
    def loaded(self) -> bool:
        """Whether labels and properties are here already."""
        return self._properties is not None

    @property
    def labelled(self) -> bool:
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
        """Its labels, sorted."""
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

    def fill_briefly(self, labels: tuple[str, ...], brief: Mapping[str, Value]) -> None:
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
        """As `lineage.backends.weights` has it."""
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


class Temporal(ABC):
    """Base of the temporal values. Equal, and hashable, by value.

    `kind` is one of "ZONED DATETIME", "LOCAL DATETIME", "DATE", "ZONED TIME", "LOCAL TIME",
    "DURATION". Values of one kind are ordered by `order_key`; durations are ordered (ORDER BY,
    min, max) but not comparable (`<` is null): `comparable` says so.
    """

    __slots__ = ()
    kind: ClassVar[str]
    comparable: ClassVar[bool] = True

    @abstractmethod
    def order_key(self) -> Any:
        """What sorts values of this kind."""

    @abstractmethod
    def component(self, name: str) -> Value:
        """`value.name`: year, epochMillis, timezone …

        Raises CypherTypeError where there is no such component.
        """


def kind_of(value: Value) -> str:
    """The name of a value's kind, for messages: Null, Boolean, Integer, Float, String, List, Map,
    Node, Relationship, Path, ByteArray, or a temporal kind."""
    if isinstance(value, Temporal):
        return value.kind.title().replace(" ", "")
    return _KINDS.get(type(value), type(value).__name__)


_KINDS: dict[type, str] = {
    type(None): "Null",
    bool: "Boolean",
    int: "Integer",
    float: "Float",
    str: "String",
    list: "List",
    dict: "Map",
    Node: "Node",
    Relationship: "Relationship",
    Path: "Path",
    bytes: "ByteArray",
}


def is_number(value: Value) -> bool:
    """An integer or a float; a boolean is no number."""
    return value.__class__ is int or value.__class__ is float


def equal(left: Value, right: Value) -> bool | None:
    """`left = right`: True, False, or None where a null decides."""
    if left is None or right is None:
        return None
    if left.__class__ is not right.__class__:
        if is_number(left) and is_number(right):
            return bool(left == right)
        return False
    if left.__class__ is list:
        return _all_equal(left, right)
    if left.__class__ is dict:
        if left.keys() != right.keys():
            return False
        return _all_equal([left[key] for key in left], [right[key] for key in left])
    return bool(left == right)


def _all_equal(left: Sequence[Value], right: Sequence[Value]) -> bool | None:
    if len(left) != len(right):
        return False
    answer: bool | None = True
    for mine, theirs in zip(left, right, strict=True):
        same = equal(mine, theirs)
        if same is False:
            return False
        if same is None:
            answer = None
    return answer


def less(left: Value, right: Value, *, or_equal: bool = False) -> bool | None:
    """`left < right` (or `<=`): None where they can't be compared."""
    if left is None or right is None:
        return None
    mine, theirs = left.__class__, right.__class__
    if is_number(left) and is_number(right):
        # NaN compares as false with numbers, as in IEEE 754.
        return bool(left <= right if or_equal else left < right)
    if mine is not theirs:
        return None
    if mine is str or mine is bool:
        return bool(left <= right if or_equal else left < right)
    if isinstance(left, Temporal):
        if not left.comparable:
            return None
        return bool(
            left.order_key() <= right.order_key()
            if or_equal
            else left.order_key() < right.order_key()
        )
    if mine is list:
        for one, other in zip(left, right, strict=False):
            same = equal(one, other)
            if same is None:
                return None
            if not same:
                return less(one, other)
        return bool(len(left) <= len(right) if or_equal else len(left) < len(right))
    if or_equal and equal(left, right):
        return True
    return None


def identity_key(value: Value) -> Hashable:
    """A hashable that is equal for two values exactly if they are the same to DISTINCT.

    1 and 1.0 are the same; null is null; NaN is NaN.
    """
    mine = value.__class__
    if mine is str or mine is int or value is None or mine is Node or mine is Relationship:
        return value  # type: ignore[no-any-return]
    if mine is float:
        return (float, "NaN") if math.isnan(value) else value
    if mine is bool:
        return bool, value
    if mine is list:
        return list, tuple(map(identity_key, value))
    if mine is dict:
        return dict, frozenset((key, identity_key(inner)) for key, inner in value.items())
    return value  # type: ignore[no-any-return]


_TEMPORAL_ORDER = {
    kind: place
    for place, kind in enumerate(
        ("ZONED DATETIME", "LOCAL DATETIME", "DATE", "ZONED TIME", "LOCAL TIME", "DURATION"), 5
    )
}


def order_key(value: Value) -> Any:
    """Sorts any values, ascending: maps, nodes, relationships, lists, paths, temporal values,
    strings, booleans, numbers (NaN last), nulls."""
    mine = value.__class__
    if mine is int:
        return 13, 0, value
    if mine is str:
        return 11, value
    if value is None:
        return (14,)
    if mine is float:
        return (13, 1) if math.isnan(value) else (13, 0, value)
    if mine is bool:
        return 12, value
    if mine is list:
        # The key of a shorter list that is a prefix is smaller, as tuples are.
        return 3, tuple(map(order_key, value))
    if mine is dict:
        names = sorted(value)
        return 0, len(names), tuple(names), tuple(order_key(value[name]) for name in names)
    if mine is Node:
        return 1, value.id
    if mine is Relationship:
        return 2, value.id
    if mine is Path:
        return 4, tuple(node.id for node in value.nodes), tuple(r.id for r in value.relationships)
    if isinstance(value, Temporal):
        return _TEMPORAL_ORDER[value.kind], value.order_key()
    if mine is bytes:
        return 3.5, value
    raise TypeError(f"no order for {mine.__name__}")


def and_(left: bool | None, right: bool | None) -> bool | None:
    """Three-valued AND."""
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def or_(left: bool | None, right: bool | None) -> bool | None:
    """Three-valued OR."""
    if left is True or right is True:
        return True
    return None if left is None or right is None else False


def xor(left: bool | None, right: bool | None) -> bool | None:
    """Three-valued XOR."""
    return None if left is None or right is None else left is not right


def not_(value: bool | None) -> bool | None:
    """Three-valued NOT."""
    return None if value is None else not value
