"""The server that the tests start themselves."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

import lineage
from tools.neo4j import LocalNeo4j, server


@pytest.fixture
def own_neo4j(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalNeo4j]:
    """One whose first port was taken between its being found free and the server's start."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        found, free = iter([taken]), server._free_port
        monkeypatch.setattr(server, "_free_port", lambda: next(found, None) or free())
        with LocalNeo4j(heap="512m", cache="128m") as started:
            assert started.port != taken
            yield started


def test_it_takes_another_port_where_somebody_took_the_first(own_neo4j: LocalNeo4j) -> None:
    lineage.connect(own_neo4j.url).close()
