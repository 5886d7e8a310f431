"""What stands before every endpoint: names, limits, who calls, and what the logs tell."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import re
import socket
import time
import uuid
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import anyio.to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lineage.errors import (
    AccessDenied,
    InvalidValue,
    LimitExceeded,
    LineageError,
    Unauthenticated,
)
from lineage.server.http.metrics import Metrics
from lineage.server.http.problem import answer_unexpected, problem
from lineage.server.http.settings import Settings
from lineage.server.http.spans import end_span, trace_request
from lineage.server.tokens import Caller, Gate

_log = logging.getLogger("lineage.http")
# What is below these asks who calls; health and the page's own files are for everybody.
GUARDED = ("/api/", "/metrics", "/mcp")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_API_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
_BODIES = ("application/json", "application/x-ndjson", "application/vnd.lineage+json")


class Tracker:
    """Names each request, measures it, logs it, and turns what goes wrong into an answer."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.match(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        with trace_request(scope["method"], headers, request_id) as span:
            await self._follow(scope, receive, send, span)

    async def _follow(self, scope: Scope, receive: Receive, send: Send, span: Any) -> None:
        """Have a request answered, and tell of it whatever becomes of it."""
        state = scope["state"]
        request_id = state["request_id"]
        begun, status = time.perf_counter(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                _harden(headers, scope)
            await send(message)

        self._metrics.begin()
        try:
            await self._app(scope, receive, sending)
        except LineageError as error:
            if not status:
                await problem(error, request_id)(scope, receive, sending)
        except Exception as error:
            if status:
                # The answer has begun; that it breaks off is all that can be told.
                raise
            await answer_unexpected(error, request_id)(scope, receive, sending)
        finally:
            took = time.perf_counter() - begun
            route = getattr(scope.get("route"), "path", "other")
            caller: Caller | None = state.get("caller")
            who = None if caller is None else caller.name
            self._metrics.end(scope["method"], route, status, took)
            end_span(span, scope["method"], route, status, who)
            _log.info(
                "request",
                extra={
                    "request_id": request_id,
                    "method": scope["method"],
                    "path": scope["path"],
                    "status": status,
                    "ms": round(took * 1000, 1),
                    "who": who,
                    "client": _client(scope),
                },
            )


class NameGuard:
    """Lets in only what calls the server by a name of its own, and no other site's scripts.

    A page elsewhere can make its own host's name lead to this address, or post a form here; such
    requests carry a foreign `Host`, or a foreign `Origin`.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._names = {"localhost", *(name.lower() for name in settings.hosts)}
        if not settings.loopback:
            self._names |= {socket.gethostname().lower(), socket.getfqdn().lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a connection."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            hosts = headers.getlist("host")
            if len(hosts) != 1 or not self._is_ours(hosts[0]):
                shown = ", ".join(hosts)[:100]
                raise _Misdirected(
                    f"the server is not called {shown!r}; if it is, say so: --allow-host NAME"
                )
            if scope["method"] in _CHANGING:
                self._check_origin(headers, hosts[0])
        await self._app(scope, receive, send)

    def _is_ours(self, host: str) -> bool:
        name = _without_port(host)
        if name is None:
            return False
        if name in self._names:
            return True
        try:
            # No name server leads to an address by another address.
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def _check_origin(self, headers: Headers, host: str) -> None:
        site = headers.get("sec-fetch-site")
        origin = headers.get("origin")
        foreign = site is not None and site not in ("same-origin", "none")
        if origin is not None and not foreign:
            try:
                foreign = urlsplit(origin).netloc.lower() != host.lower()
            except ValueError:
                foreign = True
        if foreign:
            raise AccessDenied("a page of another site can't change anything here")


class BodyGuard:
    """Takes a request's body whole, within its limits of size and time, before it is looked at."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._most = settings.max_body
        self._seconds = settings.body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a connection."""
        if scope["type"] != "http" or scope["method"] not in _CHANGING:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        declared = headers.get("content-length", "")
        if declared.isascii() and declared.isdigit() and int(declared[:20]) > self._most:
            raise self._too_large()
        try:
            body = await asyncio.wait_for(self._read(receive), self._seconds)
        except TimeoutError:
            raise LimitExceeded(
                f"the request did not come in within {self._seconds:g} seconds", 408
            ) from None
        if body is None:
            return
        if body and not scope["path"].startswith("/mcp"):
            kind = headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind not in _BODIES:
                raise _WrongMedia(f"the body is {kind[:80]!r}; send application/json")
        body = self._unpacked(body, headers.get("content-encoding"))
        scope["state"]["body"] = body
        sent = False

        async def replay() -> Message:
            nonlocal sent
            if not sent:
                sent = True
                return {"type": "http.request", "body": body, "more_body": False}
            return await receive()

        await self._app(scope, replay, send)

    async def _read(self, receive: Receive) -> bytes | None:
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            part = message.get("body", b"")
            size += len(part)
            if size > self._most:
                raise self._too_large()
            parts.append(part)
            if not message.get("more_body", False):
                return b"".join(parts)

    def _unpacked(self, body: bytes, encoding: str | None) -> bytes:
        if encoding is None or encoding.lower() == "identity":
            return body
        if encoding.lower() != "gzip":
            raise _WrongMedia(f"the encoding {encoding[:40]!r} is not known; send gzip, or none")
        unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            # One byte more than may be tells a bomb, which is not unpacked any further.
            unpacked = unpacker.decompress(body, self._most + 1)
        except zlib.error as error:
            raise InvalidValue(f"the body is no gzip: {error}") from None
        if len(unpacked) > self._most:
            raise self._too_large()
        if not unpacker.eof or unpacker.unused_data:
            raise InvalidValue("the body is no whole gzip")
        return unpacked

    def _too_large(self) -> LimitExceeded:
        return LimitExceeded(f"the body is larger than {self._most:,} bytes; send it in parts", 413)


class CallerGuard:
    """Tells who calls, and that nobody calls too often.

    `owner` tells whose a session is, from its path.
    """

    def __init__(
        self,
        app: ASGIApp,
        gate: Gate,
        settings: Settings,
        owner: Callable[[str], Caller | None],
    ) -> None:
        self._app = app
        self._gate = gate
        self._owner = owner
        self._calls = None if settings.rate is None else Buckets(settings.rate, settings.rate * 10)
        self._failures = Buckets(settings.failures / 60, settings.failures)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a connection."""
        if scope["type"] == "http" and scope["path"].startswith(GUARDED):
            client = _client(scope)
            if self._failures.is_empty(client):
                raise LimitExceeded("too many wrong tokens came from this address; wait a minute")
            given = Headers(scope=scope).getlist("authorization")
            if len(given) > 1:
                raise Unauthenticated("send one Authorization header")
            try:
                header = given[0] if given else None
                caller = self._owner(scope["path"]) or self._gate.identify_at_once(header)
                if caller is None:
                    caller = await anyio.to_thread.run_sync(self._gate.identify, header)
            except Unauthenticated:
                if given:
                    self._failures.take(client)
                raise
            scope["state"]["caller"] = caller
            if self._calls is not None and not self._calls.take(f"{caller.name}@{client}"):
                raise LimitExceeded(f"{caller.name!r} calls too often; wait a moment")
        await self._app(scope, receive, send)


@dataclass(slots=True)
class Buckets:
    """Token buckets by name: `rate` a second come in, `most` fit into one.

    `clock` gives the time in seconds.
    """

    rate: float
    most: float
    clock: Callable[[], float] = time.monotonic
    _levels: dict[str, tuple[float, float]] = field(default_factory=dict)

    def take(self, name: str) -> bool:
        """Take one out; tell whether there was one."""
        level = self._level(name)
        there = level >= 1
        self._levels[name] = (level - 1 if there else level, self.clock())
        if len(self._levels) > 10_000:
            self._forget_full_ones()
        return there

    def is_empty(self, name: str) -> bool:
        """Tell whether there is none to be taken."""
        return name in self._levels and self._level(name) < 1

    def _level(self, name: str) -> float:
        level, at = self._levels.get(name, (self.most, 0.0))
        return min(self.most, level + (self.clock() - at) * self.rate)

    def _forget_full_ones(self) -> None:
        full = [name for name in self._levels if self._level(name) >= self.most]
        for name in full or list(self._levels)[:5_000]:
            del self._levels[name]


class _Misdirected(AccessDenied):
    """It is another server that is called."""

    http_status = 421


class _WrongMedia(InvalidValue):
    """A body is of a kind that is not read here."""

    http_status = 415


def _harden(headers: MutableHeaders, scope: Scope) -> None:
    api = scope["path"].startswith(GUARDED)
    headers.setdefault("Content-Security-Policy", _API_POLICY if api else _PAGE_POLICY)
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if api:
        headers.setdefault("Cache-Control", "no-store")
    if scope.get("scheme") == "https":
        headers["Strict-Transport-Security"] = "max-age=31536000"


def _without_port(host: str) -> str | None:
    """The name in a Host header; None where it is none."""
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?", host)
    return None if found is None else found[1].strip("[]").rstrip(".").lower()


def _client(scope: Scope) -> str:
    client: Any = scope.get("client")
    return str(client[0]) if client else "unknown"
