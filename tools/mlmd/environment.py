"""An environment with the unmodified `ml-metadata` wheel, and Lineage in it: protobuf 4."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
WHEEL = "ml-metadata==1.17.1"
# The wheels that there are.
_SUPPORTED = ((3, 11), (3, 10), (3, 9))
# Lineage itself needs this one of them.
_WITH_LINEAGE = ((3, 11),)


class MlmdMissing(Exception):
    """The wheel can't be had here."""


def environment() -> Path:
    """The interpreter that has the wheel; the environment is made on first use."""
    return _made("mlmd", [WHEEL], _SUPPORTED)


def environment_with_lineage() -> Path:
    """The interpreter that has both, as `pip install 'lineage-engine[mlmd]' ml-metadata` gives."""
    both = [WHEEL, "pytest>=8", "-e", f"{ROOT}[mlmd]"]
    return _made("mlmd-with-lineage", both, _WITH_LINEAGE)


def _made(name: str, wanted: list[str], versions: tuple[tuple[int, int], ...]) -> Path:
    folder = ROOT / "benchmarks" / ".peers" / name
    python = folder / "bin" / "python"
    ready = folder / ".ready"
    content = "\n".join([*wanted, *(_needed() if "-e" in wanted else [])])
    if ready.is_file() and ready.read_text() == content:
        return python
    print(f"making {folder} for {' '.join(wanted)} …", file=sys.stderr)
    subprocess.run([_interpreter(versions), "-m", "venv", "--clear", str(folder)], check=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--prefer-binary", *wanted]
    if subprocess.run(install, check=False).returncode:
        raise MlmdMissing(f"{' '.join(wanted)} could not be installed")
    ready.write_text(content)
    return python


def _needed() -> list[str]:
    """What Lineage itself needs, there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["mlmd"]]


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
