"""A closure through the store beside the same template through the bare driver."""

from __future__ import annotations

from pathlib import Path

import neo4j

from benchmarks.bench import Bench
from benchmarks.loading import load
from benchmarks.measuring import Measured, in_turns, seconds, shown
from benchmarks.shapes import layered
from lineage.ports.traversal import Direction

_TEMPLATE = Path(__file__).parents[1] / "cypher" / "read" / "downstream_of_artifacts.cypher"


def measure(bench: Bench) -> list[Measured]:
    shape = layered(20, bench.size(1_000, 20))
    with bench.new_neo4j_store() as store:
        load(store, shape)
        statement = _TEMPLATE.read_text()

        def work(transaction: neo4j.ManagedTransaction) -> int:
            rows = transaction.run(statement, ids=[shape.root])
            return sum(len(row["ids"]) for row in rows)

        def bare() -> None:
            with bench.driver.session(default_access_mode=neo4j.READ_ACCESS) as session:
                assert session.execute_read(work) == shape.reached

        turns = in_turns(
            lambda: seconds(lambda: store.closure(shape.root, direction=Direction.DOWNSTREAM)),
            lambda: seconds(bare),
            bench.size(15, 1),
        )
    return [
        Measured(
            name="closure_neo4j",
            what=f"closure of {shape.reached:,} nodes, ids and depths, Neo4j",
            against="the same template through the bare driver",
            target="within 1.2x",
            ours=shown(turns.our_median),
            peer=shown(turns.peer_median),
            ratio=f"{turns.slower:.2f}x",
            met=turns.slower <= 1.2,
            note=turns.spread,
        )
    ]
