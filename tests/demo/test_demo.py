"""The demo: what it records is true, on every backend, and it prints what the commands print."""

from __future__ import annotations

import hashlib
import os
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

import lineage
from lineage import demo
from lineage.demo.pipeline import read_table
from lineage.model import Artifact


def file_of(artifact: Artifact) -> Path:
    assert artifact.uri is not None
    return Path(unquote(urlsplit(artifact.uri).path))


def test_what_is_recorded_is_what_happened(store: lineage.Store, tmp_path: Path) -> None:
    outcomes = demo.run(store, work=tmp_path, tainted=False)
    models = store.artifacts(type="Model")
    assert len(models) >= 8
    for artifact in store.artifacts():
        content = file_of(artifact).read_bytes()
        assert artifact.get("bytes") == len(content)
        assert artifact.digest == f"sha256:{hashlib.sha256(content).hexdigest()}"

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


def test_the_model_knows_how_it_was_made(store: lineage.Store, tmp_path: Path) -> None:
    first = demo.run(store, work=tmp_path, tainted=False)[0]
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
    assert "cancer/eval" not in [row.dataset.name for row in store.trained_on(first.best)]


def test_the_failed_run_is_on_record(store: lineage.Store, tmp_path: Path) -> None:
    [failed] = [o.failed for o in demo.run(store, work=tmp_path, tainted=False) if o.failed]
    found = store.failure(failed)
    assert found.run.state == "FAILED"
    assert "penalty='l1' and loss='hinge'" in found.run.get("error")
    assert found.inputs
    assert found.last_good is not None
    assert found.last_good.state == "COMPLETE"
    assert "penalty" in [d.what for d in found.differences]
    states = {e.state for e in store.executions()}
    assert states == {"COMPLETE", "FAILED"}


def test_a_second_run_has_the_results_of_the_first(store: lineage.Store, tmp_path: Path) -> None:
    first = demo.run(store, work=tmp_path, tainted=False)
    before = store.counts()
    second = demo.run(store, work=tmp_path, tainted=False)
    after = store.counts()
    assert after.artifacts == before.artifacts
    assert after.executions == 2 * before.executions
    assert [o.accuracy for o in first] == [o.accuracy for o in second]
    assert [o.best for o in first] == [o.best for o in second]
    assert not {o.run for o in first} & {o.run for o in second}
    assert len(store.children_of("Pipeline:cancer")) == 2
    best = first[0].best
    # What used a result again did not train, measure or deploy.
    assert len({s.execution.id for s in store.hyperparameters(best)}) == 1
    assert len(store.evaluations(best)) == 1
    assert [d.took_effect for d in store.deployments(best)] == [True, False]


def test_beside_types_that_a_team_has_already(tmp_path: Path) -> None:
    with lineage.connect("memory://") as store:
        own = lineage.Type(
            kind=lineage.Kind.ARTIFACT,
            name="Model",
            properties={"team": lineage.PropertyKind.STRING},
        )
        store.put_type(own)
        demo.run(store, work=tmp_path, tainted=False)
        assert "team" in store.get_type(lineage.Kind.ARTIFACT, "Model").properties


def test_another_store_in_the_same_folder(tmp_path: Path) -> None:
    for _ in range(2):
        with lineage.connect("memory://") as store:
            demo.run(store, work=tmp_path, tainted=False)
            for artifact in store.artifacts():
                content = file_of(artifact).read_bytes()
                assert artifact.digest == f"sha256:{hashlib.sha256(content).hexdigest()}"


@contextmanager
def without_sklearn(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.delitem(sys.modules, "lineage.demo.pipeline", raising=False)
        patch.setitem(sys.modules, "sklearn", None)
        yield


def test_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        lineage.connect("memory://") as store,
        without_sklearn(monkeypatch),
        pytest.raises(lineage.LineageError, match=r"pip install 'lineage-engine\[demo\]'"),
    ):
        demo.run(store)


OF_ONE_MODEL = (
    "about", "deployments", "environment", "evaluations", "history", "hyperparameters", "impact",
    "pipeline", "show", "trained-on", "upstream",
)  # fmt: skip


def run_lineage(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lineage.cli", *words],
        cwd=folder,
        env={**os.environ, "LINEAGE_URL": "sqlite:///demo.db", "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.backends("sqlite")
def test_it_prints_what_the_commands_print(tmp_path: Path) -> None:
    told = run_lineage(tmp_path, "demo", "--no-clean-up")
    assert told.returncode == 0, told.stderr
    first, *parts = told.stdout.split("\n$ ")
    assert "18 steps computed, 0 used again" in first
    assert len(parts) >= 10
    for part in parts:
        line, _, answer = part.partition("\n")
        name, *words = shlex.split(line)
        assert name == "lineage"
        again = run_lineage(tmp_path, *words)
        assert again.returncode == 0, again.stderr
        # What follows an answer is the next question.
        assert answer.startswith(again.stdout), line
        assert again.stdout.strip()


@pytest.mark.backends("sqlite")
def test_after_the_clean_up_every_question_answers(tmp_path: Path) -> None:
    told = run_lineage(tmp_path, "demo")
    assert told.returncode == 0, told.stderr
    asked = [shlex.split(part.partition("\n")[0])[1:] for part in told.stdout.split("\n$ ")[1:]]
    assert len(asked) >= 20
    for words in asked:
        again = run_lineage(tmp_path, *words)
        # What a gate found before the clean-up is gone, but still tainted.
        refused = words[0] == "check" and words[1].endswith("@1")
        assert again.returncode == int(refused), (words, again.stderr)
        assert again.stdout

    with lineage.connect(f"sqlite:///{tmp_path}/demo.db") as store:
        [receipt] = store.receipts()
    gone = "Model:cancer/logistic@1"
    for words in (
        *((question, gone) for question in OF_ONE_MODEL),
        ("why", "Dataset:cancer/raw@1", gone),
        ("diff", gone, "Model:cancer/logistic"),
    ):
        again = run_lineage(tmp_path, *words)
        assert again.returncode == 0, (words, again.stderr)
        assert f"{gone} was deleted" in again.stderr, words
        assert f"by receipt {receipt.id[:8]} (demo: three patients withdrew" in again.stderr
        assert "none was recorded" not in again.stdout
        kept = run_lineage(tmp_path, *(word.replace("@1", "") for word in words))
        assert "deleted" not in kept.stderr
