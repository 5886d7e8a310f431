"""A local Neo4j Community server from Maven artifacts, for tests and for people."""

from tools.neo4j.server import CannotStart, LocalNeo4j

__all__ = ["CannotStart", "LocalNeo4j"]
