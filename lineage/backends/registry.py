"""One line a backend: URL scheme to the function that opens it.

Backends are imported when asked for, so that `memory://` needs no driver and the command line
starts fast.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from lineage.errors import InvalidValue
from lineage.ports.backend import Backend

_SCHEMES = {
    "memory": "lineage.backends.memory.backend",
    "sqlite": "lineage.backends.sqlite",
    "neo4j": "lineage.backends.neo4j",
    "neo4j+s": "lineage.backends.neo4j",
    "neo4j+ssc": "lineage.backends.neo4j",
    "bolt": "lineage.backends.neo4j",
    "bolt+s": "lineage.backends.neo4j",
    "bolt+ssc": "lineage.backends.neo4j",
}


def open_backend(url: str, *, create: bool = True) -> Backend:
    """The backend at a URL. With `create=False`, one that isn't there yet raises NotFound.

    Raises InvalidValue for a scheme that nobody knows, StoreUnavailable where it can't be opened.
    """
    scheme, separator, _ = url.partition("://")
    if not separator or scheme not in _SCHEMES:
        known = ", ".join(f"{name}://" for name in _SCHEMES)
        file = "" if separator else f"; a file is named sqlite:///{url.removeprefix('sqlite:')}"
        raise InvalidValue(f"store URL {url!r} does not begin with one of {known}{file}")
    backend: Backend = import_module(_SCHEMES[scheme]).open_backend(url, create=create)
    backend.address = _absolute(url)
    return backend


def _absolute(url: str) -> str | None:
    """A URL that means the same in another process, if there is one."""
    scheme, _, rest = url.partition("://")
    if scheme == "memory":
        return None
    if scheme == "sqlite":
        path, question, options = rest.removeprefix("/").partition("?")
        return f"sqlite:///{Path(path).absolute()}{question}{options}"
    return url
