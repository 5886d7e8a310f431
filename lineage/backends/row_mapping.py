"""Nodes and events from a store's own rows, without validating again what it validated."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from lineage.backends.codec import decode, decode_path, encode_path
from lineage.model import (
    NODE_CLASSES,
    ArtifactState,
    Event,
    EventType,
    ExecutionState,
    Kind,
    Mark,
    Node,
    Path,
    Policy,
)
from lineage.model.fields import GIVEN_FIELDS, TIME_FIELDS

_STATES: dict[Kind, dict[str, ArtifactState | ExecutionState]] = {
    Kind.ARTIFACT: {state.value: state for state in ArtifactState},
    Kind.EXECUTION: {state.value: state for state in ExecutionState},
}
_EVENT_TYPES = {type.value: type for type in EventType}
# Of a row of a node: its columns, and the fields that they are.
NODE_COLUMNS = {
    kind: ("id", "type_id", *given, *TIME_FIELDS, "properties", "custom_properties")
    for kind, given in GIVEN_FIELDS.items()
}
_ROW_FIELDS = {
    kind: tuple(TIME_FIELDS.get(column, column) for column in columns)
    for kind, columns in NODE_COLUMNS.items()
}


def node(
    kind: Kind,
    id: int,
    type: tuple[int, str, str | None],
    given: Mapping[str, Any],
    created_ms: int,
    updated_ms: int,
    properties: dict[str, Any],
    custom_properties: dict[str, Any],
) -> Node:
    """Return a node; `type` is its type's id, name and version, `given` its other own fields.

    Properties come by name, because not every database keeps the order they were given in.
    """
    fields: dict[str, Any] = {
        "id": id,
        "type_id": type[0],
        **{name: given.get(name) for name in GIVEN_FIELDS[kind]},
        "created_ms": created_ms,
        "updated_ms": updated_ms,
        "properties": by_name(properties),
        "custom_properties": by_name(custom_properties),
        "type": type[1],
        "type_version": type[2],
    }
    if kind is not Kind.CONTEXT:
        fields["state"] = _STATES[kind][fields["state"] or "UNKNOWN"]
        fields["version"] = fields["version"] or 1
    return NODE_CLASSES[kind].trusted(fields)


def by_name(properties: dict[str, Any]) -> dict[str, Any]:
    """Properties in the order of their names."""
    if len(properties) < 2:
        return properties
    return {name: properties[name] for name in sorted(properties)}


def event(
    artifact_id: int, execution_id: int, type: str, path: Path, time_ms: int, recorded_ms: int
) -> Event:
    """An event."""
    return Event.trusted(
        {
            "artifact_id": artifact_id,
            "execution_id": execution_id,
            "type": _EVENT_TYPES[type],
            "path": path,
            "time_ms": time_ms,
            "recorded_ms": recorded_ms,
        }
    )


def events(found: Iterable[tuple[int, int, str, str, int, int]]) -> list[Event]:
    """Events from rows of artifact id, execution id, type, path as text, time, recorded."""
    types = _EVENT_TYPES
    return Event.trusted_all(
        [
            {
                "artifact_id": artifact_id,
                "execution_id": execution_id,
                "type": types[type],
                "path": decode_path(path),
                "time_ms": time_ms,
                "recorded_ms": recorded_ms,
            }
            for artifact_id, execution_id, type, path, time_ms, recorded_ms in found
        ]
    )


def nodes(
    kind: Kind, found: Iterable[tuple[Any, ...]], types: Mapping[int, tuple[str, str | None]]
) -> list[Node]:
    """Return nodes from rows of `NODE_COLUMNS`; `types` has the name and version of each type."""
    names = _ROW_FIELDS[kind]
    states = _STATES.get(kind)
    # A copy has room for all fields; a dict that grows is copied twice on the way.
    empty: dict[str, Any] = dict.fromkeys((*names, "type", "type_version"))
    many: list[dict[str, Any]] = []
    for row in found:
        fields = empty.copy()
        fields.update(zip(names, row, strict=True))
        fields["type"], fields["type_version"] = types[fields["type_id"]]
        properties, custom = fields["properties"], fields["custom_properties"]
        fields["properties"] = by_name(decode(properties)) if properties else {}
        fields["custom_properties"] = by_name(decode(custom)) if custom else {}
        if states is not None:
            fields["state"] = states[fields["state"] or "UNKNOWN"]
        many.append(fields)
    return NODE_CLASSES[kind].trusted_all(many)  # type: ignore[return-value]


def event_of(properties: Mapping[str, Any]) -> Event:
    """An event from the native properties of its relationship."""
    return event(
        properties["artifact_id"],
        properties["execution_id"],
        properties["type"],
        decode_path(properties["path"]),
        properties["time"],
        properties["recorded"],
    )


def event_order(event: Event) -> tuple[int, int, str, str]:
    """How events are ordered everywhere: by execution, artifact, type and path."""
    return (event.execution_id, event.artifact_id, event.type, encode_path(event.path))


MARK_FIELDS = tuple(Mark.model_fields)


def mark(found: Mapping[str, Any]) -> Mark:
    """A mark; fields that are missing are None."""
    fields = {name: found.get(name) for name in MARK_FIELDS}
    fields["kind"] = Kind(found["kind"])
    fields["clean"] = bool(found["clean"])
    return Mark.trusted(fields)


def policy_text(policy: Policy) -> str:
    """What a policy says, as compact JSON text."""
    apart = {"name", "recorded_ms", "ended_ms"}
    return json.dumps(policy.model_dump(mode="json", exclude=apart), ensure_ascii=False)


def policy(name: str, recorded_ms: int, ended_ms: int | None, text: str) -> Policy:
    """The version of a policy that `policy_text` made the text from."""
    fields = {**json.loads(text), "recorded_ms": recorded_ms, "ended_ms": ended_ms}
    return Policy(name=name, **fields)
