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

from lineage.rules.values import MAX_URI_BYTES

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(//)?")
_LOCAL = ("file", "local")
_SAME = (("s3", "s3a", "s3n"), ("gs", "gcs"), ("abfs", "abfss", "az"))

_WITHOUT_HOST = ("memory", "dbfs")
# In object stores, and as a path of this machine: nothing to resolve, decode or strip.
_NORMAL = re.compile(
    r"(?:(?:s3|gs|abfs)://[a-z0-9.-]+)?"
    r"(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9_.,=@+-]+)+\Z"
)


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


def normalize(uri: str) -> str:
    """Return the one spelling of all uris that mean the same place.

    Scheme and host are in lower case, what need not be percent-encoded is not, `.` and `..` are
    resolved, and no slash is at the end; a local place is its plain path.

    Examples
    --------
    >>> normalize("file:///data/a%20b/../raw/")
    '/data/raw'
    >>> normalize("S3A://bucket/x/./y%2Dz/")
    's3://bucket/x/y-z'
    """
    if uri.isascii() and _NORMAL.match(uri):
        # Most are as they should be, and every artifact's is looked at.
        return uri
    scheme, rest = _split(uri)
    path = _local_path(uri)
    if path is not None:
        whole = normpath("/".join(map(_decode, path.split("/"))) if scheme else path)
    elif not scheme:
        whole = normpath(uri)
    elif len(scheme) == 1 or not ("//" in uri[: len(scheme) + 3] or rest.startswith("/")):
        # A drive of Windows, a urn: what stands behind the colon is no path.
        whole = uri
    else:
        whole = _normalize_remote(scheme, rest)
    # An index holds only so much; what grows like this is made to.
    return whole if len(whole.encode()) <= 2 * MAX_URI_BYTES else uri


def is_uri(text: str) -> bool:
    """Return whether a text says by itself that it is a place: an absolute path, or a scheme's.

    Examples
    --------
    >>> is_uri("s3://bucket/x"), is_uri("/data/raw"), is_uri("runs:/1/model"), is_uri("ours:run/1")
    (True, True, True, False)
    """
    scheme, rest = _split(text)
    if not scheme:
        return text.startswith("/")
    return scheme in _LOCAL or "//" in text[: len(scheme) + 3] or rest.startswith("/")


def _normalize_remote(scheme: str, rest: str) -> str:
    group = next((group for group in _SAME if scheme in group), (scheme,))
    rest, mark, query = _cut(rest)
    if scheme in _WITHOUT_HOST:
        host, path = "", rest.strip("/")
    else:
        host, _, path = rest.partition("/")
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            segments = segments[:-1]
        elif segment != ".":
            decoded = _decode(segment)
            for letter in "%/?#":
                decoded = decoded.replace(letter, f"%{ord(letter):02X}")
            segments.append(decoded)
    path = "/".join(segments).rstrip("/")
    user, at, host = host.rpartition("@")
    whole = "/".join(part for part in (f"{user}{at}{host.lower()}", path) if part)
    return f"{group[0]}://{whole}{mark}{query}"


def _decode(segment: str) -> str:
    """A part of a path without its percent-encoding, where it is of text."""
    if "%" not in segment:
        return segment
    decoded = unquote(segment)
    return segment if "\x00" in decoded or "\ufffd" in decoded else decoded


def _cut(rest: str) -> tuple[str, str, str]:
    """What comes before a query or fragment, its mark, and what comes after."""
    at = min((i for i in (rest.find("?"), rest.find("#")) if i >= 0), default=len(rest))
    return rest[:at], rest[at : at + 1], rest[at + 1 :]


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
