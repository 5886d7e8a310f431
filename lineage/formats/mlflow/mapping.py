"""What MLflow's entities become: nodes with external ids of their own.

An experiment or a registered model is told apart by its id or name and the time it was made, so
that one server is the same by whatever address it is reached, and two servers are two.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from lineage.formats.properties import drop_unkeepable, shorten
from lineage.model import (
    Artifact,
    BaseType,
    Context,
    Execution,
    ExecutionState,
    Kind,
    Type,
    Value,
)
from lineage.model.values import INT64_MAX, INT64_MIN
from lineage.rules.values import MAX_URI_BYTES

if TYPE_CHECKING:
    from mlflow.entities import Dataset, Experiment, LoggedModel, Metric, Run
    from mlflow.entities.model_registry import ModelVersion, RegisteredModel

RUN = Type(
    kind=Kind.EXECUTION, name="MlflowRun", base=BaseType.TRAIN, description="A run of MLflow"
)
REGISTRATION = Type(
    kind=Kind.EXECUTION,
    name="MlflowRegistration",
    base=BaseType.PROCESS,
    description="A model became a version of a registered model",
)
DEPLOYMENT = Type(
    kind=Kind.EXECUTION,
    name="MlflowDeployment",
    base=BaseType.DEPLOY,
    description="Versions of a registered model got an alias or a stage",
)
VERSION = Type(
    kind=Kind.ARTIFACT,
    name="ModelVersion",
    base=BaseType.MODEL,
    description="A version of a registered model of MLflow",
)
REGISTERED_MODEL = Type(
    kind=Kind.CONTEXT, name="RegisteredModel", description="A registered model of MLflow"
)
TYPES = (RUN, REGISTRATION, DEPLOYMENT, VERSION, REGISTERED_MODEL)

_STATES = {
    "RUNNING": ExecutionState.RUNNING,
    "SCHEDULED": ExecutionState.NEW,
    "FINISHED": ExecutionState.COMPLETE,
    "FAILED": ExecutionState.FAILED,
    "KILLED": ExecutionState.CANCELED,
}
_TAGS = {
    "mlflow.user": "user",
    "mlflow.source.name": "entrypoint",
    "mlflow.source.git.commit": "git_commit",
    "mlflow.source.git.branch": "git_branch",
    "mlflow.source.git.repoURL": "git_url",
    "mlflow.docker.image.name": "docker_image",
    "mlflow.note.content": "description",
}
# A parameter of one of these names is kept as `param.NAME`.
_OWN = frozenset(
    {*_TAGS.values(), "run_id", "run_name", "start_time", "end_time", "environment", "mlflow",
     "param"}
)  # fmt: skip
_PARENT = "mlflow.parentRunId"
_MODELS = "mlflow.log-model.history"


def experiment_key(experiment: Experiment) -> str:
    """Return the external id of an experiment."""
    made = getattr(experiment, "creation_time", None) or experiment.artifact_location
    return f"mlflow:experiment/{experiment.experiment_id}-{made}"


def run_key(run_id: str) -> str:
    """Return the external id of a run."""
    return f"mlflow:run/{run_id}"


def group_key(run_id: str) -> str:
    """Return the external id of what groups a run with the runs nested in it."""
    return f"mlflow:nested-runs/{run_id}"


def model_key(model_id: str) -> str:
    """Return the external id of a logged model."""
    return f"mlflow:model/{model_id}"


def build_model_key(model: RegisteredModel) -> str:
    """Return the external id of a registered model."""
    return f"mlflow:registered-model/{shorten(model.name)}-{model.creation_timestamp}"


def build_experiment(experiment: Experiment) -> Context:
    """Return the context of an experiment."""
    properties = {
        "experiment_id": str(experiment.experiment_id),
        "artifact_location": experiment.artifact_location,
        "lifecycle_stage": experiment.lifecycle_stage,
        "tags": _tags(experiment.tags),
    }
    return Context(
        type="Experiment",
        name=experiment.name,
        external_id=experiment_key(experiment),
        custom_properties=drop_unkeepable(properties),
    )


def build_run(run: Run) -> Execution:
    """Return the execution of a run: its parameters by their names, and what MLflow knows of it."""
    info, tags = run.info, run.data.tags
    properties: dict[str, Any] = {
        "run_id": info.run_id,
        "run_name": info.run_name,
        "start_time": info.start_time,
        "end_time": info.end_time,
        "user": info.user_id,
        "mlflow": {
            "artifact_uri": info.artifact_uri,
            "lifecycle_stage": info.lifecycle_stage,
            "tags": _tags(tags) or {},
        },
    }
    for tag, name in _TAGS.items():
        if tags.get(tag):
            properties[name] = tags[tag]
    environment = _environment(tags)
    if environment:
        properties["environment"] = environment
    for name, value in run.data.params.items():
        key = f"param.{name}" if name in _OWN or name.startswith("param.") else name
        properties[key] = parse_parameter(value)
    return Execution(
        type=RUN.name,
        name=f"{info.run_name}/{info.run_id}" if info.run_name else info.run_id,
        external_id=run_key(info.run_id),
        state=_STATES.get(str(info.status), ExecutionState.UNKNOWN),
        custom_properties=drop_unkeepable(properties),
    )


def build_group(run_id: str) -> Context:
    """Return the context of a run and the runs nested in it."""
    return Context(
        type="PipelineRun",
        name=run_id,
        external_id=group_key(run_id),
        custom_properties={"run_id": run_id},
    )


def parent_of(run: Run) -> str | None:
    """Return the id of the run that a run is nested in."""
    return run.data.tags.get(_PARENT) or None


def build_metrics(run: Run, histories: Mapping[str, list[Metric]]) -> Artifact | None:
    """Return the last values of a run's metrics, with how they came about; None without any."""
    if not run.data.metrics:
        return None
    properties: dict[str, Any] = {**run.data.metrics, "run_id": run.info.run_id}
    for name, points in histories.items():
        properties[f"history.{name}"] = _thin(points)
    return Artifact(
        type="Metrics",
        name=f"{run.info.run_name or 'run'}/{run.info.run_id}",
        external_id=f"mlflow:metrics/{run.info.run_id}",
        custom_properties=drop_unkeepable(properties),
    )


