"""The embedded default: one SQLite file, durable, many processes, no server."""

from lineage.backends.sqlite.backend import SqliteBackend, open_backend

__all__ = ["SqliteBackend", "open_backend"]
