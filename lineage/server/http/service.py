"""What every endpoint goes through: may the caller do that, who changed it, was it done before."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from starlette.requests import Request

from lineage.errors import InvalidValue
from lineage.ports.deadline import limit_time
from lineage.server.http.audit import AuditedStore, Change
from lineage.server.http.operations import OPERATIONS, Operation
from lineage.server.http.settings import Settings
from lineage.server.tokens import ANYBODY, Caller
from lineage.store import Store

T = TypeVar("T")
_LONGEST_KEY = 255
# Operations that record who asked for them.
_SIGNED = frozenset(
    {"apply", "close_runs", "delete", "lift", "mark", "plan_deletion", "plan_forget", "plan_gc"}
)


class Service:
    """The store behind the endpoints.

    Parameters
    ----------
    store: what is served; it is opened by whoever made the server, and closed by them.
    settings: the limits.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self.serve(store)
        self.settings = settings

    def serve(self, store: Store) -> None:
        """Stand before a store."""
        self.store = AuditedStore(store.backend)

    def call(
        self,
        request: Request,
        name: str,
        positional: Sequence[Any] = (),
        keywords: Mapping[str, Any] | None = None,
    ) -> Any:
        """Call a method of the store for the caller of a request.

        Raises
        ------
        AccessDenied: the caller lacks the role; otherwise as the method.
        """
        operation = OPERATIONS[name]
        given = dict(keywords or {})
        caller = caller_of(request)
        if name in _SIGNED and given.get("who") is None and caller is not ANYBODY:
            given["who"] = caller.name
        method = getattr(self.store, name)
        return self.run(request, operation, lambda: method(*positional, **given), given)

    def run(
        self,
        request: Request,
        operation: Operation,
        work: Callable[[], T],
        arguments: Mapping[str, Any] | None = None,
    ) -> T:
        """Do what an operation is about for the caller of a request; as `call`."""
        caller = caller_of(request)
        caller.check(operation.role_for(arguments or {}), operation.name)
        if not operation.writes:
            with limit_time(self.settings.question_seconds):
                return work()
        change = Change(
            who=caller.name,
            operation=operation.name,
            request=request.state.request_id,
            key=_key(request),
            fingerprint=_fingerprint(request),
        )
        with self.store.changing(change):
            answer = work()
        request.state.replayed = change.replayed
        return answer


def caller_of(request: Request) -> Caller:
    """Return who sent a request."""
    caller: Caller = request.state.caller
    return caller


def _key(request: Request) -> str | None:
    key: str | None = request.headers.get("idempotency-key")
    if key is not None and not 0 < len(key) <= _LONGEST_KEY:
        raise InvalidValue(f"the Idempotency-Key has {len(key)} signs; give 1 to {_LONGEST_KEY}")
    return key


def _fingerprint(request: Request) -> str:
    said = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return hashlib.sha256(said + getattr(request.state, "body", b"")).hexdigest()
