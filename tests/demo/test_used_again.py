"""What a second run of the demo's pipeline computes: nothing, or just what depends on a change."""

from __future__ import annotations

import importlib
import itertools
import shutil
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import lineage
from lineage import demo
from lineage.model import ExecutionState

SOURCE = Path(demo.__file__).parent
MODELS = {"logistic-strict", "logistic", "forest-small", "forest", "linear", "class-means"}
TRAININGS = {f"train/{model}" for model in MODELS}
EVALUATIONS = {f"evaluate/{model}" for model in MODELS}
ALL = {"ingest", "split", "validate", "preprocess", "aggregate", "deploy"} | TRAININGS | EVALUATIONS


class Project:
    """The demo's pipeline as a project of its own, which can be changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.raw = folder / "data" / "cancer" / "raw.csv"
        for name in ("pipeline", "catalogue"):
            text = (SOURCE / f"{name}.py").read_text()
            (folder / f"shop_{name}.py").write_text(text.replace("lineage.demo.", "shop_"))
        self._runs = itertools.count(1)
        self.store = lineage.connect(f"sqlite:///{folder}/lineage.db")

    def change(self, name: str, old: str, new: str) -> None:
        file = self.folder / f"shop_{name}.py"
        text = file.read_text()
        assert text.count(old) == 1, old
        file.write_text(text.replace(old, new))

    def run(self) -> set[str]:
        """Run the whole pipeline; returns the steps that were computed."""

        def all_of_it(pipeline: ModuleType, data: Any, run: str) -> None:
            served = self.folder / "serving" / "cancer" / "pushed.pickle"
            pipeline.run_pipeline(data, self.raw.parent, served, run, say)

        return self._computed(all_of_it)

    def run_from_raw(self) -> set[str]:
        """Run the pipeline on the raw data as it lies there."""
        return self._computed(lambda pipeline, data, _: pipeline.build_models(data, self.raw, say))

    def _computed(self, work: Callable[[ModuleType, Any, str], object]) -> set[str]:
        # A file that changed within a second may have its earlier bytecode.
        shutil.rmtree(self.folder / "__pycache__", ignore_errors=True)
        for name in ("shop_pipeline", "shop_catalogue"):
            sys.modules.pop(name, None)
        importlib.invalidate_caches()
        pipeline = importlib.import_module("shop_pipeline")
        data = importlib.import_module("shop_catalogue").DATA_SETS[0]
        run = f"cancer-{next(self._runs)}"
        with lineage.run("all", pipeline="cancer", pipeline_run=run, store=self.store, strict=True):
            work(pipeline, data, run)
        steps = self.store.executions(context=f"PipelineRun:{run}", page_size=500)
        assert {e.state for e in steps if e.name == "cancer/train/linear-sparse"} == {
            ExecutionState.FAILED
        }
        return {
            (e.name or "").partition("/")[2]
            for e in steps
            if e.state is ExecutionState.COMPLETE and e.name != "all"
        }


def say(line: str) -> None:
    pass


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.syspath_prepend(tmp_path)
    found = Project(tmp_path)
    with found.store:
        yield found
    for name in ("shop_pipeline", "shop_catalogue"):
        sys.modules.pop(name, None)


@pytest.mark.backends("sqlite")
def test_each_change_computes_what_depends_on_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert project.run() == ALL
    assert project.run() == set()

    # A hyperparameter of one model, which is not the best.
    project.change("catalogue", '{"n_estimators": 5, "max_depth": 2}', '{"n_estimators": 6}')
    assert project.run() == {"train/forest-small", "evaluate/forest-small"}

    # A line of a step that changes nothing that it writes.
    project.change(
        "pipeline",
        "    classes = numpy.unique(target)\n",
        "    classes = numpy.unique(target.copy())\n",
    )
    assert project.run() == {"aggregate"}

    # A line of a step that changes what it writes.
    project.change("pipeline", 'average="macro"', 'average="micro"')
    assert project.run() == EVALUATIONS | {"deploy"}

    # A line of what steps call; what they write stays the same.
    project.change("pipeline", 'delimiter=",")', 'delimiter=",", ndmin=2)')
    readers = {"split", "validate", "preprocess", "aggregate"} | TRAININGS | EVALUATIONS
    assert project.run() == readers

    # A comment.
    project.change("pipeline", "    # repr() of a float", "    # The repr() of a float")
    assert project.run() == set()

    # A library version: of scikit-learn, which two steps do without.
    [found] = [d for d in metadata.distributions() if d.metadata["Name"] == "scikit-learn"]
    info = project.folder / "newer" / "scikit_learn-99.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        found.read_text("METADATA").replace(f"Version: {found.version}", "Version: 99.0")  # type: ignore[union-attr]
    )
    (info / "top_level.txt").write_text("sklearn\n")
    monkeypatch.syspath_prepend(info.parent)
    assert project.run() == ALL - {"validate", "aggregate", "deploy"}


@pytest.mark.backends("sqlite")
def test_a_byte_of_the_data_computes_what_reads_it(project: Project) -> None:
    project.run()
    assert project.run_from_raw() == set()

    # A patient of those to judge by: the examples to train on stay as they are.
    held_out = (project.raw.parent / "eval.csv").read_text().splitlines()[1]
    rows = project.raw.read_text()
    assert rows.count(f"\n{held_out}\n") == 1
    changed = held_out.replace(held_out[0], "1" if held_out[0] != "1" else "2", 1)
    project.raw.write_text(rows.replace(held_out, changed))
    assert project.run_from_raw() == {"split"} | EVALUATIONS

    trained_on = (project.raw.parent / "train.csv").read_text().splitlines()[1]
    rows = project.raw.read_text()
    changed = trained_on.replace(trained_on[0], "1" if trained_on[0] != "1" else "2", 1)
    project.raw.write_text(rows.replace(trained_on, changed))
    assert project.run_from_raw() >= {"split", "validate", "preprocess", "train/forest"}


@pytest.mark.backends("sqlite")
def test_a_second_demo_computes_nothing(store: lineage.Store, tmp_path: Path) -> None:
    for _ in range(2):
        demo.run(store, work=tmp_path)
    states = {
        e.state
        for run in ("cancer-3", "digits-2")
        for e in store.executions(context=f"PipelineRun:{run}")
        if e.name not in ("cancer", "digits", "cancer/train/linear-sparse")
    }
    assert states == {ExecutionState.CACHED}
