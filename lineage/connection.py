"""Open a store."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from lineage.backends import open_backend
from lineage.errors import InvalidValue, Unsupported
from lineage.ports.backend import Backend
from lineage.store import Store

DEFAULT_URL = "sqlite:///.lineage/lineage.db"
# Other tools keep things in a folder of this name, too; the file is ours.
_FILE = Path(".lineage", "lineage.db")
_SERVED = ("http://", "https://")


def connect(
    url: str | os.PathLike[str] | None = None,
    *,
    create: bool = True,
    clock: Callable[[], int] | None = None,
) -> Store:
    """Open a store.

    Parameters
    ----------
    url : str or Path, optional
        `memory://`, `sqlite:///path`, `neo4j://user:password@host:7687`, `neo4j+s://…`, `bolt://…`.
        `http://host:8000` or `https://…` is the store that a server serves, with the token of
        `LINEAGE_TOKEN` or of `http://:TOKEN@host:8000`. A Path is
        that of a SQLite file. Without it, `LINEAGE_URL`, else `.lineage/lineage.db` in the working
        directory or the nearest folder above that has one; where none has, it is made in the
        working directory, which standard error says.
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
    from lineage.backends.statement_log import configure

    configure()
    place = resolve_url(url)
    if place.startswith(_SERVED):
        from lineage.client import open_store

        return open_store(place)
    store = Store(open_backend(place, create=create), clock=clock)
    if not url and not os.environ.get("LINEAGE_URL"):
        announce(store)
    return store


def resolve_url(url: str | os.PathLike[str] | None = None) -> str:
    """Return the URL of the store that is meant; without one, that of the default store.

    Raises
    ------
    InvalidValue
        It is neither text nor a Path.
    """
    if isinstance(url, os.PathLike):
        return f"sqlite:///{quote(os.path.abspath(os.fspath(url)))}"
    if url is not None and not isinstance(url, str):
        raise InvalidValue(
            f"the store {url!r} is neither a URL nor a Path; give sqlite:///path, neo4j://…, "
            "or pathlib.Path('path')"
        )
    return url or os.environ.get("LINEAGE_URL") or _find_default()


def find_folder() -> Path:
    """Return the `.lineage` folder of the nearest store, looking upwards as git does.

    Above the working directory, another user's store is passed over: anybody may put one into
    /tmp. Where there is none, it is the folder of the working directory.
    """
    here = Path.cwd()
    if not os.path.lexists(here / _FILE):
        for folder in here.parents:
            if _is_own(folder / _FILE):
                return folder / _FILE.parent
    return here / _FILE.parent


def announce(store: Store) -> None:
    """Say on standard error that a store was made, where it was."""
    if store.backend.made:
        print(f"lineage: made the store {store.backend.file}", file=sys.stderr)


def _find_default() -> str:
    folder = find_folder()
    if folder.parent == Path.cwd():
        return DEFAULT_URL
    return f"sqlite:///{quote(str(folder / _FILE.name))}"


def _is_own(file: Path) -> bool:
    """Tell whether a file is there and belongs to whoever asks, or they may read everything."""
    try:
        found = file.stat()
    except OSError:
        # A folder above that can't be looked into has nothing for us.
        return False
    user = os.geteuid() if hasattr(os, "geteuid") else 0
    return stat.S_ISREG(found.st_mode) and user in (0, found.st_uid)


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
