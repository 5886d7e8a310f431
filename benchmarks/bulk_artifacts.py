"""Artifacts in bulk on SQLite beside MLMD's put_artifacts."""

from __future__ import annotations

import lineage
from benchmarks.bench import Bench
from benchmarks.loading import ARTIFACT
from benchmarks.measuring import Measured, in_turns, rate, seconds
from benchmarks.mlmd import Mlmd
from lineage import Artifact

_BATCH = 1_000


def measure(bench: Bench) -> list[Measured]:
    count = bench.size(20_000, 1_000)
    serial = 0

    with (
        lineage.connect(bench.sqlite_url("bulk")) as store,
        Mlmd(bench.folder / "bulk-mlmd.db") as mlmd,
    ):
        store.put_type(ARTIFACT)

        def put() -> None:
            nonlocal serial
            for first in range(serial, serial + count, _BATCH):
                store.put_all(
                    Artifact(
                        type="Table",
                        name=f"bulk-{id}",
                        uri=f"s3://bucket/tables/bulk-{id}",
                        properties={"rows": 1, "origin": "bench"},
                    )
                    for id in range(first, first + _BATCH)
                )
            serial += count

        turns = in_turns(
            lambda: seconds(put),
            lambda: float(mlmd.ask("bulk", count=count)["seconds"]),
            bench.size(5, 1),
        )
    return [
        Measured(
            name="bulk_artifacts",
            what="bulk artifacts, SQLite",
            against="MLMD put_artifacts in batches of 1,000",
            target="5x or more",
            ours=rate(count, turns.our_median),
            peer=rate(count, turns.peer_median),
            ratio=f"{turns.faster:.1f}x",
            met=turns.faster >= 5,
            note=f"{count:,} artifacts a turn, in the same batches; {turns.spread}",
        )
    ]
