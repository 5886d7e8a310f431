"""A folder in which programs are run under `lineage exec`, and what was recorded of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import lineage
from lineage import Execution, Store
from lineage.model import Flow

# The short form tries each kind of thing, the long one each thing.
LONG = bool(os.environ.get("LINEAGE_LONG"))
LINEAGE = [str(Path(sys.executable).with_name("lineage"))]


@dataclass(frozen=True)
class Files:
    """The names of what a run read and made, code left out."""

    inputs: set[str]
    outputs: set[str]


class Workshop:
    """A folder with programs and data, and the store in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        self.environment.pop("LINEAGE_URL", None)

    def write(self, name: str, data: str | bytes = "") -> Path:
        """Write a file into the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    def arguments(self, *words: str, capture: str = "auto") -> list[str]:
        """The command line of `lineage exec`."""
        return [*LINEAGE, "exec", "--capture", capture, *words]

    def run(
        self,
        *words: str,
        capture: str = "auto",
        input: bytes | None = None,
        environment: Mapping[str, str] | None = None,
        cwd: str = ".",
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command under `lineage exec`; options stand first."""
        return subprocess.run(
            self.arguments(*words, capture=capture),
            cwd=self.folder / cwd,
            env={**self.environment, **(environment or {})},
            input=input,
            stdin=None if input is not None else subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
            check=False,
        )

    def record(self, *words: str, capture: str = "auto", **given: Any) -> dict[str, Any]:
        """Run a command that ends well; returns what `--json` says."""
        done = self.run("--json", *words, capture=capture, **given)
        assert done.returncode == 0, done.stderr.decode()
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    def files(self, *words: str, capture: str = "auto", **given: Any) -> Files:
        """Run a command that ends well; returns what it read and made but for code."""
        found = self.record(*words, capture=capture, **given)
        return Files(
            {name for name in found["inputs"] if not name.endswith((".py", ".sh"))},
            set(found["outputs"]),
        )

    def python(self, program: str, *, capture: str = "auto", **given: Any) -> Files:
        """Run a Python program, given as its text."""
        self.write("program.py", program)
        return self.files(sys.executable, "program.py", capture=capture, **given)

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The store in the folder."""
        with lineage.connect(f"sqlite:///{self.folder}/.lineage/lineage.db", create=False) as store:
            yield store

    def executions(self) -> list[Execution]:
        """What was recorded, in order."""
        with self.store() as store:
            return sorted(store.executions(), key=lambda e: e.id or 0)

    def edges(self) -> set[tuple[str, str, str]]:
        """All edges of the recorded graph: file, `->` or `<-`, the program's last word."""
        found = set()
        with self.store() as store:
            for execution in store.executions():
                for event in store.events(execution=execution):
                    uri = store.artifact(event.artifact_id).uri or ""
                    name = os.path.relpath(unquote(uri.removeprefix("file://")), self.folder)
                    arrow = "->" if event.type.flow is Flow.INPUT else "<-"
                    found.add((name, arrow, execution.get("command")[-1]))
        return found
