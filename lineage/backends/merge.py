"""What a stored node becomes under a MERGE or REPLACE: for the backends that ask in Python."""

from __future__ import annotations

from typing import Any

from lineage.backends.codec import encode
from lineage.backends.conflicts import build_changed_error, build_other_type_error
from lineage.model import ArtifactState, Execution, ExecutionState, Kind, Node
from lineage.model.fields import GIVEN_FIELDS
from lineage.ports.batch import FoundDeleted, NodeWrite, WriteMode


def rewrite(old: Node, write: NodeWrite) -> dict[str, Any] | None:
    """The fields that change, and the place with the uri, or None where nothing does.

    Raises InvalidValue where the write is meant for a node of another type, Conflict, and
    FoundDeleted.

    The updated time always grows, so that it also tells two changes in one millisecond apart.
    """
    assert old.id is not None
    assert old.updated_ms is not None
    if write.type is not None and write.type.id != old.type_id:
        raise build_other_type_error(write, old.id, old.type)
    if write.expected_ms is not None and old.updated_ms != write.expected_ms:
        raise build_changed_error(old.kind, old.id, write.expected_ms, old.updated_ms)
    refuse_deleted(old, write)
    changed: dict[str, Any] = {}
    merging = write.mode is WriteMode.MERGE
    for field in GIVEN_FIELDS[old.kind]:
        new = getattr(write, field)
        if field == "state" and new is None and not merging:
            new = DEFAULT_STATES[old.kind]
        if new != getattr(old, field) and not ((merging or field == "version") and new is None):
            changed[field] = new
    if "state" in changed and write.forward and goes_back(old, changed["state"]):
        del changed["state"]
    if "uri" in changed:
        changed["place"] = write.place if write.place != write.uri else None
    for field in ("properties", "custom_properties"):
        before, given = getattr(old, field), getattr(write, field)
        if merging and not given:
            continue
        after = {**before, **given} if merging else dict(given)
        # As text, because there NaN equals NaN and 1 differs from 1.0.
        if encode(after, sort=True) != encode(before, sort=True):
            changed[field] = after
    if not changed and not write.touch:
        return None
    changed["updated_ms"] = max(write.now_ms, old.updated_ms + 1)
    return changed


def goes_back(old: Node, state: str) -> bool:
    """Whether an execution that has ended would run again by that state."""
    return isinstance(old, Execution) and old.state.is_over and not ExecutionState(state).is_over


def refuse_deleted(old: Node, write: NodeWrite) -> None:
    """Raise FoundDeleted where a write is not meant for a deleted artifact."""
    if write.unless_deleted and getattr(old, "state", None) is ArtifactState.DELETED:
        raise FoundDeleted


def tombstone(old: Node, now_ms: int) -> dict[str, Any]:
    """The fields that change when a node is deleted and its place in the graph stays."""
    assert old.updated_ms is not None
    changed: dict[str, Any] = {
        "properties": {},
        "custom_properties": {},
        "updated_ms": max(now_ms, old.updated_ms + 1),
    }
    if old.kind is Kind.ARTIFACT:
        changed |= {"uri": None, "place": None, "state": ArtifactState.DELETED}
    return changed


# What a node of which no state was given has.
DEFAULT_STATES: dict[Kind, str | None] = {
    Kind.ARTIFACT: "UNKNOWN",
    Kind.EXECUTION: "UNKNOWN",
    Kind.CONTEXT: None,
}
