"""A store's reader as a property graph: the same labels, properties and relationships as Neo4j has.

Nothing is loaded before it is asked for: candidates come by index or page by page, frontiers are
expanded many nodes a call, and labels are told from types without fetching nodes.

The key of an artifact, execution, context, type or mark is a number: its id and its sort. What
Neo4j keeps besides (its schema's node, its blocks of ids) is not here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import chain
from typing import Any, Literal
from zlib import crc32

from lineage.backends.base import Direction as Way
from lineage.backends.base import Filter, Order, Reader
from lineage.backends.codec import encoded_path
from lineage.backends.naming import type_label
from lineage.backends.native import (
    mark_properties,
    native_properties,
    policy_properties,
    relationship_of,
    type_properties,
)
from lineage.model import Event, EventType, Flow, Kind, Mark, Policy, Type
from lineage.model import Node as StoredNode
from lineage.opencypher.brief import (
    BOUNDED,
    BRIEF,
    OF_TYPE,
    Briefs,
    predicate_of,
    state_within,
    types_within,
)
from lineage.opencypher.graph import Bound, Direction, End, Graph, Group, Step, Types
from lineage.opencypher.values import Keys, Node, Relationship, Value

_SORTS = 8
_ARTIFACT, _EXECUTION, _CONTEXT, _TYPE, _MARK = range(5)
_KINDS = (Kind.ARTIFACT, Kind.EXECUTION, Kind.CONTEXT)
_LABELS = ("Artifact", "Execution", "Context")
_BY_LABEL = dict(zip(_LABELS, range(3), strict=True))
_INDEXED = frozenset({"id", "name", "external_id", "uri"})
_EVENTS = frozenset({"INPUT", "OUTPUT", "PENDING_OUTPUT", "UNKNOWN_EVENT"})
_FLOWS = frozenset({"INPUT", "OUTPUT"})
# Neither events nor memberships.
_FEW = frozenset({"CHILD_OF", "EXTENDS", "MARKED", "CLEARED", "ON"})
_RELATIONSHIPS: dict[EventType, str] = {type: relationship_of(type) for type in EventType}
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
_ALIKE = "\0alike"


class StoreGraph(Graph):
    """A graph over one reader, which sees one state of the store for as long as it is used."""

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

    def _stored(self, sort: int, stored: StoredNode, *, keep: bool = True) -> Node:
        assert stored.id is not None
        key = stored.id * _SORTS + sort
        node = self.node(key) if keep else self._cache.get(key) or Node(self, key)
        if not node.loaded:
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
        if sort == _ARTIFACT and fields["uri"] is not None:
            properties["uri"] = fields["uri"]
        if sort != _CONTEXT:
            properties["state"] = fields["state"].value
        node.fill(labels, properties)

    @cached_property
    def _types(self) -> dict[int, Type]:
        return {type.id: type for type in self._reader.types() if type.id is not None}

    @cached_property
    def _labels_of(self) -> dict[int, tuple[tuple[str, ...], frozenset[str]]]:
        """By a type's id: the labels of its nodes, and the names that it declares."""
        return {
            id: (
                tuple(sorted((_LABELS[_KINDS.index(type.kind)], type_label(type.name)))),
                frozenset(type.properties),
            )
            for id, type in self._types.items()
        }

    @cached_property
    def _type_ids(self) -> dict[str, dict[int, list[int]]]:
        """By label: sort of node, and the ids of the types that have it."""
        found: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        for id, type in self._types.items():
            found[type_label(type.name)][_KINDS.index(type.kind)].append(id)
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
        if label in _BY_LABEL:
            return [(_BY_LABEL[label], None)]
        return list(self._type_ids[label].items()) if label in self._type_ids else []

    def nodes(self, label: str | None) -> Iterator[Node]:
        return self.scan(label)

    def bounded(self, label: str | None, key: str) -> bool:
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
                yield from self._found_within(sort, where, keys)
            else:
                yield from self._pages(sort, where, keys)
        for name, few in self._few.items():
            if label is None or label == name:
                yield from few()

    def _within(self, sort: int, type_ids: list[int] | None, bounds: Sequence[Bound]) -> Filter:
        kind = _KINDS[sort]
        return Filter(
            type_ids=types_within(self._types.values(), kind, type_ids, bounds),
            state=state_within(bounds),
            where=predicate_of(kind, bounds),
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
        kind = _KINDS[sort]
        if keys is not None and keys <= BRIEF:
            briefs = Briefs(kind, keys, self._types)
            rows = self._reader.find_fields(kind, where, briefs.fields)
            return [self._known_briefly(sort, row, briefs) for row in rows]
        # What a long scan keeps, Python's collector looks through again and again.
        keep = (where.limit or 0) < _LARGEST_PAGE
        return [self._stored(sort, n, keep=keep) for n in self._reader.find(kind, where)]

    def _known_briefly(self, sort: int, row: tuple[Any, ...], briefs: Briefs) -> Node:
        labels, _ = self._labels_of[row[1]]
        return Node(self, row[0] * _SORTS + sort, labels, None, briefs.of(row))

    def _found_within(self, sort: int, where: Filter, keys: Keys) -> Iterator[Node]:
        """Few at first; where there are more, all of their ids, as the store is to look for them
        as seldom as it can."""
        page = self._page(sort, replace(where, limit=_FIRST), keys)
        yield from page
        if len(page) < _FIRST:
            return
        kind, after = _KINDS[sort], _id_of(page[-1])
        while True:
            ids = self._reader.find_fields(kind, replace(where, after_id=after, limit=_IDS), ())
            for first in range(0, len(ids), _LARGEST_PAGE):
                some = ids[first : first + _LARGEST_PAGE]
                nodes = [Node(self, id * _SORTS + sort) for id, _ in some]
                self.load(nodes, keys)
                yield from nodes
            if len(ids) < _IDS:
                return
            after = ids[-1][0]

    def ordered(self, label: str | None, key: str) -> bool:
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
            "Type": lambda: (self.node(id * _SORTS + _TYPE) for id in self._types),
            "BaseType": of("BaseType", self._base_types),
            "Mark": lambda: (self.node(id * _SORTS + _MARK) for id in self._marks),
            "MarkLabel": of("MarkLabel", lambda: {m.label: None for m in self._marks.values()}),
            "LineagePolicy": of("LineagePolicy", lambda: self._policies),
            "Note": of("Note", lambda: (key for key, _ in self._reader.notes(""))),
        }

    def _base_types(self) -> Iterable[str]:
        return {str(type.base): None for type in self._types.values() if type.base is not None}

    def load_nodes(self, nodes: Sequence[Node]) -> None:
        wanted: dict[int, dict[int, list[Node]]] = defaultdict(lambda: defaultdict(list))
        for node in nodes:
            if node.loaded:
                continue
            if isinstance(node.key, tuple):
                self._load_named(node, *node.key)
                continue
            id, sort = divmod(int(node.key), _SORTS)  # type: ignore[call-overload]
            if sort == _TYPE:
                node.fill(("Type",), type_properties(self._types[id]))
            elif sort == _MARK:
                node.fill(("Mark",), mark_properties(self._marks[id], id))
            else:
                # The same node may be meant by several.
                wanted[sort][id].append(node)
        for sort, by_id in wanted.items():
            for stored in self._reader.nodes(_KINDS[sort], list(by_id)):
                for node in by_id[stored.id or 0]:
                    self._fill(sort, node, stored)
            for node in chain.from_iterable(by_id.values()):
                if not node.loaded:
                    # It is gone.
                    node.fill((), {})

    def load(self, nodes: Sequence[Node], keys: Keys) -> None:
        rest = [node for node in nodes if not node.knows(keys)]
        if keys is not None and keys <= BRIEF:
            wanted: dict[int, dict[int, list[Node]]] = defaultdict(lambda: defaultdict(list))
            for node in rest:
                if isinstance(node.key, int) and node.key % _SORTS < len(_KINDS):
                    id, sort = divmod(node.key, _SORTS)
                    wanted[sort][id].append(node)
            for sort, by_id in wanted.items():
                briefs = Briefs(_KINDS[sort], keys, self._types)
                for row in self._reader.fields_of(_KINDS[sort], list(by_id), briefs.fields):
                    labels, _ = self._labels_of[row[1]]
                    for node in by_id[row[0]]:
                        node.fill_briefly(labels, briefs.of(row))
            rest = [node for node in rest if not node.knows(keys)]
        if rest:
            self.load_nodes(rest)

    def _load_named(self, node: Node, label: str, name: Any) -> None:
        if label == "Note":
            node.fill((label,), {"key": name, "value": self._reader.note(name)})
        elif label == "LineagePolicy":
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

    def indexed(self, label: str | None, key: str) -> bool:
        if key == "key":
            return label == "Note"
        if label in ("Mark", "Type"):
            return key == "id"
        return key in _INDEXED and (label is None or bool(self._sorts(label)))

    def lookup(self, label: str | None, key: str, value: Value) -> Iterable[Node]:
        if label == "Note":
            known = isinstance(value, str) and self._reader.note(value) is not None
            return [self.node(("Note", value))] if known else []
        found = [self._found(sort, ids, key, value) for sort, ids in self._sorts(label)]
        for name, few in self._few.items():
            if label is None or label == name:
                found.append(node for node in few() if node.properties.get(key) == value)
        return chain.from_iterable(found)

    def _found(
        self, sort: int, type_ids: list[int] | None, key: str, value: Value
    ) -> Iterable[Node]:
        kind = _KINDS[sort]
        if key == "id":
            if isinstance(value, float) and value.is_integer():
                value = int(value)
            if value.__class__ is not int or not -(2**63) <= value < 2**63:
                return []
            stored = self._reader.nodes(kind, [value])
            return [
                self._stored(sort, n) for n in stored if type_ids is None or n.type_id in type_ids
            ]
        if not isinstance(value, str) or (key == "uri" and kind is not Kind.ARTIFACT):
            return []
        where = Filter(type_ids=type_ids, **{key: value})  # type: ignore[arg-type]
        return [self._stored(sort, n) for n in self._reader.find(kind, where)]

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
            by_type = self._reader.count_types(_KINDS[sort])
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
        return 2.0 + sum(self._counts[_LABELS[s]] for s, _ in self._sorts(label)) / 4

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
            kind, where = _KINDS[sort], self._within(sort, type_ids, bounds)
            briefs = Briefs(kind, keys, self._types)
            for *row, count in self._reader.count_fields(kind, where, briefs.fields):
                yield self._alike(sort, briefs, row), count
        for name, few in self._few.items():
            if label is None or label == name:
                for node in few():
                    yield node, 1

    def _alike(self, sort: int, briefs: Briefs, row: Sequence[Any]) -> Node:
        """One for all nodes of a type with the same fields."""
        labels, _ = self._labels_of[row[0]]
        return Node(self, (_ALIKE, sort, *row), labels, None, briefs.of((None, *row)))

    def relationship_groups(
        self, types: Types, start: End, end: End
    ) -> Iterable[Group[Relationship]] | None:
        if types is None:
            # Those that are no events are looked at one by one, whatever their ends.
            if any(side.label not in (None, *_LABELS) for side in (start, end)):
                return None
        elif not types <= _EVENTS | {"IN_CONTEXT"}:
            return None
        if any(side.keys is None or not side.keys <= OF_TYPE for side in (start, end)):
            return None
        return self._relationship_groups(types, start, end)

    def _relationship_groups(
        self, types: Types, start: End, end: End
    ) -> Iterator[Group[Relationship]]:
        wanted = _EVENTS if types is None else types
        if "INPUT" in wanted:
            yield from self._event_groups(Flow.INPUT, frozenset({"INPUT"}), start, end)
        if wanted - {"INPUT"}:
            # Those that carry no data have no flow to look for.
            flow = Flow.OUTPUT if wanted <= _FLOWS else None
            yield from self._event_groups(flow, wanted - {"INPUT"}, end, start)
        if _asked(types, "IN_CONTEXT"):
            yield from self._member_groups(start, end)
        if types is None:
            for relationship in self._between_others(_FEW):
                yield relationship, 1

    def _member_groups(self, start: End, end: End) -> Iterator[Group[Relationship]]:
        contexts = Briefs(Kind.CONTEXT, end.keys or frozenset(), self._types)
        for sort in (_ARTIFACT, _EXECUTION):
            briefs = Briefs(_KINDS[sort], start.keys or frozenset(), self._types)
            for mine, other, count in self._reader.count_members(_KINDS[sort]):
                node = self._alike(sort, briefs, (mine,))
                context = self._alike(_CONTEXT, contexts, (other,))
                if _has(node, start.label) and _has(context, end.label):
                    key = (_ALIKE, mine, other, "IN_CONTEXT")
                    yield Relationship(self, key, "IN_CONTEXT", node, context, {}), count

    def _event_groups(
        self, flow: Flow | None, wanted: frozenset[str], artifact: End, execution: End
    ) -> Iterator[Group[Relationship]]:
        artifacts, executions = self._side(_ARTIFACT, artifact), self._side(_EXECUTION, execution)
        if artifacts == [] or executions == []:
            return
        briefs = [
            Briefs(_KINDS[sort], side.keys or frozenset(), self._types)
            for sort, side in ((_ARTIFACT, artifact), (_EXECUTION, execution))
        ]
        found = self._reader.count_events(flow, artifacts, executions)
        for *type_ids, type, count in found:
            name = _RELATIONSHIPS[type]
            if name in wanted:
                a, x = (
                    Node(self, (_ALIKE, sort), (_LABELS[sort],), None, {})
                    if id is None
                    else self._alike(sort, briefs[sort], (id,))
                    for sort, id in enumerate(type_ids)
                )
                start, end = (a, x) if name == "INPUT" else (x, a)
                yield Relationship(self, (_ALIKE, *type_ids, name), name, start, end, {}), count

    def _side(self, sort: int, end: End) -> list[int] | None:
        """The types of the nodes of a sort at one end; None where they make no difference."""
        if end.label not in _LABELS and end.label is not None:
            return self._type_ids[end.label][sort] if end.label in self._type_ids else []
        if end.label is not None and _BY_LABEL[end.label] != sort:
            return []
        if not end.labelled:
            return None
        return [id for id, type in self._types.items() if type.kind is _KINDS[sort]]

    def degrees(
        self, nodes: Sequence[Node], direction: Direction, types: Types, label: str | None
    ) -> Mapping[Node, int]:
        if types is None or not types <= _FLOWS or label in self._few:
            return super().degrees(nodes, direction, types, label)
        found: dict[Node, int] = {}
        ids, _ = _by_sort(nodes)
        for sort, other in ((_ARTIFACT, _EXECUTION), (_EXECUTION, _ARTIFACT)):
            by_id = ids.get(sort, {})
            among = None if label is None else self._side(other, End(label, False, frozenset()))
            if not by_id or among == []:
                continue
            for flow in Flow:
                out = (sort == _ARTIFACT) == (flow is Flow.INPUT)
                if flow.value in types and direction != ("in" if out else "out"):
                    for id, count in self._reader.degrees(_KINDS[sort], list(by_id), flow, among):
                        found[by_id[id]] = found.get(by_id[id], 0) + count
        return found

    def with_label(self, nodes: Sequence[Node], label: str) -> Iterable[Node]:
        if label in _BY_LABEL:
            sort = _BY_LABEL[label]
            return [n for n in nodes if isinstance(n.key, int) and n.key % _SORTS == sort]
        if label not in self._type_ids:
            return super().with_label(
                [n for n in nodes if not isinstance(n.key, int) or n.key % _SORTS > 2], label
            )
        return self._of_types(nodes, self._type_ids[label])

    def _of_types(self, nodes: Sequence[Node], types: Mapping[int, list[int]]) -> list[Node]:
        kept: set[Node] = set()
        asked: dict[int, dict[int, Node]] = defaultdict(dict)
        for node in nodes:
            if not isinstance(node.key, int):
                continue
            id, sort = divmod(node.key, _SORTS)
            if sort not in types:
                continue
            if node.loaded:
                if node.properties["type_id"] in types[sort]:
                    kept.add(node)
            else:
                asked[sort][id] = node
        for sort, by_id in asked.items():
            wanted = set(types[sort])
            for id, type_id in self._reader.fields_of(_KINDS[sort], list(by_id), ()):
                if type_id in wanted:
                    kept.add(by_id[id])
        return [node for node in nodes if node in kept]

    # --- Relationships ---

    def expand(
        self, nodes: Sequence[Node], direction: Direction, types: Types
    ) -> Mapping[Node, Sequence[Step]]:
        found: dict[Node, list[Step]] = defaultdict(list)
        ids, named = _by_sort(nodes)
        for way in ("out", "in") if direction == "both" else (direction,):
            out = way == "out"
            for sort, by_id in ids.items():
                if sort == _CONTEXT:
                    self._expand_contexts(by_id, out, types, found)
                elif sort in (_ARTIFACT, _EXECUTION):
                    self._expand_events(sort, by_id, out, types, found)
                elif sort == _MARK:
                    self._expand_marks(by_id, out, types, found)
                elif sort == _TYPE and out and _asked(types, "EXTENDS"):
                    for id, node in by_id.items():
                        if self._types[id].base is not None:
                            made = self._extends(id)
                            found[node].append((made, made.end))
            for node in named:
                self._expand_named(node, out, types, found)
        return found

    def _expand_events(
        self, sort: int, by_id: Mapping[int, Node], out: bool, types: Types, found: _Found
    ) -> None:
        wanted = self._event_types(sort, out) & (types if types is not None else _EVENTS)
        if wanted:
            if sort == _ARTIFACT:
                events = self._reader.events(artifact_ids=list(by_id))
            else:
                events = self._reader.events(execution_ids=list(by_id))
            for event in events:
                if _RELATIONSHIPS[event.type] in wanted:
                    made = self._event(event)
                    mine = event.artifact_id if sort == _ARTIFACT else event.execution_id
                    found[by_id[mine]].append((made, made.end if out else made.start))
        if out and _asked(types, "IN_CONTEXT"):
            for id, context in self._reader.contexts_of(_KINDS[sort], list(by_id)):
                made = self._member(by_id[id], self.node(context * _SORTS + _CONTEXT))
                found[by_id[id]].append((made, made.end))
        if not out and _asked(types, "ON"):
            for mark in self._marks_on(sort, by_id):
                made = self._on(mark)
                found[by_id[mark.node_id]].append((made, made.start))

    @staticmethod
    def _event_types(sort: int, out: bool) -> frozenset[str]:
        """The relationships that leave, or reach, artifacts or executions by events."""
        if (sort == _ARTIFACT) == out:
            return frozenset({"INPUT"})
        return frozenset({"OUTPUT", "PENDING_OUTPUT", "UNKNOWN_EVENT"})

    def _marks_on(self, sort: int, by_id: Mapping[int, Node]) -> list[Mark]:
        if "_marks" in self.__dict__ and not self._marks:
            return []
        return self._reader.marks(nodes={_KINDS[sort]: list(by_id)})

    def _expand_contexts(
        self, by_id: Mapping[int, Node], out: bool, types: Types, found: _Found
    ) -> None:
        if _asked(types, "CHILD_OF"):
            pairs = (
                self._reader.parents_of(list(by_id))
                if out
                else self._reader.children_of(list(by_id))
            )
            for child, parent in pairs:
                made = self._child(
                    self.node(child * _SORTS + _CONTEXT), self.node(parent * _SORTS + _CONTEXT)
                )
                found[by_id[child if out else parent]].append(
                    (made, made.end if out else made.start)
                )
        if not out and _asked(types, "IN_CONTEXT"):
            for sort in (_ARTIFACT, _EXECUTION):
                for context, id in self._reader.members_of(list(by_id), _KINDS[sort]):
                    made = self._member(self.node(id * _SORTS + sort), by_id[context])
                    found[by_id[context]].append((made, made.start))

    def _expand_marks(
        self, by_id: Mapping[int, Node], out: bool, types: Types, found: _Found
    ) -> None:
        for id, node in by_id.items():
            mark = self._marks[id]
            if out and _asked(types, "ON"):
                on = self._on(mark)
                found[node].append((on, on.end))
            elif not out and _asked(types, _said(mark)):
                marked = self._marked(mark)
                found[node].append((marked, marked.start))

    def _expand_named(self, node: Node, out: bool, types: Types, found: _Found) -> None:
        assert isinstance(node.key, tuple)
        label, name = node.key
        if label == "MarkLabel" and out:
            for mark in self._marks.values():
                if mark.label == name and _asked(types, _said(mark)):
                    marked = self._marked(mark)
                    found[node].append((marked, marked.end))
        elif label == "BaseType" and not out and _asked(types, "EXTENDS"):
            for id, type in self._types.items():
                if type.base == name:
                    extends = self._extends(id)
                    found[node].append((extends, extends.start))

    def neighbours(
        self, nodes: Sequence[Node], direction: Direction, types: Types
    ) -> Iterable[Node]:
        """By pairs of ids, where only events that carry data are walked."""
        if types is None or not types <= _FLOWS:
            yield from super().neighbours(nodes, direction, types)
            return
        ids, _ = _by_sort(nodes)
        for sort in (_ARTIFACT, _EXECUTION):
            by_id = ids.get(sort)
            if not by_id:
                continue
            other = _EXECUTION if sort == _ARTIFACT else _ARTIFACT
            for way, out in ((Way.DOWNSTREAM, True), (Way.UPSTREAM, False)):
                if direction == ("in" if out else "out"):
                    continue
                if not self._event_types(sort, out) & types:
                    continue
                near = self._reader.neighbours(_KINDS[sort], list(by_id), way)
                for id in {id for _, id in near}:
                    yield self.node(id * _SORTS + other)

    def relationships(self, types: Types) -> Iterator[Relationship]:
        wanted = _EVENTS if types is None else types
        if wanted & _EVENTS:
            after: tuple[int, int, str, str] | None = None
            while page := self._reader.scan_events(after, _LARGEST_PAGE):
                for event in page:
                    if _RELATIONSHIPS[event.type] in wanted:
                        yield self._event(event)
                last = page[-1]
                after = last.execution_id, last.artifact_id, last.type, encoded_path(last.path)
        if types is None or types - _EVENTS:
            yield from self._between_others(None if types is None else types - _EVENTS)

    def _between_others(self, types: Types) -> Iterator[Relationship]:
        """Those that leave contexts, types, marks and labels, or reach contexts."""
        for label in ("Context", "BaseType", "Mark"):
            for node in self.nodes(label):
                for made, _ in self.expand((node,), "in", types).get(node, ()):
                    yield made
        if _asked(types, "ON"):
            for mark in self._marks.values():
                yield self._on(mark)

    def _event(self, event: Event) -> Relationship:
        fields = event.__dict__
        artifact_id, execution_id = fields["artifact_id"], fields["execution_id"]
        type, path = fields["type"], encoded_path(fields["path"])
        relationship = _RELATIONSHIPS[type]
        artifact = self.node(artifact_id * _SORTS + _ARTIFACT)
        execution = self.node(execution_id * _SORTS + _EXECUTION)
        start, end = (artifact, execution) if relationship == "INPUT" else (execution, artifact)
        return Relationship(
            self,
            (execution_id, artifact_id, type.value, path),
            relationship,
            start,
            end,
            {
                "type": type.value,
                "path": path,
                "time": fields["time_ms"],
                "recorded": fields["recorded_ms"],
                "artifact_id": artifact_id,
                "execution_id": execution_id,
            },
        )

    def _member(self, node: Node, context: Node) -> Relationship:
        key = ("IN_CONTEXT", node.key, context.key)
        return Relationship(self, key, "IN_CONTEXT", node, context, {})

    def _child(self, child: Node, parent: Node) -> Relationship:
        return Relationship(
            self, ("CHILD_OF", child.key, parent.key), "CHILD_OF", child, parent, {}
        )

    def _extends(self, type_id: int) -> Relationship:
        base = self.node(("BaseType", str(self._types[type_id].base)))
        type = self.node(type_id * _SORTS + _TYPE)
        return Relationship(self, ("EXTENDS", type_id), "EXTENDS", type, base, {})

    def _on(self, mark: Mark) -> Relationship:
        sort = _KINDS.index(mark.kind)
        start = self.node((mark.id or 0) * _SORTS + _MARK)
        end = self.node(mark.node_id * _SORTS + sort)
        return Relationship(self, ("ON", mark.id), "ON", start, end, {"recorded": mark.recorded_ms})

    def _marked(self, mark: Mark) -> Relationship:
        type = _said(mark)
        start = self.node(("MarkLabel", mark.label))
        end = self.node((mark.id or 0) * _SORTS + _MARK)
        return Relationship(self, (type, mark.id), type, start, end, {"recorded": mark.recorded_ms})


_Found = dict[Node, list[Step]]


def _has(node: Node, label: str | None) -> bool:
    return label is None or label in node.labels


def _id_of(node: Node) -> int:
    return int(node.key) // _SORTS  # type: ignore[call-overload, no-any-return]


def _said(mark: Mark) -> str:
    return "CLEARED" if mark.clean else "MARKED"


def _asked(types: Types, type: str) -> bool:
    return types is None or type in types


def _by_sort(nodes: Sequence[Node]) -> tuple[dict[int, dict[int, Node]], list[Node]]:
    """Nodes by sort and id, and those that have names for keys."""
    found: dict[int, dict[int, Node]] = {}
    named: list[Node] = []
    for node in nodes:
        key = node.key
        if key.__class__ is int:
            id, sort = divmod(key, _SORTS)
            found.setdefault(sort, {})[id] = node
        else:
            named.append(node)
    return found, named
