"""`lineage shell` in a real pseudo-terminal."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

import lineage
from lineage import Artifact
from tests.terminal import shell

_RUNAWAY = "".join(f"UNWIND range(1, 1000) AS {name} " for name in "abcdef") + "RETURN count(*);\r"


@pytest.mark.parametrize(
    ("typed", "answers"),
    [
        ("RETURN 1 AS a; RETURN 2 AS a;", ["1", "2"]),
        ("RETURN 1 AS a;\n// done; really\nRETURN 2 AS a", ["1", "2"]),
        ("RETURN 'x;\ny' AS a; RETURN \"it's;\" AS a;", ["x; y", "it's;"]),
        ("RETURN 1 AS `a`; // the end; of it\n", ["1"]),
        ("RETURN 1 /* ; */ + 1 AS a;\n;;\n:limit 5\nRETURN 4 / 2 AS a;", ["2", "2"]),
        ("/**/" * 5_000 + " RETURN 1 AS a;", ["1"]),
    ],
)
def test_a_query_ends_at_its_semicolon(typed: str, answers: list[str], tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "lineage.cli", "--store", "memory://", "shell"],
        input=typed,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert (told.returncode, told.stderr) == (0, "")
    lines = told.stdout.splitlines()
    assert lines[1::3] == answers
    assert lines[0::3] == ["a"] * len(answers)
    assert lines[2::3] == ["1 row, complete."] * len(answers)


def test_completion_lines_ctrl_c_and_history(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/lineage.db"
    with lineage.connect(url) as store:
        store.put(Artifact(type="Model", name="m"))
    with shell(url, tmp_path) as terminal:
        terminal.expect("lineage>")
        # Tab completes a label; the query goes on over two lines.
        terminal.send("MATCH (m:Mod\t")
        terminal.expect("el\x1b")
        terminal.send(")\rRETURN m.name AS named;\r")
        terminal.expect("1 row, complete")
        terminal.expect("lineage>")
        terminal.send(_RUNAWAY)
        terminal.expect(r"count\(\*\).*\x1b\[\?2004l")
        terminal.send("\x03")
        terminal.expect("stopped|lineage>")
        terminal.send("RETURN 40 + 2 AS sum;\r")
        terminal.expect("42")
        terminal.expect("lineage>")
        terminal.send(":quit\r")
        terminal.expect(pexpect.EOF)
    history = (tmp_path / "lineage" / "history").read_text()
    assert "RETURN 40 + 2 AS sum;" in history
    assert "+MATCH (m:Model)" in history
