"""The MCP server, over standard input and output, or as a part of the HTTP server."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable
from typing import Any

import anyio
import anyio.to_thread
from mcp.server.mcpserver import MCPServer
from mcp.types import CallToolResult, TextContent, ToolAnnotations

import lineage
from lineage.errors import LineageError
from lineage.ports.deadline import limit_time
from lineage.server.mcp.tools import Tools
from lineage.store import Store

_INSTRUCTIONS = """Lineage of machine learning: which data, runs and models came of which.

Name a node as artifact:42, TYPE:NAME (Model:churn), an external id or a uri; `find` lists them.
Each answer says whether it is `complete`, the `totals`, and how many records are `returned`. Where
`next` is not null, `more` gives the rest: count by `totals`, never by what one page holds. Nothing
can be changed by these tools.
"""


def create_server(store: Store, seconds: float | None = None) -> Any:
    """Make the MCP server of a store.

    Parameters
    ----------
    store: what is asked; it is opened and closed by the caller.
    seconds: the deadline of an answer; None for none.
    """
    server = MCPServer(
        "lineage",
        version=lineage.__version__,
        instructions=_INSTRUCTIONS,
        log_level="ERROR",
        subscriptions=False,
    )
    for name, tool in Tools(store).all().items():
        server.add_tool(
            _answering(tool, seconds),
            name=name,
            description=(inspect.getdoc(tool) or "").strip(),
            annotations=ToolAnnotations(
                read_only_hint=True, destructive_hint=False, open_world_hint=False
            ),
            structured_output=False,
        )
    return server


def serve_stdio(store: Store) -> None:
    """Answer an agent over standard input and output until it hangs up."""
    anyio.run(create_server(store).run_stdio_async)


def _answering(tool: Callable[..., str], seconds: float | None) -> Callable[..., Any]:
    """A tool in a thread of its own, whose errors are answers."""

    @functools.wraps(tool)
    async def answer(**given: Any) -> Any:
        def work() -> str:
            with limit_time(seconds):
                return tool(**given)

        try:
            text, failed = await anyio.to_thread.run_sync(work), False
        except LineageError as error:
            told = {"error": error.public_name, "message": str(error)[:800]}
            text, failed = json.dumps(told, ensure_ascii=False), True
        return CallToolResult(content=[TextContent(type="text", text=text)], is_error=failed)

    answer.__signature__ = inspect.signature(tool, eval_str=True).replace(  # type: ignore[attr-defined]
        return_annotation=CallToolResult
    )
    answer.__annotations__ = {
        name: parameter.annotation
        for name, parameter in inspect.signature(answer).parameters.items()
    } | {"return": CallToolResult}
    return answer
