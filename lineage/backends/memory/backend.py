"""A store in memory, as a NetworkX graph of the design's shape: for tests and notebooks.

`memory://` is a fresh store; `memory://name` is shared by all who open it by that name in the
process, for as long as the process lives.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import ClassVar, TypeVar

import networkx as nx

from lineage.backends import row_mapping
from lineage.backends.codec import encode_path
from lineage.backends.conflicts import (
    build_id_taken_error,
    build_missing_error,
    build_taken_error,
    build_type_taken_error,
)
from lineage.backends.ids import id_after, new_ids
from lineage.backends.memory.state import Key, State, unique_keys
from lineage.backends.merge import refuse_deleted, rewrite, tombstone
from lineage.backends.sort_order import sort_nodes
from lineage.backends.traversal import CopySearch, breadth_first, propagate
from lineage.errors import StoreError
from lineage.filters.evaluation import build_decider
from lineage.filters.fields import TARGETS
from lineage.filters.tree import Relation
from lineage.model import Event, Flow, Kind, Mark, Node, Policy, Type, Value
from lineage.model.fields import ALL_GIVEN_FIELDS, GIVEN_FIELDS
from lineage.ports.backend import Backend
from lineage.ports.batch import Batch, EventWrite, NodeWrite, WriteMode
from lineage.ports.capabilities import Capabilities
from lineage.ports.filters import Candidate, Counts, Filter, Wanted
from lineage.ports.reader import Reader
from lineage.ports.traversal import (
    Barriers,
    Direction,
    Frontier,
    Propagation,
    SameContent,
    is_stopping_by_type,
)
from lineage.ports.writer import Writer

T = TypeVar("T")

_EVENT, _IN_CONTEXT, _CHILD_OF = "EVENT", "IN_CONTEXT", "CHILD_OF"


class MemoryReader(Reader):
    """Reads while holding the store's lock."""

    def __init__(self, state: State) -> None:
        self._state = state

    def types(self) -> list[Type]:
        return [self._state.types[id] for id in sorted(self._state.types)]

    def nodes(self, kind: Kind, ids: Sequence[int]) -> list[Node]:
        known = self._state.ids[kind]
        return [self._copy((kind, id)) for id in ids if id in known]

    def count_types(self, kind: Kind) -> dict[int, int]:
        ids = self._state.ids[kind]
        return dict(Counter(self._record((kind, id)).type_id or 0 for id in ids))

    def find(self, kind: Kind, where: Filter) -> list[Node]:
        ids = self._candidates(kind, where)
        wanted = None if where.type_ids is None else set(where.type_ids)
        holds = build_decider(where.where) if where.where is not None else None
        found: list[Node] = []
        for node in sort_nodes((self._record((kind, id)) for id in ids), where):
            assert node.id is not None
            id = node.id
            if where.after_id is not None and (
                id >= where.after_id if where.newest_first else id <= where.after_id
            ):
                continue
            if wanted is not None and node.type_id not in wanted:
                continue
            if where.newest and not self._is_newest(node):
                continue
            place = self._state.graph.nodes[kind, id]["place"]
            if where.place is not None and where.place != place:
                continue
            if all(
                getattr(where, field) is None or getattr(where, field) == getattr(node, field, None)
                for field in ALL_GIVEN_FIELDS
            ) and (holds is None or holds(node, self._neighbours)):
                if where.limit is not None and len(found) >= where.limit:
                    break
                found.append(self._copy((kind, id)))
        return found

    def _is_newest(self, node: Node) -> bool:
        series = self._state.shared.get((node.kind, "series", node.type_id, node.name), {})
        return all(
            getattr(self._record((node.kind, id)), "version", 0) <= getattr(node, "version", 0)
            for id in series
        )

    def candidates(self, kind: Kind, wanted: Sequence[Wanted]) -> list[Candidate]:
        found = {id for w in wanted for id in self._possible(kind, w)}
        return [
            Candidate(
                self._copy((kind, id)),
                self._state.graph.nodes[kind, id]["place"],
                next(self._events((kind, id)), None) is not None,
            )
            for id in sorted(found)
        ]

    def _possible(self, kind: Kind, wanted: Wanted) -> Iterator[int]:
        state = self._state
        if wanted.id in state.ids[kind]:
            yield wanted.id
        if wanted.external_id is not None:
            id = state.unique.get((kind, "external_id", wanted.external_id))
            if id is not None:
                yield id
        here: dict[int, None] = {}
        if wanted.place is not None:
            here = state.shared.get((kind, "place", wanted.type_id, wanted.place), {})
        if wanted.name is not None:
            series = state.shared.get((kind, "series", wanted.type_id, wanted.name), {})
            groups = [list(series), [id for id in here if id in series]]
        else:
            series = here
            groups = [list(here), [i for i in here if self._record((kind, i)).name is None]]
        nodes = {id: self._record((kind, id)) for id in series}
        for field in ("digest", "version"):
            value = getattr(wanted, field)
            if value is not None:
                groups.append([id for id, n in nodes.items() if getattr(n, field, None) == value])
        for ids in groups:
            if ids and wanted.name is None:
                yield max(ids)
            elif ids:
                yield max(ids, key=lambda id: getattr(nodes[id], "version", 0))

    def _neighbours(self, node: Node, relation: Relation) -> Sequence[Node | Event]:
        """What a filter calls `contexts_a`, `events_a` and so on."""
        assert node.id is not None
        key = (node.kind, node.id)
        if relation is Relation.EVENT:
            return list(self._events(key))
        if relation is Relation.CONTEXT:
            ids = [id for _, id in self._out(key, _IN_CONTEXT)]
        elif relation is Relation.PARENT:
            ids = [id for _, id in self._out(key, _CHILD_OF)]
        else:
            through = _CHILD_OF if relation is Relation.CHILD else _IN_CONTEXT
            ids = [id for _, id in self._into(node.id, TARGETS[relation], through)]
        return [self._record((TARGETS[relation], id)) for id in ids]

    def _candidates(self, kind: Kind, where: Filter) -> Iterable[int]:
        """The ids among which all are that the filter holds for."""
        if where.external_id is not None:
            id = self._state.unique.get((kind, "external_id", where.external_id))
            return [] if id is None else [id]
        found: list[Iterable[int]] = [
            self._state.shared.get((kind, field, value), {})
            for field in ("name", "uri", "digest")
            if (value := getattr(where, field)) is not None
        ]
        if where.context_id is not None:
            relation = _CHILD_OF if kind is Kind.CONTEXT else _IN_CONTEXT
            found.append({i for _, i in self._into(where.context_id, kind, relation)})
        return set(found[0]).intersection(*found[1:]) if found else self._state.ids[kind]

    def events(
        self,
        *,
        artifact_ids: Sequence[int] | None = None,
        execution_ids: Sequence[int] | None = None,
    ) -> list[Event]:
        if execution_ids is not None:
            found = [e for id in set(execution_ids) for e in self._events((Kind.EXECUTION, id))]
            if artifact_ids is not None:
                wanted = set(artifact_ids)
                found = [e for e in found if e.artifact_id in wanted]
        elif artifact_ids is not None:
            found = [e for id in set(artifact_ids) for e in self._events((Kind.ARTIFACT, id))]
        else:
            ids = self._state.ids[Kind.EXECUTION]
            found = [e for id in ids for e in self._events((Kind.EXECUTION, id))]
        return sorted(found, key=row_mapping.event_order)

    def contexts_of(self, kind: Kind, ids: Sequence[int]) -> list[tuple[int, int]]:
        return sorted(p for id in set(ids) for p in self._out((kind, id), _IN_CONTEXT))

    def members_of(self, context_ids: Sequence[int], kind: Kind) -> list[tuple[int, int]]:
        return sorted(p for id in set(context_ids) for p in self._into(id, kind, _IN_CONTEXT))

    def parents_of(self, context_ids: Sequence[int]) -> list[tuple[int, int]]:
        ids = set(context_ids)
        return sorted(p for id in ids for p in self._out((Kind.CONTEXT, id), _CHILD_OF))

    def children_of(self, context_ids: Sequence[int]) -> list[tuple[int, int]]:
        ids = set(context_ids)
        return sorted(
            (child, parent)
            for id in ids
            for parent, child in self._into(id, Kind.CONTEXT, _CHILD_OF)
        )

    def counts(self) -> Counts:
        ids = self._state.ids
        return Counts(
            types=len(self._state.types),
            artifacts=len(ids[Kind.ARTIFACT]),
            executions=len(ids[Kind.EXECUTION]),
            contexts=len(ids[Kind.CONTEXT]),
            events=self._state.events,
        )

    def closure(
        self,
        kind: Kind,
        ids: Sequence[int],
        direction: Direction,
        *,
        max_depth: int | None = None,
        as_of_ms: int | None = None,
    ) -> Frontier:
        def expand(kind: Kind, frontier: Sequence[int]) -> Iterator[int]:
            for id in frontier:
                yield from self._near((kind, id), direction, as_of_ms)

        known = self._state.ids[kind]
        return breadth_first(kind, [id for id in ids if id in known], expand, max_depth)

    def propagate(
        self,
        starts: Mapping[Kind, Sequence[int]],
        direction: Direction,
        *,
        barriers: Barriers | None = None,
        as_of_ms: int | None = None,
        content: SameContent | None = None,
    ) -> Propagation:
        def expand(kind: Kind, frontier: Sequence[int]) -> Iterator[int]:
            for id in frontier:
                yield from self._near((kind, id), direction, as_of_ms)

        def blocked(kind: Kind, ids: set[int]) -> set[int]:
            assert barriers is not None
            if kind is Kind.ARTIFACT:
                return ids & barriers.artifact_ids
            return (ids & barriers.execution_ids) | {
                id
                for id in ids - barriers.exempt
                if is_stopping_by_type(barriers, self._record((kind, id)))
            }

        known = {k: [id for id in ids if id in self._state.ids[k]] for k, ids in starts.items()}
        copies = None if content is None else CopySearch(self, content, as_of_ms)
        alike = None if copies is None else copies.look_for
        return propagate(known, expand, blocked if barriers else None, alike)

    def shared_digests(self, artifact_ids: Sequence[int]) -> list[str]:
        known, shared = self._state.ids[Kind.ARTIFACT], self._state.shared
        found: dict[str, None] = {}
        for id in artifact_ids:
            digest = (
                getattr(self._record((Kind.ARTIFACT, id)), "digest", None) if id in known else None
            )
            if digest is not None and len(shared[Kind.ARTIFACT, "digest", digest]) > 1:
                found[digest] = None
        return list(found)

    def with_digests(self, digests: Sequence[str]) -> list[tuple[str, int, int]]:
        return [
            (digest, id, self._record((Kind.ARTIFACT, id)).created_ms or 0)
            for digest in digests
            for id in self._state.shared.get((Kind.ARTIFACT, "digest", digest), ())
        ]

    def neighbours(
        self,
        kind: Kind,
        ids: Sequence[int],
        direction: Direction,
        *,
        as_of_ms: int | None = None,
    ) -> list[tuple[int, int]]:
        known = self._state.ids[kind]
        return [
            (id, other)
            for id in set(ids)
            if id in known
            for other in self._near((kind, id), direction, as_of_ms)
        ]

    def scan_events(self, after: tuple[int, int, str, str] | None, limit: int) -> list[Event]:
        found: list[Event] = []
        for id in sorted(self._state.ids[Kind.EXECUTION]):
            if after is not None and id < after[0]:
                continue
            for event in sorted(self._events((Kind.EXECUTION, id)), key=row_mapping.event_order):
                if after is None or row_mapping.event_order(event) > after:
                    found.append(event)
                    if len(found) == limit:
                        return found
        return found

    def marks(
        self,
        *,
        labels: Sequence[str] | None = None,
        nodes: Mapping[Kind, Sequence[int]] | None = None,
    ) -> list[Mark]:
        wanted = None if nodes is None else {(k, id) for k, ids in nodes.items() for id in ids}
        return [
            mark
            for _, mark in sorted(self._state.marks.items())
            if (labels is None or mark.label in labels)
            and (wanted is None or (mark.kind, mark.node_id) in wanted)
        ]

    def policies(self) -> list[Policy]:
        return [policy for _, policy in sorted(self._state.policies.items())]

    def metadata(self, key: str) -> str | None:
        return self._state.metadata.get(key)

    def metadata_under(self, prefix: str) -> list[tuple[str, str]]:
        return sorted(kept for kept in self._state.metadata.items() if kept[0].startswith(prefix))

    def stored_at(self, uris: Sequence[str], *, below: bool = True) -> list[tuple[int, str]]:
        wanted = set(uris)
        return sorted(
            (id, key[2])
            for key, ids in self._state.shared.items()
            if key[:2] == (Kind.ARTIFACT, "uri")
            and (key[2] in wanted or (below and not wanted.isdisjoint(_beginnings(key[2]))))
            for id in ids
        )

    def _record(self, key: Key) -> Node:
        node: Node = self._state.graph.nodes[key]["record"]
        return node

    def _copy(self, key: Key) -> Node:
        """A node of which the caller may change the structs without changing ours."""
        node = self._record(key)
        copied = {
            **node.__dict__,
            "properties": _own(node.properties),
            "custom_properties": _own(node.custom_properties),
        }
        return type(node).trusted(copied)

    def _near(self, key: Key, direction: Direction, as_of_ms: int | None) -> Iterator[int]:
        """The nodes one data-carrying event away."""
        graph = self._state.graph
        adjacent = graph.succ if direction is Direction.DOWNSTREAM else graph.pred
        for (_, other), edges in adjacent[key].items():
            for attributes in edges.values():
                event = attributes.get("event")
                if (
                    event is not None
                    and event.type.flow is not None
                    and (as_of_ms is None or event.recorded_ms <= as_of_ms)
                ):
                    yield other
                    break

    def _events(self, key: Key) -> Iterator[Event]:
        graph = self._state.graph
        if key not in graph:
            return
        for adjacent in (graph.succ, graph.pred):
            for edges in adjacent[key].values():
                for attributes in edges.values():
                    if "event" in attributes:
                        yield attributes["event"]

    def _out(self, key: Key, relation: str) -> Iterator[tuple[int, int]]:
        graph = self._state.graph
        if key in graph:
            for (_, other), edges in graph.succ[key].items():
                if (relation,) in edges:
                    yield key[1], other

    def _into(self, context_id: int, kind: Kind, relation: str) -> Iterator[tuple[int, int]]:
        graph = self._state.graph
        key = (Kind.CONTEXT, context_id)
        if key in graph:
            for (other_kind, other), edges in graph.pred[key].items():
                if other_kind is kind and (relation,) in edges:
                    yield context_id, other


