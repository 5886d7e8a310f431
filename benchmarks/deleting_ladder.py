"""Impact, plans and their application on a ladder of 60 layers, 2^60 paths: at once."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

import lineage
from benchmarks.bench import Bench
from benchmarks.loading import load
from benchmarks.measuring import Measured, seconds, shown
from benchmarks.shapes import Shape, ladder
from lineage import Retention

LAYERS = 60


def measure(bench: Bench) -> list[Measured]:
    shape = ladder(LAYERS)
    made = []
    for name, url, limit in (
        ("SQLite", bench.sqlite_url("deleting-ladder"), 0.1),
        ("memory", "memory://", 0.1),
        ("Neo4j", "", 1.0),
    ):
        with bench.new_neo4j_store() if name == "Neo4j" else lineage.connect(url) as store:
            load(store, shape)
            times, deleted = _times(store, shape, bench.size(9, 3))
        slowest = max(times.values())
        each = ", ".join(f"{question} {shown(taken)}" for question, taken in times.items())
        made.append(
            Measured(
                name=f"deleting_ladder_{name.lower()}",
                what=f"{LAYERS}-layer diamond ladder, the slowest of impact and plans, {name}",
                against="-",
                target=f"under {limit:g} s",
                ours=shown(slowest),
                peer="-",
                ratio="-",
                met=slowest < limit and deleted == shape.artifacts - 1,
                note=f"medians: {each}; applied once: {deleted} artifacts deleted",
            )
        )
    return made


def _times(store: lineage.Store, shape: Shape, turns: int) -> tuple[dict[str, float], int]:
    """Medians of each question, and how many artifacts a cascade from the root deleted."""
    rules = [Retention(keep_last=1)]
    questions: dict[str, Callable[[], object]] = {
        "impact": lambda: store.impact(shape.root),
        "restrict": lambda: store.plan_deletion(shape.root),
        "cascade": lambda: store.plan_deletion(shape.root, policy="cascade"),
        "purge": lambda: store.plan_deletion(shape.root, policy="cascade", purge=True),
        "forget": lambda: store.plan_forget(shape.root),
        "gc": lambda: store.plan_gc(rules=rules),
    }
    times = {}
    for name, ask in questions.items():
        ask()
        times[name] = median(seconds(ask) for _ in range(turns))
    # Once before, as everything else was.
    store.delete(store.put(lineage.Artifact(type="Table")), purge=True)
    plan = store.plan_deletion(shape.root, policy="cascade")
    times["apply"] = seconds(lambda: store.apply(plan))
    return times, len(store.find(lineage.Kind.ARTIFACT, state="DELETED"))
