"""Nodes from the native properties that `lineage.backends.to_properties` makes.

`_custom` lists the keys of custom properties, `_struct` the keys whose text is a JSON struct:
everything else is a native value, so that Cypher can compare it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lineage.backends import row_mapping
from lineage.backends.escaping import property_name
from lineage.model import Kind, Node
from lineage.model.fields import ALL_OWN_FIELDS

_FIXED = frozenset({*ALL_OWN_FIELDS, "_custom", "_struct", "_place"})


def node_from_properties(kind: Kind, found: Mapping[str, Any]) -> Node:
    """A node from the properties that it has in the property graph."""
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
    return row_mapping.node(
        kind,
        found["id"],
        (found["type_id"], found["type"], found.get("type_version")),
        found,
        found["created"],
        found["updated"],
        properties,
        custom,
    )
