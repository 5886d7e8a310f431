"""`import openlineage` and `import mlflow`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lineage.cli.app import Json, importing, open_store
from lineage.cli.output import note, print_json, progress_bar

SkipInvalid = Annotated[
    bool, typer.Option("--skip-invalid", help="Leave out what can't be imported, and list it.")
]


@importing.command("openlineage", epilog="Example: lineage import openlineage events.ndjson")
def import_openlineage(
    context: typer.Context,
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE…",
            help="Events as JSON, a list, or one a line; folders of such; - is standard input.",
        ),
    ],
    skip_invalid: SkipInvalid = False,
    json: Json = False,
) -> None:
    """Import OpenLineage events. In any order, and again: the lineage is the same."""
    from lineage.formats.openlineage_events import import_files

    store = open_store(context, create=True)
    with progress_bar("events", show=not json) as advance:
        done = import_files(store, files, skip_invalid=skip_invalid, progress=advance)
    if json:
        print_json(done.to_dict())
        return
    for left_out in done.invalid:
        note(f"{left_out.where}: left out: {left_out.reason}")
    print(f"imported {done.events} event{'' if done.events == 1 else 's'} into {store.url}")


@importing.command("mlflow", epilog="Example: lineage import mlflow sqlite:///mlflow.db")
def import_mlflow(
    context: typer.Context,
    uri: Annotated[
        str,
        typer.Argument(
            metavar="URI",
            help="A folder (mlruns), a database (sqlite:///mlflow.db, postgresql://…), or http://…",
        ),
    ],
    history: Annotated[
        bool, typer.Option(help="Read the values of metrics over steps, too.")
    ] = True,
    json: Json = False,
) -> None:
    """Import the runs, datasets, models and registry of MLflow. They are only read."""
    from lineage.formats.mlflow import import_mlflow as run

    store = open_store(context, create=True)
    with progress_bar("runs", show=not json) as advance:
        done = run(uri, store, history=history, progress=advance)
    if json:
        print_json(done.to_dict())
        return
    for left_out in done.left_out:
        note(f"left out: {left_out}")
    print(f"{store.url} has {done}")
