"""Nodes to and from native properties.

`_custom` lists the keys of custom properties, `_struct` the keys whose text is a JSON struct:
everything else is a native value, so that Cypher can compare it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lineage.backends import rows
from lineage.backends.base import NodeWrite
from lineage.backends.neo4j.naming import custom_key, property_key, property_name
from lineage.model import Kind, Node, Value

_FIXED = frozenset(
    {
        "id", "type", "type_id", "type_version", "name", "uri", "external_id", "state",
        "created", "updated", "_custom", "_struct",
    }
)  # fmt: skip


def native_properties(write: NodeWrite) -> tuple[dict[str, Any], list[str], list[str]]:
    """The native properties, the keys of the custom ones, and the keys of the structs."""
    assert write.type is not None
    native: dict[str, Any] = {}
    custom: list[str] = []
    structs: list[str] = []
    declared = write.type.properties
    for name, value in write.properties.items():
        _put(native, structs, property_key(name), value)
    for name, value in write.custom_properties.items():
        key = custom_key(name, declared=name in declared)
        custom.append(key)
        _put(native, structs, key, value)
    return native, custom, structs


def node(kind: Kind, found: Mapping[str, Any]) -> Node:
    """A node from the properties of its Neo4j node."""
    properties: dict[str, Any] = {}
    custom: dict[str, Any] = {}
    custom_keys = found.get("_custom", ())
    struct_keys = found.get("_struct", ())
    for key, value in found.items():
        if key in _FIXED:
            continue
        if key in struct_keys:
            value = json.loads(value)
        elif isinstance(value, bytearray):
            value = bytes(value)
        if key in custom_keys:
            custom[property_name(key)] = value
        else:
            properties[property_name(key)] = value
    return rows.node(
        kind,
        found["id"],
        (found["type_id"], found["type"], found.get("type_version")),
        found.get("name"),
        found.get("external_id"),
        found.get("uri"),
        found.get("state"),
        found["created"],
        found["updated"],
        properties,
        custom,
    )


def _put(native: dict[str, Any], structs: list[str], key: str, value: Value) -> None:
    if isinstance(value, dict | list):
        structs.append(key)
        native[key] = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    else:
        native[key] = value
