"""The nodes of a store's reader: found, counted, and known in brief or in full.

The key of an artifact, execution, context, type or mark is a number: its id and its sort.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import chain
from typing import Any, Literal
from zlib import crc32

from lineage.backends.escaping import type_label
from lineage.backends.to_properties import (
    mark_properties,
    native_properties,
    policy_properties,
    type_properties,
)
from lineage.model import Kind, Mark, Policy, Type
from lineage.model import Node as StoredNode
from lineage.model.values import INT64_MAX, INT64_MIN
from lineage.opencypher.values.entities import Keys, Node, Relationship, Value
from lineage.opencypher.values.graph import Bound, Graph, Group
from lineage.ports.filters import Filter, Order
from lineage.ports.reader import Reader
from lineage.queries.partial_nodes import (
    BOUNDED,
    BRIEF,
    OF_TYPE,
    PartialNodes,
    build_predicate,
    find_state,
    find_types,
)

SORTS = 8
ARTIFACT, EXECUTION, CONTEXT, TYPE, MARK = range(5)
KINDS = (Kind.ARTIFACT, Kind.EXECUTION, Kind.CONTEXT)
LABELS = ("Artifact", "Execution", "Context")
BY_LABEL = dict(zip(LABELS, range(3), strict=True))
_INDEXED = frozenset({"id", "name", "external_id", "uri"})
_LARGEST_PAGE = 5_000
# Of nodes within bounds, how many are looked for at first, and how many ids after that.
_FIRST, _IDS = 100, 200_000
# The orders that nodes can be had in, and the largest page of each: what no index orders is sorted
# anew for each page, so that there should be few.
_ORDERS: dict[str, tuple[Literal["id", "created", "updated"], int]] = {
    "id": ("id", _LARGEST_PAGE),
    "created": ("created", 4 * _LARGEST_PAGE),
    "updated": ("updated", 4 * _LARGEST_PAGE),
}
_CACHED = 200_000
# The key of a node or relationship that stands for several begins so.
ALIKE = "\0alike"


class StoreNodes(Graph):
    """The nodes of a graph over one reader."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._cache: dict[Any, Node] = {}

    # --- Nodes ---

    def node(self, key: Any) -> Node:
        """The node with a key, the same object while it is remembered."""
        found = self._cache.get(key)
        if found is None:
            if len(self._cache) >= _CACHED:
                self._cache.clear()
            found = self._cache[key] = Node(self, key)
        return found

    def _read_stored(self, sort: int, stored: StoredNode, *, keep: bool = True) -> Node:
        assert stored.id is not None
        key = stored.id * SORTS + sort
        node = self.node(key) if keep else self._cache.get(key) or Node(self, key)
        if not node.is_loaded:
            self._fill(sort, node, stored)
        return node

    def _fill(self, sort: int, node: Node, stored: StoredNode) -> None:
        fields = stored.__dict__
        type_id = fields["type_id"]
        labels, declared = self._labels_of[type_id]
        properties = native_properties(fields["properties"], fields["custom_properties"], declared)
        properties["id"] = fields["id"]
        properties["type"] = fields["type"]
        properties["type_id"] = type_id
        properties["created"] = fields["created_ms"]
        properties["updated"] = fields["updated_ms"]
        name, external_id = fields["name"], fields["external_id"]
        if name is not None:
            properties["name"] = name
        if external_id is not None:
            properties["external_id"] = external_id
        if fields["type_version"] is not None:
            properties["type_version"] = fields["type_version"]
        if sort == ARTIFACT and fields["uri"] is not None:
            properties["uri"] = fields["uri"]
        if sort == ARTIFACT and fields["digest"] is not None:
            properties["digest"] = fields["digest"]
        if sort != CONTEXT:
            properties["state"] = fields["state"].value
            properties["version"] = fields["version"]
        node.fill(labels, properties)

    @cached_property
    def _types(self) -> dict[int, Type]:
        return {type.id: type for type in self._reader.types() if type.id is not None}

    @cached_property
    def _labels_of(self) -> dict[int, tuple[tuple[str, ...], frozenset[str]]]:
        """By a type's id: the labels of its nodes, and the names that it declares."""
        return {
            id: (
                (LABELS[KINDS.index(type.kind)], type_label(type.name)),
                frozenset(type.properties),
            )
            for id, type in self._types.items()
        }

    @cached_property
    def _type_ids(self) -> dict[str, dict[int, list[int]]]:
        """By label: sort of node, and the ids of the types that have it."""
        found: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        for id, type in self._types.items():
            found[type_label(type.name)][KINDS.index(type.kind)].append(id)
        return found

    @cached_property
    def _marks(self) -> dict[int, Mark]:
        return {mark.id: mark for mark in self._reader.marks() if mark.id is not None}

    @cached_property
    def _policies(self) -> dict[tuple[str, int], Policy]:
        return {(p.name, p.recorded_ms or 0): p for p in self._reader.policies()}

    def _sorts(self, label: str | None) -> list[tuple[int, list[int] | None]]:
        """The sorts of stored nodes that may have a label, with the ids of their types."""
        if label is None:
            return [(sort, None) for sort in range(3)]
        if label in BY_LABEL:
            return [(BY_LABEL[label], None)]
        return list(self._type_ids[label].items()) if label in self._type_ids else []

    def nodes(self, label: str | None) -> Iterator[Node]:
        return self.scan(label)

    def is_bounded(self, label: str | None, key: str) -> bool:
        return key in BOUNDED and bool(self._sorts(label))

    def scan(
        self,
        label: str | None,
        keys: Keys = None,
        bounds: Sequence[Bound] = (),
        order: tuple[str, bool] | None = None,
    ) -> Iterator[Node]:
        if order is not None:
            [(sort, type_ids)] = self._sorts(label)
            yield from self._in_order(sort, self._within(sort, type_ids, bounds), keys, *order)
            return
        for sort, type_ids in self._sorts(label):
            where = self._within(sort, type_ids, bounds)
            if bounds:
                yield from self._find_within(sort, where, keys)
            else:
                yield from self._pages(sort, where, keys)
        for name, few in self._few.items():
            if label is None or label == name:
                yield from few()

    def _within(self, sort: int, type_ids: list[int] | None, bounds: Sequence[Bound]) -> Filter:
        kind = KINDS[sort]
        return Filter(
            type_ids=find_types(self._types.values(), kind, type_ids, bounds),
            state=find_state(bounds),
            where=build_predicate(kind, bounds),
        )

    def _pages(self, sort: int, where: Filter, keys: Keys) -> Iterator[Node]:
        after, limit = None, 100
        while True:
            page = self._page(sort, replace(where, after_id=after, limit=limit), keys)
            yield from page
            if len(page) < limit:
                return
            after, limit = _id_of(page[-1]), min(limit * 4, _LARGEST_PAGE)

    def _page(self, sort: int, where: Filter, keys: Keys) -> list[Node]:
        kind = KINDS[sort]
        if keys is not None and keys <= BRIEF:
            briefs = PartialNodes(kind, keys, self._types)
            rows = self._reader.find_fields(kind, where, briefs.fields)
            return [self._read_partial(sort, row, briefs) for row in rows]
        # What a long scan keeps, Python's collector looks through again and again.
        keep = (where.limit or 0) < _LARGEST_PAGE
        return [self._read_stored(sort, n, keep=keep) for n in self._reader.find(kind, where)]

    def _read_partial(self, sort: int, row: tuple[Any, ...], briefs: PartialNodes) -> Node:
        labels, _ = self._labels_of[row[1]]
        return Node(self, row[0] * SORTS + sort, labels, None, briefs.of(row))

    def _find_within(self, sort: int, where: Filter, keys: Keys) -> Iterator[Node]:
        """Few at first; where there are more, all of their ids, as the store is to look for them
        as seldom as it can."""
        page = self._page(sort, replace(where, limit=_FIRST), keys)
        yield from page
        if len(page) < _FIRST:
            return
        kind, after = KINDS[sort], _id_of(page[-1])
        while True:
            ids = self._reader.find_fields(kind, replace(where, after_id=after, limit=_IDS), ())
            for first in range(0, len(ids), _LARGEST_PAGE):
                some = ids[first : first + _LARGEST_PAGE]
                nodes = [Node(self, id * SORTS + sort) for id, _ in some]
                self.load(nodes, keys)
                yield from nodes
            if len(ids) < _IDS:
                return
            after = ids[-1][0]

    def is_ordered(self, label: str | None, key: str) -> bool:
        # Nodes of several kinds come kind by kind.
        return label not in (None, *self._few) and key in _ORDERS and len(self._sorts(label)) == 1

    def _in_order(
        self, sort: int, where: Filter, keys: Keys, key: str, descending: bool
    ) -> Iterator[Node]:
        order, most = _ORDERS[key]
        where = replace(where, order=Order(order, descending))
        keys = None if keys is None else keys | {order}
        limit = 100
        after: tuple[int, int] | None = None
        while True:
            page = self._page(sort, replace(where, after=after, limit=limit), keys)
            yield from page
            if len(page) < limit:
                return
            after = page[-1].get(order) or 0, _id_of(page[-1])
            limit = min(limit * 8, most)

    @cached_property
    def _few(self) -> dict[str, Callable[[], Iterator[Node]]]:
        """Nodes of which there are never many, by label."""

        def of(label: str, names: Callable[[], Iterable[Any]]) -> Callable[[], Iterator[Node]]:
            return lambda: (self.node((label, name)) for name in names())

        return {
            "Type": lambda: (self.node(id * SORTS + TYPE) for id in self._types),
            "BaseType": of("BaseType", self._base_types),
            "Mark": lambda: (self.node(id * SORTS + MARK) for id in self._marks),
            "MarkLabel": of("MarkLabel", lambda: {m.label: None for m in self._marks.values()}),
            "LineagePolicy": of("LineagePolicy", lambda: self._policies),
        }

    def _base_types(self) -> Iterable[str]:
        return {str(type.base): None for type in self._types.values() if type.base is not None}

    def load_nodes(self, nodes: Sequence[Node]) -> None:
        wanted: dict[int, dict[int, list[Node]]] = defaultdict(lambda: defaultdict(list))
        for node in nodes:
            if node.is_loaded:
                continue
            if isinstance(node.key, tuple):
                self._load_keyed(node, *node.key)
                continue
            id, sort = divmod(int(node.key), SORTS)  # type: ignore[call-overload]
            if sort == TYPE:
                node.fill(("Type",), type_properties(self._types[id]))
            elif sort == MARK:
                node.fill(("Mark",), mark_properties(self._marks[id], id))
            else:
                # The same node may be meant by several.
                wanted[sort][id].append(node)
        for sort, by_id in wanted.items():
            for stored in self._reader.nodes(KINDS[sort], list(by_id)):
                for node in by_id[stored.id or 0]:
                    self._fill(sort, node, stored)
            for node in chain.from_iterable(by_id.values()):
                if not node.is_loaded:
                    # It is gone.
                    node.fill((), {})

    def load(self, nodes: Sequence[Node], keys: Keys) -> None:
        rest = [node for node in nodes if not node.knows(keys)]
        if keys is not None and keys <= BRIEF:
            wanted: dict[int, dict[int, list[Node]]] = defaultdict(lambda: defaultdict(list))
            for node in rest:
                if isinstance(node.key, int) and node.key % SORTS < len(KINDS):
                    id, sort = divmod(node.key, SORTS)
                    wanted[sort][id].append(node)
            for sort, by_id in wanted.items():
                briefs = PartialNodes(KINDS[sort], keys, self._types)
                for row in self._reader.fields_of(KINDS[sort], list(by_id), briefs.fields):
                    labels, _ = self._labels_of[row[1]]
                    for node in by_id[row[0]]:
                        node.fill_partially(labels, briefs.of(row))
            rest = [node for node in rest if not node.knows(keys)]
        if rest:
            self.load_nodes(rest)

    def _load_keyed(self, node: Node, label: str, name: Any) -> None:
        if label == "LineagePolicy":
            node.fill((label,), policy_properties(self._policies[name]))
        else:
            node.fill((label,), {"name": name})

    def load_relationships(self, relationships: Sequence[Relationship]) -> None:
        """They come with their properties."""

    def node_id(self, node: Node) -> int:
        if isinstance(node.key, int):
            return node.key
        return -1 - crc32(repr(node.key).encode())

    def relationship_id(self, relationship: Relationship) -> int:
        return crc32(repr(relationship.key).encode())

    # --- Finding nodes ---

    def is_indexed(self, label: str | None, key: str) -> bool:
        if label in ("Mark", "Type"):
            return key == "id"
        return key in _INDEXED and (label is None or bool(self._sorts(label)))

    def lookup(self, label: str | None, key: str, value: Value) -> Iterable[Node]:
        found = [self._find(sort, ids, key, value) for sort, ids in self._sorts(label)]
        for name, few in self._few.items():
            if label is None or label == name:
                found.append(node for node in few() if node.properties.get(key) == value)
        return chain.from_iterable(found)

    def _find(
        self, sort: int, type_ids: list[int] | None, key: str, value: Value
    ) -> Iterable[Node]:
        kind = KINDS[sort]
        if key == "id":
            if isinstance(value, float) and value.is_integer():
                value = int(value)
            if value.__class__ is not int or not INT64_MIN <= value <= INT64_MAX:
                return []
            stored = self._reader.nodes(kind, [value])
            return [
                self._read_stored(sort, n)
                for n in stored
                if type_ids is None or n.type_id in type_ids
            ]
        if not isinstance(value, str) or (key == "uri" and kind is not Kind.ARTIFACT):
            return []
        where = Filter(type_ids=type_ids, **{key: value})  # type: ignore[arg-type]
        return [self._read_stored(sort, n) for n in self._reader.find(kind, where)]

    @cached_property
    def _counts(self) -> dict[str, int]:
        counts = self._reader.counts()
        return {
            "Artifact": counts.artifacts,
            "Execution": counts.executions,
            "Context": counts.contexts,
            "Type": counts.types,
        }

    def counts(self, label: str | None) -> bool:
        return True

    def count(self, label: str | None) -> int:
        found = 0
        for sort, type_ids in self._sorts(label):
            by_type = self._reader.count_types(KINDS[sort])
            found += sum(
                by_type.values() if type_ids is None else (by_type.get(id, 0) for id in type_ids)
            )
        for name, few in self._few.items():
            if label is None or label == name:
                found += sum(1 for _ in few())
        return found

    def estimate(self, label: str | None) -> float:
        if label is None:
            return 10.0 + sum(self._counts.values())
        if label in self._counts:
            return 1.0 + self._counts[label]
        if label in self._few:
            return 100.0
        return 2.0 + sum(self._counts[LABELS[s]] for s, _ in self._sorts(label)) / 4

    def node_groups(
        self, label: str | None, keys: Keys, bounds: Sequence[Bound] = ()
    ) -> Iterable[Group[Node]] | None:
        if keys is None or not keys <= OF_TYPE | {"state"}:
            return None
        return self._node_groups(label, keys, bounds)

    def _node_groups(
        self, label: str | None, keys: frozenset[str], bounds: Sequence[Bound]
    ) -> Iterator[Group[Node]]:
        for sort, type_ids in self._sorts(label):
            kind, where = KINDS[sort], self._within(sort, type_ids, bounds)
            briefs = PartialNodes(kind, keys, self._types)
            for *row, count in self._reader.count_fields(kind, where, briefs.fields):
                yield self._represent(sort, briefs, row), count
        for name, few in self._few.items():
            if label is None or label == name:
                for node in few():
                    yield node, 1

    def _represent(self, sort: int, briefs: PartialNodes, row: Sequence[Any]) -> Node:
        """One for all nodes of a type with the same fields."""
        labels, _ = self._labels_of[row[0]]
        return Node(self, (ALIKE, sort, *row), labels, None, briefs.of((None, *row)))

    def with_label(self, nodes: Sequence[Node], label: str) -> Iterable[Node]:
        if label in BY_LABEL:
            sort = BY_LABEL[label]
            return [n for n in nodes if isinstance(n.key, int) and n.key % SORTS == sort]
        if label not in self._type_ids:
            return super().with_label(
                [n for n in nodes if not isinstance(n.key, int) or n.key % SORTS > 2], label
            )
        return self._of_types(nodes, self._type_ids[label])

    def _of_types(self, nodes: Sequence[Node], types: Mapping[int, list[int]]) -> list[Node]:
        kept: set[Node] = set()
        asked: dict[int, dict[int, Node]] = defaultdict(dict)
        for node in nodes:
            if not isinstance(node.key, int):
                continue
            id, sort = divmod(node.key, SORTS)
            if sort not in types:
                continue
            if node.is_loaded:
                if node.properties["type_id"] in types[sort]:
                    kept.add(node)
            else:
                asked[sort][id] = node
        for sort, by_id in asked.items():
            wanted = set(types[sort])
            for id, type_id in self._reader.fields_of(KINDS[sort], list(by_id), ()):
                if type_id in wanted:
                    kept.add(by_id[id])
        return [node for node in nodes if node in kept]


def _id_of(node: Node) -> int:
    return int(node.key) // SORTS  # type: ignore[call-overload, no-any-return]
