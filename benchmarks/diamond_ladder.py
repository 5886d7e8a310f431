"""A ladder of 60 layers, 2^60 paths: every question complete, and at once."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

import lineage
from benchmarks.bench import Bench
from benchmarks.loading import load
from benchmarks.measuring import Measured, seconds, shown
from benchmarks.mlmd import Mlmd
from benchmarks.shapes import ladder
from lineage.ports.traversal import Direction

LAYERS = 60


def measure(bench: Bench) -> list[Measured]:
    shape = ladder(LAYERS)
    with Mlmd(bench.folder / "ladder-mlmd.db") as mlmd:
        mlmd.ask("load", shape="ladder", arguments=[LAYERS])
        theirs = mlmd.ask("downstream", artifact=shape.root)
    made = []
    for name, url, limit in (
        ("SQLite", bench.sqlite_url("ladder"), 0.05),
        ("memory", "memory://", 0.05),
        ("Neo4j", "", 0.5),
    ):
        with bench.new_neo4j_store() if name == "Neo4j" else lineage.connect(url) as store:
            load(store, shape)
            slowest, times, found = _slowest(store, shape.root, shape.artifacts, bench.size(15, 3))
        complete = found == shape.reached
        each = ", ".join(f"{question} {shown(taken)}" for question, taken in times.items())
        made.append(
            Measured(
                name=f"diamond_ladder_{name.lower()}",
                what=f"{LAYERS}-layer diamond ladder, the slowest question, {name}",
                against=f"MLMD: {theirs['nodes']} nodes with the start, cut at 100 hops",
                target=f"complete ({shape.reached} nodes), under {limit * 1000:.0f} ms",
                ours=f"{found} nodes, {shown(slowest)}",
                peer=f"{theirs['nodes'] - 1} nodes, {shown(theirs['seconds'])}",
                ratio="-",
                met=complete and slowest < limit,
                note=f"medians: {each}",
            )
        )
    return made


def _slowest(
    store: lineage.Store, root: int, end: int, turns: int
) -> tuple[float, dict[str, float], int]:
    """The slowest question by median, all medians, and how many nodes are downstream."""
    questions: dict[str, Callable[[], object]] = {
        "downstream": lambda: store.downstream(root),
        "upstream": lambda: store.upstream(end),
        "closure": lambda: store.closure(root, direction=Direction.DOWNSTREAM),
        "downstream by type": lambda: store.downstream(root, type="Table"),
        "why": lambda: store.why(root, end),
        "trained_on": lambda: store.trained_on(end),
        "about": lambda: store.about(end),
        "diff": lambda: store.diff(end, end - 1),
        "siblings": lambda: store.siblings(end),
        "blame": lambda: store.blame(end, good=[end - 1]),
        "bisect": lambda: store.bisect(end),
    }
    times = {}
    for name, ask in questions.items():
        ask()
        times[name] = median(seconds(ask) for _ in range(turns))
    assert store.why(root, end).found
    return max(times.values()), times, len(store.downstream(root).nodes) - 1
