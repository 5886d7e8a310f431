"""A SQLite store that can't be written, as a colleague's on a read-only share: it is read, and
nothing else."""

from __future__ import annotations

import json
import shlex
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import lineage
from lineage import Artifact, Store
from lineage.backends.sqlite import schema
from tests.cli.test_cli import GROUPED, commands
from tests.cli.test_tainting import fill
from tests.series import declare_series

ROOT = Path(__file__).parents[2]
POLICY = 'name = "p"\n[stops]\npii = ["Anonymize"]\n'
READS = [
    "upstream Model:m1", "downstream Dataset:raw", "why Dataset:raw Model:m2",
    "trained-on Model:m1", "hyperparameters Model:m1", "pipeline Model:m1",
    "environment Model:m1", "evaluations Model:m1", "deployments", "about Model:m1",
    "diff Model:m1 Model:m2", "siblings Model:m1", "blame", "bisect Model:m1", "failure Train:t-m2",
    "impact Dataset:raw", "receipts", "history Model:m1", "export dot Model:m1", "types", "ls",
    "query 'MATCH (n) RETURN count(n)'", "queries", "show Model:m1", "marks", "taint", "rebuild",
    "check Model:m2 --label pii", "policy show",
    "versions Model:m1", "series suggest", "code Model:m1", "runs",
]  # fmt: skip
# Each plan has an id of its own.
PLANS = ["delete Model:m1 --plan-only", "gc --plan-only", "forget Model:m1 --plan-only"]
WRITES = [
    "record {steps}", "mark Model:m1 --label bad", "lift Dataset:raw --label pii",
    "delete Model:m1 --policy tombstone --yes", "gc --keep-last 1 --yes", "forget Model:m1 --yes",
    "query 'RETURN 1' --save one", "policy apply {policy}", "policy drop default",
    "import mlmd {mlmd}", "copy {own} URL", "close Train:t-m1 --state CANCELED --force",
]  # fmt: skip
# They ask nothing of their own.
OTHERS = {
    "demo",
    "serve",
    "shell",
    "import",
    "policy",
    "backup",
    "restore",
    "mcp",
    "cache",
    "exec",
    "upgrade",
    "token",
    "storage",
    "columns",
    "overlap",
}


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user of the machine gets to, as pytest's own is not."""
    made = Path(tempfile.mkdtemp())
    made.chmod(0o755)
    yield made
    for inner in made.iterdir():
        inner.chmod(0o755)
    shutil.rmtree(made)


def store_in(folder: Path) -> Store:
    folder.mkdir()
    made: Store = lineage.connect(url_of(folder))
    fill(made)
    declare_series(made, "m{version}")
    return made


def url_of(folder: Path) -> str:
    return f"sqlite:///{folder}/store.db"


def locked(folder: Path, *, files: bool = True) -> dict[str, bytes]:
    """Take away the right to write; what is there then."""
    for path in folder.iterdir():
        path.chmod(0o444 if files else 0o666)
    folder.chmod(0o555)
    return content(folder)


def unlocked(folder: Path) -> None:
    folder.chmod(0o755)
    for path in folder.iterdir():
        path.chmod(0o644)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def rounds(folder: Path, asked: Sequence[str], **files: str) -> list[list[list[Any]]]:
    """What commands say in `folder/own`, and in `folder/shared` without the right to write."""
    told = subprocess.run(
        [sys.executable, "-m", "tests.backends.without_writing",
         url_of(folder / "own"), url_of(folder / "shared")],
        input=json.dumps([[w.format(**files) for w in shlex.split(words)] for words in asked]),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )  # fmt: skip
    answer: list[list[list[Any]]] = json.loads(told.stdout)
    return answer


def both(folder: Path) -> None:
    for name in ("own", "shared"):
        store_in(folder / name).close()


def test_each_command_is_here() -> None:
    named = {words.split()[0] for words in (*READS, *WRITES, "doctor")}
    assert named | OTHERS >= {*commands(), *(words.split()[0] for words in GROUPED)}


@pytest.mark.parametrize("files", [True, False])
def test_every_question_is_answered(folder: Path, files: bool) -> None:
    both(folder)
    before = locked(folder / "shared", files=files)
    asked = [*READS, *(f"{words} --json" for words in READS)]
    own, shared = rounds(folder, [*asked, *PLANS, "doctor"])
    for at, words in enumerate(asked):
        assert own[at][0] != 4, words
        assert shared[at] == own[at], words
    assert [code for code, _, _ in shared] == [code for code, _, _ in own]
    assert "read-only" in shared[-1][1]
    assert content(folder / "shared") == before


def test_every_write_is_refused(folder: Path, data: Path) -> None:
    both(folder)
    before = locked(folder / "shared")
    files = {
        "steps": str(folder / "steps.json"),
        "policy": str(folder / "policy.toml"),
        "mlmd": shutil.copy(data / "mlmd" / "tfx_0_21.sqlite", folder),
        "own": url_of(folder / "own"),
    }
    Path(files["steps"]).write_text(json.dumps({"execution": {"type": "Train", "name": "new"}}))
    Path(files["policy"]).write_text(POLICY)
    for path in folder.iterdir():
        if path.is_file():
            path.chmod(0o444)
    asked = [f"{words} --json" for words in WRITES]
    for words, (code, out, err) in zip(asked, rounds(folder, asked, **files)[1], strict=True):
        assert (code, out) == (4, ""), words
        told = json.loads(err)
        assert told["error"] == "StoreReadOnly", words
        assert "can only be read" in told["message"]
        assert str(folder / "shared" / "store.db") in told["message"]
    assert content(folder / "shared") == before


