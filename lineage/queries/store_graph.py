"""A store's reader as a property graph: the same labels, properties and relationships as Neo4j has.

Nothing is loaded before it is asked for: candidates come by index or page by page, frontiers are
expanded many nodes a call, and labels are told from types without fetching nodes.

What Neo4j keeps besides (its schema's node, its blocks of ids) is not here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from lineage.backends.codec import encode_path
from lineage.backends.to_properties import relationship_of
from lineage.model import Event, EventType, Flow, Kind, Mark
from lineage.opencypher.values.entities import Node, Relationship
from lineage.opencypher.values.graph import Direction, EndView, Group, Neighbour, Types
from lineage.ports.traversal import Direction as Way
from lineage.queries.partial_nodes import OF_TYPE, PartialNodes
from lineage.queries.store_nodes import (
    ALIKE,
    ARTIFACT,
    BY_LABEL,
    CONTEXT,
    EXECUTION,
    KINDS,
    LABELS,
    MARK,
    SORTS,
    TYPE,
    StoreNodes,
)

_EVENTS = frozenset({"INPUT", "OUTPUT", "PENDING_OUTPUT", "UNKNOWN_EVENT"})
_FLOWS = frozenset({"INPUT", "OUTPUT"})
# Neither events nor memberships.
_FEW = frozenset({"CHILD_OF", "EXTENDS", "MARKED", "CLEARED", "ON"})
_RELATIONSHIPS: dict[EventType, str] = {type: relationship_of(type) for type in EventType}
_LARGEST_PAGE = 5_000


class StoreGraph(StoreNodes):
    """A graph over one reader, which sees one state of the store for as long as it is used."""

    def expand(
        self, nodes: Sequence[Node], direction: Direction, types: Types
    ) -> Mapping[Node, Sequence[Neighbour]]:
        found: dict[Node, list[Neighbour]] = defaultdict(list)
        ids, named = _group_by_sort(nodes)
        for way in ("out", "in") if direction == "both" else (direction,):
            out = way == "out"
            for sort, by_id in ids.items():
                if sort == CONTEXT:
                    self._expand_contexts(by_id, out, types, found)
                elif sort in (ARTIFACT, EXECUTION):
                    self._expand_events(sort, by_id, out, types, found)
                elif sort == MARK:
                    self._expand_marks(by_id, out, types, found)
                elif sort == TYPE and out and _is_wanted(types, "EXTENDS"):
                    for id, node in by_id.items():
                        if self._types[id].base is not None:
                            made = self._extends(id)
                            found[node].append((made, made.end))
            for node in named:
                self._expand_keyed(node, out, types, found)
        return found

    def _expand_events(
        self, sort: int, by_id: Mapping[int, Node], out: bool, types: Types, found: _Found
    ) -> None:
        wanted = self._event_types(sort, out) & (types if types is not None else _EVENTS)
        if wanted:
            if sort == ARTIFACT:
                events = self._reader.events(artifact_ids=list(by_id))
            else:
                events = self._reader.events(execution_ids=list(by_id))
            for event in events:
                if _RELATIONSHIPS[event.type] in wanted:
                    made = self._event(event)
                    mine = event.artifact_id if sort == ARTIFACT else event.execution_id
                    found[by_id[mine]].append((made, made.end if out else made.start))
        if out and _is_wanted(types, "IN_CONTEXT"):
            for id, context in self._reader.contexts_of(KINDS[sort], list(by_id)):
                made = self._member(by_id[id], self.node(context * SORTS + CONTEXT))
                found[by_id[id]].append((made, made.end))
        if not out and _is_wanted(types, "ON"):
            for mark in self._marks_on(sort, by_id):
                made = self._on(mark)
                found[by_id[mark.node_id]].append((made, made.start))

    @staticmethod
    def _event_types(sort: int, out: bool) -> frozenset[str]:
        """The relationships that leave, or reach, artifacts or executions by events."""
        if (sort == ARTIFACT) == out:
            return frozenset({"INPUT"})
        return frozenset({"OUTPUT", "PENDING_OUTPUT", "UNKNOWN_EVENT"})

    def _marks_on(self, sort: int, by_id: Mapping[int, Node]) -> list[Mark]:
        if "_marks" in self.__dict__ and not self._marks:
            return []
        return self._reader.marks(nodes={KINDS[sort]: list(by_id)})

    def _expand_contexts(
        self, by_id: Mapping[int, Node], out: bool, types: Types, found: _Found
    ) -> None:
        if _is_wanted(types, "CHILD_OF"):
            pairs = (
                self._reader.parents_of(list(by_id))
                if out
                else self._reader.children_of(list(by_id))
            )
            for child, parent in pairs:
                made = self._child(
                    self.node(child * SORTS + CONTEXT), self.node(parent * SORTS + CONTEXT)
                )
                found[by_id[child if out else parent]].append(
                    (made, made.end if out else made.start)
                )
        if not out and _is_wanted(types, "IN_CONTEXT"):
            for sort in (ARTIFACT, EXECUTION):
                for context, id in self._reader.members_of(list(by_id), KINDS[sort]):
                    made = self._member(self.node(id * SORTS + sort), by_id[context])
                    found[by_id[context]].append((made, made.start))

    def _expand_marks(
        self, by_id: Mapping[int, Node], out: bool, types: Types, found: _Found
    ) -> None:
        for id, node in by_id.items():
            mark = self._marks[id]
            if out and _is_wanted(types, "ON"):
                on = self._on(mark)
                found[node].append((on, on.end))
            elif not out and _is_wanted(types, _name_mark_relationship(mark)):
                marked = self._build_marked(mark)
                found[node].append((marked, marked.start))

    def _expand_keyed(self, node: Node, out: bool, types: Types, found: _Found) -> None:
        assert isinstance(node.key, tuple)
        label, name = node.key
        if label == "MarkLabel" and out:
            for mark in self._marks.values():
                if mark.label == name and _is_wanted(types, _name_mark_relationship(mark)):
                    marked = self._build_marked(mark)
                    found[node].append((marked, marked.end))
        elif label == "BaseType" and not out and _is_wanted(types, "EXTENDS"):
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
        ids, _ = _group_by_sort(nodes)
        for sort in (ARTIFACT, EXECUTION):
            by_id = ids.get(sort)
            if not by_id:
                continue
            other = EXECUTION if sort == ARTIFACT else ARTIFACT
            for way, out in ((Way.DOWNSTREAM, True), (Way.UPSTREAM, False)):
                if direction == ("in" if out else "out"):
                    continue
                if not self._event_types(sort, out) & types:
                    continue
                near = self._reader.neighbours(KINDS[sort], list(by_id), way)
                for id in {id for _, id in near}:
                    yield self.node(id * SORTS + other)

    def relationships(self, types: Types) -> Iterator[Relationship]:
        wanted = _EVENTS if types is None else types
        if wanted & _EVENTS:
            after: tuple[int, int, str, str] | None = None
            while page := self._reader.scan_events(after, _LARGEST_PAGE):
                for event in page:
                    if _RELATIONSHIPS[event.type] in wanted:
                        yield self._event(event)
                last = page[-1]
                after = last.execution_id, last.artifact_id, last.type, encode_path(last.path)
        if types is None or types - _EVENTS:
            yield from self._list_other_relationships(None if types is None else types - _EVENTS)

    def _list_other_relationships(self, types: Types) -> Iterator[Relationship]:
        """Those that leave contexts, types, marks and labels, or reach contexts."""
        for label in ("Context", "BaseType", "Mark"):
            for node in self.nodes(label):
                for made, _ in self.expand((node,), "in", types).get(node, ()):
                    yield made
        if _is_wanted(types, "ON"):
            for mark in self._marks.values():
                yield self._on(mark)

    def _event(self, event: Event) -> Relationship:
        fields = event.__dict__
        artifact_id, execution_id = fields["artifact_id"], fields["execution_id"]
        type, path = fields["type"], encode_path(fields["path"])
        relationship = _RELATIONSHIPS[type]
        artifact = self.node(artifact_id * SORTS + ARTIFACT)
        execution = self.node(execution_id * SORTS + EXECUTION)
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
        type = self.node(type_id * SORTS + TYPE)
        return Relationship(self, ("EXTENDS", type_id), "EXTENDS", type, base, {})

    def _on(self, mark: Mark) -> Relationship:
        sort = KINDS.index(mark.kind)
        start = self.node((mark.id or 0) * SORTS + MARK)
        end = self.node(mark.node_id * SORTS + sort)
        return Relationship(self, ("ON", mark.id), "ON", start, end, {"recorded": mark.recorded_ms})

    def _build_marked(self, mark: Mark) -> Relationship:
        type = _name_mark_relationship(mark)
        start = self.node(("MarkLabel", mark.label))
        end = self.node((mark.id or 0) * SORTS + MARK)
        return Relationship(self, (type, mark.id), type, start, end, {"recorded": mark.recorded_ms})

    # --- Counted without a look at each ---

    def relationship_groups(
        self, types: Types, start: EndView, end: EndView
    ) -> Iterable[Group[Relationship]] | None:
        if types is None:
            # Those that are no events are looked at one by one, whatever their ends.
            if any(side.label not in (None, *LABELS) for side in (start, end)):
                return None
        elif not types <= _EVENTS | {"IN_CONTEXT"}:
            return None
        if any(side.keys is None or not side.keys <= OF_TYPE for side in (start, end)):
            return None
        return self._relationship_groups(types, start, end)

    def _relationship_groups(
        self, types: Types, start: EndView, end: EndView
    ) -> Iterator[Group[Relationship]]:
        wanted = _EVENTS if types is None else types
        if "INPUT" in wanted:
            yield from self._event_groups(Flow.INPUT, frozenset({"INPUT"}), start, end)
        if wanted - {"INPUT"}:
            # Those that carry no data have no flow to look for.
            flow = Flow.OUTPUT if wanted <= _FLOWS else None
            yield from self._event_groups(flow, wanted - {"INPUT"}, end, start)
        if _is_wanted(types, "IN_CONTEXT"):
            yield from self._member_groups(start, end)
        if types is None:
            for relationship in self._list_other_relationships(_FEW):
                yield relationship, 1

    def _member_groups(self, start: EndView, end: EndView) -> Iterator[Group[Relationship]]:
        contexts = PartialNodes(Kind.CONTEXT, end.keys or frozenset(), self._types)
        for sort in (ARTIFACT, EXECUTION):
            briefs = PartialNodes(KINDS[sort], start.keys or frozenset(), self._types)
            for mine, other, count in self._reader.count_members(KINDS[sort]):
                node = self._represent(sort, briefs, (mine,))
                context = self._represent(CONTEXT, contexts, (other,))
                if _has_label(node, start.label) and _has_label(context, end.label):
                    key = (ALIKE, mine, other, "IN_CONTEXT")
                    yield Relationship(self, key, "IN_CONTEXT", node, context, {}), count

    def _event_groups(
        self, flow: Flow | None, wanted: frozenset[str], artifact: EndView, execution: EndView
    ) -> Iterator[Group[Relationship]]:
        artifacts, executions = self._side(ARTIFACT, artifact), self._side(EXECUTION, execution)
        if artifacts == [] or executions == []:
            return
        briefs = [
            PartialNodes(KINDS[sort], side.keys or frozenset(), self._types)
            for sort, side in ((ARTIFACT, artifact), (EXECUTION, execution))
        ]
        found = self._reader.count_events(flow, artifacts, executions)
        for *type_ids, type, count in found:
            name = _RELATIONSHIPS[type]
            if name in wanted:
                a, x = (
                    Node(self, (ALIKE, sort), (LABELS[sort],), None, {})
                    if id is None
                    else self._represent(sort, briefs[sort], (id,))
                    for sort, id in enumerate(type_ids)
                )
                start, end = (a, x) if name == "INPUT" else (x, a)
                yield Relationship(self, (ALIKE, *type_ids, name), name, start, end, {}), count

    def _side(self, sort: int, end: EndView) -> list[int] | None:
        """The types of the nodes of a sort at one end; None where they make no difference."""
        if end.label not in LABELS and end.label is not None:
            return self._type_ids[end.label][sort] if end.label in self._type_ids else []
        if end.label is not None and BY_LABEL[end.label] != sort:
            return []
        if not end.is_labelled:
            return None
        return [id for id, type in self._types.items() if type.kind is KINDS[sort]]

    def degrees(
        self, nodes: Sequence[Node], direction: Direction, types: Types, label: str | None
    ) -> Mapping[Node, int]:
        if types is None or not types <= _FLOWS or label in self._few:
            return super().degrees(nodes, direction, types, label)
        found: dict[Node, int] = {}
        ids, _ = _group_by_sort(nodes)
        for sort, other in ((ARTIFACT, EXECUTION), (EXECUTION, ARTIFACT)):
            by_id = ids.get(sort, {})
            among = None if label is None else self._side(other, EndView(label, False, frozenset()))
            if not by_id or among == []:
                continue
            for flow in Flow:
                out = (sort == ARTIFACT) == (flow is Flow.INPUT)
                if flow.value in types and direction != ("in" if out else "out"):
                    for id, count in self._reader.degrees(KINDS[sort], list(by_id), flow, among):
                        found[by_id[id]] = found.get(by_id[id], 0) + count
        return found


_Found = dict[Node, list[Neighbour]]


def _has_label(node: Node, label: str | None) -> bool:
    return label is None or label in node.labels


def _name_mark_relationship(mark: Mark) -> str:
    return "CLEARED" if mark.clean else "MARKED"


def _is_wanted(types: Types, type: str) -> bool:
    return types is None or type in types


def _group_by_sort(nodes: Sequence[Node]) -> tuple[dict[int, dict[int, Node]], list[Node]]:
    """Nodes by sort and id, and those that have names for keys."""
    found: dict[int, dict[int, Node]] = {}
    named: list[Node] = []
    for node in nodes:
        key = node.key
        if key.__class__ is int:
            id, sort = divmod(key, SORTS)
            found.setdefault(sort, {})[id] = node
        else:
            named.append(node)
    return found, named
