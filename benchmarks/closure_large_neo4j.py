"""The closure of 750,000 nodes on Neo4j beside the same data on SQLite."""

from __future__ import annotations

import lineage
from benchmarks.bench import Bench
from benchmarks.loading import load
from benchmarks.measuring import Measured, in_turns, seconds, shown
from lineage.ports.traversal import Direction


def measure(bench: Bench) -> list[Measured]:
    shape = bench.million_shape
    with lineage.connect(bench.million_url) as sqlite, bench.new_neo4j_store() as store:
        bench.say(f"loading {shape.events:,} events into Neo4j")
        load(store, shape)

        def asked(of: lineage.Store) -> None:
            levels = of.closure(shape.root, direction=Direction.DOWNSTREAM)
            assert sum(len(ids) for _, _, ids in levels) == shape.reached + 1

        turns = in_turns(
            lambda: seconds(lambda: asked(store)),
            lambda: seconds(lambda: asked(sqlite)),
            bench.size(7, 1),
        )
    return [
        Measured(
            name="closure_large_neo4j",
            what=f"closure of {shape.reached:,} nodes, ids and depths, Neo4j",
            against="the same data on SQLite here",
            target="not slower",
            ours=shown(turns.our_median),
            peer=shown(turns.peer_median),
            ratio=f"{turns.slower:.2f}x",
            met=turns.slower <= 1,
            note=turns.spread,
        )
    ]
