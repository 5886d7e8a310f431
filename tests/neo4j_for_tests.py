"""Where the tests' Neo4j comes from: a given one, Docker, or a local server from Maven."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import neo4j

from tools.neo4j import LocalNeo4j


@dataclass(frozen=True)
class Neo4jForTests:
    """A server that the tests may empty."""

    url: str
    version: str
    origin: str

    @classmethod
    @contextmanager
    def found(cls) -> Iterator[Neo4jForTests]:
        """The first that can be had; raises CannotStart, which says what to install."""
        given = os.environ.get("LINEAGE_TEST_NEO4J_URL")
        if given:
            yield cls(given, _version(given), "LINEAGE_TEST_NEO4J_URL")
        elif _docker_answers():
            from testcontainers.neo4j import Neo4jContainer

            with Neo4jContainer("neo4j:5.26-community", password="lineage-tests") as container:
                address = container.get_connection_url().partition("://")[2]
                url = f"bolt://neo4j:lineage-tests@{address}"
                yield cls(url, _version(url), "testcontainers")
        else:
            with LocalNeo4j() as server:
                yield cls(server.url, _version(server.url), "local, from Maven")


def driver(url: str) -> neo4j.Driver:
    """A bare driver, to look behind Lineage's back."""
    parts = urlsplit(url)
    return neo4j.GraphDatabase.driver(
        f"{parts.scheme}://{parts.hostname}:{parts.port}",
        auth=(parts.username or "", parts.password or ""),
    )


def emptied(url: str) -> None:
    """Take everything out: Community has only the one database."""
    with driver(url) as bare, bare.session() as session:
        session.run(
            "MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS"
        ).consume()


def replanned(url: str) -> None:
    """Forget the plans that were made, and make new ones for what the database holds now.

    The server plans by samples of its indexes, which it takes in its own time: those that it has
    may be of a test before.
    """
    with driver(url) as bare:
        bare.execute_query("CALL db.prepareForReplanning()")


def _version(url: str) -> str:
    with driver(url) as bare:
        return bare.get_server_info().agent.removeprefix("Neo4j/")


def _docker_answers() -> bool:
    if shutil.which("docker") is None:
        return False
    try:
        told = subprocess.run(["docker", "info"], capture_output=True, timeout=10, check=False)
    except subprocess.TimeoutExpired:
        return False
    return told.returncode == 0
