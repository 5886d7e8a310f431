"""The graph database: runs the templates in `cypher/`."""

from lineage.backends.neo4j.backend import open_backend

__all__ = ["open_backend"]
