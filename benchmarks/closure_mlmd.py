"""The downstream closure of 60,000 nodes on SQLite beside MLMD's lineage subgraph."""

from __future__ import annotations

import lineage
from benchmarks.bench import Bench
from benchmarks.loading import load
from benchmarks.measuring import Measured, in_turns, seconds, shown
from benchmarks.mlmd import Mlmd
from benchmarks.shapes import layered
from lineage.ports.traversal import Direction

_DOWN = Direction.DOWNSTREAM


def measure(bench: Bench) -> list[Measured]:
    layers, width = 20, bench.size(1_000, 20)
    shape = layered(layers, width)
    with (
        lineage.connect(bench.sqlite_url("closure")) as store,
        Mlmd(bench.folder / "closure-mlmd.db") as mlmd,
    ):
        bench.say(f"loading {shape.events:,} events into both")
        load(store, shape)
        mlmd.ask("load", shape="layered", arguments=[layers, width])

        # Both must have found the same before their times mean anything.
        whole = store.downstream(shape.root)
        theirs = mlmd.ask("downstream", artifact=shape.root)
        assert len(store.closure(shape.root, direction=_DOWN)) > 0
        assert len(whole.nodes) == shape.reached + 1 == theirs["nodes"], (len(whole.nodes), theirs)

        def peer() -> float:
            return float(mlmd.ask("downstream", artifact=shape.root)["seconds"])

        turns = bench.size(7, 1)
        ids = in_turns(
            lambda: seconds(lambda: store.closure(shape.root, direction=_DOWN)), peer, turns
        )
        full = in_turns(lambda: seconds(lambda: store.downstream(shape.root)), peer, turns)
    nodes = f"{shape.reached:,}"
    return [
        Measured(
            name="closure_ids_mlmd",
            what=f"downstream closure of {nodes} nodes, ids and depths, SQLite",
            against="MLMD get_lineage_subgraph",
            target="10x or more",
            ours=shown(ids.our_median),
            peer=shown(ids.peer_median),
            ratio=f"{ids.faster:.1f}x",
            met=ids.faster >= 10,
            note=f"{layers} layers; the same number of nodes on both sides; {ids.spread}",
        ),
        Measured(
            name="closure_full_mlmd",
            what="the same with full nodes and events as objects",
            against="MLMD get_lineage_subgraph",
            target="2x or more",
            ours=shown(full.our_median),
            peer=shown(full.peer_median),
            ratio=f"{full.faster:.1f}x",
            met=full.faster >= 2,
            note=f"{len(whole.events):,} events here, {theirs['events']:,} there; {full.spread}",
        ),
    ]
