"""What is next to a node: its events, the contexts that it is in, those above and below."""

from __future__ import annotations

from lineage.errors import InvalidValue
from lineage.model import ArtifactRef, Context, ContextRef, Event, ExecutionRef, Kind
from lineage.session.snapshot import Snapshot


def list_events(
    snapshot: Snapshot, artifact: ArtifactRef | None, execution: ExecutionRef | None
) -> list[Event]:
    """Return the events of an artifact, of an execution, or between the two.

    Raises
    ------
    InvalidValue
        Neither is given.
    """
    ids: dict[str, list[int]] = {}
    if artifact is not None:
        ids["artifact_ids"] = [snapshot.of_kind(Kind.ARTIFACT, artifact).id or 0]
    if execution is not None:
        ids["execution_ids"] = [snapshot.of_kind(Kind.EXECUTION, execution).id or 0]
    if not ids:
        raise InvalidValue("say whose events: artifact=... or execution=...")
    return snapshot.reader.events(**ids)


def contexts_of(
    snapshot: Snapshot, node: ArtifactRef | ExecutionRef, kind: Kind | None = None
) -> list[Context]:
    """Return the contexts that an artifact or execution is in."""
    found = snapshot.resolve(node, kind)
    pairs = snapshot.reader.contexts_of(found.kind, [found.id or 0])
    return _contexts(snapshot, [context for _, context in pairs])


def parents_of(snapshot: Snapshot, context: ContextRef) -> list[Context]:
    """Return the contexts directly above a context."""
    id = snapshot.of_kind(Kind.CONTEXT, context).id or 0
    return _contexts(snapshot, [parent for _, parent in snapshot.reader.parents_of([id])])


def children_of(snapshot: Snapshot, context: ContextRef) -> list[Context]:
    """Return the contexts directly below a context."""
    id = snapshot.of_kind(Kind.CONTEXT, context).id or 0
    return _contexts(snapshot, [child for child, _ in snapshot.reader.children_of([id])])


def _contexts(snapshot: Snapshot, ids: list[int]) -> list[Context]:
    return snapshot.reader.nodes(Kind.CONTEXT, ids)  # type: ignore[return-value]
