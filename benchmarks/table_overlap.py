"""How fast tables are sketched, how large the sketches are, and how far off what they tell is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.bench import Bench
from benchmarks.measuring import Measured, rate, seconds
from lineage.recording.sketch import Sketch, compare, sketch_batches, sketch_file


def measure(bench: Bench) -> list[Measured]:
    return [*_speed(bench), _error(bench)]


def _speed(bench: Bench) -> Iterator[Measured]:
    import numpy as np
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    rows = bench.size(1_000_000, 10_000)
    random = np.random.default_rng(0)
    table = pa.table(
        {
            "id": np.arange(rows),
            "amount": random.normal(size=rows),
            "city": random.choice(["Bern", "Basel", "Chur"], rows),
            "name": [f"user {at * 7919 % 1_000_003}" for at in range(rows)],
            "age": random.integers(0, 99, rows),
        }
    )
    pa.parquet.write_table(table, bench.folder / "t.parquet")
    pa.csv.write_csv(table, bench.folder / "t.csv")
    for suffix in ("parquet", "csv"):
        path = str(bench.folder / f"t.{suffix}")
        made: list[Sketch] = []
        taken = min(seconds(lambda: made.append(sketch_file(path))) for _ in range(3))  # noqa: B023
        size = len(made[0].to_text())
        yield Measured(
            name=f"sketch_{suffix}",
            what=f"a sketch of a table of {rows:,} rows and 5 columns, {suffix}",
            against="-",
            ours=f"{rate(rows, taken)}, {size:,} bytes as it is kept",
            peer="-",
            ratio="-",
            target="200,000/s or more, at most 64,000 bytes",
            met=rows / taken >= 200_000 and size <= 64_000,
        )


def _error(bench: Bench) -> Measured:
    import numpy as np
    import pyarrow as pa

    rows, trials = bench.size(1_000_000, 20_000), bench.size(100, 5)
    random = np.random.default_rng(1)
    off: list[float] = []
    outside = 0
    for _ in range(trials):
        share = random.random()
        start = rows - round(rows * share)
        salt = int(random.integers(1 << 40))
        first, second = (
            _sketch(pa.table({"a": np.arange(begin, begin + rows) ^ salt})) for begin in (0, start)
        )
        told = compare(first, second)
        assert told is not None
        true = 1 - start / rows
        off.append(abs(told.share - true))
        outside += not told.low <= true <= told.high
    within = sum(each <= 0.02 for each in off)
    return Measured(
        name="overlap_error",
        what=f"the share of one table's rows in another, {rows:,} rows each, any overlap",
        against="the true share",
        ours=f"within 0.02 in {within} of {trials} trials, {max(off):.4f} off at most",
        peer="-",
        ratio="-",
        target="within 0.02 in 95 of 100",
        met=within >= 0.95 * trials,
        note=f"the true share was outside of the bounds told in {outside} of {trials}",
    )


def _sketch(table: Any) -> Sketch:
    return sketch_batches(iter(table.to_batches()))
