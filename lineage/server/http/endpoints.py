"""The endpoints that are a method of the store each, made from the table of operations."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from lineage.server.http.answer_schemas import ANSWERS
from lineage.server.http.answers import NDJSON, lines, render, write_json
from lineage.server.http.operations import OPERATIONS, Operation
from lineage.server.http.parameters import (
    Parameter,
    arguments,
    body_model,
    query_signature,
    read_parameters,
)
from lineage.server.http.service import Service
from lineage.store import Store


def add_operations(router: APIRouter, service: Service) -> None:
    """Add an endpoint for each operation that has a path."""
    for operation in OPERATIONS.values():
        if operation.path is None:
            continue
        method = getattr(Store, operation.name)
        parameters = read_parameters(method)
        make = _posting if operation.post else _getting
        router.add_api_route(
            operation.path,
            make(service, operation, parameters),
            methods=["POST" if operation.post else "GET"],
            tags=[operation.tag],
            operation_id=operation.name,
            summary=(inspect.getdoc(method) or operation.name).partition("\n")[0],
            description=_description(method, operation),
            response_model=ANSWERS[operation.name],
        )


def answer(request: Request, found: Any) -> Response:
    """Return an answer in the form that the request asks for."""
    told = render(found)
    if wants_lines(request) and isinstance(told, dict):
        return StreamingResponse(lines(told), media_type=NDJSON)
    if not isinstance(told, dict | list):
        told = {"answer": told}
    headers = {"Idempotency-Replayed": "true"} if getattr(request.state, "replayed", 0) else None
    return Response(write_json(told), 200, headers, "application/json")


def wants_lines(request: Request) -> bool:
    """Tell whether a request asks for lines of JSON."""
    return NDJSON in request.headers.get("accept", "")


def _getting(
    service: Service, operation: Operation, parameters: list[Parameter]
) -> Callable[..., Response]:
    def endpoint(request: Request, **given: Any) -> Response:
        positional, keywords = arguments(parameters, given)
        return answer(request, service.call(request, operation.name, positional, keywords))

    first = [
        inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Request)
    ]
    endpoint.__signature__ = query_signature(parameters, first)  # type: ignore[attr-defined]
    endpoint.__name__ = operation.name
    return endpoint


def _posting(
    service: Service, operation: Operation, parameters: list[Parameter]
) -> Callable[..., Response]:
    if not parameters:

        def bare(request: Request) -> Response:
            return answer(request, service.call(request, operation.name))

        bare.__name__ = operation.name
        return bare

    def endpoint(request: Request, body: BaseModel) -> Response:
        given = {name: getattr(body, name) for name in type(body).model_fields}
        positional, keywords = arguments(parameters, given)
        return answer(request, service.call(request, operation.name, positional, keywords))

    model = body_model(f"{operation.name}_in", parameters)
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    endpoint.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter("request", kind, annotation=Request),
            inspect.Parameter("body", kind, annotation=model),
        ]
    )
    endpoint.__name__ = operation.name
    return endpoint


def _description(method: Any, operation: Operation) -> str:
    text = (inspect.getdoc(method) or "").partition("Examples\n")[0].strip()
    needs = f"Needs the role `{operation.role}`."
    for name, role in operation.raised.items():
        needs += f" With `{name}`, needs the role `{role}`."
    return f"{text}\n\n{needs}"
