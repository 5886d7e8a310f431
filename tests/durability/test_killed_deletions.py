"""Deleting processes, killed at random moments: the old state, the new one, or one to be resumed.

The child deletes one small graph after the other, each in another way, and says what is done. Every
graph is then whole or wholly deleted; where bytes were left behind, the store says so and goes on.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

import lineage
from lineage import Artifact, ArtifactState, Store

LONG = bool(os.environ.get("LINEAGE_LONG"))
# (kills, how many seconds at most after something was said)
KILLS = {"sqlite": (50 if LONG else 4, 0.05), "neo4j": (10 if LONG else 1, 0.5)}

# How each graph is deleted, and which of its artifacts go.
WAYS = {
    "tombstone": ({"policy": "tombstone"}, ("raw",)),
    "cascade": ({"policy": "cascade"}, ("raw", "train", "model")),
    "purge": ({"policy": "cascade", "purge": True}, ("raw", "train", "model")),
    "bytes": ({"policy": "cascade", "bytes": True}, ("raw", "train", "model")),
    "purge-bytes": ({"policy": "cascade", "purge": True, "bytes": True}, ("raw", "train", "model")),
}

_CHILD = """
import sys
from pathlib import Path
import lineage
from lineage import Artifact, Execution, Step
from tests.durability.test_killed_deletions import WAYS
url, folder, first = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
store = lineage.connect(url)
print("ready", flush=True)
for number in range(first, first + 10_000):
    way, (how, _) = list(WAYS.items())[number % len(WAYS)]
    name = f"{way}-{number}"
    files = {}
    for part in ("raw", "train", "model"):
        files[part] = folder / name / part
        files[part].mkdir(parents=True)
        for n in range(3):
            (files[part] / str(n)).write_text(part)
    store.record_steps([
        Step(
            execution=Execution(type="Split", name=f"{name}-split"),
            inputs=[Artifact(type="Dataset", name=f"{name}-raw", uri=str(files["raw"]))],
            outputs=[Artifact(type="Dataset", name=f"{name}-train", uri=str(files["train"]))],
        ),
        Step(
            execution=Execution(type="Train", name=f"{name}-fit"),
            inputs=[f"Dataset:{name}-train"],
            outputs=[Artifact(type="Model", name=f"{name}-model", uri=str(files["model"]))],
        ),
    ])
    print("made", name, flush=True)
    store.delete(f"Dataset:{name}-raw", **how)
    print("done", name, flush=True)
"""


@pytest.mark.backends("sqlite", "neo4j")
def test_a_killed_deletion_leaves_old_new_or_resumable(url: str, tmp_path: Path) -> None:
    kills, latest = KILLS["sqlite" if url.startswith("sqlite") else "neo4j"]
    choose = random.Random(20261124)
    folder = tmp_path / "files"
    lineage.connect(url).close()
    number, left = 0, Counter[str]()
    for _ in range(kills):
        lines, after = choose.randint(2, 20), choose.uniform(0, latest)
        made, done = killed(url, folder, number, lines, after)
        number += 10_000
        with lineage.connect(url, create=False) as store:
            unfinished = {r.plan.nodes[0].name: r for r in store.unfinished_deletions()}
            assert len(unfinished) <= 1
            # Of what is unfinished, this run's is the last one made.
            for name in made[-3:]:
                left[state(store, folder, name, name in done, bool(unfinished))] += 1
            for receipt in store.resume_deletions():
                assert receipt.done
            assert not store.unfinished_deletions()
            for name in made[-3:]:
                assert state(store, folder, name, name in done, False) in ("old", "new")
    print(f"{kills} kills: {dict(left)}")
    assert left["new"] > 0


def killed(
    url: str, folder: Path, first: int, lines: int, after: float
) -> tuple[list[str], set[str]]:
    """What a child made and what it said was done before it was killed."""
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD, url, str(folder), str(first)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    said = [child.stdout.readline().split() for _ in range(lines)]
    timer = threading.Timer(after, child.send_signal, (signal.SIGKILL,))
    timer.start()
    said += [line.split() for line in child.stdout if line.endswith("\n")]
    child.wait(60)
    timer.join()
    assert child.returncode == -signal.SIGKILL
    return [n for what, n in said if what == "made"], {n for what, n in said if what == "done"}


def state(store: Store, folder: Path, name: str, done: bool, unfinished: bool) -> str:
    """old, new or resumable; anything else fails."""
    how, goes = WAYS[name.rpartition("-")[0]]
    types = {"raw": "Dataset", "train": "Dataset", "model": "Model"}
    deleted: set[str] = set()
    files = {part: sum(1 for f in (folder / name / part).rglob("*") if f.is_file())
             for part in types}  # fmt: skip
    for part, type in types.items():
        found = store.find(lineage.Kind.ARTIFACT, type=type, name=f"{name}-{part}")
        if not found:
            assert how.get("purge")
            deleted.add(part)
            continue
        [artifact] = found
        assert isinstance(artifact, Artifact)
        assert (artifact.state is ArtifactState.DELETED) == (artifact.uri is None)
        if artifact.state is ArtifactState.DELETED:
            assert not how.get("purge")
            deleted.add(part)
    assert deleted in (set(), set(goes)), f"{name} is half deleted: {deleted}"
    assert deleted or not done
    receipts = [r for r in store.receipts() if r.plan.nodes[0].name == f"{name}-raw"]
    assert len(receipts) == (1 if deleted else 0)
    kept = {part: count for part, count in files.items() if count}
    if not (deleted and how.get("bytes")):
        assert kept == dict.fromkeys(types, 3), f"{name} lost files: {files}"
        return "new" if deleted else "old"
    if receipts[0].done:
        assert not kept
        return "new"
    assert unfinished
    assert not done
    return "resumable"
