"""Recording one step on Neo4j beside one statement, written by hand, that does the same."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import neo4j

from benchmarks.bench import Bench
from benchmarks.measuring import Measured, in_turns, seconds, shown
from benchmarks.record_sqlite import Recorder

# What one who knows this step by heart would write: nothing general, nothing checked.
_BY_HAND = """
MATCH (a:Artifact {id: $in0}), (b:Artifact {id: $in1}), (c:Context {id: $context})
CREATE (x:Execution:Query) SET x = $execution
CREATE (o:Artifact:Table) SET o = $out0
CREATE (p:Artifact:Table) SET p = $out1
CREATE (a)-[:INPUT {type: 'INPUT', path: '["data",0]', time: $now, recorded: $now,
                    artifact_id: a.id, execution_id: x.id}]->(x)
CREATE (b)-[:INPUT {type: 'INPUT', path: '["data",1]', time: $now, recorded: $now,
                    artifact_id: b.id, execution_id: x.id}]->(x)
CREATE (x)-[:OUTPUT {type: 'OUTPUT', path: '["data",0]', time: $now, recorded: $now,
                     artifact_id: o.id, execution_id: x.id}]->(o)
CREATE (x)-[:OUTPUT {type: 'OUTPUT', path: '["data",1]', time: $now, recorded: $now,
                     artifact_id: p.id, execution_id: x.id}]->(p)
CREATE (x)-[:IN_CONTEXT]->(c)
CREATE (o)-[:IN_CONTEXT]->(c)
CREATE (p)-[:IN_CONTEXT]->(c)
RETURN x.id AS execution, o.id AS out0, p.id AS out1
"""
# Ids of the peer's own nodes, far from those that the store gives out.
_PEER_IDS = 1 << 40


def measure(bench: Bench) -> list[Measured]:
    steps = bench.size(200, 10)
    with bench.new_neo4j_store() as store:
        recorder = Recorder(store)
        types = {t.name: t.id for t in store.types()}
        serial = _PEER_IDS

        def by_hand() -> None:
            nonlocal serial
            serial += 3
            now = time.time_ns() // 1_000_000
            times = {"created": now, "updated": now}
            out = {
                "type": "Table", "type_id": types["Table"], "state": "UNKNOWN",
                "rows": 1, "origin": "bench", **times,
            }  # fmt: skip
            parameters = {
                "in0": recorder.inputs[0],
                "in1": recorder.inputs[1],
                "context": recorder.context,
                "now": now,
                "execution": {
                    "id": serial, "type": "Query", "type_id": types["Query"],
                    "name": f"hand-{serial}", "state": "COMPLETE", "seed": serial, **times,
                },
                "out0": {
                    **out, "id": serial, "name": f"hand-{serial}-0",
                    "uri": f"s3://bucket/tables/hand-{serial}-0",
                },
                "out1": {
                    **out, "id": serial + 1, "name": f"hand-{serial}-1",
                    "uri": f"s3://bucket/tables/hand-{serial}-1",
                },
            }  # fmt: skip

            def work(transaction: neo4j.ManagedTransaction) -> object:
                return transaction.run(_BY_HAND, parameters).single(strict=True).data()

            with bench.driver.session() as session:
                session.execute_write(work)

        def by_hand_many() -> None:
            for _ in range(steps):
                by_hand()

        turns = in_turns(
            lambda: seconds(lambda: recorder.record_many(steps)),
            lambda: seconds(by_hand_many),
            bench.size(9, 1),
        )
        with _statements() as run:
            recorder.record_many(50)
        statements = run.call_count / 50
    return [
        Measured(
            name="record_neo4j",
            what="record one step, Neo4j",
            against="one hand-written statement doing the same",
            target="within 1.5x, one round trip besides commit once types are known",
            ours=f"{shown(turns.our_median / steps)}, {statements:.2g} statements",
            peer=f"{shown(turns.peer_median / steps)}, 1 statement",
            ratio=f"{turns.slower:.2f}x",
            met=turns.slower <= 1.5 and statements < 1.1,
            note=f"{steps} steps a turn; times of turns: {turns.spread}",
        )
    ]


@contextmanager
def _statements() -> Iterator[mock.Mock]:
    """Counts what the driver is asked to run."""
    plain = neo4j.ManagedTransaction.run

    def run(*arguments: object, **named: object) -> object:
        counted()
        return plain(*arguments, **named)  # type: ignore[arg-type]

    counted = mock.Mock()
    with mock.patch.object(neo4j.ManagedTransaction, "run", run):
        yield counted