class MemoryWriter(MemoryReader, Writer):
    """Changes the graph while holding the lock; the backend undoes what fails."""

    def lock_types(self) -> None:
        """Nothing to do: there is only one writer at a time."""

    def lock(self, kind: Kind, ids: Sequence[int]) -> None:
        """Nothing to do: there is only one writer at a time."""

    def put_type(self, type: Type) -> Type:
        state = self._state
        key = (type.kind, type.name, type.version)
        owner = state.type_ids.get(key)
        if type.id is not None and owner not in (None, type.id):
            raise build_type_taken_error(type)
        id = type.id if type.id is not None else owner
        if id is None:
            id = id_after("type", state.next_id["type"] - 1)
        state.next_id["type"] = max(state.next_id["type"], id + 1)
        put = type.model_copy(update={"id": id, "properties": dict(type.properties)})
        before = state.types.get(id)
        if before is not None:
            state.drop(state.type_ids, (before.kind, before.name, before.version))
        state.put(state.types, id, put)
        state.put(state.type_ids, key, id)
        return put

    def apply(self, batch: Batch) -> list[int]:
        ids: list[int] = []
        for write in batch.nodes:
            ids.append(self._write(write, ids))
        for event in batch.events:
            self._put_event(event, ids[event.artifact], ids[event.execution])
        for member, context in batch.memberships:
            source = (batch.nodes[member].kind, ids[member])
            self._state.put_edge(source, (Kind.CONTEXT, ids[context]), (_IN_CONTEXT,))
        for child, parent in batch.parents:
            source = (Kind.CONTEXT, ids[child])
            self._state.put_edge(source, (Kind.CONTEXT, ids[parent]), (_CHILD_OF,))
        return ids

    def put_marks(self, marks: Sequence[Mark]) -> list[int]:
        state = self._state
        ids: list[int] = []
        for mark in marks:
            if mark.node_id not in state.ids[mark.kind]:
                raise build_missing_error(mark.kind, "id", mark.node_id)
            id = id_after("mark", state.next_id["mark"] - 1) if mark.id is None else mark.id
            state.next_id["mark"] = max(state.next_id["mark"], id + 1)
            state.put(state.marks, id, mark.model_copy(update={"id": id}))
            ids.append(id)
        return ids

    def put_policy(self, policy: Policy) -> None:
        self._state.put(self._state.policies, (policy.name, policy.recorded_ms or 0), policy)

    def set_metadata(self, key: str, value: str | None) -> None:
        if value is None:
            self._state.drop(self._state.metadata, key)
        else:
            self._state.put(self._state.metadata, key, value)

    def tombstone(self, kind: Kind, ids: Sequence[int], now_ms: int) -> None:
        for id in ids:
            if id in self._state.ids[kind]:
                old = self._record((kind, id))
                changed = tombstone(old, now_ms)
                place = changed.pop("place", None)
                self._state.put_node(type(old).trusted({**old.__dict__, **changed}), place)

    def purge(self, kind: Kind, ids: Sequence[int]) -> None:
        for id in ids:
            if id in self._state.ids[kind]:
                events = sum(1 for _ in self._events((kind, id)))
                self._state.drop_node(self._record((kind, id)))
                self._state.put(self._state.__dict__, "events", self._state.events - events)
        gone = set(ids)
        for mark in list(self._state.marks.values()):
            if mark.kind is kind and mark.node_id in gone:
                self._state.drop(self._state.marks, mark.id)

    def _write(self, write: NodeWrite, ids: Sequence[int]) -> int:
        state, kind = self._state, write.kind
        if write.mode is WriteMode.CREATE:
            return self._create(write)
        if write.mode is WriteMode.UPSERT_EXACT:
            assert write.id is not None
            state.next_id[kind] = max(state.next_id[kind], write.id + 1)
            self._put(write, write.id, write.created_ms or 0, write.updated_ms or 0)
            return write.id
        id = self._look_up(write) if write.at is None else ids[write.at]
        if id is None:
            if write.mode is WriteMode.MERGE:
                return self._create(write)
            value = write.id if write.key == "id" else getattr(write, write.key)
            raise build_missing_error(kind, write.key, value)
        old = self._record((kind, id))
        refuse_deleted(old, write)
        if write.mode is not WriteMode.REFERENCE:
            changed = rewrite(old, write)
            if changed is not None:
                for field in changed.keys() & {"properties", "custom_properties"}:
                    changed[field] = _own(changed[field])
                if "state" in changed:
                    changed["state"] = type(old.state)(changed["state"])  # type: ignore[union-attr]
                place = state.graph.nodes[kind, id]["place"]
                if changed.pop("place", None) is not None or "uri" in changed:
                    place = write.place
                node = type(old).trusted({**old.__dict__, **changed})
                self._refuse_if_taken(node)
                state.put_node(node, place)
        return id

    def _look_up(self, write: NodeWrite) -> int | None:
        state, kind = self._state, write.kind
        if write.key == "id":
            return write.id if write.id in state.ids[kind] else None
        if write.key == "external_id":
            return state.unique.get((kind, "external_id", write.external_id))
        assert write.type is not None
        version = None if kind is Kind.CONTEXT else write.version or 1
        return state.unique.get((kind, "name", write.type.id, version, write.name))

    def _create(self, write: NodeWrite) -> int:
        state, kind = self._state, write.kind
        if write.id in state.ids[kind]:
            raise build_id_taken_error(kind, write.id)
        [id] = new_ids(kind, state.next_id[kind] - 1, [write])
        state.next_id[kind] = max(state.next_id[kind], id + 1)
        self._put(write, id, write.now_ms, write.now_ms)
        return id

    def _put(self, write: NodeWrite, id: int, created_ms: int, updated_ms: int) -> None:
        assert write.type is not None
        assert write.type.id is not None
        node = row_mapping.node(
            write.kind,
            id,
            (write.type.id, write.type.name, write.type.version),
            {name: getattr(write, name) for name in GIVEN_FIELDS[write.kind]},
            created_ms,
            updated_ms,
            _own(write.properties),
            _own(write.custom_properties),
        )
        self._refuse_if_taken(node)
        self._state.put_node(node, write.place)

    def _refuse_if_taken(self, node: Node) -> None:
        for key in unique_keys(node):
            owner = self._state.unique.get(key)
            if owner is not None and owner != node.id:
                raise build_taken_error(node.kind, key[1], key[-1], owner)

    def _put_event(self, write: EventWrite, artifact_id: int, execution_id: int) -> None:
        event = row_mapping.event(
            artifact_id, execution_id, write.type, write.path, write.time_ms, write.recorded_ms
        )
        ends = [(Kind.ARTIFACT, artifact_id), (Kind.EXECUTION, execution_id)]
        outward = write.type.flow is Flow.OUTPUT
        source, target = reversed(ends) if outward else ends
        key = (_EVENT, str(write.type), encode_path(write.path))
        if self._state.put_edge(source, target, key, event=event):
            self._state.put(self._state.__dict__, "events", self._state.events + 1)


