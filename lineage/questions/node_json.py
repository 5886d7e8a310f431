"""Answers as JSON: one place that says how each value looks there."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from typing import Any

from lineage.model import Event, Node
from lineage.opencypher.values.kinds import Temporal


def to_json_value(value: Any) -> Any:
    """A value as JSON has it; bytes become `{"$bytes": base64}`, times, NaN and infinities text."""
    if isinstance(value, Temporal):
        return str(value)
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    if isinstance(value, Mapping):
        return {str(key): to_json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json_value(item) for item in value]
    return value


def node_to_json(node: Node, **more: Any) -> dict[str, Any]:
    """A node: kind, id, type, name, uri, then the rest of what it has."""
    shown: dict[str, Any] = {
        "kind": str(node.kind),
        "id": node.id,
        "type": node.type,
        "name": node.name,
        "uri": getattr(node, "uri", None),
        **more,
        "type_version": node.type_version,
        "version": getattr(node, "version", None),
        "digest": getattr(node, "digest", None),
        "external_id": node.external_id,
        "state": str(node.state) if hasattr(node, "state") else None,
        "properties": to_json_value(node.properties),
        "custom_properties": to_json_value(node.custom_properties),
        "created_ms": node.created_ms,
        "updated_ms": node.updated_ms,
    }
    return shown


def event_to_json(event: Event) -> dict[str, Any]:
    """An event with its ends, type, path and times."""
    return {
        "artifact_id": event.artifact_id,
        "execution_id": event.execution_id,
        "type": str(event.type),
        "path": list(event.path),
        "time_ms": event.time_ms,
        "recorded_ms": event.recorded_ms,
    }
