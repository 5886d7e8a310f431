"""Name every place that a uri may mean, so that no live artifact's bytes are taken for another's.

This errs on one side: where two uris might lead to the same bytes they share a place here, though
they may not. It decides what stays in storage, never what is the same artifact
(`lineage.rules.uris` does that).
"""

from __future__ import annotations

import os
import re
import socket
from functools import lru_cache
from posixpath import normpath
from urllib.parse import unquote

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(//)?")
_LOCAL = ("file", "local", "")
# Names of one storage; what caches or unpacks stands before another uri.
_SAME = {
    "s3a": "s3", "s3n": "s3", "gcs": "gs", "abfss": "abfs", "az": "abfs", "adl": "abfs",
    "hdfs+ha": "hdfs", "webhdfs": "hdfs",
}  # fmt: skip


def loose_places(uri: str) -> frozenset[str]:
    """Return every place that a uri may mean, on this machine or elsewhere.

    Parameters
    ----------
    uri
        As it was recorded: a path, a uri, or several that are chained by ``::``.

    Returns
    -------
    frozenset of str
        ``/absolute/path`` of what is local, with and without its links resolved; else
        ``scheme://host/path``, normalised: case of scheme and host, ``//``, ``/./``, ``..``,
        percent-encoding, query and fragment, each both as it stands and taken away.

    Examples
    --------
    >>> sorted(loose_places("S3://Bucket/a//b.csv?versionId=7"))
    ['s3://bucket/a/b.csv', 's3://bucket/a/b.csv?versionId=7']
    >>> loose_places("simplecache::s3://b/x") >= loose_places("s3://b/x")
    True
    """
    found: set[str] = set()
    for link in (uri, *uri.split("::")):
        for cut in {link, link.partition("#")[0], link.partition("?")[0]}:
            for spelled in {cut, unquote(cut)}:
                found |= _places_of(spelled)
    return frozenset(found)


def _places_of(uri: str) -> set[str]:
    match = _SCHEME.match(uri)
    scheme = match[1].lower() if match else ""
    rest = uri[match.end() :] if match else uri
    scheme = _SAME.get(scheme, scheme)
    if scheme in _LOCAL:
        host, slash, path = rest.partition("/")
        if match and match[2] and host and slash:
            # `file://host/path`: this machine by any of its names; another machine's path is
            # compared as well, since fsspec opens it here.
            beside = f"/{host}/{path}" if host.lower() in _hosts() else rest
            local = {f"/{path}", beside}
        else:
            local = {rest}
        return {place for path in local if path for place in _local_places(path)}
    host, slash, path = rest.lstrip("/").partition("/")
    name = host.lower()
    # The account in `container@account` is one of the names of the container.
    names = {name, name.partition("@")[0]}
    tidy = normpath(f"/{path}").rstrip("/") if slash else ""
    return {f"{scheme}://{name}{tidy}" for name in names}


@lru_cache(maxsize=65_536)
def _real_folder(folder: str) -> str:
    return os.path.realpath(folder)


def _local_places(path: str) -> set[str]:
    absolute = os.path.abspath(os.path.expanduser(path)).replace("//", "/", 1)
    folder, name = os.path.split(absolute)
    real = os.path.join(_real_folder(folder), name)
    return {normpath(absolute), normpath(real), os.path.realpath(real)}


@lru_cache(maxsize=1)
def _hosts() -> frozenset[str]:
    name = socket.gethostname().lower()
    return frozenset({"localhost", "127.0.0.1", "[::1]", "::1", name, name.partition(".")[0]})
