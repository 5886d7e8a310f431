"""A data set turns out to be tainted: who is affected, what is refused, rebuilt and deleted.

Three patients withdraw their consent after the models were trained. All that happens then are real
steps: the models are trained again without those rows, and what was made of them is deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lineage.demo.answers import AnsweredQuestions
from lineage.demo.catalogue import DataSet, ModelCandidate
from lineage.demo.pipeline import (
    Outcome,
    Trained,
    best_of,
    deploy,
    evaluate,
    ingest,
    preprocess,
    split,
    train_model,
    validate,
)
from lineage.demo.pipeline_run import PipelineRun, begin
from lineage.errors import LineageError
from lineage.model import Artifact, BaseType, Flow, Node, Policy
from lineage.storage.roots import allow_within
from lineage.store import Store

if TYPE_CHECKING:
    from rich.console import Console

    from lineage.questions.taint.rebuild import Rerun

LABEL = "withdrawn"
REASON = "three patients withdrew their consent"
# The rows of those patients in the data set that scikit-learn ships.
WITHDRAWN = (17, 101, 230)


@dataclass(frozen=True, slots=True)
class CleanupOutcome:
    """How the clean-up ended: names to ask about."""

    run: str
    raw: str
    best: str
    old_best: str
    saved: str
    receipt: str


def clean_up(
    store: Store, outcome: Outcome, data: DataSet, console: Console, work: Path
) -> CleanupOutcome:
    """Mark the raw data of a run, and go all the way to its deletion."""
    say = _Cleanup(store, console, work)
    assert data.aggregated is not None
    saved = f"{outcome.best.rpartition('/')[0]}/{data.aggregated.name}"
    console.rule(style="dim")
    console.print(
        f"\n[bold]{REASON.capitalize()}[/bold]: their records are in {outcome.raw}.\n",
        highlight=False,
    )
    # The mean of some hundred rows holds nobody's record.
    store.put_policy(Policy(name="demo", stops={LABEL: ("Aggregate",)}))
    store.mark(outcome.raw, label=LABEL, reason=REASON, who="demo")
    say.affected()
    say.gate(outcome.best)
    say.gate(saved)
    say.plan()

    run = begin(store, data.name, "demo", work)
    console.print(f"[bold]Run again, as {run.name}, without their records[/bold]")
    ingest(run, data, without=WITHDRAWN)
    trained = _rebuild(store, run, data, say)
    best = best_of(trained)
    if not store.check(best.model, label=LABEL).clean:
        raise LineageError(f"{best.model.label} was rebuilt and is not clean")
    deploy(run, data, best, work / "serving")
    console.print(f"  deploy      {best.model.name}\n", highlight=False)

    say.gate(best.model.label)
    say.progress()
    again = f"Model:{run.named(outcome.best.rpartition('/')[2])}"
    say.difference(outcome.best, again)
    receipt = say.forget(outcome.raw)
    say.affected_still()
    return CleanupOutcome(
        run=f"PipelineRun:{run.name}",
        raw=f"Dataset:{run.named('raw')}",
        best=best.model.label,
        old_best=outcome.best,
        saved=saved,
        receipt=receipt,
    )


def _rebuild(store: Store, run: PipelineRun, data: DataSet, say: _Cleanup) -> list[Trained]:
    """Carry the plan out, step by step; returns the models that it rebuilt."""
    made: dict[int | None, Artifact] = {}
    models: dict[str, Artifact] = {}
    trained: list[Trained] = []
    for again in store.plan_rebuild(label=LABEL).steps:
        inputs = {
            str(take.path[0]): made[take.was.id] if take.artifact is None else take.artifact
            for take in again.inputs
        }
        part = (again.step.name or "").partition("/")[2]
        _run_again(run, data, again, part, inputs)
        new = f"{again.step.type}:{run.named(part)}"
        outputs = _outputs(store, new)
        for port, old in _outputs(store, f"execution:{again.step.id}").items():
            made[old.id] = outputs[port]
        if again.step.type == "Train":
            models[part.rpartition("/")[2]] = outputs["model"]
        name = part.rpartition("/")[2]
        if again.step.type == "Evaluate" and name in models:
            file = run.file_of(models[name])
            trained.append(Trained(models[name], outputs["metrics"], file))
            say.line(f"train       {name:16} accuracy {outputs['metrics'].get('accuracy'):.3f}")
    return trained


def _run_again(
    run: PipelineRun, data: DataSet, again: Rerun, part: str, inputs: Mapping[str, Artifact]
) -> None:
    """Run a step of the plan, by what it is."""
    kind = again.step.type
    if kind == "Split":
        split(run, inputs["dataset"])
    elif kind == "Validate":
        validate(run, inputs["examples"])
    elif kind == "Preprocess":
        preprocess(run, inputs["examples"])
    elif kind == "Train":
        candidate = _candidate(data, part)
        train_model(run, candidate, inputs["examples"], inputs.get("transform_graph"))
    elif kind == "Evaluate":
        evaluate(run, _candidate(data, part), inputs["model"], inputs["examples"])
    else:
        raise LineageError(f"the demo doesn't know how to run {again.step.label} again")


def _candidate(data: DataSet, part: str) -> ModelCandidate:
    name = part.rpartition("/")[2]
    every = [*data.candidates, *([data.aggregated] if data.aggregated else [])]
    return next(candidate for candidate in every if candidate.name == name)


def _outputs(store: Store, execution: str) -> dict[str, Artifact]:
    """What a step wrote, by port."""
    return {
        str(event.path[0]): store.artifact(event.artifact_id)
        for event in store.events(execution=execution)
        if event.type.flow is Flow.OUTPUT
    }


class _Cleanup(AnsweredQuestions):
    """The questions of a clean-up."""

    def line(self, text: str) -> None:
        """How it goes."""
        self.console.print(f"  {text}", highlight=False)

    def affected(self) -> None:
        found = self.store.taint(label=LABEL, type=BaseType.MODEL)
        deployed = self.store.taint(label=LABEL, type=BaseType.MODEL, deployed=True)
        served = {row.node.label for row in deployed}
        self.question(
            "Which models are affected?", "taint", "--label", LABEL, "--type", BaseType.MODEL
        )
        rows = sorted((row.depth, row.node.label) for row in found)
        self.table(
            ["model", ">hops", "deployed"],
            [(label, str(depth), "yes" if label in served else "") for depth, label in rows],
        )
        self.table(
            ["stopped at", ">shielded", "why"],
            [(met.node.label, str(met.shielded), met.why) for met in found.barriers],
        )

    def affected_still(self) -> None:
        found = self.store.taint(label=LABEL, type=BaseType.MODEL)
        gone = sum(1 for row in found if str(getattr(row.node, "state", "")) == "DELETED")
        self.line(
            f"What is deleted still conducts: {len(found)} models are affected, {gone} are gone."
        )

    def gate(self, model: str) -> None:
        found = self.store.check(model, label=LABEL)
        self.question("May it be deployed?", "check", model, "--label", LABEL)
        for verdict in found.verdicts:
            if verdict.clean:
                self.line("Yes: it is clean.")
                for stopped in verdict.stopped:
                    self.line(f"Stopped at {stopped.node.label}: {stopped.why}.")
                continue
            self.line(f"No: {'; '.join(m.reason or '' for m in verdict.marks)}.")
            assert verdict.witness is not None
            self.chain(verdict.witness.nodes)
        self.console.print()

    def plan(self) -> None:
        plan = self.store.plan_rebuild(label=LABEL)
        self.question("What is to be run again, from what?", "rebuild", "--label", LABEL)
        for artifact in plan.inputs:
            self.line(f"First, replace {artifact.label}.")
        self.console.print()
        self.table(
            [">", "step", "from"],
            [
                (
                    str(at),
                    again.step.label,
                    ", ".join(sorted(_short(take.was) for take in again.inputs)),
                )
                for at, again in enumerate(plan.steps, 1)
            ],
        )
        for rollback in plan.rollbacks:
            models = ", ".join(model.label for model in rollback.models)
            was = ", ".join(model.label for model in rollback.deployment.models)
            self.line(
                f"Until then, take {was} back from {rollback.deployment.where}: "
                + (f"deploy {models}." if models else "nothing clean was there before.")
            )
        self.console.print()

    def progress(self) -> None:
        found = self.store.taint_progress(label=LABEL)
        self.question("What is still dirty?", "taint", "--progress", "--label", LABEL)
        self.line(
            f"{len(found.dirty)} dirty, {len(found.replaced)} replaced, "
            f"{len(found.deployed)} still deployed."
        )
        for artifact in found.dirty:
            self.line(f"Dirty: {artifact.label}")
        self.console.print()

    def difference(self, first: str, second: str) -> None:
        found = self.store.diff(first, second)
        self.question("What differs between the two?", "diff", first, second)
        rows = [
            (_short(at.first), name, str(a), str(b))
            for at in found.data
            if not at.derived or name_is_raw(at.first)
            for name, a, b in at.values
            if name in ("rows", "accuracy")
        ]
        rows += [(m.name, "", _figure(m.first), _figure(m.second)) for m in found.metrics]
        rows += [(f"{s.part}", s.name, str(s.first), str(s.second)) for s in found.settings]
        self.table(["what", "", ">before", ">now"], rows)

    def forget(self, raw: str) -> str:
        # The folder is the demo's own.
        with allow_within(self._work):
            return self._forget(raw)

    def _forget(self, raw: str) -> str:
        plan = self.store.plan_forget(raw, label=LABEL, bytes=True, who="demo", reason=REASON)
        self.question(
            "What would go, if their records and all that was made of them were deleted?",
            "forget",
            raw,
            "--label",
            LABEL,
            "--bytes",
            "--plan-only",
        )
        self.line(f"{len(plan.nodes)} nodes, and {len(plan.removals or ())} files.")
        receipt = self.store.apply(plan)
        removed = sum(1 for r in receipt.removed if r.outcome == "removed")
        self.line(
            f"So it was done: {len(receipt.plan.nodes)} nodes emptied, {removed} files removed; "
            "the receipt says which, when, by whom and why."
        )
        self.question("", "receipts")
        return receipt.id


def name_is_raw(node: Node) -> bool:
    """Whether it is the data as it came in."""
    return _short(node) == "raw"


def _short(node: Node) -> str:
    """A name without its run's."""
    return (node.name or node.label).partition("/")[2] or node.label


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
