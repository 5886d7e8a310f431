"""Run the demo: `demo`."""

from __future__ import annotations

import shlex
import sys
from typing import Annotated

import typer

import lineage
from lineage.cli.app import app, open_store
from lineage.cli.output import echo


@app.command(epilog="Example: lineage demo")
def demo(
    context: typer.Context,
    clean_up: Annotated[
        bool,
        typer.Option(
            "--clean-up/--no-clean-up",
            help="Let a data set turn out to be bad, and clean up after it.",
        ),
    ] = True,
) -> None:
    """Run a real pipeline, record it, and ask it the questions. A second run computes nothing."""
    from lineage.demo import run

    store = open_store(context, create=True)
    run(store, _Printed(store), tainted=clean_up)
    if store.backend.capabilities.durable:
        echo(f"\nThe record is kept: {store.url}. `lineage ls` lists it, `lineage --help` says")
        echo("what can be asked.")


class _Printed:
    """Prints how the demo goes, and what the commands that ask print."""

    def __init__(self, store: lineage.Store) -> None:
        self._store = store

    def head(self, text: str) -> None:
        typer.echo(typer.style(f"\n{text}", bold=True))

    def say(self, text: str) -> None:
        echo(f"  {text}")

    def ask(self, question: str, *command: str) -> None:
        typer.echo(typer.style(f"\n{question}", bold=True))
        typer.echo(typer.style(f"$ {shlex.join(['lineage', *command])}", dim=True))
        sys.stdout.flush()
        # The same store, since one in memory is nobody else's.
        typer.main.get_command(app).main(
            list(command), prog_name="lineage", standalone_mode=False, obj=self._store
        )
