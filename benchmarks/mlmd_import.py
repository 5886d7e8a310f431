"""An ML Metadata database of 100,000 executions into SQLite."""

from __future__ import annotations

import lineage
from benchmarks.bench import Bench
from benchmarks.loading import load
from benchmarks.measuring import Measured, seconds, shown
from benchmarks.shapes import layered
from lineage.formats.mlmd import import_mlmd
from lineage.formats.mlmd.exporter import export_mlmd

_SECONDS = 60


def measure(bench: Bench) -> list[Measured]:
    shape = layered(50, bench.size(2_000, 20))
    file = bench.folder / "mlmd.sqlite"
    bench.say(f"making a database of {shape.executions:,} executions")
    with lineage.connect(bench.sqlite_url("made")) as made:
        load(made, shape)
        export_mlmd(made, file)
    with lineage.connect(bench.sqlite_url("imported")) as store:
        taken = seconds(lambda: import_mlmd(file, store))
        assert store.counts().events == shape.events
    return [
        Measured(
            name="mlmd_import",
            what=f"import an MLMD database of {shape.executions:,} executions into SQLite",
            against="-",
            target=f"under {_SECONDS} s",
            ours=shown(taken),
            peer="-",
            ratio="-",
            met=taken < _SECONDS,
            note=f"{shape.artifacts:,} artifacts, {shape.events:,} events",
        )
    ]
