"""Ad-hoc queries in Cypher, read-only, on every backend; and those that are kept by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lineage.backends.escaping import property_key, type_label
from lineage.backends.to_properties import native_properties
from lineage.errors import InvalidQuery, InvalidValue, NotFound, QueryStopped
from lineage.model import Kind
from lineage.ports.backend import Backend
from lineage.ports.filters import Filter
from lineage.ports.query import QueryMode, QueryRows
from lineage.questions.query_plan import QueryPlan
from lineage.questions.query_result import QueryResult
from lineage.rules.values import format_value, is_text, validate_int64, validate_text
from lineage.store.subject import Subject

QUERIES = "query/"
MAX_QUERY_BYTES = 1_000_000
_MAX_NAME_BYTES = 200
_MAX_DEPTH = 100
_LOOKED_AT = 500
_LABELS = (
    "Artifact", "BaseType", "Context", "Execution", "LineagePolicy", "Mark", "MarkLabel", "Type",
)  # fmt: skip
_RELATIONSHIPS = (
    "CHILD_OF", "CLEARED", "EXTENDS", "INPUT", "IN_CONTEXT", "MARKED", "ON", "OUTPUT",
    "PENDING_OUTPUT", "UNKNOWN_EVENT",
)  # fmt: skip
_OWN = (
    "id", "type", "type_id", "type_version", "name", "uri", "external_id", "state", "created",
    "updated", "path", "time", "recorded", "artifact_id", "execution_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of a store's graph, each kind in order."""

    labels: tuple[str, ...]
    relationships: tuple[str, ...]
    properties: tuple[str, ...]


