"""The endpoints that are about things: nodes, steps, types, policies, plans, queries, exports."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Annotated, Any, TypeVar, cast

from fastapi import APIRouter, Header, Path, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

import lineage
from lineage import wire
from lineage.errors import InvalidValue, PreconditionFailed
from lineage.model import NODE_CLASSES, Event, Kind, Node, Plan, Policy, Receipt, Step, Type
from lineage.server.http import schemas
from lineage.server.http.answer_schemas import ExplainOut
from lineage.server.http.answers import NDJSON, etag, pieces, render, write_json
from lineage.server.http.audit import list_changes
from lineage.server.http.endpoints import answer, wants_lines
from lineage.server.http.operations import Operation
from lineage.server.http.service import Service
from lineage.server.tokens import Role

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
Id = Annotated[int, Path(ge=-(2**63), le=2**63 - 1, description="The node's id.")]
Text = Annotated[str | None, Query(max_length=4_096)]
Page = Annotated[int, Query(ge=1, le=10_000, description="How many at most.")]
Match = Annotated[str | None, Header(description="The ETag of the version that is replaced.")]
_IN_A_PAGE = 100
_IN_A_STREAM = 1_000
_AUDIT = Operation("audit", Role.ADMIN)
_EXPORT = Operation("export", Role.READ)
_ENDINGS = {"dot": "dot", "graphml": "graphml", "html": "html", "mermaid": "mmd", "svg": "svg"}
_MEDIA = {
    "dot": "text/vnd.graphviz",
    "graphml": "application/graphml+xml",
    "html": "text/html",
    "mermaid": "text/vnd.mermaid",
    "svg": "image/svg+xml",
}


def _route(router: Any, method: str, path: str, **told: Any) -> Callable[[Endpoint], Endpoint]:
    """Add a function as the endpoint of a path."""

    def add(endpoint: Endpoint) -> Endpoint:
        router.add_api_route(path, endpoint, methods=[method], **told)
        return endpoint

    return add


def add_resources(router: APIRouter, service: Service) -> None:
    """Add the endpoints that are no single method of the store."""
    for kind in Kind:
        _add_nodes(router, service, kind)
    _add_recording(router, service)
    _add_rules(router, service)
    _add_exports(router, service)
    _add_queries(router, service)
    _add_store(router, service)


def _add_nodes(router: APIRouter, service: Service, kind: Kind) -> None:
    path, tag = f"/{kind}s", "Nodes"

    @_route(
        router,
        "GET",
        path,
        tags=[tag],
        operation_id=f"find_{kind}s",
        response_model=schemas.PageOut,
        summary=f"Find {kind}s.",
    )
    def find(
        request: Request,
        where: Annotated[
            str | None,
            Query(
                max_length=100_000,
                description="A filter in the language of ML Metadata's filter_query.",
                examples=["uri LIKE 's3://%' AND events_0.type = INPUT"],
            ),
        ] = None,
        match: Annotated[
            list[Annotated[str, Query(max_length=4_096)]] | None,
            Query(
                max_length=100,
                description="Conditions as `lineage ls` takes them.",
                examples=[["type=Model", "accuracy>0.9"]],
            ),
        ] = None,
        type: Text = None,
        name: Text = None,
        external_id: Text = None,
        uri: Text = None,
        state: Text = None,
        context: Text = None,
        order_by: Annotated[str | None, Query(max_length=40, examples=["created desc"])] = None,
        page_size: Page = _IN_A_PAGE,
        page_token: Text = None,
    ) -> Response:
        """All that is given must hold. `next_page_token` of an answer, given as `page_token` to
        the same question, leads on: what is written in between neither shifts nor repeats it.

        Asked for as lines of JSON, all pages come, one after the other.
        """
        predicate: Any = where
        if match:
            from lineage.filters.parser import parse_filter
            from lineage.filters.shorthand import parse_terms

            predicate = parse_terms(match, kind)
            if where is not None:
                predicate = parse_filter(where, kind).also(predicate)
        asked: dict[str, Any] = {
            "where": predicate,
            "type": type,
            "name": name,
            "external_id": external_id,
            "uri": uri,
            "state": state,
            "context": context,
            "order_by": order_by,
        }
        if wants_lines(request):
            asked["page_size"] = _IN_A_STREAM
            first = service.call(request, "find", [kind], {**asked, "page_token": page_token})
            return StreamingResponse(_every_page(service, kind, asked, first), media_type=NDJSON)
        found = service.call(
            request, "find", [kind], {**asked, "page_size": page_size, "page_token": page_token}
        )
        return answer(request, found)

    @_route(
        router,
        "GET",
        path + "/{id}",
        tags=[tag],
        operation_id=f"get_{kind}",
        response_model=schemas.NodeOut,
        summary=f"Get one {kind}, with its ETag.",
    )
    def get(request: Request, id: Id, if_none_match: Match = None) -> Response:
        node = service.call(request, str(kind), [id])
        tag = etag(node)
        if if_none_match is not None and tag in _tags(if_none_match):
            return Response(status_code=304, headers={"ETag": tag})
        return _node(request, node)

    @_route(
        router,
        "POST",
        path,
        tags=[tag],
        operation_id=f"create_{kind}",
        status_code=201,
        response_model=schemas.NodeOut,
        summary=f"Create one {kind}.",
    )
    def create(
        request: Request,
        body: schemas.NodeIn,
        reuse: Annotated[
            bool, Query(description="Take the one that has the same name or external id.")
        ] = False,
    ) -> Response:
        """With `reuse`, one with the same external id, or type and name, is taken instead, and
        what is given is set on it; without, such a one is a conflict."""
        node = service.call(request, "put", [parse_node(kind, body)], {"reuse": reuse})
        return _node(request, node, 201, f"/api/v1{path}/{node.id}")

    @_route(
        router,
        "PUT",
        path + "/{id}",
        tags=[tag],
        operation_id=f"replace_{kind}",
        response_model=schemas.NodeOut,
        summary=f"Replace one {kind}.",
    )
    def replace(request: Request, id: Id, body: schemas.NodeIn, if_match: Match = None) -> Response:
        """Everything but id, type and the time of creation becomes as the body has it.

        `If-Match` names the version that is replaced; without it, the body's `updated_ms` does.
        A node that changed since is a conflict, and stays.
        """
        node = cast(Any, parse_node(kind, body))
        if if_match is not None:
            there = service.call(request, str(kind), [id])
            if etag(there) not in _tags(if_match) and if_match.strip() != "*":
                raise PreconditionFailed(
                    f"{kind}:{id} is another version than {if_match[:80]}; get it again"
                )
            updated = there.updated_ms
        elif body.updated_ms is not None:
            updated = body.updated_ms
        else:
            raise _Unconditional(
                "say which version is replaced: send If-Match with its ETag, or its updated_ms"
            )
        node = node.model_copy(update={"id": id, "updated_ms": updated})
        return _node(request, service.call(request, "update", [node]))


class _Unconditional(InvalidValue):
    """A request names no version to replace."""

    http_status = 428


def _add_recording(router: APIRouter, service: Service) -> None:
    @_route(
        router,
        "POST",
        "/steps",
        tags=["Record"],
        operation_id="record",
        status_code=201,
        response_model=schemas.RecordedOut,
        summary="Record one step whole, or nothing.",
    )
    def record(request: Request, body: schemas.StepIn) -> Response:
        """What has the same id, external id, or type and name is re-used, and made otherwise."""
        step = parse_step(body)
        keywords = {
            "inputs": step.inputs,
            "outputs": step.outputs,
            "contexts": step.contexts,
            "types": step.types,
            "time_ms": step.time_ms,
        }
        found = service.call(request, "record", [step.execution], keywords)
        return _created(request, render(found))

    @_route(
        router,
        "POST",
        "/steps/batch",
        tags=["Record"],
        operation_id="record_steps",
        status_code=201,
        response_model=schemas.CountOut,
        summary="Record many steps in one transaction.",
    )
    def record_steps(request: Request, body: schemas.StepsIn) -> Response:
        steps = [parse_step(step) for step in body.steps]
        size = {"batch_size": max(1, len(steps))}
        count = service.call(request, "record_steps", [steps], size)
        return _created(request, {"count": count})

    @_route(
        router,
        "POST",
        "/events",
        tags=["Record"],
        operation_id="put_events",
        status_code=201,
        response_model=schemas.CountOut,
        summary="Write events between stored nodes.",
    )
    def put_events(request: Request, body: schemas.EventsIn) -> Response:
        events = [Event.parse(event) for event in body.events]
        service.call(request, "put_events", [events])
        return _created(request, {"count": len(events)})

    @_route(
        router,
        "POST",
        "/memberships",
        tags=["Record"],
        operation_id="put_in_context",
        status_code=201,
        response_model=schemas.CountOut,
        summary="Put artifacts and executions into a context.",
    )
    def put_in_context(request: Request, body: schemas.MembersIn) -> Response:
        members = {"artifacts": body.artifacts, "executions": body.executions}
        service.call(request, "put_in_context", [body.context], members)
        return _created(request, {"count": len(body.artifacts) + len(body.executions)})

    @_route(
        router,
        "POST",
        "/parents",
        tags=["Record"],
        operation_id="put_parent",
        status_code=201,
        response_model=schemas.CountOut,
        summary="Put a context below another.",
    )
    def put_parent(request: Request, body: schemas.ParentIn) -> Response:
        service.call(request, "put_parent", [body.child, body.parent])
        return _created(request, {"count": 1})

    @_route(
        router,
        "POST",
        "/types",
        tags=["Types"],
        operation_id="put_type",
        response_model=Type,
        summary="Declare a type, or add properties to one.",
    )
    def put_type(
        request: Request,
        body: Type,
        drop: Annotated[list[str], Query(max_length=1_000)] = [],  # noqa: B006
        extend: bool = False,
    ) -> Response:
        keywords = {"drop": tuple(drop), "extend": extend}
        return answer(request, service.call(request, "put_type", [body], keywords))


def _add_rules(router: APIRouter, service: Service) -> None:
    @_route(
        router,
        "PUT",
        "/policies/{name}",
        tags=["Taint"],
        operation_id="put_policy",
        response_model=Policy,
        summary="Put a policy into force.",
    )
    def put_policy(request: Request, name: str, body: schemas.PolicyIn) -> Response:
        policy = Policy.parse({**body.model_dump(), "name": name})
        return answer(request, service.call(request, "put_policy", [policy]))

    @_route(
        router,
        "DELETE",
        "/policies/{name}",
        tags=["Taint"],
        operation_id="drop_policy",
        status_code=204,
        summary="Take a policy out of force; it stays in the history.",
    )
    def drop_policy(request: Request, name: str) -> Response:
        service.call(request, "drop_policy", [name])
        return Response(status_code=204)

    @_route(
        router,
        "POST",
        "/plans/apply",
        tags=["Deletion"],
        operation_id="apply",
        response_model=Receipt,
        summary="Do what a plan says, and leave a receipt.",
    )
    def apply(request: Request, body: schemas.PlanIn) -> Response:
        """A plan is refused where something stands in its way, where what it read has changed
        since, or where it was applied before."""
        plan = Plan.parse(body.plan)
        return answer(request, service.call(request, "apply", [plan], {"who": body.who}))

    @_route(
        router,
        "GET",
        "/receipts/{id}",
        tags=["Deletion"],
        operation_id="receipt",
        response_model=Receipt,
        summary="One receipt, by its id or the beginning of it.",
    )
    def receipt(request: Request, id: str) -> Response:
        return answer(request, service.call(request, "receipt", [id]))


def _add_exports(router: APIRouter, service: Service) -> None:
    ways: dict[str, tuple[str, ...]] = {"upstream": ("upstream",), "downstream": ("downstream",)}
    ways["both"] = ("upstream", "downstream")

    @_route(
        router,
        "GET",
        "/export/{format}",
        tags=["Trace"],
        operation_id="export",
        summary="What is upstream or downstream, in another tool's format.",
        response_class=Response,
    )
    def export(
        request: Request,
        format: str,
        ref: Annotated[list[str], Query(max_length=1_000)],
        direction: Annotated[str, Query(pattern="^(upstream|downstream|both)$")] = "upstream",
        depth: Annotated[int | None, Query(ge=0, le=2**63 - 1)] = None,
        as_of: Text = None,
    ) -> Response:
        """The formats of `lineage export`: cyclonedx, dot, graphml, html, json, mermaid,
        openlineage, prov and svg."""
        from lineage.formats.export import validate_format

        write = validate_format(format)
        asked = {"depth": depth, "as_of": as_of}
        first, *rest = (service.call(request, way, ref, asked) for way in ways[direction])
        found = first
        for other in rest:
            found = found | other
        text = service.run(request, _EXPORT, lambda: write(service.store, found))
        # It comes as a file: what is in it is never a page of this server.
        name = f'attachment; filename="lineage.{_ENDINGS.get(format, "json")}"'
        headers = {"Content-Disposition": name}
        return Response(text.encode(), 200, headers, _MEDIA.get(format, "application/json"))


def _add_queries(router: APIRouter, service: Service) -> None:
    most = service.settings

    def bounds(body: schemas.QueryIn) -> dict[str, Any]:
        asked = most.max_rows if body.limit is None else body.limit
        seconds = most.query_seconds if body.timeout is None else body.timeout
        return {
            "limit": min(asked, most.max_rows),
            "timeout": min(seconds, most.query_seconds),
        }

    @_route(
        router,
        "POST",
        "/query",
        tags=["Cypher"],
        operation_id="query",
        response_model=schemas.QueryOut,
        summary="Ask in Cypher; only what reads the graph is run.",
    )
    def query(request: Request, body: schemas.QueryIn) -> Response:
        found = service.call(request, "query", [body.cypher, body.parameters], bounds(body))
        if wants_lines(request):
            return StreamingResponse(_rows(found), media_type=NDJSON)
        return answer(request, found)

    @_route(
        router,
        "POST",
        "/explain",
        tags=["Cypher"],
        operation_id="explain",
        response_model=ExplainOut,
        summary="How a query is answered: where it starts, what it walks, what it filters.",
    )
    def explain(
        request: Request,
        body: schemas.QueryIn,
        profile: Annotated[bool, Query(description="Run it, and measure each step.")] = False,
    ) -> Response:
        keywords = {**bounds(body), "profile": profile}
        return answer(
            request, service.call(request, "explain", [body.cypher, body.parameters], keywords)
        )

    @_route(
        router,
        "GET",
        "/queries/{name}",
        tags=["Cypher"],
        operation_id="saved_query",
        response_model=schemas.SavedQueryOut,
        summary="A kept query.",
    )
    def saved_query(request: Request, name: str) -> Response:
        text = service.call(request, "saved_query", [name])
        return answer(request, {"name": name, "cypher": text})

    @_route(
        router,
        "PUT",
        "/queries/{name}",
        tags=["Cypher"],
        operation_id="save_query",
        response_model=schemas.SavedQueryOut,
        summary="Keep a query under a name.",
    )
    def save_query(request: Request, name: str, body: schemas.SavedQueryIn) -> Response:
        service.call(request, "save_query", [name, body.cypher])
        return answer(request, {"name": name, "cypher": body.cypher})

    @_route(
        router,
        "DELETE",
        "/queries/{name}",
        tags=["Cypher"],
        operation_id="drop_query",
        status_code=204,
        summary="Forget a kept query.",
    )
    def drop_query(request: Request, name: str) -> Response:
        service.call(request, "drop_query", [name])
        return Response(status_code=204)


def _add_store(router: APIRouter, service: Service) -> None:
    reading = Operation("store", Role.READ)

    @_route(
        router,
        "GET",
        "/store",
        tags=["Store"],
        operation_id="store",
        response_model=schemas.StoreOut,
        summary="Which store is served, and by what.",
    )
    def store(request: Request) -> Response:
        def told() -> dict[str, Any]:
            backend = service.store.backend
            return {
                "url": service.store.url,
                **backend.describe(),
                "lineage": lineage.__version__,
                "wire": wire.VERSION,
                "capabilities": asdict(backend.capabilities),
                "roles": sorted(request.state.caller.roles),
            }

        return answer(request, service.run(request, reading, told))

    @_route(
        router,
        "GET",
        "/audit",
        tags=["Store"],
        operation_id="audit",
        response_model=schemas.ChangesOut,
        summary="Who changed what, the latest first.",
    )
    def audit(request: Request, limit: Page = _IN_A_PAGE, before: Text = None) -> Response:
        """Needs the role `admin`."""
        found = service.run(
            request,
            _AUDIT,
            lambda: list_changes(service.store, limit=limit, before=before),
        )
        return answer(request, found)


def parse_node(kind: Kind, body: schemas.NodeIn) -> Node:
    """Return the node that a body describes. Raises InvalidValue."""
    given = body.model_dump(exclude_unset=True)
    if given.pop("kind", None) not in (None, kind):
        raise InvalidValue(f"the body is a {body.kind}, and {kind}s are written here")
    # An answer has every field; what its kind of node lacks is null in it.
    for name in ("uri", "state", "digest", "version"):
        if name not in NODE_CLASSES[kind].model_fields and given.get(name) is None:
            given.pop(name, None)
    for name in ("properties", "custom_properties"):
        if name in given:
            given[name] = {key: parse_value(value) for key, value in given[name].items()}
    node: Node = NODE_CLASSES[kind].parse(given)
    return node


def parse_step(body: schemas.StepIn) -> Step:
    """Return the step that a body describes. Raises InvalidValue."""
    return Step.parse(_with_bytes(body.model_dump()))


def parse_value(value: Any) -> Any:
    """Return a property's value: `{"$bytes": …}` is bytes."""
    if isinstance(value, dict) and value.keys() == {"$bytes"}:
        try:
            return base64.b64decode(value["$bytes"], validate=True)
        except (binascii.Error, TypeError, ValueError):
            raise InvalidValue("$bytes is no base64") from None
    return value


