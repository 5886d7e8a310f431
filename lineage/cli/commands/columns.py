"""`columns`: lineage from column to column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from lineage.cli.app import Json, app, open_store
from lineage.cli.arguments import AsOf
from lineage.cli.output import echo, name_node, note, print_json, print_table, title

if TYPE_CHECKING:
    from lineage.questions.column_lineage import Column


@app.command(epilog="Example: lineage columns Dataset:s3://b/report email --downstream")
def columns(
    context: typer.Context,
    ref: Annotated[str, typer.Argument(metavar="REF", help="The dataset that has the column.")],
    column: Annotated[str, typer.Argument(metavar="COLUMN", help="The name of the column.")],
    downstream: Annotated[
        bool, typer.Option("--downstream", help="What came of it, not where it came from.")
    ] = False,
    direct: Annotated[
        bool, typer.Option("--direct", help="Values only: no filters, joins, groupings.")
    ] = False,
    depth: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="At most so many steps away.")
    ] = None,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """Which columns did this column come of, and which of them were masked?"""
    store = open_store(context)
    answer = store.column_lineage(
        ref, column, downstream=downstream, direct=direct, depth=depth, as_of=as_of
    )
    if json:
        print_json(answer.to_dict())
        return
    headings = ("depth", "id", "dataset", "column", "how", "by")
    print_table(headings, _rows(answer.columns))
    if answer.masked:
        echo()
        print_table(("depth", "id", "masked", "column", "how", "by"), _rows(answer.masked))
    if answer.gaps:
        steps = ", ".join(name_node(step) for step in answer.gaps)
        note(f"not complete: nothing is on record about the columns of {steps}")
    elif not answer.complete:
        note("not complete: cut by --depth")


def _rows(found: Sequence[Column]) -> list[tuple[object, ...]]:
    return [
        (c.depth, name_node(c.dataset), title(c.dataset), c.name, c.how or None,
         None if c.step is None else name_node(c.step))
        for c in found
    ]  # fmt: skip
