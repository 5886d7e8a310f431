"""A query that the backend's own server runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lineage.errors import InvalidQuery
from lineage.model import Type
from lineage.ports.backend import Backend
from lineage.ports.query import QueryMode, QueryRows
from lineage.queries.kind_labels import add_kind_labels
from lineage.queries.server_cost import check_cost
from lineage.queries.visible_nodes import hide_internal_nodes


def answer_on_server(
    backend: Backend,
    cypher: str,
    parameters: Mapping[str, Any],
    *,
    limit: int | None = None,
    timeout: float | None = None,
    mode: QueryMode = QueryMode.ROWS,
) -> QueryRows:
    """Answer a query by a server that runs Cypher itself, as `Backend.query` does.

    The store's own nodes are left out, and types' labels seek.

    Raises
    ------
    InvalidQuery: the query is wrong, with the place in the text as it was given.
    QueryRefused: it does more than read, or an expression of it may compute for ever.
    QueryStopped: it took too long, or too much memory.
    """
    check_cost(cypher, parameters)
    text = add_kind_labels(hide_internal_nodes(cypher), lambda: _read_types(backend))
    try:
        return backend.query(text, parameters, limit=limit, timeout=timeout, asking=mode)
    except InvalidQuery:
        if text != cypher:
            # Of the text as it was given, the server tells the right place.
            backend.query(cypher, parameters, timeout=timeout, asking=QueryMode.EXPLAIN)
        raise


def _read_types(backend: Backend) -> list[Type]:
    with backend.read() as reader:
        return reader.types()
