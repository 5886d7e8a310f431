"""What the demo works on: its types, its two data sets, and the models that it tries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lineage.errors import LineageError
from lineage.model import BaseType, Kind, PropertyKind, Type, Value
from lineage.store import Store

SEED = 7

_INT, _DOUBLE, _STRING = PropertyKind.INT, PropertyKind.DOUBLE, PropertyKind.STRING
_STRUCT = PropertyKind.STRUCT
_FILE = {"sha256": _STRING, "bytes": _INT}
# A step that fails keeps what it was told, so every step's type has a place for it.
_RUN = {"error": _STRING}


def _artifact(name: str, base: BaseType | None, properties: Mapping[str, PropertyKind]) -> Type:
    return Type(kind=Kind.ARTIFACT, name=name, base=base, properties={**_FILE, **properties})


def _execution(name: str, base: BaseType, properties: Mapping[str, PropertyKind]) -> Type:
    return Type(kind=Kind.EXECUTION, name=name, base=base, properties={**_RUN, **properties})


TYPES = (
    _artifact("Dataset", BaseType.DATASET, {"source": _STRING, "rows": _INT, "columns": _INT}),
    _artifact("Examples", BaseType.DATASET, {"split": _STRING, "rows": _INT}),
    _artifact("Statistics", BaseType.STATISTICS, {"columns": _INT}),
    _artifact("ExampleAnomalies", None, {"anomalies": _INT, "constant_columns": _STRUCT}),
    _artifact("TransformGraph", None, {"scaler": _STRING}),
    _artifact("Model", BaseType.MODEL, {"algorithm": _STRING}),
    _artifact("Metrics", BaseType.METRICS, {"accuracy": _DOUBLE, "f1": _DOUBLE}),
    _artifact("PushedModel", BaseType.MODEL, {"endpoint": _STRING}),
    _execution("Ingest", BaseType.PROCESS, {"source": _STRING}),
    _execution("Split", BaseType.PROCESS, {"eval_fraction": _DOUBLE, "seed": _INT}),
    _execution("Validate", BaseType.PROCESS, {}),
    _execution("Preprocess", BaseType.TRANSFORM, {"scaler": _STRING}),
    _execution("Aggregate", BaseType.TRANSFORM, {}),
    _execution(
        "Train",
        BaseType.TRAIN,
        {
            "environment": _STRUCT,
            "algorithm": _STRING,
            "seed": _INT,
            "C": _DOUBLE,
            "gamma": _DOUBLE,
            "kernel": _STRING,
            "loss": _STRING,
            "penalty": _STRING,
            "max_depth": _INT,
            "max_iter": _INT,
            "n_estimators": _INT,
            "n_neighbors": _INT,
        },
    ),
    _execution("Evaluate", BaseType.EVALUATE, {}),
    _execution("Deploy", BaseType.DEPLOY, {"endpoint": _STRING}),
    Type(kind=Kind.CONTEXT, name="Pipeline"),
    Type(kind=Kind.CONTEXT, name="PipelineRun"),
    Type(kind=Kind.CONTEXT, name="Experiment"),
)


def declare(store: Store) -> None:
    """Put the types; what a store's own types of these names have besides stays."""
    theirs = {(t.kind, t.name): t for t in store.types() if t.version is None}
    for type in TYPES:
        known = theirs.get((type.kind, type.name))
        kept = known.properties if known else {}
        store.put_type(type.model_copy(update={"properties": {**kept, **type.properties}}))


@dataclass(frozen=True, slots=True)
class ModelCandidate:
    """One model to train: scikit-learn's class by its import path, and its hyperparameters."""

    name: str
    algorithm: str
    parameters: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set that scikit-learn ships, and what is tried on it."""

    name: str
    loader: str
    candidates: tuple[ModelCandidate, ...]
    # Trained on the mean of each class alone.
    aggregated: ModelCandidate | None = None
    # Trained after the others, with a combination that scikit-learn refuses.
    broken: ModelCandidate | None = None


_LOGISTIC = "sklearn.linear_model.LogisticRegression"
_FOREST = "sklearn.ensemble.RandomForestClassifier"
_NEIGHBORS = "sklearn.neighbors.KNeighborsClassifier"
_LINEAR = "sklearn.svm.LinearSVC"
_SVC = "sklearn.svm.SVC"

DATA_SETS = (
    DataSet(
        name="cancer",
        loader="load_breast_cancer",
        candidates=(
            ModelCandidate("logistic-strict", _LOGISTIC, {"C": 0.001, "max_iter": 200}),
            ModelCandidate("logistic", _LOGISTIC, {"C": 1.0, "max_iter": 200}),
            ModelCandidate("forest-small", _FOREST, {"n_estimators": 5, "max_depth": 2}),
            ModelCandidate("forest", _FOREST, {"n_estimators": 60, "max_depth": 8}),
            ModelCandidate(
                "linear", _LINEAR, {"C": 0.5, "penalty": "l2", "loss": "hinge", "max_iter": 20_000}
            ),
        ),
        aggregated=ModelCandidate("class-means", _NEIGHBORS, {"n_neighbors": 1}),
        broken=ModelCandidate(
            "linear-sparse",
            _LINEAR,
            {"C": 0.5, "penalty": "l1", "loss": "hinge", "max_iter": 20_000},
        ),
    ),
    DataSet(
        name="digits",
        loader="load_digits",
        candidates=(
            ModelCandidate("neighbors-1", _NEIGHBORS, {"n_neighbors": 1}),
            ModelCandidate("neighbors-15", _NEIGHBORS, {"n_neighbors": 15}),
            ModelCandidate("forest", _FOREST, {"n_estimators": 60, "max_depth": 12}),
            ModelCandidate("svc", _SVC, {"C": 10.0, "gamma": 0.01, "kernel": "rbf"}),
            ModelCandidate("svc-linear", _SVC, {"C": 0.01, "kernel": "linear"}),
        ),
    ),
)


def build_sklearn_error() -> LineageError:
    """Build the error for where the demo's extra is not installed."""
    return LineageError(
        "the demo trains real models and needs scikit-learn, which is not installed here: "
        "pip install 'lineage-engine[demo]'"
    )
