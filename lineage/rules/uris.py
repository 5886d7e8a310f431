"""When two uris mean the same place, and what lies above one.

`/data/raw`, `file:///data/raw` and `local:///data/raw` are one place; so are `s3://`, `s3a://` and
`s3n://`, `gs://` and `gcs://`, `memory://x` and `memory:///x`. A slash at the end says nothing.
"""

from __future__ import annotations

import re

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(//)?")
_LOCAL = ("file", "local")
_SAME = (("s3", "s3a", "s3n"), ("gs", "gcs"), ("abfs", "abfss", "az"))


def spellings(uri: str) -> list[str]:
    """All that means the same place, without a slash at the end."""
    scheme, rest = _taken_apart(uri)
    if scheme in _LOCAL or (not scheme and rest.startswith("/")):
        path = _local_path(rest)
        return [path, *(f"{s}:{slashes}{path}" for s in _LOCAL for slashes in ("", "//")),
                f"file://localhost{path}"]  # fmt: skip
    if scheme == "memory":
        path = rest.strip("/")
        return [f"memory://{path}", f"memory:///{path}"]
    same = next((group for group in _SAME if scheme in group), (scheme,))
    path = rest.rstrip("/")
    return [f"{s}://{path}" for s in same] if scheme else [path]


def above(uri: str) -> list[str]:
    """The folders that a uri lies in, in every spelling, nearest first."""
    found: list[str] = []
    for spelling in spellings(uri):
        rest = _taken_apart(spelling)[1]
        head = spelling[: len(spelling) - len(rest)]
        while "/" in rest.rstrip("/"):
            rest = rest.rstrip("/").rpartition("/")[0]
            if rest:
                found += [head + rest, f"{head}{rest}/"]
    return found


def _taken_apart(uri: str) -> tuple[str, str]:
    """The scheme, if there is one, and what comes after it."""
    match = _SCHEME.match(uri)
    if match is None:
        return "", uri
    return match[1].lower(), uri[match.end() :]


def _local_path(rest: str) -> str:
    rest = rest.removeprefix("localhost") if rest.startswith("localhost/") else rest
    return "/" + rest.strip("/")
