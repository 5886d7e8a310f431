"""`query`, `queries` and `shell`, as they are used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import lineage
from lineage import Artifact, Execution

_COMMAND = [sys.executable, "-m", "lineage.cli"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with lineage.connect(f"sqlite:///{tmp_path}/lineage.db") as store:
        store.record(
            Execution(type="Train", name="t"),
            inputs=[Artifact(type="Dataset", name="raw")],
            outputs=[Artifact(type="Model", name="m", custom_properties={"accuracy": 0.9})],
        )
    return tmp_path


def environment(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "LINEAGE_URL": f"sqlite:///{folder}/lineage.db",
        "XDG_STATE_HOME": str(folder),
        "TERM": "xterm",
    }


def run(folder: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*_COMMAND, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        env=environment(folder),
        cwd=folder,
    )


def test_query(folder: Path) -> None:
    asked = "MATCH (m:Model) WHERE m.accuracy > $least RETURN m.name AS name, m.accuracy AS acc"
    told = run(folder, "query", asked, "-p", "least=0.5")
    assert told.stdout.split("\n")[:3] == ["name  acc", "m     0.9", "1 row, complete."]
    answer = run(folder, "query", "-", "--param", "least=0.5", "--json", stdin=asked)
    assert json.loads(answer.stdout) == {
        "columns": ["name", "acc"],
        "rows": [["m", 0.9]],
        "complete": True,
    }
    # As Windows' editors write it, with a mark at the beginning.
    (folder / "q.cypher").write_text(asked, "utf-8-sig")
    told = run(folder, "query", "--file", "q.cypher", "-p", "least=0.5", "--format", "csv")
    assert told.stdout == "name,acc\nm,0.9\n"
    told = run(folder, "query", "@q", "--folder", ".", "-p", "least=2", "--format", "jsonl")
    assert (told.returncode, told.stdout) == (0, "")
    cut = run(folder, "query", "MATCH (n) RETURN n.name ORDER BY n.name", "--limit", "1")
    assert "NOT complete" in cut.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["CREATE (n)"], 2, "CREATE"),
        (["MATCH (n RETURN n"], 2, "line 1, column 10"),
        (["RETURN 1", "--format", "xml"], 2, "'xml'"),
        (["RETURN $x", "-p", "x"], 2, "NAME=VALUE"),
        (["RETURN $x"], 2, "$x"),
        (["EXPLAIN CREATE (n)"], 2, "CREATE"),
        (["--profile", "MATCH (n) DETACH DELETE n"], 2, "DELETE"),
        (["EXPLAIN RETURN 1", "--format", "csv"], 2, "table or json"),
        (["--explain", "PROFILE RETURN 1"], 2, "decide for one"),
        (["--explain", "--profile", "RETURN 1"], 2, "exclude each other"),
        (["@nope"], 3, "'nope'"),
        (["--file", "nope.cypher"], 3, "nope.cypher"),
        ([], 2, "give the query"),
    ],
)
def test_what_is_wrong(folder: Path, arguments: list[str], code: int, said: str) -> None:
    told = run(folder, "query", *arguments)
    assert told.returncode == code, told.stderr
    assert said in told.stderr
    assert "Traceback" not in told.stderr


def test_explain_and_profile(folder: Path) -> None:
    asked = "MATCH (m:Model {name: $name})<-[:OUTPUT]-(t) RETURN t.name AS step"
    told = run(folder, "query", f"explain {asked}")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith("OPERATOR")
    assert "+ProduceResults" in told.stdout
    assert "(m)<-[:OUTPUT]-(t)" in told.stdout
    assert told.stdout.endswith("\nIt was not run.\n")
    assert max(map(len, told.stdout.splitlines())) <= 80
    assert run(folder, "query", "--explain", asked).stdout == told.stdout
    ran = run(folder, "query", "--profile", asked, "-p", "name=m")
    assert ran.stdout.split("\n")[0].split()[:6] == [
        "OPERATOR",
        "EST.",
        "ROWS",
        "ROWS",
        "HITS",
        "MS",
    ]
    assert ran.stdout.endswith("\n1 row, complete.\n")
    assert max(map(len, ran.stdout.splitlines())) <= 80
    answer = run(folder, "query", f"PROFILE {asked}", "-p", "name=m", "--json")
    plan = json.loads(answer.stdout)
    assert (plan["profiled"], plan["row_count"], plan["complete"]) == (True, 1, True)
    root = plan["plan"]
    assert (root["operator"], root["details"], root["rows"]) == ("ProduceResults", "step", 1)
    assert root["children"][0]["operator"] == "Projection"
    endless = "PROFILE UNWIND range(1, 1000000) AS a MATCH (n), (m) RETURN max(a) AS most"
    stopped = run(folder, "query", endless, "--timeout", "0.5")
    assert (stopped.returncode, "deadline" in stopped.stderr) == (4, True)
    assert "+EagerAggregation" in stopped.stdout


def test_an_empty_answer_says_what_nothing_is_called(folder: Path) -> None:
    told = run(folder, "query", "MATCH (:Modle|Dataset)-[:INPUTS|OUTPUT]->(b:model) RETURN b")
    assert (told.returncode, told.stdout) == (0, "no rows\n0 rows, complete.\n")
    assert told.stderr == (
        "lineage: no node has the label Modle; did you mean Model?\n"
        "lineage: no node has the label model; did you mean Model?\n"
        "lineage: no relationship has the type INPUTS; did you mean INPUT?\n"
    )
    counted = run(folder, "query", "MATCH (x:Zebra) RETURN count(x) AS c")
    assert counted.stderr == "lineage: no node has the label Zebra\n"
    quiet = run(folder, "query", "MATCH (x:Zebra) RETURN x", "--json")
    assert (json.loads(quiet.stdout)["rows"], quiet.stderr) == ([], "")


def test_kept_queries(folder: Path) -> None:
    assert run(folder, "query", "--save", "models", "MATCH (m:Model) RETURN m.name AS n").stdout
    assert run(folder, "query", "@models", "--format", "csv").stdout == "n\nm\n"
    [kept] = json.loads(run(folder, "queries", "--json").stdout)
    assert kept == {
        "name": "models",
        "where": "store",
        "cypher": "MATCH (m:Model) RETURN m.name AS n",
    }
    assert "no queries" in run(folder, "queries", "--drop", "models").stdout


def test_shell_without_a_terminal(folder: Path) -> None:
    typed = ":params least 0.5\nMATCH (m:Model)\nWHERE m.accuracy > $least\nRETURN m.name;\n"
    typed += ":save good\nPROFILE\nMATCH (m:Model) RETURN m;\nexplain @good;\n"
    told = run(folder, "shell", stdin=f"{typed}@good;\n:queries\n:schema\n:quit\nnope;\n")
    assert told.returncode == 0, told.stderr
    assert told.stdout.count("+ProduceResults") == 2
    assert told.stdout.count("It was not run.") == 1
    assert told.stdout.count("m.name\nm\n1 row, complete.") == 2
    assert "MATCH (m:Model) WHERE m.accuracy > $least RETURN m.name" in told.stdout
    assert "accuracy" in told.stdout.rpartition("properties")[2]
    assert run(folder, "shell", stdin=":nope\n").returncode == 1
