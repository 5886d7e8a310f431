"""`versions` and `series suggest`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from lineage.cli.app import Json, app, open_store
from lineage.cli.arguments import Ref
from lineage.cli.output import echo, name_node, note, print_json, print_table, to_one_line

if TYPE_CHECKING:
    from lineage.questions.versions import SeriesProposal, Versions

series = typer.Typer(
    help="Which names are versions of one thing.", rich_markup_mode=None, no_args_is_help=True
)
app.add_typer(series, name="series")


@app.command(epilog="Example: lineage versions Model:churn")
def versions(context: typer.Context, ref: Ref, json: Json = False) -> None:
    """Which versions are there of it, the first one first?

    As recorded under its name or at its uri, or as a policy declares; never guessed from numbers.
    """
    found = open_store(context).versions(ref)
    if json:
        print_json(found.to_dict())
    else:
        print_versions(found)
        if found.note is not None:
            note(found.note)


@series.command("suggest", epilog="Example: lineage series suggest > series.toml")
def suggest(context: typer.Context, json: Json = False) -> None:
    """Propose series by names that differ in numbers alone: a guess, to be looked at.

    What is right goes into a policy file, for `lineage policy apply`.
    """
    found = open_store(context).suggest_series()
    if json:
        print_json([row.to_dict() for row in found])
    else:
        print_proposals(found)


def print_versions(found: Versions) -> None:
    """One line a version."""
    print_table(
        ("version", "id", "node", "digest"),
        [
            (
                getattr(row, "version", None),
                name_node(row),
                to_one_line(row.label),
                getattr(row, "digest", None),
            )
            for row in found
        ],
    )
    if found.declared is not None:
        echo(f"\ndeclared: {found.declared.type or 'any type'}, {found.declared.pattern}")


def print_proposals(found: list[SeriesProposal]) -> None:
    """A policy file with what each declaration would take together, as comments."""
    from lineage.formats.policy_toml import series_to_toml

    if not found:
        echo("# No names differ in numbers alone.")
        return
    echo("# GUESSED from names: numbers may be versions, or shards or stores. Keep what is true.")
    echo('name = "series"')
    for row in found:
        echo(f"\n# {row.names} names: {', '.join(row.examples)}")
        for line in series_to_toml(row.series).splitlines():
            echo(line)
