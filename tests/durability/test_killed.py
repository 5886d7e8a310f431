"""Killed at random moments: what was acknowledged is there, and nothing is there in part."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import lineage
from lineage.errors import StoreUnavailable
from tests.durability.wholeness import check
from tools.neo4j import LocalNeo4j

LONG = bool(os.environ.get("LINEAGE_LONG"))


def killed_recorder(
    url: str, run: str, chance: random.Random, kill: Callable[[subprocess.Popen[str]], None]
) -> list[str]:
    """Start a recorder, kill it at a random moment; returns the steps that it acknowledged."""
    recorder = subprocess.Popen(
        [sys.executable, "-m", "tests.durability.recorder", url, run],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert recorder.stdout is not None
    # Some die while they open the store, most between or within their writes.
    opening = chance.random() < 0.2
    lines = [recorder.stdout.readline() for _ in range(0 if opening else chance.randint(1, 60))]
    delay = chance.uniform(0, 1 if opening else 0.01)
    timer = threading.Timer(delay, kill, (recorder,))
    timer.start()
    lines += recorder.stdout
    timer.join()
    recorder.wait(300)
    recorder.stdout.close()
    # A line that was cut was not read by anyone as an acknowledgement.
    return [step for line in lines if line.endswith("\n") for step in line.split()]


@pytest.mark.backends("sqlite")
def test_a_recorder_is_killed(url: str, tmp_path: Path) -> None:
    chance = random.Random(5)
    steps = acknowledged = 0
    for turn in range(50 if LONG else 6):
        run = f"run-{turn}"
        told = killed_recorder(url, run, chance, subprocess.Popen.kill)
        acknowledged += len(told)
        steps += check(url, run, told)
    assert steps >= acknowledged > 0
    print(f"{steps} steps in the store, {acknowledged} of them acknowledged")
    with sqlite3.connect(tmp_path / "lineage.db") as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    raw.close()


@pytest.fixture
def own_neo4j() -> Iterator[LocalNeo4j]:
    """A server that the test may kill."""
    with LocalNeo4j(heap="512m", cache="128m") as server:
        yield server


@pytest.mark.timeout(2400)
def test_recorder_and_neo4j_are_killed(own_neo4j: LocalNeo4j) -> None:
    chance = random.Random(5)

    def kill(recorder: subprocess.Popen[str]) -> None:
        if chance.random() < 0.5:
            recorder.kill()
        own_neo4j.kill()
        recorder.kill()

    steps = acknowledged = 0
    for turn in range(5 if LONG else 1):
        run = f"run-{turn}"
        told = killed_recorder(own_neo4j.url, run, chance, kill)
        acknowledged += len(told)
        with pytest.raises(StoreUnavailable, match="can't be reached"):
            lineage.connect(own_neo4j.url)
        own_neo4j.restart()
        steps += check(own_neo4j.url, run, told)
    assert steps >= acknowledged
    print(f"{steps} steps in the store, {acknowledged} of them acknowledged")
