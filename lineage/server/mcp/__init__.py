"""Tools by which agents ask a store: read-only, counted, and bounded in bytes."""

from lineage.errors import StoreUnavailable

try:
    from lineage.server.mcp.server import create_server, serve_stdio
except ModuleNotFoundError as error:
    raise StoreUnavailable(
        f"the tools for agents need {error.name}: pip install 'lineage-engine[mcp]'"
    ) from error

__all__ = ["create_server", "serve_stdio"]
