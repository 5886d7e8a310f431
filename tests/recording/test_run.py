"""`lineage.run`: one execution, recorded while it goes on."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

import lineage
from lineage.errors import InvalidValue, LineageError, NotFound
from lineage.model import ExecutionState, Flow
from lineage.recording.lease import PROPERTY, is_stale
from lineage.recording.sink import RecordingWarning


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[lineage.Store]:
    """The default store, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path}/.lineage/lineage.db"
    monkeypatch.setenv("LINEAGE_URL", url)
    with lineage.connect(url) as opened:
        yield opened


def ports(store: lineage.Store, run: lineage.Run) -> dict[tuple[str, str | int], str | None]:
    """The uris of a run's artifacts by flow and port."""
    return {
        (event.type.flow.value, event.path[0]): store.artifact(event.artifact_id).uri
        for event in store.events(execution=run.key)
        if event.type.flow is not None
    }


def test_a_run_has_what_it_was_told_and_what_it_ran_in(store: lineage.Store) -> None:
    Path("raw.csv").write_text("a\n1\n")
    with lineage.run("fit", type="Train", params={"lr": 0.1}) as run:
        assert store.execution(run.key).state is ExecutionState.RUNNING
        assert run.input("raw.csv") == "raw.csv"
        Path("model.pt").write_bytes(b"weights")
        run.output(Path("model.pt"))
        run.params(depth=3)
        run.metrics(accuracy=0.9)
        run.metrics({"accuracy": 0.95})
    execution = store.execution(run.key)
    assert execution.state is ExecutionState.COMPLETE
    assert (execution.get("lr"), execution.get("depth")) == (0.1, 3)
    assert execution.get("host")
    assert execution.get("duration_s") >= 0
    assert execution.get("peak_memory_bytes") > 1_000_000
    assert execution.get("environment")["python"].startswith("3.")
    found = ports(store, run)
    assert found["INPUT", "raw"] == Path("raw.csv").resolve().as_uri()
    assert found["OUTPUT", "model"] == Path("model.pt").resolve().as_uri()
    [model] = store.artifacts(uri=Path("model.pt").resolve().as_uri())
    assert model.type == "Model"
    assert [e.metrics.get("accuracy") for e in store.evaluations(model)] == []
    [metrics] = store.artifacts(type="Metrics")
    assert metrics.get("accuracy") == 0.95


def test_a_file_that_is_read_is_the_one_that_was_written(store: lineage.Store) -> None:
    with lineage.run("write") as first:
        first.output("x.csv")
        Path("x.csv").write_text("a\n")
    with lineage.run("read") as second:
        second.input("x.csv")
    Path("x.csv").write_text("b\n")
    with lineage.run("read again") as third:
        third.input("x.csv")
    made = {e.artifact_id for e in store.events(execution=first.key)}
    assert {e.artifact_id for e in store.events(execution=second.key)} == made
    # Other bytes at the same place are another artifact.
    assert not {e.artifact_id for e in store.events(execution=third.key)} & made


def test_a_run_that_raises_has_failed_with_its_traceback(store: lineage.Store) -> None:
    def train() -> None:
        raise ValueError("no convergence, password=hunter2")

    with pytest.raises(ValueError, match="no convergence"), lineage.run("fit") as run:
        train()
    execution = store.execution(run.key)
    assert execution.state is ExecutionState.FAILED
    assert execution.get("error").startswith("ValueError: no convergence")
    assert "in train" in execution.get("traceback")
    assert "hunter2" not in str(execution)


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (KeyboardInterrupt(), ExecutionState.CANCELED),
        (SystemExit(0), ExecutionState.COMPLETE),
        (SystemExit(3), ExecutionState.FAILED),
    ],
)
def test_how_it_ends_says_how_it_stands(
    store: lineage.Store, error: BaseException, state: ExecutionState
) -> None:
    with pytest.raises(type(error)), lineage.run() as run:
        raise error
    assert store.execution(run.key).state is state


