"""What damages a store's file is found and named, by `doctor` and by whoever reads."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

import lineage
from lineage import Artifact, Context, Execution, Kind
from lineage.cli.commands import app
from lineage.errors import StoreDamaged, StoreError, StoreUnavailable
from lineage.rules.integrity import find_faults


def fill(path: Path, steps: int = 40) -> None:
    with lineage.connect(f"sqlite:///{path}") as store:
        for i in range(steps):
            store.record(
                Execution(type="Train", name=f"fit-{i}", custom_properties={"lr": i / 7}),
                inputs={"examples": Artifact(type="Dataset", name=f"raw-{i}", uri=f"s3://b/{i}")},
                outputs={"model": Artifact(type="Model", name=f"m-{i}")},
                contexts=[Context(type="PipelineRun", name=f"run-{i % 5}")],
            )
        store.put_parent(store.context("PipelineRun:run-0"), store.context("PipelineRun:run-1"))
        store.mark("Dataset:raw-1", label="poisoned", reason="bots")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "lineage.db"
    fill(path)
    return path


def doctor(path: Path, *options: str) -> tuple[int, dict[str, object]]:
    ran = CliRunner().invoke(app, ["--store", f"sqlite:///{path}", "doctor", "--json", *options])
    answer = json.loads(ran.stdout) if ran.stdout else {}
    return (ran.exit_code if not isinstance(ran.exception, StoreError) else 4), answer


def change(path: Path, statement: str, *values: object) -> None:
    """Change the file as another program would, past all rules."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute(statement, values)
    connection.commit()
    connection.close()


@pytest.mark.parametrize("options", [[], ["--deep"]])
def test_a_whole_store_is_whole(file: Path, options: list[str]) -> None:
    code, answer = doctor(file, *options)
    assert code == 0
    assert answer["damage"] == []
    assert answer["faults"] == []
    assert answer["deep"] is bool(options)


BROKEN: dict[str, tuple[str, str]] = {
    "an event without its artifact": (
        "DELETE FROM artifact WHERE name = 'raw-3'", "artifact"),
    "an event without its execution": (
        "DELETE FROM execution WHERE name = 'fit-3'", "execution"),
    "a node of no type": ("UPDATE artifact SET type_id = 999 WHERE name = 'm-3'", "of type that"),
    "a node of a type of another kind": (
        "UPDATE artifact SET type_id = (SELECT id FROM type WHERE kind = 'execution' LIMIT 1) "
        "WHERE name = 'm-3'", "artifact types"),
    "a state that there is not": ("UPDATE artifact SET state = 'ODD' WHERE name = 'm-3'", "ODD"),
    "an event type that there is not": (
        "UPDATE event SET type = 'ODD' WHERE execution_id = 3", "ODD"),
    "properties that are no JSON": (
        "UPDATE execution SET custom_properties = '{\"lr\":' WHERE name = 'fit-3'", "execution"),
    "a name that is no text": (
        "UPDATE artifact SET name = CAST(x'ff41' AS TEXT) WHERE name = 'm-3'", "artifact"),
    "a member that is gone": ("DELETE FROM execution WHERE name = 'fit-7'", "execution"),
    "a context that is gone": ("DELETE FROM context WHERE name = 'run-4'", "context"),
    "a circle of contexts": (
        "INSERT INTO parent SELECT parent_id, child_id FROM parent", "circle"),
    "a mark on nothing": ("UPDATE mark SET node_id = 9999", "mark 1"),
    "a time before it began": ("UPDATE artifact SET updated = 1 WHERE name = 'm-3'", "before"),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_what_breaks_a_rule_is_found(file: Path, what: str) -> None:
    statement, said = BROKEN[what]
    change(file, statement)
    code, answer = doctor(file, "--deep")
    assert code == 4
    assert said in json.dumps([answer.get("damage"), answer.get("faults")])


@pytest.mark.parametrize(
    "what", ["a state that there is not", "properties that are no JSON", "a name that is no text"]
)
def test_who_reads_a_damaged_row_is_told_so(file: Path, what: str) -> None:
    change(file, BROKEN[what][0])
    kind = Kind.EXECUTION if "execution" in BROKEN[what][0] else Kind.ARTIFACT
    with lineage.connect(f"sqlite:///{file}") as store, pytest.raises(StoreDamaged, match="doctor"):
        store.find(kind)


def flip(data: bytearray, at: int) -> None:
    data[at] ^= 0xFF


DAMAGES: dict[str, Callable[[bytearray, random.Random], bytearray]] = {
    "cut in half": lambda data, chance: data[: len(data) // 2],
    "a page of zeros": lambda data, chance: _zeroed(data, chance),
    "a page of noise": lambda data, chance: _noisy(data, chance),
    "no header": lambda data, chance: bytearray(b"\0" * 100) + data[100:],
    "another file": lambda data, chance: bytearray(b"once upon a time" * 500),
}


def _zeroed(data: bytearray, chance: random.Random) -> bytearray:
    page = chance.randrange(1, len(data) // 4096)
    return data[: page * 4096] + bytearray(4096) + data[(page + 1) * 4096 :]


def _noisy(data: bytearray, chance: random.Random) -> bytearray:
    page = chance.randrange(1, len(data) // 4096)
    return data[: page * 4096] + bytearray(chance.randbytes(4096)) + data[(page + 1) * 4096 :]


@pytest.mark.parametrize("what", DAMAGES)
@pytest.mark.parametrize("seed", range(6))
def test_a_file_that_sqlite_refuses_is_not_called_whole(
    tmp_path: Path, what: str, seed: int
) -> None:
    path = tmp_path / "lineage.db"
    fill(path, 15)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    path.write_bytes(DAMAGES[what](bytearray(path.read_bytes()), random.Random(seed)))
    for beside in ("-wal", "-shm"):
        path.with_name(path.name + beside).unlink(missing_ok=True)
    try:
        connection = sqlite3.connect(path)
        sound = [text for [text] in connection.execute("PRAGMA integrity_check")] == ["ok"]
        connection.close()
    except sqlite3.DatabaseError:
        sound = False
    code, _ = doctor(path, "--deep")
    assert (code == 0) is sound


def test_shared_memory_that_was_taken_away_stops_writes(file: Path) -> None:
    with lineage.connect(f"sqlite:///{file}") as store:
        store.put(Artifact(type="Dataset", name="before"))
        file.with_name(file.name + "-shm").unlink()
        with pytest.raises(StoreUnavailable, match="-shm"):
            store.put(Artifact(type="Dataset", name="after"))
    with lineage.connect(f"sqlite:///{file}") as again:
        assert again.artifact("Dataset:before").name == "before"
        again.put(Artifact(type="Dataset", name="after"))


def test_every_backend_keeps_the_rules(store: lineage.Store) -> None:
    store.record(
        Execution(type="Train"),
        inputs={"examples": Artifact(type="Dataset", name="raw")},
        outputs={"model": Artifact(type="Model", name="m")},
        contexts=[Context(type="PipelineRun", name="monday")],
    )
    store.mark("Dataset:raw", label="pii")
    with store.backend.read() as reader:
        assert list(find_faults(reader)) == []
    assert store.backend.find_damage(deep=True) == []