class Querying(Subject):
    """Cypher, and names for it."""

    backend: Backend

    def query(
        self,
        cypher: str,
        parameters: Mapping[str, Any] | None = None,
        /,
        *,
        limit: int | None = None,
        timeout: float | None = None,
        **named: Any,
    ) -> QueryResult:
        """Ask in Cypher; only what reads the graph is run.

        Neo4j runs it itself; the other backends have an evaluator of openCypher, which refuses by
        name what it does not know. The graph is that of the design: `(:Artifact)-[:INPUT]->
        (:Execution)-[:OUTPUT]->(:Artifact)`, `IN_CONTEXT`, `CHILD_OF`; a type's name is a second
        label, and properties are the nodes' own.

        Parameters
        ----------
        cypher: the text, with `$name` for each parameter, never with values put into it.
        parameters, named: their values: None, booleans, numbers, strings, bytes, lists, maps.
        limit: the most rows to answer; `complete` tells whether there were more.
        timeout: seconds after which the query is stopped.

        A text that begins with EXPLAIN is not run: the result has no rows, and a `plan`. With
        PROFILE it is run, and the plan says what each operator did. `explain` gives the plan alone.

        Raises
        ------
        InvalidQuery: the query is wrong, or asks for what is not done here.
        QueryRefused: it does more than read; nothing of it was run.
        QueryStopped: the deadline or the bounds on memory stopped it.

        Examples
        --------
        >>> store = lineage.connect("memory://")
        >>> store.query("UNWIND $xs AS x RETURN x * 2 AS twice", xs=[1, 2]).rows
        [(2,), (4,)]
        """
        return self._asked(cypher, parameters, named, limit, timeout, QueryMode.ROWS)

    def explain(
        self,
        cypher: str,
        parameters: Mapping[str, Any] | None = None,
        /,
        *,
        profile: bool = False,
        limit: int | None = None,
        timeout: float | None = None,
        **named: Any,
    ) -> QueryPlan:
        """How a query is answered: where it starts, what it walks, what it filters.

        It is planned only, and needs no values for its parameters; with `profile` it is run as
        `query` does, and each operator says how many rows it made, how often it turned to the
        store, and how long that took where the backend tells. What `query` refuses is refused; a
        QueryStopped has a `plan` with what was done by then, but for Neo4j, which does not tell.

        Parameters are those of `query`; EXPLAIN or PROFILE may stand before the text.

        Examples
        --------
        >>> store = lineage.connect("memory://")
        >>> plan = store.explain("MATCH (m:Model {name: $name}) RETURN m.uri AS uri")
        >>> [operator.name for operator in plan]
        ['ProduceResults', 'Projection', 'Filter', 'Filter', 'NodeIndexSeek']
        """
        asking = QueryMode.PROFILE if profile else QueryMode.EXPLAIN
        plan = self._asked(cypher, parameters, named, limit, timeout, asking).plan
        assert plan is not None
        return plan

    def _asked(
        self,
        cypher: str,
        parameters: Mapping[str, Any] | None,
        named: Mapping[str, Any],
        limit: int | None,
        timeout: float | None,
        asking: QueryMode,
    ) -> QueryResult:
        # Of use only to those who ask, and heavy.
        from lineage.queries.modes import split_mode

        if not isinstance(cypher, str) or not is_text(cypher):
            raise InvalidValue(f"the query is no text: {format_value(cypher)}")
        if limit is not None and validate_int64(limit, "limit") < 0:
            raise InvalidValue(f"limit is {limit}; it can't be negative")
        if timeout is not None and not 0 < timeout < 10**9:
            raise InvalidValue(f"timeout is {timeout}; it is a number of seconds above 0")
        given = {
            name: _parameter(value, f"${name}")
            for name, value in {**(parameters or {}), **named}.items()
        }
        typed, text = split_mode(cypher)
        if QueryMode.ROWS not in (asking, typed) and asking is not typed:
            raise InvalidQuery(
                f"the query begins with {typed.upper()}, and {asking.upper()} is asked for; "
                "decide for one"
            )
        asking = typed if asking is QueryMode.ROWS else asking
        try:
            answer = self._answer(text, given, limit, timeout, asking)
        except QueryStopped as stopped:
            if stopped.plan is not None:
                stopped.plan = QueryPlan(stopped.plan, stopped.plan.rows, False)
            raise
        plan = None
        if answer.plan is not None:
            rows = len(answer.rows) if asking is QueryMode.PROFILE else None
            plan = QueryPlan(answer.plan, rows, answer.complete)
        return QueryResult(answer.columns, answer.rows, answer.complete, plan)

    def _answer(
        self,
        cypher: str,
        given: Mapping[str, Any],
        limit: int | None,
        timeout: float | None,
        asking: QueryMode,
    ) -> QueryRows:
        if self.backend.capabilities.cypher:
            from lineage.queries.server_query import answer_on_server

            return answer_on_server(
                self.backend, cypher, given, limit=limit, timeout=timeout, mode=asking
            )
        from lineage.queries.answer import answer_query

        with self.backend.read() as reader:
            return answer_query(reader, cypher, given, limit=limit, timeout=timeout, asking=asking)

    def vocabulary(self) -> Vocabulary:
        """The labels, relationship types and property names that a query may use.

        Custom properties are those of the newest nodes of each kind; all others are all there are.
        """
        labels, names = set(_LABELS), set(_OWN)
        with self.backend.read() as reader:
            for type in reader.types():
                labels.add(type_label(type.name))
                names.update(map(property_key, type.properties))
            for kind in Kind:
                for node in reader.find(kind, Filter(newest_first=True, limit=_LOOKED_AT)):
                    names.update(native_properties({}, node.custom_properties, node.properties))
        names -= {"_custom", "_struct"}
        return Vocabulary(tuple(sorted(labels)), _RELATIONSHIPS, tuple(sorted(names)))

    def save_query(self, name: str, cypher: str) -> None:
        """Keep a query in the store under a name; one that has it is replaced."""
        validate_text(name, "the name of the query", _MAX_NAME_BYTES)
        text = validate_text(cypher, f"the query {name!r}", MAX_QUERY_BYTES)
        self._write(lambda tx, types: tx.set_note(QUERIES + name, text))

    def drop_query(self, name: str) -> None:
        """Forget a kept query. Raises NotFound."""
        self.saved_query(name)
        self._write(lambda tx, types: tx.set_note(QUERIES + name, None))

    def saved_query(self, name: str) -> str:
        """The text of a kept query. Raises NotFound."""
        with self.backend.read() as reader:
            text = reader.note(QUERIES + name) if is_text(name) else None
        if text is None:
            there = ", ".join(self.saved_queries()) or "none"
            raise NotFound(f"no query is kept under the name {name!r} (there are: {there})")
        return text

    def saved_queries(self) -> dict[str, str]:
        """All kept queries: text by name, in the order of the names."""
        with self.backend.read() as reader:
            return {key.removeprefix(QUERIES): text for key, text in reader.notes(QUERIES)}


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
