"""What the start page shows, and whether anything has changed since."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any

from lineage.model import Kind
from lineage.model.type_catalog import PIPELINE_TYPES, base_of
from lineage.questions.node_json import node_to_json
from lineage.store import Store

_NEWEST = 8


def overview(store: Store) -> dict[str, Any]:
    """Return what is new, what failed, the pipelines and how much there is."""
    types = store.types()
    there = {(type.kind, type.name) for type in types}
    pipelines: list[Any] = []
    for name in sorted(PIPELINE_TYPES):
        if (Kind.CONTEXT, name) in there:
            pipelines += store.contexts(type=name, order_by="updated desc", limit=_NEWEST)
    failed = store.executions(state="FAILED", order_by="created desc", page_size=_NEWEST)
    return {
        "counts": asdict(store.counts()),
        "artifacts": _render(store.artifacts(order_by="created desc", limit=_NEWEST)),
        "executions": _render(store.executions(order_by="created desc", limit=_NEWEST)),
        "failed": _render(failed),
        "more_failed": failed.next_page_token is not None,
        "pipelines": _render(pipelines[:_NEWEST]),
        "labels": sorted({mark.label for mark in store.marks() if not mark.clean}),
        "types": [
            {
                "kind": str(type.kind),
                "name": type.name,
                "base": (base := base_of(type)) and str(base),
            }
            for type in types
        ],
    }


def list_tainted(store: Store) -> list[dict[str, Any]]:
    """Return each label in use, with how many nodes and models it affects."""
    found = []
    marks = store.marks()
    bases = {type.id: base_of(type) for type in store.types()}
    for label in sorted({mark.label for mark in marks if not mark.clean}):
        levels = store.taint_levels(label=label)
        affected = sum(len(ids) for depth, _, ids in levels if depth > 0)
        artifacts = [id for _, kind, ids in levels if kind is Kind.ARTIFACT for id in ids]
        with store.snapshot() as view:
            models = [
                node
                for node in view.reader.nodes(Kind.ARTIFACT, artifacts)
                if str(bases.get(node.type_id)) == "MODEL"
            ]
        found.append(
            {
                "label": label,
                "affected": affected,
                "models": len(models),
                "marks": [
                    {"node": mark.node, **mark.model_dump(mode="json")}
                    for mark in marks
                    if mark.label == label and not mark.clean
                ],
            }
        )
    return found


def revision(store: Store) -> dict[str, str]:
    """Return a text that is another one as soon as something was recorded, updated or marked."""
    newest = [
        (kind, node.id, node.updated_ms)
        for kind in Kind
        for node in store.find(kind, order_by="updated desc", limit=1)
    ]
    marks = [(mark.id, mark.lifted_ms) for mark in store.marks()]
    told = json.dumps([asdict(store.counts()), newest, marks])
    return {"revision": hashlib.sha256(told.encode()).hexdigest()[:16]}


def _render(nodes: Any) -> list[dict[str, Any]]:
    return [node_to_json(node) for node in nodes]
