"""What the page of a node shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lineage.model import Artifact, Context, Execution, Flow, Kind, Node
from lineage.model.type_catalog import base_of
from lineage.ports.filters import Filter
from lineage.questions.node_json import node_to_json
from lineage.rules.column_lineage import key_of, read_columns, read_schema
from lineage.rules.uris import normalize
from lineage.store import Store

# So many of each are listed; how many there are is told beside them.
_VERSIONS = 100
_MEMBERS = 200
_EVENTS = 200


def read_node(store: Store, ref: str) -> dict[str, Any]:
    """Return a node with what is around it: events, contexts, marks, history, versions.

    Raises
    ------
    NotFound: there is no such node.
    """
    node = store.get(ref)
    key = f"{node.kind}:{node.id}"
    told: dict[str, Any] = {
        "node": node_to_json(node),
        "base": _base(store, node),
        "history": [],
        "marks": [],
        "events": [],
        "event_count": 0,
        "contexts": [],
        "parents": [],
        "children": [],
        "members": {},
        "versions": [],
        "previous": None,
        "columns": {},
    }
    if isinstance(node, Context):
        told["parents"] = [node_to_json(one) for one in store.parents_of(key)]
        told["children"] = [node_to_json(one) for one in store.children_of(key)[:_MEMBERS]]
        told["members"] = _members(store, node)
        return told
    marks = store.marks(key, history=True)
    told["marks"] = [{"node": mark.node, **mark.model_dump(mode="json")} for mark in marks]
    told["contexts"] = [node_to_json(one) for one in store.contexts_of(key)]
    happened = [happening for happening in store.history(key) if happening.time_ms is not None]
    told["history"] = [happening.to_dict() for happening in happened[-_EVENTS:]]
    told["event_count"], told["events"] = _events(store, node)
    told["versions"], told["previous"] = _versions(store, node)
    if isinstance(node, Artifact):
        told["columns"] = _columns(store, node)
    return told


def _columns(store: Store, node: Artifact) -> dict[str, str]:
    """The columns of a dataset with their types, by its schema and by the steps that wrote it."""
    known = read_schema(node)
    key = key_of(node)
    if key is None:
        return known
    with store.snapshot() as view:
        events = view.reader.events(artifact_ids=[node.id or 0])
        ids = sorted({e.execution_id for e in events if e.type.flow is Flow.OUTPUT})[-_EVENTS:]
        steps = view.reader.nodes(Kind.EXECUTION, ids)
    for step in steps:
        if isinstance(step, Execution) and key in (maps := read_columns(step)):
            for name in maps[key].columns:
                known.setdefault(name, "")
    return known


def _base(store: Store, node: Node) -> str | None:
    for type in store.types(node.kind):
        if type.id == node.type_id:
            base = base_of(type)
            return None if base is None else str(base)
    return None


def _events(store: Store, node: Node) -> tuple[int, list[dict[str, Any]]]:
    """How many there are, and the latest of them."""
    other_kind = Kind.EXECUTION if node.kind is Kind.ARTIFACT else Kind.ARTIFACT
    with store.snapshot() as view:
        ids: dict[str, Any] = {f"{node.kind}_ids": [node.id or 0]}
        every = view.reader.events(**ids)
        every.sort(key=lambda event: event.recorded_ms or 0, reverse=True)
        events = every[:_EVENTS]
        others = {
            one.id: one
            for one in view.reader.nodes(
                other_kind, sorted({getattr(event, f"{other_kind}_id") for event in events})
            )
        }
    return len(every), [
        {
            "type": str(event.type),
            "flow": None if event.type.flow is None else event.type.flow.name.lower(),
            "path": list(event.path),
            "time_ms": event.time_ms,
            "recorded_ms": event.recorded_ms,
            "other": node_to_json(others[getattr(event, f"{other_kind}_id")]),
        }
        for event in events
    ]


def _members(store: Store, context: Context) -> dict[str, Any]:
    assert context.id is not None
    told = {}
    with store.snapshot() as view:
        for kind in (Kind.EXECUTION, Kind.ARTIFACT):
            pairs = view.reader.members_of([context.id], kind)
            ids = sorted({member for _, member in pairs}, reverse=True)
            nodes = view.reader.nodes(kind, ids[:_MEMBERS])
            nodes.sort(key=lambda node: node.id or 0, reverse=True)
            told[str(kind)] = {"count": len(ids), "nodes": [node_to_json(node) for node in nodes]}
    return told


def _versions(store: Store, node: Node) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """The versions of the node's series, the newest first, and the one before the node.

    A series is a name within a type, or a place without a name. There is none where the node is
    its only version.
    """
    number: int | None = getattr(node, "version", None)
    uri: str | None = getattr(node, "uri", None)
    if number is None or node.type_id is None:
        return [], None
    if node.name is not None:
        series = Filter(type_ids=[node.type_id], name=node.name)
    elif uri is not None:
        series = Filter(type_ids=[node.type_id], place=normalize(uri))
    else:
        return [], None
    with store.snapshot() as view:
        newest = replace(series, newest_first=True, limit=_VERSIONS)
        found = {one.id: one for one in view.reader.find(node.kind, newest)}
        if number > 1:
            # It may have more successors than are listed.
            before = view.reader.find(node.kind, replace(series, version=number - 1))
            found.update((one.id, one) for one in before)
    numbered = sorted(
        (
            (getattr(one, "version", None) or 1, one)
            for one in found.values()
            if one.name == node.name
        ),
        key=lambda pair: pair[0],
        reverse=True,
    )
    if len(numbered) < 2:
        return [], None
    previous = next((one for at, one in numbered if at < number), None)
    shown = [one for _, one in numbered]
    return [node_to_json(one) for one in shown], None if previous is None else node_to_json(
        previous
    )
