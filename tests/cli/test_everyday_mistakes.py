"""Sixty everyday mistakes on the command line: one short error with a remedy, the right code."""

from __future__ import annotations

import io
import os
import shlex
import sys
from pathlib import Path

import pytest

import lineage
from lineage import Artifact, Execution
from lineage.cli.__main__ import main

NO_NAME = "give KIND:ID (artifact:42), TYPE:NAME (Model:churn), an external id, or the uri or path"
NO_LABEL = "no mark has, and no policy names, the label 'nope' (there are: none yet)"

MISTAKES = [
    # The command and its options.
    ("nope", 2, "No such command 'nope'"),
    ("upstram Model:churn", 2, "Did you mean 'upstream'?"),
    ("upstream Model:churn --jsn", 2, "(Possible options: --json)"),
    ("upstream", 2, "Missing argument 'REF'"),
    ("why Model:churn", 2, "Missing argument 'TARGET'"),
    ("mark Model:churn", 2, "Missing option '--label'"),
    ("upstream Model:churn --depth two", 2, "'two' should be a valid integer"),
    ("upstream Model:churn --depth -1", 2, "should be greater than or equal to 0"),
    ("types nope", 2, "unexpected extra argument(s) (nope)"),
    ("export", 2, "Missing argument 'FORMAT'"),
    ("export pdf Model:churn", 2, "no format 'pdf'; there are cyclonedx, dot"),
    ("export html", 2, "name what to export: lineage export html REF"),
    ("export html Model:churn --output no/where.html", 2, "no/where.html can't be written"),
    ("--utc", 2, "Missing command"),
    # The store.
    ("ls --store memory://", 2, "--store stands before the command: lineage --store URL ls"),
    ("--store lineage.db ls", 2, "a file is named sqlite:///lineage.db"),
    ("--store postgres://x ls", 2, "does not begin with one of memory://, sqlite://"),
    ("--store sqlite:///none.db ls", 3, "`lineage demo` or `lineage record` makes one"),
    ("--store sqlite:///text.db ls", 4, "it is not a SQLite database: name another file"),
    ("--store sqlite:///folder ls", 4, "it is a folder: name a file in it"),
    ("--store http://localhost:1 ls", 4, "no answer from http://localhost:1"),
    ("copy sqlite:///none.db memory://", 3, "there is no store at none.db"),
    # What a node is called.
    ("upstream Model:chrun", 3, "did you mean 'Model:churn'?"),
    ("upstream Modle:churn", 3, "did you mean 'Model:churn'?"),
    ("upstream chrun", 3, "did you mean 'Model:churn'?"),
    ("upstream artifact:99", 3, NO_NAME),
    ("upstream nofile.csv", 3, NO_NAME),
    ("downstream ''", 3, NO_NAME),
    ("about Train:t", 3, "'Train:t' is an execution; an artifact is asked for here"),
    ("diff Model:churn Train:t", 2, "compare two of one kind"),
    ("failure Dataset:raw", 3, "no run is on record that made Dataset:raw"),
    # Types, states, labels, metrics, columns.
    ("upstream Model:churn --type Modle", 3, "did you mean 'Model'?"),
    ("ls Modle", 2, "choose artifacts, executions, contexts, or give a condition"),
    ("ls type=Modle", 3, "did you mean 'Model'?"),
    ("ls 'accuracy>'", 2, "after > stands no value"),
    ("ls --order-by size", 2, "it can be id, created, updated, name"),
    ("ls --page xyz", 2, "give next_page_token of the page before"),
    ("ls --state ALIVE", 2, "it can be UNKNOWN, PENDING, LIVE"),
    ("ls --limit 0", 2, "should be greater than or equal to 1"),
    ("marks --label nope", 3, NO_LABEL),
    ("taint --label nope", 3, NO_LABEL),
    ("check Model:churn --label nope", 3, NO_LABEL),
    ("forget Dataset:raw --label nope", 3, NO_LABEL),
    ("columns Dataset:raw nope", 3, "nothing says that Dataset:raw has a column 'nope'"),
    ("siblings Model:churn --better best", 2, "'best'"),
    ("blame", 2, "Name nodes, or give a type"),
    # Marks and times.
    ("mark --label bad", 2, "give at least one artifact or execution"),
    ("mark Model:churn --label ''", 2, "label is empty"),
    ("mark Model:churn --label bad --until 2001-01-01", 2, "give a later time"),
    ("lift Model:churn --label bad", 3, "is not marked 'bad'; nothing was lifted"),
    ("upstream Model:churn --as-of soonish", 2, "write it as 2026-11-23"),
    ("deployments Model:churn --at soonish", 2, "write it as 2026-11-23"),
    # Queries.
    ("query 'MATCH (n RETURN n'", 2, "'RETURN' can't stand here"),
    ("query 'CREATE (n)'", 2, "this store is only read here"),
    ("query 'RETURN $x'", 2, "the query needs a parameter $x"),
    ("query 'RETURN 1' --param x", 2, "write NAME=VALUE"),
    ("query 'RETURN 1' --format xml", 2, "it can be table, json, jsonl, csv, arrow"),
    ("query --file none.cypher", 3, "there is no file none.cypher"),
    ("query", 2, "give the query, or --file with it"),
    # Files.
    ("record none.json", 3, "none.json: No such file or directory"),
    ("record half.json", 2, "is not JSON"),
    ("record untyped.json", 2, "Execution.type: Field required"),
    ("record bytes.json", 2, "is no text in UTF-8: it has the byte 0xff"),
    ("import mlmd none.db", 3, "there is no file none.db"),
    ("import mlflow nowhere", 3, "give mlruns, a database or http://"),
    ("policy apply half.toml", 2, "half.toml is not TOML"),
    ("policy show nope", 3, "there is no policy 'nope'"),
    ("backup no/where.db", 4, "check that the folder exists"),
    # Deletion, servers, programs.
    ("delete", 2, "give REFs to delete"),
    ("serve --http nowhere", 2, "write HOST:PORT, such as localhost:8080"),
    ("serve --http 0.0.0.0:0", 2, "a token is needed"),
    ("token revoke nope", 3, "there is no valid token 'nope'"),
    ("exec nosuchprogram", 3, "see PATH, or write where it is"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("mistakes")
    (place / "folder").mkdir()
    for name, text in {
        "half.json": '{"execution": ',
        "untyped.json": '{"execution": {"name": "t"}}',
        "half.toml": "name = ",
        "text.db": "this is no database\n" * 100,
    }.items():
        (place / name).write_text(text)
    (place / "bytes.json").write_bytes(b"\xff\xfe\x00")
    with lineage.connect(place / ".lineage" / "lineage.db") as store:
        store.record(
            Execution(type="Train", name="t"),
            inputs={"data": Artifact(type="Dataset", name="raw")},
            outputs={"model": Artifact(type="Model", name="churn")},
        )
    return place


@pytest.mark.parametrize(("words", "code", "part"), MISTAKES)
def test_a_mistake(
    words: str,
    code: int,
    part: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(folder)
    for name in ("LINEAGE_URL", "LINEAGE_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    before = sorted(os.listdir(folder))
    monkeypatch.setattr(sys, "argv", ["lineage", *shlex.split(words)])
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr()
    assert ended.value.code == code
    assert part in told.err
    assert told.out == ""
    message = [line for line in told.err.splitlines() if line.startswith(("lineage:", "Error:"))]
    assert len(message) == 1, told.err
    assert len(message[0]) < 400
    for never in ("Traceback", "defect", " object at 0x", ".py"):
        assert never not in told.err
    assert sorted(os.listdir(folder)) == before


def test_there_are_sixty() -> None:
    assert len({words for words, _, _ in MISTAKES}) >= 60
