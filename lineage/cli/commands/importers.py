"""`import openlineage`, `import mlflow`, `import dvc` and `import dbt`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lineage.cli.app import Json, importing, open_store
from lineage.cli.output import echo, note, print_json, progress_bar

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
    echo(f"imported {done.events} event{'' if done.events == 1 else 's'} into {store.url}")


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
    echo(f"{store.url} has {done}")


@importing.command("dvc", epilog="Example: lineage import dvc . --type 'models/*=Model'")
def import_dvc(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Argument(metavar="REPO", help="A git repository that uses DVC.")
    ] = Path("."),
    revisions: Annotated[
        list[str] | None,
        typer.Option("--rev", metavar="REV", help="Read the history of this.", show_default="HEAD"),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Read all branches and tags.")] = False,
    types: Annotated[
        list[str] | None,
        typer.Option("--type", metavar="PATTERN=TYPE", help="What files are: 'models/*=Model'."),
    ] = None,
    skip_invalid: SkipInvalid = False,
    json: Json = False,
) -> None:
    """Import what dvc.lock and .dvc files say, through the history of a git repository."""
    from lineage.errors import InvalidValue
    from lineage.formats.dvc import import_dvc as run

    named: dict[str, str] = {}
    for each in types or ():
        pattern, is_given, type = each.rpartition("=")
        if not (is_given and pattern and type):
            raise InvalidValue(f"--type {each!r} names no type; write PATTERN=TYPE")
        named[pattern] = type
    store = open_store(context, create=True)
    with progress_bar("commits", show=not json) as advance:
        done = run(
            folder,
            store,
            revisions=["--all"] if everything else revisions or ["HEAD"],
            types=named,
            skip_invalid=skip_invalid,
            progress=advance,
        )
    if json:
        print_json(done.to_dict())
        return
    for left_out in done.invalid:
        note(f"{left_out.where}: left out: {left_out.reason}")
    echo(
        f"imported {done.stages:,} runs of stages and {done.artifacts:,} artifacts "
        f"of {done.commits:,} commits into {store.url}"
    )


@importing.command(
    "dbt", epilog="Example: lineage import dbt target/manifest.json target/run_results.json"
)
def import_dbt(
    context: typer.Context,
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE…", help="A manifest.json, and any number of run_results.json."
        ),
    ],
    skip_invalid: SkipInvalid = False,
    json: Json = False,
) -> None:
    """Import a dbt project: what it declares, or, with the results of runs, what was run."""
    from lineage.formats.dbt import import_dbt as run

    store = open_store(context, create=True)
    with progress_bar("imported", show=not json) as advance:
        done = run(files, store, skip_invalid=skip_invalid, progress=advance)
    if json:
        print_json(done.to_dict())
        return
    for left_out in done.invalid:
        note(f"{left_out.where}: left out: {left_out.reason}")
    echo(f"imported {done.tables:,} tables and {done.results:,} results into {store.url}")
