"""Where OpenLineage clients send their events: `POST /api/v1/lineage`, and `/batch` for many."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response

from lineage.errors import LineageError
from lineage.server.http.answers import write_json
from lineage.server.http.operations import Operation
from lineage.server.http.service import Service
from lineage.server.tokens import Role

_RECEIVE = Operation("receive", Role.RECORD)
_MOST = 10_000
_EVENT = {
    "eventType": "COMPLETE",
    "eventTime": "2026-11-28T14:00:00Z",
    "producer": "https://example.com/etl",
    "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json",
    "run": {"runId": "01936893-9751-7a91-a2a0-a51101a3970c"},
    "job": {"namespace": "etl", "name": "copy"},
    "inputs": [{"namespace": "s3://data", "name": "raw.csv"}],
    "outputs": [{"namespace": "s3://data", "name": "clean.csv"}],
}
_Event = Annotated[dict[str, Any], Body(examples=[_EVENT])]
_Events = Annotated[list[Any], Body(max_length=_MOST, examples=[[_EVENT]])]


class ReceivedOut(BaseModel):
    """The ids of an event's run, inputs and outputs."""

    execution: int | None
    inputs: list[int]
    outputs: list[int]


class BatchItem(BaseModel):
    """What became of one event of a batch, by its place in it."""

    model_config = ConfigDict(extra="allow")
    index: int
    status: int


class BatchOut(BaseModel):
    """What became of each event of a batch."""

    events: list[BatchItem]
    recorded: int
    refused: int


def add_receiver(router: APIRouter, service: Service) -> None:
    """Add the endpoints that take OpenLineage events."""

    def receive_event(request: Request, event: _Event) -> Response:
        """An event that was received before changes nothing, and the order does not matter."""
        from lineage.formats.openlineage_events import receive

        found = service.run(request, _RECEIVE, lambda: receive(service.store, event))
        return Response(write_json(found.to_dict()), 201, None, "application/json")

    def receive_batch(request: Request, events: _Events) -> Response:
        """An event that is refused does not hinder the others; each is answered in its place."""
        from lineage.formats.openlineage_events import receive_all

        found = service.run(request, _RECEIVE, lambda: receive_all(service.store, events))
        told = [_answer(index, item) for index, item in enumerate(found)]
        refused = sum(isinstance(item, LineageError) for item in found)
        answer = {"events": told, "recorded": len(found) - refused, "refused": refused}
        return Response(write_json(answer), 200, None, "application/json")

    router.add_api_route(
        "/lineage",
        receive_event,
        methods=["POST"],
        tags=["OpenLineage"],
        status_code=201,
        operation_id="receive",
        response_model=ReceivedOut,
        summary="Receive an OpenLineage event.",
    )
    router.add_api_route(
        "/lineage/batch",
        receive_batch,
        methods=["POST"],
        tags=["OpenLineage"],
        operation_id="receive_batch",
        response_model=BatchOut,
        summary="Receive many OpenLineage events.",
    )


def _answer(index: int, item: Any) -> dict[str, Any]:
    if isinstance(item, LineageError):
        return {
            "index": index,
            "status": item.http_status,
            "error": item.public_name,
            "message": str(item),
        }
    return {"index": index, "status": 201, **item.to_dict()}
