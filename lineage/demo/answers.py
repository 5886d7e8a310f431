"""The questions that the demo asks of what it recorded, and how the answers are printed.

Nothing that differs from run to run or store to store is printed: no ids, times or folders.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from rich import box
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lineage.model import BaseType, Kind, Node
from lineage.store import Store

if TYPE_CHECKING:
    from rich.console import Console

    from lineage.demo.pipeline import Outcome


def print_answers(store: Store, outcomes: list[Outcome], console: Console, work: Path) -> None:
    """Ask the questions about the run that just ended, and print what they answer."""
    asked = AnsweredQuestions(store, console, work)
    first = outcomes[0]
    asked.trained_on(first.best)
    asked.hyperparameters(first.best)
    asked.pipeline(first.best)
    asked.environment(first.best)
    asked.evaluations(first.best)
    asked.deployments(first.best)
    for outcome in outcomes:
        asked.came_of(outcome.raw)
    asked.why(first.raw, first.best)
    for outcome in outcomes:
        if outcome.failed is not None:
            asked.failure(outcome.failed)
            asked.blame(outcome.failed)
    asked.diff(first.best, f"{first.best.rpartition('/')[0]}/forest")


class AnsweredQuestions:
    """One method a question: ask, print."""

    def __init__(self, store: Store, console: Console, work: Path) -> None:
        self.store = store
        self.console = console
        self._work = work

    def trained_on(self, model: str) -> None:
        rows = [
            (
                row.dataset.label,
                str(row.depth),
                f"{row.dataset.get('rows'):,}",
                self._place(row.dataset.uri),
            )
            for row in self.store.trained_on(model)
        ]
        self.question("Which data was it trained on?", "trained-on", model)
        self.table(["data", ">hops", ">rows", "file"], rows)

    def hyperparameters(self, model: str) -> None:
        rows = [(s.name, _show(s.value)) for s in self.store.hyperparameters(model)]
        self.question("With which hyperparameters?", "hyperparameters", model)
        self.table(["name", "value"], rows)

    def pipeline(self, model: str) -> None:
        made = self.store.pipeline_of(model)
        rows = [
            (what, context.name)
            for what, contexts in (
                ("pipeline", made.pipelines),
                ("run", made.runs),
                ("other", made.others),
            )
            for context in contexts
        ]
        self.question("By which pipeline and run?", "pipeline", model)
        self.table(["", "name"], rows)

    def environment(self, model: str) -> None:
        rows = [(s.name, _show(s.value)) for s in self.store.environment_of(model)]
        self.question("In which environment?", "environment", model)
        self.table(["name", "value"], rows)

    def evaluations(self, model: str) -> None:
        rows = [
            (
                found.metrics.label,
                f"{found.metrics.get('accuracy'):.3f}",
                f"{found.metrics.get('f1'):.3f}",
            )
            for found in self.store.evaluations(model)
        ]
        self.question("How good is it?", "evaluations", model)
        self.table(["metrics", ">accuracy", ">f1"], rows)

    def deployments(self, model: str) -> None:
        rows = [
            (found.execution.label, _show(found.execution.get("endpoint")), self._place(made.uri))
            for found in self.store.deployments(model)
            for made in found.outputs
        ]
        self.question("Where is it deployed?", "deployments", model)
        self.table(["by", "endpoint", "file"], rows)

    def came_of(self, raw: str) -> None:
        found = self.store.downstream(raw, type=BaseType.MODEL.value)
        # By hops, then name: ids are given out as the backend likes.
        rows = sorted(
            ((at.depth, at.node.label, self._accuracy(at.node)) for at in found.nodes),
            key=lambda row: (row[0], row[1]),
        )
        self.question(
            f"Which models came of {raw}?", "downstream", raw, "--type", BaseType.MODEL.value
        )
        self.table(["model", ">hops", ">accuracy"], [(n, str(d), a) for d, n, a in rows])

    def why(self, source: str, target: str) -> None:
        chain = self.store.why(source, target).nodes
        self.question("Why does it depend on the raw data?", "why", source, target)
        self.chain(chain)
        self.console.print()

    def chain(self, nodes: Sequence[Node]) -> None:
        """A chain of nodes, one a line."""
        for depth, node in enumerate(nodes):
            arrow = "" if depth == 0 else "   " * (depth - 1) + "└─ "
            self.console.print(f"  {arrow}{escape(node.label)}", highlight=False)

    def failure(self, run: str) -> None:
        found = self.store.failure(run)
        self.question("What was different in the run that failed?", "failure", run)
        if found.last_good is None:
            self.console.print("  no good run of this step is recorded\n")
            return
        error = Text(str(found.run.get("error")))
        self.console.print(Padding(error, (0, 2, 1, 2)), highlight=False)
        rows = [
            (d.what, _show(d.failed), _show(d.good))
            for d in found.differences
            if d.what != "error"  # printed whole above
        ]
        table_rows = [("run", found.run.name or "", found.last_good.name or ""), *rows]
        self.table(["", "failed", "last good"], table_rows)

    def blame(self, run: str) -> None:
        suspects = [s for s in self.store.blame(run) if s.rank == 1]
        self.question("What is to blame?", "blame", run)
        self.table(["what", "suspect", ">score"],
                   [(s.what, s.label, f"{s.score:.2f}") for s in suspects])  # fmt: skip

    def diff(self, first: str, second: str) -> None:
        found = self.store.diff(first, second)
        self.question("What is different about another model?", "diff", first, second)
        rows = [(row.name, _show(row.first), _show(row.second)) for row in found.settings]
        rows += [(m.name, f"{m.first:.3f}", f"{m.second:.3f}") for m in found.metrics]
        self.table(["", first, second], rows)

    def _accuracy(self, model: Node) -> str:
        """The accuracy of a model's evaluation, where there is one."""
        assert model.id is not None
        if model.kind is not Kind.ARTIFACT:
            return ""
        measured = [e.metrics.get("accuracy") for e in self.store.evaluations(model.id)]
        return f"{measured[-1]:.3f}" if measured else ""

    def question(self, text: str, *command: str) -> None:
        """What is asked, and the command that asks it."""
        self.console.print(f"[bold]{escape(text)}[/bold]", highlight=False)
        line = shlex.join(["lineage", *command])
        # Not wrapped, so that it can be copied from a narrow terminal.
        self.console.print(f"[dim]$ {escape(line)}[/dim]", highlight=False, soft_wrap=True)
        self.console.print()

    def table(self, columns: list[str], rows: Iterable[tuple[str, ...]]) -> None:
        """A table; a column's `>` puts it to the right. One without rows says so."""
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False)
        for column in columns:
            right = column.startswith(">")
            # Names and paths are cut by folding, never by an ellipsis: they are there to be used.
            table.add_column(
                escape(column.lstrip(">")),
                justify="right" if right else "left",
                overflow="fold",
                no_wrap=right,
            )
        for row in rows:
            table.add_row(*(escape(cell) for cell in row))
        self.console.print(table if table.row_count else "  nothing")
        self.console.print()

    def _place(self, uri: str | None) -> str:
        """A file below the demo's folder, as seen from there."""
        if uri is None:
            return ""
        path = Path(unquote(urlsplit(uri).path))
        base = self._work.resolve()
        return str(path.relative_to(base)) if path.is_relative_to(base) else uri


def _show(value: Any) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else json.dumps(value)