def build_dataset(dataset: Dataset) -> Artifact:
    """Return the artifact of a dataset input.

    It is one by its name, its digest and its source. MLflow's digest is of the first rows only: it
    is kept as what it is, and says nothing about the content of anything else.
    """
    source = dataset.source or ""
    told = _as_json(source)
    profile = _as_json(dataset.profile or "")
    columns = _as_json(dataset.schema or "").get("mlflow_colspec")
    unique = sha256(
        json.dumps([dataset.name, dataset.digest, dataset.source_type, source]).encode()
    ).hexdigest()[:16]
    properties: dict[str, Any] = {
        "dataset": dataset.name,
        "mlflow_digest": f"mlflow:{dataset.digest}",
        "source_type": dataset.source_type,
        "source": source,
        "row_count": profile.get("num_rows"),
        "columns": _columns(columns),
        "profile": profile or dataset.profile,
    }
    return Artifact(
        type="Dataset",
        name=f"{dataset.name}#{dataset.digest}",
        external_id=f"mlflow:dataset/{unique}",
        uri=_uri(told, dataset.source_type),
        custom_properties=drop_unkeepable(properties),
    )


def build_model(model: LoggedModel) -> Artifact:
    """Return the artifact of a logged model of MLflow 3."""
    measured: dict[str, Any] = {}
    for metric in model.metrics or ():
        of = metric.dataset_name
        name = f"{metric.key}@{of}" if of else metric.key
        measured[name] = _finite(metric.value)
    properties: dict[str, Any] = {
        "model_id": model.model_id,
        "model_name": model.name,
        "model_type": model.model_type,
        "status": str(getattr(model.status, "name", model.status)),
        "source_run_id": model.source_run_id,
        "tags": _tags(model.tags),
        "params": dict(model.params or {}),
        "metrics": measured,
    }
    return Artifact(
        type="Model",
        name=f"{model.name}/{model.model_id}",
        external_id=model_key(model.model_id),
        uri=_limit(model.artifact_location),
        custom_properties=drop_unkeepable(properties),
    )


def build_unknown_model(model_id: str) -> Artifact:
    """Return the artifact of a logged model that MLflow names and no longer has."""
    return Artifact(
        type="Model",
        name=f"{model_id}/{model_id}",
        external_id=model_key(model_id),
        custom_properties={"model_id": model_id},
    )


def models_of(run: Run) -> list[Artifact]:
    """Return the models that a run logged before MLflow 3, which knew them by a tag alone."""
    found: list[Artifact] = []
    for told in _as_list(run.data.tags.get(_MODELS, "")):
        path = told.get("artifact_path")
        if not isinstance(path, str) or told.get("model_id"):
            continue
        place = f"{run.info.artifact_uri}/{path}" if run.info.artifact_uri else None
        properties = {
            "run_id": run.info.run_id,
            "artifact_path": path,
            "flavors": told.get("flavors"),
            "model_uuid": told.get("model_uuid"),
        }
        found.append(
            Artifact(
                type="Model",
                name=f"{path}/{run.info.run_id}",
                external_id=run_model_key(run.info.run_id, path),
                uri=_limit(place),
                custom_properties=drop_unkeepable(properties),
            )
        )
    return found


def run_model_key(run_id: str, path: str) -> str:
    """Return the external id of a model that is known by the run that logged it and its path."""
    return f"mlflow:run/{run_id}/{shorten(path)}"


def build_registered(model: RegisteredModel) -> Context:
    """Return the context of a registered model."""
    properties = {"description": model.description, "tags": _tags(model.tags)}
    return Context(
        type=REGISTERED_MODEL.name,
        name=model.name,
        external_id=build_model_key(model),
        custom_properties=drop_unkeepable(properties),
    )


