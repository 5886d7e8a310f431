"""Artifacts of the Java world, fetched once a user by Maven."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tools.fetching import CannotFetch, kept


def fetched(name: str, *arguments: str) -> Path:
    """The folder of that name in the user's cache; Maven fills it where it isn't there yet.

    `{into}` in an argument is the folder to fill. Raises CannotFetch.
    """

    def fill(into: Path) -> None:
        maven = shutil.which("mvn")
        if maven is None:
            raise CannotFetch("there is no mvn")
        told = subprocess.run(
            [maven, "-B", "-q", *(argument.format(into=into) for argument in arguments)],
            capture_output=True,
            text=True,
            check=False,
        )
        if told.returncode:
            raise CannotFetch(f"Maven could not fetch {name}:\n{told.stdout[-2000:]}")

    return kept(name, fill)
