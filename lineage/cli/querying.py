"""`query`, `queries`, `shell`: Cypher, and the queries that are kept."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lineage.cli.app import Json, app, opened
from lineage.cli.output import one_line, print_json, print_table

if TYPE_CHECKING:
    from lineage import Store
    from lineage.questions.query_plan import QueryPlan
    from lineage.questions.results import Result

FORMATS = ("table", "json", "jsonl", "csv", "arrow")

Limit = Annotated[int, typer.Option(min=0, help="The most rows to answer; 0 for all.")]
Timeout = Annotated[float, typer.Option(help="Seconds after which it is stopped; 0 for never.")]
Folder = Annotated[
    Path | None,
    typer.Option(envvar="LINEAGE_QUERIES", help="A folder of queries, each a NAME.cypher."),
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
    file: Annotated[Path | None, typer.Option(help="Read the query from a file.")] = None,
    limit: Limit = 1000,
    timeout: Timeout = 60.0,
    format: Annotated[str, typer.Option(help=", ".join(FORMATS) + ".")] = "table",
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
    store = opened(context)
    text = _text(store, cypher, file, folder)
    if save is not None:
        store.save_query(save, text)
        print(f"Kept; `lineage query @{save}` asks it.")
        return
    given, rows, seconds = parameters(param or ()), limit or None, timeout or None
    shown = "json" if json else format
    with until_stopped(shown):
        if explain or profile:
            plan = store.explain(text, given, profile=profile, limit=rows, timeout=seconds)
            print_plan(plan, shown)
        else:
            result = store.query(text, given, limit=rows, timeout=seconds)
            print_result(result, shown)
            print_hints(store, text, result, shown)


@app.command(epilog="Example: lineage queries")
def queries(
    context: typer.Context,
    drop: Annotated[str | None, typer.Option(metavar="NAME", help="Forget a kept query.")] = None,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """List the kept queries."""
    store = opened(context)
    if drop is not None:
        store.drop_query(drop)
    kept = [(name, "store", text) for name, text in store.saved_queries().items()]
    kept += [(path.stem, str(path), path.read_text("utf-8")) for path in _files(folder)]
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

    session = Session(opened(context), limit=limit, timeout=timeout, folder=folder)
    if not run(session):
        raise typer.Exit(1)


def parameters(given: Iterable[str]) -> dict[str, Any]:
    """`k=v` each: v is JSON, or else text. Raises InvalidValue."""
    from lineage.errors import InvalidValue

    found: dict[str, Any] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise InvalidValue(f"{one!r} is no parameter; write NAME=VALUE, such as least=0.9")
        found[name.removeprefix("$")] = parameter(value)
    return found


def parameter(text: str) -> Any:
    """A value as JSON, or else the text itself."""
    import json

    try:
        return json.loads(text)
    except ValueError:
        return text


def print_result(result: Result, format: str) -> None:
    """An answer in one of the formats, or its plan where that was asked for."""
    from lineage.errors import InvalidValue
    from lineage.questions.results import in_words

    if result.plan is not None:
        print_plan(result.plan, format)
    elif format == "json":
        print_json(result.to_dict())
    elif format == "jsonl":
        for line in result.jsonl():
            print(line)
    elif format == "csv":
        sys.stdout.write(result.to_csv().replace("\r\n", "\n"))
    elif format == "arrow":
        if sys.stdout.isatty():
            raise InvalidValue("Arrow is not for a terminal; send it to a file: > answer.arrow")
        _write_arrow(result)
    else:
        if not result.columns:
            print("no columns")
        else:
            rows = [tuple(one_line(in_words(value)) for value in row) for row in result.rows]
            print_table(result.columns, rows, empty="no rows", as_written=True)
        print(_count(len(result), result.complete))


def print_hints(store: Store, text: str, result: Result, format: str) -> None:
    """To a person, on standard error, why an answer may be empty."""
    from lineage.cli.hints import hints

    if format == "table" and result.plan is None:
        for hint in hints(store, text, result):
            print(f"lineage: {one_line(hint)}", file=sys.stderr)


@contextmanager
def until_stopped(format: str) -> Iterator[None]:
    """Where a profiled query is stopped within it, print what it had done by then."""
    from lineage.errors import QueryStopped

    try:
        yield
    except QueryStopped as stopped:
        if stopped.plan is not None:
            _print_plan(stopped.plan, format)
        raise


def print_plan(plan: QueryPlan, format: str) -> None:
    """How a query is answered, as a table or JSON."""
    _print_plan(plan, format)
    if format == "table":
        told = "It was not run."
        print(told if plan.row_count is None else _count(plan.row_count, plan.complete))


def _print_plan(plan: QueryPlan, format: str) -> None:
    from lineage.errors import InvalidValue

    if format == "json":
        print_json(plan.to_dict())
    elif format == "table":
        print(plan.to_text(shutil.get_terminal_size((80, 24)).columns))
    else:
        raise InvalidValue(f"a plan is shown as table or json, and the format is {format}")


def _count(rows: int, complete: bool) -> str:
    told = f"{rows} row" + ("" if rows == 1 else "s")
    return told + (", complete." if complete else ", NOT complete: --limit shows more.")


def with_kept(store: Store, text: str, folder: Path | None) -> str:
    """What to ask: the text, or, where it is @NAME, the kept query of that name, with EXPLAIN or
    PROFILE before it as before the name. Raises NotFound."""
    from lineage.backends.base import Asking
    from lineage.opencypher.prefixes import without_prefix

    if "@" not in text:
        return text
    asking, rest = without_prefix(text)
    if not rest.strip().startswith("@"):
        return text
    kept = find_query(store, rest.strip()[1:], folder)
    return kept if asking is Asking.ROWS else f"{asking.upper()} {kept}"


def find_query(store: Store, name: str, folder: Path | None) -> str:
    """A kept query by name: the store's, else the folder's. Raises NotFound."""
    for path in _files(folder):
        if path.stem == name and name not in store.saved_queries():
            return path.read_text("utf-8")
    return store.saved_query(name)


def _files(folder: Path | None) -> list[Path]:
    from lineage.errors import NotFound

    if folder is None:
        return []
    if not folder.is_dir():
        raise NotFound(f"there is no folder {folder}")
    return sorted(folder.glob("*.cypher"))


def _text(store: Store, cypher: str | None, file: Path | None, folder: Path | None) -> str:
    from lineage.errors import InvalidValue, NotFound

    try:
        if file is not None and str(file) != "-":
            return file.read_text("utf-8")
        if cypher in (None, "-"):
            return sys.stdin.read()
    except FileNotFoundError:
        raise NotFound(f"there is no file {file}") from None
    except (OSError, UnicodeError) as error:
        raise InvalidValue(f"{file or 'standard input'} can't be read: {error}") from None
    assert cypher is not None
    return with_kept(store, cypher, folder)


def _write_arrow(result: Result) -> None:
    table = result.to_arrow()
    import pyarrow as pa

    with pa.ipc.new_stream(sys.stdout.buffer, table.schema) as writer:
        writer.write_table(table)
