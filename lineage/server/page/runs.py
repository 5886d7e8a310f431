"""The runs of a pipeline as a grid, and the metrics of models over time."""

from __future__ import annotations

from typing import Any

from lineage.captions import short_type
from lineage.model import Artifact, BaseType, Kind
from lineage.model.type_catalog import PIPELINE_RUN_TYPES
from lineage.ports.filters import Filter
from lineage.ports.reader import Reader
from lineage.questions.metrics import higher_is_better, read_measurements
from lineage.questions.node_json import node_to_json
from lineage.rules.type_index import TypeIndex
from lineage.store import Store

_RUNS = 40
_MODELS = 2_000


def read_runs(store: Store, ref: str, before: int | None = None) -> dict[str, Any]:
    """Return the newest runs of a pipeline with the states of their steps.

    Parameters
    ----------
    store: where it is.
    ref: the pipeline; a run gives its own row alone.
    before: the id of a run: only older ones.

    Raises
    ------
    NotFound: there is no such context.
    """
    pipeline = store.context(ref)
    assert pipeline.id is not None
    with store.snapshot() as view:
        reader = view.reader
        if pipeline.type in PIPELINE_RUN_TYPES:
            ids = [pipeline.id]
        else:
            ids = sorted(_runs_of(reader, pipeline.id), reverse=True)
        ids = [id for id in ids if before is None or id < before]
        shown = ids[:_RUNS]
        runs = {run.id: run for run in reader.nodes(Kind.CONTEXT, shown)}
        members = reader.members_of(shown, Kind.EXECUTION)
        steps = {
            node.id: node
            for node in reader.nodes(Kind.EXECUTION, sorted({member for _, member in members}))
        }
    rows = []
    columns: dict[str, int] = {}
    for id in shown:
        inside = [steps[member] for context, member in members if context == id]
        inside.sort(key=lambda step: (step.created_ms or 0, step.id or 0))
        for at, step in enumerate(inside):
            name = short_type(step.type)
            columns[name] = min(at, columns.get(name, at))
        rows.append(
            {
                "run": node_to_json(runs[id]),
                "steps": [
                    {
                        "id": step.id,
                        "type": short_type(step.type),
                        "name": step.name,
                        "state": str(getattr(step, "state", "UNKNOWN")),
                        "created_ms": step.created_ms,
                        "updated_ms": step.updated_ms,
                    }
                    for step in inside
                ],
            }
        )
    return {
        "pipeline": node_to_json(pipeline),
        "columns": sorted(columns, key=lambda name: (columns[name], name)),
        "runs": rows,
        "complete": len(shown) == len(ids),
        "before": shown[-1] if len(shown) < len(ids) else None,
    }


def read_metrics(store: Store, context: str | None = None) -> dict[str, Any]:
    """Return what was measured of models, the oldest first.

    Parameters
    ----------
    store: where they are.
    context: only models in it, or in a context below it.

    Raises
    ------
    NotFound: there is no such context.
    """
    place = None if context is None else store.context(context)
    with store.snapshot() as view:
        reader, bases = view.reader, TypeIndex(view.reader)
        if place is None:
            type_ids = bases.ids([BaseType.MODEL])
            found = reader.find(
                Kind.ARTIFACT, Filter(type_ids=type_ids, newest_first=True, limit=_MODELS + 1)
            )
        else:
            assert place.id is not None
            inside = sorted(_contexts_below(reader, place.id))
            ids = sorted({id for _, id in reader.members_of(inside, Kind.ARTIFACT)}, reverse=True)
            found = [
                node
                for node in reader.nodes(Kind.ARTIFACT, ids)
                if bases.of(node) is BaseType.MODEL
            ]
            found.sort(key=lambda node: node.id or 0, reverse=True)
        models = [node for node in found[:_MODELS] if isinstance(node, Artifact)]
        measured = read_measurements(reader, bases, models)
    models.sort(key=lambda model: (model.created_ms or 0, model.id or 0))
    names: dict[str, int] = {}
    points = []
    for model in models:
        values = {name: one.value for name, one in measured.get(model.id or 0, {}).items()}
        for name in values:
            names[name] = names.get(name, 0) + 1
        if values:
            points.append(
                {
                    "id": model.id,
                    "type": model.type,
                    "name": model.name,
                    "created_ms": model.created_ms,
                    "values": values,
                }
            )
    return {
        "context": place and node_to_json(place),
        "metrics": [
            {"name": name, "count": count, "higher_is_better": higher_is_better(name)}
            for name, count in sorted(names.items(), key=lambda item: (-item[1], item[0]))
        ],
        "points": points,
        "complete": len(found) <= _MODELS,
    }


def _runs_of(reader: Reader, pipeline: int) -> set[int]:
    """The runs of a pipeline: those below it, else those that have steps in common with it."""
    below = _only_runs(reader, _contexts_below(reader, pipeline) - {pipeline})
    if below:
        return below
    steps = sorted({member for _, member in reader.members_of([pipeline], Kind.EXECUTION)})
    shared = {context for _, context in reader.contexts_of(Kind.EXECUTION, steps)}
    return _only_runs(reader, shared - {pipeline})


def _only_runs(reader: Reader, ids: set[int]) -> set[int]:
    nodes = reader.nodes(Kind.CONTEXT, sorted(ids))
    return {node.id for node in nodes if node.type in PIPELINE_RUN_TYPES and node.id is not None}


def _contexts_below(reader: Reader, context: int) -> set[int]:
    """The context itself, and all below it."""
    seen, frontier = {context}, [context]
    while frontier:
        children = {child for child, _ in reader.children_of(frontier)} - seen
        seen |= children
        frontier = sorted(children)
    return seen
