"""A real pipeline on real data, recorded as it runs, and then asked where things came from.

It trains models with scikit-learn (the `demo` extra) on two data sets that it ships. Files go
into `lineage-demo/` below the working directory; the record goes into the store.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lineage.demo.catalogue import DATA_SETS, build_sklearn_error, declare
from lineage.demo.pipeline_run import begin
from lineage.store import Store

if TYPE_CHECKING:
    from rich.console import Console

    from lineage.demo.pipeline import Outcome

FOLDER = Path("lineage-demo")


def run(
    store: Store,
    console: Console | None = None,
    *,
    work: Path | None = None,
    tainted: bool = True,
) -> Sequence[Outcome]:
    """Run the pipeline once on each data set, record every step in `store`, print the answers.

    With `tainted`, the first data set then turns out to be, and is cleaned up. Each call is a new
    run beside the earlier ones. Returns how each run ended.
    Raises LineageError where scikit-learn is not installed.
    """
    try:
        from lineage.demo.pipeline import run_pipeline
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("sklearn", "numpy", "scipy"):
            raise
        raise build_sklearn_error() from None
    # Imported late: the command line must start fast.
    from rich.console import Console

    from lineage.demo.answers import print_answers

    console = console or Console()
    work = work or FOLDER
    declare(store)
    outcomes = []
    for data in DATA_SETS:
        pipeline_run = begin(store, data.name, "demo", work)
        console.print(f"[bold]Pipeline {data.name}, run {pipeline_run.number}[/bold]")

        def say(line: str) -> None:
            console.print(f"  {line}", highlight=False)

        outcomes.append(run_pipeline(pipeline_run, data, work / "serving", say))
        console.print()
    print_answers(store, outcomes, console, work)
    if tainted:
        from lineage.demo.cleanup import clean_up

        clean_up(store, outcomes[0], DATA_SETS[0], console, work)
    return outcomes
