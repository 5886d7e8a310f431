"""Read-only openCypher over any graph: for the backends that have no Cypher of their own.

from lineage.opencypher import run
result = run(graph, "MATCH (n) RETURN n.name LIMIT $few", {"few": 3})
result.columns, list(result.rows)
"""

from __future__ import annotations

from lineage.opencypher.errors import CypherError, QueryStopped
from lineage.opencypher.graph import Graph, PropertyGraph
from lineage.opencypher.limits import Limits
from lineage.opencypher.running import Result, run

__all__ = ["CypherError", "Graph", "Limits", "PropertyGraph", "QueryStopped", "Result", "run"]
