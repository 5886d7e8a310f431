"""GraphML, which Gephi, yEd, Cytoscape and NetworkX read.

A node's id is `artifact:42`; its attributes are `kind`, `type`, `name`, `uri`, `state`, `depth`,
`label` and one for each property; an edge's are the event's `type`, `path` and times. Structs are
JSON, bytes base64. What XML can't hold (control characters) becomes U+FFFD.
"""

from __future__ import annotations

import base64
import json
import re
from io import BytesIO
from typing import Any

from lineage.captions import caption
from lineage.model import Node
from lineage.questions.closure import Lineage
from lineage.questions.node_json import to_json_value

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def graphml(answer: Lineage) -> str:
    """An answer as a GraphML document."""
    import networkx as nx

    graph: Any = nx.MultiDiGraph()
    for found in answer:
        node = found.node
        graph.add_node(f"{node.kind}:{node.id}", **_attributes(node, found.depth))
    for event in answer.events:
        (source_kind, source), (target_kind, target) = event.source, event.target
        told = {
            "type": str(event.type),
            "path": ".".join(map(str, event.path)),
            "time_ms": event.time_ms,
            "recorded_ms": event.recorded_ms,
        }
        graph.add_edge(
            f"{source_kind}:{source}",
            f"{target_kind}:{target}",
            **{name: _value(value) for name, value in told.items() if value is not None},
        )
    written = BytesIO()
    nx.write_graphml(graph, written)
    return written.getvalue().decode()


def _attributes(node: Node, depth: int) -> dict[str, Any]:
    told: dict[str, Any] = {
        "kind": str(node.kind),
        "type": node.type,
        "name": node.name,
        "label": caption(node),
        "uri": getattr(node, "uri", None),
        "state": str(getattr(node, "state", "")),
        "external_id": node.external_id,
        "created_ms": node.created_ms,
        "depth": depth,
    }
    for name, value in {**node.custom_properties, **node.properties}.items():
        told[f"property {name}"] = value
    return {_text(name): _value(value) for name, value in told.items() if value is not None}


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict | list):
        return _text(json.dumps(to_json_value(value), ensure_ascii=False))
    return value


def _text(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
