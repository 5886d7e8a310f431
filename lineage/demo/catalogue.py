"""What the demo works on: its two data sets, and the models that it tries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lineage.errors import LineageError
from lineage.model import Value

SEED = 7


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
    source: str
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
        source="sklearn.datasets.load_breast_cancer",
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
        source="sklearn.datasets.load_digits",
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
