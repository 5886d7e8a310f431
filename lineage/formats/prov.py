"""W3C PROV, as PROV-JSON (https://www.w3.org/submissions/prov-json/), by the `prov` library.

An artifact is an entity, an execution an activity from its first event to its last; an input is
`used`, an output `wasGeneratedBy`, each with the time and the path of its event. That an output was
derived from an input of the same step isn't claimed, since nobody recorded it.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from lineage.errors import Unsupported
from lineage.model import Event, Flow, Kind, Node
from lineage.model.nodes import to_datetime
from lineage.questions.closure import Lineage
from lineage.questions.node_json import to_json_value

NAMESPACE = "urn:lineage:"


def prov_json(answer: Lineage) -> str:
    """An answer as a PROV-JSON document. Raises Unsupported without the `prov` extra."""
    return str(prov_document(answer).serialize(format="json", indent=1))


def prov_document(answer: Lineage) -> Any:
    """An answer as a `prov.model.ProvDocument`."""
    try:
        from prov.model import ProvDocument
    except ModuleNotFoundError:
        raise Unsupported(
            "PROV needs the prov library: pip install 'lineage-engine[prov]'"
        ) from None
    document = ProvDocument()
    document.add_namespace("lineage", NAMESPACE)
    times: dict[int, list[int]] = {}
    for event in answer.events:
        if event.time_ms is not None:
            times.setdefault(event.execution_id, []).append(event.time_ms)
    there = set()
    for found in answer:
        node = found.node
        there.add((node.kind, node.id))
        if node.kind is Kind.ARTIFACT:
            document.entity(_name(Kind.ARTIFACT, node.id), _attributes(node))
        else:
            some = times.get(node.id or 0, [])
            first, last = (to_datetime(choose(some)) if some else None for choose in (min, max))
            document.activity(_name(Kind.EXECUTION, node.id), first, last, _attributes(node))
    for event in answer.events:
        if {(Kind.ARTIFACT, event.artifact_id), (Kind.EXECUTION, event.execution_id)} <= there:
            _relate(document, event)
    return document


def _relate(document: Any, event: Event) -> None:
    artifact = _name(Kind.ARTIFACT, event.artifact_id)
    execution = _name(Kind.EXECUTION, event.execution_id)
    path = ".".join(map(str, event.path))
    told = {"prov:role": path} if path else {}
    time: datetime | None = event.time
    if event.type.flow is Flow.INPUT:
        document.used(execution, artifact, time, other_attributes=told)
    elif event.type.flow is Flow.OUTPUT:
        document.wasGeneratedBy(artifact, execution, time, other_attributes=told)


def _name(kind: Kind, id: int | None) -> str:
    return f"lineage:{kind}.{id}"


def _attributes(node: Node) -> list[tuple[str, Any]]:
    told: list[tuple[str, Any]] = [
        ("prov:label", node.label),
        ("lineage:type", node.type),
        ("lineage:name", node.name),
        ("prov:location", getattr(node, "uri", None)),
        ("lineage:state", str(getattr(node, "state", ""))),
        ("lineage:external_id", node.external_id),
    ]
    # A property's name need not be a name in PROV, so all of them are one JSON text.
    properties = to_json_value({**node.custom_properties, **node.properties})
    if properties:
        told.append(("lineage:properties", json.dumps(properties, ensure_ascii=False)))
    return [(name, value) for name, value in told if value is not None]
