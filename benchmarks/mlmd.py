"""The ML Metadata library, in an environment and a process of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

WHEEL = "ml-metadata==1.17.1"
# The wheels that there are.
_SUPPORTED = ((3, 11), (3, 10), (3, 9))
_ROOT = Path(__file__).parents[1]
_ENVIRONMENT = _ROOT / "benchmarks" / ".peers" / "mlmd"


class MlmdMissing(Exception):
    """The peer can't be had here."""


class Mlmd:
    """A process that runs `mlmd_peer.py` on a SQLite file."""

    def __init__(self, database: Path) -> None:
        self._process = subprocess.Popen(
            [str(environment()), "-m", "benchmarks.mlmd_peer"],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.ask("open", path=str(database))

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Run a command there; returns its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"command": command, **arguments}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the MLMD process ended (exit code {self._process.wait()})")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)


def environment() -> Path:
    """The interpreter that has the wheel; the environment is made on first use."""
    python = _ENVIRONMENT / "bin" / "python"
    ready = _ENVIRONMENT / ".ready"
    if ready.is_file() and ready.read_text() == WHEEL:
        return python
    print(f"making {_ENVIRONMENT} for {WHEEL} …", file=sys.stderr)
    subprocess.run([_interpreter(), "-m", "venv", "--clear", str(_ENVIRONMENT)], check=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--only-binary=:all:", WHEEL]
    if subprocess.run(install, check=False).returncode:
        raise MlmdMissing(f"{WHEEL} could not be installed")
    ready.write_text(WHEEL)
    return python


def _interpreter() -> str:
    """A Python that the wheel supports: this one, one on the path, or one of pyenv's."""
    if sys.version_info[:2] in _SUPPORTED:
        return sys.executable
    for major, minor in _SUPPORTED:
        found = shutil.which(f"python{major}.{minor}")
        if found:
            return found
        for home in sorted((Path.home() / ".pyenv" / "versions").glob(f"{major}.{minor}.*")):
            if (home / "bin" / "python").is_file():
                return str(home / "bin" / "python")
    versions = ", ".join(f"{a}.{b}" for a, b in _SUPPORTED)
    raise MlmdMissing(f"{WHEEL} needs one of Python {versions}, and none is here")
