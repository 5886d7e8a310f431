"""What becomes of a deleted artifact that is recorded again: the one rule, over any backend.

- As the **output** of a step it is there again: its state becomes what is given, LIVE where none
  is, and what is given is set on it. So does one that is put by itself. An output that the step is
  known to have had says nothing new, so that replaying old records brings nothing back.
- As an **input** it stays deleted: that something was read does not mean that it is still there.
  The event is recorded; what is given of the artifact is not.
- Whoever gives a **state** has the last word: that becomes its state, and all that is given is set.

Looking for deleted artifacts costs a round trip, so it is done only where a write has met one:
what the rule is about is written `unless_deleted`, and after FoundDeleted the write is made again,
with `settle`. Executions and contexts have no such state; what is given is set on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from lineage.model import Artifact, ArtifactState, EventType, Flow, Kind
from lineage.ports.batch import Batch, NodeWrite, WriteMode
from lineage.ports.reader import Reader
from lineage.rules.types import TypeSession

_NAMING = (WriteMode.MERGE, WriteMode.REFERENCE)


def is_asked(write: NodeWrite) -> bool:
    """Whether the rule has a say: no state was given for an artifact that may be there already."""
    return write.kind is Kind.ARTIFACT and write.mode in _NAMING and write.state is None


def sets_something(write: NodeWrite) -> bool:
    """Whether a deleted artifact would get some content by it."""
    return bool(write.properties or write.custom_properties or write.uri is not None)


def carries_output(type: EventType) -> bool:
    """Whether by such an event its artifact was written."""
    return type.flow is Flow.OUTPUT


def settle(
    reader: Reader, types: TypeSession, batch: Batch, now_ms: int, *, put: bool = False
) -> None:
    """Say in the batch what becomes of each deleted artifact in it; with `put`, they are back.

    However many there are, the store is asked a fixed number of times.
    """
    naming = [at for at, write in enumerate(batch.nodes) if write.mode in _NAMING]
    ids = _ids(reader, Kind.ARTIFACT, naming, batch)
    deleted = {
        node.id or 0: node
        for node in reader.nodes(Kind.ARTIFACT, sorted(set(ids.values())))
        if isinstance(node, Artifact) and node.state is ArtifactState.DELETED
    }
    found: dict[int, list[int]] = {}
    for position, id in ids.items():
        if id in deleted:
            found.setdefault(id, []).append(position)
            batch.nodes[position].unless_deleted = False
    back = set(found) if put else _written(reader, batch, ids, set(found))
    for id, positions in found.items():
        node, writes = deleted[id], [batch.nodes[position] for position in positions]
        if any(write.state is not None for write in writes):
            continue
        for write in writes:
            if write.type is not None and write.type.id != node.type_id:
                # It will be refused, as it would be of an artifact that is there.
                continue
            if id not in back:
                write.mode, write.key, write.id = WriteMode.REFERENCE, "id", id
            elif write.mode is WriteMode.REFERENCE:
                write.mode, write.key, write.id = WriteMode.MERGE, "id", id
                write.type = types.get(Kind.ARTIFACT, node.type, node.type_version)
                write.now_ms = now_ms
            write.state = ArtifactState.LIVE if id in back else None


def _written(reader: Reader, batch: Batch, ids: Mapping[int, int], deleted: Set[int]) -> set[int]:
    """Those of which the batch has an output event that is not there yet."""
    outputs = [
        (ids[event.artifact], event)
        for event in batch.events
        if carries_output(event.type) and ids.get(event.artifact) in deleted
    ]
    runs = _ids(reader, Kind.EXECUTION, sorted({event.execution for _, event in outputs}), batch)
    known = {
        (e.artifact_id, e.execution_id, e.type, e.path)
        for e in reader.events(
            artifact_ids=sorted({id for id, _ in outputs}), execution_ids=sorted(set(runs.values()))
        )
    }
    return {
        id
        for id, event in outputs
        if (id, runs.get(event.execution), event.type, event.path) not in known
    }


def _ids(reader: Reader, kind: Kind, positions: Iterable[int], batch: Batch) -> dict[int, int]:
    """By position, the ids of the stored nodes of one kind that writes of the batch name."""
    found: dict[int, int] = {}
    external_ids: dict[str, list[int]] = {}
    names: dict[tuple[int, str], list[int]] = {}
    for position in positions:
        write = batch.nodes[position]
        if write.kind is not kind or write.mode is WriteMode.CREATE:
            continue
        if write.key == "id":
            if write.id is not None:
                found[position] = write.id
        elif write.key == "external_id":
            if write.external_id is not None:
                external_ids.setdefault(write.external_id, []).append(position)
        elif write.key == "at":
            continue
        elif write.type is not None and write.type.id is not None and write.name is not None:
            names.setdefault((write.type.id, write.name), []).append(position)
    if external_ids or names:
        for node in reader.by_keys(kind, external_ids=list(external_ids), names=list(names)):
            for position in (
                *external_ids.get(node.external_id or "", ()),
                *names.get((node.type_id or 0, node.name or ""), ()),
            ):
                found[position] = node.id or 0
    return dict(sorted(found.items()))
