"""OpenLineage run events (https://openlineage.io/spec/2-0-2/OpenLineage.json), one JSON a line.

Each execution is a START event at the time of its first event, and, unless it is NEW, one of its
state at the time of its last; both have its inputs, the second its outputs too. A dataset is named
as OpenLineage's naming rules say (`s3://bucket` and the key, `file` and the path); what has no uri
is named by its type and name in the namespace `lineage`. A run's id is the UUID (version 5) of the
store and the execution, so that exporting twice gives the same. What OpenLineage has no place for
stands in the facet `lineage`.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

import lineage
from lineage.model import Artifact, Event, Execution, ExecutionState, Flow, Kind, Node
from lineage.model.nodes import to_datetime
from lineage.model.type_catalog import PIPELINE_TYPES
from lineage.questions.closure import Lineage
from lineage.questions.content import digest_of
from lineage.questions.node_json import to_json_value
from lineage.rules.membership import contexts_around
from lineage.store import Store

SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
PRODUCER = f"https://pypi.org/project/lineage-engine/{lineage.__version__}"
_FACET = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/"
_VERSION = "https://openlineage.io/spec/facets/1-0-1/DatasetVersionDatasetFacet.json"
_NAMESPACE = "lineage"
_TYPES = {
    ExecutionState.NEW: "START",
    ExecutionState.RUNNING: "RUNNING",
    ExecutionState.COMPLETE: "COMPLETE",
    ExecutionState.CACHED: "COMPLETE",
    ExecutionState.FAILED: "FAIL",
    ExecutionState.CANCELED: "ABORT",
    ExecutionState.UNKNOWN: "OTHER",
}


def openlineage(store: Store, answer: Lineage) -> str:
    """The runs of an answer, in the order of time."""
    events = sorted(run_events(store, answer), key=_by_time)
    return "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events)


def run_events(store: Store, answer: Lineage) -> list[dict[str, Any]]:
    """The run events of the executions of an answer."""
    artifacts = {f.node.id: f.node for f in answer if isinstance(f.node, Artifact)}
    around: dict[int, list[Event]] = {}
    for event in answer.events:
        if event.artifact_id in artifacts:
            around.setdefault(event.execution_id, []).append(event)
    runs = [found.node for found in answer if isinstance(found.node, Execution)]
    pipelines = _pipelines(store, [run.id or 0 for run in runs])
    found: list[dict[str, Any]] = []
    for run in runs:
        events = around.get(run.id or 0, [])
        times = [e.time_ms for e in events if e.time_ms is not None] or [run.created_ms or 0]
        inputs, outputs = (
            [_dataset(artifacts[id]) for id in _of_flow(events, flow)]
            for flow in (Flow.INPUT, Flow.OUTPUT)
        )
        pipeline = pipelines.get(run.id or 0)
        told = {
            "producer": PRODUCER,
            "schemaURL": SCHEMA,
            "run": {
                "runId": str(uuid5(NAMESPACE_URL, f"{store.url}#execution:{run.id}")),
                "facets": {"lineage": _facet("RunFacet", run)},
            },
            "job": {
                "namespace": _NAMESPACE,
                "name": f"{pipeline}.{run.type}" if pipeline else run.type,
            },
            "inputs": inputs,
        }
        found.append({"eventTime": _time(min(times)), "eventType": "START", **told, "outputs": []})
        if _TYPES[run.state] != "START":
            ended = {"eventTime": _time(max(times)), "eventType": _TYPES[run.state]}
            found.append({**ended, **told, "outputs": outputs})
    return found


def _of_flow(events: list[Event], flow: Flow) -> dict[int, None]:
    return {event.artifact_id: None for event in events if event.type.flow is flow}


def _by_time(event: dict[str, Any]) -> tuple[str, bool]:
    return str(event["eventTime"]), event["eventType"] != "START"


def _time(milliseconds: int) -> str:
    time = to_datetime(milliseconds) or datetime.fromtimestamp(0, UTC)
    return time.isoformat(timespec="milliseconds")


def _dataset(artifact: Artifact) -> dict[str, Any]:
    namespace, name = name_dataset(artifact)
    facets: dict[str, Any] = {"lineage": _facet("DatasetFacet", artifact)}
    digest = digest_of(artifact)
    if digest is not None:
        facets["version"] = {
            "_producer": PRODUCER,
            "_schemaURL": f"{_VERSION}#/$defs/DatasetVersionDatasetFacet",
            "datasetVersion": digest[1],
        }
    return {"namespace": namespace, "name": name, "facets": facets}


def name_dataset(artifact: Artifact) -> tuple[str, str]:
    """The namespace and name of a dataset, by its uri, else by its type and name."""
    if not artifact.uri:
        return _NAMESPACE, artifact.label
    try:
        parts = urlsplit(artifact.uri)
    except ValueError:
        return _NAMESPACE, artifact.uri
    if parts.scheme in ("", "file"):
        return "file", parts.path or artifact.uri
    return f"{parts.scheme}://{parts.netloc}", parts.path.lstrip("/") or "/"


def _facet(of: str, node: Node) -> dict[str, Any]:
    return {
        "_producer": PRODUCER,
        "_schemaURL": f"{_FACET}{of}",
        "reference": f"{node.kind}:{node.id}",
        "type": node.type,
        "name": node.name,
        "properties": to_json_value({**node.custom_properties, **node.properties}),
    }


def _pipelines(store: Store, runs: list[int]) -> dict[int, str]:
    """The name of the nearest pipeline that a run is in."""
    with store.snapshot() as snapshot:
        around = contexts_around(snapshot.reader, Kind.EXECUTION, runs)
        ids = sorted({context for some in around.values() for context in some})
        contexts = snapshot.reader.nodes(Kind.CONTEXT, ids)
    names = {c.id: c.name for c in contexts if c.type in PIPELINE_TYPES and c.name}
    found = {run: [names[id] for id in some if id in names] for run, some in around.items()}
    return {run: some[0] for run, some in found.items() if some}
