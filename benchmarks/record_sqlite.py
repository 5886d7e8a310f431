"""Recording one step on SQLite, durable, beside MLMD's put_execution."""

from __future__ import annotations

import lineage
from benchmarks.bench import Bench
from benchmarks.loading import ARTIFACT, CONTEXT, EXECUTION
from benchmarks.measuring import Measured, in_turns, rate, seconds
from benchmarks.mlmd import Mlmd
from lineage import Artifact, Context, Execution, ExecutionState


class Recorder:
    """Steps of two inputs, two new outputs, four events, one context; ids of inputs are known."""

    def __init__(self, store: lineage.Store) -> None:
        self.store = store
        for type in (ARTIFACT, EXECUTION, CONTEXT):
            store.put_type(type)
        self.inputs = [self._artifact(f"in-{i}").id for i in range(2)]
        self.context = store.put(Context(type="Run", name="run")).id
        assert self.context is not None
        self.serial = 0

    def _artifact(self, name: str) -> Artifact:
        return self.store.put(Artifact(type="Table", name=name))

    def record(self) -> None:
        self.serial += 1
        step = self.serial
        assert self.context is not None
        self.store.record(
            Execution(
                type="Query",
                name=f"step-{step}",
                state=ExecutionState.COMPLETE,
                properties={"seed": step},
            ),
            inputs={"data": self.inputs},
            outputs={
                "data": [
                    Artifact(
                        type="Table",
                        name=f"out-{step}-{i}",
                        uri=f"s3://bucket/tables/out-{step}-{i}",
                        properties={"rows": 1, "origin": "bench"},
                    )
                    for i in range(2)
                ]
            },
            contexts=[self.context],
        )

    def record_many(self, count: int) -> None:
        for _ in range(count):
            self.record()


def measure(bench: Bench) -> list[Measured]:
    steps = bench.size(300, 10)
    with (
        lineage.connect(bench.sqlite_url("record")) as store,
        Mlmd(bench.folder / "record-mlmd.db") as mlmd,
    ):
        recorder = Recorder(store)
        turns = in_turns(
            lambda: seconds(lambda: recorder.record_many(steps)),
            lambda: float(mlmd.ask("record", count=steps)["seconds"]),
            bench.size(7, 1),
        )
    return [
        Measured(
            name="record_sqlite",
            what="record one step (2 in, 2 new out, 4 events, 1 context), SQLite, durable",
            against="MLMD put_execution on SQLite",
            target="10x or more",
            ours=rate(steps, turns.our_median),
            peer=rate(steps, turns.peer_median),
            ratio=f"{turns.faster:.1f}x",
            met=turns.faster >= 10,
            note=f"{steps} steps a turn; {turns.spread}",
        )
    ]
