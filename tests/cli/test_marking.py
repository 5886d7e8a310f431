"""`mark`, `lift`, `marks` and `policy` on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from lineage import Policy
from lineage.cli.__main__ import main
from lineage.cli.commands import app
from lineage.errors import InvalidValue, LineageError
from lineage.formats.policy_toml import policy_from_toml, policy_to_toml
from lineage.rules.policies import validate_policy

STEP = {
    "execution": {"type": "Train", "name": "t"},
    "inputs": {"examples": {"type": "Dataset", "name": "raw", "uri": "s3://raw"}},
    "outputs": {"model": {"type": "Model", "name": "churn"}},
}


def run(url: str, *arguments: str, stdin: str | None = None, code: int = 0) -> Any:
    done = CliRunner().invoke(app, ["--store", url, *arguments], input=stdin)
    if isinstance(done.exception, LineageError):
        assert done.exception.exit_code == code, done.exception
        return str(done.exception)
    assert done.exit_code == code, (done.output, done.exception)
    return json.loads(done.stdout) if "--json" in arguments else done.output


def test_mark_lift_and_list(url: str, tmp_path: Path) -> None:
    run(url, "record", stdin=json.dumps(STEP))
    listed = tmp_path / "uris"
    listed.write_text("# what was withdrawn\ns3://raw\n\nTrain:t\n")
    marked = run(
        url, "mark", "--label", "tainted", "--from", str(listed), "--reason", "bad", "--json"
    )
    assert [(m["kind"], m["label"], m["reason"]) for m in marked] == [
        ("artifact", "tainted", "bad"),
        ("execution", "tainted", "bad"),
    ]
    assert all(m["who"] for m in marked)
    told = run(url, "mark", "Model:churn", "--label", "pii", "--clean", "--who", "ann")
    assert "clean of pii" in told
    table = run(url, "marks")
    assert all(word in table for word in ("tainted", "clean of pii", "ann", "bad"))
    lifted = run(url, "lift", "s3://raw", "--label", "tainted", "--reason", "checked", "--json")
    assert lifted[0]["lifted_reason"] == "checked"
    assert len(run(url, "marks", "--json")) == 2
    assert len(run(url, "marks", "--history", "--json")) == 3
    assert "lifted: checked" in " ".join(run(url, "marks", "Dataset:raw", "--history").split())
    assert "is not marked" in run(url, "lift", "s3://raw", "--label", "tainted", code=3)
    assert "nope" in run(url, "mark", "Model:nope", "--label", "tainted", code=3)
    assert "is marked clean" in run(url, "mark", "Model:churn", "--label", "pii", code=1)
    run(url, "mark", "Model:churn", code=2)
    assert "at least one" in run(url, "mark", "--label", "pii", code=2)
    assert "No such file" in run(url, "mark", "--label", "pii", "--from", "/nowhere", code=3)


def test_mark_all_for_which_a_condition_holds(url: str) -> None:
    run(url, "record", stdin=json.dumps(STEP))
    told = run(url, "mark", "--label", "x", "--where", "type=Dataset", "--where", "uri~s3://*")
    assert told.startswith("marked artifact:")
    assert len(run(url, "marks", "--json")) == 1
    run(url, "mark", "Model:churn", "--label", "x", "--where", "name=t", "--executions")
    assert len(run(url, "marks", "--label", "x", "--json")) == 3
    run(url, "lift", "--label", "x", "--where", "name=raw")
    table = run(url, "marks")
    assert "Model:churn" in table
    assert "Dataset:raw" not in table
    assert "no artifact for which" in run(
        url, "mark", "--label", "x", "--where", "name=nope", code=3
    )
    run(url, "mark", "Model:churn", "--label", "x", "--executions", code=2)
    run(url, "mark", "--label", "x", "--where", "nope", code=2)


PRIVACY = """
name = "privacy"
[stops]
pii = ["Anonymize"]
[forbids]
prod = ["pii", "license:nc"]
"""


def test_a_policy_is_a_file(url: str, tmp_path: Path) -> None:
    file = tmp_path / "privacy.toml"
    file.write_text(PRIVACY)
    told = run(url, "policy", "apply", str(file))
    assert "policy privacy: applied" in told
    assert "Anonymize" in told
    again = run(url, "policy", "apply", str(file), "--json")
    assert (again["changed"], again["stops"]) == (False, {"pii": ["Anonymize"]})
    shown = run(url, "policy", "show", "privacy")
    file.write_text(shown)
    assert not run(url, "policy", "apply", str(file), "--json")["changed"]
    assert [p["name"] for p in run(url, "policy", "show", "--json")] == ["privacy"]
    run(url, "policy", "show", "nope", code=3)
    run(url, "policy", "drop", "privacy")
    assert run(url, "policy", "show") == "# no policies\n"
    run(url, "policy", "drop", "privacy", code=3)
    run(url, "policy", "show", "privacy", code=3)
    [before] = run(url, "policy", "show", "privacy", "--history", "--json")
    assert before["ended_ms"] >= before["recorded_ms"] > 0
    assert run(url, "policy", "show", "--history").startswith("# in force from 2")
    assert run(url, "policy", "show", "--as-of", "2001-01-01") == "# no policies\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stops = 3", "stops"),
        ("[stop]\npii = []", "'stop'"),
        ("[stops]\npii = [1]", "pii"),
        ("[stops]\n'' = ['T']", "label is empty"),
        ("name", "not TOML"),
    ],
)
def test_a_wrong_policy_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "p.toml"
    file.write_text(text)
    with pytest.raises(InvalidValue, match=said):
        policy_from_toml(file)


words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).filter(
    lambda text: text == text.strip() and "\x00" not in text
)
lists = st.dictionaries(words, st.lists(words, max_size=3).map(tuple), max_size=3)


@given(name=words, stops=lists, forbids=lists)
def test_a_policy_is_the_same_read_back(
    tmp_path_factory: pytest.TempPathFactory, name: str, stops: Any, forbids: Any
) -> None:
    policy = validate_policy(Policy(name=name, stops=stops, forbids=forbids))
    file = tmp_path_factory.mktemp("policy") / "p.toml"
    file.write_text(policy_to_toml(policy), encoding="utf-8", newline="")
    assert policy_from_toml(file) == policy


def test_main_ends_with_the_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.argv", ["lineage", "--store", f"sqlite:///{tmp_path}/x", "marks"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 3
