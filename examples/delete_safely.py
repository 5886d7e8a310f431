"""See what a deletion would break, then delete, and keep a receipt."""

from __future__ import annotations

import lineage
from lineage import Artifact, Execution
from lineage.errors import PlanRefused


def main() -> None:
    """Plan the deletion of a data set that a model was trained on."""
    with lineage.connect() as store:
        store.record(
            Execution(type="Train"),
            inputs={"examples": Artifact(type="Dataset", name="raw", uri="s3://data/raw.csv")},
            outputs={"model": Artifact(type="Model", name="churn")},
        )
        print("models at stake:", [m.model.label for m in store.impact("Dataset:raw").models])
        plan = store.plan_deletion("Dataset:raw")
        try:
            store.apply(plan)
        except PlanRefused as refusal:
            print("refused:", refusal)
        # A tombstone takes properties and uri; the node stays, and still conducts lineage.
        receipt = store.delete("Dataset:raw", policy="tombstone", who="ann", reason="retention")
        print("deleted:", [node.label for node in receipt.plan.nodes])
        print("still upstream:", [f.node.label for f in store.upstream("Model:churn")])


if __name__ == "__main__":
    main()
