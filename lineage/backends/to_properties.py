"""The store as a property graph: the native properties of nodes, types, marks and policies.

`_custom` lists the keys of custom properties, `_struct` the keys whose text is a JSON struct:
everything else is a native value, so that Cypher can compare it. Neo4j stores this; where the
evaluator reads another backend, it sees the same.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from lineage.backends.escaping import custom_key, property_key
from lineage.backends.row_mapping import policy_text
from lineage.model import EventType, Flow, Mark, Policy, Type, Value

WITHOUT_FLOW: Mapping[EventType, str] = {
    EventType.PENDING_OUTPUT: "PENDING_OUTPUT",
    EventType.UNKNOWN: "UNKNOWN_EVENT",
}


def native_properties(
    properties: Mapping[str, Value],
    custom_properties: Mapping[str, Value],
    declared: Collection[str],
) -> dict[str, Any]:
    """The properties of a node of a type that declares these names."""
    native: dict[str, Any] = {}
    custom: list[str] = []
    structs: list[str] = []
    for name, value in properties.items():
        _put(native, structs, property_key(name), value)
    for name, value in custom_properties.items():
        key = custom_key(name, declared=name in declared)
        custom.append(key)
        _put(native, structs, key, value)
    if custom:
        native["_custom"] = custom
    if structs:
        native["_struct"] = structs
    return native


def type_properties(type: Type) -> dict[str, Any]:
    """What a type's node has."""
    properties = {
        "id": type.id,
        "kind": str(type.kind),
        "name": type.name,
        "version": type.version,
        # Composite uniqueness passes over nodes that lack a property.
        "version_key": "" if type.version is None else f"@{type.version}",
        "base": type.base and str(type.base),
        "description": type.description,
        "external_id": type.external_id,
        "properties": json.dumps(dict(type.properties)),
    }
    return {key: value for key, value in properties.items() if value is not None}


def mark_properties(mark: Mark, id: int) -> dict[str, Any]:
    """What a mark's node has."""
    fields = {**mark.__dict__, "id": id, "kind": str(mark.kind)}
    return {name: value for name, value in fields.items() if value is not None}


def policy_properties(policy: Policy) -> dict[str, Any]:
    """What the node of a version of a policy has."""
    fields = {
        "name": policy.name,
        "recorded": policy.recorded_ms or 0,
        "ended": policy.ended_ms,
        "content": policy_text(policy),
    }
    return {name: value for name, value in fields.items() if value is not None}


def relationship_of(type: EventType) -> str:
    """The type of the relationship that is an event."""
    if type.flow is None:
        return WITHOUT_FLOW[type]
    return "INPUT" if type.flow is Flow.INPUT else "OUTPUT"


def _put(native: dict[str, Any], structs: list[str], key: str, value: Value) -> None:
    if isinstance(value, dict | list):
        structs.append(key)
        native[key] = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    else:
        native[key] = value
