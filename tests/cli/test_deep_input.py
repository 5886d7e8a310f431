"""JSON and TOML that no reader takes: nested too deeply, numbers of too many digits."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import lineage
from lineage.cli.__main__ import main

DEEP = "[" * 100_000 + "]" * 100_000
HUGE = "9" * 5_000


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/s.db"


@pytest.mark.parametrize("value", [DEEP, HUGE, '{"a": ' * 5_000, "[1"])
@pytest.mark.parametrize(
    "command", [["delete", "--apply"], ["record"], ["policy", "apply"], ["query", "RETURN $x"]]
)
def test_each_is_wrong_use(
    url: str,
    tmp_path: Path,
    command: list[str],
    value: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def run(*words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["lineage", "--store", url, *words])
        try:
            main()
        except SystemExit as end:
            return int(end.code or 0)
        return 0

    lineage.connect(url).close()
    file = tmp_path / "given"
    file.write_text(f"a = {value}" if command[0] == "policy" else value)
    args = [*command, str(file)]
    if command[0] == "query":
        args = [*command, "--param", f"x={value}"]
    code = run(*args)
    told = capsys.readouterr()
    assert "Traceback" not in told.err + told.out
    assert (code, told.err[:8]) == (2, "lineage:") or (command[0] == "query" and code == 0)
