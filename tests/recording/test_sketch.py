"""Sketches of tables, and what two of them tell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.errors import InvalidValue, NotFound
from lineage.recording.cell_hash import hash_cells
from lineage.recording.sketch import Sketch, compare, sketch_batches, sketch_file


def table(rows: int, seed: int = 0) -> pa.Table:
    random = np.random.default_rng(seed)
    return pa.table(
        {
            "id": np.arange(rows) + seed * 1_000_000,
            "amount": random.normal(size=rows),
            "city": random.choice(["Bern", "Zürich", ""], rows),
            "name": [f"user {at * 7919 % 1_000_003}" for at in range(rows)],
            "when": pd.to_datetime(random.integers(0, 10**9, rows), unit="s"),
            "ok": random.integers(0, 2, rows).astype(bool),
        }
    )


def sketch(data: pa.Table, size: int = 1000) -> Sketch:
    def batches() -> Iterator[Any]:
        yield from data.to_batches(max_chunksize=size)

    return sketch_batches(batches())


def test_the_same_table_in_each_format_and_order(tmp_path: Path) -> None:
    data = table(3000)
    frame = data.to_pandas()
    shuffled = frame.sample(frac=1, random_state=1)[["ok", "when", "id", "name", "city", "amount"]]
    pa.parquet.write_table(data, tmp_path / "a.parquet")
    pa.csv.write_csv(data, tmp_path / "b.csv")
    shuffled.to_csv(tmp_path / "c.csv.gz", index=False)
    shuffled.to_csv(tmp_path / "d.tsv", index=False, sep="\t")
    shuffled.to_json(
        tmp_path / "e.jsonl", orient="records", lines=True, date_format="iso", double_precision=15
    )
    pa.feather.write_feather(data, tmp_path / "f.arrow")
    frame.astype({"id": str, "city": "category"}).to_parquet(tmp_path / "g.parquet")
    first = sketch_file(str(tmp_path / "a.parquet"))
    assert first.rows == first.distinct == 3000
    for name in ("b.csv", "c.csv.gz", "d.tsv", "f.arrow", "g.parquet"):
        other = sketch_file(str(tmp_path / name))
        for share in (compare(first, other), compare(other, first)):
            assert share is not None, name
            assert (share.share, share.low, share.high) == (1.0, 1.0, 1.0), name
    # pandas rounds in JSON; what was not rounded is found by the columns that were not.
    loose = sketch_file(str(tmp_path / "e.jsonl"))
    assert loose.rows == 3000


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([1, 2], ["1", "2.0"]),
        ([1.5, None], ["1.5", ""]),
        ([True, False], ["True", "false"]),
        ([0.1], pa.array([0.1], pa.float32())),
        ([2**60 + 1], [str(2**60 + 1)]),
        (["x", None], [" x ", "NaN"]),
        ([pd.Timestamp("2024-01-02")], ["2024-01-02"]),
        ([pd.Timestamp("2024-01-02 03:04:05.5")], ["2024-01-02T03:04:05.500Z"]),
        ([pd.Timestamp("2024-01-02 03:04")], ["2024-01-02 03:04"]),
        (pa.array(["a", "b", "a"]).dictionary_encode(), ["a", "b", "a"]),
        ([-0.0], [0]),
    ],
)
def test_the_same_by_what_is_written(one: Any, other: Any) -> None:
    first, second = (
        hash_cells(x if isinstance(x, pa.Array) else pa.array(x)).tolist() for x in (one, other)
    )
    assert first == second


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([1], [2]),
        (["1a"], ["1"]),
        ([2**60 + 1], [2**60]),
        ([str(2**60 + 1)], [str(2**60)]),
        (["ab"], ["ba"]),
        (["a" * 256 + "b"], ["b" + "a" * 256]),
        (["a" * 600], ["a" * 601]),
        ([""], ["x"]),
        (["2024-01-02 03:04"], ["2024-01-02 03:05"]),
        ([[1, 2]], [[2, 1]]),
    ],
)
def test_what_differs_differs(one: Any, other: Any) -> None:
    assert hash_cells(pa.array(one)).tolist() != hash_cells(pa.array(other)).tolist()


@given(st.lists(st.text(max_size=20), min_size=1), st.integers(0, 5))
@settings(max_examples=200)
def test_a_cell_has_one_hash_wherever_it_stands(texts: list[str], start: int) -> None:
    column = pa.array(texts)
    whole = hash_cells(column)
    assert [hash_cells(pa.array([text]))[0] for text in texts] == whole.tolist()
    assert hash_cells(column[start:]).tolist() == whole[start:].tolist()
    chunked = pa.chunked_array([texts[:start], texts[start:]], pa.string())
    assert hash_cells(chunked).tolist() == whole.tolist()


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1), st.data())
@settings(max_examples=200)
def test_small_tables_are_compared_exactly(rows: list[tuple[int, int]], data: Any) -> None:
    others = data.draw(st.lists(st.sampled_from([*rows, (9, 9), (8, 1)]), min_size=1))
    first, second = (
        sketch(pa.table({"a": [a for a, _ in each], "b": [b for _, b in each]}))
        for each in (rows, others)
    )
    share = compare(first, second)
    assert share is not None
    assert share.low == share.share == share.high
    assert share.share == pytest.approx(len(set(rows) & set(others)) / len(set(rows)))


@pytest.mark.parametrize("share", [0.0, 0.05, 0.3, 0.5, 0.95, 1.0])
def test_a_share_is_between_its_bounds(share: float) -> None:
    rows = 40_000
    base = table(rows)
    kept = round(rows * share)
    other = pa.concat_tables([base.slice(0, kept), table(rows, seed=1).slice(kept)])
    found = compare(sketch(base), sketch(other))
    assert found is not None
    # The seeds are fixed: so is the answer.
    assert found.low <= share <= found.high
    assert abs(found.share - share) <= 0.02
    assert found.high - found.low < 0.04


def test_other_columns_order_filter_and_join() -> None:
    rows = 30_000
    base = table(rows)
    order = np.random.default_rng(3).permutation(rows)[: rows // 3]
    part = base.take(pa.array(order))
    joined = part.append_column("region", pa.array(["r"] * part.num_rows)).select(
        ["region", "amount", "id", "name", "city", "when"]
    )
    whole, copy = sketch(base), sketch(joined)
    of_copy, of_base = compare(copy, whole), compare(whole, copy)
    assert of_copy is not None
    assert of_base is not None
    assert of_copy.share == 1.0
    assert of_base.low <= 1 / 3 <= of_base.high
    assert set(of_copy.columns) == {"amount", "id", "name", "city", "when"}


def test_equal_values_in_one_column_are_no_equal_rows() -> None:
    rows = 5_000
    base = table(rows)
    mixed = pa.table(
        {
            "id": base["id"],
            "amount": pa.array(np.random.default_rng(9).normal(size=rows)),
            "extra": base["id"],
        }
    )
    found = compare(sketch(base.select(["id", "amount", "name"])), sketch(mixed))
    assert found is not None
    assert found.share == 0.0


def test_too_little_in_common_is_not_compared() -> None:
    base = table(100)
    assert compare(sketch(base), sketch(base.select(["id"]))) is None
    assert (
        compare(sketch(base), sketch(base.select(["id", "name"]).rename_columns(["id", "x"])))
        is None
    )


def test_a_small_table_beside_a_large_one_can_not_be_told() -> None:
    large, small = table(200_000), table(10)
    found = compare(sketch(small), sketch(large))
    assert found is None or found.high - found.low > 0.3


def test_a_column_with_few_values_is_no_anchor() -> None:
    found = sketch(table(20_000))
    assert {anchor.column for anchor in found.anchors} <= {"id", "amount", "name", "when"}
    assert sketch(pa.table({"a": ["x"] * 5000, "b": ["y"] * 5000})).distinct == 1


@pytest.mark.parametrize("columns", [1, 2, 6, 100])
def test_bytes_there_and_back(columns: int) -> None:
    random = np.random.default_rng(0)
    data = pa.table({f"c{at}": random.integers(0, 10**9, 8000) for at in range(columns)})
    made = sketch(data)
    again = Sketch.from_text(made.to_text())
    assert (again.columns, again.rows, again.below) == (made.columns, made.rows, made.below)
    assert again.hashes.tolist() == made.hashes.tolist()
    share = compare(made, again)
    assert share is not None
    assert share.share == 1.0
    assert [a.cells.tolist() for a in again.anchors] == [a.cells.tolist() for a in made.anchors]
    assert len(made.to_text()) <= 64_000


def test_what_can_not_be_sketched(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        sketch_file(str(tmp_path / "missing.csv"))
    for name, data in (
        ("empty.csv", b""), ("x.parquet", b"no parquet"), ("x.arrow", b"no arrow"),
        ("x.jsonl", b"{broken"), ("x.csv", b"a,a\n1,2\n"), ("x.npy", b"x"),
        ("bad.csv", b"a,b\n1,2\n3\n"), ("latin.csv", b"a,b\n\xff,2\n"),
    ):  # fmt: skip
        (tmp_path / name).write_bytes(data)
        with pytest.raises(InvalidValue):
            sketch_file(str(tmp_path / name))
    for text in ("", "no base85 é", "abcde"):
        with pytest.raises(InvalidValue):
            Sketch.from_text(text)


def test_a_column_that_is_no_number_only_late(tmp_path: Path) -> None:
    rows = [f"{at},x" for at in range(300_000)] + ["late,x"]
    (tmp_path / "x.csv").write_text("\n".join(["a,b", *rows]) + "\n")
    assert sketch_file(str(tmp_path / "x.csv")).rows == 300_001
    (tmp_path / "y.csv").write_text('a,b\n"several\nlines",1\n')
    assert sketch_file(str(tmp_path / "y.csv")).rows == 1
    (tmp_path / "head.csv").write_text("a,b")
    assert sketch_file(str(tmp_path / "head.csv")).rows == 0


def test_json_lines_with_what_is_nested(tmp_path: Path) -> None:
    lines = [json.dumps({"a": at, "b": {"c": [at]}}) for at in range(10)]
    (tmp_path / "x.jsonl").write_text("\n".join(lines))
    found = sketch_file(str(tmp_path / "x.jsonl"))
    assert (found.rows, found.distinct, found.columns) == (10, 10, ("a", "b"))
