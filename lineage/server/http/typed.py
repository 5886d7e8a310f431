"""Calls of the Python API over HTTP, their values exact: what `lineage.connect("http://…")` speaks.

`POST /api/v1/call/OPERATION` takes the arguments, and gives the answer, as `lineage.wire` writes
them. It is the same operations as the other endpoints', with the same roles.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from lineage import wire
from lineage.errors import InvalidValue, LineageError, NotFound
from lineage.rules.json_text import parse_json
from lineage.server.http.answers import write_json
from lineage.server.http.operations import OPERATIONS
from lineage.server.http.problem import problem
from lineage.server.http.service import Service

MEDIA = "application/vnd.lineage+json"


def add_typed(router: APIRouter, service: Service) -> None:
    """Add the endpoint of the client."""

    def call(request: Request, operation: str) -> Response:
        return respond(request, lambda: _call(service, request, operation))

    router.add_api_route("/call/{operation}", call, methods=["POST"], include_in_schema=False)


def respond(request: Request, work: Callable[[], Any]) -> Response:
    """Return what some work answers, or its error with all that belongs to it."""
    try:
        told = {"wire": wire.VERSION, "answer": wire.encode(work())}
    except LineageError as error:
        return _told(error, request.state.request_id)
    return Response(json.dumps(told, separators=(",", ":")).encode(), 200, None, MEDIA)


def read_arguments(
    request: Request, *, batches: bool = False
) -> tuple[Sequence[Any], Mapping[str, Any]]:
    """Return the positional and the keyword arguments that a body says. Raises InvalidValue."""
    body = parse_json(request.state.body, "the body")
    if not isinstance(body, dict) or body.get("wire") != wire.VERSION:
        raise InvalidValue(
            f"the body is not of wire form {wire.VERSION}: use a client of the server's version"
        )
    said = wire.decode(body.get("arguments"), batches=batches)
    if not isinstance(said, list) or len(said) != 2:
        raise InvalidValue("the arguments are a list, and a map by name")
    positional, keywords = said
    if not isinstance(positional, list) or not isinstance(keywords, dict):
        raise InvalidValue("the arguments are a list, and a map by name")
    return positional, keywords


def _call(service: Service, request: Request, operation: str) -> Any:
    if operation not in OPERATIONS:
        raise NotFound(f"there is no operation {operation[:80]!r}")
    positional, keywords = read_arguments(request)
    if "progress" in keywords:
        raise InvalidValue("progress can't be told over HTTP")
    keywords = _bounded(service, operation, dict(keywords))
    try:
        return service.call(request, operation, positional, keywords)
    except TypeError as error:
        # The method's own signature refuses what it doesn't take.
        raise InvalidValue(f"{operation}: {error}") from None


def _bounded(service: Service, operation: str, keywords: dict[str, Any]) -> dict[str, Any]:
    """The limits that hold for everybody's queries."""
    if operation in ("query", "explain"):
        most = service.settings
        for name, bound in (("limit", most.max_rows), ("timeout", most.query_seconds)):
            asked = keywords.get(name)
            # What is no limit at all, the query itself refuses.
            if asked is None or (isinstance(asked, int | float) and bound < asked < 2**63):
                keywords[name] = bound
    return keywords


def _told(error: LineageError, request_id: str) -> Response:
    """The error's answer, with what a caller of the method finds on the error."""
    answer = problem(error, request_id)
    known = {name: value for name, value in vars(error).items() if not name.startswith("_")}
    known.pop("http_status", None)
    told = {
        **json.loads(bytes(answer.body)),
        "message": str(error),
        "attributes": wire.encode(known),
    }
    kept = {
        name: value
        for name, value in answer.headers.items()
        if name in ("retry-after", "www-authenticate")
    }
    return Response(write_json(told), answer.status_code, kept, MEDIA)
