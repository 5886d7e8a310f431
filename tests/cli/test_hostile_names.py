"""What is printed is safe to print: a name can't move a reader's terminal or break a table."""

from __future__ import annotations

import io
import json
import shlex
import unicodedata
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

import lineage
from lineage import Artifact, Context, Execution
from lineage.cli.__main__ import main

# A terminal's colours, title and hyperlinks; a carriage return and a backspace that hide what
# stands before them; a line feed and a tab that break rows; an override of the writing direction.
HOSTILE = (
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\ "
    "gone\rback\x08\x7f \x9b31m row\nrow\ttab \u202egpj.exe\u2066 \u200bzero \ue000"
)
COMMANDS = [
    "ls", "ls executions", "ls contexts", "types", "show artifact:1", "show artifact:2",
    "show execution:1", "show context:1", "upstream artifact:2", "downstream artifact:1",
    "why artifact:1 artifact:2", "trained-on artifact:2", "hyperparameters artifact:2",
    "pipeline artifact:2", "environment artifact:2", "evaluations artifact:2", "about artifact:2",
    "deployments", "siblings artifact:2", "diff artifact:2 artifact:4", "failure execution:3",
    "blame", "history artifact:1", "impact artifact:1", "taint --label hostile",
    "check artifact:2 --label hostile", "marks", "marks --history", "rebuild --label hostile",
    "delete artifact:1 --plan-only", "gc --plan-only", "receipts", "policy show",
    "query 'MATCH (n) RETURN n.name, n'", "query 'MATCH (a)-[e]->(b) RETURN a, e, b'",
    "doctor", "doctor --deep", "upstream Model:nothing-like-it", "queries",
]  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('hostile')}/s.db"
    with lineage.connect(url) as store:
        for at in range(2):
            store.record(
                Execution(
                    type="Train", name=f"{HOSTILE} fit {at}", custom_properties={HOSTILE: HOSTILE}
                ),
                inputs={HOSTILE: Artifact(type="Dataset", name=HOSTILE, uri=f"s3://b/{HOSTILE}")},
                outputs={
                    "model": Artifact(
                        type="Model", name=f"{HOSTILE} {at}", custom_properties={"note": HOSTILE}
                    )
                },
                contexts=[Context(type="PipelineRun", name=HOSTILE)],
            )
        store.record(
            Execution(
                type="Train", name=f"{HOSTILE} bad", state="FAILED",
                custom_properties={"error": HOSTILE},
            ),
            inputs={HOSTILE: "artifact:1"},
        )  # fmt: skip
        store.mark("artifact:1", label="hostile", reason=HOSTILE, who=HOSTILE)
        store.save_query(HOSTILE, "MATCH (n) RETURN n")
    return url


def run(place: str, words: str, monkeypatch: pytest.MonkeyPatch) -> tuple[str, int]:
    monkeypatch.setattr("sys.argv", ["lineage", "--store", place, *shlex.split(words)])
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out), pytest.raises(SystemExit) as ended:
        main()
    return out.getvalue(), int(ended.value.code or 0)


@pytest.mark.parametrize("words", COMMANDS)
def test_nothing_is_printed_that_a_terminal_acts_on(
    place: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, code = run(place, words, monkeypatch)
    assert "defect" not in said
    assert code in (0, 1, 2, 3), said
    acting = {
        f"U+{ord(c):04X}"
        for c in said
        if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cs")
    }
    assert not acting
    # A row that a name broke in two begins with what stands behind its line feed.
    assert not [line for line in said.splitlines() if line.startswith("row ")]


def test_with_json_they_come_back_exactly(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said, _ = run(place, "show artifact:1 --json", monkeypatch)
    assert json.loads(said)["name"] == HOSTILE


def test_a_spreadsheet_takes_no_formula(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path}/s.db"
    with lineage.connect(url) as store:
        for name in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "plain"):
            store.put(Artifact(type="Dataset", name=name))
    asked = "query 'MATCH (n:Dataset) RETURN n.name ORDER BY n.id' --format csv"
    said, _ = run(url, asked, monkeypatch)
    assert said.splitlines()[1] == "=1+1"
    said, code = run(url, f"{asked} --spreadsheet", monkeypatch)
    assert code == 0
    rows = [row.strip('"') for row in said.splitlines()[1:]]
    assert [row[:1] for row in rows] == ["'", "'", "'", "'", "'", "p"]
