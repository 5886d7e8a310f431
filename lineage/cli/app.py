"""The command tree. Commands import what they need when they run, so that help comes at once."""

from __future__ import annotations

from typing import Annotated

import typer

import lineage
from lineage.cli.sections import Sectioned

app = typer.Typer(
    name="lineage",
    cls=Sectioned,
    help="Where did this come from, what did it touch, and what breaks if it goes?",
    no_args_is_help=True,
    # Plain help: rich's would cost half of the start.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
importing = typer.Typer(help="Bring in other people's lineage.", rich_markup_mode=None)
app.add_typer(importing, name="import")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"lineage {lineage.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    store: Annotated[
        str | None,
        typer.Option(
            envvar="LINEAGE_URL",
            metavar="URL",
            help="memory://, sqlite:///path, neo4j://user:password@host:7687, bolt://…",
            show_default="sqlite:///.lineage/lineage.db",
            show_envvar=True,
        ),
    ] = None,
    utc: Annotated[
        bool, typer.Option("--utc", help="Show times, and read those without a zone, in UTC.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    # A command that runs others hands its own store on.
    if not isinstance(context.obj, lineage.Store):
        context.obj = store
    if utc:
        from datetime import UTC

        from lineage.model.times import zone

        zone.set(UTC)


Json = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]


def open_store(context: typer.Context, *, create: bool = False) -> lineage.Store:
    """The store that the command line names."""
    from lineage.connection import announce

    if isinstance(context.obj, lineage.Store):
        context.call_on_close(lambda: _note_deleted(context, context.obj))
        return context.obj
    store: lineage.Store = lineage.connect(context.obj, create=create)
    context.call_on_close(store.close)
    context.call_on_close(lambda: _note_deleted(context, store))
    if context.obj:
        # Of the default place, connect says it.
        announce(store)
    return store


def _note_deleted(context: typer.Context, store: lineage.Store) -> None:
    """Say of what a command was asked about that it was deleted, whatever the question was."""
    from lineage.cli.hints import of_deleted
    from lineage.cli.output import note

    given = [
        context.params.get(p.name or "")
        for p in context.command.params
        if not p.opts[0].startswith("-")
    ]
    words = [
        word for value in given for word in (value if isinstance(value, list | tuple) else [value])
    ]
    for hint in of_deleted(
        store, dict.fromkeys(w for w in words if isinstance(w, str) and ":" in w)
    ):
        note(hint)
