"""Transactions over a Neo4j database."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, TypeVar

from lineage.backends.conflicts import build_taken_error
from lineage.backends.statement_log import LoggedTransaction, is_logged
from lineage.errors import StoreUnavailable
from lineage.model import Kind
from lineage.ports.backend import Backend
from lineage.ports.batch import NodeWrite
from lineage.ports.capabilities import Capabilities
from lineage.ports.deadline import check_time, get_remaining_seconds
from lineage.ports.filters import Filter
from lineage.ports.query import QueryMode, QueryRows
from lineage.ports.reader import Reader
from lineage.ports.writer import Writer

try:
    import neo4j
    from neo4j import exceptions
except ModuleNotFoundError as error:
    raise StoreUnavailable(
        "the Neo4j driver is not installed: pip install 'lineage-engine[neo4j]'"
    ) from error

from lineage.backends.neo4j.connection import Address, translate_errors
from lineage.backends.neo4j.id_allocator import IdAllocator
from lineage.backends.neo4j.query_run import run_query
from lineage.backends.neo4j.reader import Neo4jReader
from lineage.backends.neo4j.schema import SCHEMA, prepare
from lineage.backends.neo4j.writer import Neo4jWriter

T = TypeVar("T")

# A constraint refuses a write whose key another transaction took in the same moment; the second
# try finds that node.
_RACES = 30
# How long after a deadlock, in seconds, writes lock the nodes that they share in one order. It
# costs a round trip, so it isn't done while nobody else writes to the same nodes.
_CONTENDED = 60.0
# Whoever is chosen to give way in a deadlock lets another one pass, so it is tried again even where
# that took longer than the driver tries.
_DEADLOCK = "Neo.TransientError.Transaction.DeadlockDetected"
# A write waited for a node that another transaction purged; the second try doesn't find it.
_PURGED_MEANWHILE = "Neo.ClientError.Statement.EntityNotFound"


class Neo4jBackend(Backend):
    """A lineage store in a Neo4j database, through the official driver.

    Transactions are the driver's managed ones: transient errors (deadlocks, a new leader, a lost
    connection) are retried. Sessions share bookmarks, so that a read sees the writes before it,
    on a cluster too.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(
        templates=True, durable=True, shared=True, cypher=True
    )

    def __init__(self, address: Address, *, create: bool) -> None:
        self._address = address
        self._driver = address.driver()
        self._bookmarks = neo4j.GraphDatabase.bookmark_manager()
        self._ids = IdAllocator(self._driver, address.database)
        self._contended_until = -math.inf
        try:
            with translate_errors(address), self._session() as session:
                prepare(session, address.shown, create=create)
        except BaseException:
            self._driver.close()
            raise

    @property
    def url(self) -> str:
        return self._address.shown

    def describe(self) -> dict[str, str]:
        with translate_errors(self._address):
            server = self._driver.get_server_info()
        return {
            "backend": "neo4j",
            "version": server.agent.removeprefix("Neo4j/"),
            "location": self.url,
            "schema": str(SCHEMA),
            "driver": neo4j.__version__,
        }

    @contextmanager
    def read(self) -> Iterator[Reader]:
        with (
            translate_errors(self._address),
            self._session(neo4j.READ_ACCESS) as session,
            session.begin_transaction(timeout=get_remaining_seconds()) as transaction,
        ):
            try:
                yield Neo4jReader(_log(transaction))
            except exceptions.Neo4jError:
                check_time()
                raise

    def write(self, work: Callable[[Writer], T]) -> T:
        attempted: list[NodeWrite] = []
        tries = 0

        def run(transaction: neo4j.ManagedTransaction) -> T:
            nonlocal tries
            now = time.monotonic()
            if tries:
                self._contended_until = now + _CONTENDED
            tries += 1
            attempted.clear()
            writer = Neo4jWriter(
                _log(transaction),
                self._ids.take,
                self._ids.reserve,
                attempted,
                contended=now < self._contended_until,
            )
            try:
                return work(writer)
            except exceptions.ResultFailedError as error:
                # Where the server said no before the answer was looked at, this hides why, and
                # with it whether to try again.
                if isinstance(error.__cause__, exceptions.Neo4jError):
                    raise error.__cause__ from None
                raise

        with translate_errors(self._address):
            refused: exceptions.Neo4jError
            for _ in range(_RACES):
                try:
                    with self._session() as session:
                        return session.execute_write(run)
                except exceptions.ConstraintError as error:
                    refused = error
                    self._explain(attempted, error)
                except exceptions.ClientError as error:
                    if error.code != _PURGED_MEANWHILE:
                        raise
                    refused = error
                except exceptions.TransientError as error:
                    if error.code != _DEADLOCK:
                        raise
                    refused = error
            raise refused

    def query(
        self,
        cypher: str,
        parameters: Mapping[str, Any],
        *,
        limit: int | None = None,
        timeout: float | None = None,
        asking: QueryMode = QueryMode.ROWS,
    ) -> QueryRows:
        with translate_errors(self._address):
            return run_query(
                lambda: self._session(neo4j.READ_ACCESS),
                cypher,
                parameters,
                limit=limit,
                timeout=timeout,
                asking=asking,
            )

    def close(self) -> None:
        self._driver.close()

    def _session(self, access: str = neo4j.WRITE_ACCESS) -> neo4j.Session:
        return self._driver.session(
            database=self._address.database,
            bookmark_manager=self._bookmarks,
            default_access_mode=access,
        )

    def _explain(self, attempted: list[NodeWrite], error: Exception) -> None:
        """Raise AlreadyExists where a write can't succeed; return where it lost a race."""
        seen: dict[tuple[object, ...], NodeWrite] = {}
        with self.read() as reader:
            for write in attempted:
                for field in ("name", "external_id"):
                    value = getattr(write, field)
                    # What came of a reading is read again.
                    if write.contested or value is None:
                        continue
                    if write.type is None or write.type.id is None:
                        continue
                    scope = [write.type.id] if field == "name" else None
                    version = None if write.kind is Kind.CONTEXT else write.version or 1
                    key = (write.kind, field, *((*scope, version) if scope else ()), value)
                    if write.mode == "create" and key in seen:
                        raise build_taken_error(write.kind, field, value, None) from error
                    seen[key] = write
                    if write.mode == "merge" and write.key == field:
                        continue
                    found = reader.find(
                        write.kind,
                        Filter(name=value, type_ids=scope, version=version)
                        if field == "name"
                        else Filter(external_id=value),
                    )
                    if found and found[0].id != write.id:
                        raise build_taken_error(write.kind, field, value, found[0].id) from error


def _log(transaction: Any) -> Any:
    """The transaction, which logs its statements where somebody wants to see them."""
    return LoggedTransaction(transaction) if is_logged("neo4j") else transaction


def open_backend(url: str, *, create: bool = True) -> Neo4jBackend:
    """`neo4j://user:password@host:port/database`; `neo4j+s`, `bolt` … as the driver has them.

    Raises StoreUnavailable where the server can't be reached or refuses the password.
    """
    return Neo4jBackend(Address.parsed(url), create=create)
