"""`lineage exec --cache`: what was done already is skipped, and never wrongly."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.recording.commands import LINEAGE, LONG, Workshop

PYTHON = sys.executable
PROGRAM = """
import glob, os, sys
import scale
rows = sum(len(open(name).read()) for name in sorted(glob.glob("data/*.csv")))
if os.path.exists("bonus.txt"):
    rows += 1000
factor = float(os.environ.get("FACTOR", "1"))
os.makedirs("out", exist_ok=True)
with open("out/result.txt", "w") as out:
    out.write(str(rows * factor * scale.BY + len(sys.argv)))
"""


@pytest.fixture
def work(tmp_path: Path) -> Workshop:
    work = Workshop(tmp_path / "work")
    work.write("program.py", PROGRAM)
    work.write("scale.py", "BY = 2\n")
    work.write("data/1.csv", "1\n2\n")
    work.write("data/2.csv", "3\n")
    work.write("unrelated.txt", "x")
    return work


def state(work: Workshop, *words: str, **environment: str) -> str:
    done = work.record(
        "--cache", "--name", "sum", *(words or (PYTHON, "program.py")), environment=environment
    )
    return str(done["state"])


def result(work: Workshop) -> str:
    return (work.folder / "out/result.txt").read_text()


def test_a_second_run_computes_nothing(work: Workshop) -> None:
    assert state(work) == "COMPLETE"
    before = (work.folder / "out/result.txt").stat().st_mtime_ns
    work.write("unrelated.txt", "other")
    assert state(work) == "CACHED"
    assert (work.folder / "out/result.txt").stat().st_mtime_ns == before
    first, second = work.executions()
    assert second.get("cached_from") == first.external_id
    with work.store() as store:
        assert {e.artifact_id for e in store.events(execution=first)} == {
            e.artifact_id for e in store.events(execution=second)
        }


def change(name: str, data: str) -> Callable[[Workshop], None]:
    return lambda work: work.write(name, data) and None


def remove(name: str) -> Callable[[Workshop], None]:
    return lambda work: (work.folder / name).unlink()


MUTATIONS = {
    "a byte of data, of the same size": change("data/1.csv", "1\n3\n"),
    "a file more in a folder": change("data/3.csv", "9"),
    "a file that was looked for in vain": change("bonus.txt", ""),
    "the result was changed": change("out/result.txt", "0"),
}
if LONG:
    MUTATIONS |= {
        "a file less in a folder": remove("data/2.csv"),
        "a module of the project": change("scale.py", "BY = 3\n"),
        "the program": change("program.py", PROGRAM + "\n#"),
        "the result is gone": remove("out/result.txt"),
    }


@pytest.mark.parametrize("what", MUTATIONS)
def test_what_a_result_depends_on(work: Workshop, what: str) -> None:
    assert state(work) == "COMPLETE"
    assert state(work) == "CACHED"
    MUTATIONS[what](work)
    assert state(work) == "COMPLETE"
    cached = result(work)
    subprocess.run([PYTHON, "program.py"], cwd=work.folder, env=work.environment, check=True)
    assert result(work) == cached
    assert state(work) == "CACHED"


def test_arguments_and_variables(work: Workshop) -> None:
    assert state(work) == "COMPLETE"
    assert state(work, PYTHON, "program.py", "more") == "COMPLETE"
    assert state(work, FACTOR="2") == "COMPLETE"
    # The result that lies there is the last one's.
    assert state(work, FACTOR="2") == "CACHED"
    assert state(work, FACTOR="2", TERM="other", SSH_TTY="x") == "CACHED"
    assert state(work) == "COMPLETE"
    assert state(work, "--root", "data", PYTHON, "program.py") == "COMPLETE"
    said = subprocess.run(
        [*LINEAGE, "cache", "why", "sum", "--json"], cwd=work.folder, env=work.environment,
        capture_output=True, check=True,
    )  # fmt: skip
    assert {row["what"] for row in json.loads(said.stdout)["differences"]} == {"roots"}


def test_what_is_installed_beside_the_interpreter(work: Workshop, tmp_path: Path) -> None:
    venv.create(tmp_path / "env", symlinks=True)
    [packages] = (tmp_path / "env/lib").glob("python*/site-packages")
    (packages / "thing-1.0.dist-info").mkdir()
    words = (str(tmp_path / "env/bin/python"), "program.py")
    assert state(work, *words) == "COMPLETE"
    assert state(work, *words) == "CACHED"
    (packages / "thing-1.0.dist-info").rename(packages / "thing-1.1.dist-info")
    assert state(work, *words) == "COMPLETE"


def test_a_result_that_is_tainted_is_not_used(work: Workshop) -> None:
    assert state(work) == "COMPLETE"
    subprocess.run(
        [*LINEAGE, "mark", (work.folder / "data/1.csv").as_uri(), "--label", "poisoned"],
        cwd=work.folder, env=work.environment, check=True, capture_output=True,
    )  # fmt: skip
    assert state(work) == "COMPLETE"


def test_a_failure_is_tried_again(work: Workshop) -> None:
    for _ in range(2):
        assert work.run("--cache", "sh", "-c", "exit 3").returncode == 3
    assert [e.state for e in work.executions()] == ["FAILED", "FAILED"]


def test_what_may_lack_something_is_computed_each_time(work: Workshop) -> None:
    program = (
        "import socket; s = socket.socket(); t = socket.create_server(('127.0.0.1', 0));"
        "s.connect(t.getsockname()); open('out.txt', 'w')"
    )
    for _ in range(2):
        found = work.record("--cache", PYTHON, "-c", program)
        assert found["state"] == "COMPLETE"
        assert found["may_lack"]


def test_a_file_that_is_changed_in_place_is_changed_again(work: Workshop) -> None:
    program = "open('counter', 'a').write('x')"
    for times in (1, 2, 3):
        assert work.record("--cache", PYTHON, "-c", program)["state"] == "COMPLETE"
        assert (work.folder / "counter").read_text() == "x" * times


def test_two_that_start_at_once_compute_once(work: Workshop) -> None:
    work.write("program.py", "import time; time.sleep(1); open('out', 'w').write('x')\n")
    command = work.arguments("--cache", PYTHON, "program.py")
    both = [subprocess.Popen(command, cwd=work.folder, env=work.environment) for _ in range(2)]
    assert [each.wait(60) for each in both] == [0, 0]
    assert sorted(e.state for e in work.executions()) == ["CACHED", "COMPLETE"]


def test_audit_hooks_do_not_see_enough(work: Workshop) -> None:
    done = work.run("--cache", "true", capture="audit")
    assert done.returncode == 2
    assert b"--cache needs a trace" in done.stderr
