"""What is deployed where, and what was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lineage.captions import caption
from lineage.cli.app import Json, app, open_store
from lineage.cli.output import format_time as shown_time
from lineage.cli.output import name_node, print_json, print_table

if TYPE_CHECKING:
    from lineage.questions.deployments import Deployment

Model = Annotated[
    str | None,
    typer.Argument(metavar="MODEL", help="Only of this model, with those that have ended."),
]
At = Annotated[
    str | None, typer.Option(metavar="TIME", help="What was in effect then, such as 2026-11-23.")
]
Where = Annotated[
    str | None, typer.Option(metavar="PLACE", help="Only to this place, or a pattern: 'prod-*'.")
]
AsOf = Annotated[str | None, typer.Option(metavar="TIME", help="As the store knew it by then.")]
Versions = Annotated[bool, typer.Option("--versions", help="Of every version of MODEL.")]
Last = Annotated[bool, typer.Option("--last", help="Only the last that took effect.")]
History = Annotated[bool, typer.Option("--history", help="Those that have ended, too.")]


@app.command(epilog="Example: lineage deployments --at 2026-11-23 --where 'prod-*'")
def deployments(
    context: typer.Context,
    model: Model = None,
    at: At = None,
    where: Where = None,
    as_of: AsOf = None,
    versions: Versions = False,
    history: History = False,
    last: Last = False,
    json: Json = False,
) -> None:
    """What is deployed where, since when? Where was this model deployed?"""
    found = open_store(context).deployments(
        model,
        at=at,
        where=where,
        as_of=as_of,
        versions=versions,
        history=history or None,
        last=last,
    )
    if json:
        print_json([row.to_dict() for row in found])
    else:
        print_deployments(found, empty="nothing was deployed" if model is None else "not deployed")


def print_deployments(found: list[Deployment], *, empty: str = "never deployed") -> None:
    """One line a deployment; with its end where any has ended."""
    ended = any(row.until_ms is not None or not row.took_effect for row in found)
    print_table(
        ("since", *(("until",) if ended else ()), "id", "what"),
        [
            (
                shown_time(row.time_ms),
                *((_end(row),) if ended else ()),
                name_node(row.execution),
                _what(row),
            )
            for row in found
        ],
        empty=empty,
    )


def _end(row: Deployment) -> str:
    return shown_time(row.until_ms) if row.took_effect else "took no effect"


def _what(row: Deployment) -> str:
    what = ", ".join(map(caption, row.models)) or caption(row.execution)
    if row.where:
        what += f" to {row.where}"
    if not row.took_effect:
        return f"{what} ({row.execution.state})"
    if row.ended_by is None:
        return what
    after = ", ".join(map(caption, row.replaced_by))
    return f"{what}, then {after}" if after else f"{what}, taken away by {name_node(row.ended_by)}"
