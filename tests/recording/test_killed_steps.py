"""Steps whose process is killed at any moment: what was told is there, and no half of a result.

`make test` kills four processes, `make test-long` fifty.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

import lineage
from lineage.model import Execution, ExecutionState, Flow
from lineage.recording.content import digest_path
from lineage.recording.identity import digest_of
from lineage.recording.lease import LEASE_MS, is_stale, now_ms

KILLS = 50 if os.environ.get("LINEAGE_LONG") else 4
PROGRAM = """
    import sys
    from pathlib import Path
    import lineage
    from lineage import Output

    @lineage.step(cache=True, name="write")
    def write(n: int, out: Output[Path]) -> int:
        with out.open("w") as file:
            for line in range(300):
                file.write(f"{n} {line}\\n")
                file.flush()
        return n * n

    @lineage.step(name="plain")
    def plain(n: int, out: Output[Path]) -> None:
        out.write_text(str(n))

    print("ready", flush=True)
    n = 0
    while True:
        result = write(n % 20, Path(f"out-{n % 20}.txt"))
        plain(n, Path("plain.txt"))
        print(n, result, flush=True)
        n += 1
"""


def expected(n: int) -> str:
    """What the step writes."""
    return "".join(f"{n} {line}\n" for line in range(300))


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> lineage.Store:
    """The store that the program records into."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LINEAGE_URL", f"sqlite:///{tmp_path}/.lineage/lineage.db")
    return lineage.connect()


def test_killed_at_any_moment_nothing_told_is_lost_and_nothing_half_is_used(
    store: lineage.Store, tmp_path: Path
) -> None:
    Path("loop.py").write_text(textwrap.dedent(PROGRAM))
    chance = random.Random(7)
    told: list[tuple[int, int]] = []
    for _ in range(KILLS):
        program = subprocess.Popen(
            [sys.executable, "loop.py"], stdout=subprocess.PIPE, text=True, cwd=tmp_path
        )
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
        moment = chance.uniform(0, 0.3)
        time.sleep(moment)
        program.kill()
        lines = program.stdout.read().split("\n")
        program.wait()
        told += [(int(n), int(result)) for n, result in (line.split() for line in lines[:-1])]

        writes = [e for e in store.executions() if e.get("step_name") == "write"]
        plains = [e for e in store.executions() if e.get("step_name") == "plain"]
        done = [e for e in writes if e.state in (ExecutionState.COMPLETE, ExecutionState.CACHED)]
        assert len(done) >= len(told)
        assert sum(e.state is ExecutionState.COMPLETE for e in plains) >= len(told)
        for n, result in told:
            assert result == (n % 20) ** 2
        for execution in (*writes, *plains):
            if execution.state in (ExecutionState.NEW, ExecutionState.RUNNING):
                # It is known to be over once its lease has ended.
                assert is_stale(execution, now_ms() + LEASE_MS + 1)
        check_results(store, writes)

    # What was left half done is done whole by the next program.
    last = textwrap.dedent(PROGRAM).replace("while True", "while n < 20")
    Path("last.py").write_text(last)
    subprocess.run([sys.executable, "last.py"], check=True, capture_output=True, cwd=tmp_path)
    for n in range(20):
        assert Path(f"out-{n}.txt").read_text() == expected(n)


def check_results(store: lineage.Store, writes: list[Execution]) -> None:
    """Hold that each result that may be used is of a whole output."""
    for execution in writes:
        if execution.get("cache_return") is None:
            continue
        assert execution.state is ExecutionState.COMPLETE
        for event in store.events(execution=f"execution:{execution.id}"):
            artifact = store.artifact(event.artifact_id)
            if event.type.flow is Flow.OUTPUT and event.path == ("out",):
                n = execution.get("n")
                Path("whole.txt").write_text(expected(n))
                assert digest_of(artifact) == digest_path("whole.txt").digest
