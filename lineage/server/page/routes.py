"""Where the page and its files are, and what it asks for beside the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, FastAPI, Query
from starlette.requests import Request
from starlette.responses import Response

from lineage.errors import NotFound
from lineage.server.http.answers import write_json
from lineage.server.http.operations import Operation
from lineage.server.http.service import Service
from lineage.server.page import overview, runs, search
from lineage.server.page.assets import INDEX, read_assets
from lineage.server.page.graph import build_graph
from lineage.server.page.node import read_node
from lineage.server.tokens import Role

T = TypeVar("T")
_PAGE = Operation("page", Role.READ)
_TEXT = 4_096
Text = Annotated[str, Query(max_length=_TEXT)]
MaybeText = Annotated[str | None, Query(max_length=_TEXT)]
Texts = Annotated[list[Annotated[str, Query(max_length=_TEXT)]], Query(max_length=2_000)]
Limit = Annotated[int, Query(ge=1, le=200)]
Milliseconds = Annotated[int | None, Query(ge=0, le=2**62)]


def add_page(app: FastAPI, prefix: str, service: Service) -> None:
    """Serve the page under `/`, and its questions under `prefix` and `/page`.

    The questions are the page's own: they are not in the API's document, and change with it.
    """
    _add_files(app)
    router = APIRouter(prefix=f"{prefix}/page", include_in_schema=False)
    _add_questions(router, service)
    app.include_router(router)


def _add_files(app: FastAPI) -> None:
    async def index(request: Request) -> Response:
        return _send(request, INDEX)

    async def file(request: Request, path: str) -> Response:
        return _send(request, path)

    app.add_api_route("/", index, methods=["GET"], include_in_schema=False)
    app.add_api_route("/static/{path:path}", file, methods=["GET"], include_in_schema=False)


def _send(request: Request, path: str) -> Response:
    asset = read_assets().get(path)
    if asset is None:
        raise NotFound(f"the page has no file {path[:200]!r}")
    headers = {"ETag": asset.tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if asset.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    body = asset.body
    if "gzip" in request.headers.get("accept-encoding", ""):
        body = asset.packed
        headers["Content-Encoding"] = "gzip"
    return Response(body, 200, headers, asset.media_type)


def _add_questions(router: APIRouter, service: Service) -> None:
    def ask(request: Request, work: Callable[[], T]) -> Response:
        return Response(
            write_json(service.run(request, _PAGE, work)), media_type="application/json"
        )

    store = service.store

    def start(request: Request) -> Response:
        return ask(request, lambda: overview.overview(store))

    def taints(request: Request) -> Response:
        return ask(request, lambda: overview.list_tainted(store))

    def changes(request: Request) -> Response:
        return ask(request, lambda: overview.revision(store))

    def find(request: Request, q: Text, limit: Limit = 20) -> Response:
        return ask(request, lambda: search.search(store, q, limit))

    def find_properties(request: Request, q: Text, limit: Limit = 20) -> Response:
        return ask(request, lambda: search.search_properties(store, q, limit))

    def node(request: Request, ref: Text) -> Response:
        return ask(request, lambda: read_node(store, ref))

    def graph(
        request: Request,
        ref: Texts,
        direction: Text = "both",
        depth: Annotated[int | None, Query(ge=0, le=1_000_000)] = None,
        type: Texts = [],  # noqa: B006
        as_of: Milliseconds = None,
        label: MaybeText = None,
        grouped: bool | None = None,
        open: Texts = [],  # noqa: B006
    ) -> Response:
        return ask(
            request,
            lambda: build_graph(
                store,
                ref,
                direction=direction,
                depth=depth,
                types=type,
                as_of=as_of,
                label=label,
                grouped=grouped,
                opened=frozenset(open),
            ),
        )

    def grid(
        request: Request, ref: Text, before: Annotated[int | None, Query(ge=0, le=2**62)] = None
    ) -> Response:
        return ask(request, lambda: runs.read_runs(store, ref, before))

    def metrics(request: Request, context: MaybeText = None) -> Response:
        return ask(request, lambda: runs.read_metrics(store, context))

    for path, endpoint in {
        "/overview": start,
        "/tainted": taints,
        "/revision": changes,
        "/search": find,
        "/search-properties": find_properties,
        "/node": node,
        "/graph": graph,
        "/runs": grid,
        "/metrics": metrics,
    }.items():
        router.add_api_route(path, endpoint, methods=["GET"], response_model=dict[str, Any])
