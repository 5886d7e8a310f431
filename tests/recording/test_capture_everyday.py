"""Recall and precision of what is captured, over everyday programs.

Two truths: what the author of each program knows, and a system-call trace of the bare program.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.recording.commands import LONG, Workshop
from tests.recording.everyday_programs import PROGRAMS, SETUP, Program

SHORT = (
    "shutil copies and moves",
    "a folder that is renamed into place",
    "what is made, read again and kept",
    "sqlite3 writes",
    "pyarrow",
    "polars",
    "duckdb",
    "multiprocessing",
)
UNSEEN = () if LONG else ("subprocess of another program", "an interpreter without site")
NAMES = tuple(PROGRAMS) if LONG else SHORT


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that each program begins with."""
    folder = tmp_path_factory.mktemp("files")
    subprocess.run([sys.executable, "-c", SETUP], cwd=folder, check=True)
    return folder


def begun(files: Path, tmp_path: Path, program: Program) -> Workshop:
    shutil.copytree(files, tmp_path / "work")
    work = Workshop(tmp_path / "work")
    work.write("program.py", program.text)
    return work


def plain(names: frozenset[str]) -> set[str]:
    return {name.encode("latin-1", "backslashreplace").decode("unicode_escape") for name in names}


def lacking(found: dict[str, Any], program: Program) -> list[str]:
    """What may lack, but for the content of what the program changes in place."""
    changed = program.inputs & program.outputs
    return [
        text
        for text in found["may_lack"]
        if not any(f"the content of {name} as it was read" in text for name in changed)
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_trace_sees_all_and_nothing_else(files: Path, tmp_path: Path, name: str) -> None:
    program = PROGRAMS[name]
    work = begun(files, tmp_path, program)
    found = work.record(sys.executable, "program.py", capture="trace")
    assert set(found["inputs"]) - {"program.py"} == plain(program.inputs)
    assert set(found["outputs"]) == plain(program.outputs)
    assert lacking(found, program) == []


@pytest.mark.parametrize("name", [*NAMES, *UNSEEN])
def test_audit_hooks_see_what_python_opens_and_say_what_else_there_was(
    files: Path, tmp_path: Path, name: str
) -> None:
    program = PROGRAMS[name]
    work = begun(files, tmp_path, program)
    found = work.record(sys.executable, "program.py", capture="audit")
    inputs, outputs = set(found["inputs"]) - {"program.py"}, set(found["outputs"])
    # Nothing is made up.
    assert inputs <= plain(program.inputs)
    assert outputs <= plain(program.outputs)
    if program.unseen is None:
        assert inputs == plain(program.inputs)
        assert outputs == plain(program.outputs)
        assert lacking(found, program) == []
    else:
        assert any(program.unseen in text for text in found["may_lack"])


@pytest.mark.skipif(not LONG, reason="the programs are the same each time")
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_author_is_right(files: Path, tmp_path: Path, name: str) -> None:
    """What the author says is what a trace of the bare program shows."""
    program = PROGRAMS[name]
    work = begun(files, tmp_path, program)
    log = tmp_path / "log"
    subprocess.run(
        ["strace", "-f", "-y", "-e", "trace=file,read,write", "-e", "signal=none", "-o", log,
         sys.executable, "program.py"],
        cwd=work.folder, env=work.environment, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    made = {
        os.path.relpath(os.path.join(folder, each), work.folder)
        for folder, _, names in os.walk(work.folder)
        for each in names
        if not (files / os.path.relpath(os.path.join(folder, each), work.folder)).exists()
    } - {"program.py"}
    changed = {
        each
        for each in plain(program.outputs) & {p.name for p in files.iterdir()}
        if (files / each).read_bytes() != (work.folder / each).read_bytes()
    }
    assert {m for m in made if not (work.folder / m).is_symlink()} | changed == plain(
        program.outputs
    )
    text = log.read_text(errors="surrogateescape")
    for each in program.inputs:
        assert re.search(rf'"(?:[^"]*/)?{re.escape(Path(each).name)}"', text), each
