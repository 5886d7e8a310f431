"""Ask the graph in Cypher, without a server."""

from __future__ import annotations

import lineage
from lineage import Artifact, Execution


def main() -> None:
    """Record two trainings, and find the better model by a query."""
    with lineage.connect() as store:
        for rate, accuracy in ((0.1, 0.91), (0.01, 0.94)):
            store.record(
                Execution(type="Train", custom_properties={"lr": rate}),
                inputs={"examples": Artifact(type="Dataset", name="raw")},
                outputs={
                    "model": Artifact(
                        type="Model", name=f"churn-{rate}", custom_properties={"accuracy": accuracy}
                    )
                },
            )
        result = store.query(
            "MATCH (d:Dataset {name: $name})-[:INPUT]->(t:Train)-[:OUTPUT]->(m:Model) "
            "RETURN m.name AS model, t.lr AS lr, m.accuracy AS accuracy ORDER BY accuracy DESC",
            name="raw",
        )
        for row in result.dicts():
            print(row)


if __name__ == "__main__":
    main()
