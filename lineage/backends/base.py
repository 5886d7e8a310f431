"""What a backend must do: store and traverse. It knows no rule of the domain.

A backend gives readers and writers. A reader sees one consistent state; a writer is a transaction
that commits whole or leaves nothing. The store above decides *what* to write (types are checked,
values validated, references resolved to keys) and hands it over as one `Batch`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

from lineage.model import Event, EventType, Flow, Kind, Mark, Node, Path, Policy, Type, Value
from lineage.model.query_plan import Operator

if TYPE_CHECKING:
    from lineage.filters.tree import Predicate

T = TypeVar("T")


class Direction(StrEnum):
    """Against the data (where it came from) or with it (what came of it)."""

    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a backend can do, as data, so that nobody asks for its class.

    templates: it answers questions by the Cypher templates (`Reader.template`).
    durable: what was acknowledged survives the process.
    shared: several processes may have it open at once.
    cypher: it runs Cypher itself (`Backend.query`).
    """

    templates: bool
    durable: bool
    shared: bool
    cypher: bool = False


class Mode(StrEnum):
    """What to do with a node of a batch.

    REFERENCE: it must exist, and stays as it is.
    CREATE: it must not exist.
    MERGE: made where it does not exist (by id, it must); else what is given is set, the rest stays.
    REPLACE: it must exist; every mutable field becomes what is given.
    MIRROR: by id: made, or replaced, exactly as given, times included (copy, import).
    """

    REFERENCE = "reference"
    CREATE = "create"
    MERGE = "merge"
    REPLACE = "replace"
    MIRROR = "mirror"


Key = Literal["none", "id", "external_id", "name"]


@dataclass(slots=True)
class NodeWrite:
    """One node of a batch. `key` says which of `id`, `external_id`, (`type`, `name`) finds it.

    The values of the properties are validated and of the kinds that the type declares.
    `now_ms` becomes the created and updated time; on MIRROR, `created_ms` and `updated_ms` do.
    An update sets the updated time to at least one more than it was, and only where something
    changed, or with `touch`. With `expected_ms`, a node whose updated time is another raises
    Conflict; with `unless_deleted`, an artifact that is DELETED raises FoundDeleted.
    """

    kind: Kind
    mode: Mode
    key: Key
    type: Type | None = None  # with its id; None only for REFERENCE by id or external id
    id: int | None = None
    name: str | None = None
    external_id: str | None = None
    uri: str | None = None
    state: str | None = None  # None on MERGE: leave it
    properties: Mapping[str, Value] = field(default_factory=dict)
    custom_properties: Mapping[str, Value] = field(default_factory=dict)
    now_ms: int = 0
    created_ms: int | None = None
    updated_ms: int | None = None
    expected_ms: int | None = None
    touch: bool = False
    unless_deleted: bool = False


class FoundDeleted(Exception):
    """What was to be written `unless_deleted` is DELETED: the transaction must not be committed."""


@dataclass(slots=True)
class EventWrite:
    """An event between two nodes of the batch, given by their positions in `Batch.nodes`.

    Where the same event (artifact, execution, type, path) exists already, it stays as it is.
    """

    artifact: int
    execution: int
    type: EventType
    path: Path
    time_ms: int
    recorded_ms: int


