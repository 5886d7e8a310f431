"""Environments with the unmodified `ml-metadata` wheel, each made on first use and then kept."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
WHEEL = "ml-metadata==1.17.1"
# What of Lineage goes with it.
EXTRAS = "mlmd,mysql,neo4j"
# TFX without TensorFlow and Beam: the last that goes with that wheel, and the newest. That one
# declares a newer wheel, but works with this one.
TFX = "ml-pipelines-sdk==1.17.3"
NEWEST_TFX = "ml-pipelines-sdk==1.21.0"
# The wheels that there are.
_SUPPORTED = ((3, 11), (3, 10), (3, 9))
# Lineage itself needs this one of them.
_WITH_LINEAGE = ((3, 11),)
# What these declare to need, but for versions of Python, of each other and of protobuf: they are
# installed regardless of those.
_NEEDED_BY_TFX = (
    "docker>=7,<8",
    "google-api-python-client>=1.8,<2",
    "google-apitools>=0.5,<1",
    "jinja2>=2.7.3,<4",
    "portpicker>=1.3.1,<2",
)
_NEEDED_BY_WHEEL = ("absl-py<2", "attrs<24", "six<2")
_REGARDLESS = ("--no-deps", "--ignore-requires-python")


class MlmdMissing(Exception):
    """The wheel can't be had here."""


def environment() -> Path:
    """The interpreter that has the wheel; the environment is made on first use."""
    return _made("mlmd", [[WHEEL]], _SUPPORTED)


def environment_with_lineage() -> Path:
    """The interpreter that has both, as `pip install 'lineage-engine[mlmd]' ml-metadata` gives.

    TFX is added to it afterwards.
    """
    first = [WHEEL, "pytest>=8", *_lineage()]
    steps = [first, [*first, *_NEEDED_BY_TFX], [*_REGARDLESS, TFX]]
    return _made("mlmd-with-lineage", steps, _WITH_LINEAGE)


def environment_with_protobuf_6() -> Path:
    """The same under protobuf 6, which the wheel doesn't declare to take, with the newest TFX."""
    first = ["protobuf>=6,<7", "pytest>=8", *_lineage(), *_NEEDED_BY_WHEEL, *_NEEDED_BY_TFX]
    steps = [first, [*_REGARDLESS, WHEEL, NEWEST_TFX]]
    return _made("mlmd-protobuf-6", steps, _WITH_LINEAGE)


def _made(name: str, steps: Sequence[Sequence[str]], versions: tuple[tuple[int, int], ...]) -> Path:
    """Make it where it isn't there as wanted: pip is run once for each step."""
    folder = ROOT / "benchmarks" / ".peers" / name
    python = folder / "bin" / "python"
    ready = folder / ".ready"
    words = [word for step in steps for word in step]
    content = "\n".join([*words, *(_needed() if "-e" in words else [])])
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Tests that run side by side want the same ones.
    with (folder.parent / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if ready.is_file() and ready.read_text() == content:
            return python
        print(f"making {folder} …", file=sys.stderr)
        bare = [_interpreter(versions), "-m", "venv", "--clear", "--without-pip", str(folder)]
        subprocess.run(bare, check=True)
        # By the pip that is here, and compiled when imported: half the time.
        pip = [sys.executable, "-m", "pip", "--python", str(python), "--quiet"]
        install = [*pip, "install", "--no-compile", "--prefer-binary"]
        for step in steps:
            if subprocess.run([*install, *step], check=False).returncode:
                raise MlmdMissing(f"{' '.join(step)} could not be installed")
        ready.write_text(content)
    return python


def _lineage() -> list[str]:
    return ["-e", f"{ROOT}[{EXTRAS}]"]


def _needed() -> list[str]:
    """What Lineage itself needs; when that changes, what was made with it is out of date."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    return [*project["dependencies"], *(need for e in EXTRAS.split(",") for need in extras[e])]


def _interpreter(versions: tuple[tuple[int, int], ...]) -> str:
    """A Python that the wheel supports: this one, one on the path, or one of pyenv's."""
    if sys.version_info[:2] in versions:
        return sys.executable
    for major, minor in versions:
        found = shutil.which(f"python{major}.{minor}")
        if found:
            return found
        for home in sorted((Path.home() / ".pyenv" / "versions").glob(f"{major}.{minor}.*")):
            if (home / "bin" / "python").is_file():
                return str(home / "bin" / "python")
    listed = ", ".join(f"{a}.{b}" for a, b in versions)
    raise MlmdMissing(f"{WHEEL} needs one of Python {listed}, and none is here")
