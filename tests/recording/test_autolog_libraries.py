"""`lineage.autolog` with libraries for tables, databases and boosted trees, each the real one."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

# Imported here, so that the scripts need not.
import datasets  # noqa: F401
import duckdb  # noqa: F401
import lightgbm  # noqa: F401
import polars  # noqa: F401
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet  # noqa: F401
import pytest
import sqlalchemy  # noqa: F401
import xgboost  # noqa: F401

import lineage
from lineage.model import Artifact
from lineage.recording.adapters.databases import statements_in
from tests.recording.script import run_forked

Script = Callable[[str], str]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[lineage.Store]:
    """The store that the scripts record into."""
    with lineage.connect(f"sqlite:///{tmp_path}/.lineage/lineage.db") as opened:
        yield opened


@pytest.fixture
def run(store: lineage.Store, tmp_path: Path) -> Script:
    """Run a script in a process of its own, after `lineage.autolog()`."""
    rows = "\n".join(f"{n},{n % 7},{n % 2}" for n in range(60))
    (tmp_path / "raw.csv").write_text(f"a,b,y\n{rows}\n")
    (tmp_path / "more.csv").write_text("a,c\n1,2\n3,4\n")
    (tmp_path / "unused.csv").write_text("z\n1\n")

    def run(code: str) -> str:
        script = tmp_path / "train.py"
        script.write_text("import lineage\nlineage.autolog()\n" + textwrap.dedent(code))
        done = run_forked(script, {"LINEAGE_URL": store.url})
        assert done.code == 0, done.err
        assert "RecordingWarning" not in done.err, done.err
        return done.out

    return run


@pytest.fixture
def sources(store: lineage.Store, tmp_path: Path) -> Callable[[str], set[str]]:
    """The names of the files and tables that a file was made of."""

    def sources(name: str) -> set[str]:
        uri = name if "://" in name else (tmp_path / name).resolve().as_uri()
        [artifact] = store.artifacts(uri=uri)
        found = store.upstream(f"artifact:{artifact.id}").nodes
        return {
            (node.node.uri or "").rpartition("/")[2]
            for node in found
            if node.depth and isinstance(node.node, Artifact)
        }

    return sources


def test_polars_carries_origins_through_frames_and_plans(
    run: Script, sources: Callable[[str], set[str]]
) -> None:
    run(
        """
        import polars as pl
        pl.read_csv("unused.csv")
        left, right = pl.read_csv("raw.csv"), pl.scan_csv("more.csv")
        left.filter(pl.col("a") > 3).group_by("y").agg(pl.col("b").sum()).write_parquet("one.pq")
        both = left.lazy().join(right, on="a").with_columns(d=pl.col("a") * 2)
        both.collect().write_csv("two.csv")
        right.select("c").sink_csv("three.csv")
        all = pl.concat([left.select("a"), right.select("a").collect()])
        all.to_pandas().to_json("four.json")
        """
    )
    assert sources("one.pq") == {"raw.csv"}
    assert sources("two.csv") == {"raw.csv", "more.csv"}
    assert sources("three.csv") == {"more.csv"}
    assert sources("four.json") == {"raw.csv", "more.csv"}


def test_pyarrow_files(run: Script, sources: Callable[[str], set[str]]) -> None:
    run(
        """
        import pyarrow.csv as csv, pyarrow.feather as feather, pyarrow.parquet as parquet
        table = csv.read_csv("raw.csv")
        parquet.write_table(table, "one.parquet")
        feather.write_feather(parquet.read_table("one.parquet"), "two.feather")
        """
    )
    assert sources("two.feather") == {"one.parquet", "raw.csv"}


def test_duckdb_reads_files_variables_and_tables(
    run: Script, sources: Callable[[str], set[str]], tmp_path: Path
) -> None:
    run(
        """
        import duckdb, pandas as pd
        both = duckdb.sql("SELECT a FROM 'raw.csv' JOIN read_csv('more.csv') USING (a)")
        both.df().to_csv("1.csv")
        frame = pd.read_csv("raw.csv")
        duckdb.sql("SELECT a, sum(b) FROM frame GROUP BY a").write_parquet("2.parquet")
        connection = duckdb.connect("base.duckdb")
        connection.execute("CREATE TABLE t AS SELECT * FROM 'raw.csv'")
        connection.sql("SELECT * FROM t WHERE a > 3").df().to_parquet("3.parquet")


        def inside():
            local = frame.head()
            return duckdb.query("SELECT count(*) FROM local").fetchall()

        print(inside())
        duckdb.sql("COPY (SELECT * FROM 'more.csv') TO '4.csv'")
        """
    )
    assert sources("1.csv") == {"raw.csv", "more.csv"}
    assert sources("2.parquet") == {"raw.csv"}
    assert sources("3.parquet") == {"base.duckdb#t", "raw.csv"}
    assert sources("4.csv") == {"more.csv"}


def test_sqlalchemy_tables(run: Script, sources: Callable[[str], set[str]], tmp_path: Path) -> None:
    run(
        """
        import pandas as pd
        from sqlalchemy import create_engine, text
        engine = create_engine("sqlite:///base.sqlite")
        pd.read_csv("raw.csv").to_sql("raw", engine, index=False)
        pd.read_csv("unused.csv").to_sql("unused", engine, index=False)
        pd.read_sql("SELECT a, b FROM raw WHERE a > 3", engine).to_csv("one.csv")
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE part AS SELECT a FROM raw"))
        pd.read_sql_table("part", engine).to_csv("two.csv")
        """
    )
    assert sources("one.csv") == {"base.sqlite#raw", "raw.csv"}
    assert "base.sqlite#part" in sources("two.csv")
    assert "base.sqlite#raw" in sources("two.csv")


def test_hugging_face_datasets(run: Script, sources: Callable[[str], set[str]]) -> None:
    run(
        """
        from datasets import Dataset, load_from_disk
        import datasets
        datasets.disable_progress_bars()
        data = Dataset.from_csv("raw.csv", cache_dir="cache")
        parts = data.filter(lambda row: row["a"] > 3).train_test_split(test_size=0.5, seed=1)
        parts["train"].save_to_disk("train")
        load_from_disk("train").to_pandas().to_csv("train.csv")
        """
    )
    assert sources("train") == {"raw.csv"}
    assert sources("train.csv") == {"train", "raw.csv"}


@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
def test_boosted_trees_by_both_interfaces(
    run: Script, store: lineage.Store, sources: Callable[[str], set[str]], library: str
) -> None:
    estimator, data, file = {
        "xgboost": ("XGBClassifier", "DMatrix", "model.ubj"),
        "lightgbm": ("LGBMClassifier", "Dataset", "model.txt"),
    }[library]
    run(
        f"""
        import joblib
        import pandas as pd
        import {library} as boosting
        frame = pd.read_csv("raw.csv")
        X, y = frame[["a", "b"]], frame["y"]
        model = boosting.{estimator}(n_estimators=3, max_depth=2).fit(X, y)
        model.score(X, y)
        joblib.dump(model, "model.joblib")
        parameters = {{"max_depth": 2, "objective": "binary{":" if library == "xgboost" else ""}{
            "logistic" if library == "xgboost" else ""
        }"}}
        booster = boosting.train(parameters, boosting.{data}(X, label=y), 3)
        booster.save_model("{file}")
        """
    )
    native, wrapped = sorted(store.executions(type="Train"), key=lambda e: e.get("algorithm")[-1:])
    found = {e.get("algorithm").rpartition(".")[2]: e for e in (native, wrapped)}
    assert set(found) == {estimator, "train"}
    assert found[estimator].get("n_estimators") == 3
    assert (found["train"].get("max_depth"), found["train"].get("num_boost_round")) == (2, 3)
    assert sources("model.joblib") == sources(file) == {"raw.csv"}
    [evaluation] = store.executions(type="Evaluate")
    assert evaluation.state.value == "COMPLETE"


def test_torch_checkpoints(run: Script, sources: Callable[[str], set[str]]) -> None:
    if find_spec("torch") is None:
        pytest.skip("not run: PyTorch is not installed here")
    run(
        """
        import pandas as pd
        import torch
        torch.manual_seed(3)
        frame = pd.read_csv("raw.csv")
        model = torch.nn.Linear(2, 1)
        model(torch.tensor(frame[["a", "b"]].values, dtype=torch.float32))
        torch.save(model.state_dict(), "model.pt")
        """
    )
    assert sources("model.pt") == {"raw.csv"}


@pytest.mark.parametrize(
    ("text", "reads", "writes", "files", "copies"),
    [
        ("SELECT * FROM a JOIN s.b USING (x)", {"a", "s.b"}, set(), set(), set()),
        ("WITH c AS (SELECT 1) SELECT * FROM c, d", {"d"}, set(), set(), set()),
        ("INSERT INTO t SELECT * FROM a", {"a"}, {"t"}, set(), set()),
        ("CREATE TABLE t AS SELECT * FROM a", {"a"}, {"t"}, set(), set()),
        ("CREATE TABLE t (x INT)", set(), set(), set(), set()),
        ("SELECT * FROM 'x/y.parquet'", set(), set(), {"x/y.parquet"}, set()),
        ("SELECT * FROM read_parquet('z.parquet')", set(), set(), {"z.parquet"}, set()),
        ("COPY (SELECT * FROM a) TO 'out.csv'", {"a"}, set(), set(), {"out.csv"}),
        ("this is no SQL ((", set(), set(), set(), set()),
    ],
)
def test_what_statements_read_and_write(
    text: str, reads: set[str], writes: set[str], files: set[str], copies: set[str]
) -> None:
    found = statements_in(text, "duckdb")
    got = tuple(map(set, (found.reads, found.writes, found.files, found.copies)))
    assert got == (reads, writes, files, copies)
