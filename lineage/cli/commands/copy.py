"""`copy` and `import`."""

from __future__ import annotations

from typing import Annotated

import typer

import lineage
from lineage.cli.app import Json, app, importing, open_store
from lineage.cli.output import echo, print_json, progress_bar


@app.command(epilog="Example: lineage copy sqlite:///lineage.db neo4j://neo4j:secret@localhost")
def copy(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The URL of the store to copy.")],
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="The URL of an empty store, or of a part copy.")
    ],
    json: Json = False,
) -> None:
    """Copy a whole store, ids and times kept. Run it again to go on after an interruption."""
    from lineage.formats.store_copy import copy_store

    with (
        lineage.connect(source, create=False) as from_store,
        lineage.connect(target) as to_store,
        progress_bar("copied", show=not json) as advance,
    ):
        done = copy_store(from_store, to_store, progress=advance)
    if json:
        print_json(done.to_dict())
    else:
        echo(f"{to_store.url} has {done}")


@importing.command("mlmd", epilog="Example: lineage import mlmd metadata.sqlite")
def import_mlmd(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE|URL",
            help="A SQLite file, or mysql://user:password@host:3306/database.",
        ),
    ],
    json: Json = False,
) -> None:
    """Import an ML Metadata database, ids and times kept. It is only read."""
    from lineage.formats.mlmd import import_mlmd as run

    store = open_store(context, create=True)
    with progress_bar("imported", show=not json) as advance:
        done = run(source, store, progress=advance)
    if json:
        print_json(done.to_dict())
    else:
        echo(f"{store.url} has {done}")