def _beginnings(uri: str) -> Iterator[str]:
    """What a uri is below: all that comes before one of its slashes."""
    return (uri[:at] for at, letter in enumerate(uri) if letter == "/")


class MemoryBackend(Backend):
    """A lineage store in this process."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        templates=False, durable=False, shared=False
    )

    def __init__(self, name: str, state: State) -> None:
        self._name = name
        self._state = state

    @property
    def url(self) -> str:
        return f"memory://{self._name}"

    def describe(self) -> dict[str, str]:
        return {
            "backend": "memory",
            "version": f"networkx {nx.__version__}",
            "location": "this process",
            "schema": "none",
        }

    @contextmanager
    def read(self) -> Iterator[Reader]:
        with self._state.lock:
            yield MemoryReader(self._state)

    def write(self, work: Callable[[Writer], T]) -> T:
        state = self._state
        with state.lock:
            if state.writing:
                raise StoreError("a write began inside a write of the same thread; finish that one")
            state.writing = True
            state.undo = []
            try:
                return work(MemoryWriter(state))
            except BaseException:
                for undo in reversed(state.undo):
                    undo()
                raise
            finally:
                state.undo = []
                state.writing = False

    def close(self) -> None:
        """Nothing to let go of: a named store stays for those who open it again."""


_shared: dict[str, State] = {}


def open_backend(url: str, *, create: bool = True) -> MemoryBackend:
    """`memory://` or `memory://name`. What it would find is made, whatever `create` says."""
    name = url.removeprefix("memory://")
    return MemoryBackend(name, _shared.setdefault(name, State()) if name else State())


def _own(properties: Mapping[str, Value]) -> dict[str, Value]:
    """A copy whose structs aren't shared with the original's; other values can't change."""
    return {
        name: deepcopy(value) if isinstance(value, dict | list) else value
        for name, value in properties.items()
    }