# What a process that has no right to write is asked in Python.
ASK = """
import os, sys
import lineage
from lineage.errors import LineageError

def ask(url, lines):
    try:
        with lineage.connect(url, create=False) as store:
            for line in lines:
                with store.snapshot():
                    names = sorted(str(node.name) for node in store.artifacts())
                    if line == "hold":
                        print("held", flush=True)
                        sys.stdin.readline()
                print(names, flush=True)
    except LineageError as error:
        print(type(error).__name__, error, flush=True)

ask(sys.argv[1], [""])
if os.name == "posix" and os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
ask(sys.argv[2], (line.strip() for line in iter(sys.stdin.readline, "")))
"""


class Asker:
    """A process that lists the artifacts of a store, again for each line that it is sent."""

    def __init__(self, folder: Path, name: str = "shared") -> None:
        store_in(folder / "own").close()
        self.process = subprocess.Popen(
            [sys.executable, "-c", ASK, url_of(folder / "own"), url_of(folder / name)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        self.own = self.line()
        self.first = self.ask()

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def ask(self, line: str = "") -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return self.line()

    def __enter__(self) -> Asker:
        return self

    def __exit__(self, *of: object) -> None:
        self.process.communicate()


def test_what_is_still_in_the_log_is_read_too(folder: Path) -> None:
    """Its owner has it open."""
    store = store_in(folder / "shared")
    store.put(Artifact(type="Dataset", name="in-the-log"))
    assert (folder / "shared" / "store.db-wal").stat().st_size
    before = locked(folder / "shared")
    with Asker(folder) as asker:
        assert "in-the-log" in asker.first
    assert content(folder / "shared") == before
    store.close()


def test_a_log_without_its_shared_memory_is_named_not_passed_over(folder: Path) -> None:
    store = store_in(folder / "shared")
    store.put(Artifact(type="Dataset", name="in-the-log"))
    kept = {p.name: p.read_bytes() for p in (folder / "shared").iterdir() if p.suffix != ".db-shm"}
    store.close()
    for path in (folder / "shared").iterdir():
        path.unlink()
    for name, bytes_ in kept.items():
        (folder / "shared" / name).write_bytes(bytes_)
    locked(folder / "shared")
    with Asker(folder) as asker:
        assert asker.first.startswith("StoreUnavailable")
        assert "store.db-wal" in asker.first
        assert "copy both files" in asker.first


def test_an_empty_log_hides_nothing(folder: Path) -> None:
    store_in(folder / "shared").close()
    (folder / "shared" / "store.db-wal").touch()
    locked(folder / "shared")
    with Asker(folder) as asker:
        assert asker.first == asker.own


def test_what_others_write_meanwhile_is_seen(folder: Path) -> None:
    """They may write to it, and the reader took it for one that nobody changes."""
    store_in(folder / "shared").close()
    locked(folder / "shared")
    with Asker(folder) as asker:
        assert asker.first == asker.own
        unlocked(folder / "shared")
        with lineage.connect(url_of(folder / "shared")) as theirs:
            theirs.put(Artifact(type="Dataset", name="new"))
            locked(folder / "shared")
            assert "new" in asker.ask()
            unlocked(folder / "shared")
        locked(folder / "shared")
        assert "new" in asker.ask()


def test_a_link_to_it(folder: Path) -> None:
    store = store_in(folder / "shared")
    store.put(Artifact(type="Dataset", name="in-the-log"))
    locked(folder / "shared")
    (folder / "linked").mkdir()
    (folder / "linked" / "store.db").symlink_to(folder / "shared" / "store.db")
    (folder / "linked").chmod(0o555)
    with Asker(folder, "linked") as asker:
        assert "in-the-log" in asker.first
    store.close()


def test_an_older_schema_is_not_brought_forward(folder: Path) -> None:
    store_in(folder / "shared").close()
    raw = sqlite3.connect(folder / "shared" / "store.db")
    raw.execute(f"PRAGMA user_version = {schema.SCHEMA - 1}")
    raw.close()
    before = locked(folder / "shared")
    with Asker(folder) as asker:
        assert asker.first.startswith("StoreReadOnly")
        assert f"has schema {schema.SCHEMA - 1}" in asker.first
        assert "copy it to a folder" in asker.first
    assert content(folder / "shared") == before


def test_a_file_that_cannot_even_be_read(folder: Path) -> None:
    store_in(folder / "shared").close()
    (folder / "shared" / "store.db").chmod(0)
    with Asker(folder) as asker:
        assert asker.first.startswith("StoreUnavailable")
        assert "ask its owner" in asker.first


def test_a_read_that_a_write_went_through_is_not_believed(folder: Path) -> None:
    """Where the file is taken for immutable, SQLite does not notice."""
    store_in(folder / "shared").close()
    locked(folder / "shared")
    with Asker(folder) as asker:
        assert asker.ask("hold") == "held"
        unlocked(folder / "shared")
        with lineage.connect(url_of(folder / "shared")) as theirs:
            theirs.put(Artifact(type="Dataset", name="new"))
        locked(folder / "shared")
        assert asker.ask().startswith("StoreUnavailable")
