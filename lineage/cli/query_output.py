"""What is asked in Cypher and what is answered, as the command line and the shell have it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lineage.cli.output import available_width, echo, note, print_json, print_table, to_one_line

if TYPE_CHECKING:
    from lineage import Store
    from lineage.questions.query_plan import QueryPlan
    from lineage.questions.query_result import QueryResult

FORMATS = ("table", "json", "jsonl", "csv", "arrow")


def parse_parameters(given: Iterable[str]) -> dict[str, Any]:
    """`k=v` each: v is JSON, or else text. Raises InvalidValue."""
    from lineage.errors import InvalidValue

    found: dict[str, Any] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise InvalidValue(f"{one!r} is no parameter; write NAME=VALUE, such as least=0.9")
        found[name.removeprefix("$")] = parse_parameter(value)
    return found


def parse_parameter(text: str) -> Any:
    """A value as JSON, or else the text itself."""
    import json

    from lineage.rules.json_text import parse_json

    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
    except (ValueError, RecursionError):
        return parse_json(text, "the value")


def print_result(result: QueryResult, format: str, *, spreadsheet: bool = False) -> None:
    """An answer in one of the formats, or its plan where that was asked for."""
    from lineage.errors import InvalidValue
    from lineage.questions.query_result import to_text

    if result.plan is not None:
        print_plan(result.plan, format)
    elif format == "json":
        print_json(result.to_dict())
    elif format == "jsonl":
        for line in result.jsonl():
            print(line)
    elif format == "csv":
        sys.stdout.write(result.to_csv(spreadsheet=spreadsheet).replace("\r\n", "\n"))
    elif format == "arrow":
        if sys.stdout.isatty():
            raise InvalidValue("Arrow is not for a terminal; send it to a file: > answer.arrow")
        _write_arrow(result)
    else:
        if not result.columns:
            echo("no columns")
        else:
            rows = [tuple(to_one_line(to_text(value)) for value in row) for row in result.rows]
            print_table(result.columns, rows, empty="no rows", as_written=True)
        echo(_count(len(result), result.complete))


def print_hints(store: Store, text: str, result: QueryResult, format: str) -> None:
    """To a person, on standard error, why an answer may be empty."""
    from lineage.cli.hints import hints

    if format == "table" and result.plan is None:
        for hint in hints(store, text, result):
            note(hint)


@contextmanager
def run_until_stopped(format: str) -> Iterator[None]:
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
        echo(told if plan.row_count is None else _count(plan.row_count, plan.complete))


def _print_plan(plan: QueryPlan, format: str) -> None:
    from lineage.errors import InvalidValue

    if format == "json":
        print_json(plan.to_dict())
    elif format == "table":
        for line in plan.to_text(available_width()).splitlines():
            echo(line)
    else:
        raise InvalidValue(f"a plan is shown as table or json, and the format is {format}")


def _count(rows: int, complete: bool) -> str:
    told = f"{rows} row" + ("" if rows == 1 else "s")
    return told + (", complete." if complete else ", NOT complete: --limit shows more.")


def expand_saved(store: Store, text: str, folder: Path | None) -> str:
    """What to ask: the text, or, where it is @NAME, the kept query of that name, with EXPLAIN or
    PROFILE before it as before the name. Raises NotFound."""
    from lineage.ports.query import QueryMode
    from lineage.queries.modes import split_mode

    if "@" not in text:
        return text
    asking, rest = split_mode(text)
    if not rest.strip().startswith("@"):
        return text
    kept = find_query(store, rest.strip()[1:], folder)
    return kept if asking is QueryMode.ROWS else f"{asking.upper()} {kept}"


def find_query(store: Store, name: str, folder: Path | None) -> str:
    """A kept query by name: the store's, else the folder's. Raises NotFound."""
    for path in query_files(folder):
        if path.stem == name and name not in store.saved_queries():
            return path.read_text("utf-8-sig")
    return store.saved_query(name)


def query_files(folder: Path | None) -> list[Path]:
    """The queries of a folder, by name. Raises NotFound where it is not there."""
    from lineage.errors import NotFound

    if folder is None:
        return []
    if not folder.is_dir():
        raise NotFound(f"there is no folder {folder}")
    return sorted(folder.glob("*.cypher"))


def _write_arrow(result: QueryResult) -> None:
    table = result.to_arrow()
    import pyarrow as pa

    with pa.ipc.new_stream(sys.stdout.buffer, table.schema) as writer:
        writer.write_table(table)
