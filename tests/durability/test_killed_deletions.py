"""What destroys something, killed at random points: the old state, the new one, or a resumable one.

Old and new are exact: everything that can be read of the store, and every file, is as before the
operation or as after one that nobody killed. A resumable one says so, and becomes the new one.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import re
import shutil
import sqlite3
import statistics
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import lineage
from lineage import Store
from lineage.cli.commands import app
from lineage.formats.store_copy import copy_store
from lineage.questions.receipts import REMOVALS
from tests.conformance.readable import listing
from tests.durability import deleter
from tests.neo4j_for_tests import driver, emptied

LONG = bool(os.environ.get("LINEAGE_LONG"))
KILLS = {"sqlite": 50 if LONG else 3, "neo4j": 8 if LONG else 1}
SHORT_ON_NEO4J = ("tombstone", "purge", "bytes", "gc", "forget")
# A child is forked from a process that has imported everything: a kill costs no start of Python,
# and none falls into an import.
_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload(
    [
        "tests.durability.deleter",
        "fsspec.implementations.local",
        "lineage.backends.sqlite",
        "lineage.backends.neo4j",
    ]
)

_OTHERS = (
    "SHOW TRANSACTIONS YIELD transactionId, metaData WHERE metaData.lineage_query IS NULL "
    "RETURN transactionId"
)

State = dict[str, Any]


@dataclass
class Stage:
    """One store, put back to how it was before each operation."""

    url: str
    folder: Path
    template: Path
    seconds: list[float] = field(default_factory=list)

    @classmethod
    def built(cls, url: str, tmp_path: Path) -> Stage:
        stage = cls(url, tmp_path / "files", tmp_path / "template.db")
        with lineage.connect(f"sqlite:///{stage.template}") as store:
            deleter.made(store, stage.folder)
        return stage

    def put_back(self, operation: str) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        deleter.files(self.folder)
        if self.url.startswith("sqlite"):
            file = Path(self.url.removeprefix("sqlite:///"))
            for end in ("", "-wal", "-shm"):
                Path(f"{file}{end}").unlink(missing_ok=True)
            shutil.copy(self.template, file)
        else:
            emptied(self.url)
            with (
                lineage.connect(f"sqlite:///{self.template}") as source,
                lineage.connect(self.url) as target,
            ):
                copy_store(source, target)
        if operation == "resume":
            self.leave_bytes_behind()

    def leave_bytes_behind(self) -> None:
        """A deletion whose bytes could not be removed: a file stands where a folder is listed."""
        with lineage.connect(self.url) as store:
            store.clock = lambda: deleter.THEN
            plan = store.plan_deletion("Dataset:raw", policy="cascade", bytes=True)
            moved = self.folder.rename(self.folder.with_name("elsewhere"))
            self.folder.write_text("in the way")
            assert not store.apply(plan).done
            self.folder.unlink()
            moved.rename(self.folder)

    def killed(self, operation: str, after: float | None) -> bool:
        """Run it in a child, and kill that so long after it began; whether it was done by then."""
        mine, its = _forking.Pipe()
        child = _forking.Process(target=deleter.run, args=(self.url, operation, its))
        child.start()
        its.close()
        assert mine.recv() == "begins"
        began = time.perf_counter()
        if mine.poll(after):
            assert mine.recv() == "done"
            self.seconds.append(time.perf_counter() - began)
            done = True
        else:
            done = False
        child.kill()
        child.join(300)
        if not done:
            # It may have said so while it was killed.
            try:
                done = mine.poll() and mine.recv() == "done"
            except EOFError:
                done = False
        mine.close()
        if not self.url.startswith("sqlite"):
            settle(self.url)
        return done

    def state(self, store: Store) -> State:
        told = listing(store)
        # Each plan has an id of its own.
        told["metadata"] = [
            (re.sub("[0-9a-f]{32}", "ID", key), _anonymous(text)) for key, text in told["metadata"]
        ]
        told["files"] = sorted(str(f) for f in self.folder.rglob("*") if f.is_file())
        return told


def settle(url: str) -> None:
    """Until the server has ended the transactions of the client that was killed."""
    with driver(url) as bare, bare.session() as session:
        deadline = time.monotonic() + 300
        # Itself, and not the queries that a test before has left to a server that computes on.
        while len(session.run(_OTHERS).values()) > 1:
            assert time.monotonic() < deadline


def graph(state: State) -> State:
    """All but how far the removal of bytes has come."""
    kept = [(key, re.sub('"done": *(true|false)', "", text)) for key, text in state["metadata"]]
    return {
        **{part: told for part, told in state.items() if part != "files"},
        "metadata": [pair for pair in kept if not pair[0].startswith(REMOVALS)],
    }


def cases() -> list[tuple[str, str]]:
    return [
        (backend, operation)
        for backend in ("sqlite", "neo4j")
        for operation in deleter.OPERATIONS
        if backend == "sqlite" or LONG or operation in SHORT_ON_NEO4J
    ]


@pytest.mark.backends("sqlite", "neo4j")
@pytest.mark.timeout(3600)
def test_killed_it_leaves_old_new_or_resumable(url: str, tmp_path: Path) -> None:
    backend = "sqlite" if url.startswith("sqlite") else "neo4j"
    stage = Stage.built(url, tmp_path)
    choose = random.Random(20261124)
    for operation in [operation for on, operation in cases() if on == backend]:
        stage.seconds.clear()
        stage.put_back(operation)
        with lineage.connect(url, create=False) as store:
            old = stage.state(store)
        assert stage.killed(operation, None)
        with lineage.connect(url, create=False) as store:
            new = stage.state(store)
        assert old != new
        left: Counter[str] = Counter()
        late = 0
        while sum(left.values()) < KILLS[backend]:
            assert late < 100 * KILLS[backend], f"{operation} is done before it can be killed"
            stage.put_back(operation)
            # Over the whole of the time that it takes by now.
            longest = statistics.median(stage.seconds[-5:])
            done = stage.killed(operation, choose.uniform(0, longest))
            what = what_is_left(stage, operation, old, new)
            if done:
                assert what == "new"
                late += 1
            else:
                left[what] += 1
        print(
            f"{backend}, {operation}: {sum(left.values())} kills within "
            f"{1000 * statistics.median(stage.seconds):.0f} ms: "
            + ", ".join(f"{left[what]} {what}" for what in ("old", "new", "resumable"))
            + f" ({late} more came too late)"
        )
    if backend == "sqlite":
        with sqlite3.connect(url.removeprefix("sqlite:///")) as raw:
            assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        raw.close()


def what_is_left(stage: Stage, operation: str, old: State, new: State) -> str:
    """old, new or resumable; anything else fails."""
    with lineage.connect(stage.url, create=False) as store:
        found = stage.state(store)
        if found == old:
            return "old"
        unfinished = store.unfinished_deletions()
        if not unfinished:
            assert found == new, operation
            return "new"
        assert graph(found) == graph(new)
        assert set(new["files"]) <= set(found["files"]) <= set(old["files"])
    told = CliRunner().invoke(app, ["--store", stage.url, "doctor"])
    assert told.exit_code == 1
    assert "lineage delete --resume" in told.output
    told = CliRunner().invoke(app, ["--store", stage.url, "delete", "--resume", "--yes", "--json"])
    assert told.exit_code == 0, told.output
    with lineage.connect(stage.url, create=False) as store:
        assert not store.unfinished_deletions()
        resumed = stage.state(store)
    assert graph(resumed) == graph(new)
    assert resumed["files"] == new["files"]
    return "resumable"


def _anonymous(text: str) -> str:
    """Metadata without what differs between two runs: ids, and which file of a name it was."""
    return re.sub('"identity": *"[^"]*"', '"identity":""', re.sub("[0-9a-f]{32}", "ID", text))
