"""Define what a backend reads: one consistent state of a store."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from lineage.model import Event, EventType, Flow, Kind, Mark, Node, Policy, Type
from lineage.ports.filters import Candidate, Counts, Field, Filter, Wanted
from lineage.ports.traversal import Barriers, Direction, Frontier, Propagation, SameContent


class Reader(ABC):
    """One consistent state of the store.

    Every list of ids may be of any length. Ids that don't exist are left out of answers.
    """

    @abstractmethod
    def types(self) -> list[Type]:
        """All types, by id."""

    @abstractmethod
    def nodes(self, kind: Kind, ids: Sequence[int]) -> list[Node]:
        """The nodes with these ids, in the order of the ids."""

    def fields_of(
        self, kind: Kind, ids: Sequence[int], fields: Sequence[Field]
    ) -> list[tuple[Any, ...]]:
        """Id, type id and these fields of the nodes with these ids, in any order.

        A state is its name; one that nobody gave may be None or UNKNOWN.
        """
        return [_fields(node, fields) for node in self.nodes(kind, ids)]

    def find_fields(
        self, kind: Kind, where: Filter, fields: Sequence[Field]
    ) -> list[tuple[Any, ...]]:
        """The same of the nodes for which the filter holds, in the order of `find`."""
        return [_fields(node, fields) for node in self.find(kind, where)]

    def count_types(self, kind: Kind) -> dict[int, int]:
        """How many nodes each type of a kind has, by its id; a type without any may be left out."""
        return dict(Counter(node.type_id or 0 for node in self.find(kind, Filter())))

    @abstractmethod
    def find(self, kind: Kind, where: Filter) -> list[Node]:
        """The nodes for which the filter holds."""

    def count_fields(
        self, kind: Kind, where: Filter, fields: Sequence[Field]
    ) -> list[tuple[Any, ...]]:
        """Type id, these fields, and how many nodes have these, of those that the filter holds for.

        Each combination comes once, in any order.
        """
        found = Counter(row[1:] for row in self.find_fields(kind, where, fields))
        return [(*values, count) for values, count in found.items()]

    def by_keys(
        self,
        kind: Kind,
        *,
        external_ids: Sequence[str] = (),
        names: Sequence[tuple[int, str]] = (),
    ) -> list[Node]:
        """The nodes with these external ids, and all versions of these names in types, by id."""
        filters = [Filter(external_id=external_id) for external_id in external_ids]
        filters += [Filter(type_ids=[type_id], name=name) for type_id, name in names]
        found = {node.id or 0: node for where in filters for node in self.find(kind, where)}
        return [found[id] for id in sorted(found)]

    @abstractmethod
    def candidates(self, kind: Kind, wanted: Sequence[Wanted]) -> list[Candidate]:
        """All nodes that one of these may be about, each once, in any order."""

    @abstractmethod
    def events(
        self,
        *,
        artifact_ids: Sequence[int] | None = None,
        execution_ids: Sequence[int] | None = None,
    ) -> list[Event]:
        """The events of these artifacts, or of these executions; given both, those between them.

        Ordered by execution, artifact, type, path.
        """

    def last_written(self, artifact_ids: Sequence[int]) -> list[tuple[int, int]]:
        """Pairs (artifact id, latest recorded time of the events by which it was written).

        In any order; what no step wrote has none.
        """
        found: dict[int, int] = {}
        for event in self.events(artifact_ids=artifact_ids):
            if event.type.flow is Flow.OUTPUT:
                recorded = event.recorded_ms or 0
                found[event.artifact_id] = max(recorded, found.get(event.artifact_id, recorded))
        return list(found.items())

    def degrees(
        self, kind: Kind, ids: Sequence[int], flow: Flow, types: Sequence[int] | None = None
    ) -> list[tuple[int, int]]:
        """Pairs (id, how many events of this flow it has) for these artifacts or executions.

        Only events whose other node is of one of these types count. In any order; who has none may
        be left out.
        """
        artifact = kind is Kind.ARTIFACT
        events = self.events(**{"artifact_ids" if artifact else "execution_ids": ids})
        ends = [
            (e.artifact_id, e.execution_id) if artifact else (e.execution_id, e.artifact_id)
            for e in events
            if e.type.flow is flow
        ]
        if types is not None:
            among = kind.other
            others = self.fields_of(among, list({other for _, other in ends}), ())
            kept = {id for id, type_id in others if type_id in types}
            ends = [(id, other) for id, other in ends if other in kept]
        return list(Counter(id for id, _ in ends).items())

    def count_events(
        self,
        flow: Flow | None = None,
        artifact_types: Sequence[int] | None = None,
        execution_types: Sequence[int] | None = None,
    ) -> list[tuple[int | None, int | None, EventType, int]]:
        """Artifact's type id, execution's type id, type, and how many events have these.

        Only events of this flow count, between nodes of these types; where types are not given,
        that side's type id is None. Each combination comes once, in any order.
        """
        events = [e for e in self.events() if flow is None or e.type.flow is flow]
        ends: dict[Kind, dict[int, int | None]] = {}
        for kind, types in ((Kind.ARTIFACT, artifact_types), (Kind.EXECUTION, execution_types)):
            ids = {e.artifact_id if kind is Kind.ARTIFACT else e.execution_id for e in events}
            ends[kind] = (
                dict.fromkeys(ids)
                if types is None
                else {id: t for id, t in self.fields_of(kind, list(ids), ()) if t in types}
            )
        artifacts, executions = ends[Kind.ARTIFACT], ends[Kind.EXECUTION]
        found = Counter(
            (artifacts[e.artifact_id], executions[e.execution_id], e.type)
            for e in events
            if e.artifact_id in artifacts and e.execution_id in executions
        )
        return [(*ends_and_type, count) for ends_and_type, count in found.items()]

    @abstractmethod
    def contexts_of(self, kind: Kind, ids: Sequence[int]) -> list[tuple[int, int]]:
        """Pairs (node id, context id) for artifacts or executions, ordered."""

    @abstractmethod
    def members_of(self, context_ids: Sequence[int], kind: Kind) -> list[tuple[int, int]]:
        """Pairs (context id, node id of that kind), ordered."""

    def count_members(self, kind: Kind) -> list[tuple[int, int, int]]:
        """Type id, context's type id, and how many memberships of this kind have these.

        Each combination comes once, in any order.
        """
        contexts = dict(self.find_fields(Kind.CONTEXT, Filter(), ()))
        types = dict(self.find_fields(kind, Filter(), ()))
        found = Counter(
            (types[id], contexts[context]) for context, id in self.members_of(list(contexts), kind)
        )
        return [(*pair, count) for pair, count in found.items()]

    @abstractmethod
    def parents_of(self, context_ids: Sequence[int]) -> list[tuple[int, int]]:
        """Pairs (child id, parent id) for these children, ordered."""

    @abstractmethod
    def children_of(self, context_ids: Sequence[int]) -> list[tuple[int, int]]:
        """Pairs (child id, parent id) for these parents, ordered."""

    @abstractmethod
    def counts(self) -> Counts:
        """How many of each there are."""

    @abstractmethod
    def closure(
        self,
        kind: Kind,
        ids: Sequence[int],
        direction: Direction,
        *,
        max_depth: int | None = None,
        as_of_ms: int | None = None,
    ) -> Frontier:
        """Everything reached from these artifacts (or executions) along data-carrying events.

        Element d of the answer has the kind and the sorted ids of the nodes whose least distance
        is d hops; element 0 the starts that exist. A hop is one event, so kinds alternate. Events
        recorded after `as_of_ms` are not seen. A start that is reached again is not repeated.
        `lineage.backends.traversal` has the shared implementation over `expand`.
        """

    @abstractmethod
    def propagate(
        self,
        starts: Mapping[Kind, Sequence[int]],
        direction: Direction,
        *,
        barriers: Barriers | None = None,
        as_of_ms: int | None = None,
        content: SameContent | None = None,
    ) -> Propagation:
        """As `closure`, from artifacts and executions at once, and with barriers.

        Starts that don't exist are left out; one that is a barrier is met at depth 0. With
        `content`, artifacts of the same content are one hop apart, both ways; with `as_of_ms`,
        those that were recorded by then.
        """

    def propagate_marks(
        self,
        marks: Sequence[Mark],
        *,
        barriers: Barriers | None = None,
        as_of_ms: int | None = None,
        content: SameContent | None = None,
    ) -> Propagation:
        """The same downstream from the nodes of stored marks, none of which is a clean one."""
        starts: dict[Kind, list[int]] = {}
        for mark in marks:
            starts.setdefault(mark.kind, []).append(mark.node_id)
        return self.propagate(
            starts, Direction.DOWNSTREAM, barriers=barriers, as_of_ms=as_of_ms, content=content
        )

    def shared_digests(self, artifact_ids: Sequence[int]) -> list[str]:
        """The digests of these artifacts that another artifact has too, each once, in any order.

        Such digests of other artifacts may be among them, where that is cheaper.
        """
        own = {digest for *_, digest in self.fields_of(Kind.ARTIFACT, artifact_ids, ["digest"])}
        counts = Counter(digest for digest, *_ in self.with_digests(list(own - {None})))
        return [digest for digest, count in counts.items() if count > 1]

    def with_digests(self, digests: Sequence[str]) -> list[tuple[str, int, int]]:
        """Digest, id and created time of the artifacts with one of these digests, in any order."""
        return [
            (digest, id, created)
            for digest in digests
            for id, _, created in self.find_fields(
                Kind.ARTIFACT, Filter(digest=digest), ["created"]
            )
        ]

    @abstractmethod
    def neighbours(
        self,
        kind: Kind,
        ids: Sequence[int],
        direction: Direction,
        *,
        as_of_ms: int | None = None,
    ) -> list[tuple[int, int]]:
        """Pairs (id, id of a node one hop away) for these artifacts or executions, in any order.

        A hop is one data-carrying event, recorded by `as_of_ms` where that is given. A pair may
        come once for each of several events between the two.
        """

    @abstractmethod
    def marks(
        self,
        *,
        labels: Sequence[str] | None = None,
        nodes: Mapping[Kind, Sequence[int]] | None = None,
    ) -> list[Mark]:
        """The marks with one of these labels, on one of these nodes, by id; lifted ones too."""

    @abstractmethod
    def policies(self) -> list[Policy]:
        """All versions of all policies, ended ones too, by name and recorded time."""

    def template(self, name: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Rows of the read template of that name. Only with `Capabilities.templates`."""
        raise NotImplementedError(f"this backend runs no Cypher templates (asked for {name!r})")

    # Whole-store scans, for copy and export. Each gives batches, ordered, after a cursor.

    @abstractmethod
    def scan_events(self, after: tuple[int, int, str, str] | None, limit: int) -> list[Event]:
        """The next events by (execution id, artifact id, type, path as compact JSON)."""

    @abstractmethod
    def metadata(self, key: str) -> str | None:
        """Return what `Writer.set_metadata` kept under a key (progress of a copy, say)."""

    @abstractmethod
    def metadata_under(self, prefix: str) -> list[tuple[str, str]]:
        """Return the keys that begin so and the texts under them, ordered by key."""

    @abstractmethod
    def stored_at(self, uris: Sequence[str], *, below: bool = True) -> list[tuple[int, str]]:
        """Pairs (artifact id, uri) of the artifacts at these uris or below, ordered by id.

        Below `s3://data/raw` is what begins with `s3://data/raw/`; without `below`, that is left
        out.
        """


def _fields(node: Node, fields: Sequence[Field]) -> tuple[Any, ...]:
    state = getattr(node, "state", None)
    values = {
        **node.__dict__,
        "state": state and state.value,
        "created": node.created_ms,
        "updated": node.updated_ms,
    }
    return (node.id, node.type_id, *(values.get(field) for field in fields))
