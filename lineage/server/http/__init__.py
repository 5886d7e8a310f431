"""The HTTP server: everything that the store and the questions do, under `/api/v1`."""

from lineage.errors import StoreUnavailable

try:
    from lineage.server.http.app import create_app
except ModuleNotFoundError as error:
    raise StoreUnavailable(
        f"the HTTP server needs {error.name}: pip install 'lineage-engine[server]'"
    ) from error
from lineage.server.http.settings import Settings

__all__ = ["Settings", "create_app"]
