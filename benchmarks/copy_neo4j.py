"""Copying a store into Neo4j beside hand-written UNWIND batches of the same content."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import lineage
from benchmarks.bench import Bench
from benchmarks.loading import TIME_MS, load
from benchmarks.measuring import Measured, in_turns, seconds, shown
from benchmarks.shapes import Shape, fanned
from lineage.formats.store_copy import copy_store

_BATCH = 10_000
_ARTIFACTS = "UNWIND $rows AS row CREATE (n:Artifact:Table) SET n = row"
_EXECUTIONS = "UNWIND $rows AS row CREATE (n:Execution:Query) SET n = row"
_INPUTS = """
UNWIND $rows AS row
MATCH (a:Artifact {id: row.artifact_id})
MATCH (x:Execution {id: row.execution_id})
CREATE (a)-[e:INPUT]->(x) SET e = row
"""
_OUTPUTS = """
UNWIND $rows AS row
MATCH (a:Artifact {id: row.artifact_id})
MATCH (x:Execution {id: row.execution_id})
CREATE (x)-[e:OUTPUT]->(a) SET e = row
"""


def measure(bench: Bench) -> list[Measured]:
    shape = fanned(bench.size(60_000, 600))
    source_url = bench.sqlite_url("copy")
    with lineage.connect(source_url) as source:
        bench.say(f"loading {shape.events:,} events into SQLite")
        load(source, shape)

        def ours() -> float:
            with bench.new_neo4j_store() as target:
                taken = seconds(lambda: copy_store(source, target))
                assert target.counts().events == shape.events
            return taken

        def peer() -> float:
            # Opened and closed, so that constraints and indexes are there for both.
            bench.new_neo4j_store().close()
            taken = seconds(lambda: _by_hand(bench, shape))
            with lineage.connect(bench.neo4j.url) as target:
                assert target.counts().events == shape.events
            return taken

        turns = in_turns(ours, peer, bench.size(3, 1))
    return [
        Measured(
            name="copy_neo4j",
            what=f"copy {shape.executions:,} executions, {shape.artifacts:,} artifacts, "
            f"{shape.events:,} events into Neo4j",
            against="hand-written UNWIND batches of the same",
            target="within 1.5x",
            ours=shown(turns.our_median),
            peer=shown(turns.peer_median),
            ratio=f"{turns.slower:.2f}x",
            met=turns.slower <= 1.5,
            note=f"ours reads the source from SQLite, checks it and can go on after a kill; the "
            f"peer makes its rows up; {turns.spread}",
        )
    ]


def _by_hand(bench: Bench, shape: Shape) -> None:
    times = {"created": TIME_MS, "updated": TIME_MS, "state": "UNKNOWN"}
    artifacts = (
        {
            "id": id, "type": "Table", "type_id": 1, "name": f"table-{id}",
            "uri": f"s3://bucket/tables/{id}", "rows": id, "origin": "bench", **times,
        }
        for id in range(1, shape.artifacts + 1)
    )  # fmt: skip
    executions = (
        {"id": id, "type": "Query", "type_id": 2, "name": f"query-{id}", "seed": id, **times}
        for id in range(1, shape.executions + 1)
    )
    _write(bench, _ARTIFACTS, artifacts)
    _write(bench, _EXECUTIONS, executions)
    _write(bench, _INPUTS, _events(shape, output=False))
    _write(bench, _OUTPUTS, _events(shape, output=True))


def _events(shape: Shape, *, output: bool) -> Iterator[dict[str, Any]]:
    for artifact_id, execution_id, is_output in shape.edges():
        if is_output is output:
            yield {
                "type": "OUTPUT" if output else "INPUT",
                "path": f'["data",{artifact_id % 3}]',
                "time": TIME_MS,
                "recorded": TIME_MS,
                "artifact_id": artifact_id,
                "execution_id": execution_id,
            }


def _write(bench: Bench, statement: str, rows: Iterable[dict[str, Any]]) -> None:
    from lineage.ports.chunks import split_into_chunks

    with bench.driver.session() as session:
        for chunk in split_into_chunks(rows, _BATCH):
            session.execute_write(
                lambda transaction, chunk=chunk: transaction.run(statement, rows=chunk).consume()
            )
