"""What could not be seen of a run is part of its record, and of the answers that pass by it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.recording.commands import LINEAGE, Workshop

PYTHON = sys.executable


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    work = Workshop(tmp_path_factory.mktemp("gaps") / "work")
    work.write("raw.csv", "a,b\n1,2\n")
    copy = (
        "import subprocess; open('raw.csv').read(); subprocess.run(['cp', 'raw.csv', 'copy.csv'])"
    )
    work.record(PYTHON, "-c", f"{copy}; open('seen.csv', 'w')", capture="audit")
    work.record(PYTHON, "-c", "open('seen.csv'); open('model.onnx', 'w')", capture="audit")
    return work


def ask(work: Workshop, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*LINEAGE, *words], cwd=work.folder, env=work.environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    return done


def uri(work: Workshop, name: str) -> str:
    return (work.folder / name).as_uri()


def test_show_says_what_may_lack(work: Workshop) -> None:
    shown = ask(work, "show", "execution:1").stdout
    assert "may_lack" in shown
    assert "what cp raw.csv copy.csv opened: it is no Python program" in shown
    assert "may_lack" not in ask(work, "show", "execution:2").stdout


@pytest.mark.parametrize(
    "words",
    [
        ("downstream", "raw.csv"),
        ("downstream", "raw.csv", "--type", "MODEL"),
        ("upstream", "model.onnx", "--type", "DATASET"),
    ],
)
def test_answers_say_so(work: Workshop, words: tuple[str, ...]) -> None:
    [verb, name, *more] = words
    done = ask(work, verb, uri(work, name), *more)
    assert "this may lack what could not be seen of execution:1" in done.stderr
    assert json.loads(ask(work, verb, uri(work, name), *more, "--json").stdout)["may_lack"] == [
        "execution:1"
    ]


def test_gates_say_so(work: Workshop) -> None:
    ask(work, "mark", "execution:2", "--label", "old")
    ask(work, "mark", uri(work, "raw.csv"), "--label", "pii")
    clean = ask(work, "check", uri(work, "seen.csv"), "--label", "old")
    assert "execution:1" in clean.stderr
    tainted = ask(work, "taint", "--label", "pii")
    assert "execution:1" in tainted.stderr


def test_what_passes_by_no_such_run_says_nothing(work: Workshop) -> None:
    done = ask(work, "downstream", uri(work, "seen.csv"))
    assert done.stderr == ""
    assert "may_lack" not in json.loads(
        ask(work, "downstream", uri(work, "seen.csv"), "--json").stdout
    )


def test_each_kind_of_gap(tmp_path: Path) -> None:
    work = Workshop(tmp_path / "work")
    cases = {
        "the connection to 127.0.0.1:": (
            "import socket; s = socket.create_server(('127.0.0.1', 0));"
            "socket.create_connection(s.getsockname()).close()"
        ),
        "sh -c": "import os; os.system('true')",
        "kept no log": (
            "import subprocess, sys; subprocess.run([sys.executable, '-c', ''], env={})"
        ),
    }
    for told, program in cases.items():
        found = work.record(PYTHON, "-c", program, capture="audit")
        assert any(told in text for text in found["may_lack"]), (told, found)
    left = work.record("sh", "-c", "sleep 30 > /dev/null 2>&1 & echo $! > pid", capture="trace")
    subprocess.run(["kill", (work.folder / "pid").read_text().strip()], check=True)
    assert left["may_lack"] == ["sleep was still running when the command had ended"]


_BY_FILE_SYSTEM = """
from pyarrow import fs
with fs.LocalFileSystem().open_input_stream("raw.csv") as file:
    assert file.read() == b"a,b\\n1,2\\n"
"""
_BY_FUNCTIONS = """
import pyarrow.csv
import pyarrow.dataset
import pyarrow.parquet
table = pyarrow.csv.read_csv("raw.csv")
pyarrow.parquet.write_table(table, "raw.parquet")
assert pyarrow.dataset.dataset("raw.parquet").to_table().equals(table)
"""


def test_a_file_system_of_pyarrow_is_not_seen_and_that_is_said(tmp_path: Path) -> None:
    work = Workshop(tmp_path / "work")
    work.write("raw.csv", "a,b\n1,2\n")
    for script in (_BY_FILE_SYSTEM, _BY_FUNCTIONS):
        work.record(PYTHON, "-c", script, capture="audit")
    first, second = work.executions()
    assert first.get("may_lack") == ["files that pyarrow.fs opened itself: there is no hook for it"]
    assert second.get("may_lack") is None
