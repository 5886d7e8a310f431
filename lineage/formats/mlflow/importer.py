"""An MLflow store into a Lineage store, page by page, and again where it was interrupted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from lineage.formats.keyed_batch import KeyedBatch
from lineage.formats.mlflow import mapping
from lineage.formats.mlflow.registry import import_registry
from lineage.formats.mlflow.source import MlflowSource
from lineage.model import EventType, Kind
from lineage.store import Store

if TYPE_CHECKING:
    from mlflow.entities import LoggedModel, Metric, Run

_TOGETHER = 500

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Imported:
    """What the source has, all of which is in the store.

    `runs` counts those that were read: after an interruption, what came before it is not.
    `left_out` is what MLflow itself can't read, in its words.
    """

    experiments: int
    runs: int
    models: int
    registered_models: int
    versions: int
    left_out: tuple[str, ...] = ()

    def __str__(self) -> str:
        names = ("experiment", "run", "model", "registered_model", "version")
        counts = [getattr(self, f"{name}s") for name in names]
        return ", ".join(
            f"{count:,} {name.replace('_', ' ')}{'' if count == 1 else 's'}"
            for name, count in zip(names, counts, strict=True)
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as JSON has it."""
        return {**asdict(self), "left_out": list(self.left_out)}


def import_mlflow(
    uri: str, store: Store, *, history: bool = True, progress: Progress | None = None
) -> Imported:
    """Import the experiments, runs, datasets, models and registry of an MLflow store.

    Parameters
    ----------
    uri
        A folder (`mlruns`), a database (`sqlite:///mlflow.db`), or a server (`http://…`); it is
        only read.
    store
        Where they are recorded. Imported again, what has changed is changed, what is new is added;
        after an interruption the import goes on with the run that it had come to.
    history
        Whether the values of metrics over steps are read too: one more request for each metric
        that was logged at several steps.
    progress
        Called with the number of runs that are done, and None.

    Returns
    -------
    Imported
        How much there is.

    Raises
    ------
    NotFound, StoreUnavailable, Unsupported
        Where the source is not there, can't be read, or the client is not installed.
    """
    with MlflowSource(uri) as source:
        return _import(source, store, history=history, progress=progress)


def _import(
    source: MlflowSource, store: Store, *, history: bool, progress: Progress | None
) -> Imported:
    experiments = sorted(source.experiments(), key=lambda each: str(each.experiment_id))
    batch = KeyedBatch(mapping.TYPES)
    for experiment in experiments:
        batch.put(mapping.build_experiment(experiment))
    batch.write(store)
    ids = [str(experiment.experiment_id) for experiment in experiments]
    models = _import_models(source, store, ids)
    key = f"mlflow import of {source.name}"
    at, since = _find_place(store.metadata(key))
    done = 0
    for experiment in experiments:
        id = str(experiment.experiment_id)
        if id < at:
            continue
        context = mapping.experiment_key(experiment)
        for page in source.runs(id, since if id == at else None):
            for start in range(0, len(page), _TOGETHER):
                runs = page[start : start + _TOGETHER]
                batch = KeyedBatch(mapping.TYPES)
                _add_runs(batch, source, runs, context, models, history=history)
                batch.write(store, progress=(key, json.dumps([id, runs[-1].info.start_time])))
                done += len(runs)
                if progress is not None:
                    progress(done, None)
    registered, versions = import_registry(source, store)
    KeyedBatch().write(store, progress=(key, None))
    left_out = tuple(source.left_out)
    return Imported(len(experiments), done, len(models), registered, versions, left_out)


def import_runs(source: MlflowSource, store: Store, run_ids: Sequence[str]) -> None:
    """Import some runs, with the experiments and models that they belong to."""
    for run_id in run_ids:
        run = source.run(run_id)
        batch = KeyedBatch(mapping.TYPES)
        experiment = source.experiment(run.info.experiment_id)
        batch.put(mapping.build_experiment(experiment))
        outputs = getattr(getattr(run, "outputs", None), "model_outputs", None) or ()
        models = {each.model_id: source.logged_model(each.model_id) for each in outputs}
        for model in models.values():
            batch.put(mapping.build_model(model))
        context = mapping.experiment_key(experiment)
        _add_runs(batch, source, [run], context, models, history=False)
        batch.write(store)


