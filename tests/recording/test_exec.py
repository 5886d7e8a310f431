"""`lineage exec`: what is recorded of a program, and that the program is left alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pexpect
import pytest

from lineage.recording.capture.strace import find_strace
from tests.recording.commands import LINEAGE, LONG, Files, Workshop

PYTHON = sys.executable
LAYERS = ("audit", "trace") if LONG else ("trace",)
layers = pytest.mark.parametrize("capture", LAYERS)


@pytest.fixture
def work(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path / "work")


def test_strace_is_here() -> None:
    """Without it, half of these tests would try nothing."""
    assert find_strace()


@pytest.fixture
def pipeline(work: Workshop) -> Workshop:
    work.write("data/raw.csv", "a,b\n1,2\n3,4\n")
    work.write("columns.py", "NAMES = ['a']\n")
    work.write(
        "prepare.py",
        """
import csv, os
from columns import NAMES
with open("data/raw.csv") as file:
    rows = list(csv.DictReader(file))
with open("data/clean.csv.part", "w") as file:
    file.write("\\n".join(row[NAMES[0]] for row in rows))
os.replace("data/clean.csv.part", "data/clean.csv")
""",
    )
    work.write(
        "train.py",
        """
import json, pickle
numbers = [int(line) for line in open("data/clean.csv")]
with open("model.pkl", "wb") as file:
    pickle.dump({"mean": sum(numbers) / len(numbers)}, file)
with open("metrics.json", "w") as file:
    json.dump({"rows": len(numbers)}, file)
