"""What others publish and the tests need, fetched once a user and kept in the user's cache."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Callable
from pathlib import Path


class CannotFetch(Exception):
    """It could not be fetched; the message says why."""


def kept(name: str, fill: Callable[[Path], None]) -> Path:
    """The folder of that name in the cache; `fill` fills it where it isn't there yet.

    Several may ask at once: one fills a folder, which only gets its name when it is whole.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lineage"
    home = cache / name
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            with tempfile.TemporaryDirectory(dir=cache) as partial:
                filled = Path(partial) / "whole"
                filled.mkdir()
                fill(filled)
                os.rename(filled, home)
    return home
