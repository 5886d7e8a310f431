"""The application: endpoints, what stands before them, and what is said of it all."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

import anyio
import anyio.to_thread
from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from mcp.server.transport_security import TransportSecuritySettings
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

import lineage
from lineage.errors import InvalidInput, LineageError, NotFound
from lineage.server.http.answers import write_json
from lineage.server.http.audit import forget_replays
from lineage.server.http.endpoints import add_operations
from lineage.server.http.metrics import Metrics
from lineage.server.http.middleware import BodyGuard, CallerGuard, NameGuard, Tracker
from lineage.server.http.openlineage import add_receiver
from lineage.server.http.problem import answer_unexpected, invalid_request, problem
from lineage.server.http.resources import add_resources
from lineage.server.http.schemas import Health, Problem
from lineage.server.http.service import Service
from lineage.server.http.sessions import add_sessions
from lineage.server.http.settings import Settings
from lineage.server.http.typed import add_typed
from lineage.server.mcp import create_server
from lineage.server.page.routes import add_page
from lineage.server.tokens import Gate, Role
from lineage.store import Store

PREFIX = "/api/v1"
_log = logging.getLogger("lineage.http")
_FORGET_SECONDS = 300.0
_ABOUT = """Where did this come from, what did it touch, and what breaks if it goes?

A node is named by a reference: `artifact:42`, `Model:churn`, an external id or a uri. Answers are
those of the command line's `--json`. An error is `{"error", "message", "request_id"}`. With
`Accept: application/x-ndjson`, large answers come as lines of JSON; the last one is `{"end": …}`,
and an answer without it was cut off on its way. A write with an `Idempotency-Key` is done once,
however often it is sent within a day.
"""
_REFUSALS = {
    400: "The request is wrong; nothing was written.",
    401: "There is no valid token.",
    403: "The caller may not do that.",
    404: "There is no such thing.",
    408: "The request came in too slowly.",
    409: "It is in conflict with what is there.",
    412: "It is another version than the request names.",
    413: "The body is too large.",
    415: "The body is of a kind that is not read.",
    421: "The server is not called so.",
    422: "A limit stopped the query.",
    428: "The request does not say which version it replaces.",
    429: "There were too many requests.",
    500: "The store failed, or the server met a defect.",
    503: "The store can't be reached.",
}
# What can't be read as HTTP at all is refused before any of this.
_MORE: dict[int, dict[str, Any]] = {
    400: {"content": {"text/plain": {"schema": {"type": "string"}}}}
}


def create_app(store: Store, settings: Settings | None = None) -> FastAPI:
    """Make the application that serves a store.

    Parameters
    ----------
    store: what is served; the caller closes it after the application has ended.
    settings: limits, names and the server's own token.

    Examples
    --------
    >>> import lineage
    >>> from lineage.server.http import create_app
    >>> app = create_app(lineage.connect("memory://"))
    >>> app.title
    'Lineage'
    """
    settings = settings or Settings()
    service = Service(store, settings)
    metrics = Metrics()
    agents = create_server(store, settings.question_seconds)
    security = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    # Each answer is whole by itself, so that any process of several may give it; names and other
    # sites are looked at here, as for every other request.
    spoken = agents.streamable_http_app(
        streamable_http_path="/mcp",
        json_response=True,
        stateless_http=True,
        transport_security=security,
    )

    @asynccontextmanager
    async def live(app: FastAPI) -> AsyncIterator[None]:
        async with agents.session_manager.run(), anyio.create_task_group() as tasks:
            tasks.start_soon(_forget_replays, service)
            yield
            tasks.cancel_scope.cancel()

    app = FastAPI(
        lifespan=live,
        title="Lineage",
        version=lineage.__version__,
        description=_ABOUT,
        openapi_url=f"{PREFIX}/openapi.json",
        # Their pages load scripts from other hosts.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.service = service
    app.state.metrics = metrics
    router = APIRouter(
        prefix=PREFIX,
        responses={
            status: {"model": Problem, "description": text, **_MORE.get(status, {})}
            for status, text in _REFUSALS.items()
        },
    )
    # Paths are tried in this order: what is asked for most stands first.
    add_page(app, PREFIX, service)
    add_typed(router, service)
    gate = Gate(store, settings.token)
    sessions = add_sessions(router, service, gate)
    add_receiver(router, service)
    add_operations(router, service)
    add_resources(router, service)
    app.include_router(router)
    app.router.routes.extend(spoken.routes)
    _add_health(app, service, metrics)
    _add_errors(app)
    # The last one added is the first one that a request meets.
    app.add_middleware(
        CallerGuard,
        gate=gate,
        settings=settings,
        owner=sessions.owner,
    )
    app.add_middleware(BodyGuard, settings=settings)
    app.add_middleware(NameGuard, settings=settings)
    app.add_middleware(Tracker, metrics=metrics)
    return app


async def _forget_replays(service: Service) -> None:
    """Drop, every few minutes, the answers whose requests nobody repeats any more."""
    while True:
        try:
            await anyio.to_thread.run_sync(forget_replays, service.store)
        except LineageError as error:
            _log.warning("answers that are kept could not be dropped: %s", error)
        await anyio.sleep(_FORGET_SECONDS)


def _add_health(app: FastAPI, service: Service, metrics: Metrics) -> None:
    async def healthz() -> Response:
        """Tell that the server runs."""
        return Response(write_json({"status": "ok"}), media_type="application/json")

    def readyz(request: Request) -> Response:
        """Tell whether the store answers."""
        service.store.metadata("ready")
        return Response(write_json({"status": "ready"}), media_type="application/json")

    def measures(request: Request) -> Response:
        """Return what Prometheus reads."""
        request.state.caller.check(Role.READ, "metrics")
        counts = asdict(service.store.counts())
        return Response(metrics.write(counts), media_type="text/plain; version=0.0.4")

    told = {"tags": ["Operations"], "response_model": Health}
    unready = {503: {"model": Problem, "description": "The store can't be reached."}}
    app.add_api_route("/healthz", healthz, **told)
    app.add_api_route("/readyz", readyz, responses=unready, **told)
    app.add_api_route("/metrics", measures, include_in_schema=False)


def _add_errors(app: FastAPI) -> None:
    async def refuse(request: Request, error: Any) -> Response:
        return problem(error, request.state.request_id)

    async def invalid(request: Request, error: Any) -> Response:
        return problem(invalid_request(list(error.errors())), request.state.request_id)

    async def misplace(request: Request, error: Any) -> Response:
        told: LineageError
        if error.status_code == 404:
            told = NotFound(f"there is nothing at {request.url.path[:200]!r}")
        else:
            told = InvalidInput(f"{request.method} {request.url.path[:200]!r}: {error.detail}")
            told.http_status = error.status_code
        answer = problem(told, request.state.request_id)
        for name, value in (error.headers or {}).items():
            answer.headers[name] = value
        return answer

    async def fail(request: Request, error: Exception) -> Response:
        return answer_unexpected(error, request.state.request_id)

    app.add_exception_handler(LineageError, refuse)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, misplace)
    app.add_exception_handler(Exception, fail)
