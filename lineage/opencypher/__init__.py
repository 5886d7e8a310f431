"""Read-only openCypher over any graph: for the backends that have no Cypher of their own."""

from __future__ import annotations
