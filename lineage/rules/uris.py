"""When two uris mean the same place, and what lies above one.

`/data/raw`, `file:///data/raw` and `local:///data/raw` are one place; so are `s3://`, `s3a://` and
`s3n://`, `gs://` and `gcs://`, `memory://x` and `memory:///x`, `dbfs:/x` and `dbfs:///x`. A slash
at the end says nothing. In a local path neither do `//` and `/./`, and in a `file:` uri what is
percent-encoded may be meant as it stands or decoded: it is at both places.

What links lead to is not looked at, nor are names that only one storage knows for another (the
account in `abfss://container@account…`).
"""

from __future__ import annotations

import re
from posixpath import normpath
from urllib.parse import unquote

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(//)?")
_LOCAL = ("file", "local")
_SAME = (("s3", "s3a", "s3n"), ("gs", "gcs"), ("abfs", "abfss", "az"))

# What every local uri is at or below, in whatever spelling.
LOCAL_ROOTS = ("", *(f"{spelled}:" for s in _LOCAL for spelled in (s, s.upper())))


def is_local(uri: str) -> bool:
    """Whether it is an absolute path on this machine."""
    return _local_path(uri) is not None


def spellings(uri: str) -> list[str]:
    """All that means the same place, without a slash at the end; itself is one of them.

    Not those of which there is no end: `//` for `/` in a local path, or a letter encoded.
    """
    scheme, rest = _split(uri)
    path = _local_path(uri)
    if path is not None:
        found = [path, *(f"{s}:{slashes}{path}" for s in _LOCAL for slashes in ("", "//")),
                 f"file://localhost{path}"]  # fmt: skip
    elif scheme == "memory":
        path = rest.strip("/")
        found = [f"memory://{path}", f"memory:///{path}"]
    else:
        path = rest.rstrip("/")
        same = next((group for group in _SAME if scheme in group), (scheme,))
        # Without a host, the slashes before it may be left out.
        between = ("://", ":") if path.startswith("/") else ("://",)
        found = [f"{s}{b}{path}" for s in same for b in between] if scheme else [path]
    return list(dict.fromkeys([*found, uri.rstrip("/")]))


def places(uri: str) -> set[str]:
    """Where it is: two uris mean the same place where they have one of these in common."""
    path = _local_path(uri)
    if path is None:
        return {spellings(uri)[0]}
    return {normpath(p) for p in ((path, unquote(path)) if _SCHEME.match(uri) else (path,))}


def folders(place: str) -> list[str]:
    """The places that a place lies in, nearest first."""
    rest = _split(place)[1]
    head = place[: len(place) - len(rest)]
    found: list[str] = []
    while "/" in rest.rstrip("/"):
        rest = rest.rstrip("/").rpartition("/")[0]
        if rest:
            found.append(head + rest)
    return found


def above(uri: str) -> list[str]:
    """The folders that a uri lies in, in every spelling, nearest first."""
    return [
        spelled
        for spelling in spellings(uri)
        for folder in folders(spelling)
        for spelled in (folder, f"{folder}/")
    ]


def _split(uri: str) -> tuple[str, str]:
    """The scheme, if there is one, and what comes after it."""
    match = _SCHEME.match(uri)
    if match is None:
        return "", uri
    return match[1].lower(), uri[match.end() :]


def _local_path(uri: str) -> str | None:
    """The absolute path that a local uri is of."""
    scheme, rest = _split(uri)
    if scheme in _LOCAL and rest.startswith("localhost/"):
        rest = rest.removeprefix("localhost")
    if scheme not in ("", *_LOCAL) or not rest.startswith("/"):
        return None
    return "/" + rest.strip("/")