def test_runs_inside_a_run_are_in_its_pipeline_run(store: lineage.Store) -> None:
    with (
        lineage.run("nightly", pipeline="churn") as outer,
        lineage.run("fit", type="Train") as inner,
    ):
        pass
    assert store.execution(inner.key).get("parent_run") == outer.key
    [context] = store.contexts_of(f"execution:{inner.id}")
    assert context.type == "PipelineRun"
    assert [c.name for c in store.parents_of(f"context:{context.id}")] == ["churn"]
    assert store.contexts_of(f"execution:{outer.id}") == [context]


def test_a_thread_inside_a_run_finds_it(store: lineage.Store) -> None:
    seen: list[str | None] = []

    def work() -> None:
        with lineage.run("part") as part:
            seen.append(part.key)

    with lineage.run("whole") as whole:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert store.execution(seen[0] or "").get("parent_run") == whole.key


def test_a_child_process_finds_the_run_it_was_started_in(store: lineage.Store) -> None:
    code = "import lineage\nwith lineage.run('part') as run: print(run.key)"
    with lineage.run("whole") as whole:
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
    assert store.execution(done.stdout.strip()).get("parent_run") == whole.key
    assert "LINEAGE_PARENT_RUN" not in os.environ


def test_secrets_are_not_recorded(store: lineage.Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEAGE_ENV", "AWS_SECRET_ACCESS_KEY,STAGE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI")
    monkeypatch.setenv("STAGE", "test")
    with lineage.run("fit", params={"api_key": "abc123", "db": "postgres://u:pw9@h/d"}) as run:
        run.params({"nested": {"password": "hunter2", "n": 1}})
    text = str(store.execution(run.key))
    assert not [s for s in ("wJalrXUtnFEMI", "abc123", "pw9", "hunter2") if s in text]
    assert store.execution(run.key).get("environment")["variables"]["STAGE"] == "test"


def test_values_that_are_no_property_values_are_described(store: lineage.Store) -> None:
    import numpy

    with lineage.run("fit") as run:
        run.params(
            none=None,
            path=Path("a/b"),
            rate=numpy.float32(0.5),
            many=(1, 2),
            array=numpy.zeros((2, 3)),
            huge=2**80,
            thing=object(),
            odd={"nan": float("nan")},
        )
    got = store.execution(run.key)
    assert (got.get("none"), got.get("path"), got.get("rate")) == ("None", "a/b", 0.5)
    assert got.get("many") == [1, 2]
    assert got.get("array") == "ndarray(2, 3) float64"
    assert got.get("huge") == str(2**80)
    assert got.get("thing") == "<object object>"


def test_what_cannot_be_recorded_is_a_warning(store: lineage.Store) -> None:
    with pytest.warns(RecordingWarning, match="nowhere"), lineage.run("fit") as run:
        run.input("nowhere.csv")
    assert store.execution(run.key).state is ExecutionState.COMPLETE
    with pytest.warns(RecordingWarning, match="never-written"), lineage.run("fit") as run:
        run.output("never-written.csv")
    assert store.execution(run.key).state is ExecutionState.COMPLETE
    with pytest.warns(RecordingWarning, match="no number"), lineage.run("fit") as run:
        run.metrics(accuracy="high")


def test_a_strict_run_raises_instead(store: lineage.Store) -> None:
    with pytest.raises(NotFound), lineage.run("fit", strict=True) as run:
        run.input("nowhere.csv")
    with pytest.raises(InvalidValue, match="never-written"), lineage.run(strict=True) as run:
        run.output("never-written.csv")


def test_warnings_that_are_errors_do_not_break_the_program(store: lineage.Store) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with lineage.run("fit") as run:
            run.input("nowhere.csv")
    assert store.execution(run.key).state is ExecutionState.COMPLETE


def test_a_run_that_is_used_without_with_says_so(store: lineage.Store) -> None:
    with pytest.warns(RecordingWarning, match="with statement"):
        lineage.run("fit").params(lr=1)


def test_what_a_run_wrote_and_read_again_is_no_input(store: lineage.Store) -> None:
    with lineage.run("fit") as run:
        run.output("part.csv")
        Path("part.csv").write_text("x")
        run.input("part.csv")
    assert [flow for flow, _ in ports(store, run)] == [Flow.OUTPUT.value]


def test_a_folder_is_one_artifact(store: lineage.Store) -> None:
    Path("data").mkdir()
    Path("data", "a.csv").write_text("1")
    Path("data", "b.csv").write_text("2")
    with lineage.run("read") as run:
        run.input("data", type="Dataset")
    [event] = store.events(execution=run.key)
    assert store.artifact(event.artifact_id).get("bytes") == 2


def test_a_killed_run_is_found_by_its_lease(store: lineage.Store, tmp_path: Path) -> None:
    code = """
        import os, lineage
        run = lineage.run("fit")
        run.__enter__()
        print(run.key, flush=True)
        os.kill(os.getpid(), 9)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False
    )
    execution = store.execution(done.stdout.strip())
    assert execution.state is ExecutionState.RUNNING
    until = execution.get(PROPERTY)
    assert not is_stale(execution, until - 1)
    assert is_stale(execution, until + 1)


def test_a_heartbeat_moves_the_lease_on(store: lineage.Store) -> None:
    with lineage.run("fit") as run:
        before = store.execution(run.key).get(PROPERTY)
        run._draft.properties[PROPERTY] = 0
        run.extend_lease()
        assert store.execution(run.key).get(PROPERTY) >= before
    ended = store.execution(run.key)
    run.extend_lease()
    assert store.execution(run.key) == ended


def test_a_store_that_is_given_is_used(store: lineage.Store) -> None:
    with lineage.connect("memory://") as other:
        with lineage.run("fit", store=other) as run:
            pass
        assert other.execution(run.key).state is ExecutionState.COMPLETE
    with pytest.raises(LineageError):
        store.execution(run.key)


def test_the_commit_and_its_changes_are_recorded(store: lineage.Store, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("import lineage\nwith lineage.run('fit') as run: print(run.key)\n")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "train.py"], check=True)
    subprocess.run([*git, "commit", "-qm", "first"], check=True)
    (tmp_path / ".gitignore").write_text(".lineage\n.gitignore\n")
    found = []
    for text in (None, script.read_text() + "\n", script.read_text() + "\n\n"):
        if text is not None:
            script.write_text(text)
        done = subprocess.run(
            [sys.executable, str(script)], capture_output=True, text=True, check=True
        )
        found.append(store.execution(done.stdout.strip()))
    head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    assert {e.get("git_commit") for e in found} == {head.stdout.strip()}
    assert [e.get("git_dirty") for e in found] == [False, True, True]
    assert len({e.get("git_diff_hash") for e in found}) == 3


def test_a_type_of_the_user_s_own_needs_no_declaration(store: lineage.Store) -> None:
    with lineage.run("embed", type="Embed") as run:
        Path("vectors.bin").write_text("v")
        run.output("vectors.bin", type="Vectors")
    assert store.execution(run.key).type == "Embed"
    assert [a.type for a in store.artifacts(type="Vectors")] == ["Vectors"]


def test_a_strict_run_does_not_hide_the_program_s_own_exception(store: lineage.Store) -> None:
    def fail(run: lineage.Run) -> None:
        with run:
            run.output("never-written.csv")
            raise RuntimeError("mine")

    run = lineage.run(strict=True)
    with pytest.raises(RuntimeError, match="mine"):
        fail(run)
    assert store.execution(run.key).state is ExecutionState.FAILED


def test_parameters_and_what_is_captured_do_not_hide_each_other(store: lineage.Store) -> None:
    with lineage.run("fit", params={"user": "ann"}) as run:
        run.params(environment="prod", error="none", command="go")
    got = store.execution(run.key)
    names = ("user", "environment", "error", "command")
    assert [got.get(f"param.{name}") for name in names] == ["ann", "prod", "none", "go"]
    assert got.get("environment")["python"]
    assert got.get("error") is None
