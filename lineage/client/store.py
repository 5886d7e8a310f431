"""A store behind a server: each method is the operation of the same name there."""

from __future__ import annotations

import functools
import inspect
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from lineage.client.backend import RemoteBackend
from lineage.client.connection import Connection
from lineage.errors import InvalidValue, NotFound
from lineage.model import Receipt, Step
from lineage.model.times import to_milliseconds
from lineage.ports.chunks import split_into_chunks
from lineage.rules.references import is_path, to_uri
from lineage.rules.values import validate_int64
from lineage.store import Store

# What is done here: the store's own life, and transactions, which bring code of the caller's.
_OWN = frozenset({"backend", "close", "record_steps", "snapshot", "transact", "url", "view"})
# A parameter that takes what names a node.
_REF = re.compile(r"\b(Artifact|Execution|Context)?Ref\b|\bPathLike\b")
# One that takes a point in time, which without a zone is of this machine's.
_TIME = re.compile(r"\bTime\b")


class RemoteStore(Store):
    """A store behind an HTTP server, with the interface of any other.

    The rules are the server's: each method is one request, which it answers, refuses or audits
    for whoever the token belongs to. `transact`, `snapshot` and the backend's readers and writers
    hold a transaction open on the server, and need a token of an admin.
    """

    def __init__(self, connection: Connection) -> None:
        super().__init__(RemoteBackend(connection))
        self._connection = connection

    def record_steps(
        self,
        steps: Iterable[Step],
        *,
        batch_size: int = 500,
        progress: Callable[[int], None] | None = None,
    ) -> int:
        """Record steps, `batch_size` in a request and a transaction; see `Store.record_steps`."""
        if validate_int64(batch_size, "batch_size") < 1:
            raise InvalidValue(f"batch_size is {batch_size}; it must be at least 1")
        total = 0
        for chunk in split_into_chunks(steps, batch_size):
            size = {"batch_size": len(chunk)}
            total += int(self._connection.call("/call/record_steps", [chunk], size))
            if progress is not None:
                progress(len(chunk))
        return total


def open_store(url: str) -> RemoteStore:
    """Open the store at the URL of a server. Raises StoreUnavailable, Unauthenticated."""
    store = RemoteStore(Connection(url))
    store.backend.address = url
    # A server that isn't there, or another token, shows here and not at the first question.
    store._connection.get("/store")
    return store


def _remote(name: str) -> Callable[..., Any]:
    method = getattr(Store, name)
    signature = inspect.signature(method)

    parameters = list(signature.parameters.values())[1:]
    by_name = {p.name: str(p.annotation) for p in parameters}

    def hint(at: int) -> str:
        return next(
            str(p.annotation)
            for place, p in enumerate(parameters)
            if place == at or p.kind is p.VAR_POSITIONAL
        )

    @functools.wraps(method)
    def call(self: RemoteStore, *positional: Any, **keywords: Any) -> Any:
        # What the method itself would not take is refused as it refuses it.
        signature.bind(self, *positional, **keywords)
        progress = keywords.pop("progress", None)
        given = [_localize(hint(at), _materialize(value)) for at, value in enumerate(positional)]
        named = {
            key: _localize(by_name.get(key, ""), _materialize(value), ahead=key == "until")
            for key, value in keywords.items()
        }
        try:
            answer = self._connection.call(f"/call/{name}", given, named)
        except NotFound as error:
            # Nothing is named so: it may be a path of this machine.
            paths = [_resolve_paths(hint(at), value) for at, value in enumerate(given)]
            elsewhere = {
                key: _resolve_paths(by_name.get(key, ""), value) for key, value in named.items()
            }
            if (paths, elsewhere) == (given, named):
                raise
            try:
                answer = self._connection.call(f"/call/{name}", paths, elsewhere)
            except NotFound:
                raise error from None
        if progress is not None:
            for receipt in answer if isinstance(answer, list) else [answer]:
                if isinstance(receipt, Receipt):
                    progress(len(receipt.removed), len(receipt.plan.removals or ()))
        return answer

    return call


def _localize(hint: str, value: Any, *, ahead: bool = False) -> Any:
    """Return an argument as the server understands it: a Path as its uri, a time with its zone."""
    if _TIME.search(hint):
        return to_milliseconds(value, ahead=ahead)
    if not _REF.search(hint):
        return value
    if isinstance(value, list | tuple):
        return [_localize(hint, item) for item in value]
    return to_uri(value) if isinstance(value, os.PathLike) else value


def _resolve_paths(hint: str, value: Any) -> Any:
    """Return an argument with the uri of what may be a path in the place of each reference."""
    if not _REF.search(hint):
        return value
    if isinstance(value, list | tuple):
        return [_resolve_paths(hint, item) for item in value]
    return to_uri(value) if isinstance(value, str) and is_path(value) else value


def _materialize(value: Any) -> Any:
    """What is given piece by piece, whole."""
    if isinstance(value, Iterator) or (
        isinstance(value, Iterable)
        and not isinstance(value, str | bytes | Mapping | list | tuple | set | frozenset)
        and type(value).__module__ in ("builtins", "collections")
    ):
        return list(value)
    return value


for _name, _member in inspect.getmembers(Store, inspect.isfunction):
    if not _name.startswith("_") and _name not in _OWN:
        setattr(RemoteStore, _name, _remote(_name))
