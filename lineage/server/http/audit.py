"""A store that writes down who changed it, and answers a repeated request once.

Both stand in the transaction of the change itself: there is no change without its entry, and a
request that was answered before a crash is not done a second time after it.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

from lineage import wire
from lineage.errors import Conflict
from lineage.ports.backend import Backend
from lineage.session.session import Session, now_ms
from lineage.session.transaction import Transaction
from lineage.store import Store

T = TypeVar("T")

AUDIT = "audit/"
REPLAYS = "idempotency/"
# How long a request may be repeated, in milliseconds.
KEPT_MS = 24 * 3_600_000
# What our own client calls its requests; it repeats one at once, or never.
RETRY = "retry-"
RETRY_MS = 15 * 60_000
_DIGITS = 15
# How many digits of a time are the same within some minutes, hours, days, months.
_WINDOWS = (10, 9, 8, 6)
_ERASING = frozenset({"apply", "delete"})


@dataclass(slots=True)
class Change:
    """A request that may change the store.

    Parameters
    ----------
    who: the name of the caller's token.
    operation: what is asked for.
    request: the id of the request, as the logs have it.
    key, fingerprint: what the caller calls the request, and a digest of all that it says.
    """

    who: str
    operation: str
    request: str
    key: str | None = None
    fingerprint: str = ""
    writes: int = 0
    replayed: bool = False


_change: ContextVar[Change | None] = ContextVar("change", default=None)


class _AuditedSession(Session):
    """A session that audits each transaction while a change is under way."""

    def transact(self, work: Callable[[Transaction], T], *, exact: bool = False) -> T:
        """Run a transaction, with its entry in the audit, or give the answer that it gave before.

        Raises
        ------
        Conflict
            The caller's key was used for another request.
        """
        change = _change.get()
        if change is None:
            return super().transact(work, exact=exact)
        change.writes += 1
        number = change.writes

        def audited(transaction: Transaction) -> T:
            writer = transaction.writer
            key = None if change.key is None else _replay_key(change, number)
            if key is not None and (text := writer.metadata(key)) is not None:
                kept = json.loads(text)
                if kept["fingerprint"] != change.fingerprint:
                    raise Conflict(
                        "the Idempotency-Key was used for another request; take one key for each"
                    )
                if "answer" not in kept:
                    raise Conflict(
                        "the request was done before; what it answered is kept no longer, as data "
                        "was erased since"
                    )
                change.replayed = True
                answer: T = wire.decode(kept["answer"], trusted=True)
                return answer
            result = work(transaction)
            if change.operation in _ERASING:
                # What was erased must not be in an answer that is kept.
                for kept_key, kept_text in writer.metadata_under(REPLAYS):
                    bare = json.loads(kept_text)
                    bare.pop("answer", None)
                    writer.set_metadata(kept_key, json.dumps(bare))
            now = now_ms()
            entry = {
                "at_ms": now,
                "who": change.who,
                "operation": change.operation,
                "request": change.request,
            }
            # In the order of time; what comes in the same millisecond has a name of its own.
            place = f"{AUDIT}{now:0{_DIGITS}d}-{secrets.token_hex(4)}"
            writer.set_metadata(place, json.dumps(entry, ensure_ascii=False))
            if key is not None and change.key is not None:
                replay = {
                    "until_ms": now + (RETRY_MS if change.key.startswith(RETRY) else KEPT_MS),
                    "fingerprint": change.fingerprint,
                    "answer": wire.encode(result),
                }
                writer.set_metadata(key, json.dumps(replay))
            return result

        return super().transact(audited, exact=exact)


class AuditedStore(Store):
    """A store whose changes are audited while `changing` is entered."""

    def __init__(self, backend: Backend, *, clock: Callable[[], int] | None = None) -> None:
        super().__init__(backend, clock=clock)
        self._session = _AuditedSession(backend, clock)
        # A client's paths are of the client's machine.
        self._session.paths = False

    @contextmanager
    def changing(self, change: Change) -> Iterator[None]:
        """Audit what is written until the end of the block."""
        token = _change.set(change)
        try:
            yield
        finally:
            _change.reset(token)


def list_changes(store: Store, *, limit: int = 100, before: str | None = None) -> dict[str, Any]:
    """Return the latest changes, the last one first, and where to go on."""
    newest = before or f"{now_ms():0{_DIGITS}d}"
    found: list[tuple[str, str]] = []
    with store.backend.read() as reader:
        # The log may be long: the latest hours first, then days, then years.
        for digits in (*_WINDOWS, 0):
            kept = reader.metadata_under(AUDIT + newest[:digits])
            found = [entry for entry in kept if before is None or entry[0] < AUDIT + before]
            if len(found) > limit:
                break
    found.sort(reverse=True)
    page = [{"id": key.removeprefix(AUDIT), **json.loads(text)} for key, text in found[:limit]]
    complete = len(page) == len(found)
    return {
        "changes": page,
        "complete": complete,
        "before": None if complete else page[-1]["id"],
    }


def forget_replays(store: Store, at_ms: int | None = None) -> int:
    """Drop the answers for repeated requests whose time is over; returns how many."""
    now = now_ms() if at_ms is None else at_ms
    with store.backend.read() as reader:
        kept = reader.metadata_under(REPLAYS)
    old = [key for key, text in kept if json.loads(text)["until_ms"] < now]
    for key in old:
        store.mirror(progress=(key, None))
    return len(old)


def _replay_key(change: Change, number: int) -> str:
    # The key is the caller's own: another one's with the same text is another key.
    named = hashlib.sha256(f"{change.who}\n{change.key}".encode()).hexdigest()
    return f"{REPLAYS}{named}/{number}"
