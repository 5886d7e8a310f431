"""`cache`: why a step was computed, or which earlier result it used."""

from __future__ import annotations

from typing import Annotated

import typer

from lineage.cli.app import Json, app, open_store
from lineage.cli.output import echo, print_json, print_table

cache = typer.Typer(help="See which results of steps are used again.", rich_markup_mode=None)
app.add_typer(cache, name="cache")


@cache.command(epilog="Example: lineage cache why prepare.clean")
def why(
    context: typer.Context,
    step: Annotated[
        str,
        typer.Argument(metavar="STEP", help="A step's name, or one call of it: execution:42."),
    ],
    json: Json = False,
) -> None:
    """Say why the newest call of a step was computed: what differs from the nearest one before."""
    from lineage.recording.memo import explain_step

    found = explain_step(open_store(context), step)
    if json:
        print_json(found.to_dict())
        return
    name = f"execution:{found.execution.id}"
    if found.used is not None:
        echo(f"{name} used the result of {found.used}")
        return
    for reason in found.refused:
        echo(f"{name} could not use {reason}")
    if found.nearest is None:
        if not found.refused:
            echo(f"{name} is the first call of it that was recorded")
        return
    if found.differences:
        echo(f"{name} differs from execution:{found.nearest.id} in")
        print_table(
            ("what", "this call", "before"),
            [(row.what, row.now or "-", row.before or "-") for row in found.differences],
        )
    elif not found.refused:
        echo(f"{name} is the same call as execution:{found.nearest.id}")
