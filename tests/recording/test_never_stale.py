"""A cache gives what computing anew gives, whatever is changed: pipelines and single mutations.

`make test` takes one mutation of each pipeline, `make test-long` twenty-five.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

import lineage
from lineage.model import Execution
from lineage.recording.memo import explain_step
from tests.recording.mutation import Pipeline, pipelines, write_pipeline
from tests.recording.script import run_forked

LONG = bool(os.environ.get("LINEAGE_LONG"))
EACH = 25 if LONG else 1


@dataclass(slots=True)
class Ran:
    """What a pipeline printed, and how its steps ended."""

    results: list[object]
    states: list[tuple[str, str]]

    @property
    def computed(self) -> set[str]:
        """The steps that were computed."""
        return {step for step, state in self.states if state == "COMPLETE"}


def run(folder: Path, environment: dict[str, str], url: str, *, cache: bool) -> Ran:
    """Run a pipeline in a process of its own."""
    with lineage.connect(url) as store:
        before = max((e.id or 0 for e in store.executions()), default=0)
    told = {**environment, "LINEAGE_URL": url, "LINEAGE_CACHE": "1" if cache else "0"}
    done = run_forked(folder / "main.py", {"PYTHONDONTWRITEBYTECODE": "1", **told})
    assert done.code == 0, done.err
    assert "RecordingWarning" not in done.err, done.err
    with lineage.connect(url) as store:
        fresh: Iterable[Execution] = store.executions(after_id=before)
        states = [(str(e.get("step_name")), e.state.value) for e in fresh]
    return Ran(json.loads(done.out), states)


@pytest.mark.parametrize("pipeline", pipelines(), ids=lambda p: p.name.replace(" ", "-"))
def test_no_mutation_gives_a_stale_result(pipeline: Pipeline, tmp_path: Path) -> None:
    folder, url = tmp_path / "project", f"sqlite:///{tmp_path}/store/lineage.db"
    base = run(folder, write_pipeline(pipeline, folder), url, cache=True)
    again = run(folder, write_pipeline(pipeline, folder), url, cache=True)
    assert again.results == base.results
    assert again.computed == set()
    kept = tmp_path / "store-before"
    shutil.copytree(tmp_path / "store", kept)

    seed = random.Random(None if LONG else pipeline.name)
    mutations = pipeline.mutations(seed)
    names = ["load", "work", "finish"]
    for _ in range(EACH):
        mutation = next(mutations)
        shutil.rmtree(tmp_path / "store")
        shutil.copytree(kept, tmp_path / "store")
        shutil.rmtree(folder)
        environment = write_pipeline(pipeline, folder, mutation)
        found = run(folder, environment, url, cache=True)
        other = f"sqlite:///{tmp_path}/other.db"
        truth = run(folder, environment, other, cache=False)
        assert found.results == truth.results, f"stale: {mutation}"
        if mutation.is_neutral:
            with lineage.connect(url) as store:
                why = [explain_step(store, step) for step in found.computed]
            assert found.computed == set(), f"needless: {mutation} {why}"
            continue
        # What gave the same from the same is not computed again, but for what was changed itself.
        changed = [n for n, a, b in zip(names, truth.results, base.results, strict=True) if a != b]
        first = names.index(min(found.computed, key=names.index))
        allowed = {names[first], *(n for n in names if names.index(n) > first)}
        assert found.computed <= allowed & {names[first], *_readers(changed, names)}, mutation
        with lineage.connect(url) as store:
            answer = explain_step(store, names[first])
        said = [row.what for row in answer.differences] + list(answer.refused)
        assert any(any(name in what for what in said) for name in mutation.names), (mutation, said)


def _readers(changed: list[str], names: list[str]) -> set[str]:
    """The steps whose inputs have changed."""
    return {names[names.index(n) + 1] for n in changed if names.index(n) + 1 < len(names)}
