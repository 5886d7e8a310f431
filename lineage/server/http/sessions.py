"""Transactions that a client holds open: the ports of a backend, one call after another.

What the operations do not do (a copy of the whole store, another format's import with rules of its
own) reads one state of the store, or writes in one transaction, over many requests. As no rule
stands between these and the backend, they are for admins. Each session has a thread of its own, in
which the transaction lives; one that nobody talks to any more ends by itself, and then nothing of
it was written.
"""

from __future__ import annotations

import json
import queue
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from lineage.errors import (
    AccessDenied,
    Conflict,
    Interrupted,
    InvalidValue,
    LimitExceeded,
    LineageError,
    NotFound,
)
from lineage.ports.backend import Backend
from lineage.ports.batch import FoundDeleted
from lineage.ports.reader import Reader
from lineage.ports.writer import Writer
from lineage.server.http.audit import AUDIT
from lineage.server.http.operations import Operation
from lineage.server.http.service import Service, caller_of
from lineage.server.http.typed import read_arguments, respond
from lineage.server.tokens import Caller, Gate, Role

_SESSION = Operation("session", Role.ADMIN)
# How long a session waits for the next call, in seconds: a write holds others up meanwhile.
IDLE_SECONDS = {"read": 120.0, "write": 30.0}
_MOST = 32
_PATH = "/api/v1/sessions/"
_READS = frozenset(name for name in dir(Reader) if not name.startswith("_"))
_WRITES = frozenset(name for name in dir(Writer) if not name.startswith("_"))


@dataclass(slots=True)
class _Call:
    """What a client asks of its session, and where the answer is put."""

    name: str
    positional: Any
    keywords: Any
    check: Callable[[], None]
    answer: queue.SimpleQueue[tuple[bool, Any]] = field(default_factory=queue.SimpleQueue)


class _Aborted(Exception):
    """The client ends its transaction without writing."""


class Session:
    """One transaction, with the thread that it lives in.

    Parameters
    ----------
    backend: what is read or written.
    mode: `read` or `write`.
    entry: makes the metadata that a write leaves: its key and its text.
    caller: who began it.
    """

    def __init__(
        self, backend: Backend, mode: str, entry: Callable[[], tuple[str, str]], caller: Caller
    ) -> None:
        self.caller = caller
        self._backend = backend
        self._mode = mode
        self._entry = entry
        self._calls: queue.Queue[_Call] = queue.Queue()
        self._runs = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lineage-session", daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Whether nothing more can be asked of it."""
        return self._ended.is_set()

    def ask(
        self,
        name: str,
        positional: Any = (),
        keywords: Any = None,
        *,
        check: Callable[[], None] = lambda: None,
    ) -> Any:
        """Have the thread do something, and return its answer or raise its error.

        `check` runs in the thread first. What it raises ends the session, and nothing is written.
        """
        call = _Call(name, positional, keywords or {}, check)
        self._calls.put(call)
        while True:
            try:
                worked, answer = call.answer.get(timeout=1)
            except queue.Empty:
                if self._ended.is_set() and call.answer.empty():
                    raise _over() from None
                continue
            if not worked:
                raise answer
            return answer

    def _run(self) -> None:
        try:
            if self._mode == "read":
                with self._backend.read() as reader:
                    self._serve(reader, _READS)
            else:
                self._backend.write(self._write)
                self._finish(True, None)
        except _Aborted:
            self._finish(True, None)
        except BaseException as error:
            self._finish(False, error)
        finally:
            self._ended.set()

    def _write(self, writer: Writer) -> None:
        self._runs += 1
        if self._runs > 1:
            # What was asked before can't be asked again from here; the client does.
            raise Conflict("another write was in the way: run the transaction again")
        self._serve(writer, _WRITES)
        writer.set_metadata(*self._entry())

    def _serve(self, port: Any, methods: frozenset[str]) -> None:
        """Do what is asked, until the end is."""
        while True:
            try:
                call = self._calls.get(timeout=IDLE_SECONDS[self._mode])
            except queue.Empty:
                raise _Aborted from None
            self._last = call
            try:
                call.check()
            except LineageError as error:
                call.answer.put((False, error))
                raise _Aborted from None
            if call.name == "commit":
                if self._mode == "read":
                    call.answer.put((True, None))
                return
            if call.name == "abort":
                raise _Aborted
            try:
                if call.name not in methods:
                    raise NotFound(f"a session has no method {call.name[:80]!r}")
                answer = getattr(port, call.name)(*call.positional, **call.keywords)
            except TypeError as error:
                call.answer.put((False, InvalidValue(f"{call.name}: {error}")))
            except FoundDeleted:
                call.answer.put((True, FOUND_DELETED))
            except Exception as error:
                call.answer.put((False, error))
            else:
                call.answer.put((True, answer))

    def _finish(self, worked: bool, answer: Any) -> None:
        """Answer what ended the session, and whatever was asked too late."""
        last = getattr(self, "_last", None)
        if last is not None and last.name in ("commit", "abort"):
            last.answer.put((worked, answer))
        elif not worked:
            waiting = [] if self._calls.empty() else [self._calls.get_nowait()]
            for call in waiting:
                call.answer.put((False, answer))


