"""The questions that the demo asks of what it recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lineage.demo.report import Report
from lineage.model import BaseType

if TYPE_CHECKING:
    from lineage.demo.pipeline import Outcome


def ask_questions(outcomes: Sequence[Outcome], report: Report) -> None:
    """Ask about the models that the pipeline made."""
    first = outcomes[0]
    report.ask("Which data was it trained on?", "trained-on", first.best)
    report.ask("With which hyperparameters?", "hyperparameters", first.best)
    report.ask("By which pipeline and run?", "pipeline", first.best)
    report.ask("In which environment?", "environment", first.best)
    report.ask("How good is it?", "evaluations", first.best)
    report.ask("Where is it deployed?", "deployments", first.best)
    for outcome in outcomes:
        report.ask(
            f"Which models came of {outcome.raw}?",
            "downstream", outcome.raw, "--type", BaseType.MODEL.value,
        )  # fmt: skip
    report.ask("Why does it depend on the raw data?", "why", first.raw, first.best)
    for outcome in outcomes:
        if outcome.failed is not None:
            report.ask("What was different in the run that failed?", "failure", outcome.failed)
            report.ask("What is to blame?", "blame", outcome.failed, "--limit", "3")
    forest = f"{first.best.rpartition('/')[0]}/forest"
    report.ask("What is different about another model?", "diff", first.best, forest)
