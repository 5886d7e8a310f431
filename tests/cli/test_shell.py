"""`lineage shell` in a real pseudo-terminal."""

from __future__ import annotations

from pathlib import Path

import pexpect

import lineage
from lineage import Artifact
from tests.terminal import shell

_RUNAWAY = "".join(f"UNWIND range(1, 1000) AS {name} " for name in "abcdef") + "RETURN count(*);\r"


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
