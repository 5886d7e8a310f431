"""Open a store."""

from __future__ import annotations

import os
from collections.abc import Callable

from lineage.backends import open_backend
from lineage.errors import Unsupported
from lineage.ports.backend import Backend
from lineage.store import Store

DEFAULT_URL = "sqlite:///.lineage/lineage.db"
_SERVED = ("http://", "https://")


def connect(
    url: str | None = None, *, create: bool = True, clock: Callable[[], int] | None = None
) -> Store:
    """Open a store.

    Parameters
    ----------
    url : str, optional
        `memory://`, `sqlite:///path`, `neo4j://user:password@host:7687`, `neo4j+s://…`, `bolt://…`.
        `http://host:8000` or `https://…` is the store that a server serves, with the token of
        `LINEAGE_TOKEN` or of `http://:TOKEN@host:8000`. Without it, `LINEAGE_URL`, else `.lineage/`
        below the working directory.
    create : bool
        Make a store that isn't there.
    clock : callable, optional
        Tells the time in milliseconds since the Unix epoch; the system's clock by default. A server
        has its own.

    Returns
    -------
    Store
        The open store; a context manager that closes it.

    Raises
    ------
    InvalidValue
        The URL is of no known kind.
    NotFound
        There is no store, and `create` is False.
    StoreUnavailable
        It can't be opened.
    StoreTooNew
        A newer Lineage wrote it.

    Examples
    --------
    >>> import lineage
    >>> with lineage.connect("memory://") as store:
    ...     store.counts().artifacts
    0
    """
    place = url or os.environ.get("LINEAGE_URL") or DEFAULT_URL
    if place.startswith(_SERVED):
        from lineage.client import open_store

        return open_store(place)
    return Store(open_backend(place, create=create), clock=clock)


def address_of(backend: Backend) -> str:
    """Return the URL, password included, that opens a backend in another process.

    Raises
    ------
    Unsupported
        It is in the memory of this one.
    """
    if backend.address is None:
        raise Unsupported(
            f"the store {backend.url} can't be sent to another process; use one that others can "
            "open, such as lineage.connect('sqlite:///lineage.db')"
        )
    return backend.address


def reconnect(kind: type[Store], address: str, clock: Callable[[], int]) -> Store:
    """Open a store anew where it is unpickled.

    Raises
    ------
    StoreUnavailable, NotFound
        It can't be opened from here.
    """
    if address.startswith(_SERVED):
        return connect(address)
    return kind(open_backend(address, create=False), clock=clock)
