"""The one shape of an error over HTTP: what the command line's `--json` prints, and more."""

from __future__ import annotations

import logging
from typing import Any

from starlette.responses import Response

from lineage.errors import InvalidFilter, InvalidValue, LimitExceeded, LineageError, Unauthenticated
from lineage.server.http.answers import write_json

_log = logging.getLogger("lineage.http")
_LONGEST = 4_000


def problem(error: LineageError, request_id: str | None = None) -> Response:
    """Return the answer that an error is.

    Parameters
    ----------
    error: what went wrong.
    request_id: what the logs call the request.
    """
    message = str(error)
    told: dict[str, Any] = {
        "error": error.public_name,
        "message": message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…",
        "request_id": request_id,
    }
    if isinstance(error, InvalidFilter):
        told["position"] = error.position
    headers: dict[str, str] = {}
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="lineage"'
    if isinstance(error, LimitExceeded) and error.http_status == 429:
        headers["Retry-After"] = "1"
    return Response(write_json(told), error.http_status, headers, "application/json")


def answer_unexpected(error: BaseException, request_id: str | None) -> Response:
    """Return the answer for a defect of ours: its details are in the log, not in the answer."""
    _log.error("a defect", exc_info=error, extra={"request_id": request_id})
    told = LineageError(
        "the server met a defect; its log says more under the request's id, "
        f"{request_id or 'which it has none of'}"
    )
    return problem(told, request_id)


def invalid_request(errors: list[dict[str, Any]]) -> LineageError:
    """Return the first thing that was found wrong with a request, as an error of ours."""
    first = errors[0]
    place = ".".join(str(step) for step in first["loc"]) or "request"
    given = first.get("input")
    shown = repr(given)
    shown = shown if len(shown) <= 80 else f"{shown[:77]}..."
    got = "" if first["type"] in ("missing", "json_invalid") else f" (got {shown})"
    return InvalidValue(f"{place}: {first['msg']}{got}")
