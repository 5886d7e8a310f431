"""The demo: the same answers on every backend, and true ones."""

from __future__ import annotations

import hashlib
import io
import pickle
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy
import pytest
from rich.console import Console

import lineage
from lineage import demo
from lineage.demo.pipeline import read_table
from lineage.model import Artifact


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=80)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.fixture(scope="module")
def answers_in_memory(tmp_path_factory: pytest.TempPathFactory) -> str:
    console = Console(file=io.StringIO(), width=80)
    with lineage.connect("memory://") as store:
        demo.run(store, console, work=tmp_path_factory.mktemp("demo"))
    return printed(console)


def file_of(artifact: Artifact) -> Path:
    assert artifact.uri is not None
    return Path(unquote(urlsplit(artifact.uri).path))


def test_prints_the_same_on_every_backend(
    store: lineage.Store, console: Console, answers_in_memory: str, tmp_path: Path
) -> None:
    demo.run(store, console, work=tmp_path)
    assert printed(console) == answers_in_memory


def test_answers_fit_80_columns_and_hold_nothing_of_the_moment(
    answers_in_memory: str, tmp_path: Path
) -> None:
    lines = answers_in_memory.splitlines()
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in answers_in_memory
    assert str(tmp_path.parent) not in answers_in_memory


def test_what_is_recorded_is_what_happened(
    store: lineage.Store, console: Console, tmp_path: Path
) -> None:
    outcomes = demo.run(store, console, work=tmp_path, tainted=False)
    models = store.artifacts(type="Model")
    assert len(models) >= 8
    for artifact in store.artifacts():
        content = file_of(artifact).read_bytes()
        assert artifact.get("bytes") == len(content)
        assert artifact.get("sha256") == hashlib.sha256(content).hexdigest()

    for outcome in outcomes:
        # Judged again from the files alone, the deployed model is the best of its data set.
        again = {}
        for found in store.downstream(outcome.raw, type="Model").nodes:
            model = found.node
            assert isinstance(model, Artifact)
            folder = file_of(model).parent
            _, rows, target = read_table(folder / "eval.csv")
            predicted = pickle.loads(file_of(model).read_bytes()).predict(rows)
            again[model.label] = float(numpy.mean(predicted == target))
            [evaluation] = store.evaluations(model.label)
            assert evaluation.metrics.get("accuracy") == pytest.approx(again[model.label])
        assert again[outcome.best] == max(again.values())
        assert outcome.accuracy == pytest.approx(again[outcome.best])

        [deployment] = store.deployments(outcome.best)
        [pushed] = deployment.outputs
        best = store.artifact(outcome.best)
        assert file_of(pushed).read_bytes() == file_of(best).read_bytes()
        assert "serving" in file_of(pushed).parts
        others = [label for label in again if label != outcome.best]
        assert not any(store.deployments(label) for label in others)


def test_the_model_knows_how_it_was_made(
    store: lineage.Store, console: Console, tmp_path: Path
) -> None:
    first = demo.run(store, console, work=tmp_path, tainted=False)[0]
    settings = {s.name: s.value for s in store.hyperparameters(first.best)}
    model = store.artifact(first.best)
    estimator = pickle.loads(file_of(model).read_bytes())[-1]
    tried = {name: value for name, value in settings.items() if name in estimator.get_params()}
    assert tried
    assert tried == {name: estimator.get_params()[name] for name in tried}

    environment = {s.name: s.value for s in store.environment_of(first.best)}
    assert environment["python"] == ".".join(map(str, sys.version_info[:3]))
    assert environment["numpy"] == numpy.__version__
    made = store.pipeline_of(first.best)
    assert [f"PipelineRun:{c.name}" for c in made.runs] == [first.run]
    assert first.raw in [row.dataset.label for row in store.trained_on(first.best)]
    # What it was judged on is not what it was trained on.
    assert "eval" not in [row.dataset.get("split") for row in store.trained_on(first.best)]


def test_the_failed_run_is_on_record(
    store: lineage.Store, console: Console, tmp_path: Path
) -> None:
    [failed] = [
        o.failed for o in demo.run(store, console, work=tmp_path, tainted=False) if o.failed
    ]
    found = store.failure(failed)
    assert found.run.state == "FAILED"
    assert "penalty='l1' and loss='hinge'" in found.run.get("error")
    assert found.inputs
    assert found.last_good is not None
    assert found.last_good.state == "COMPLETE"
    assert "penalty" in [d.what for d in found.differences]
    states = {e.state for e in store.executions()}
    assert states == {"COMPLETE", "FAILED"}


def test_a_second_run_stands_beside_the_first(
    store: lineage.Store, console: Console, tmp_path: Path
) -> None:
    first = demo.run(store, console, work=tmp_path, tainted=False)
    before = store.counts()
    second = demo.run(store, console, work=tmp_path, tainted=False)
    after = store.counts()
    assert after.executions == 2 * before.executions
    assert after.artifacts == 2 * before.artifacts
    assert after.events == 2 * before.events
    assert [o.accuracy for o in first] == [o.accuracy for o in second]
    assert not {o.run for o in first} & {o.run for o in second}
    assert len(store.children_of("Pipeline:cancer")) == 2


def test_beside_types_that_a_team_has_already(console: Console, tmp_path: Path) -> None:
    with lineage.connect("memory://") as store:
        own = lineage.Type(
            kind=lineage.Kind.ARTIFACT,
            name="Model",
            properties={"team": lineage.PropertyKind.STRING},
        )
        store.put_type(own)
        demo.run(store, console, work=tmp_path, tainted=False)
        assert "team" in store.get_type(lineage.Kind.ARTIFACT, "Model").properties


def test_a_folder_of_another_store_is_not_overwritten(console: Console, tmp_path: Path) -> None:
    for _ in range(2):
        with lineage.connect("memory://") as store:
            demo.run(store, console, work=tmp_path, tainted=False)
            for artifact in store.artifacts():
                assert file_of(artifact).is_file()
    assert len(list(tmp_path.glob("cancer-1*"))) == 2


@contextmanager
def without_sklearn(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.delitem(sys.modules, "lineage.demo.pipeline", raising=False)
        patch.setitem(sys.modules, "sklearn", None)
        yield


def test_says_what_to_install(monkeypatch: pytest.MonkeyPatch, console: Console) -> None:
    with (
        lineage.connect("memory://") as store,
        without_sklearn(monkeypatch),
        pytest.raises(lineage.LineageError, match=r"pip install 'lineage-engine\[demo\]'"),
    ):
        demo.run(store, console)
    assert printed(console) == ""


@pytest.mark.backends("sqlite")
def test_every_printed_command_runs(url: str, store: lineage.Store, tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), width=80)
    gone = demo.run(store, console, work=tmp_path)[0].best
    commands = [
        shlex.split(line.removeprefix("$ "))
        for line in printed(console).splitlines()
        if line.startswith("$ ")
    ]
    assert len(commands) >= 9
    for name, *arguments in commands:
        assert name == "lineage"
        told = subprocess.run(
            [sys.executable, "-m", "lineage.cli", "--store", url, *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        # What a gate found before the clean-up is gone now, but still tainted.
        refused = arguments[0] == "check" and arguments[1] == gone
        assert told.returncode == int(refused), (arguments, told.stderr)
        assert told.stdout
