"""A backup is a consistent store, made while others write; restoring is all or nothing."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

import lineage
from lineage import Artifact, Execution
from lineage.cli.commands import app
from lineage.errors import InvalidValue, NotFound, StoreError, Unsupported


def record(store: lineage.Store, i: int) -> None:
    store.record(
        Execution(type="Train"),
        inputs={"examples": Artifact(type="Dataset", name=f"raw-{i}")},
        outputs={"model": Artifact(type="Model", name=f"m-{i}")},
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "lineage.db"
    with lineage.connect(f"sqlite:///{path}") as store:
        for i in range(20):
            record(store, i)
    return path


def test_it_is_whole_while_others_write(file: Path, tmp_path: Path) -> None:
    stop = threading.Event()
    written = []

    def write() -> None:
        with lineage.connect(f"sqlite:///{file}") as store:
            i = 1000
            while not stop.is_set():
                record(store, i)
                written.append(i)
                i += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with lineage.connect(f"sqlite:///{file}") as store:
            for round in range(5):
                store.backend.back_up(tmp_path / f"{round}.db")
    finally:
        stop.set()
        writer.join()
    assert written
    for round in range(5):
        with lineage.connect(f"sqlite:///{tmp_path}/{round}.db", create=False) as copy:
            counts = copy.counts()
            # A step is there whole or not at all.
            assert counts.events == 2 * counts.executions == counts.artifacts >= 40
            assert copy.backend.find_damage(deep=True) == []


def test_what_is_there_is_not_written_over(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "precious.txt"
    other.write_text("keep me")
    with lineage.connect(f"sqlite:///{file}") as store, pytest.raises(InvalidValue, match="there"):
        store.backend.back_up(other)
    assert other.read_text() == "keep me"
    assert [p.name for p in tmp_path.iterdir() if "partial" in p.name] == []


def test_a_store_becomes_its_backup_for_all_who_have_it_open(file: Path, tmp_path: Path) -> None:
    with lineage.connect(f"sqlite:///{file}") as store, lineage.connect(store.url) as other:
        store.backend.back_up(tmp_path / "b.db")
        record(other, 500)
        assert other.counts().executions == 21
        store.backend.restore(tmp_path / "b.db")
        assert store.counts().executions == other.counts().executions == 20
        record(other, 501)
        assert store.counts().executions == 21
        assert store.backend.find_damage(deep=True) == []


def test_a_damaged_backup_is_not_restored(file: Path, tmp_path: Path) -> None:
    backup = tmp_path / "b.db"
    with lineage.connect(f"sqlite:///{file}") as store:
        store.backend.back_up(backup)
        data = bytearray(backup.read_bytes())
        data[3 * 4096 : 5 * 4096] = bytes(2 * 4096)
        backup.write_bytes(data)
        with pytest.raises(StoreError):
            store.backend.restore(backup)
        with pytest.raises(NotFound):
            store.backend.restore(tmp_path / "none.db")
        stranger = tmp_path / "stranger.db"
        sqlite3.connect(stranger).execute("CREATE TABLE t (x)").connection.close()
        with pytest.raises(StoreError, match="not a lineage store"):
            store.backend.restore(stranger)
        assert store.counts().executions == 20


@pytest.mark.backends("memory", "neo4j")
def test_what_is_in_no_file_says_what_to_do(store: lineage.Store, tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match="lineage copy"):
        store.backend.back_up(tmp_path / "b.db")


def test_the_command_line(file: Path, tmp_path: Path) -> None:
    def run(*words: str) -> tuple[int, str, str]:
        ran = CliRunner().invoke(app, ["--store", f"sqlite:///{file}", *words])
        error = ran.exception
        code = getattr(error, "exit_code", ran.exit_code) if error else ran.exit_code
        return code, ran.stdout, str(error or "")

    backup = str(tmp_path / "b.db")
    assert run("backup", backup)[0] == 0
    code, _, said = run("backup", backup)
    assert (code, "there already" in said) == (2, True)
    with lineage.connect(f"sqlite:///{file}") as store:
        record(store, 99)
    code, _, said = run("restore", backup)
    assert (code, "--yes" in said) == (2, True)
    code, told, _ = run("restore", backup, "--yes")
    assert code == 0
    assert "20 executions" in told
    with lineage.connect(f"sqlite:///{file}") as store:
        assert store.counts().executions == 20