def _find_place(progress: str | None) -> tuple[str, int | None]:
    """Return the experiment to go on in, and the start of the run to go on with."""
    if progress is None:
        return "", None
    id, since = json.loads(progress)
    return id, since


def _import_models(
    source: MlflowSource, store: Store, experiments: Sequence[str]
) -> dict[str, LoggedModel]:
    """Import the logged models; returns them by their ids."""
    found: dict[str, LoggedModel] = {}
    batch = KeyedBatch(mapping.TYPES)
    for model in source.logged_models(list(experiments)):
        found[model.model_id] = model
        batch.put(mapping.build_model(model))
        if len(batch) == _TOGETHER:
            batch.write(store)
            batch = KeyedBatch(mapping.TYPES)
    batch.write(store)
    return found


def _add_runs(
    batch: KeyedBatch,
    source: MlflowSource,
    runs: Sequence[Run],
    context: str,
    models: dict[str, LoggedModel],
    *,
    history: bool,
) -> None:
    batch.refer_to_context(context)
    made: dict[str, list[str]] = {}
    for model in models.values():
        if model.source_run_id:
            made.setdefault(model.source_run_id, []).append(model.model_id)
    for run in runs:
        key = batch.put(mapping.build_run(run))
        batch.put_in_context(Kind.EXECUTION, key, context)
        parent = mapping.parent_of(run)
        if parent is not None:
            group = batch.put(mapping.build_group(parent))
            batch.put_in_context(Kind.EXECUTION, key, group)
            batch.put_parent(group, context)
            batch.put_in_context(Kind.EXECUTION, mapping.run_key(parent), group)
        histories = dict(_read_histories(source, run)) if history else {}
        metrics = mapping.build_metrics(run, histories)
        if metrics is not None:
            ended = run.info.end_time or run.info.start_time
            batch.put_event(batch.put(metrics), key, EventType.OUTPUT, ("metrics",), ended)
        _add_inputs(batch, run, key, models)
        _add_outputs(batch, run, key, models, made.get(run.info.run_id, ()))


def _read_histories(source: MlflowSource, run: Run) -> Iterator[tuple[str, list[Metric]]]:
    """Yield the values of each metric that was logged at a step after the first."""
    for metric in run.data._metric_objs:
        if metric.step:
            yield metric.key, source.history(run.info.run_id, metric.key)


def _add_inputs(batch: KeyedBatch, run: Run, key: str, models: dict[str, LoggedModel]) -> None:
    inputs = getattr(run, "inputs", None)
    started = run.info.start_time
    for given in getattr(inputs, "dataset_inputs", None) or ():
        tags = {tag.key: tag.value for tag in given.tags or ()}
        use = tags.get("mlflow.data.context") or "dataset"
        dataset = batch.put(mapping.build_dataset(given.dataset))
        batch.put_event(dataset, key, EventType.INPUT, (use, given.dataset.name), started)
    for given in getattr(inputs, "model_inputs", None) or ():
        model = batch.put(mapping.build_unknown_model(given.model_id), only_if_missing=True)
        path = (_name(models, given.model_id),)
        batch.put_event(model, key, EventType.INPUT, path, started)


def _add_outputs(
    batch: KeyedBatch,
    run: Run,
    key: str,
    models: dict[str, LoggedModel],
    made: Sequence[str],
) -> None:
    outputs = getattr(run, "outputs", None)
    given = [each.model_id for each in getattr(outputs, "model_outputs", None) or ()]
    ended = run.info.end_time or run.info.start_time
    for id in dict.fromkeys([*given, *made]):
        model = batch.put(mapping.build_unknown_model(id), only_if_missing=True)
        time = models[id].creation_timestamp if id in models else ended
        batch.put_event(model, key, EventType.OUTPUT, (_name(models, id),), time)
    for artifact in mapping.models_of(run):
        path = (str(artifact.custom_properties["artifact_path"]),)
        batch.put_event(batch.put(artifact), key, EventType.OUTPUT, path, ended)


def _name(models: dict[str, LoggedModel], id: str) -> str:
    return (models[id].name if id in models else None) or id
