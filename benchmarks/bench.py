"""What the figures share: a folder, Neo4j, graphs that are expensive to build."""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

import lineage
from benchmarks.loading import load
from benchmarks.shapes import Shape, layered

if TYPE_CHECKING:
    import neo4j

    from tools.neo4j import LocalNeo4j


class Bench:
    """Resources of one run of the benchmarks; closed at its end. `quick`: small, to see it run."""

    def __init__(self, *, quick: bool = False) -> None:
        self.quick = quick
        self._stack = ExitStack()
        self.folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def size(self, whole: int, quick: int) -> int:
        return quick if self.quick else whole

    def say(self, text: str) -> None:
        """Progress, on standard error."""
        print(f"  {text}", file=sys.stderr, flush=True)

    def sqlite_url(self, name: str) -> str:
        return f"sqlite:///{self.folder}/{name}.db"

    @cached_property
    def million_shape(self) -> Shape:
        """1,000,000 events of 250,000 executions, all of it downstream of one artifact."""
        return layered(50, self.size(5_000, 20))

    @cached_property
    def million_url(self) -> str:
        """That graph on SQLite, loaded once."""
        url = self.sqlite_url("million")
        self.say(f"loading {self.million_shape.events:,} events into SQLite")
        with lineage.connect(url) as store:
            load(store, self.million_shape)
        return url

    @cached_property
    def neo4j(self) -> LocalNeo4j:
        """A server of our own; Community has one database, so nobody's is emptied."""
        from tools.neo4j import LocalNeo4j

        self.say("starting Neo4j")
        # The write of a million events and its closure must fit.
        server = LocalNeo4j(heap="3g", cache="1g")
        self._stack.callback(server.stop)
        return server

    @cached_property
    def driver(self) -> neo4j.Driver:
        """The bare driver, for what is written by hand."""
        import neo4j

        parts = urlsplit(self.neo4j.url)
        driver = neo4j.GraphDatabase.driver(
            f"bolt://{parts.hostname}:{parts.port}",
            auth=(parts.username or "", parts.password or ""),
        )
        self._stack.callback(driver.close)
        return driver

    def empty_neo4j(self) -> None:
        """Take every node out; constraints stay, and are there for both sides."""
        with self.driver.session() as session:
            session.run(
                "MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 20000 ROWS"
            ).consume()

    def new_neo4j_store(self) -> lineage.Store:
        self.empty_neo4j()
        return lineage.connect(self.neo4j.url)
