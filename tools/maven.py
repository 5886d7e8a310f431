"""Artifacts of the Java world, fetched once a user by Maven."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path


class CannotFetch(Exception):
    """Maven is missing, or could not fetch; the message says which."""


def fetched(name: str, *arguments: str) -> Path:
    """The folder of that name in the user's cache; Maven fills it where it isn't there yet.

    `{into}` in an argument is the folder to fill. Several may ask at once: one fetches, into a
    folder that only gets its name when it is whole.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lineage"
    home = cache / name
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            _fetch(cache, home, arguments)
    return home


def _fetch(cache: Path, home: Path, arguments: tuple[str, ...]) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise CannotFetch("there is no mvn")
    with tempfile.TemporaryDirectory(dir=cache) as partial:
        into = f"{partial}/lib"
        told = subprocess.run(
            [maven, "-B", "-q", *(argument.format(into=into) for argument in arguments)],
            capture_output=True,
            text=True,
            check=False,
        )
        if told.returncode:
            raise CannotFetch(f"Maven could not fetch {home.name}:\n{told.stdout[-2000:]}")
        os.rename(into, home)
