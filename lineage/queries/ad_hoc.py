"""Run ad-hoc queries in Cypher: read-only, on every backend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lineage.backends.escaping import property_key, type_label
from lineage.backends.to_properties import native_properties
from lineage.errors import InvalidQuery, InvalidValue, QueryStopped
from lineage.model import Kind
from lineage.model.fields import ALL_OWN_FIELDS
from lineage.ports.backend import Backend
from lineage.ports.filters import Filter
from lineage.ports.query import QueryMode, QueryRows
from lineage.ports.reader import Reader
from lineage.queries.modes import split_mode
from lineage.questions.query_plan import QueryPlan
from lineage.questions.query_result import QueryResult
from lineage.rules.values import format_value, is_text, validate_int64

_MAX_DEPTH = 100
_LOOKED_AT = 500
_LABELS = (
    "Artifact", "BaseType", "Context", "Execution", "LineagePolicy", "Mark", "MarkLabel", "Type",
)  # fmt: skip
_RELATIONSHIPS = (
    "CHILD_OF", "CLEARED", "EXTENDS", "INPUT", "IN_CONTEXT", "MARKED", "ON", "OUTPUT",
    "PENDING_OUTPUT", "UNKNOWN_EVENT",
)  # fmt: skip
# Those of nodes and those of events.
_OWN = (*ALL_OWN_FIELDS, "path", "time", "recorded", "artifact_id", "execution_id")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of a store's graph, each kind in order."""

    labels: tuple[str, ...]
    relationships: tuple[str, ...]
    properties: tuple[str, ...]


def run_query(
    backend: Backend,
    cypher: str,
    parameters: Mapping[str, Any],
    *,
    limit: int | None = None,
    timeout: float | None = None,
    mode: QueryMode = QueryMode.ROWS,
) -> QueryResult:
    """Run a query that only reads, or explain it; see `Store.query`.

    Raises
    ------
    InvalidQuery, InvalidValue
        The query, or one of its parameters, is wrong.
    QueryRefused
        It does more than read; nothing of it was run.
    QueryStopped
        The deadline or the bounds on memory stopped it.
    """
    if not isinstance(cypher, str) or not is_text(cypher):
        raise InvalidValue(f"the query is no text: {format_value(cypher)}")
    if limit is not None and validate_int64(limit, "limit") < 0:
        raise InvalidValue(f"limit is {limit}; it can't be negative")
    if timeout is not None and not 0 < timeout < 10**9:
        raise InvalidValue(f"timeout is {timeout}; it is a number of seconds above 0")
    given = {name: _parameter(value, f"${name}") for name, value in parameters.items()}
    typed, text = split_mode(cypher)
    if QueryMode.ROWS not in (mode, typed) and mode is not typed:
        raise InvalidQuery(
            f"the query begins with {typed.upper()}, and {mode.upper()} is asked for; "
            "decide for one"
        )
    mode = typed if mode is QueryMode.ROWS else mode
    try:
        answer = _answer(backend, text, given, limit, timeout, mode)
    except QueryStopped as stopped:
        if stopped.plan is not None:
            stopped.plan = QueryPlan(stopped.plan, stopped.plan.rows, False)
        raise
    plan = None
    if answer.plan is not None:
        rows = len(answer.rows) if mode is QueryMode.PROFILE else None
        plan = QueryPlan(answer.plan, rows, answer.complete)
    return QueryResult(answer.columns, answer.rows, answer.complete, plan)


def explain_query(
    backend: Backend,
    cypher: str,
    parameters: Mapping[str, Any],
    *,
    profile: bool = False,
    limit: int | None = None,
    timeout: float | None = None,
) -> QueryPlan:
    """Return the plan of a query; with `profile`, of a run of it. Raises as `run_query` does."""
    mode = QueryMode.PROFILE if profile else QueryMode.EXPLAIN
    plan = run_query(backend, cypher, parameters, limit=limit, timeout=timeout, mode=mode).plan
    assert plan is not None
    return plan


def list_vocabulary(reader: Reader) -> Vocabulary:
    """Return the labels, relationship types and property names that a query may use.

    Custom properties are those of the newest nodes of each kind; all others are all there are.
    """
    labels, names = set(_LABELS), set(_OWN)
    for type in reader.types():
        labels.add(type_label(type.name))
        names.update(map(property_key, type.properties))
    for kind in Kind:
        for node in reader.find(kind, Filter(newest_first=True, limit=_LOOKED_AT)):
            names.update(native_properties({}, node.custom_properties, node.properties))
    names -= {"_custom", "_struct"}
    return Vocabulary(tuple(sorted(labels)), _RELATIONSHIPS, tuple(sorted(names)))


def _answer(
    backend: Backend,
    cypher: str,
    given: Mapping[str, Any],
    limit: int | None,
    timeout: float | None,
    mode: QueryMode,
) -> QueryRows:
    if backend.capabilities.cypher:
        from lineage.queries.server_query import answer_on_server

        return answer_on_server(backend, cypher, given, limit=limit, timeout=timeout, mode=mode)
    from lineage.queries.answer import answer_query

    with backend.read() as reader:
        return answer_query(reader, cypher, given, limit=limit, timeout=timeout, asking=mode)


def _parameter(value: Any, name: str, depth: int = 0) -> Any:
    """A value that every backend takes as a parameter."""
    if depth > _MAX_DEPTH:
        raise InvalidValue(f"{name} is nested more than {_MAX_DEPTH} deep")
    if value is None or isinstance(value, bool | float | bytes):
        return value
    if isinstance(value, int):
        return int(validate_int64(value, name))
    if isinstance(value, str):
        if not is_text(value):
            raise InvalidValue(f"{name} is no text: {format_value(value)}")
        return str.__str__(value)
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise InvalidValue(f"{name} has a key that is no string: {format_value(key)}")
        return {
            str.__str__(key): _parameter(item, f"{name}.{key}", depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_parameter(item, f"{name}[{i}]", depth + 1) for i, item in enumerate(value)]
    raise InvalidValue(
        f"{name} is {format_value(value)}, a {type(value).__name__}; a parameter can be None, "
        "a boolean, a number, a string, bytes, a list or a map; give a time as text, and use "
        "datetime($t)"
    )
