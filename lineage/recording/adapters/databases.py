"""DuckDB and SQLAlchemy: tables and files that queries read and write."""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from lineage.recording.fitting import (
    join_origin,
    read_artifact,
    read_place,
    session,
    sources_of,
    write_artifact,
    write_place,
)
from lineage.recording.identity import ArtifactDraft
from lineage.recording.origin import Origin, carry_origin, origin_of
from lineage.recording.patch import Call, replace_functions, replace_method, switch, tell
from lineage.recording.project import is_project_file
from lineage.recording.redaction import redact_url

_QUERIES = ("sql", "query", "execute", "from_query")
_FETCHES = (
    "df", "fetchdf", "fetch_df", "fetchnumpy", "pl", "arrow", "to_arrow_table", "fetch_arrow_table",
    "to_df", "torch",
)  # fmt: skip
_RELATIONS = (
    "filter", "project", "select", "aggregate", "order", "sort", "limit", "join", "union",
    "distinct", "except_", "intersect", "query",
)  # fmt: skip
_READS = ("read_csv", "read_parquet", "read_json", "from_parquet", "from_csv_auto")
_WRITES = ("to_parquet", "to_csv", "write_parquet", "write_csv")
_FILE_FUNCTIONS = frozenset(
    {"READ_CSV", "READ_CSV_AUTO", "READ_PARQUET", "READ_JSON", "READ_JSON_AUTO", "PARQUET_SCAN",
     "READ_NDJSON"}
)  # fmt: skip
_databases: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()
# The tables that statements of the call which is going on have read.
_collected: ContextVar[list[ArtifactDraft] | None] = ContextVar("lineage_tables", default=None)


def install_duckdb(duckdb: Any) -> None:
    """Have DuckDB tell what its queries read and write."""
    names: dict[str, dict[str, Any]] = {"connect": {"after": _after_connect}}
    names |= {name: {"after": _after_query, "reads_caller": True} for name in _QUERIES}
    names |= {name: {"after": _after_read} for name in _READS}
    names |= {name: {"after": _after_fetch} for name in _FETCHES}
    replace_functions(duckdb, names, "duckdb")
    for owner in (duckdb.DuckDBPyConnection, duckdb.DuckDBPyRelation):
        listeners = {
            **dict.fromkeys(_QUERIES, _after_query),
            **dict.fromkeys(_READS, _after_read),
            **dict.fromkeys(_FETCHES, _after_fetch),
            **dict.fromkeys(_WRITES, _after_write),
        }
        if owner is duckdb.DuckDBPyRelation:
            listeners |= dict.fromkeys(_RELATIONS, _after_fetch)
        for name, after in listeners.items():
            # A query may name the caller's variables as tables.
            replace_method(owner, name, "duckdb", after=after, reads_caller=name in _QUERIES)


