"""`lineage shell` in a real pseudo-terminal, as somebody who types has it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect

ROOT = Path(__file__).parents[1]


@contextmanager
def shell(url: str, state: Path, *options: str, columns: int = 120) -> Iterator[pexpect.spawn[str]]:
    """A session on a store, its history kept under a folder; it is ended if it has not ended."""
    environment = {
        **os.environ,
        "LINEAGE_URL": url,
        "XDG_STATE_HOME": str(state),
        "TERM": "xterm",
        "PROMPT_TOOLKIT_NO_CPR": "1",
    }
    terminal = pexpect.spawn(
        sys.executable,
        ["-m", "lineage.cli", "shell", *options],
        env=environment,
        encoding="utf-8",
        timeout=300,
        dimensions=(40, columns),
        cwd=str(ROOT),
    )
    try:
        yield terminal
    finally:
        terminal.close(force=True)
