"""Look after a store: `doctor`, `upgrade`, `backup`, `restore`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import lineage
from lineage.cli.app import Json, app, open_store
from lineage.cli.output import echo, print_fields, print_json, print_table, progress_bar
from lineage.errors import InvalidValue, StoreDamaged

if TYPE_CHECKING:
    from lineage.rules.integrity import Fault


@app.command(epilog="Example: lineage --store sqlite:///lineage.db doctor --deep")
def doctor(
    context: typer.Context,
    deep: Annotated[
        bool, typer.Option("--deep", help="Look at every row, and hold it against every rule.")
    ] = False,
    json: Json = False,
) -> None:
    """Check that the store is whole and nothing in it is unfinished; say what it is and has."""
    import platform
    from dataclasses import asdict

    store = open_store(context)
    damage = store.backend.find_damage(deep=deep)
    answer: dict[str, Any] = {
        "url": store.url,
        **store.backend.describe(),
        "lineage": lineage.__version__,
        "python": platform.python_version(),
    }
    # What can't be read can't be counted.
    if not damage:
        answer["counts"] = asdict(store.counts())
        answer["unfinished_deletions"] = [r.id for r in store.unfinished_deletions()]
    faults = [] if damage or not deep else _find_faults(store, json)
    unfinished = answer.get("unfinished_deletions", [])
    if json:
        answer |= {"damage": damage, "faults": [asdict(fault) for fault in faults], "deep": deep}
        print_json(answer)
    else:
        counts = answer.pop("counts", {})
        answer.pop("unfinished_deletions", None)
        print_fields([*answer.items(), *counts.items()])
        if damage or faults:
            echo(f"The store is DAMAGED: {len(damage) + len(faults)} found.")
            print_table(
                ("where", "what"),
                [*(("file", what) for what in damage), *((f.where, f.what) for f in faults)],
            )
            echo("lineage restore FILE brings a backup back.")
        else:
            checked = "every row keeps every rule" if deep else "its file is whole"
            echo(f"The store answers, and {checked}.")
        for id in unfinished:
            echo(f"UNFINISHED: receipt:{id[:8]} still has bytes to remove.")
        if unfinished:
            echo("lineage delete --resume goes on.")
    if damage or faults:
        raise typer.Exit(StoreDamaged.exit_code)
    if unfinished:
        raise typer.Exit(1)


def _find_faults(store: lineage.Store, json: bool) -> list[Fault]:
    from lineage.rules.integrity import find_faults

    with store.backend.read() as reader, progress_bar("checking", show=not json) as progress:
        return list(find_faults(reader, progress))


@app.command(epilog="Example: lineage upgrade")
def upgrade(context: typer.Context, json: Json = False) -> None:
    """Upgrade a store that an older version wrote to the present form.

    Questions read such a store as it is; any write brings its schema forward. This
    also gives its artifacts their digests, where a property holds one.
    """
    store = open_store(context)
    before = store.backend.describe().get("schema")
    written = store.upgrade()
    after = store.backend.describe().get("schema")
    if json:
        print_json({"schema_before": before, "schema": after, "artifacts": written})
    else:
        echo(f"schema {before} to {after}; {written} artifacts written anew")


@app.command(epilog="Example: lineage backup lineage-2026-11-28.db")
def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that is not there yet.")],
    json: Json = False,
) -> None:
    """Write a consistent copy of the store into a file, while others write.

    The file is a store itself: `lineage --store sqlite:///FILE ls` reads it.
    """
    store = open_store(context)
    store.backend.back_up(file)
    if json:
        print_json({"file": str(file), "bytes": file.stat().st_size})
    else:
        echo(f"{store.url} is backed up in {file} ({file.stat().st_size:,} bytes)")


@app.command(epilog="Example: lineage restore lineage-2026-11-28.db --yes")
def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `lineage backup` wrote.")],
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Replace what is there without asking.")
    ] = False,
    json: Json = False,
) -> None:
    """Replace what the store holds by a backup, which is checked first.

    Processes that have the store open go on with what was restored.
    """
    from dataclasses import asdict

    with lineage.connect(f"sqlite:///{file.absolute()}", create=False) as source:
        coming = source.counts()
        faults = _find_faults(source, json)
    if faults:
        raise StoreDamaged(
            f"{file} breaks {len(faults)} rules and was not restored: {faults[0].where}: "
            f"{faults[0].what}; `lineage --store sqlite:///{file} doctor --deep` lists them"
        )
    store = open_store(context, create=True)
    present = store.counts()
    if not yes and (present.artifacts or present.executions or present.contexts):
        if json or not sys.stdin.isatty():
            raise InvalidValue(f"{store.url} is not empty: give --yes to replace what is there")
        typer.confirm(
            f"Replace {present.artifacts:,} artifacts and {present.executions:,} executions in "
            f"{store.url} by {coming.artifacts:,} and {coming.executions:,}?",
            abort=True,
        )
    store.backend.restore(file)
    if json:
        print_json({"file": str(file), "counts": asdict(coming)})
    else:
        echo(
            f"{store.url} holds what {file} held: {coming.artifacts:,} artifacts, "
            f"{coming.executions:,} executions, {coming.events:,} events"
        )
