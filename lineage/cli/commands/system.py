"""`demo` and `doctor`."""

from __future__ import annotations

from typing import Annotated

import typer

import lineage
from lineage.cli.app import Json, app, open_store
from lineage.cli.output import print_fields, print_json


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
    """Run a real pipeline, record it, and ask it the questions."""
    from lineage.demo import run

    store = open_store(context, create=True)
    run(store, tainted=clean_up)
    if store.backend.capabilities.durable:
        print(f"\nThe record is kept: {store.url}. `lineage ls` lists it, `lineage --help` says")
        print("what can be asked.")


@app.command(epilog="Example: lineage --store sqlite:///lineage.db doctor")
def doctor(context: typer.Context, json: Json = False) -> None:
    """Check that the store answers and nothing in it is unfinished; say what it is and has."""
    import platform
    from dataclasses import asdict

    store = open_store(context)
    unfinished = [receipt.id for receipt in store.unfinished_deletions()]
    answer = {
        "url": store.url,
        **store.backend.describe(),
        "lineage": lineage.__version__,
        "python": platform.python_version(),
        "counts": asdict(store.counts()),
        "unfinished_deletions": unfinished,
    }
    if json:
        print_json(answer)
    else:
        counts = answer.pop("counts")
        assert isinstance(counts, dict)
        del answer["unfinished_deletions"]
        print_fields([*answer.items(), *counts.items()])
        print("The store answers.")
        for id in unfinished:
            print(f"UNFINISHED: receipt:{id[:8]} still has bytes to remove.")
        if unfinished:
            print("lineage delete --resume goes on.")
    if unfinished:
        raise typer.Exit(1)
