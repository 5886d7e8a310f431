"""`query`, `queries`, `shell`: Cypher, and the queries that are kept."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lineage.cli.app import Json, app, open_store
from lineage.cli.output import echo, print_json, print_table
from lineage.cli.query_output import (
    FORMATS,
    expand_saved,
    parse_parameters,
    print_hints,
    print_plan,
    print_result,
    query_files,
    run_until_stopped,
)

if TYPE_CHECKING:
    from lineage import Store

Limit = Annotated[int, typer.Option(metavar="N", min=0, help="The most rows to answer; 0 for all.")]
Timeout = Annotated[
    float, typer.Option(metavar="SECONDS", help="Seconds after which it is stopped; 0 for never.")
]
Folder = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER", envvar="LINEAGE_QUERIES", help="A folder of queries, each a NAME.cypher."
    ),
]


@app.command(
    epilog="Example: lineage query 'MATCH (m:Model) WHERE m.acc > $least RETURN m' -p least=0.9\n\n"
    "Example: lineage query --profile 'MATCH (d:Dataset)-[:INPUT]->(x) RETURN x.type, count(d)'"
)
def query(
    context: typer.Context,
    cypher: Annotated[
        str | None,
        typer.Argument(
            metavar="CYPHER", help="The query; - reads standard input, @NAME takes a kept one."
        ),
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option("--param", "-p", metavar="K=V", help="A parameter: JSON, or else text."),
    ] = None,
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Read the query from a file.")
    ] = None,
    limit: Limit = 1000,
    timeout: Timeout = 60.0,
    format: Annotated[str, typer.Option(metavar="FORMAT", help=", ".join(FORMATS) + ".")] = "table",
    spreadsheet: Annotated[
        bool,
        typer.Option("--spreadsheet", help="With csv: keep spreadsheets from taking formulas."),
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show how it would be answered; it is not run.")
    ] = False,
    profile: Annotated[
        bool, typer.Option("--profile", help="Run it, and show what each step of it did.")
    ] = False,
    save: Annotated[
        str | None, typer.Option(metavar="NAME", help="Keep it under a name instead of asking it.")
    ] = None,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Ask in Cypher, on any store. What does more than read is refused.

    EXPLAIN or PROFILE before the query are the same as --explain and --profile.
    """
    from lineage.errors import InvalidValue

    if format not in FORMATS:
        raise InvalidValue(f"--format is {format!r}; it can be {', '.join(FORMATS)}")
    if (cypher is None) == (file is None):
        raise InvalidValue("give the query, or --file with it")
    if explain + profile + (save is not None) > 1:
        raise InvalidValue("--explain, --profile and --save exclude each other: give one of them")
    store = open_store(context)
    text = _text(store, cypher, file, folder)
    if save is not None:
        store.save_query(save, text)
        if json:
            print_json({"name": save, "cypher": text})
        else:
            echo(f"Kept; `lineage query @{save}` asks it.")
        return
    given, rows, seconds = parse_parameters(param or ()), limit or None, timeout or None
    shown = "json" if json else format
    with run_until_stopped(shown):
        if explain or profile:
            plan = store.explain(text, given, profile=profile, limit=rows, timeout=seconds)
            print_plan(plan, shown)
        else:
            result = store.query(text, given, limit=rows, timeout=seconds)
            print_result(result, shown, spreadsheet=spreadsheet)
            print_hints(store, text, result, shown)


@app.command(epilog="Example: lineage queries")
def queries(
    context: typer.Context,
    drop: Annotated[str | None, typer.Option(metavar="NAME", help="Forget a kept query.")] = None,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """List the kept queries."""
    store = open_store(context)
    if drop is not None:
        store.drop_query(drop)
    kept = [(name, "store", text) for name, text in store.saved_queries().items()]
    kept += [(path.stem, str(path), path.read_text("utf-8-sig")) for path in query_files(folder)]
    if json:
        print_json([{"name": n, "where": where, "cypher": text} for n, where, text in kept])
        return
    print_table(
        ("name", "where", "query"),
        [(name, where, " ".join(text.split())) for name, where, text in kept],
        empty="no queries are kept; `lineage query --save NAME CYPHER` keeps one",
    )


@app.command(epilog="Example: lineage shell")
def shell(
    context: typer.Context,
    limit: Limit = 100,
    timeout: Timeout = 60.0,
    folder: Folder = None,
) -> None:
    """A session of queries, with history and completion; :help tells more.

    Without a terminal, it reads queries from standard input, each ending in a semicolon.
    """
    from lineage.cli.shell import Session, run

    session = Session(open_store(context), limit=limit, timeout=timeout, folder=folder)
    if not run(session):
        raise typer.Exit(1)


def _text(store: Store, cypher: str | None, file: Path | None, folder: Path | None) -> str:
    from lineage.errors import InvalidValue, NotFound

    try:
        if file is not None and str(file) != "-":
            return file.read_text("utf-8-sig")
        if cypher in (None, "-"):
            return sys.stdin.read().removeprefix("\ufeff")
    except FileNotFoundError:
        raise NotFound(f"there is no file {file}") from None
    except (OSError, UnicodeError) as error:
        raise InvalidValue(f"{file or 'standard input'} can't be read: {error}") from None
    assert cypher is not None
    return expand_saved(store, cypher, folder)
