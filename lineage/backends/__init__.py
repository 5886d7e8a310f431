"""Where lineage is kept. `open_backend` finds the backend for a URL."""

from lineage.backends.registry import open_backend

__all__ = ["open_backend"]
