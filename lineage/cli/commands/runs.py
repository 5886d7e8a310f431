"""`runs` and `close`: what has not ended, and what is to be over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lineage.cli.app import Json, app, open_store
from lineage.cli.completion import complete_context
from lineage.cli.output import echo, format_time, name_node, print_json, print_table, title

if TYPE_CHECKING:
    pass


@app.command(epilog="Example: lineage runs --stale")
def runs(
    context: typer.Context,
    stale: Annotated[
        bool, typer.Option("--stale", help="Only those that will never end by themselves.")
    ] = False,
    type: Annotated[str | None, typer.Option(metavar="TYPE", help="Only this type.")] = None,
    in_context: Annotated[
        str | None,
        typer.Option(
            "--context",
            metavar="CONTEXT",
            autocompletion=complete_context,
            help="Only what is in it.",
        ),
    ] = None,
    idle_hours: Annotated[
        float | None,
        typer.Option(metavar="HOURS", help="Silence that makes one without a lease stale: 24."),
    ] = None,
    json: Json = False,
) -> None:
    """Which runs have not ended?

    A run is stale where its lease has ended, or where it has none and nothing was
    written to it for a day.
    """
    found = open_store(context).open_runs(
        stale=stale, type=type, context=in_context, idle_hours=idle_hours
    )
    if json:
        return print_json([row.to_dict() for row in found])
    return print_table(
        ("id", "run", "state", "stale", "last written", "lease until"),
        [
            (
                name_node(row.run),
                title(row.run),
                row.run.state,
                "yes" if row.stale else "no",
                format_time(row.last_written_ms),
                format_time(row.lease_until_ms),
            )
            for row in found
        ],
        empty="no run is stale" if stale else "every run has ended",
    )


@app.command(epilog="Example: lineage close Train:fit --state CANCELED --reason 'node was lost'")
def close(
    context: typer.Context,
    refs: Annotated[
        list[str] | None, typer.Argument(metavar="REF", help="Runs: Train:fit, execution:7.")
    ] = None,
    state: Annotated[
        str, typer.Option(metavar="STATE", help="COMPLETE, FAILED or CANCELED.")
    ] = "CANCELED",
    where: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CONDITION",
            help="All open runs for which it holds: 'created<2026-11-01'; several must together.",
        ),
    ] = None,
    stale: Annotated[bool, typer.Option("--stale", help="Only stale runs; see runs.")] = False,
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Why.")] = None,
    who: Annotated[
        str | None,
        typer.Option(metavar="NAME", envvar="LINEAGE_WHO", show_envvar=True, help="Who says so."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Also what holds a lease.")] = False,
    json: Json = False,
) -> None:
    """Say of runs that have not ended that they are over."""
    from lineage.cli.commands.mark import user
    from lineage.errors import NotFound
    from lineage.filters.shorthand import parse_terms
    from lineage.model import Kind

    closed = open_store(context).close_runs(
        *(refs or ()),
        state=state,
        where=parse_terms(where, Kind.EXECUTION) if where else None,
        stale=stale,
        reason=reason,
        who=who or user(),
        force=force,
    )
    if not closed and where:
        raise NotFound(f"there is no open run for which {' and '.join(where)} holds")
    if json:
        from lineage.questions.node_json import node_to_json

        print_json([node_to_json(run) for run in closed])
        return
    for run in closed:
        echo(f"closed {name_node(run)} {title(run)}: {run.state}")
    if not closed:
        echo("nothing was closed")
