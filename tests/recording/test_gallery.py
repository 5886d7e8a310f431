"""Scripts in the style of scikit-learn's gallery, run under `lineage exec --autolog` alone."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lineage.model import Artifact, Flow
from tests.recording.commands import LONG, Workshop
from tests.recording.gallery import GALLERY, Example, write_data

_SOME = ("kmeans_digits", "mixed_types")


def described(artifact: Artifact) -> str:
    """What a data set is known by: the function that made it, or where it lies."""
    return str(artifact.get("source") or artifact.uri or artifact.name)


@pytest.mark.parametrize("name", GALLERY if LONG else _SOME)
def test_estimator_parameters_data_and_score_are_on_record(name: str, tmp_path: Path) -> None:
    example: Example = GALLERY[name]
    work = Workshop(tmp_path / "work")
    write_data(work.write)
    work.write(f"plot_{name}.py", example.script)
    done = work.run("--autolog", sys.executable, f"plot_{name}.py", capture="audit")
    assert done.returncode == 0, done.stderr.decode()
    assert b"RecordingWarning" not in done.stderr
    printed = [float(word) for word in done.stdout.split()]
    with work.store() as store:
        [fit] = [
            e for e in store.executions(type="Train") if e.get("algorithm") == example.estimator
        ]
        assert {key: fit.get(key) for key in example.parameters} == example.parameters
        events = store.events(execution=fit.id or 0)
        read = [store.artifact(e.artifact_id) for e in events if e.type.flow is Flow.INPUT]
        assert any(described(artifact).endswith(example.data) for artifact in read), read
        [model] = [
            store.artifact(e.artifact_id)
            for e in events
            if e.type.flow is Flow.OUTPUT and store.artifact(e.artifact_id).type == "Model"
        ]
        measured: dict[str, object] = {}
        for evaluation in store.evaluations(model):
            measured |= evaluation.metrics.custom_properties
        [run] = store.executions(type="Command")
        assert fit.get("parent_run") == run.external_id
    assert [measured.get(score) for score in example.scores] == printed
