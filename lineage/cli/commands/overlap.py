"""`overlap`: which tables share rows with a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lineage.cli.app import Json, app, open_store
from lineage.cli.arguments import Ref
from lineage.cli.output import name_node, note, print_json, print_table, title

if TYPE_CHECKING:
    from lineage.recording.sketch import Share


@app.command(epilog="Example: lineage overlap data/raw.csv --at-least 0.05")
def overlap(
    context: typer.Context,
    ref: Ref,
    at_least: Annotated[
        float, typer.Option(min=0, max=1, metavar="SHARE", help="The least share that counts.")
    ] = 0.01,
    sketch: Annotated[
        bool, typer.Option("--sketch", help="Make the sketches that are missing, of local files.")
    ] = False,
    json: Json = False,
) -> None:
    """Which tables share rows with this one, copied by whatever hand?

    Of each table a sketch of its rows is kept: shuffled, filtered and joined copies are found, too.
    Shares are estimates; the bounds hold in 95 of 100 cases.
    """
    from lineage.recording.overlap import find_overlaps

    answer = find_overlaps(open_store(context), ref, at_least=at_least, make=sketch)
    if json:
        return print_json(answer.to_dict())
    print_table(
        ("id", "table", "of this in it", "of it in this", "columns", "uri"),
        [
            (
                name_node(row.table),
                title(row.table),
                _percent(row.contained),
                _percent(row.containing),
                len(row.contained.columns),
                row.table.uri,
            )
            for row in answer
        ],
        empty="no table is known to share rows with it",
    )
    if answer.unsketched:
        note(
            f"{len(answer.unsketched)} tables have no sketch and were not compared; --sketch makes "
            "those of local files"
        )
    if answer.undecided:
        note(f"of {len(answer.undecided)} tables too few rows are in the sketches to tell")
    return None


def _percent(share: Share) -> str:
    """A share with its bounds: `32.5% (29.1 to 36.1)`; exact ones without."""
    if share.low == share.high:
        return f"{share.share:.1%}"
    return f"{share.share:.1%} ({share.low:.1%} to {share.high:.1%})"
