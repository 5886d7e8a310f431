"""Record three steps by hand, and ask where the model came from."""

from __future__ import annotations

import lineage
from lineage import Artifact, Context, Execution


def main() -> None:
    """Record a small pipeline, and print what was asked of it."""
    with lineage.connect() as store:
        monday = [Context(type="PipelineRun", name="monday")]
        split = store.record(
            Execution(type="Split", custom_properties={"test_size": 0.2}),
            inputs={
                "raw": Artifact(type="Dataset", name="customers", uri="s3://data/customers.csv")
            },
            outputs={"train": Artifact(type="Examples", name="customers/train")},
            contexts=monday,
        )
        fit = store.record(
            Execution(type="Train", custom_properties={"lr": 0.1, "epochs": 5}),
            inputs={"examples": split.output("train")},
            outputs={"model": Artifact(type="Model", name="churn", uri="s3://models/churn")},
            contexts=monday,
        )
        store.record(
            Execution(type="Evaluate"),
            inputs={"model": fit.output("model")},
            outputs={"metrics": Artifact(type="Metrics", custom_properties={"accuracy": 0.93})},
            contexts=monday,
        )
        for row in store.trained_on("Model:churn"):
            print(row.dataset.label, "at depth", row.depth)
        print([found.node.label for found in store.downstream("Dataset:customers", type="MODEL")])


if __name__ == "__main__":
    main()