@dataclass(slots=True)
class Batch:
    """What one transaction writes. Pairs are positions in `nodes`; those that exist stay.

    memberships: (artifact or execution, context); parents: (child context, parent context).
    """

    nodes: list[NodeWrite] = field(default_factory=list)
    events: list[EventWrite] = field(default_factory=list)
    memberships: list[tuple[int, int]] = field(default_factory=list)
    parents: list[tuple[int, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Order:
    """How found nodes are ordered: by a field, and by id where that is the same.

    Nodes without a name come before all names, and after them where the order is descending.
    """

    field: Literal["id", "created", "updated", "name"] = "id"
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """Which nodes to find; what is None does not restrict.

    `context_id` restricts to members of that context (artifacts, executions), or, for contexts,
    to its children. `where` is a predicate on nodes of the kind that is asked for. `after` is
    where to go on in the order: the ordered field's value and the id of the last node seen.
    `newest_first` and `after_id` say the same for the order by id.
    """

    type_ids: Sequence[int] | None = None
    name: str | None = None
    external_id: str | None = None
    uri: str | None = None
    state: str | None = None
    context_id: int | None = None
    after_id: int | None = None
    limit: int | None = None
    newest_first: bool = False
    where: Predicate | None = None
    order: Order = Order()
    after: tuple[int | str | None, int] | None = None


# What a node has beside its id, its type and its properties.
Field = Literal["name", "external_id", "uri", "state", "created", "updated"]


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is."""

    types: int
    artifacts: int
    executions: int
    contexts: int
    events: int


Frontier = list[tuple[Kind, list[int]]]
# (depth, kind, sorted ids), by depth.
Levels = list[tuple[int, Kind, list[int]]]


@dataclass(frozen=True, slots=True)
class Barriers:
    """Nodes that a search reaches and does not pass: by id, and executions by the id of their type.

    An execution in `despite` is passed whatever its type.
    """

    artifact_ids: frozenset[int] = frozenset()
    execution_ids: frozenset[int] = frozenset()
    execution_type_ids: frozenset[int] = frozenset()
    despite: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.artifact_ids or self.execution_ids or self.execution_type_ids)


@dataclass(frozen=True, slots=True)
class Spread:
    """What a search with barriers found: what it passed through, and the barriers that it met."""

    passed: Levels
    met: Levels


class Asking(StrEnum):
    """What is asked of an ad-hoc query.

    ROWS: to be run. EXPLAIN: to be planned, and not run. PROFILE: to be run, and to say what each
    operator of its plan did.
    """

    ROWS = "rows"
    EXPLAIN = "explain"
    PROFILE = "profile"


@dataclass(frozen=True, slots=True)
class Answer:
    """The columns of an ad-hoc query, its rows in their order, and whether these are all.

    Values are None, bool, int, float, str, bytes, lists and maps of them, nodes, events, and the
    classes of `lineage.model.graph`. A date, time or duration is its ISO 8601 text, a point a map
    of its coordinates and its `srid`. `plan` is there where it was asked for.
    """

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    complete: bool
    plan: Operator | None = None


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
        """The nodes with these external ids, and those with these type ids and names, by id."""
        filters = [Filter(external_id=external_id) for external_id in external_ids]
        filters += [Filter(type_ids=[type_id], name=name) for type_id, name in names]
        found = {node.id or 0: node for where in filters for node in self.find(kind, where)}
        return [found[id] for id in sorted(found)]

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
            among = Kind.EXECUTION if artifact else Kind.ARTIFACT
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
    def spread(
        self,
        starts: Mapping[Kind, Sequence[int]],
        direction: Direction,
        *,
        barriers: Barriers | None = None,
        as_of_ms: int | None = None,
    ) -> Spread:
        """As `closure`, from artifacts and executions at once, and with barriers.

        Starts that don't exist are left out; one that is a barrier is met at depth 0.
        """

    def spread_of_marks(
        self,
        marks: Sequence[Mark],
        *,
        barriers: Barriers | None = None,
        as_of_ms: int | None = None,
    ) -> Spread:
        """The same downstream from the nodes of stored marks, none of which is a clean one."""
        starts: dict[Kind, list[int]] = {}
        for mark in marks:
            starts.setdefault(mark.kind, []).append(mark.node_id)
        return self.spread(starts, Direction.DOWNSTREAM, barriers=barriers, as_of_ms=as_of_ms)

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
    def note(self, key: str) -> str | None:
        """What `Writer.set_note` kept under this key (progress of a copy, say)."""

    @abstractmethod
    def notes(self, prefix: str) -> list[tuple[str, str]]:
        """Keys and texts of the notes whose key begins so, ordered by key."""

    @abstractmethod
    def stored_at(self, uris: Sequence[str], *, below: bool = True) -> list[tuple[int, str]]:
        """Pairs (artifact id, uri) of the artifacts at these uris or below, ordered by id.

        Below `s3://data/raw` is what begins with `s3://data/raw/`; without `below`, that is left
        out.
        """


class Writer(Reader):
    """A transaction: it reads its own writes."""

    @abstractmethod
    def lock_types(self) -> None:
        """No other transaction changes types or policies until this one ends.

        What another transaction committed before is seen by what is read afterwards.
        """

    @abstractmethod
    def lock(self, kind: Kind, ids: Sequence[int]) -> None:
        """Until this transaction ends, no other one changes these nodes, or ties anything to them.

        What another transaction committed before is seen by what is read afterwards.
        """

    @abstractmethod
    def put_type(self, type: Type) -> Type:
        """Insert a type (by (kind, name, version); a given id is kept), or overwrite the one with
        the same id or key; returns it with its id."""

    @abstractmethod
    def apply(self, batch: Batch) -> list[int]:
        """Write a batch, in order, and return the id of each of its nodes.

        Raises NotFound, AlreadyExists or Conflict, naming kind, field and value, or FoundDeleted,
        and then the transaction must not be committed. A created node without an id gets a new one;
        ids given from outside never collide with those given out later.
        """

    @abstractmethod
    def put_marks(self, marks: Sequence[Mark]) -> list[int]:
        """Write marks and return their ids. One that has an id is written over where it exists.

        Raises NotFound where a node is not there, and then the transaction must not be committed.
        """

    @abstractmethod
    def put_policy(self, policy: Policy) -> None:
        """Write a version of a policy, over the one of that name and recorded time."""

    @abstractmethod
    def set_note(self, key: str, value: str | None) -> None:
        """Keep a text under a key; None removes it."""

    @abstractmethod
    def tombstone(self, kind: Kind, ids: Sequence[int], now_ms: int) -> None:
        """Take properties and uri from these nodes; an artifact's state becomes DELETED.

        Type, name, external id, created time, events and contexts stay; the updated time grows.
        """

    @abstractmethod
    def purge(self, kind: Kind, ids: Sequence[int]) -> None:
        """Take these nodes out of the graph, with their marks and all that ties them to others.

        Their ids are not given out again.
        """


class Backend(ABC):
    """An open store."""

    capabilities: ClassVar[Capabilities]

    @property
    @abstractmethod
    def url(self) -> str:
        """Where it is, without the password."""

    @property
    def file(self) -> str | None:
        """The path of the file that it is in; None where it is in none."""
        return None

    @abstractmethod
    def describe(self) -> dict[str, str]:
        """What it is, for people: `backend`, `version`, `location`, `schema` …"""

    @abstractmethod
    def read(self) -> AbstractContextManager[Reader]:
        """A reader. It sees every write that was acknowledged to this backend before."""

    @abstractmethod
    def write(self, work: Callable[[Writer], T]) -> T:
        """Run `work` in one transaction and commit; on any exception roll back and raise.

        `work` may be run again when the store asks for it (locks, deadlocks, a new leader).
        """

    def query(
        self,
        cypher: str,
        parameters: Mapping[str, Any],
        *,
        limit: int | None = None,
        timeout: float | None = None,
        asking: Asking = Asking.ROWS,
    ) -> Answer:
        """Run an ad-hoc query that only reads, or explain it. Only with `Capabilities.cypher`.

        `limit` is the most rows to answer, `timeout` the seconds after which it is stopped. The
        text has neither EXPLAIN nor PROFILE before it. Raises, whatever is asked, InvalidQuery for
        what can't be run, QueryRefused (before anything runs) for what does more than read,
        QueryStopped at the deadline or where memory runs out. Interrupted (Ctrl-C), it stops the
        query and lets the interruption pass.
        """
        raise NotImplementedError("this backend runs no Cypher itself")

    @abstractmethod
    def close(self) -> None:
        """Let go of files and connections. Twice is allowed."""


def in_chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most `size` items."""
    chunk: list[T] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _fields(node: Node, fields: Sequence[Field]) -> tuple[Any, ...]:
    state = getattr(node, "state", None)
    values = {
        **node.__dict__,
        "state": state and state.value,
        "created": node.created_ms,
        "updated": node.updated_ms,
    }
    return (node.id, node.type_id, *(values.get(field) for field in fields))
