"""Commands that are killed, with all that watches them, at any moment."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.recording.commands import LONG, Workshop

KILLS = 50 if LONG else 3
PROGRAM = """
import time
lines = open("raw.csv").read().split()
with open("out.csv", "w") as out:
    for line in lines:
        out.write(line * 2 + "\\n")
        out.flush()
        time.sleep(0.01)
"""


@pytest.mark.parametrize("seed", range(KILLS))
def test_nothing_half_written_is_used(tmp_path: Path, seed: int) -> None:
    work = Workshop(tmp_path / "work")
    work.write("program.py", PROGRAM)
    work.write("raw.csv", "\n".join(map(str, range(30))))
    started = subprocess.Popen(
        work.arguments("--cache", "--name", "double", sys.executable, "program.py"),
        cwd=work.folder, env=work.environment, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        # From before it opens the store to after the program has ended.
        started.wait(random.Random(seed).uniform(0.05, 4 if LONG else 2))
    except subprocess.TimeoutExpired:
        os.killpg(started.pid, signal.SIGKILL)
    started.wait()
    done = work.record("--cache", "--name", "double", sys.executable, "program.py")
    assert done["state"] in ("COMPLETE", "CACHED")
    assert (work.folder / "out.csv").read_text() == "".join(f"{n}{n}\n" for n in range(30))
    *before, last = work.executions()
    assert last.state == done["state"]
    # One that was killed is known to be dead as soon as somebody asks for its result.
    assert {e.state for e in before} <= {"CANCELED", "COMPLETE", "FAILED"}
    again = work.record("--cache", "--name", "double", sys.executable, "program.py")
    assert again["state"] == "CACHED"
