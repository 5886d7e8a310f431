"""Taint: the ladder at once, and 1,000 marks or given sources as one closure of that size."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

import lineage
from benchmarks.bench import Bench
from benchmarks.loading import load
from benchmarks.measuring import Measured, in_turns, seconds, shown
from benchmarks.shapes import Shape, ladder
from lineage.model import Policy
from lineage.ports.traversal import Direction

LAYERS = 60


def measure(bench: Bench) -> list[Measured]:
    return [*_ladders(bench), *_million_on_sqlite(bench), _million_on_neo4j(bench)]


def _ladders(bench: Bench) -> list[Measured]:
    shape = ladder(LAYERS)
    made = []
    for name, url, limit in (
        ("SQLite", bench.sqlite_url("taint-ladder"), 0.1),
        ("memory", "memory://", 0.1),
        ("Neo4j", "", 1.0),
    ):
        with bench.new_neo4j_store() if name == "Neo4j" else lineage.connect(url) as store:
            load(store, shape)
            store.mark(shape.root, label="tainted")
            store.put_policy(Policy(stops={"stopped": ("Train", "Process", "Transform")}))
            store.mark(shape.root, label="stopped")
            times, found = _questions(store, shape, bench.size(15, 3))
        slowest = max(times.values())
        each = ", ".join(f"{question} {shown(taken)}" for question, taken in times.items())
        made.append(
            Measured(
                name=f"taint_ladder_{name.lower()}",
                what=f"{LAYERS}-layer diamond ladder, the slowest question about taint, {name}",
                against="-",
                target=f"complete ({shape.reached + 1} nodes), under {limit * 1000:.0f} ms",
                ours=f"{found} nodes, {shown(slowest)}",
                peer="-",
                ratio="-",
                met=found == shape.reached + 1 and slowest < limit,
                note=f"medians: {each}",
            )
        )
    return made


def _questions(store: lineage.Store, shape: Shape, turns: int) -> tuple[dict[str, float], int]:
    """The median of each question, and how many nodes are affected."""
    end = shape.artifacts
    questions: dict[str, Callable[[], object]] = {
        "taint": lambda: store.taint(label="tainted"),
        "taint of given sources": lambda: store.taint(source=[1, 2]),
        "causal": lambda: store.taint(label="tainted", causal=True),
        "with barriers": lambda: store.taint(label="stopped"),
        "check": lambda: store.check(end, label="tainted"),
        "cheapest_cut": lambda: store.cheapest_cut(end, label="tainted"),
        "plan_rebuild": lambda: store.plan_rebuild(label="tainted"),
        "taint_progress": lambda: store.taint_progress(label="tainted"),
    }
    times = {}
    for name, ask in questions.items():
        ask()
        times[name] = median(seconds(ask) for _ in range(turns))
    return times, len(store.taint(label="tainted"))


def _million_on_sqlite(bench: Bench) -> list[Measured]:
    shape = bench.million_shape
    with lineage.connect(bench.million_url) as store:
        sources = _marked(store, shape, bench.size(1_000, 10))
        ask: dict[str, Callable[[], list[tuple[int, object, list[int]]]]] = {
            "marks": lambda: store.taint_levels(label="benchmark"),
            "given sources": lambda: store.taint_levels(source=sources),
        }
        return [_beside(bench, store, shape, what, question) for what, question in ask.items()]


def _million_on_neo4j(bench: Bench) -> Measured:
    shape = bench.million_shape
    with bench.new_neo4j_store() as store:
        bench.say(f"loading {shape.events:,} events into Neo4j")
        load(store, shape)
        _marked(store, shape, bench.size(1_000, 10))
        return _beside(
            bench, store, shape, "marks", lambda: store.taint_levels(label="benchmark"), "Neo4j"
        )


def _marked(store: lineage.Store, shape: Shape, count: int) -> list[int]:
    """Marks on the root and on artifacts all over the graph; returns their ids."""
    sources = [shape.root, *range(2, shape.artifacts, shape.artifacts // count)][:count]
    if not store.marks(label="benchmark"):
        store.mark(*sources, label="benchmark")
    return sources


def _beside(
    bench: Bench,
    store: lineage.Store,
    shape: Shape,
    what: str,
    ask: Callable[[], list[tuple[int, object, list[int]]]],
    name: str = "SQLite",
) -> Measured:
    reached: list[int] = []

    def ours() -> None:
        reached.append(sum(len(ids) for _, _, ids in ask()))

    def closure() -> None:
        levels = store.closure(shape.root, direction=Direction.DOWNSTREAM)
        assert sum(len(ids) for _, _, ids in levels) == shape.reached + 1

    turns = in_turns(lambda: seconds(ours), lambda: seconds(closure), bench.size(7, 1))
    # All that the root reaches, itself, and those of the others that it doesn't.
    assert reached[-1] >= shape.reached + 1
    count = bench.size(1_000, 10)
    return Measured(
        name=f"taint_{what.replace(' ', '_')}_{name.lower()}",
        what=f"taint from {count:,} {what} over {shape.events:,} events, ids and depths, {name}",
        against=f"one closure of {shape.reached:,} nodes on the same store",
        target="at most twice its time",
        ours=f"{reached[-1]:,} nodes, {shown(turns.our_median)}",
        peer=shown(turns.peer_median),
        ratio=f"{turns.slower:.2f}x",
        met=turns.slower <= 2,
        note=turns.spread,
    )