def install_sqlalchemy(sqlalchemy: Any) -> None:
    """Have SQLAlchemy tell which tables its statements read and write."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def executed(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if "sqlalchemy" in switch.libraries:
            tell("sqlalchemy", "execute", _after_statement, connection, statement)

    event.listen(Engine, "after_cursor_execute", executed)


def install_pandas_sql(pandas: Any) -> None:
    """Have tables that pandas reads by a statement carry where they came from."""
    replace_functions(
        pandas,
        {
            name: {"before": _before_sql, "after": _after_sql}
            for name in ("read_sql", "read_sql_query", "read_sql_table")
        },
        "sqlalchemy",
    )
    import pandas.core.generic as generic

    for owner in (generic.NDFrame, pandas.DataFrame):
        replace_method(owner, "to_sql", "sqlalchemy", before=_before_sql, after=_after_to_sql)


def _after_connect(call: Call, _: Any, result: Any) -> None:
    database = call.argument(0, "database", ":memory:")
    _databases[result] = os.fspath(database) if database else ":memory:"


def _after_query(call: Call, _: Any, result: Any) -> None:
    owner = call.args[0] if call.args and not isinstance(call.args[0], str) else None
    text = call.argument(0 if owner is None else 1, "query")
    if not isinstance(text, str):
        return
    database = _databases.get(owner, ":memory:") if owner is not None else ":memory:"
    holders = [h for h in (result, owner) if h is not None]
    if owner is not None and type(owner).__name__ == "DuckDBPyRelation":
        carry_origin([owner], result)
    found = statements_in(text, "duckdb")
    sources: list[Any] = []
    for place in found.files:
        draft = read_place(place, type="Dataset")
        if draft is not None:
            sources.append(draft)
            for holder in holders:
                join_origin(holder, Origin((draft,)))
    for name in found.reads:
        variable = _variable(name)
        if variable is not None:
            for holder in holders:
                carry_origin([variable, holder], holder)
            continue
        if database != ":memory:":
            draft = _table(f"duckdb:///{os.path.abspath(database)}", name)
            sources.append(draft)
            read_artifact(draft, *holders, port=name)
    for name in found.writes:
        if database != ":memory:":
            target = _table(f"duckdb:///{os.path.abspath(database)}", name)
            write_artifact(holders[:1], target, "duckdb")
    for place in found.copies:
        write_place(holders[0] if holders else None, place, "copy", type="Dataset")


def _after_read(call: Call, _: Any, result: Any) -> None:
    owner = call.args[0] if call.args and not isinstance(call.args[0], str | list) else None
    given = call.argument(0 if owner is None else 1, "path_or_buffer")
    for place in given if isinstance(given, list | tuple) else [given]:
        read_place(place, result, type="Dataset")


def _after_fetch(call: Call, _: Any, result: Any) -> None:
    if isinstance(result, dict):
        carry_origin(call.values, *result.values())
    elif result is not None:
        carry_origin(call.values, result)


def _after_write(call: Call, _: Any, result: Any) -> None:
    write_place(call.args[0], call.argument(1, "file_name"), call.name, type="Dataset")


def _variable(name: str) -> Any:
    """The variable of the calling code that DuckDB takes for a table of this name."""
    frame = sys._getframe(1)
    while frame is not None:
        if is_project_file(frame.f_code.co_filename):
            for space in (frame.f_locals, frame.f_globals):
                value = space.get(name)
                if value is not None and origin_of(value) is not None:
                    return value
        if frame.f_back is None:
            return None
        frame = frame.f_back
    return None


class Statements:
    """The tables and files that the statements of a text read and write."""

    def __init__(self) -> None:
        self.reads: dict[str, None] = {}
        self.writes: dict[str, None] = {}
        self.files: dict[str, None] = {}
        self.copies: dict[str, None] = {}


def statements_in(text: str, dialect: str | None) -> Statements:
    """Return what statements read and write; nothing of what can't be parsed.

    Examples
    --------
    >>> found = statements_in("WITH a AS (SELECT * FROM b) SELECT * FROM a JOIN c USING (x)", None)
    >>> sorted(found.reads)
    ['b', 'c']
    """
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    found = Statements()
    try:
        parsed = [e for e in sqlglot.parse(text, read=dialect) if e is not None]
    except (SqlglotError, ValueError, RecursionError):
        return found
    for statement in parsed:
        target: Any = None
        if isinstance(statement, exp.Insert | exp.Create | exp.Update | exp.Delete | exp.Merge):
            target = statement.find(exp.Table)
            is_written = not isinstance(statement, exp.Create) or statement.expression is not None
            if target is not None and is_written:
                found.writes[_name(target)] = None
        if isinstance(statement, exp.Copy):
            for file in statement.args.get("files") or ():
                literal = file if isinstance(file, exp.Literal) else file.find(exp.Literal)
                name = literal.this if literal is not None else file.name
                found.copies[str(name)] = None
        common = {cte.alias_or_name for cte in statement.find_all(exp.CTE)}
        for table in statement.find_all(exp.Table):
            if table is target:
                continue
            inner = table.this
            if isinstance(inner, exp.Func | exp.Literal):
                continue
            name = _name(table)
            if not name or name in common or name in found.copies:
                continue
            if "/" in name or name.rpartition(".")[2].lower() in _SUFFIXES:
                found.files[table.name if not table.db else f"{table.db}.{table.name}"] = None
            else:
                found.reads[name] = None
        for place in _places(statement):
            found.files[place] = None
    return found


_SUFFIXES = frozenset({"csv", "tsv", "parquet", "json", "jsonl", "ndjson", "gz"})


def _places(statement: Any) -> Iterator[str]:
    """The files that functions such as read_csv are given."""
    from sqlglot import exp

    for function in statement.find_all(exp.Func):
        name = str(function.args.get("this") if isinstance(function, exp.Anonymous) else "")
        if isinstance(function, exp.ReadCSV) or (name or function.sql_name()).upper() in (
            _FILE_FUNCTIONS
        ):
            for literal in function.find_all(exp.Literal):
                if literal.is_string and ("." in literal.this or "/" in literal.this):
                    yield str(literal.this)


def _name(table: Any) -> str:
    parts = [part for part in (table.catalog, table.db, table.name) if part]
    return ".".join(parts)


def _table(database: str, name: str) -> ArtifactDraft:
    uri = f"{database}#{name}"
    return ArtifactDraft("Table", uri, None, None, None, f"table/{uri}")


def _database_of(connection: Any) -> str:
    url = connection.engine.url
    text = redact_url(url.render_as_string(hide_password=True))
    if url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:"):
        return f"sqlite:///{os.path.abspath(url.database)}"
    return text


def _after_statement(connection: Any, statement: str) -> None:
    dialect = connection.dialect.name
    names = {"postgresql": "postgres", "mssql": "tsql", "mariadb": "mysql"}
    found = statements_in(statement, names.get(dialect, dialect))
    database = _database_of(connection)
    collected = _collected.get()
    for name in found.reads:
        if name.startswith(("sqlite_", "pg_catalog", "information_schema")):
            continue
        draft = _table(database, name)
        session.note_read(draft, name)
        if collected is not None:
            collected.append(draft)
    if collected is None:
        for name in found.writes:
            sources, _ = sources_of(())
            holder = _Rows()
            join_origin(holder, Origin(sources))
            write_artifact([holder], _table(database, name), "execute")


class _Rows:
    """Stands for rows that a statement was given."""


def _before_sql(call: Call) -> Any:
    return _collected.set([])


def _after_sql(call: Call, token: Any, result: Any) -> None:
    drafts = tuple(dict.fromkeys(_collected.get() or ()))
    _collected.reset(token)
    for part in [result] if hasattr(result, "_mgr") else []:
        join_origin(part, Origin(drafts))


def _after_to_sql(call: Call, token: Any, result: Any) -> None:
    _collected.reset(token)
    connection = call.argument(2, "con")
    name, schema = call.argument(1, "name"), call.argument(3, "schema")
    if not hasattr(connection, "engine") or not isinstance(name, str):
        return
    full = f"{schema}.{name}" if schema else name
    write_artifact([call.args[0]], _table(_database_of(connection), full), "to_sql")
