"""The journal: runs that no store could take, brought in later."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

import lineage
from lineage.cli.commands import app
from lineage.errors import LineageError
from lineage.model import ExecutionState
from lineage.recording.journal import bring_in, journal_folder, keep_run
from lineage.recording.run_draft import RunDraft
from lineage.recording.sink import RecordingWarning

NOWHERE = "sqlite:////proc/nowhere/lineage.db"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[lineage.Store]:
    """A store that can be reached; the default one can't."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LINEAGE_URL", NOWHERE)
    with lineage.connect(f"sqlite:///{tmp_path}/later.db") as opened:
        yield opened


def keep(lr: float = 0.1) -> str:
    """A run that reads and writes, kept in the journal; returns its key."""
    Path("raw.csv").write_text("a\n")
    with pytest.warns(RecordingWarning, match="lineage record --pending"):
        return fit(lr)


def fit(lr: float) -> str:
    """A run that reads and writes; returns its key."""
    with lineage.run("fit", type="Train", pipeline="churn", params={"lr": lr}) as run:
        run.input("raw.csv")
        Path("model.pt").write_text("w")
        run.output("model.pt")
        run.metrics(accuracy=0.9)
    return run.key


def test_a_run_that_was_kept_is_brought_in_whole(store: lineage.Store) -> None:
    key = keep()
    done = bring_in(store, journal_folder())
    assert (done.runs, done.refused) == (1, ())
    execution = store.execution(key)
    assert (execution.state, execution.get("lr")) == (ExecutionState.COMPLETE, 0.1)
    [model] = store.artifacts(type="Model")
    assert [t.dataset.uri for t in store.trained_on(model)] == [Path("raw.csv").resolve().as_uri()]
    assert [c.name for c in store.pipeline_of(model).pipelines] == ["churn"]
    assert not list(journal_folder().iterdir())


def test_bringing_in_twice_makes_one_run(store: lineage.Store) -> None:
    keep()
    [file] = journal_folder().iterdir()
    copy = file.read_bytes()
    bring_in(store, journal_folder())
    before = store.counts()
    file.write_bytes(copy)
    assert bring_in(store, journal_folder()).runs == 1
    assert store.counts() == before


def test_a_line_that_a_crash_cut_off_loses_only_itself(store: lineage.Store) -> None:
    key = keep()
    [file] = journal_folder().iterdir()
    lines = file.read_bytes().strip().split(b"\n")
    for cut in (1, len(lines[-1]) // 2, len(lines[-1]) - 1):
        file.write_bytes(b"\n".join(lines[:-1]) + b"\n" + lines[-1][:cut])
        assert bring_in(store, journal_folder()).runs == 1
    # What was known before that line.
    assert store.execution(key).get("lr") == 0.1
    file.write_bytes(lines[0][:20])
    assert bring_in(store, journal_folder()).runs == 0


def test_what_is_kept_after_a_torn_line_is_read(store: lineage.Store, tmp_path: Path) -> None:
    file = keep_run(RunDraft(key="run/1", type="Train"), tmp_path / "j")
    with file.open("ab") as torn:
        torn.write(b'{"key": "run/1", "ty')
    ended = RunDraft(key="run/1", type="Train", state=ExecutionState.COMPLETE)
    keep_run(ended, tmp_path / "j")
    bring_in(store, tmp_path / "j")
    assert store.execution("run/1").state is ExecutionState.COMPLETE


def test_what_is_refused_stays_and_does_not_hold_up_the_rest(
    store: lineage.Store, tmp_path: Path
) -> None:
    folder = tmp_path / "j"
    keep_run(RunDraft(key="run/bad", type="Train", properties={"n": 2**70}), folder)
    keep_run(RunDraft(key="run/good", type="Train"), folder)
    done = bring_in(store, folder)
    assert done.runs == 1
    [(file, reason)] = done.refused
    assert "64 bits" in reason
    assert list(folder.iterdir()) == [file]


def test_the_command_brings_it_in(store: lineage.Store, tmp_path: Path) -> None:
    key = keep()
    call = CliRunner().invoke(app, ["--store", store.url, "record", "--pending", "--json"])
    assert json.loads(call.output) == {"recorded": 1, "refused": []}
    assert store.execution(key).state is ExecutionState.COMPLETE
    call = CliRunner().invoke(app, ["--store", store.url, "record", "--pending"])
    assert call.output.startswith("recorded 0 runs")
    keep_run(RunDraft(key="run/bad", type="Train", properties={"n": 2**70}), tmp_path / "j")
    call = CliRunner().invoke(
        app, ["--store", store.url, "record", "--pending", str(tmp_path / "j")]
    )
    assert call.exit_code == 1


def test_strict_raises_and_keeps_nothing(store: lineage.Store) -> None:
    with pytest.raises(LineageError), lineage.run("fit", strict=True):
        pass
    assert not journal_folder().exists()


def test_a_killed_process_leaves_its_run_in_the_journal(store: lineage.Store) -> None:
    code = (
        "import os, lineage\n"
        "with lineage.run('fit') as run:\n"
        "    run.params(lr=3)\n"
        "    print(run.key, flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "LINEAGE_URL": NOWHERE},
        capture_output=True,
        text=True,
        check=False,
    )
    bring_in(store, journal_folder())
    execution = store.execution(done.stdout.strip())
    assert (execution.state, execution.get("lr")) == (ExecutionState.RUNNING, 3)
    assert execution.get("lease_until") > 0
