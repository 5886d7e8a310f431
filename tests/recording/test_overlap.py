"""Which tables share rows, though nobody recorded how they came about."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import lineage
from lineage import Store
from lineage.errors import InvalidValue, NotFound
from lineage.recording.overlap import find_overlaps, propagate_by_overlap
from tests.recording.commands import LINEAGE, Workshop

PYTHON = sys.executable
MAKE = """
import numpy as np, pandas as pd
random = np.random.default_rng(0)
rows = 20_000
frame = pd.DataFrame({
    "id": np.arange(rows), "amount": random.normal(size=rows),
    "name": [f"user {n}" for n in range(rows)], "age": random.integers(0, 90, rows),
})
frame.to_csv("raw.csv", index=False)
pd.DataFrame({"id": range(100), "amount": range(100), "name": ["x"] * 100}).to_csv("other.csv")
"""
# By hand: nobody recorded it.
COPY = """
import pandas as pd
frame = pd.read_csv("raw.csv")
part = frame.sample(5_000, random_state=1)[["age", "name", "id", "amount"]]
part.assign(region="r").to_parquet("elsewhere.parquet")
"""
TRAIN = """
import pandas as pd, pickle
frame = pd.read_parquet("elsewhere.parquet")
pickle.dump({"mean": frame.amount.mean()}, open("model.pkl", "wb"))
"""


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    work = Workshop(tmp_path_factory.mktemp("overlap") / "work")
    for name, text in (("make.py", MAKE), ("duplicate.py", COPY), ("train.py", TRAIN)):
        work.write(name, text)
    work.record("--exclude", "*.py", PYTHON, "make.py")
    subprocess.run([PYTHON, "duplicate.py"], cwd=work.folder, check=True)
    work.record("--exclude", "*.py", "--type", "Train", PYTHON, "train.py")
    return work


def ask(work: Workshop, *words: str, code: int = 0) -> Any:
    done = subprocess.run(
        [*LINEAGE, *words, "--json"], cwd=work.folder, env=work.environment, capture_output=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stderr.decode()
    return json.loads(done.stdout or done.stderr)


def uri(work: Workshop, name: str) -> str:
    return (work.folder / name).as_uri()


def test_a_copy_by_hand_is_found(work: Workshop) -> None:
    answer = ask(work, "overlap", uri(work, "raw.csv"))
    [row] = answer["tables"]
    assert row["uri"] == uri(work, "elsewhere.parquet")
    assert row["containing"]["share"] == 1.0
    assert row["contained"]["low"] <= 0.25 <= row["contained"]["high"]
    assert answer["complete"]
    assert sorted(row["columns"]) == ["age", "amount", "id", "name"]


def test_taint_follows_the_rows(work: Workshop) -> None:
    subprocess.run(
        [*LINEAGE, "mark", uri(work, "raw.csv"), "--label", "poisoned"], cwd=work.folder,
        env=work.environment, check=True,
    )  # fmt: skip
    without = ask(work, "taint", "--label", "poisoned", "--type", "MODEL")
    assert without["nodes"] == []
    found = ask(work, "taint", "--label", "poisoned", "--type", "MODEL", "--overlap", "0.01")
    assert [node["uri"] for node in found["nodes"]] == [uri(work, "model.pkl")]
    [copied] = found["overlaps"]
    assert copied["uri"] == uri(work, "elsewhere.parquet")
    large = ask(work, "taint", "--source", uri(work, "other.csv"), "--overlap", "0.01")
    assert large["overlaps"] == []
    refused = ask(work, "taint", "--overlap", "0.01", code=2)
    assert "--overlap needs one --label" in refused["message"]


def test_a_share_that_is_too_small_does_not_count(work: Workshop) -> None:
    with work.store() as store:
        source = uri(work, "elsewhere.parquet")
        assert [c.table.uri for c in propagate_by_overlap(store, [source], at_least=0.2)] == [
            uri(work, "raw.csv")
        ]
        assert len(find_overlaps(store, uri(work, "raw.csv"), at_least=1.0)) == 1
        with pytest.raises(InvalidValue, match="between 0 and 1"):
            find_overlaps(store, source, at_least=2)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return lineage.connect(f"sqlite:///{tmp_path}/s.db")


def put(store: Store, path: Path, text: str | None = None, **properties: Any) -> str:
    from lineage.recording.content import digest_path

    if text is not None:
        path.write_text(text)
        properties["sha256"] = digest_path(path).digest.removeprefix("sha256:")
    put = store.put(
        lineage.Artifact(type="Dataset", uri=path.as_uri(), custom_properties=properties)
    )
    return f"artifact:{put.id}"


def test_what_was_not_compared_is_told(store: Store, tmp_path: Path) -> None:
    with store:
        first = put(store, tmp_path / "a.csv", "a,b\n1,2\n3,4\n")
        second = put(store, tmp_path / "b.csv", "b,a\n2,1\n5,6\n")
        bare = put(store, tmp_path / "c.csv")
        before = find_overlaps(store, first)
        assert [f"artifact:{a.id}" for a in before.unsketched] == [second, bare]
        assert not before.complete
        after = find_overlaps(store, first, make=True)
        assert [f"artifact:{a.id}" for a in after.unsketched] == [bare]
        [row] = after
        assert (row.contained.share, row.containing.share) == (0.5, 0.5)
        assert row.contained.low == row.contained.high
        # What is kept is found when the file is gone.
        (tmp_path / "b.csv").unlink()
        assert len(find_overlaps(store, first)) == 1


def test_what_can_not_be_asked_about(store: Store, tmp_path: Path) -> None:
    with store:
        changed = put(store, tmp_path / "a.csv", "a,b\n1,2\n")
        (tmp_path / "a.csv").write_text("a,b\n7,8\n")
        with pytest.raises(NotFound, match="another content today"):
            find_overlaps(store, changed)
        with pytest.raises(NotFound, match="no digest"):
            find_overlaps(store, put(store, tmp_path / "c.csv"))
        with pytest.raises(InvalidValue, match="no table"):
            find_overlaps(store, put(store, tmp_path / "x.bin", "x"))
        with pytest.raises(NotFound):
            find_overlaps(store, "artifact:999")