""",
    )
    return work


@layers
def test_two_scripts_are_one_graph(pipeline: Workshop, capture: str) -> None:
    pipeline.record(PYTHON, "prepare.py", capture=capture)
    pipeline.record("--type", "Train", "--pipeline", "churn", PYTHON, "train.py", capture=capture)
    assert pipeline.edges() == {
        ("prepare.py", "->", "prepare.py"),
        ("columns.py", "->", "prepare.py"),
        ("data/raw.csv", "->", "prepare.py"),
        ("data/clean.csv", "<-", "prepare.py"),
        ("train.py", "->", "train.py"),
        ("data/clean.csv", "->", "train.py"),
        ("model.pkl", "<-", "train.py"),
        ("metrics.json", "<-", "train.py"),
    }
    with pipeline.store() as store:
        [model] = store.artifacts(type="Model")
        assert [d.dataset.uri for d in store.trained_on(model)] == [
            (pipeline.folder / "data/clean.csv").as_uri(),
            (pipeline.folder / "data/raw.csv").as_uri(),
        ]
        [metrics] = store.artifacts(type="Metrics")
        assert metrics.get("rows") == 2
        assert [c.name for c in store.pipeline_of(model).pipelines] == ["churn"]
        first, second = sorted(store.executions(), key=lambda e: e.id or 0)
        assert (first.type, second.type) == ("Command", "Train")
        assert (second.state, second.get("exit_code")) == ("COMPLETE", 0)
        assert second.get("capture") == capture
        assert second.get("may_lack") is None


def test_the_same_content_at_the_same_place_is_the_same_artifact(pipeline: Workshop) -> None:
    for _ in range(2):
        pipeline.record(PYTHON, "prepare.py")
    with pipeline.store() as store:
        assert store.counts().artifacts == 4
        assert store.counts().executions == 2
    pipeline.write("data/raw.csv", "a,b\n5,6\n")
    pipeline.record(PYTHON, "prepare.py")
    with pipeline.store() as store:
        raw = store.artifacts(uri=(pipeline.folder / "data/raw.csv").as_uri())
        clean = store.artifacts(uri=(pipeline.folder / "data/clean.csv").as_uri())
        assert len(raw) == len(clean) == 2
        assert clean[0].id not in {found.node.id for found in store.downstream(raw[1])}


@pytest.mark.parametrize("words", [("data/raw.csv",), ("./data/../data/raw.csv",), ("link.csv",)])
def test_a_plain_path_is_a_reference(pipeline: Workshop, words: tuple[str, ...]) -> None:
    (pipeline.folder / "link.csv").symlink_to("data/raw.csv")
    if words == ("link.csv",):
        # A link is a place of its own.
        text = (pipeline.folder / "prepare.py").read_text()
        pipeline.write("prepare.py", text.replace("data/raw.csv", "link.csv"))
    pipeline.record(PYTHON, "prepare.py")
    asked = subprocess.run(
        [*LINEAGE, "downstream", *words, "--type", "DATASET", "--json"], cwd=pipeline.folder,
        env=pipeline.environment, capture_output=True, check=True,
    )  # fmt: skip
    found = [node["uri"] for node in json.loads(asked.stdout)["nodes"]]
    assert (pipeline.folder / "data/clean.csv").as_uri() in found


def test_roots_and_patterns(work: Workshop) -> None:
    work.write("here/a.csv", "1")
    work.write("there/b.csv", "1")
    work.write("there/c.log", "1")
    work.write("there/.git/d.csv", "1")
    program = "for name in ('here/a.csv', 'there/b.csv', 'there/c.log', 'there/.git/d.csv'):"
    program += " open(name)"
    assert work.python(program).inputs == {"here/a.csv", "there/b.csv", "there/c.log"}
    assert work.files("--root", "there", PYTHON, "program.py").inputs == {"b.csv", "c.log"}
    assert work.files(
        "--root", "there", "--root", "here", "--exclude", "*.log", PYTHON, "program.py"
    ).inputs == {"b.csv", "a.csv"}
    assert work.files(
        "--root", "there", "--include", ".git/*.csv", PYTHON, "program.py"
    ).inputs == {"b.csv", "c.log", ".git/d.csv"}
    found = work.record("--artifact-type", "*.log=Journal", PYTHON, "program.py")
    assert "there/c.log" in found["inputs"]
    with work.store() as store:
        # What was recorded once stays of its type.
        assert [a.type for a in store.artifacts(uri=(work.folder / "there/c.log").as_uri())] == [
            "File"
        ]


class TestTheProgramIsLeftAlone:
    @layers
    @pytest.mark.parametrize("code", [0, 1, 2, 3, 77, 255] if LONG else [0, 3])
    def test_exit_code(self, work: Workshop, code: int, capture: str) -> None:
        assert work.run("sh", "-c", f"exit {code}", capture=capture).returncode == code

    @layers
    @pytest.mark.parametrize(
        "name", ["SIGKILL", "SIGINT", *(["SIGTERM", "SIGSEGV"] if LONG else [])]
    )
    def test_ended_by_a_signal(self, work: Workshop, name: str, capture: str) -> None:
        number = signal.Signals[name]
        assert (
            work.run("sh", "-c", f"kill -{number} $$", capture=capture).returncode == 128 + number
        )
        [execution] = work.executions()
        assert execution.get("error") == f"ended by {name}"
        canceled = name in ("SIGTERM", "SIGINT")
        assert execution.state == ("CANCELED" if canceled else "FAILED")

    @layers
    def test_streams(self, work: Workshop, capture: str) -> None:
        program = (
            "import sys; data = sys.stdin.buffer.read(); sys.stdout.buffer.write(data[::-1]); "
            "sys.stderr.write('oops')"
        )
        done = work.run(PYTHON, "-c", program, input=bytes(range(256)) * 500, capture=capture)
        assert done.stdout == (bytes(range(256)) * 500)[::-1]
        assert done.stderr == b"oops"

    @layers
    def test_what_it_sees_of_itself(self, work: Workshop, capture: str) -> None:
        """The same modules, path, hooks, descriptors, signals, arguments and parent's child."""
        work.write("own/sitecustomize.py", "OWN = True\n")
        work.write(
            "look.py",
            """
import json, os, signal, sys
import sitecustomize
print(json.dumps({
    "argv": sys.argv, "orig": sys.orig_argv[1:], "path": sys.path, "hook": repr(sys.excepthook),
    "fds": sorted(os.listdir("/proc/self/fd")) if sys.version_info >= (3, 13) else [],
    "sitecustomize": [sitecustomize.OWN, sitecustomize.__file__],
    "meta_path": [getattr(f, "__name__", str(type(f))) for f in sys.meta_path],
    "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    "handlers": {n: str(signal.getsignal(n)) for n in range(1, 32)},
    "cwd": os.getcwd(),
    "modules": sorted(m for m in sys.modules if "lineage" in m),
}))
""",
        )
        environment = {**work.environment, "PYTHONPATH": str(work.folder / "own")}
        bare = subprocess.run(
            [PYTHON, "look.py", "x y"], cwd=work.folder, env=environment, capture_output=True,
            stdin=subprocess.DEVNULL, check=True,
        )  # fmt: skip
        seen = work.run(PYTHON, "look.py", "x y", environment=environment, capture=capture)
        assert json.loads(seen.stdout) == json.loads(bare.stdout)

    @layers
    def test_a_sitecustomize_that_fails_fails_as_without(
        self, work: Workshop, capture: str
    ) -> None:
        work.write("own/sitecustomize.py", "import missing_module\n")
        environment = {"PYTHONPATH": str(work.folder / "own")}
        done = work.run(PYTHON, "-c", "print('on')", environment=environment, capture=capture)
        assert done.stdout == b"on\n"
        assert b"missing_module" in done.stderr

    @layers
    def test_a_terminal(self, work: Workshop, capture: str) -> None:
        program = "import os, sys; print([os.isatty(n) for n in (0, 1, 2)], input('name? '))"
        [first, *rest] = work.arguments(PYTHON, "-c", program, capture=capture)
        child = pexpect.spawn(
            first, rest, cwd=str(work.folder), env=work.environment, timeout=60, encoding="utf-8"
        )
        child.expect_exact("name? ")
        child.sendline("ann")
        child.expect_exact("[True, True, True] ann")
        # A person is told, on the terminal only.
        child.expect(r"lineage: execution:1: 0 in, 0 out, seen by (audit|trace)")
        child.expect(pexpect.EOF)

    @layers
    def test_ctrl_c_reaches_the_program_once(self, work: Workshop, capture: str) -> None:
        program = """
import signal, sys
def stop(number, frame):
    global times
    times += 1
times = 0
signal.signal(signal.SIGINT, stop)
print("ready", flush=True)
signal.sigtimedwait([signal.SIGUSR1], 2)
print("stopped", times, flush=True)
sys.exit(9)
"""
        work.write("program.py", program)
        [first, *rest] = work.arguments(PYTHON, "program.py", capture=capture)
        child = pexpect.spawn(
            first, rest, cwd=str(work.folder), env=work.environment, timeout=60, encoding="utf-8"
        )
        child.expect_exact("ready")
        child.sendintr()
        child.expect_exact("stopped 1")
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == 9

    @layers
    @pytest.mark.parametrize(
        "name", ["SIGTERM", "SIGINT", *(["SIGHUP", "SIGUSR1"] if LONG else [])]
    )
    def test_a_signal_to_us_is_handed_on(self, work: Workshop, name: str, capture: str) -> None:
        program = f"""
import signal, sys
signal.signal(signal.{name}, lambda *_: sys.exit(42))
print("ready", flush=True)
while True:
    signal.pause()
"""
        work.write("program.py", program)
        started = subprocess.Popen(
            work.arguments(PYTHON, "program.py", capture=capture),
            cwd=work.folder, env=work.environment, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        assert started.stdout is not None
        assert started.stdout.readline() == b"ready\n"
        started.send_signal(signal.Signals[name])
        assert started.wait(60) == 42
        started.stdout.close()

    def test_a_script_without_a_first_line(self, work: Workshop) -> None:
        work.write("run.sh", "echo hello").chmod(0o755)
        assert work.run("./run.sh", capture="audit").stdout == b"hello\n"
        assert work.run("./run.sh", capture="trace").stdout == b"hello\n"

    def test_what_can_not_be_run(self, work: Workshop) -> None:
        done = work.run("no-such-program")
        assert (done.returncode, done.stdout) == (3, b"")
        assert b"no program 'no-such-program'" in done.stderr
        work.write("plain.txt", "text")
        done = work.run("./plain.txt")
        assert done.returncode == 2
        assert b"not executable" in done.stderr
        assert not (work.folder / ".lineage").exists()


class TestHowItEnds:
    @layers
    def test_the_end_of_the_traceback(self, work: Workshop, capture: str) -> None:
        work.write("train.py", "def fit():\n    raise ValueError('no rows\\nat all')\nfit()\n")
        # Started by a shell, too.
        assert work.run("sh", "-c", f"{PYTHON} train.py", capture=capture).returncode == 1
        [execution] = work.executions()
        assert execution.state == "FAILED"
        assert execution.get("error") == "ValueError: no rows\nat all"
        assert 'train.py", line 2, in fit' in execution.get("traceback")
        assert execution.get("exit_code") == 1

    def test_a_failure_without_traceback(self, work: Workshop) -> None:
        work.run("sh", "-c", "exit 3")
        [execution] = work.executions()
        assert (execution.state, execution.get("error")) == ("FAILED", "exit code 3")

    def test_what_a_failed_run_read_and_made_is_known(self, work: Workshop) -> None:
        work.write("raw.csv", "a")
        work.write("program.py", "open('raw.csv'); open('part.csv', 'w'); raise SystemExit(5)")
        assert work.run(PYTHON, "program.py").returncode == 5
        assert work.edges() == {
            ("program.py", "->", "program.py"),
            ("raw.csv", "->", "program.py"),
            ("part.csv", "<-", "program.py"),
        }

    def test_credentials_are_not_recorded(self, work: Workshop) -> None:
        secret = "Zq9hunter2hunter2"
        program = f"import sys; raise ValueError('password={secret}')"
        work.run(PYTHON, "-c", program, "--api-key", secret)
        [execution] = work.executions()
        assert secret not in json.dumps(execution.model_dump(mode="json"))

    @layers
    def test_killed_with_us(self, work: Workshop, capture: str) -> None:
        """What nobody can record any more is found by its lease."""
        work.write("program.py", "import os; print(os.getpid(), flush=True); input()")
        started = subprocess.Popen(
            work.arguments(PYTHON, "program.py", capture=capture), cwd=work.folder,
            env=work.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert started.stdout is not None
        assert started.stdin is not None
        pid = int(started.stdout.readline())
        started.kill()
        started.wait()
        [execution] = work.executions()
        assert execution.state == "RUNNING"
        lease = execution.get("lease_until") - time.time() * 1000
        assert 0 < lease <= 60_000
        # The program goes on without us.
        os.kill(pid, 0)
        started.stdin.close()
        started.stdout.close()


class TestTheStore:
    def test_one_that_can_not_be_reached_does_not_stop_the_program(self, work: Workshop) -> None:
        work.write("store.db", "this is no database, and longer than a header is" * 100)
        work.write("raw.csv", "a")
        work.write("program.py", "open('raw.csv'); print('done')")
        done = work.run("--store", "sqlite:///store.db", PYTHON, "program.py")
        assert (done.returncode, done.stdout) == (0, b"done\n")
        assert b"could not be recorded" in done.stderr
        assert b"lineage record --pending" in done.stderr
        assert done.stderr.count(b"\n") == 1
        brought = subprocess.run(
            [*LINEAGE, "--store", "sqlite:///good.db", "record", "--pending"],
            cwd=work.folder, env=work.environment, capture_output=True, check=True,
        )  # fmt: skip
        assert brought.stdout.startswith(b"recorded 1 run ")
        listed = subprocess.run(
            [*LINEAGE, "--store", "sqlite:///good.db", "ls", "executions", "--json"],
            cwd=work.folder, env=work.environment, capture_output=True, check=True,
        )  # fmt: skip
        [node] = json.loads(listed.stdout)["nodes"]
        assert node["state"] == "COMPLETE"

    def test_wherever_it_is_named(self, work: Workshop) -> None:
        for words in (
            [*LINEAGE, "--store", "sqlite:///a/s.db", "exec", "true"],
            [*LINEAGE, "exec", "--store", "sqlite:///b/s.db", "--", "true"],
        ):
            subprocess.run(words, cwd=work.folder, env=work.environment, check=True)
        assert (work.folder / "a/s.db").exists()
        assert (work.folder / "b/s.db").exists()
        assert not (work.folder / ".lineage").exists()

    def test_a_wrong_option_runs_nothing(self, work: Workshop) -> None:
        for words in (["--capture", "magic"], ["--artifact-type", "x"], ["--type", ""]):
            done = work.run(*words, "touch", "made")
            assert done.returncode == 2, words
        assert not (work.folder / "made").exists()


@layers
def test_redirected_streams_are_data(work: Workshop, capture: str) -> None:
    work.write("raw.csv", "a")
    work.write("old.log", "before\n")
    line = " ".join(work.arguments("--json", "cat", capture=capture))
    subprocess.run(
        ["sh", "-c", f"{line} < raw.csv > out.csv 2>> old.log"], cwd=work.folder,
        env=work.environment, check=True,
    )  # fmt: skip
    assert work.edges() == {("raw.csv", "->", "cat"), ("out.csv", "<-", "cat")}


def test_dashes_and_options_of_the_program(work: Workshop) -> None:
    done = work.run("--", PYTHON, "-c", "import sys; print(sys.argv[1:])", "--json", "--store", "x")
    assert done.stdout == b"['--json', '--store', 'x']\n"
    shown = work.run(PYTHON, "-c", "import sys; print(sys.argv[1:])", "--help", "--root", "x")
    assert shown.stdout == b"['--help', '--root', 'x']\n"


def test_each_run_of_a_name_is_the_next_attempt(work: Workshop) -> None:
    for _ in range(2):
        work.record("--name", "nightly", "--type", "Train", "true")
    with work.store() as store:
        runs = [store.execution(name) for name in ("Train:nightly@1", "Train:nightly@2")]
        assert store.execution("Train:nightly").id == runs[1].id
    assert [run.state for run in runs] == ["COMPLETE", "COMPLETE"]
    assert runs[0].id != runs[1].id


def test_none_read_none_made(work: Workshop) -> None:
    assert work.files("true") == Files(set(), set())
