"""Mark a bad data set, find the models that learned from it, and see the gate say no."""

from __future__ import annotations

import lineage
from lineage import Artifact, Execution


def train(store: lineage.Store, data: str, model: str) -> None:
    """Record that a model was trained on a data set."""
    store.record(
        Execution(type="Train"),
        inputs={"examples": Artifact(type="Dataset", name=data)},
        outputs={"model": Artifact(type="Model", name=model)},
    )


def main() -> None:
    """Taint one of two data sets, and check the models of both."""
    with lineage.connect() as store:
        train(store, "clicks", "ranker")
        train(store, "surveys", "churn")
        store.mark("Dataset:clicks", label="poisoned", reason="bots in the logs", who="ann")
        for found in store.taint(label="poisoned", type="MODEL"):
            print("affected:", found.node.label, "at depth", found.depth)
        for model in ("Model:ranker", "Model:churn"):
            print(model, "is clean:", store.check(model, label="poisoned").clean)


if __name__ == "__main__":
    main()
