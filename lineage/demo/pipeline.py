"""The pipeline: ingest, split, validate, preprocess, train, evaluate, deploy the best."""

from __future__ import annotations

import csv
import json
import pickle
import platform
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy
import sklearn
import sklearn.datasets
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lineage.demo.catalogue import SEED, DataSet, ModelCandidate
from lineage.demo.pipeline_run import PipelineRun
from lineage.model import Artifact, Value

EVAL_FRACTION = 0.3

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


@dataclass(frozen=True, slots=True)
class Trained:
    """A model with what was measured of it, and the file that it lies in."""

    model: Artifact
    metrics: Artifact
    file: Path


def run_pipeline(run: PipelineRun, data: DataSet, serving: Path, say: Say) -> Outcome:
    """Run every step on one data set, recording each; `say` is told how it goes."""
    raw = ingest(run, data)
    say(f"ingest      {raw.properties['rows']:,} rows, {raw.properties['columns']} columns")
    train, held_out = split(run, raw)
    say(
        f"split       {train.properties['rows']:,} to train, {held_out.properties['rows']} to judge"
    )
    anomalies = validate(run, train)
    say(f"validate    {anomalies.properties['anomalies']} anomalies")
    scaled, graph = preprocess(run, train)
    say("preprocess  standard scaler")
    trained = []
    for candidate in data.candidates:
        model, file = train_model(run, candidate, scaled, graph)
        trained.append(_judge(run, candidate, model, file, held_out, say))
    failed = None
    if data.broken is not None:
        try:
            train_model(run, data.broken, scaled, graph)
        except ValueError:
            # It is the point of this one that scikit-learn refuses it: the run is on record.
            failed = f"Train:{run.named(f'train/{data.broken.name}')}"
            say(f"train       {data.broken.name:16} failed")
    if data.aggregated is not None:
        trained.append(_on_means(run, data.aggregated, train, held_out, say))
    best = best_of(trained)
    pushed = deploy(run, data, best, serving)
    say(f"deploy      {best.model.name}")
    return Outcome(
        run=f"PipelineRun:{run.name}",
        raw=raw.label,
        best=best.model.label,
        best_metrics=best.metrics.label,
        accuracy=best.metrics.properties["accuracy"],
        pushed=pushed.label,
        failed=failed,
    )


def best_of(trained: Sequence[Trained]) -> Trained:
    """The one that did best on what was held out."""
    return max(
        trained, key=lambda t: (t.metrics.properties["accuracy"], t.metrics.properties["f1"])
    )


def _on_means(
    run: PipelineRun, candidate: ModelCandidate, train: Artifact, held_out: Artifact, say: Say
) -> Trained:
    means = aggregate(run, train)
    model, file = train_model(run, candidate, means)
    return _judge(run, candidate, model, file, held_out, say)


def _judge(
    run: PipelineRun,
    candidate: ModelCandidate,
    model: Artifact,
    file: Path,
    held_out: Artifact,
    say: Say,
) -> Trained:
    metrics = evaluate(run, candidate, model, held_out)
    say(f"train       {candidate.name:16} accuracy {metrics.properties['accuracy']:.3f}")
    return Trained(model, metrics, file)


def ingest(run: PipelineRun, data: DataSet, *, without: Sequence[int] = ()) -> Artifact:
    """The data set as a file; `without` are rows to leave out."""
    source = f"sklearn.datasets.{data.loader}"
    with run.step("Ingest", "ingest", {}, source=source) as outputs:
        bunch = getattr(sklearn.datasets, data.loader)()
        names = [str(name).replace(" ", "_") for name in bunch.feature_names]
        file = run.file("raw.csv")
        rows, target = (numpy.delete(part, list(without), 0) for part in (bunch.data, bunch.target))
        _write_table(file, names, rows, target)
        raw = run.artifact(
            "Dataset", "raw", file, source=source, rows=len(target), columns=len(names)
        )
        outputs["dataset"] = raw
    return raw


def split(run: PipelineRun, raw: Artifact) -> tuple[Artifact, Artifact]:
    """Examples to train on, and others to judge by."""
    with run.step(
        "Split", "split", {"dataset": raw}, eval_fraction=EVAL_FRACTION, seed=SEED
    ) as outputs:
        names, rows, target = read_table(run.file("raw.csv"))
        parts = train_test_split(
            rows, target, test_size=EVAL_FRACTION, random_state=SEED, stratify=target
        )
        for part, some, answers in (
            ("train", parts[0], parts[2]),
            ("eval", parts[1], parts[3]),
        ):
            file = run.file(f"{part}.csv")
            _write_table(file, names, some, answers)
            outputs[part] = run.artifact("Examples", part, file, split=part, rows=len(answers))
    return outputs["train"], outputs["eval"]


def validate(run: PipelineRun, train: Artifact) -> Artifact:
    """Statistics, and what is odd in them."""
    with run.step("Validate", "validate", {"examples": train}) as outputs:
        names, rows, _ = read_table(run.file("train.csv"))
        statistics = {
            name: {
                "mean": float(column.mean()),
                "std": float(column.std()),
                "min": float(column.min()),
                "max": float(column.max()),
                "missing": int(numpy.isnan(column).sum()),
            }
            for name, column in zip(names, rows.T, strict=True)
        }
        file = run.file("statistics.json")
        file.write_text(json.dumps(statistics, indent=1))
        outputs["statistics"] = run.artifact("Statistics", "statistics", file, columns=len(names))

        # A column that never changes tells a model nothing; a missing value would break one.
        constant: list[Any] = [name for name, s in statistics.items() if s["std"] == 0.0]
        missing = sorted(name for name, s in statistics.items() if s["missing"])
        file = run.file("anomalies.json")
        file.write_text(json.dumps({"constant": constant, "missing": missing}, indent=1))
        outputs["anomalies"] = run.artifact(
            "ExampleAnomalies",
            "anomalies",
            file,
            anomalies=len(constant) + len(missing),
            constant_columns=constant,
        )
    return outputs["anomalies"]


