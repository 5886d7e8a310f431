"""Ad-hoc queries: planned, checked, run in a transaction of their own, and really stopped.

A query runs in a thread of its own, so that the caller can always go: at the deadline, or with
Ctrl-C, the server is told to terminate the transaction. The server looks for that between rows, so
a single expression that computes for long (`reduce` over a range of billions) runs on there; the
caller doesn't wait for it.
"""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import neo4j
from neo4j import exceptions

from lineage.backends.neo4j.hydration import Hydration
from lineage.backends.neo4j.plan import explain_plan, profile_plan
from lineage.backends.neo4j.read_only_guard import check
from lineage.backends.neo4j.templates import template
from lineage.errors import InvalidQuery, QueryStopped
from lineage.ports.query import QueryMode, QueryRows

Session = Callable[[], neo4j.Session]
# The server looks for transactions over their time every two seconds only
# (db.transaction.monitor.check.interval), so at the deadline it is told at once. In seconds:
_GRACE = 0.05  # for an answer that is just coming, before it is told
_PATIENCE = 0.7  # for the order to arrive and be obeyed, after which the caller goes
_STOPPED = (
    "TransactionTimedOut",
    "TransactionTimedOutClientConfiguration",
    "Terminated",
    "LockClientStopped",
)
_MEMORY = ("MemoryPoolOutOfMemoryError", "TransactionOutOfMemoryError", "OutOfMemoryError")
_WRONG = (
    "Neo.ClientError.Statement.",
    "Neo.ClientError.Procedure.",
    # Of `USE`.
    "Neo.ClientError.Database.DatabaseNotFound",
)
# An expression that fails while it runs: `duration({days: 'a'})`, say.
_FAILED = "Neo.DatabaseError.Statement.ExecutionFailed"
_PLACE = re.compile(r" \(line (\d+), column (\d+) \(offset: \d+\)\)")
# Of a list as long as this, nobody learns what to write.
_EXPECTED = re.compile(r"(Invalid input .*?): expected (?:[^,(]+,){8,}.*?(?= \(line|$)")


def run_query(
    session: Session,
    cypher: str,
    parameters: Mapping[str, Any],
    *,
    limit: int | None,
    timeout: float | None,
    asking: QueryMode,
) -> QueryRows:
    """See `Backend.query`. `session` opens one for reading."""
    run = _Run(session, cypher, parameters, limit, timeout, asking)
    thread = threading.Thread(target=run, name="lineage-query", daemon=True)
    thread.start()
    try:
        over = run.done.wait(None if timeout is None else timeout + _GRACE)
    except BaseException:  # Ctrl-C
        run.stop().join(_PATIENCE)
        raise
    if not over:
        run.stop()
        run.done.wait(_PATIENCE)
    return run.answer()