def _with_bytes(value: Any, depth: int = 0) -> Any:
    """A step's JSON in which the properties have their bytes."""
    if isinstance(value, dict) and depth < 8:
        return {
            key: {name: parse_value(item) for name, item in inner.items()}
            if key in ("properties", "custom_properties") and isinstance(inner, dict)
            else _with_bytes(inner, depth + 1)
            for key, inner in value.items()
        }
    if isinstance(value, list) and depth < 8:
        return [_with_bytes(item, depth + 1) for item in value]
    return value


def _every_page(service: Service, kind: Kind, asked: dict[str, Any], page: Any) -> Iterator[bytes]:
    def found() -> Iterator[bytes]:
        nonlocal page
        count = 0
        while True:
            for node in page:
                count += 1
                yield write_json({"node": render(node)}) + b"\n"
            token = page.next_page_token
            if token is None:
                break
            page = service.store.find(kind, **asked, page_token=token)
        yield write_json({"end": {"complete": True, "lines": count}}) + b"\n"

    return pieces(found())


def _rows(result: Any) -> Iterator[bytes]:
    def found() -> Iterator[bytes]:
        told = result.to_dict()
        yield write_json({"columns": told["columns"]}) + b"\n"
        for row in told["rows"]:
            yield write_json({"row": row}) + b"\n"
        end = {"complete": told["complete"], "lines": len(told["rows"])}
        yield write_json({"end": end}) + b"\n"

    return pieces(found())


def _node(request: Request, node: Node, status: int = 200, place: str | None = None) -> Response:
    headers = {"ETag": etag(node)}
    if place is not None:
        headers["Location"] = place
    if getattr(request.state, "replayed", False):
        headers["Idempotency-Replayed"] = "true"
    return Response(write_json(render(node)), status, headers, "application/json")


def _created(request: Request, told: dict[str, Any]) -> Response:
    headers = {"Idempotency-Replayed": "true"} if getattr(request.state, "replayed", 0) else None
    return Response(write_json(told), 201, headers, "application/json")


def _tags(header: str) -> list[str]:
    return [tag.strip().removeprefix("W/") for tag in header.split(",")]
