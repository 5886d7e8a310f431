"""Artifacts, executions and contexts between the wire and the store.

What differs: an empty text is none here; a state that was never given is UNKNOWN here and absent
there; an artifact always has a `uri` there, empty where it has none; the name of an artifact or an
execution is given when it is made, and an update of it is passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lineage.errors import InvalidValue
from lineage.model import (
    NODE_CLASSES,
    ArtifactState,
    ExecutionState,
    Kind,
    Node,
    Type,
)
from lineage.rules.digests import find_digest
from lineage.rules.versions import to_unique_name
from lineage.server.mlmd import values
from lineage.server.mlmd.messages import Artifact, Context, Execution

MESSAGES: dict[Kind, Any] = {
    Kind.ARTIFACT: Artifact,
    Kind.EXECUTION: Execution,
    Kind.CONTEXT: Context,
}
_STATES: dict[Kind, tuple[str, tuple[Any, ...]]] = {
    Kind.ARTIFACT: ("state", tuple(ArtifactState)),
    Kind.EXECUTION: ("last_known_state", tuple(ExecutionState)),
}
_STATE_NUMBERS = {kind: {s: n for n, s in enumerate(all)} for kind, (_, all) in _STATES.items()}
# What an update does not look at to see whether anything changed.
_OUTSIDE = (
    "type_id", "properties", "custom_properties", "create_time_since_epoch",
    "last_update_time_since_epoch",
)  # fmt: skip


def message(node: Node) -> Any:
    """A node as the wire says it."""
    kind = node.kind
    fields: dict[str, Any] = {
        "id": node.id,
        "type_id": node.type_id,
        "type": node.type,
        "create_time_since_epoch": node.created_ms,
        "last_update_time_since_epoch": node.updated_ms,
    }
    if node.name is not None:
        fields["name"] = to_unique_name(node)
    if node.external_id is not None:
        fields["external_id"] = node.external_id
    if kind is Kind.ARTIFACT:
        fields["uri"] = node.uri or ""  # type: ignore[union-attr]
    if kind is not Kind.CONTEXT:
        number = _STATE_NUMBERS[kind][node.state]  # type: ignore[union-attr]
        if number:
            fields[_STATES[kind][0]] = number
    made = MESSAGES[kind](**fields)
    if node.properties:
        values.put(node.properties, made.properties)
    if node.custom_properties:
        values.put(node.custom_properties, made.custom_properties)
    return made


def new(kind: Kind, given: Any, type: Type) -> Node:
    """The node that a message without an id describes. Raises InvalidValue."""
    if kind is Kind.CONTEXT and not given.name:
        raise InvalidValue("Context name should not be empty")
    return _node(
        kind,
        type,
        given,
        None,
        values.check_declared(type, given.properties) if given.properties else {},
        values.custom(given.custom_properties) if given.custom_properties else {},
    )


def update(stored: Node, given: Any, type: Type, mask: Sequence[str]) -> tuple[Node, bool]:
    """The stored node with what is given, by the mask where there is one; and whether the wire
    counts it as a change.

    Raises InvalidValue.
    """
    kind = stored.kind
    names, custom_names = _mask(mask, "properties"), _mask(mask, "custom_properties")
    properties = values.check_declared(type, given.properties, names)
    custom = values.custom(given.custom_properties, custom_names)
    if names is not None:
        properties = _merge(stored.properties, properties, names)
    if custom_names is not None:
        custom = _merge(stored.custom_properties, custom, custom_names)
    before = message(stored)
    changed = _differs(given, before) or not _equal(stored, properties, custom)
    source = given
    if mask:
        source = before
        for field in MESSAGES[kind].DESCRIPTOR.fields:
            if field.name in mask and field.name not in ("properties", "custom_properties"):
                if given.HasField(field.name):
                    setattr(source, field.name, getattr(given, field.name))
                else:
                    source.ClearField(field.name)
    if kind is Kind.CONTEXT and changed and not source.name:
        raise InvalidValue("Context name should not be empty")
    return _node(kind, type, source, stored, properties, custom), changed


def _node(
    kind: Kind,
    type: Type,
    source: Any,
    stored: Node | None,
    properties: dict[str, Any],
    custom: dict[str, Any],
) -> Node:
    name = source.name or None
    if stored is not None and kind is not Kind.CONTEXT:
        name = stored.name
    fields: dict[str, Any] = {
        "type": type.name,
        "type_version": type.version,
        "type_id": type.id,
        "id": stored.id if stored is not None else None,
        "name": name,
        "external_id": source.external_id or None,
        "properties": properties,
        "custom_properties": custom,
        "created_ms": stored.created_ms if stored is not None else None,
        "updated_ms": stored.updated_ms if stored is not None else None,
    }
    if kind is Kind.ARTIFACT:
        fields["uri"] = source.uri or None
        # A digest that nobody there gives stays.
        fields["digest"] = find_digest(custom, properties) or getattr(stored, "digest", None)
    if kind is not Kind.CONTEXT:
        fields["version"] = getattr(stored, "version", None)
        field, states = _STATES[kind]
        fields["state"] = states[getattr(source, field)]
    return NODE_CLASSES[kind].trusted(fields)


def _mask(mask: Sequence[str], field: str) -> set[str] | None:
    """The properties that a mask names; None where it is about all of them, or there is none."""
    if not mask or field in mask:
        return None
    return {path.removeprefix(f"{field}.") for path in mask if path.startswith(field)}


def _merge(stored: Any, given: dict[str, Any], names: set[str]) -> dict[str, Any]:
    kept = {name: value for name, value in stored.items() if name not in names}
    return {**kept, **given}


def _differs(given: Any, stored: Any) -> bool:
    return bool(_compare(given) != _compare(stored))


def _compare(given: Any) -> Any:
    """A copy without what an update doesn't look at."""
    copy = type(given)()
    copy.CopyFrom(given)
    for field in _OUTSIDE:
        copy.ClearField(field)
    return copy


def _equal(stored: Node, properties: dict[str, Any], custom: dict[str, Any]) -> bool:
    return _same(stored.properties, properties) and _same(stored.custom_properties, custom)


def _same(one: Any, other: Any) -> bool:
    return one.keys() == other.keys() and all(
        type(value) is type(other[name]) and value == other[name] for name, value in one.items()
    )
