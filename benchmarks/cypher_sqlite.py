"""Ad-hoc Cypher on SQLite, 100,000 executions: anchored, downstream, and over everything."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

import lineage
from benchmarks.bench import Bench
from benchmarks.loading import ARTIFACT, CONTEXT, EXECUTION, artifact, events, execution
from benchmarks.measuring import Measured, in_turns, seconds, shown
from benchmarks.shapes import Shape, layered
from lineage import Artifact, BaseType, Kind, Store, Type
from lineage.opencypher import run
from lineage.ports.chunks import split_into_chunks
from lineage.queries.store_graph import StoreGraph

_LAYERS = 20
_BATCH = 10_000
_MODEL = Type(kind=Kind.ARTIFACT, name="Model", base=BaseType.MODEL, properties=ARTIFACT.properties)

ANCHORED = """
MATCH (d:Table {name: $name})-[:INPUT]->(x)-[:OUTPUT]->(t)-[:INPUT]->(y:Query)
RETURN d.name, x.name, t.name, y.name LIMIT 100
"""
DOWNSTREAM = "MATCH (d {name: $name})-[:INPUT|OUTPUT*]->(m:Model) RETURN DISTINCT m.name"
EVERYTHING = "MATCH (x:Execution) RETURN x.type, x.state, count(*), max(x.seed), avg(x.seed)"


def _artifact(id: int) -> Artifact:
    made = artifact(id)
    return made.model_copy(update={"type": "Model"}) if id % 10 == 0 else made


def fill(store: Store, shape: Shape) -> None:
    """Write the shape; every tenth artifact is a model."""
    store.mirror(types=[ARTIFACT, _MODEL, EXECUTION, CONTEXT])
    for ids in split_into_chunks(range(1, shape.artifacts + 1), _BATCH):
        store.mirror(nodes=map(_artifact, ids))
    for ids in split_into_chunks(range(1, shape.executions + 1), _BATCH):
        store.mirror(nodes=map(execution, ids))
    for chunk in split_into_chunks(events(shape), _BATCH):
        store.mirror(events=chunk)


def ask(store: Store, text: str, **parameters: object) -> list[tuple[object, ...]]:
    """All rows of a query, from a reader of its own."""
    with store.backend.read() as reader:
        return list(run(StoreGraph(reader), text, parameters).rows)


def measure(bench: Bench) -> list[Measured]:
    shape = layered(_LAYERS, bench.size(5_000, 20))
    url = bench.sqlite_url("cypher")
    bench.say(f"loading {shape.executions:,} executions into SQLite")
    with lineage.connect(url) as store:
        fill(store, shape)
        turns = bench.size(9, 1)
        name = f"table-{shape.artifacts // 2 + 1}"
        ask(store, ANCHORED, name=name)
        rows = len(ask(store, ANCHORED, name=name))
        anchored = _median(lambda: ask(store, ANCHORED, name=name), turns)
        scanned = _median(lambda: ask(store, EVERYTHING), turns)
        models = len(ask(store, DOWNSTREAM, name="table-1"))
        built_in = [
            m.name for m in store.downstream("Table:table-1", type="Model").of_type("Model")
        ]
        assert models == len(set(built_in)), (models, len(built_in))
        closure = in_turns(
            lambda: seconds(lambda: ask(store, DOWNSTREAM, name="table-1")),
            lambda: seconds(lambda: store.downstream("Table:table-1", type="Model")),
            turns,
        )
    size = f"{shape.executions:,} executions, SQLite"
    return [
        Measured(
            name="cypher_anchored",
            what=f"Cypher: 3 hops from a named table, {size}",
            against="-",
            target="under 20 ms",
            ours=shown(anchored),
            peer="-",
            ratio="-",
            met=anchored < 0.02,
            note=f"{rows} rows",
        ),
        Measured(
            name="cypher_downstream",
            what=f"Cypher: DISTINCT names of the models downstream, {size}",
            against="the built-in downstream question by type",
            target="within 2x",
            ours=shown(closure.our_median),
            peer=shown(closure.peer_median),
            ratio=f"{closure.slower:.2f}x the time",
            met=closure.slower <= 2,
            note=f"{models:,} models; {closure.spread}",
        ),
        Measured(
            name="cypher_everything",
            what=f"Cypher: aggregates over all executions, {size}",
            against="-",
            target="under 2 s",
            ours=shown(scanned),
            peer="-",
            ratio="-",
            met=scanned < 2,
        ),
    ]


def _median(work: Callable[[], object], turns: int) -> float:
    return median(seconds(work) for _ in range(turns))
