"""A store behind an HTTP server, with the interface of any other."""

from lineage.client.store import RemoteStore, open_store

__all__ = ["RemoteStore", "open_store"]
