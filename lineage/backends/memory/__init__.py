"""Keep lineage in memory, for tests and for trying things out."""

from lineage.backends.memory.backend import open_backend

__all__ = ["open_backend"]
