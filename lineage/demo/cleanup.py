"""A data set turns out to be tainted: who is affected, what is refused, rebuilt and deleted.

Three patients withdraw their consent after the models were trained. All that happens then is real:
the pipeline runs again without those rows, and what was made of them is deleted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lineage.demo.catalogue import DataSet
from lineage.demo.report import Report
from lineage.errors import LineageError
from lineage.model import BaseType, Policy
from lineage.storage.roots import allow_within
from lineage.store import Store

if TYPE_CHECKING:
    from lineage.demo.pipeline import Outcome

LABEL = "withdrawn"
REASON = "three patients withdrew their consent"
# The rows of those patients in the data set that scikit-learn ships.
WITHDRAWN = (17, 101, 230)


@dataclass(frozen=True, slots=True)
class CleanupOutcome:
    """How the clean-up ended: names to ask about."""

    run: str
    old_raw: str
    raw: str
    old_best: str
    best: str
    saved: str
    receipt: str


def find_withdrawn(store: Store, data: DataSet) -> tuple[int, ...]:
    """Return the rows of a data set that must not be used any more."""
    if data.aggregated is None:
        return ()
    return WITHDRAWN if any(mark.label == LABEL for mark in store.marks()) else ()


def clean_up(
    store: Store,
    outcome: Outcome,
    data: DataSet,
    run_again: Callable[[], Outcome],
    report: Report,
    work: Path,
) -> CleanupOutcome:
    """Mark the raw data of a run, and go all the way to its deletion.

    Parameters
    ----------
    run_again
        Runs the pipeline without the rows that are withdrawn by then.
    """
    assert data.aggregated is not None
    # By version, since the names go on to mean what is made anew.
    old_raw, old_best = store.artifact(outcome.raw), store.artifact(outcome.best)
    saved = f"{outcome.best.rpartition('/')[0]}/{data.aggregated.name}"
    raw_ref, best_ref = f"{outcome.raw}@{old_raw.version}", f"{outcome.best}@{old_best.version}"
    report.head(f"{REASON.capitalize()}: their records are in {outcome.raw}")
    # The mean of some hundred rows holds nobody's record.
    store.put_policy(Policy(name="demo", stops={LABEL: ("Aggregate",)}))
    store.mark(raw_ref, label=LABEL, reason=REASON, who="demo")
    report.ask(
        "Which models are affected?", "taint", "--label", LABEL, "--type", BaseType.MODEL.value
    )
    report.ask("May it be deployed?", "check", best_ref, "--label", LABEL)
    report.ask("May this one?", "check", saved, "--label", LABEL)
    report.ask("What is to be run again, from what?", "rebuild", "--label", LABEL)

    again = run_again()
    if not store.check(again.best, label=LABEL).clean:
        raise LineageError(f"{again.best} was rebuilt and is not clean")
    report.ask("May it be deployed?", "check", again.best, "--label", LABEL)
    report.ask("What is still dirty?", "taint", "--progress", "--label", LABEL)
    report.ask("What differs between before and after?", "diff", best_ref, outcome.best)
    # The folder is the demo's own.
    with allow_within(work):
        report.ask(
            "What would go, if their records and all that was made of them were deleted?",
            "forget", raw_ref, "--label", LABEL, "--bytes", "--plan-only",
        )  # fmt: skip
        plan = store.plan_forget(raw_ref, label=LABEL, bytes=True, who="demo", reason=REASON)
        receipt = store.apply(plan)
    removed = sum(1 for r in receipt.removed if r.outcome == "removed")
    report.say(f"So it was done: {len(receipt.plan.nodes)} nodes emptied, {removed} files removed.")
    report.ask("What was deleted, when, by whom and why?", "receipts")
    report.ask("What is known of the model that is gone?", "trained-on", best_ref)
    return CleanupOutcome(
        run=again.run,
        old_raw=raw_ref,
        raw=again.raw,
        old_best=best_ref,
        best=again.best,
        saved=saved,
        receipt=receipt.id,
    )
