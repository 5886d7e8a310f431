"""Registered models, their versions, and what aliases and stages say is deployed.

MLflow keeps who has an alias or a stage, not since when, nor who had it before. The first import
takes the time at which the version was last changed; each later import that finds another version
there records a deployment at the time of the import. `time_from` says which.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lineage.formats.keyed_batch import KeyedBatch
from lineage.formats.mlflow import mapping
from lineage.formats.mlflow.source import MlflowSource
from lineage.formats.properties import shorten
from lineage.model import Context, EventType, Execution, ExecutionState, Kind
from lineage.store import Store

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion, RegisteredModel

_NOT_DEPLOYED = ("None", "Archived", "", None)


def import_registry(source: MlflowSource, store: Store) -> tuple[int, int]:
    """Import all registered models; returns how many these are, and their versions."""
    models = versions = 0
    for model in source.registered_models():
        found = list(source.versions(model.name))
        _import_model(store, model, found)
        models += 1
        versions += len(found)
    return models, versions


def import_registered_model(source: MlflowSource, store: Store, name: str) -> None:
    """Import one registered model, with its versions and where they are deployed."""
    _import_model(store, source.registered_model(name), list(source.versions(name)))


def _import_model(store: Store, model: RegisteredModel, versions: list[ModelVersion]) -> None:
    batch = KeyedBatch(mapping.TYPES)
    context = batch.put(mapping.build_registered(model))
    for version in versions:
        artifact = batch.put(mapping.build_version(context, version))
        step = batch.put(mapping.build_registration(context, version))
        made = version.creation_timestamp
        origin = mapping.build_source(version)
        if origin is not None:
            model_key = batch.put(origin, only_if_missing=True)
            batch.put_event(model_key, step, EventType.INPUT, ("model",), made)
        batch.put_event(artifact, step, EventType.OUTPUT, ("version",), made)
        batch.put_in_context(Kind.ARTIFACT, artifact, context)
        batch.put_in_context(Kind.EXECUTION, step, context)
    ids = batch.write(store)
    stored = store.context(ids[Kind.CONTEXT, context])
    known = _find_deployments(store, stored)
    # Two registries may have a model of one name; its context's name is nobody else's.
    places = _find_places(stored.name, model, versions)
    batch = KeyedBatch(mapping.TYPES)
    batch.refer_to_context(context)
    changed = {int(v.version): v.last_updated_timestamp or v.creation_timestamp for v in versions}
    for place in sorted({*places, *known}):
        there = places.get(place, [])
        count, before = known.get(place, (0, []))
        if there != before:
            is_first = not count
            when = max((changed.get(v, 0) for v in there), default=0) if is_first else _now_ms()
            _add_deployment(batch, context, place, there, count + 1, when, is_first=is_first)
    batch.write(store)


def _find_deployments(store: Store, context: Context) -> dict[str, tuple[int, list[int]]]:
    """Return by place how many deployments are on record, and the versions of the last."""
    found: dict[str, tuple[int, list[int]]] = {}
    for step in store.executions(type=mapping.DEPLOYMENT.name, context=context):
        place, count = step.get("target"), step.get("deployment")
        if count > found.get(place, (0, []))[0]:
            found[place] = (count, list(step.get("versions")))
    return found


def _find_places(
    name: str, model: RegisteredModel, versions: list[ModelVersion]
) -> dict[str, list[int]]:
    """Return the versions that each alias and stage has, by its uri in MLflow."""
    found: dict[str, list[int]] = {}
    for alias, version in (getattr(model, "aliases", None) or {}).items():
        found[f"models:/{name}@{alias}"] = [int(version)]
    for each in versions:
        if each.current_stage not in _NOT_DEPLOYED:
            place = f"models:/{name}/{each.current_stage}"
            found.setdefault(place, []).append(int(each.version))
    return found


def _add_deployment(
    batch: KeyedBatch,
    context: str,
    place: str,
    versions: list[int],
    count: int,
    when_ms: int,
    *,
    is_first: bool,
) -> None:
    """Add the step by which a place got its versions; without versions, by which it lost them."""
    step = batch.put(
        Execution(
            type=mapping.DEPLOYMENT.name,
            name=f"{place} {count}",
            external_id=shorten(f"{context}/deployment/{place}/{count}", 1_000),
            state=ExecutionState.COMPLETE,
            custom_properties={
                "target": place,
                "versions": versions,
                "deployment": count,
                "time_from": "last change of the version" if is_first else "import",
            },
        )
    )
    batch.put_in_context(Kind.EXECUTION, step, context)
    for version in versions:
        artifact = batch.refer_to_artifact(mapping.version_key(context, version))
        batch.put_event(artifact, step, EventType.INPUT, ("model", str(version)), when_ms)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
