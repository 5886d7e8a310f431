"""What is said of a command line that can't be read."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from lineage.cli.__main__ import main

Captured = pytest.CaptureFixture[str]


def said(
    words: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv("LINEAGE_URL", raising=False)
    monkeypatch.setattr(sys, "argv", ["lineage", *words.split()])
    code = 0
    try:
        main()
    except SystemExit as end:
        code = int(end.code or 0)
    told = capsys.readouterr()
    return code, told.out, told.err


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("ls --nope", "No such option: --nope"),
        ("show", "Missing argument 'REF'; see lineage show --help"),
        ("lift Model:x", "Missing option '--label'"),
        ("ls --limit many", "Invalid value for '--limit'"),
        ("ls --limit 0", "Invalid value for '--limit'"),
        ("nope", "No such command 'nope'"),
        ("policy nope", "see lineage policy --help"),
        ("ls --store x", "--store stands before the command"),
        ("", "No such option: --json"),
        ("export nope Model:x", "no format 'nope'"),
    ],
)
def test_with_json_it_is_json(
    words: str, part: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    code, out, err = said(f"{words} --json", capsys, monkeypatch, tmp_path)
    assert (code, out) == (2, "")
    told = json.loads(err)
    assert set(told) == {"error", "message"}
    assert told["error"] in ("InvalidInput", "InvalidValue")
    assert part in told["message"]


def test_to_people_it_is_text(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    code, out, err = said("ls --nope", capsys, monkeypatch, tmp_path)
    assert (code, out) == (2, "")
    assert "No such option: --nope" in err
    assert "Usage: lineage ls" in err


def test_with_json_the_other_exit_codes_stay(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "step.json").write_text(
        '{"execution": {"type": "Train", "name": "t"},'
        ' "outputs": {"model": {"type": "Model", "name": "m"}}}'
    )
    for words, expected in [
        ("ls --help --json", 0),
        ("ls --json", 3),
        ("record step.json --json", 0),
        ("mark Model:m --label bad --json", 0),
        ("check Model:m --json", 1),
    ]:
        assert said(words, capsys, monkeypatch, tmp_path)[0] == expected, words


@pytest.mark.parametrize(
    ("words", "same"),
    [
        ("help", "--help"),
        ("help --json", "--help"),
        ("--store memory:// help", "--help"),
        ("help ls", "ls --help"),
        ("help policy show", "policy show --help"),
        ("help policy", "policy --help"),
    ],
)
def test_help_is_asked_for_as_a_command_too(
    words: str, same: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = said(words, capsys, monkeypatch, tmp_path)
    assert told == said(same, capsys, monkeypatch, tmp_path)
    assert told[0] == 0
    assert "Usage: lineage" in told[1]


def test_help_about_no_command(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    code, _, err = said("help nope", capsys, monkeypatch, tmp_path)
    assert code == 2
    assert "No such command 'nope'" in err


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("ls --limit many", "'many' should be a valid integer"),
        ("ls --limit 0", "0' should be greater than or equal to 1"),
        ("query x --timeout soon", "'soon' should be a valid number"),
        ("ls Model", "'Model' can't be listed; choose artifacts, executions, contexts, or give a"),
        ("ls accuracy>", "after > stands no value"),
    ],
)
def test_the_wrong_value_is_shown(
    words: str, part: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    code, out, err = said(words, capsys, monkeypatch, tmp_path)
    assert (code, out) == (2, "")
    assert part in err


def test_what_is_to_be_marked_may_be_mistyped(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "step.json").write_text(
        '{"execution": {"type": "Train", "name": "t"},'
        ' "outputs": {"model": {"type": "Model", "name": "m"}}}'
    )
    assert said("record step.json", capsys, monkeypatch, tmp_path)[0] == 0
    code, _, err = said("mark --where type=Modle --label bad", capsys, monkeypatch, tmp_path)
    assert code == 3
    assert "there is no artifact type 'Modle'; did you mean 'Model'?" in err
