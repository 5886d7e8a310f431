"""The one door: everything that is written or read goes through a `Store`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar

from lineage.errors import Conflict, InvalidValue, NotFound
from lineage.model import (
    Artifact,
    ArtifactRef,
    Context,
    ContextRef,
    Event,
    Execution,
    ExecutionRef,
    Kind,
    Mark,
    Node,
    Path,
    Policy,
    Step,
    Type,
)
from lineage.ports.backend import Backend
from lineage.ports.batch import FoundDeleted, NodeWrite
from lineage.ports.chunks import split_into_chunks
from lineage.ports.filters import Counts
from lineage.ports.reader import Reader
from lineage.ports.writer import Writer
from lineage.questions.asking import Asking
from lineage.questions.impact import Impacting
from lineage.questions.taint.asking import Tainting
from lineage.rules.cycles import check_acyclic
from lineage.rules.marks import validate_mark
from lineage.rules.policies import merge_policies, validate_policy
from lineage.rules.references import resolve
from lineage.rules.resurrection import is_asked, settle
from lineage.rules.types import TypeSession, TypeTable
from lineage.rules.values import format_value, validate_int64
from lineage.session.batch_builder import BatchBuilder, validate_node
from lineage.store.deleting import Deleting
from lineage.store.finding import Finding
from lineage.store.marking import Marking
from lineage.store.querying import Querying
from lineage.store.transactions import Transactions

T = TypeVar("T")
N = TypeVar("N", Artifact, Execution, Context)

# How often a write looks for deleted artifacts: others may be deleted while it does.
_TRIES = 10


@dataclass(frozen=True, slots=True)
class Recorded:
    """The ids of what a recorded step consists of; paths lead to artifact ids."""

    execution: int
    inputs: Mapping[Path, int] = field(default_factory=dict)
    outputs: Mapping[Path, int] = field(default_factory=dict)
    contexts: tuple[int, ...] = ()

    def output(self, *path: str | int) -> int:
        """The id of the artifact under a path; without one, of the only output."""
        if not path and len(self.outputs) == 1:
            return next(iter(self.outputs.values()))
        if path not in self.outputs:
            there = ", ".join(map(str, self.outputs)) or "none"
            raise NotFound(f"the step has no output {path} (it has: {there})")
        return self.outputs[path]


class Store(Finding, Querying, Asking, Impacting, Tainting, Marking, Deleting, Transactions):
    """A lineage store over any backend. Get one from `lineage.connect`.

    Reads and writes may be called from any number of threads. Every write is one transaction:
    it is there whole when the call returns, or the call raises and nothing was written.
    `clock` gives the time in milliseconds since the Unix epoch.
    """

    def __init__(self, backend: Backend, *, clock: Callable[[], int] | None = None) -> None:
        self.backend = backend
        self._clock = clock or _now_ms
        self._types = TypeTable()

    @property
    def url(self) -> str:
        """Where the store is, without the password."""
        return self.backend.url

    def close(self) -> None:
        """Let go of files and connections."""
        self.backend.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Store {self.url}>"

    # Types

    def put_type(self, type: Type, *, drop: Sequence[str] = (), extend: bool = False) -> Type:
        """Declare a type, or add properties to one; returns it as it then is.

        Raises TypeConflict where a property would change its kind, or be left out without being
        named in `drop`. With `extend`, what is left out stays, so that several writers may each
        add what they know of. The same type put again changes nothing. Other processes that have
        written a dropped property may write it on until they are started anew.
        """
        return self._write(lambda tx, types: types.put(type, dropping=drop, extending=extend))

    def types(self, kind: Kind | None = None) -> list[Type]:
        """All types, or those of one kind, ordered by kind, name and version."""
        with self.backend.read() as reader:
            found = [t for t in reader.types() if kind is None or t.kind is kind]
        return sorted(found, key=lambda t: (list(Kind).index(t.kind), t.name, t.version or ""))

    def get_type(self, kind: Kind, name: str, version: str | None = None) -> Type:
        """A type by name. Without a version, the unversioned one, else the newest.

        Raises UnknownType.
        """
        with self.backend.read() as reader:
            return self._types.session(reader).get(kind, name, version)

    # Nodes

    def put(self, node: N, *, reuse: bool = False) -> N:
        """Create an artifact, execution or context; returns it as stored.

        With `reuse`, one with the same external id, or the same type and name, is taken instead,
        and what is given is set on it; an artifact that was deleted is live again. Without, such a
        one raises AlreadyExists.
        """
        return self.put_all([node], reuse=reuse)[0]

    def put_all(self, nodes: Iterable[N], *, reuse: bool = False) -> list[N]:
        """Create many nodes in one transaction; as `put` for each."""
        given = list(nodes)
        for node in given:
            if validate_node(node).id is not None:
                raise InvalidValue(
                    f"{node.label} has the id {node.id} already; use update() to change it"
                )

        def work(tx: Writer, types: TypeSession, looking: bool) -> list[N]:
            compose = BatchBuilder(tx, types, now := self._clock())
            for node in given:
                compose.reuse(node) if reuse else compose.create(node)
            if reuse:
                for write in compose.batch.nodes:
                    write.unless_deleted = is_asked(write)
            if looking:
                settle(tx, types, compose.batch, now, put=True)
            ids = tx.apply(compose.batch)
            if reuse:
                return _read_back(tx, given, ids)  # type: ignore[return-value]
            return [
                _to_stored(node, write, id, now)
                for node, write, id in zip(given, compose.batch.nodes, ids, strict=True)
            ]

        return self._write_again(work)

    def update(self, node: N) -> N:
        """Write a changed node back; returns it as stored.

        Everything but id, type and created time becomes what `node` has: a property that it
        lacks is removed. Raises Conflict where the stored node changed after `node` was read,
        NotFound where it is gone.
        """

        def work(tx: Writer, types: TypeSession) -> N:
            compose = BatchBuilder(tx, types, self._clock())
            compose.replace(validate_node(node))
            [id] = tx.apply(compose.batch)
            return _only(tx.nodes(node.kind, [id]), node.kind, id)  # type: ignore[return-value]

        return self._write(work)

    def get(self, reference: str, *, kind: Kind | None = None) -> Node:
        """The node that a reference names: `artifact:42`, `Model:churn`, an external id, a uri.

        Raises NotFound, or Ambiguous where several nodes have that external id or uri.
        """
        with self._reading() as (reader, types):
            return resolve(reference, reader, types, (kind,) if kind else tuple(Kind))

    def artifact(self, reference: int | str) -> Artifact:
        """An artifact by id or reference. Raises NotFound."""
        return self._one(Kind.ARTIFACT, reference)  # type: ignore[return-value]

    def execution(self, reference: int | str) -> Execution:
        """An execution by id or reference. Raises NotFound."""
        return self._one(Kind.EXECUTION, reference)  # type: ignore[return-value]

    def context(self, reference: int | str) -> Context:
        """A context by id or reference. Raises NotFound."""
        return self._one(Kind.CONTEXT, reference)  # type: ignore[return-value]

    def counts(self) -> Counts:
        """How many types, artifacts, executions, contexts and events there are."""
        with self.backend.read() as reader:
            return reader.counts()

    # Events and contexts

    def put_events(self, events: Iterable[Event]) -> None:
        """Write events between stored artifacts and executions. Those that exist stay.

        Nodes stay as they are, deleted artifacts too. Raises NotFound where an id is of nothing.
        """
        given = list(events)

        def work(tx: Writer, types: TypeSession) -> None:
            compose = BatchBuilder(tx, types, self._clock())
            for event in given:
                compose.event_by_ids(event)
            tx.apply(compose.batch)

        self._write(work)

    def events(
        self, *, artifact: ArtifactRef | None = None, execution: ExecutionRef | None = None
    ) -> list[Event]:
        """The events of an artifact, of an execution, or between the two."""
        with self._reading() as (reader, types):
            ids: dict[str, list[int]] = {}
            if artifact is not None:
                ids["artifact_ids"] = [self._id(reader, types, Kind.ARTIFACT, artifact)]
            if execution is not None:
                ids["execution_ids"] = [self._id(reader, types, Kind.EXECUTION, execution)]
            if not ids:
                raise InvalidValue("say whose events: artifact=... or execution=...")
            return reader.events(**ids)

    def put_in_context(
        self,
        context: ContextRef,
        *,
        artifacts: Iterable[ArtifactRef] = (),
        executions: Iterable[ExecutionRef] = (),
    ) -> None:
        """Attribute artifacts to a context, and associate executions with it."""
        members = [(Kind.ARTIFACT, a) for a in artifacts]
        members += [(Kind.EXECUTION, e) for e in executions]  # type: ignore[misc]

        def work(tx: Writer, types: TypeSession) -> None:
            compose = BatchBuilder(tx, types, self._clock())
            parent = compose.any(Kind.CONTEXT, context)
            for kind, member in members:
                compose.batch.memberships.append((compose.any(kind, member), parent))
            tx.apply(compose.batch)

        self._write(work)

    def put_parent(self, child: ContextRef, parent: ContextRef) -> None:
        """Put a context below another. Raises ContextCycle where that would close a circle."""

        def work(tx: Writer, types: TypeSession) -> None:
            compose = BatchBuilder(tx, types, self._clock())
            pair = (compose.any(Kind.CONTEXT, child), compose.any(Kind.CONTEXT, parent))
            compose.batch.parents.append(pair)
            ids = tx.apply(compose.batch)
            check_acyclic(tx, [(ids[pair[0]], ids[pair[1]])])

        self._write(work)

    def contexts_of(
        self, node: ArtifactRef | ExecutionRef, *, kind: Kind | None = None
    ) -> list[Context]:
        """The contexts that an artifact or execution is in; an int needs its `kind`."""
        with self._reading() as (reader, types):
            found = self._start(reader, types, node, kind)
            assert found.id is not None
            pairs = reader.contexts_of(found.kind, [found.id])
            return reader.nodes(Kind.CONTEXT, [c for _, c in pairs])  # type: ignore[return-value]

    def parents_of(self, context: ContextRef) -> list[Context]:
        """The contexts directly above a context."""
        with self._reading() as (reader, types):
            id = self._id(reader, types, Kind.CONTEXT, context)
            above = [parent for _, parent in reader.parents_of([id])]
            return reader.nodes(Kind.CONTEXT, above)  # type: ignore[return-value]

    def children_of(self, context: ContextRef) -> list[Context]:
        """The contexts directly below a context."""
        with self._reading() as (reader, types):
            id = self._id(reader, types, Kind.CONTEXT, context)
            below = [child for child, _ in reader.children_of([id])]
            return reader.nodes(Kind.CONTEXT, below)  # type: ignore[return-value]

    # Recording

    def record(
        self,
        execution: ExecutionRef,
        *,
        inputs: Any = None,
        outputs: Any = None,
        contexts: Sequence[ContextRef] = (),
        types: Sequence[Type] = (),
        time_ms: int | None = None,
    ) -> Recorded:
        """Write one step whole: its execution, inputs, outputs, events and contexts.

        `inputs` and `outputs` map a path to an artifact or a list of them, or are a list of
        artifacts or `Port`s; see `Step`. An artifact, execution or context given whole is re-used
        by its id, its external id, or its type and name, and made otherwise; an id or a reference
        (`"Dataset:raw"`) must exist. What is given on a re-used one is set on it. An artifact that
        was deleted is live again as an output, and stays deleted as an input.

        Raises InvalidInput, NotFound or AlreadyExists, and then nothing was written.

        Examples
        --------
        >>> store = lineage.connect("memory://")
        >>> run = store.record(
        ...     Execution(type="Train", properties={}, custom_properties={"depth": 3}),
        ...     inputs={"examples": Artifact(type="Dataset", name="raw")},
        ...     outputs={"model": Artifact(type="Model", name="churn")},
        ...     contexts=[Context(type="PipelineRun", name="monday")],
        ... )
        >>> store.artifact(run.output("model")).label
        'Model:churn'
        """
        step = Step(
            execution=execution,
            inputs=inputs,
            outputs=outputs,
            contexts=contexts,
            types=types,
            time_ms=time_ms,
        )
        return self._record([step])[0]

    def record_steps(
        self,
        steps: Iterable[Step],
        *,
        batch_size: int = 500,
        progress: Callable[[int], None] | None = None,
    ) -> int:
        """Record steps from an iterator, `batch_size` in a transaction; returns how many.

        `progress` is called with the number of steps recorded since it was called last. Where a
        step is refused, its batch is not written; those before it are.
        """
        if validate_int64(batch_size, "batch_size") < 1:
            raise InvalidValue(f"batch_size is {batch_size}; it must be at least 1")
        total = 0
        for chunk in split_into_chunks(steps, batch_size):
            total += len(self._record(chunk))
            if progress is not None:
                progress(len(chunk))
        return total

    def mirror(
        self,
        *,
        types: Iterable[Type] = (),
        nodes: Iterable[Node] = (),
        events: Iterable[Event] = (),
        memberships: Iterable[tuple[Kind, int, int]] = (),
        parents: Iterable[tuple[int, int]] = (),
        marks: Iterable[Mark] = (),
        policies: Iterable[Policy] = (),
        notes: Iterable[tuple[str, str]] = (),
        note: tuple[str, str | None] | None = None,
    ) -> None:
        """Write a part of another store exactly, ids and times kept, in one transaction.

        What is there already with the same id is overwritten, so that the same part may be
        mirrored twice. `memberships` are (kind, node id, context id), `parents` (child id, parent
        id). `note` is kept in the same transaction (how far a copy has come).
        """
        given_nodes, given_events = list(nodes), list(events)
        given_memberships, given_parents = list(memberships), list(parents)
        given_types = list(types)
        given_marks = [validate_mark(mark) for mark in marks]
        given_policies = [validate_policy(policy) for policy in policies]
        given_notes = list(notes)

        def work(tx: Writer, session: TypeSession) -> None:
            for type in given_types:
                # What was added to it here stays.
                session.put(type, extending=True)
            compose = BatchBuilder(tx, session, self._clock())
            for node in given_nodes:
                compose.mirror(node)
            for event in given_events:
                compose.event_by_ids(event, mirrored=True)
            for kind, member, context in given_memberships:
                pair = (compose.reference(kind, member), compose.reference(Kind.CONTEXT, context))
                compose.batch.memberships.append(pair)
            for child, parent in given_parents:
                pair = (
                    compose.reference(Kind.CONTEXT, child),
                    compose.reference(Kind.CONTEXT, parent),
                )
                compose.batch.parents.append(pair)
            tx.apply(compose.batch)
            check_acyclic(tx, given_parents)
            if given_marks:
                tx.put_marks(given_marks)
            if given_policies:
                # Policies go with the types: whoever holds these holds those.
                tx.lock_types()
                for policy in merge_policies(tx.policies(), given_policies):
                    tx.put_policy(policy)
            for kept in [*given_notes, *([] if note is None else [note])]:
                tx.set_note(*kept)

        self._write(work)

    def note(self, key: str) -> str | None:
        """What was kept under a key by `mirror`."""
        with self.backend.read() as reader:
            return reader.note(key)

    # Inside

    def _record(self, steps: Sequence[Step]) -> list[Recorded]:
        def work(tx: Writer, types: TypeSession, looking: bool) -> list[Recorded]:
            compose = BatchBuilder(tx, types, now := self._clock(), reviving=True)
            composed = [compose.step(step) for step in steps]
            if looking:
                settle(tx, types, compose.batch, now)
            ids = tx.apply(compose.batch)
            return [
                Recorded(
                    execution=ids[execution],
                    inputs={p.path: ids[i] for p, i in zip(step.inputs, inputs, strict=True)},
                    outputs={p.path: ids[o] for p, o in zip(step.outputs, outputs, strict=True)},
                    contexts=tuple(ids[c] for c in contexts),
                )
                for step, (execution, inputs, outputs, contexts) in zip(
                    steps, composed, strict=True
                )
            ]

        return self._write_again(work)

    def _write_again(self, work: Callable[[Writer, TypeSession, bool], T]) -> T:
        """A write that may meet deleted artifacts, which it then looks for, and is made again."""
        for looking in (False, *[True] * _TRIES):
            try:
                return self._write(lambda tx, types, looking=looking: work(tx, types, looking))  # type: ignore[misc]
            except FoundDeleted:
                continue
        raise Conflict("artifacts of this write keep being deleted while it is made: try again")

    def _write(self, work: Callable[[Writer, TypeSession], T]) -> T:
        sessions: list[TypeSession] = []

        def run(tx: Writer) -> T:
            session = self._types.session(tx)
            sessions.append(session)
            return work(tx, session)

        result = self.backend.write(run)
        self._types.keep(sessions[-1])
        return result

    @contextmanager
    def _reading(self) -> Iterator[tuple[Reader, TypeSession]]:
        with self.backend.read() as reader:
            yield reader, self._types.session(reader)

    def _one(self, kind: Kind, reference: int | str) -> Node:
        with self._reading() as (reader, types):
            return self._node(reader, types, kind, reference)

    def _node(
        self, reader: Reader, types: TypeSession, kind: Kind, given: Node | int | str
    ) -> Node:
        if isinstance(given, int):
            validate_int64(given, f"{kind}.id")
            return _only(reader.nodes(kind, [given]), kind, given)
        if isinstance(given, str):
            return resolve(given, reader, types, (kind,))
        if not isinstance(given, Node) or given.kind is not kind:
            raise InvalidValue(
                f"{format_value(given)} is no {kind}; give one, its id, or a reference"
            )
        return self._start(reader, types, given)

    def _id(self, reader: Reader, types: TypeSession, kind: Kind, given: Node | int | str) -> int:
        id = self._node(reader, types, kind, given).id
        assert id is not None
        return id


def _to_stored(node: N, write: NodeWrite, id: int, now_ms: int) -> N:
    """A node that was given and made, as the store has it now."""
    assert write.type is not None
    return type(node).trusted(
        {
            **node.__dict__,
            "id": id,
            "type_id": write.type.id,
            "type_version": write.type.version,
            "properties": write.properties or {},
            "custom_properties": write.custom_properties or {},
            "created_ms": now_ms,
            "updated_ms": now_ms,
        }
    )


def _only(found: Sequence[Node], kind: Kind, id: int) -> Node:
    if not found:
        raise NotFound(f"there is no {kind} with the id {id}")
    return found[0]


def _read_back(tx: Writer, given: Sequence[Node], ids: Sequence[int]) -> list[Node]:
    by_kind: dict[Kind, list[int]] = {}
    for node, id in zip(given, ids, strict=True):
        by_kind.setdefault(node.kind, []).append(id)
    found = {(k, n.id): n for k, some in by_kind.items() for n in tx.nodes(k, some)}
    return [found[node.kind, id] for node, id in zip(given, ids, strict=True)]


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
