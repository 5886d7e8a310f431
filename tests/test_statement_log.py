"""What is logged: each statement with its time, when somebody asks, and never a value."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import lineage
from lineage import Artifact

SECRET = "a name that is nobody's business"


def test_statements_are_logged_for_whoever_listens(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "lineage"), lineage.connect(tmp_path / "s.db") as store:
        store.put(Artifact(type="Model", name=SECRET))
        store.get(f"Model:{SECRET}")
    told = [record.getMessage() for record in caplog.records if record.name == "lineage.sqlite"]
    assert any("INSERT" in line for line in told)
    assert all(re.match(r"[0-9.]+ ms(, \w+)?: ", line) for line in told)
    assert not any(SECRET in line for line in told)


@pytest.mark.parametrize(
    ("asked", "shown", "code"),
    [("debug", True, 0), ("DEBUG", True, 0), ("warning", False, 0), ("", False, 0),
     ("loud", False, 2)],
)  # fmt: skip
def test_the_environment_asks(tmp_path: Path, asked: str, shown: bool, code: int) -> None:
    step = tmp_path / "step.json"
    step.write_text('{"execution": {"type": "Train"}}')
    told = subprocess.run(
        [sys.executable, "-m", "lineage.cli", "--store", f"sqlite:///{tmp_path}/s.db", "record",
         str(step)],
        capture_output=True, text=True, env={**os.environ, "LINEAGE_LOG": asked}, check=False,
    )  # fmt: skip
    assert told.returncode == code
    assert ("lineage.sqlite DEBUG" in told.stderr) is shown
    assert "lineage.sqlite" not in told.stdout
    if code:
        assert "it can be debug, info, warning, error" in told.stderr
    elif not shown:
        assert told.stderr == f"lineage: made the store {tmp_path}/s.db\n"
