"""What is printed: exact, whole in a pipe, and in whatever a terminal can show."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len

import lineage
from lineage import Artifact, ArtifactState, Execution, Store

CLOSE = (0.123456781, 0.123456789)
NAME = "größe 日本"
WORDS = 40


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made: Store = lineage.connect(f"sqlite:///{tmp_path}/s.db")
    for place, rate in enumerate(CLOSE):
        made.record(
            Execution(
                type="Train", name=f"t{place}", custom_properties={"lr": rate, "n": 1234567.0}
            ),
            outputs={"model": Artifact(type="Model", name=f"m-{place}")},
        )
        made.record(
            Execution(type="Evaluate", name=f"e{place}"),
            inputs={"model": f"Model:m-{place}"},
            outputs={
                "metrics": Artifact(
                    type="Metrics",
                    name=f"{NAME} {place}",
                    custom_properties={
                        "auc": 0.9766081871345029 + place * 1e-9,
                        **{f"p{at}": "word" for at in range(WORDS)},
                    },
                )
            },
        )
    return made


def run(
    store: Store, *arguments: str, columns: int | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    if columns is not None:
        environment["COLUMNS"] = str(columns)
    return subprocess.run(
        [sys.executable, "-m", "lineage.cli", "--store", store.url, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment | more,
        check=False,
    )


def test_what_differs_is_not_shown_as_equal(store: Store) -> None:
    told = run(store, "diff", "Model:m-0", "Model:m-1").stdout
    assert ["parameter", "lr", "0.123456781", "0.123456789", "Train"] in map(
        str.split, told.splitlines()
    )
    assert "0.9766081871345029" in told
    assert "0.9766081881345029" in told


def test_numbers_are_exact_where_they_are_what_was_asked_for(store: Store) -> None:
    told = run(store, "hyperparameters", "Model:m-0").stdout.splitlines()
    assert [line.split() for line in told[1:]] == [["lr", "0.123456781"], ["n", "1234567"]]
    told = run(store, "query", "MATCH (m:Metrics) RETURN m.auc ORDER BY m.id LIMIT 1").stdout
    assert told.splitlines()[1] == "0.9766081871345029"
    # A list shows what tells metrics apart.
    assert "auc=0.976608" in run(store, "evaluations", "Model:m-0").stdout.split()


def test_a_row_is_one_line_in_a_pipe_and_wrapped_where_lines_end(store: Store) -> None:
    rows = run(store, "ls", "type=Metrics").stdout.splitlines()
    assert len(rows) == 1 + len(CLOSE)
    assert all(row.rstrip().endswith("=word") for row in rows[1:])
    for columns in (60, 80, 200):
        told = run(store, "ls", "type=Metrics", columns=columns).stdout.splitlines()
        assert len(told) > len(rows)
        assert all(len(line) <= columns for line in told if "word" in line)
        assert sum(line.count("word") for line in told) == WORDS * len(CLOSE)


WIDE = ["模型", "데이터", "モデル", "🚀🚀", "é", "e\u0301", "plain", "größe"]


def columns_before(line: str, word: str) -> int:
    return cell_len(line[: line.index(word)])


def test_columns_stand_below_each_other_whatever_the_letters(store: Store) -> None:
    """A terminal gives Chinese characters and emoji two columns, and an accent none."""
    for at, name in enumerate(WIDE):
        store.put(Artifact(type="Model", name=name, custom_properties={name: f"word{at}"}))
    listed = run(store, "ls", "type=Model", "name!=m-0", "name!=m-1").stdout.splitlines()
    assert {columns_before(line, "20") for line in listed[1:]} == {
        columns_before(listed[0], "RECORDED")
    }
    asked = "MATCH (m:Model) RETURN m.name AS `模型`, m.type AS type"
    told = run(store, "query", asked).stdout.splitlines()
    assert {columns_before(line, "Model") for line in told[1:-1]} == {
        columns_before(told[0], "type")
    }
    for name in WIDE:
        shown = run(store, "show", f"Model:{name}").stdout.splitlines()
        fields = {
            columns_before(line, word) for line in shown for word in ("20", "word") if word in line
        }
        assert len(fields) == 1


def test_lines_of_wide_letters_fit_the_terminal(store: Store) -> None:
    store.put(Artifact(type="Model", name="模", custom_properties={"n": "模型 的 数据集 " * 20}))
    told = run(store, "ls", "name=模", columns=80).stdout.splitlines()
    assert len(told) > 2
    assert all(cell_len(line) <= 80 for line in told)
    assert max(map(cell_len, told)) > 70


def test_a_state_that_nobody_gave_is_no_word(store: Store) -> None:
    store.put(Artifact(type="Model", name="live", state=ArtifactState.LIVE))
    told = run(store, "ls", "type=Model").stdout.splitlines()
    assert [line.split()[3] for line in told[1:]] == ["-", "-", "LIVE"]
    assert "UNKNOWN" not in run(store, "show", "Model:m-0").stdout
    assert json.loads(run(store, "show", "Model:m-0", "--json").stdout)["state"] == "UNKNOWN"


def test_what_a_terminal_has_no_signs_for_is_escaped(store: Store) -> None:
    told = run(store, "ls", "type=Metrics", PYTHONIOENCODING="ascii")
    assert (told.returncode, told.stderr) == (0, "")
    assert r"gr\xf6\xdfe \u65e5\u672c" in told.stdout
    told = run(store, "ls", "type=Metrics", "--json", PYTHONIOENCODING="ascii")
    assert json.loads(told.stdout)["nodes"][0]["name"] == f"{NAME} 0"
    assert run(store, "--help", PYTHONIOENCODING="ascii").returncode == 0


def test_a_full_disk_is_no_defect(store: Store) -> None:
    with open("/dev/full", "w") as full:
        told = subprocess.run(
            [sys.executable, "-m", "lineage.cli", "--store", store.url, "ls"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert told.returncode == 4
    assert told.stderr == (
        "lineage: the answer can't be written: No space left on device; make room\n"
    )


def test_files_that_can_be_neither_read_nor_written(store: Store, tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"caf\xe9\n")
    nowhere = str(tmp_path / "gone" / "x.svg")
    for words, said in (
        (("record", str(binary)), "no text in UTF-8: it has the byte 0xe9"),
        (("mark", "--from", str(binary), "--label", "l"), "no text in UTF-8"),
        (("export", "svg", "Model:m-0", "-o", nowhere), f"{nowhere} can't be written: No such"),
        (("export", "svg", "Model:m-0", "-o", str(tmp_path)), "can't be written: Is a directory"),
    ):
        told = run(store, *words)
        assert (told.returncode, told.stdout) == (2, "")
        assert said in told.stderr
    told = run(store, "import", "mlmd", str(binary))
    assert told.returncode == 4
    assert "it is not a SQLite database: name another file" in told.stderr


def test_a_kept_query_is_told_as_json_too(store: Store) -> None:
    told = run(store, "query", "--save", "all", "MATCH (n) RETURN n", "--json").stdout
    assert json.loads(told) == {"name": "all", "cypher": "MATCH (n) RETURN n"}
