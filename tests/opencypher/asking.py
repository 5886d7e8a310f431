"""The same query by the evaluator, on the backends without Cypher, and natively on Neo4j."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import neo4j

from lineage import Store
from lineage.opencypher import Limits, run
from lineage.opencypher.syntax import ast
from lineage.opencypher.syntax.parser import parse
from lineage.queries.store_graph import StoreGraph
from tools.tck.canonical import Form, form_of, without_list_order
from tools.tck.neo4j_target import driver_form

Rows = list[tuple[Form, ...]]
_WITHOUT_ORDER = ("collect(", "COLLECT {", "[(", "[p = (", "labels(")


class Asker(ABC):
    """Answers queries over one store."""

    @abstractmethod
    def table(self, query: str, parameters: Mapping[str, Any]) -> tuple[list[str], list[list[Any]]]:
        """Columns and rows, as values of this asker's own."""

    @abstractmethod
    def form(self, value: Any) -> Form:
        """The form of such a value, the same for all askers."""

    def forms(self, query: str, parameters: Mapping[str, Any] | None = None) -> Rows:
        """The forms of all rows."""
        return [tuple(map(self.form, row)) for row in self.table(query, parameters or {})[1]]


class Evaluated(Asker):
    """By the evaluator, over a store's reader."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def table(self, query: str, parameters: Mapping[str, Any]) -> tuple[list[str], list[list[Any]]]:
        with self._store.backend.read() as reader:
            answer = run(StoreGraph(reader), query, parameters, limits=Limits(seconds=300))
            # While the reader is open: nodes are loaded when their properties are asked for.
            rows = [list(row) for row in answer.rows]
            for row in rows:
                for value in row:
                    form_of(value)
        return list(answer.columns), rows

    def form(self, value: Any) -> Form:
        return form_of(value)


class Native(Asker):
    """By Neo4j, behind Lineage's back."""

    def __init__(self, bare: neo4j.Driver) -> None:
        self._driver = bare

    def table(self, query: str, parameters: Mapping[str, Any]) -> tuple[list[str], list[list[Any]]]:
        with self._driver.session(default_access_mode=neo4j.READ_ACCESS) as session:
            asked = neo4j.Query(query, timeout=300)  # type: ignore[arg-type]
            answer = session.run(asked, dict(parameters))
            return list(answer.keys()), [record.values() for record in answer]

    def form(self, value: Any) -> Form:
        return driver_form(value)


def same(one: Rows, other: Rows, query: str) -> bool:
    """Whether two answers to a query are the same, as far as the query says.

    Rows have an order where the last RETURN has ORDER BY; what is collected has none, nor have
    labels. Sums of floats may differ in their last digits.
    """
    first, second = ([tuple(map(_rounded, row)) for row in rows] for rows in (one, other))
    if any(made in query for made in _WITHOUT_ORDER):
        first, second = _without_list_order(first), _without_list_order(second)
    if _ordered(query):
        return first == second
    return Counter(first) == Counter(second)


def _ordered(query: str) -> bool:
    found = parse(query)
    last = found.clauses[-1] if isinstance(found, ast.SingleQuery) else None
    return isinstance(last, ast.Return) and bool(last.projection.order_by)


def _without_list_order(rows: Sequence[tuple[Form, ...]]) -> Rows:
    return [tuple(map(without_list_order, row)) for row in rows]


def _rounded(form: Any) -> Form:
    if isinstance(form, frozenset):
        return frozenset(map(_rounded, form))
    if not isinstance(form, tuple):
        return form  # type: ignore[no-any-return]
    if len(form) == 2 and form[0] == "float":
        return "float", f"{float(form[1]):.10g}"
    return tuple(map(_rounded, form))
