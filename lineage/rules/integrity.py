"""Hold what a store has against the rules of the domain.

A store that was only ever written through the engine keeps them. What breaks them is a disk, or
another program; this finds what they left, and changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lineage.errors import StoreError
from lineage.model import Kind, Node
from lineage.ports.filters import Filter
from lineage.ports.reader import Reader
from lineage.rules.cycles import find_circle

_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that breaks a rule: where it is, as people name it, and what is wrong there."""

    where: str
    what: str


def find_faults(
    reader: Reader, progress: Callable[[int, int | None], None] | None = None
) -> Iterator[Fault]:
    """Yield each fault of a store: of its nodes, events, contexts and marks.

    Parameters
    ----------
    reader
        One consistent state.
    progress
        Called with how many nodes and events were looked at, and of how many.

    Yields
    ------
    Fault
        In the order of nodes by kind and id, events, contexts, marks.
    """
    try:
        counts = reader.counts()
        total = counts.artifacts + counts.executions + counts.contexts + counts.events
        known = {type.id: type.kind for type in reader.types()}
    except StoreError as error:
        yield Fault("types", str(error))
        return
    tell = _Tally(total, progress)
    ids: dict[Kind, set[int]] = {}
    for kind in Kind:
        ids[kind] = set()
        yield from _faults_of_nodes(reader, kind, known, ids[kind], tell)
    yield from _faults_of_events(reader, ids, tell)
    yield from _faults_of_contexts(reader, ids)
    yield from _faults_of_marks(reader, ids)


class _Tally:
    def __init__(self, total: int, progress: Callable[[int, int | None], None] | None) -> None:
        self._done, self._total, self._progress = 0, total, progress

    def add(self, count: int) -> None:
        self._done += count
        if self._progress is not None:
            self._progress(self._done, self._total)


def _faults_of_nodes(
    reader: Reader, kind: Kind, known: dict[int | None, Kind], ids: set[int], tell: _Tally
) -> Iterator[Fault]:
    names: dict[tuple[object, ...], int] = {}
    external: dict[str, int] = {}
    after = 0
    while True:
        where = Filter(after_id=after, limit=_AT_ONCE)
        try:
            found = reader.find(kind, where)
        except StoreError as error:
            # One row that can't be read hides the others of its batch: look one by one.
            yield Fault(f"{kind}s after {kind}:{after}", str(error))
            found = []
            rows = reader.find_fields(kind, where, ())
            for id, _ in rows:
                try:
                    found += reader.nodes(kind, [id])
                except StoreError as bad:
                    ids.add(id)
                    yield Fault(f"{kind}:{id}", str(bad))
            if rows:
                after = max(after, rows[-1][0])
        for node in found:
            yield from _faults_of_node(node, known, names, external)
        ids.update(node.id or 0 for node in found)
        after = max([after, *(node.id or 0 for node in found)])
        tell.add(len(found))
        if len(found) < _AT_ONCE and not reader.find_fields(
            kind, Filter(after_id=after, limit=1), ()
        ):
            return


def _faults_of_node(
    node: Node,
    known: dict[int | None, Kind],
    names: dict[tuple[object, ...], int],
    external: dict[str, int],
) -> Iterator[Fault]:
    where = f"{node.kind}:{node.id}"
    if known.get(node.type_id) is not node.kind:
        yield Fault(where, f"its type {node.type_id} is none of the {node.kind} types")
    if node.name is not None:
        key = (node.type_id, node.name, getattr(node, "version", None))
        if (first := names.setdefault(key, node.id or 0)) != node.id:
            yield Fault(where, f"its name {node.name!r} is also that of {node.kind}:{first}")
    if node.external_id is not None:
        first = external.setdefault(node.external_id, node.id or 0)
        if first != node.id:
            yield Fault(where, f"its external id is also that of {node.kind}:{first}")
    if (node.created_ms or 0) > (node.updated_ms or 0):
        yield Fault(where, "it was updated before it was created")


def _faults_of_events(reader: Reader, ids: dict[Kind, set[int]], tell: _Tally) -> Iterator[Fault]:
    after: tuple[int, int, str, str] | None = None
    while True:
        try:
            events = reader.scan_events(after, _AT_ONCE)
        except StoreError as error:
            yield Fault("events" if after is None else f"events after {after[:2]}", str(error))
            return
        for event in events:
            for kind, id in (
                (Kind.ARTIFACT, event.artifact_id),
                (Kind.EXECUTION, event.execution_id),
            ):
                if id not in ids[kind]:
                    yield Fault(
                        f"the {event.type} event of artifact:{event.artifact_id} and "
                        f"execution:{event.execution_id}",
                        f"there is no {kind}:{id}",
                    )
        tell.add(len(events))
        if len(events) < _AT_ONCE:
            return
        last = events[-1]
        path = json.dumps(last.path, ensure_ascii=False, separators=(",", ":"))
        after = (last.execution_id, last.artifact_id, last.type, path)


def _faults_of_contexts(reader: Reader, ids: dict[Kind, set[int]]) -> Iterator[Fault]:
    contexts = sorted(ids[Kind.CONTEXT])
    for kind in (Kind.ARTIFACT, Kind.EXECUTION):
        for context, id in reader.members_of(contexts, kind):
            if id not in ids[kind]:
                yield Fault(f"context:{context}", f"its member {kind}:{id} is not there")
        for id, context in reader.contexts_of(kind, sorted(ids[kind])):
            if context not in ids[Kind.CONTEXT]:
                yield Fault(f"{kind}:{id}", f"it is in context:{context}, which is not there")
    above: dict[int, list[int]] = {context: [] for context in contexts}
    for child, parent in reader.parents_of(contexts):
        if parent in above:
            above[child].append(parent)
        else:
            yield Fault(f"context:{child}", f"its parent context:{parent} is not there")
    for context in sorted(find_circle(above)):
        yield Fault(f"context:{context}", "it is in a circle of contexts, or above one")


def _faults_of_marks(reader: Reader, ids: dict[Kind, set[int]]) -> Iterator[Fault]:
    try:
        marks = reader.marks()
    except StoreError as error:
        yield Fault("marks", str(error))
        return
    for mark in marks:
        if mark.node_id not in ids[mark.kind]:
            yield Fault(f"mark {mark.id}", f"it is on {mark.node}, which is not there")
