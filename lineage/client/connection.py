"""Calls of a server: over the wire, again where it was lost, errors as they were raised."""

from __future__ import annotations

import json
import os
import ssl
import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from lineage import errors, wire
from lineage.backends.statement_log import log_statement
from lineage.errors import InvalidValue, LineageError, StoreError, StoreUnavailable

try:
    import urllib3
except ModuleNotFoundError as error:
    raise StoreUnavailable(
        "a store behind a server needs urllib3: pip install 'lineage-engine[http]'"
    ) from error

MEDIA = "application/vnd.lineage+json"
_CONNECT_SECONDS = 10.0
# A question over millions of nodes takes its time; a server that is gone shows at once.
_ANSWER_SECONDS = 600.0
_THREADS = 32
# How often a call is made again whose answer was lost on its way.
_TRIES = 3
_LOST = (502, 503, 504)


class Connection:
    """The way to a server.

    Parameters
    ----------
    url: `http://HOST:PORT`, or `https://`; a token may stand in it as `http://:TOKEN@HOST:PORT`.
        Else it is taken from `LINEAGE_TOKEN`.
    """

    def __init__(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise InvalidValue(f"the store URL is no URL: {error}") from None
        if not parts.hostname or parts.query or parts.fragment:
            raise InvalidValue(
                f"store URL {_hidden(url)!r} is not http://HOST:PORT; the server says where it is"
            )
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        place = host if port is None else f"{host}:{port}"
        self.url = f"{parts.scheme}://{place}{parts.path.rstrip('/')}"
        given = unquote(parts.password or parts.username or "")
        self._token = given or os.environ.get("LINEAGE_TOKEN") or None
        self._pool = urllib3.PoolManager(
            maxsize=_THREADS,
            retries=False,
            timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_ANSWER_SECONDS),
            ssl_context=ssl.create_default_context() if parts.scheme == "https" else None,
        )

    def call(
        self,
        path: str,
        positional: Sequence[Any],
        keywords: Mapping[str, Any],
        *,
        again: bool = True,
    ) -> Any:
        """Make a call, and return its answer or raise its error.

        Parameters
        ----------
        path: below `/api/v1`.
        again: make it again where its answer was lost. A key tells the server that it is the same.
        """
        body = {
            "wire": wire.VERSION,
            "arguments": wire.encode([list(positional), dict(keywords)]),
        }
        headers = {"Content-Type": MEDIA, "Idempotency-Key": f"retry-{uuid.uuid4().hex}"}
        answer = self._send("POST", path, json.dumps(body).encode(), headers, again)
        return wire.decode(answer["answer"], trusted=True)

    def get(self, path: str) -> Any:
        """Get what stands below `/api/v1` at a path, as JSON."""
        return self._send("GET", path, None, {}, True)

    def close(self) -> None:
        """Let go of the connections."""
        self._pool.clear()

    def _send(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str], again: bool
    ) -> Any:
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        where = f"{self.url}/api/v1{quote(path)}"
        for left in reversed(range(_TRIES if again else 1)):
            try:
                with log_statement("http_client", f"{method} {path}"):
                    reply = self._pool.request(method, where, body=body, headers=headers)
            except urllib3.exceptions.HTTPError as error:
                if left and not isinstance(error, urllib3.exceptions.SSLError):
                    continue
                raise StoreUnavailable(f"no answer from {self.url}: {_reason(error)}") from None
            if left and reply.status in _LOST and not _is_ours(reply):
                continue
            return self._read(reply)
        raise AssertionError

    def _read(self, reply: Any) -> Any:
        try:
            told = json.loads(reply.data)
            if not isinstance(told, dict):
                raise TypeError
        except (ValueError, TypeError, RecursionError):
            raise StoreUnavailable(
                f"{self.url} answered {reply.status} with no JSON: is it a Lineage server?"
            ) from None
        if reply.status < 300 and told.get("wire", wire.VERSION) == wire.VERSION:
            return told
        if "error" not in told:
            raise StoreUnavailable(
                f"{self.url} answered {reply.status} in a form that is not read here: the client "
                "and the server are of two versions, or it is no Lineage server"
            )
        raise _error(told)


def _error(told: Mapping[str, Any]) -> LineageError:
    """The error that a server raised."""
    kind = getattr(errors, str(told["error"]), None)
    message = str(told.get("message", ""))
    if not (isinstance(kind, type) and issubclass(kind, LineageError)):
        return StoreError(f"the server raised {told['error']}: {message}")
    made = kind(message)
    if "attributes" in told:
        for name, value in wire.decode(told["attributes"], trusted=True).items():
            setattr(made, name, value)
    return made


def _is_ours(reply: Any) -> bool:
    kind: str = reply.headers.get("Content-Type", "")
    return kind.startswith(("application/json", MEDIA))


def _reason(error: BaseException) -> str:
    """What urllib3 says, without its own pools in it."""
    text = str(getattr(error, "reason", None) or error)
    return text.rpartition(">: ")[2] or type(error).__name__


def _hidden(url: str) -> str:
    before, at, after = url.rpartition("@")
    return f"{before.partition('//')[0]}//…@{after}" if at else url
