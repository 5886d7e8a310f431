"""Read-only openCypher over any graph: for the backends that have no Cypher of their own.

from lineage.opencypher import run
result = run(graph, "MATCH (n) RETURN n.name LIMIT $few", {"few": 3})
result.columns, list(result.rows)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lineage.opencypher.api import RowStream, run
    from lineage.opencypher.errors import CypherError, QueryStopped
    from lineage.opencypher.values.budget import Limits
    from lineage.opencypher.values.graph import Graph
    from lineage.opencypher.values.property_graph import PropertyGraph

# Imported when first used: a store that runs Cypher itself needs no evaluator.
_HOMES = {
    "CypherError": "errors",
    "Graph": "values.graph",
    "Limits": "values.budget",
    "PropertyGraph": "values.property_graph",
    "QueryStopped": "errors",
    "RowStream": "api",
    "run": "api",
}

__all__ = ["CypherError", "Graph", "Limits", "PropertyGraph", "QueryStopped", "RowStream", "run"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'lineage.opencypher' has no attribute {name!r}")
    return getattr(import_module(f"lineage.opencypher.{_HOMES[name]}"), name)