def preprocess(run: PipelineRun, train: Artifact) -> tuple[Artifact, Artifact]:
    """Scaled examples, and the scaler."""
    with run.step("Preprocess", "preprocess", {"examples": train}, scaler="standard") as outputs:
        names, rows, target = read_table(run.file("train.csv"))
        scaler = StandardScaler().fit(rows)
        file = run.file("train-scaled.csv")
        _write_table(file, names, scaler.transform(rows), target)
        outputs["examples"] = run.artifact(
            "Examples", "train-scaled", file, split="train", rows=len(target)
        )
        file = run.file("transform.pickle")
        file.write_bytes(pickle.dumps(scaler))
        outputs["transform_graph"] = run.artifact(
            "TransformGraph", "transform", file, scaler="standard"
        )
    return outputs["examples"], outputs["transform_graph"]


def aggregate(run: PipelineRun, train: Artifact) -> Artifact:
    """The mean of each class, in which no single row is left."""
    with run.step("Aggregate", "aggregate", {"examples": train}) as outputs:
        names, rows, target = read_table(run.file("train.csv"))
        classes = numpy.unique(target)
        file = run.file("class-means.csv")
        _write_table(
            file, names, numpy.array([rows[target == c].mean(0) for c in classes]), classes
        )
        outputs["examples"] = run.artifact(
            "Examples", "class-means", file, split="train", rows=len(classes)
        )
    return outputs["examples"]


def train_model(
    run: PipelineRun, candidate: ModelCandidate, examples: Artifact, graph: Artifact | None = None
) -> tuple[Artifact, Path]:
    """A model trained on examples, which `graph` scaled, and the file that it lies in."""
    with run.step(
        "Train",
        f"train/{candidate.name}",
        {"examples": examples, **({"transform_graph": graph} if graph else {})},
        algorithm=candidate.algorithm,
        seed=SEED,
        environment=environment(),
        **candidate.parameters,
    ) as outputs:
        module, _, name = candidate.algorithm.rpartition(".")
        estimator = getattr(import_module(module), name)(**candidate.parameters)
        if "random_state" in estimator.get_params():
            estimator.set_params(random_state=SEED)
        _, rows, target = read_table(run.file_of(examples))
        estimator.fit(rows, target)
        # What is served takes rows as they come in, so the scaler goes with the model.
        scaling = [pickle.loads(run.file_of(graph).read_bytes())] if graph else []
        file = run.file(f"{candidate.name}.pickle")
        file.write_bytes(pickle.dumps(make_pipeline(*scaling, estimator)))
        model = run.artifact("Model", candidate.name, file, algorithm=candidate.algorithm)
        outputs["model"] = model
    return model, file


def evaluate(
    run: PipelineRun, candidate: ModelCandidate, model: Artifact, held_out: Artifact
) -> Artifact:
    """What a model does with the examples that were held out."""
    with run.step(
        "Evaluate", f"evaluate/{candidate.name}", {"model": model, "examples": held_out}
    ) as outputs:
        _, rows, target = read_table(run.file_of(held_out))
        predicted = pickle.loads(run.file_of(model).read_bytes()).predict(rows)
        accuracy = float(accuracy_score(target, predicted))
        f1 = float(f1_score(target, predicted, average="macro"))
        report = run.file(f"{candidate.name}.metrics.json")
        report.write_text(json.dumps({"accuracy": accuracy, "f1": f1}))
        metrics = run.artifact(
            "Metrics", f"{candidate.name}-metrics", report, accuracy=accuracy, f1=f1
        )
        outputs["metrics"] = metrics
    return metrics


def deploy(run: PipelineRun, data: DataSet, best: Trained, serving: Path) -> Artifact:
    """The best model put where it is served from."""
    endpoint = f"{data.name}-classifier"
    with run.step(
        "Deploy", "deploy", {"model": best.model, "metrics": best.metrics}, endpoint=endpoint
    ) as outputs:
        served = serving / data.name / f"{run.folder.name}.pickle"
        served.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(best.file, served)
        pushed = run.artifact("PushedModel", "pushed", served, endpoint=endpoint)
        outputs["pushed_model"] = pushed
    return pushed


def environment() -> dict[str, Value]:
    """What a training's result depends on besides data and parameters."""
    return {
        "python": platform.python_version(),
        "sklearn": sklearn.__version__,
        "numpy": numpy.__version__,
        "platform": f"{platform.system()} {platform.machine()}",
    }


def _write_table(file: Path, names: list[str], rows: Any, target: Any) -> None:
    # repr() of a float is the shortest text that reads back the same, so nothing is lost.
    with file.open("w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([*names, "target"])
        for row, answer in zip(rows.tolist(), target.tolist(), strict=True):
            writer.writerow([*row, answer])


def read_table(file: Path) -> tuple[list[str], Any, Any]:
    """Column names, rows and targets of a CSV file of the demo."""
    with file.open() as text:
        names = text.readline().rstrip("\n").split(",")[:-1]
        table = numpy.loadtxt(text, delimiter=",")
    return names, table[:, :-1], table[:, -1].astype(int)