def build_version(registered: str, version: ModelVersion) -> Artifact:
    """Return the artifact of a version of a registered model, which is given by its key."""
    properties: dict[str, Any] = {
        "registered_model": version.name,
        "registered_version": int(version.version),
        "status": str(version.status),
        "source": version.source,
        "run_id": version.run_id,
        "user": version.user_id,
        "description": version.description,
        "tags": _tags(version.tags),
    }
    return Artifact(
        type=VERSION.name,
        name=f"{version.name}/{version.version}",
        external_id=version_key(registered, version.version),
        custom_properties=drop_unkeepable(properties),
    )


def build_registration(registered: str, version: ModelVersion) -> Execution:
    """Return the step by which a model became a version of a registered model."""
    return Execution(
        type=REGISTRATION.name,
        name=f"{version.name}/{version.version}",
        external_id=f"{version_key(registered, version.version)}/registration",
        state=ExecutionState.COMPLETE,
        custom_properties=drop_unkeepable({"user": version.user_id}),
    )


def version_key(registered: str, version: str | int) -> str:
    """Return the external id of a version of a registered model."""
    return f"{registered}/{version}"


def build_source(version: ModelVersion) -> Artifact | None:
    """Return the model that a version was made of; None where nothing says which.

    What is known of a logged model comes from elsewhere: here it has only its key.
    """
    source = version.source or ""
    model_id = getattr(version, "model_id", None)
    if not model_id and source.startswith("models:/m-"):
        model_id = source.removeprefix("models:/").partition("/")[0]
    if model_id:
        return build_unknown_model(model_id)
    if not source:
        return None
    if source.startswith("runs:/"):
        run_id, _, path = source.removeprefix("runs:/").partition("/")
    else:
        run_id, path = version.run_id or "", source.rpartition("/artifacts/")[2]
    if run_id and path and path != source:
        return Artifact(
            type="Model",
            name=f"{path}/{run_id}",
            external_id=run_model_key(run_id, path),
            uri=None if source.startswith("runs:/") else _limit(source),
        )
    hashed = sha256(source.encode(errors="replace")).hexdigest()[:16]
    return Artifact(type="Model", external_id=f"mlflow:source/{hashed}", uri=_limit(source))


def parse_parameter(text: str) -> Value:
    """Return a parameter as the number or truth that it was, where its text comes back exactly.

    Examples
    --------
    >>> [parse_parameter(text) for text in ("0.1", "7", "True", "1e3")]
    [0.1, 7, True, '1e3']
    """
    if text in ("True", "False"):
        return text == "True"
    for kind in (int, float):
        try:
            value = kind(text)
        except (ValueError, OverflowError):
            continue
        if kind is int and not INT64_MIN <= value <= INT64_MAX:
            return text
        if str(value) == text:
            return value
    return text


def _thin(points: list[Metric], most: int = 1_000) -> dict[str, Any]:
    """Return step, value and time of a metric's values: of many, every so many and the last."""
    ordered = sorted(points, key=lambda p: (p.step, p.timestamp))
    stride = math.ceil(len(ordered) / most)
    shown = ordered[::stride]
    if shown[-1] is not ordered[-1]:
        shown.append(ordered[-1])
    return {
        "points": len(ordered),
        "shown": len(shown),
        "steps": [p.step for p in shown],
        "values": [_finite(p.value) for p in shown],
        "times": [p.timestamp for p in shown],
    }


def _finite(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


def _tags(tags: Mapping[str, str] | None) -> dict[str, str] | None:
    kept = {k: v for k, v in (tags or {}).items() if k != _MODELS}
    return dict(sorted(kept.items())) or None


def _environment(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the library versions that the flavors of logged models name."""
    found: dict[str, str] = {}
    for told in _as_list(tags.get(_MODELS, "")):
        flavors = told.get("flavors")
        for name, flavor in flavors.items() if isinstance(flavors, dict) else ():
            if not isinstance(flavor, dict):
                continue
            for key, version in flavor.items():
                library = key.removesuffix("_version")
                if key.endswith("_version") and isinstance(version, str):
                    found["python" if name == "python_function" else library] = version
    return found


def _uri(source: Mapping[str, Any], source_type: str) -> str | None:
    for key in ("uri", "url", "path"):
        found = source.get(key)
        if isinstance(found, str) and found:
            return _limit(f"hf://datasets/{found}" if source_type == "hugging_face" else found)
    return None


def _limit(uri: str | None) -> str | None:
    return uri if uri and "\x00" not in uri and len(uri.encode()) <= MAX_URI_BYTES else None


def _columns(columns: object) -> str | None:
    if not isinstance(columns, list):
        return None
    said = [c for c in columns if isinstance(c, dict) and isinstance(c.get("name"), str)]
    return ", ".join(f"{c['name']}: {c.get('type')}" for c in said) or None


def _as_json(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _as_list(text: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return []
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
