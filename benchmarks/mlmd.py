"""The ML Metadata library, in an environment and a process of its own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tools.mlmd.environment import environment

_ROOT = Path(__file__).parents[1]


class Mlmd:
    """A process that runs `mlmd_peer.py`: on a SQLite file, or as the client of a gRPC server."""

    def __init__(self, database: Path | None = None, *, port: int | None = None) -> None:
        self._process = subprocess.Popen(
            [str(environment()), "-m", "benchmarks.mlmd_peer"],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if port is not None:
            self.ask("connect", port=port)
        else:
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
