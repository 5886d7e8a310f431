"""Bringing lineage from elsewhere into a store, in batches, ids and times kept.

Each batch is one transaction that also notes how far the transfer has come, so that one that was
interrupted goes on from there. One that has ended starts anew when it is run again: what is there
is written over with the same, what is new is added. So does one whose source has grown since it was
begun, where an edge leads to a node that was not there then.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, Protocol, TypeVar

from lineage.errors import AlreadyExists, NotFound, TypeConflict
from lineage.model import Event, Kind, Mark, Node, Policy, Type
from lineage.ports.chunks import split_into_chunks
from lineage.store import Store

BATCH = 10_000

T = TypeVar("T")

Progress = Callable[[int, int], None]
# A stage, where in it to go on, and how many nodes and events are done.
_Place = tuple[str, Any, int]
_START: _Place = ("types", None, 0)


@dataclass(frozen=True, slots=True)
class TransferReport:
    """What the source has, all of which is now in the target."""

    types: int
    artifacts: int
    executions: int
    contexts: int
    events: int

    def __str__(self) -> str:
        return ", ".join(f"{count:,} {what}" for what, count in asdict(self).items())

    def to_dict(self) -> dict[str, int]:
        """The counts by name."""
        return asdict(self)


class Source(Protocol):
    """Something to transfer from. Cursors are JSON values; None asks for the first batch.

    It is read by one thread at a time, which need not be the one that opened it.
    """

    @property
    def name(self) -> str:
        """What tells it from other sources."""

    def counts(self) -> TransferReport:
        """How much there is."""

    def types(self) -> list[Type]:
        """All types."""

    def nodes(self, kind: Kind, after: int, limit: int) -> list[Node]:
        """The next nodes by id."""

    def memberships(self, kind: Kind, ids: Sequence[int]) -> Iterable[tuple[int, int]]:
        """Pairs (node id, context id) of these nodes."""

    def parents(self) -> Iterable[tuple[int, int]]:
        """Pairs (child id, parent id) of contexts."""

    def events(self, after: Any, limit: int) -> tuple[list[Event], Any]:
        """The next events, and the cursor behind them."""

    def marks(self) -> list[Mark]:
        """All marks, lifted ones too."""

    def policies(self) -> list[Policy]:
        """All versions of all policies."""

    def metadata(self) -> list[tuple[str, str]]:
        """Return the metadata that belongs to the lineage: receipts of deletions."""


def transfer(
    source: Source, target: Store, *, progress: Progress | None = None, batch: int = BATCH
) -> TransferReport:
    """Write all of `source` into `target`.

    `progress` is called with how many nodes and events are done, and of how many. Raises
    AlreadyExists where an id is taken in the target by something else, before that is touched,
    TypeConflict where a type is another one there.
    """
    key = f"transfer from {source.name}"
    start: _Place = tuple(json.loads(target.metadata(key) or "null") or _START)
    while True:
        total = source.counts()
        try:
            _run(source, target, key, start, total, progress, batch)
        except NotFound:
            if start == _START and source.counts() == total:
                raise
            start = _START
        except TypeConflict as error:
            raise TypeConflict(
                f"{target.url} is neither empty nor a copy of {source.name}: {error}"
            ) from error
        else:
            return total


def _run(
    source: Source,
    target: Store,
    key: str,
    start: _Place,
    total: TransferReport,
    progress: Progress | None,
    batch: int,
) -> None:
    """Write everything from that place on, noting the place after each batch."""
    of = total.artifacts + total.executions + total.contexts + total.events
    stage, after, done = start
    for stage_at, step in _ahead(_steps(source, target, stage, after, batch)):
        written = len(step.get("nodes", ())) + len(step.get("events", ()))
        done += written
        reached = json.dumps([*stage_at, done])
        target.mirror(**step, progress=(key, reached))
        if progress is not None:
            progress(min(done, of), of)
    target.mirror(progress=(key, None))


def _ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items; the next is made ready while one is used."""
    with ThreadPoolExecutor(1) as other:
        coming = other.submit(lambda: next(items, None))
        while (item := coming.result()) is not None:
            coming = other.submit(lambda: next(items, None))
            yield item


def _steps(
    source: Source, target: Store, stage: str, after: Any, batch: int
) -> Iterator[tuple[tuple[str, Any], dict[str, Any]]]:
    """What to write next, and where to go on after it."""
    if stage != "types":
        # There may be more of them since.
        yield (stage, after), {"types": source.types()}
    stages = ["types", *(str(kind) for kind in _ORDER), "events", "marks"]
    for name in stages[stages.index(stage) :]:
        if name == "types":
            yield (str(_ORDER[0]), None), {"types": source.types()}
        elif name == "events":
            while True:
                events, after = source.events(after, batch)
                if not events:
                    break
                yield ("events", after), {"events": events}
            yield ("marks", None), {}
        elif name == "marks":
            # Last, so that whoever finds a mark finds all that it taints.
            for marks in split_into_chunks(source.marks(), batch):
                _check_marks_free(target, marks)
                yield ("marks", None), {"marks": marks}
            yield ("marks", None), {"policies": source.policies(), "metadata": source.metadata()}
        else:
            kind = Kind(name)
            while nodes := source.nodes(kind, -(2**63) if after is None else after, batch):
                _check_free(target, kind, nodes)
                ids = [node.id for node in nodes if node.id is not None]
                after = ids[-1]
                step: dict[str, Any] = {"nodes": nodes}
                if kind is not Kind.CONTEXT:
                    pairs = source.memberships(kind, ids)
                    step["memberships"] = [(kind, node, context) for node, context in pairs]
                yield (name, after), step
            if kind is Kind.CONTEXT:
                yield (str(_ORDER[1]), None), {"parents": list(source.parents())}
        after = None


_ORDER = (Kind.CONTEXT, Kind.ARTIFACT, Kind.EXECUTION)


def _check_marks_free(target: Store, marks: Sequence[Mark]) -> None:
    """Nobody's mark may be written over by another of the same id."""
    coming = {mark.id: mark for mark in marks}
    with target.backend.read() as reader:
        there = [mark for mark in reader.marks() if mark.id in coming]
    for mark in there:
        other = coming[mark.id]
        if _identity(mark) != _identity(other):
            raise AlreadyExists(
                f"mark {mark.id} is {mark.label!a} on {mark.node} in {target.url}, and "
                f"{other.label!a} on {other.node} in what is to be brought in; ids are kept, so "
                "choose an empty store"
            )


def _identity(mark: Mark) -> tuple[object, ...]:
    return (mark.label, mark.kind, mark.node_id, mark.clean, mark.recorded_ms)


def _check_free(target: Store, kind: Kind, nodes: Sequence[Node]) -> None:
    """Nobody's node may be written over by another of the same id."""
    coming = {node.id: node for node in nodes}
    with target.backend.read() as reader:
        there = reader.nodes(kind, [id for id in coming if id is not None])
    for node in there:
        other = coming[node.id]
        if (node.type, node.created_ms) != (other.type, other.created_ms or 0):
            raise AlreadyExists(
                f"{kind}:{node.id} is {node.label} in {target.url}, and {other.label} in what is "
                "to be brought in; ids are kept, so choose an empty store"
            )