class _Run:
    """One query in its thread."""

    def __init__(
        self,
        session: Session,
        cypher: str,
        parameters: Mapping[str, Any],
        limit: int | None,
        timeout: float | None,
        asking: QueryMode,
    ) -> None:
        self.done = threading.Event()
        self._session = session
        self._cypher = cypher
        self._parameters = dict(parameters)
        self._limit = limit
        self._timeout = timeout
        self._asking = asking
        self._mark = uuid.uuid4().hex
        self._deadline = None if timeout is None else time.monotonic() + timeout
        self._answer: QueryRows | None = None
        self._error: BaseException | None = None

    def __call__(self) -> None:
        try:
            with self._session() as session:
                planned = self._explained(session)
                if self._asking is QueryMode.EXPLAIN:
                    self._answer = planned
                    return
                if self._deadline is not None and time.monotonic() >= self._deadline:
                    # An order to stop may have come between the two, and found nothing.
                    raise self._at_deadline()
                with self._transaction(session) as transaction:
                    self._answer = self._rows(transaction)
        except BaseException as error:
            self._error = error
        finally:
            self.done.set()

    def stop(self) -> threading.Thread:
        """Have the server terminate it, by a thread that ends when the order has arrived."""

        def order() -> None:
            # Whatever becomes of it, nobody waits for it any more: the driver may be closed by now.
            with suppress(Exception), self._session() as session:
                session.run(template("manage/stop_queries"), mark=self._mark).consume()

        thread = threading.Thread(target=order, name="lineage-stop-query", daemon=True)
        thread.start()
        return thread

    def answer(self) -> QueryRows:
        """The answer, or what went wrong, as an error of ours."""
        if self._answer is not None:
            return self._answer
        if self._error is None:
            raise self._at_deadline(
                "; the server is still computing a single expression, which it doesn't interrupt"
            )
        if isinstance(self._error, exceptions.Neo4jError):
            self._raise(self._error)
        raise self._error

    def _explained(self, session: neo4j.Session) -> QueryRows:
        """Its columns and its plan, which may be carried out."""
        # On a line of its own, so that whatever the text begins with stays what it is.
        explain = neo4j.Query(
            f"EXPLAIN\n{self._cypher}",
            metadata={"lineage_query": self._mark},
            timeout=self._left(),
        )
        result = session.run(explain, self._parameters)
        columns = tuple(result.keys())
        summary = result.consume()
        check(summary)
        return QueryRows(columns, [], True, explain_plan(summary))

    def _transaction(self, session: neo4j.Session) -> neo4j.Transaction:
        return session.begin_transaction(
            metadata={"lineage_query": self._mark}, timeout=self._left()
        )

    def _rows(self, transaction: neo4j.Transaction) -> QueryRows:
        profile = self._asking is QueryMode.PROFILE
        text = f"PROFILE\n{self._cypher}" if profile else self._cypher
        result = transaction.run(text, self._parameters)
        columns = tuple(result.keys())
        answering, complete = Hydration(), True
        try:
            for record in result:
                if self._limit is not None and len(answering) == self._limit:
                    complete = False
                    if profile:
                        # The server tells no profile of what was not run to its end.
                        continue
                    break
                answering.add(record.values())
        except QueryStopped:
            # Of a profile that is not run to its end, the server complains.
            with suppress(exceptions.Neo4jError):
                result.consume()
            raise
        if not complete:
            # The rest is not sent; before that is said, the transaction answers nothing else.
            result.consume()
        plan = profile_plan(result.consume()) if profile else None
        return QueryRows(columns, answering.rows(transaction), complete, plan)

    def _left(self) -> float | None:
        if self._deadline is None:
            return None
        # 0 would mean no limit at all.
        return max(0.001, self._deadline - time.monotonic())

    def _at_deadline(self, more: str = "") -> QueryStopped:
        return QueryStopped(
            f"the query was stopped at its deadline of {self._timeout:g} s{more}; narrow it, or "
            "allow more time"
        )

    def _raise(self, error: exceptions.Neo4jError) -> None:
        code = str(error.code or "")
        last = code.rpartition(".")[2]
        if last in _STOPPED:
            if self._deadline is not None and time.monotonic() >= self._deadline - 0.05:
                raise self._at_deadline() from error
            raise QueryStopped("the query was stopped on the server") from error
        if last in _MEMORY:
            raise QueryStopped(
                "the query would use more memory than the server allows a transaction; narrow it, "
                "or return fewer rows"
            ) from error
        if code.startswith(_WRONG) or code == _FAILED:
            raise InvalidQuery(f"the query is wrong: {_message(error)}") from error
        raise error


def _message(error: exceptions.Neo4jError) -> str:
    """The server's message, its line counted without ours."""
    first = _EXPECTED.sub(r"\1", str(error.message).partition("\n")[0])
    first = first.replace("Invalid input ''", "the query ends too early")
    return _PLACE.sub(_place, first)


def _place(found: re.Match[str]) -> str:
    line = int(found[1]) - 1
    # It tells no place by the line 0 or 1 less.
    return f" (line {line}, column {found[2]})" if line > 0 else ""
