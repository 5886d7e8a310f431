"""The pipeline: ingest, split, validate, preprocess, train, evaluate, deploy the best.

Its steps are plain functions of files. `@step` records each call, and skips it where an earlier one
had the same code, parameters, libraries and inputs.
"""

from __future__ import annotations

import csv
import json
import pickle
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

from lineage import Input, Output, step
from lineage.demo.catalogue import SEED, DataSet, ModelCandidate

EVAL_FRACTION = 0.3
SOURCES = {
    "sklearn.datasets.load_breast_cancer": load_breast_cancer,
    "sklearn.datasets.load_digits": load_digits,
}
ALGORITHMS = {
    "sklearn.ensemble.RandomForestClassifier": RandomForestClassifier,
    "sklearn.linear_model.LogisticRegression": LogisticRegression,
    "sklearn.neighbors.KNeighborsClassifier": KNeighborsClassifier,
    "sklearn.svm.LinearSVC": LinearSVC,
    "sklearn.svm.SVC": SVC,
}

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one run of the pipeline ended: names of artifacts and executions to ask about."""

    run: str
    raw: str
    best: str
    best_metrics: str
    accuracy: float
    pushed: str
    failed: str | None


def run_pipeline(data: DataSet, folder: Path, served: Path, run: str, say: Say, *,
                 without: Sequence[int] = ()) -> Outcome:  # fmt: skip
    """Run every step on one data set; `say` is told how it goes.

    Parameters
    ----------
    folder
        Where its files go; what it makes is called after the folder's name.
    served
        Where the best model is put.
    run
        What this run of the pipeline is called.
    without
        Rows of the data set to leave out.
    """
    raw = folder / "raw.csv"
    ingest(data.source, raw, without=tuple(without))
    say("ingest")
    best, failed = build_models(data, raw, say)
    accuracy = _read_json(_metrics_of(best))["accuracy"]
    deploy(best, _metrics_of(best), served, endpoint=f"{data.name}-classifier")
    say(f"deploy      {best.stem}")
    name = folder.name
    return Outcome(
        run=f"PipelineRun:{run}",
        raw=f"Dataset:{name}/raw",
        best=f"Model:{name}/{best.stem}",
        best_metrics=f"Metrics:{name}/{best.stem}-metrics",
        accuracy=accuracy,
        pushed=f"PushedModel:{name}/{served.stem}",
        failed=failed,
    )


def build_models(data: DataSet, raw: Path, say: Say) -> tuple[Path, str | None]:
    """Make every model of a raw data set; returns the best one, and the run that failed."""
    folder = raw.parent
    train, held_out = folder / "train.csv", folder / "eval.csv"
    split(raw, train, held_out, eval_fraction=EVAL_FRACTION, seed=SEED)
    say("split")
    validate(train, folder / "statistics.json", folder / "anomalies.json")
    say("validate")
    scaled, transform = folder / "train-scaled.csv", folder / "transform.pickle"
    preprocess(train, scaled, transform, scaler="standard")
    say("preprocess")
    models = [_try(candidate, scaled, transform, held_out, say) for candidate in data.candidates]
    failed = None
    if data.broken is not None:
        try:
            _train(data.broken, scaled, transform)
        except ValueError:
            # It is the point of this one that scikit-learn refuses it: the run is on record.
            failed = f"Train:{folder.name}/train/{data.broken.name}"
            say(f"train       {data.broken.name:16} failed")
    if data.aggregated is not None:
        means = folder / "class-means.csv"
        aggregate(train, means)
        models.append(_try(data.aggregated, means, None, held_out, say))
    return max(models, key=_rank), failed


def _try(
    candidate: ModelCandidate, examples: Path, transform: Path | None, held_out: Path, say: Say
) -> Path:
    """Train a model and judge it."""
    model = _train(candidate, examples, transform)
    evaluate(model, held_out, _metrics_of(model))
    accuracy = _read_json(_metrics_of(model))["accuracy"]
    say(f"train       {candidate.name:16} accuracy {accuracy:.3f}")
    return model


def _train(candidate: ModelCandidate, examples: Path, transform: Path | None) -> Path:
    model = examples.parent / f"{candidate.name}.pickle"
    train_model(examples, transform, model, candidate.algorithm, seed=SEED, **candidate.parameters)
    return model


def _rank(model: Path) -> tuple[float, float]:
    """How well a model did on what was held out."""
    found = _read_json(_metrics_of(model))
    return found["accuracy"], found["f1"]


def _metrics_of(model: Path) -> Path:
    return model.with_name(f"{model.stem}-metrics.json")


def _named(*ports: str) -> dict[str, str]:
    """Return names for what is written: the folder's, and the file's."""
    return {port: f"{{{port}.parent.name}}/{{{port}.stem}}" for port in ports}


@step(name="{dataset.parent.name}/ingest", type="Ingest", names=_named("dataset"), cache=True)
def ingest(source: str, dataset: Output[Path], *, without: tuple[int, ...] = ()) -> None:
    """Write a data set that scikit-learn ships, but for the rows to leave out."""
    bunch = SOURCES[source]()
    names = [str(name).replace(" ", "_") for name in bunch.feature_names]
    rows, target = (numpy.delete(part, list(without), 0) for part in (bunch.data, bunch.target))
    write_table(dataset, names, rows, target)


@step(
    name="{dataset.parent.name}/split",
    type="Split",
    names=_named("train", "eval"),
    types={"train": "Examples", "eval": "Examples"},
    cache=True,
)
def split(
    dataset: Input[Path],
    train: Output[Path],
    eval: Output[Path],
    *,
    eval_fraction: float,
    seed: int,
) -> None:
    """Write examples to train on, and others to judge by."""
    names, rows, target = read_table(dataset)
    parts = train_test_split(
        rows, target, test_size=eval_fraction, random_state=seed, stratify=target
    )
    write_table(train, names, parts[0], parts[2])
    write_table(eval, names, parts[1], parts[3])


@step(
    name="{examples.parent.name}/validate",
    type="Validate",
    names=_named("statistics", "anomalies"),
    types={"statistics": "Statistics", "anomalies": "ExampleAnomalies"},
    cache=True,
)
def validate(examples: Input[Path], statistics: Output[Path], anomalies: Output[Path]) -> None:
    """Write statistics, and what is odd in them."""
    names, rows, _ = read_table(examples)
    found = {
        name: {
            "mean": float(column.mean()),
            "std": float(column.std()),
            "min": float(column.min()),
            "max": float(column.max()),
            "missing": int(numpy.isnan(column).sum()),
        }
        for name, column in zip(names, rows.T, strict=True)
    }
    _write_json(statistics, found)
    # A column that never changes tells a model nothing; a missing value would break one.
    constant = [name for name, s in found.items() if s["std"] == 0.0]
    missing = sorted(name for name, s in found.items() if s["missing"])
    _write_json(anomalies, {"examples": len(rows), "constant": constant, "missing": missing})


@step(
    name="{examples.parent.name}/preprocess",
    type="Preprocess",
    names=_named("scaled", "transform_graph"),
    types={"scaled": "Examples", "transform_graph": "TransformGraph"},
    cache=True,
)
def preprocess(
    examples: Input[Path], scaled: Output[Path], transform_graph: Output[Path], *, scaler: str
) -> None:
    """Write scaled examples, and the scaler."""
    names, rows, target = read_table(examples)
    fitted = {"standard": StandardScaler}[scaler]().fit(rows)
    write_table(scaled, names, fitted.transform(rows), target)
    transform_graph.write_bytes(pickle.dumps(fitted))


@step(
    name="{examples.parent.name}/aggregate",
    type="Aggregate",
    names=_named("means"),
    types={"means": "Examples"},
    cache=True,
)
def aggregate(examples: Input[Path], means: Output[Path]) -> None:
    """Write the mean of each class, in which no single row is left."""
    names, rows, target = read_table(examples)
    classes = numpy.unique(target)
    write_table(means, names, numpy.array([rows[target == c].mean(0) for c in classes]), classes)


@step(
    name="{model.parent.name}/train/{model.stem}",
    type="Train",
    names=_named("model"),
    types={"model": "Model"},
    cache=True,
)
def train_model(
    examples: Input[Path],
    transform_graph: Input[Path] | None,
    model: Output[Path],
    algorithm: str,
    *,
    seed: int,
    **parameters: Any,
) -> None:
    """Write a model trained on examples, which `transform_graph` scaled."""
    estimator = ALGORITHMS[algorithm](**parameters)
    if "random_state" in estimator.get_params():
        estimator.set_params(random_state=seed)
    _, rows, target = read_table(examples)
    estimator.fit(rows, target)
    # What is served takes rows as they come in, so the scaler goes with the model.
    scaling = [pickle.loads(transform_graph.read_bytes())] if transform_graph else []
    model.write_bytes(pickle.dumps(make_pipeline(*scaling, estimator)))


@step(
    name="{model.parent.name}/evaluate/{model.stem}",
    type="Evaluate",
    names=_named("metrics"),
    types={"metrics": "Metrics"},
    cache=True,
)
def evaluate(model: Input[Path], examples: Input[Path], metrics: Output[Path]) -> None:
    """Write what a model does with the examples that were held out."""
    _, rows, target = read_table(examples)
    predicted = pickle.loads(model.read_bytes()).predict(rows)
    accuracy = float(accuracy_score(target, predicted))
    f1 = float(f1_score(target, predicted, average="macro"))
    _write_json(metrics, {"accuracy": accuracy, "f1": f1})


@step(
    name="{model.parent.name}/deploy",
    type="Deploy",
    names=_named("pushed_model"),
    types={"pushed_model": "PushedModel"},
    cache=True,
)
def deploy(
    model: Input[Path], metrics: Input[Path], pushed_model: Output[Path], *, endpoint: str
) -> None:
    """Put the best model where it is served from."""
    pushed_model.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(model, pushed_model)


def write_table(file: Path, names: list[str], rows: Any, target: Any) -> None:
    """Write a CSV file of the demo."""
    file.parent.mkdir(parents=True, exist_ok=True)
    # repr() of a float is the shortest text that reads back the same, so nothing is lost.
    with file.open("w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([*names, "target"])
        for row, answer in zip(rows.tolist(), target.tolist(), strict=True):
            writer.writerow([*row, answer])


def read_table(file: Path) -> tuple[list[str], Any, Any]:
    """Return column names, rows and targets of a CSV file of the demo."""
    with file.open() as text:
        names = text.readline().rstrip("\n").split(",")[:-1]
        table = numpy.loadtxt(text, delimiter=",")
    return names, table[:, :-1], table[:, -1].astype(int)


def _write_json(file: Path, found: Any) -> None:
    file.write_text(json.dumps(found, indent=1))


def _read_json(file: Path) -> Any:
    return json.loads(file.read_text())
