"""`lineage storage`: below which roots this machine lets bytes be removed."""

from __future__ import annotations

from typing import Annotated

import typer

from lineage.cli.app import Json, app
from lineage.cli.output import echo, print_json, print_table

storage = typer.Typer(
    help="Say below which roots bytes may be removed on this machine.", rich_markup_mode=None
)
app.add_typer(storage, name="storage")

Root = Annotated[
    str, typer.Argument(metavar="ROOT", help="A folder, or a prefix such as s3://bucket/scratch.")
]


@storage.command("allow", epilog="Example: lineage storage allow s3://bucket/scratch")
def allow_root(root: Root, json: Json = False) -> None:
    """Let `delete --bytes` remove what is below a root.

    It is kept in this user's configuration, never in a store.
    """
    from lineage.storage.roots import allow, config_file

    kept = allow(root)
    if json:
        print_json({"allowed": kept})
    else:
        echo(f"bytes below {kept} may be removed from this machine ({config_file()})")


@storage.command("disallow", epilog="Example: lineage storage disallow s3://bucket/scratch")
def disallow_root(root: Root, json: Json = False) -> None:
    """Take a root out of those that are allowed."""
    from lineage.storage.roots import disallow, list_roots

    disallow(root)
    if json:
        print_json({"roots": list_roots()})
    else:
        echo(f"{root} is allowed no more")


@storage.command("list", epilog="Example: lineage storage list")
def show_roots(json: Json = False) -> None:
    """List the roots that are allowed: kept ones, and those of LINEAGE_STORAGE_ALLOW."""
    from lineage.storage.roots import list_roots

    roots = list_roots()
    if json:
        print_json({"roots": roots})
    else:
        print_table(("root",), [(root,) for root in roots], empty="no root is allowed")
