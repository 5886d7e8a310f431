"""How much longer a program takes under `lineage exec`, and how long recording it takes then."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.measuring import Measured, in_turns, seconds, shown
from lineage.recording.capture.capture import Capture, CaptureMode
from lineage.recording.capture.exclusions import Selection
from lineage.recording.process import run_program

_PROGRAM = """
import glob
total = 0
for name in glob.glob("data/*.txt"):
    with open(name) as file:
        total += sum(map(len, file.read().split()))
"""


def measure(bench: Bench) -> list[Measured]:
    files = bench.size(10_000, 100)
    folder = bench.folder / "exec"
    (folder / "data").mkdir(parents=True)
    for at in range(files):
        (folder / "data" / f"{at}.txt").write_text(f"{at} words and numbers\n" * 200)
    (folder / "program.py").write_text(_PROGRAM)
    command = [sys.executable, str(folder / "program.py")]
    before = Path.cwd()
    os.chdir(folder)
    try:
        return [
            *(_overhead(bench, mode, command, files) for mode in ("audit", "trace")),
            _whole(bench, command, files),
        ]
    finally:
        os.chdir(before)


def _overhead(bench: Bench, mode: str, command: list[str], files: int) -> Measured:
    limit = {"audit": 1.05, "trace": 1.5}[mode]

    def bare() -> float:
        return _run(command[0], command, dict(os.environ))

    def watched() -> float:
        with Capture(CaptureMode(mode), Selection(["."]), os.getcwd()) as capture:
            arguments, environment = capture.begin(command, os.environ)
            return _run(arguments[0], arguments, environment)

    turns = in_turns(watched, bare, bench.size(15, 2))
    return Measured(
        name=f"exec_{mode}",
        what=f"a Python program that reads {files:,} files of 4 kB, under `exec --capture {mode}`",
        against="the program alone",
        ours=shown(turns.our_median),
        peer=shown(turns.peer_median),
        ratio=f"{turns.slower:.2f}x the time",
        target=f"at most {limit}x",
        met=turns.slower <= limit,
        note=turns.spread,
    )


def _run(program: str, arguments: list[str], environment: dict[str, str]) -> float:
    ended = run_program(program, arguments, environment, every=60, beat=lambda: None)
    assert ended.exit_code == 0
    return ended.seconds


def _whole(bench: Bench, command: list[str], files: int) -> Measured:
    """All of it: starting, looking, running, hashing 10,000 files, recording as many inputs."""
    lineage = str(Path(sys.executable).with_name("lineage"))

    def run() -> None:
        subprocess.run([lineage, "exec", *command], check=True)

    first, again = seconds(run), seconds(run)
    return Measured(
        name="exec_whole",
        what=f"`lineage exec` of that program in all, {files:,} inputs recorded, the first time",
        against="a second time, when nothing is hashed",
        ours=shown(first),
        peer=shown(again),
        ratio="-",
        target="-",
        met=None,
    )
