"""The files of the page, read once, each sent compressed and with its digest as its tag."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import PurePosixPath
from typing import Any

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
INDEX = "index.html"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent."""

    body: bytes
    packed: bytes
    media_type: str
    tag: str


@cache
def read_assets() -> dict[str, Asset]:
    """Return the files by their path below `static`.

    Only these are ever sent: a path in a request is a key in here, and opens no file.
    """
    found: dict[str, Asset] = {}
    pending: list[tuple[PurePosixPath, Any]] = [
        (PurePosixPath(), resources.files("lineage.server.page") / "static")
    ]
    while pending:
        place, folder = pending.pop()
        for entry in folder.iterdir():
            path = place / entry.name
            if entry.is_dir():
                pending.append((path, entry))
            elif path.suffix in _TYPES:
                body = entry.read_bytes()
                found[str(path)] = Asset(
                    body,
                    gzip.compress(body, 9, mtime=0),
                    _TYPES[path.suffix],
                    f'"{hashlib.sha256(body).hexdigest()[:32]}"',
                )
    return found
