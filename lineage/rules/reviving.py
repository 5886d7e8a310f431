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

from collections.abc import Sequence

from lineage.backends.base import Batch, Filter, Mode, NodeWrite, Reader
from lineage.model import Artifact, ArtifactState, EventType, Flow, Kind
from lineage.rules.types import TypeSession

_NAMING = (Mode.MERGE, Mode.REFERENCE)


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
    """Say in the batch what becomes of each deleted artifact in it; with `put`, they are back."""
    found: dict[int, tuple[Artifact, list[int]]] = {}
    for position, write in enumerate(batch.nodes):
        if write.kind is Kind.ARTIFACT and write.mode in _NAMING:
            id = _id(reader, write)
            for node in reader.nodes(Kind.ARTIFACT, [] if id is None else [id]):
                if isinstance(node, Artifact) and node.state is ArtifactState.DELETED:
                    found.setdefault(node.id or 0, (node, []))[1].append(position)
    for id, (node, positions) in found.items():
        writes = [batch.nodes[position] for position in positions]
        for write in writes:
            write.unless_deleted = False
        if any(write.state is not None for write in writes):
            continue
        back = put or _is_written(reader, batch, id, positions)
        for write in writes:
            if write.type is not None and write.type.id != node.type_id:
                # It will be refused, as it would be of an artifact that is there.
                continue
            if not back:
                write.mode, write.key, write.id = Mode.REFERENCE, "id", id
            elif write.mode is Mode.REFERENCE:
                write.mode, write.key, write.id = Mode.MERGE, "id", id
                write.type = types.get(Kind.ARTIFACT, node.type, node.type_version)
                write.now_ms = now_ms
            write.state = ArtifactState.LIVE if back else None


def _is_written(reader: Reader, batch: Batch, id: int, positions: Sequence[int]) -> bool:
    """Whether the batch has an output event of the artifact that is not there yet."""
    for event in batch.events:
        if event.artifact in positions and carries_output(event.type):
            execution = _id(reader, batch.nodes[event.execution])
            known = (
                []
                if execution is None
                else reader.events(artifact_ids=[id], execution_ids=[execution])
            )
            if not any((e.type, e.path) == (event.type, event.path) for e in known):
                return True
    return False


def _id(reader: Reader, write: NodeWrite) -> int | None:
    """The id of the stored node that a write names."""
    if write.mode is Mode.CREATE:
        return None
    if write.key == "id":
        return write.id
    if write.key == "external_id":
        where = Filter(external_id=write.external_id)
    else:
        type_ids = [] if write.type is None or write.type.id is None else [write.type.id]
        where = Filter(name=write.name, type_ids=type_ids)
    return next((node.id for node in reader.find(write.kind, where)), None)
