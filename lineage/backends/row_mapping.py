"""Nodes and events from a store's own rows, without validating again what it validated."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from lineage.backends.codec import decode, decode_path, encode_path
from lineage.model import (
    NODE_CLASSES,
    Artifact,
    ArtifactState,
    Context,
    Event,
    EventType,
    Execution,
    ExecutionState,
    Kind,
    Mark,
    Node,
    Path,
    Policy,
)

_ARTIFACT_STATES = {state.value: state for state in ArtifactState}
_EXECUTION_STATES = {state.value: state for state in ExecutionState}
_EVENT_TYPES = {type.value: type for type in EventType}


def node(
    kind: Kind,
    id: int,
    type: tuple[int, str, str | None],
    name: str | None,
    external_id: str | None,
    uri: str | None,
    state: str | None,
    created_ms: int,
    updated_ms: int,
    properties: dict[str, Any],
    custom_properties: dict[str, Any],
    version: int | None = None,
    digest: str | None = None,
) -> Node:
    """A node; `type` is its type's id, name and version.

    Properties come by name, because not every database keeps the order they were given in.
    """
    fields: dict[str, Any] = {
        "type": type[1],
        "name": name,
        "external_id": external_id,
        "properties": by_name(properties),
        "custom_properties": by_name(custom_properties),
        "type_version": type[2],
        "id": id,
        "type_id": type[0],
        "created_ms": created_ms,
        "updated_ms": updated_ms,
    }
    if kind is Kind.ARTIFACT:
        fields["uri"] = uri
        fields["state"] = _ARTIFACT_STATES[state or "UNKNOWN"]
        fields["version"] = version or 1
        fields["digest"] = digest
        return Artifact.trusted(fields)
    if kind is Kind.EXECUTION:
        fields["state"] = _EXECUTION_STATES[state or "UNKNOWN"]
        fields["version"] = version or 1
        return Execution.trusted(fields)
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
    """Nodes from rows of id, type's id, name, external id, uri, state, created, updated,
    properties and custom properties as text, version and digest; `types` has the name and version
    of each type."""
    many: list[dict[str, Any]] = [
        {
            "type": types[type_id][0],
            "name": name,
            "external_id": external_id,
            "properties": by_name(decode(properties)) if properties else {},
            "custom_properties": by_name(decode(custom_properties)) if custom_properties else {},
            "type_version": types[type_id][1],
            "id": id,
            "type_id": type_id,
            "created_ms": created_ms,
            "updated_ms": updated_ms,
            "uri": uri,
            "state": state,
            "version": version,
            "digest": digest,
        }
        for (id, type_id, name, external_id, uri, state, created_ms, updated_ms, properties,
             custom_properties, version, digest) in found
    ]  # fmt: skip
    if kind is Kind.ARTIFACT:
        for fields in many:
            fields["state"] = _ARTIFACT_STATES[fields["state"] or "UNKNOWN"]
        return Artifact.trusted_all(many)  # type: ignore[return-value]
    for fields in many:
        del fields["uri"], fields["digest"]
    if kind is Kind.EXECUTION:
        for fields in many:
            fields["state"] = _EXECUTION_STATES[fields["state"] or "UNKNOWN"]
        return Execution.trusted_all(many)  # type: ignore[return-value]
    for fields in many:
        del fields["state"], fields["version"]
    return Context.trusted_all(many)  # type: ignore[return-value]


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
