"""Keep the roots below which this machine lets bytes be removed.

They are the machine's own: in the user's configuration, or in the environment of the process, and
never in a store. A store says what was stored where; whoever sent it must not choose what is
deleted here.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from lineage.errors import InvalidValue, NotFound

_VARIABLE = "LINEAGE_STORAGE_ALLOW"
_LOCAL = ("file", "local")
_own: ContextVar[tuple[str, ...]] = ContextVar("roots", default=())


def config_file() -> Path:
    """Return the file that the roots are kept in: below `XDG_CONFIG_HOME`, else `~/.config`."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base, "lineage", "storage.json")


def list_roots() -> list[str]:
    """Return all roots in force: kept ones, those of the environment, those of this context."""
    given = [root.strip() for root in os.environ.get(_VARIABLE, "").split(",")]
    return list(dict.fromkeys([*_read(), *filter(None, given), *_own.get()]))


def allow(root: str) -> str:
    """Keep a root, and return it as it is kept: a local path becomes absolute.

    Raises InvalidValue for the whole file system, or for what is no absolute place.
    """
    kept = _absolute(root)
    roots = _read()
    if kept not in roots:
        _write([*roots, kept])
    return kept


def disallow(root: str) -> None:
    """Forget a root. Raises NotFound where it is not kept."""
    kept, roots = _absolute(root), _read()
    if kept not in roots:
        there = ", ".join(roots) or "none"
        raise NotFound(f"{kept} is not allowed here (there are: {there})")
    _write([other for other in roots if other != kept])


@contextmanager
def allow_within(root: str | Path) -> Iterator[None]:
    """Allow a root for what this context does, such as a folder that it made itself."""
    token = _own.set((*_own.get(), _absolute(str(root))))
    try:
        yield
    finally:
        _own.reset(token)


def is_allowed(place: str, protocols: tuple[str, ...]) -> bool:
    """Return whether a path of a storage lies below an allowed root.

    Parameters
    ----------
    place
        The path as the storage has it, without a scheme; a local one with its links resolved.
    protocols
        The names of the storage: ``("s3", "s3a")``.
    """
    for root in list_roots():
        scheme, separator, path = root.partition("://")
        if not separator:
            scheme, path = "file", root
        local = scheme.lower() in _LOCAL
        if not (local and set(_LOCAL) & set(protocols)) and scheme.lower() not in protocols:
            continue
        if local:
            path = os.path.realpath(path)
        here, below = place.strip("/"), path.strip("/")
        if not below or here == below or here.startswith(f"{below}/"):
            return True
    return False


def _absolute(root: str) -> str:
    if "://" in root:
        scheme, _, path = root.partition("://")
        if scheme.lower() not in _LOCAL:
            return f"{scheme.lower()}://{path.rstrip('/')}"
        root = path
    path = os.path.abspath(os.path.expanduser(root))
    if path == os.path.sep:
        raise InvalidValue("the whole file system is no root to allow: name a folder in it")
    return path


def _read() -> list[str]:
    try:
        found = json.loads(config_file().read_text(encoding="utf-8"))
        return [str(root) for root in found["allow"]]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidValue(
            f"{config_file()} can't be read ({error}): mend it, or delete it"
        ) from error


def _write(roots: list[str]) -> None:
    file = config_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f"{file.name}.{os.getpid()}")
    partial.write_text(json.dumps({"allow": roots}, indent=2) + "\n", encoding="utf-8")
    os.replace(partial, file)