# What stands for the exception of that name, which is no error of ours.
FOUND_DELETED = {"found_deleted": True}


class Sessions:
    """The sessions of a server."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._open: dict[str, Session] = {}
        self._lock = threading.Lock()

    def open(self, mode: str, entry: Callable[[], tuple[str, str]], caller: Caller) -> str:
        """Begin a session; returns its id."""
        if mode not in IDLE_SECONDS:
            raise InvalidValue(f"mode is {mode[:40]!r}; it can be read or write")
        with self._lock:
            for id in [id for id, session in self._open.items() if session.ended]:
                del self._open[id]
            if len(self._open) >= _MOST:
                raise LimitExceeded(f"{_MOST} sessions are open; try again when one has ended")
            id = secrets.token_hex(16)
            self._open[id] = Session(self._service.store.backend, mode, entry, caller)
        return id

    def find(self, id: str) -> Session:
        """Return an open session. Raises Interrupted."""
        found = self._open.get(id)
        if found is None:
            raise _over()
        return found

    def owner(self, path: str) -> Caller | None:
        """Return who began the session that a path is about.

        Whether the caller's token still counts is checked in the session's thread: the store may
        have no room for another reader while the session has it.
        """
        if not path.startswith(_PATH):
            return None
        session = self._open.get(path.removeprefix(_PATH).partition("/")[0])
        return None if session is None else session.caller

    def close(self, id: str) -> None:
        """Forget a session that has ended."""
        with self._lock:
            self._open.pop(id, None)


def add_sessions(router: APIRouter, service: Service, gate: Gate) -> Sessions:
    """Add the endpoints of sessions; returns them. `gate` knows the tokens."""
    sessions = Sessions(service)

    def begin(request: Request) -> Response:
        def work() -> str:
            caller = caller_of(request)
            caller.check(Role.ADMIN, "a session")
            positional, _ = read_arguments(request)

            def entry() -> tuple[str, str]:
                now = time.time_ns() // 1_000_000
                entry = {
                    "at_ms": now,
                    "who": caller.name,
                    "operation": "session",
                    "request": request.state.request_id,
                }
                return f"{AUDIT}{now:015d}-{secrets.token_hex(4)}", json.dumps(entry)

            return sessions.open(str(positional[0]) if positional else "", entry, caller)

        return respond(request, work)

    def call(request: Request, id: str, method: str) -> Response:
        def work() -> Any:
            caller_of(request).check(Role.ADMIN, "a session")
            session = sessions.find(id)
            positional, keywords = read_arguments(request, batches=True)
            header = request.headers.get("authorization")

            def check() -> None:
                caller = gate.identify(header)
                if caller != session.caller:
                    raise AccessDenied(f"the session is another caller's than {caller.name!r}")

            if method not in ("commit", "abort"):
                return session.ask(method, positional, keywords, check=check)
            try:
                return session.ask(method, check=check)
            finally:
                sessions.close(id)

        return respond(request, work)

    router.add_api_route("/sessions", begin, methods=["POST"], include_in_schema=False)
    router.add_api_route("/sessions/{id}/{method}", call, methods=["POST"], include_in_schema=False)
    return sessions


def _over() -> Interrupted:
    return Interrupted("the session has ended, and nothing of it was written: begin again")
