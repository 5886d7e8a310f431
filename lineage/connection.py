"""Open a store."""

from __future__ import annotations

import os

from lineage.backends import open_backend
from lineage.store import Store

DEFAULT_URL = "sqlite:///.lineage/lineage.db"


def connect(url: str | None = None, *, create: bool = True) -> Store:
    """Open the store at `url`, at `LINEAGE_URL`, or in `.lineage/` below the working directory.

    `memory://`, `sqlite:///path`, `neo4j://user:password@host:7687`, `neo4j+s://…`, `bolt://…`;
    `http://host:8000` or `https://…` is the store that a server serves, with the token of
    `LINEAGE_TOKEN` or of `http://:TOKEN@host:8000`.
    With `create=False` a store that isn't there raises NotFound instead of being made.

    Raises InvalidValue for a URL of no known kind, StoreUnavailable where it can't be opened,
    StoreTooNew where a newer Lineage wrote it.
    """
    place = url or os.environ.get("LINEAGE_URL") or DEFAULT_URL
    if place.startswith(("http://", "https://")):
        from lineage.client import open_store

        return open_store(place)
    return Store(open_backend(place, create=create))
