"""Runs what is in `client/` with the interpreter that has the `ml-metadata` wheel."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.mlmd.environment import environment_with_lineage

# What is in there needs the wheel, which this interpreter has not.
collect_ignore = ["client"]
_CLIENT = Path(__file__).parent / "client"
Checks = Callable[..., int]


@pytest.fixture(scope="session")
def wheel() -> Path:
    """The interpreter that has it."""
    return environment_with_lineage()


@pytest.fixture
def checks(wheel: Path) -> Checks:
    """Run a file of checks in there; returns how many passed, and fails with what went wrong."""

    def run(file: str, *options: str) -> int:
        done = subprocess.run(
            [wheel, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short",
             "-c", "/dev/null", "--confcutdir", _CLIENT, _CLIENT / file, *options],
            cwd=_CLIENT,
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        last = done.stdout.strip().splitlines()[-1]
        return int(last.split(" passed")[0].split()[-1])

    return run
