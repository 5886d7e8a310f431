"""An MLflow database of 10,000 runs into SQLite."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

import lineage
from benchmarks.bench import Bench
from benchmarks.measuring import Measured, seconds, shown
from lineage.formats.mlflow import import_mlflow

_SECONDS = 60
# What belongs to a run, and the column that says to which.
_TABLES = {
    "runs": "run_uuid",
    "params": "run_uuid",
    "tags": "run_uuid",
    "latest_metrics": "run_uuid",
    "metrics": "run_uuid",
    "inputs": "destination_id",
}


def measure(bench: Bench) -> list[Measured]:
    runs = bench.size(10_000, 20)
    bench.say(f"making an MLflow database of {runs:,} runs")
    file = bench.folder / "mlflow.db"
    _make(file, runs)
    with lineage.connect(bench.sqlite_url("mlflow-imported")) as store:
        first = seconds(lambda: import_mlflow(f"sqlite:///{file}", store))
        assert store.counts().executions == runs
        again = seconds(lambda: import_mlflow(f"sqlite:///{file}", store))
        counts = store.counts()
    size = f"{counts.artifacts:,} artifacts, {counts.events:,} events"
    what = f"import an MLflow database of {runs:,} runs into SQLite"
    return [
        _measured("mlflow_import", what, first, size),
        _measured("mlflow_import_again", f"{what}, once more", again, "nothing changed"),
    ]


def _measured(name: str, what: str, taken: float, note: str) -> Measured:
    return Measured(
        name=name,
        what=what,
        against="-",
        target=f"under {_SECONDS} s",
        ours=shown(taken),
        peer="-",
        ratio="-",
        met=taken < _SECONDS,
        note=note,
    )


def _make(file: Path, runs: int) -> None:
    """One run as MLflow's client logs it, and copies: to log each takes it 20 ms."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    from mlflow import MlflowClient
    from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param

    client = MlflowClient(f"sqlite:///{file}", registry_uri=f"sqlite:///{file}")
    run = client.create_run(client.create_experiment("bench", str(file.parent)), run_name="run")
    id = run.info.run_id
    client.log_batch(
        id,
        metrics=[Metric(name, 0.5, 1_000, 0) for name in ("accuracy", "f1", "loss")],
        params=[Param(f"parameter_{at}", str(at / 10)) for at in range(8)],
    )
    source = json.dumps({"uri": "s3://bucket/train.csv"})
    data = Dataset("train", "0a1b2c3d", "s3", source)
    client.log_inputs(id, [DatasetInput(data, [InputTag("mlflow.data.context", "training")])])
    client.set_terminated(id)
    with sqlite3.connect(file) as connection:
        for table, column in _TABLES.items():
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            rows = connection.execute(f"SELECT * FROM {table} WHERE {column} = ?", (id,)).fetchall()
            places = [columns.index(name) for name in (column, "input_uuid") if name in columns]
            marks = ", ".join("?" * len(columns))
            connection.executemany(
                f"INSERT INTO {table} VALUES ({marks})",
                [
                    tuple(f"{at:032x}" if i in places else value for i, value in enumerate(row))
                    for at in range(1, runs)
                    for row in rows
                ],
            )
    connection.close()
