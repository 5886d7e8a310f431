"""A real pipeline on real data, recorded as it runs, and then asked where things came from.

It trains models with scikit-learn (the `demo` extra) on two data sets that it ships. Files go
into `lineage-demo/` below the working directory; the record goes into the store.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from lineage.demo.catalogue import DATA_SETS, DataSet, build_sklearn_error
from lineage.demo.report import Report, Silence
from lineage.errors import NotFound
from lineage.model import ExecutionState
from lineage.store import Store

if TYPE_CHECKING:
    from lineage.demo.pipeline import Outcome

FOLDER = Path("lineage-demo")


def run(
    store: Store,
    report: Report | None = None,
    *,
    work: Path | None = None,
    tainted: bool = True,
) -> Sequence[Outcome]:
    """Run the pipeline on each data set, and ask the questions.

    With `tainted`, the first data set then turns out to be, and is cleaned up. A second call
    computes nothing: each step is recorded with the result of the first. Returns how each run of
    the pipeline ended.

    Raises
    ------
    LineageError
        scikit-learn is not installed.
    """
    try:
        import_module("sklearn")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("sklearn", "numpy", "scipy"):
            raise
        raise build_sklearn_error() from None
    # Imported late: the command line must start fast.
    from lineage.demo.answers import ask_questions
    from lineage.demo.cleanup import clean_up, find_withdrawn

    report = report or Silence()
    work = work or FOLDER
    first = DATA_SETS[0]
    withdrawn = find_withdrawn(store, first)
    outcomes = [run_once(store, data, work, report) for data in DATA_SETS]
    ask_questions(outcomes, report)
    if not tainted:
        return outcomes
    if withdrawn:
        report.ask("What was cleaned up before?", "receipts")
    else:
        clean_up(
            store, outcomes[0], first, lambda: run_once(store, first, work, report), report, work
        )
    return outcomes


def run_once(store: Store, data: DataSet, work: Path, report: Report) -> Outcome:
    """Run the pipeline once on one data set, without the rows that are withdrawn."""
    import lineage
    from lineage.demo.cleanup import find_withdrawn
    from lineage.demo.pipeline import run_pipeline

    without = find_withdrawn(store, data)
    # Files of what is withdrawn are removed: what is made without it lies elsewhere.
    release = "release-2" if without else "release-1"
    name = _next_run(store, data.name)
    report.head(f"Pipeline {data.name}, run {name}")
    with lineage.run(data.name, pipeline=data.name, pipeline_run=name, store=store, strict=True):
        outcome = run_pipeline(
            data,
            work / release / data.name,
            work / "serving" / release / data.name / "pushed.pickle",
            name,
            report.say,
            without=without,
        )
    states = Counter(e.state for e in store.executions(context=f"PipelineRun:{name}"))
    # The run itself is an execution as well.
    computed = states[ExecutionState.COMPLETE] - 1
    report.say(f"{computed} steps computed, {states[ExecutionState.CACHED]} used again")
    return outcome


def _next_run(store: Store, pipeline: str) -> str:
    try:
        return f"{pipeline}-{1 + len(store.children_of(f'Pipeline:{pipeline}'))}"
    except NotFound:
        return f"{pipeline}-1"
