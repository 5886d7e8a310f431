"""Runs what is in `client/` with the interpreter that has the `ml-metadata` wheel."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tools.mlmd.environment import environment_with_lineage, environment_with_protobuf_6

# What is in there needs the wheel, which this interpreter has not.
collect_ignore = ["client"]
_CLIENT = Path(__file__).parent / "client"


@dataclass(frozen=True)
class Beside:
    """An interpreter with the wheel, with Lineage and with TFX."""

    python: Path

    def version(self, distribution: str) -> str:
        """Which version of it is there."""
        ask = "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))"
        return self.run("-c", ask, distribution).strip()

    def by_script(self, script: str, *arguments: str) -> str:
        """What a file of `client/` prints there; fails with what went wrong."""
        return self.run(str(_CLIENT / script), *arguments)

    def checks(self, file: str, *options: str) -> int:
        """Run a file of checks of `client/` there; returns how many passed."""
        done = self.run(
            "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short",
            "-c", "/dev/null", "--confcutdir", str(_CLIENT), str(_CLIENT / file), *options,
        )  # fmt: skip
        last = done.strip().splitlines()[-1]
        return int(last.split(" passed")[0].split()[-1])

    def run(self, *arguments: str) -> str:
        """What the interpreter prints; fails with what went wrong."""
        done = subprocess.run(
            [self.python, *arguments], cwd=_CLIENT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="session")
def protobuf_4() -> Beside:
    """With the protobuf that the wheel declares to take, and the last TFX that goes with that."""
    return _under("4", environment_with_lineage())


@pytest.fixture(scope="session")
def protobuf_6() -> Beside:
    """With a newer protobuf, and the newest TFX."""
    return _under("6", environment_with_protobuf_6())


@pytest.fixture(params=["protobuf_4", "protobuf_6"])
def either(request: pytest.FixtureRequest) -> Beside:
    """One, then the other."""
    found: Beside = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def wheel(protobuf_4: Beside) -> Path:
    """The interpreter that has the wheel as it is declared."""
    return protobuf_4.python


def _under(major: str, python: Path) -> Beside:
    found = Beside(python)
    assert found.version("protobuf").split(".")[0] == major
    return found
