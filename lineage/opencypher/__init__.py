"""Read-only openCypher over any graph: for the backends that have no Cypher of their own.

from lineage.opencypher import run
result = run(graph, "MATCH (n) RETURN n.name LIMIT $few", {"few": 3})
result.columns, list(result.rows)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lineage.opencypher.errors import CypherError, QueryStopped
    from lineage.opencypher.graph import Graph, PropertyGraph
    from lineage.opencypher.limits import Limits
    from lineage.opencypher.running import Result, run

# Imported when first used: a store that runs Cypher itself needs no evaluator.
_HOMES = {
    "CypherError": "errors",
    "Graph": "graph",
    "Limits": "limits",
    "PropertyGraph": "graph",
    "QueryStopped": "errors",
    "Result": "running",
    "run": "running",
}

__all__ = ["CypherError", "Graph", "Limits", "PropertyGraph", "QueryStopped", "Result", "run"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'lineage.opencypher' has no attribute {name!r}")
    return getattr(import_module(f"lineage.opencypher.{_HOMES[name]}"), name)
