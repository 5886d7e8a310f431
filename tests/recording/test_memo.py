"""`@step(cache=True)`: results are used again, and never a stale one."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas
import pytest
from typer.testing import CliRunner

import lineage
from lineage.cli.commands import app
from lineage.errors import InvalidValue, NotFound
from lineage.model import DeletionPolicy, Execution, ExecutionState
from lineage.recording.memo import explain_step
from lineage.recording.sink import RecordingWarning


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[lineage.Store]:
    """The default store, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path}/.lineage/lineage.db"
    monkeypatch.setenv("LINEAGE_URL", url)
    with lineage.connect(url) as opened:
        yield opened


def states(store: lineage.Store) -> list[str]:
    """How the calls ended, oldest first."""
    return [e.state.value for e in store.executions()]


@lineage.step(cache=True)
def copy(raw: lineage.Input[Path], out: lineage.Output[Path], times: int = 1) -> Path:
    """A step over files."""
    out.write_text(raw.read_text() * times)
    return out


@lineage.step(cache=True, name="double")
def double(table: pandas.DataFrame, by: int = 2) -> pandas.DataFrame:
    """A step over tables."""
    return table * by


def test_a_second_call_is_not_computed(store: lineage.Store) -> None:
    Path("raw.csv").write_text("a\n")
    for _ in range(2):
        assert copy(Path("raw.csv"), Path("out.csv")) == Path("out.csv")
    assert states(store) == ["COMPLETE", "CACHED"]
    first, second = store.executions()
    assert second.get("cached_from") == first.external_id
    artifacts = [
        {(e.type.flow, e.path, e.artifact_id) for e in store.events(execution=run.id)}
        for run in (first, second)
    ]
    assert artifacts[0] == artifacts[1]


@pytest.mark.parametrize("change", ["input", "parameter", "place"])
def test_what_it_is_given_counts(store: lineage.Store, change: str) -> None:
    Path("raw.csv").write_text("a\n")
    copy(Path("raw.csv"), Path("out.csv"))
    if change == "input":
        Path("raw.csv").write_text("b\n")
        copy(Path("raw.csv"), Path("out.csv"))
    elif change == "parameter":
        copy(Path("raw.csv"), Path("out.csv"), times=2)
    else:
        copy(Path("raw.csv"), Path("other.csv"))
    assert states(store) == ["COMPLETE", "COMPLETE"]


def test_an_input_counts_by_content_wherever_it_lies(store: lineage.Store) -> None:
    for name in ("raw.csv", "same.csv"):
        Path(name).write_text("a\n")
        copy(Path(name), Path("out.csv"))
    assert states(store) == ["COMPLETE", "CACHED"]


@pytest.mark.parametrize("change", ["gone", "changed", "truncated"])
def test_bytes_that_are_not_what_was_written_are_written_again(
    store: lineage.Store, change: str
) -> None:
    Path("raw.csv").write_text("a\n")
    copy(Path("raw.csv"), Path("out.csv"))
    if change == "gone":
        Path("out.csv").unlink()
    else:
        Path("out.csv").write_text("b\n" if change == "changed" else "")
    copy(Path("raw.csv"), Path("out.csv"))
    assert Path("out.csv").read_text() == "a\n"
    assert states(store) == ["COMPLETE", "COMPLETE"]
    copy(Path("raw.csv"), Path("out.csv"))
    assert states(store)[-1] == "CACHED"


def test_a_result_is_not_used_once_it_is_tainted_or_deleted(store: lineage.Store) -> None:
    Path("raw.csv").write_text("a\n")
    copy(Path("raw.csv"), Path("out.csv"))
    [out] = store.artifacts(uri=Path("out.csv").resolve().as_uri())
    store.mark(f"artifact:{out.id}", label="poisoned")
    copy(Path("raw.csv"), Path("out.csv"))
    assert states(store)[-1] == "COMPLETE"
    answer = explain_step(store, "copy")
    assert any("not clean of poisoned" in reason for reason in answer.refused)
    store.lift(f"artifact:{out.id}", label="poisoned")
    copy(Path("raw.csv"), Path("out.csv"))
    assert states(store)[-1] == "CACHED"
    store.apply(store.plan_deletion(f"artifact:{out.id}", policy=DeletionPolicy.TOMBSTONE))
    copy(Path("raw.csv"), Path("out.csv"))
    assert states(store)[-1] == "COMPLETE"


def test_a_result_of_tainted_data_is_computed_again(store: lineage.Store) -> None:
    Path("raw.csv").write_text("a\n")
    copy(Path("raw.csv"), Path("out.csv"))
    [raw] = store.artifacts(uri=Path("raw.csv").resolve().as_uri())
    store.mark(f"artifact:{raw.id}", label="poisoned")
    copy(Path("raw.csv"), Path("out.csv"))
    assert states(store) == ["COMPLETE", "COMPLETE"]


def test_a_result_expires(store: lineage.Store) -> None:
    @lineage.step(cache=True, expires=0.0, name="now")
    def now() -> int:
        return 1

    now()
    while store.executions()[0].updated_ms == time.time_ns() // 1_000_000:
        pass
    now()
    assert states(store) == ["COMPLETE", "COMPLETE"]
    assert any("expired" in reason for reason in explain_step(store, "now").refused)


def test_a_call_that_failed_gives_nothing(store: lineage.Store) -> None:
    @lineage.step(cache=True)
    def flaky() -> str:
        if not Path("up").exists():
            raise OSError("down")
        return "up"

    with pytest.raises(OSError, match="down"):
        flaky()
    Path("up").touch()
    assert flaky() == "up"
    assert states(store) == ["FAILED", "COMPLETE"]


def test_tables_models_and_numbers_are_returned_again(store: lineage.Store) -> None:
    table = pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    first, second = double(table), double(table.copy())
    pandas.testing.assert_frame_equal(first, second)
    assert states(store) == ["COMPLETE", "CACHED"]
    # What is handed on is compared by content, however it lies in memory.
    assert double(first).equals(double(second))
    assert states(store)[2:] == ["COMPLETE", "CACHED"]
    table.loc[0, "a"] = 5
    double(table)
    assert states(store)[-1] == "COMPLETE"


def test_a_file_that_it_reads_without_saying_so_counts(store: lineage.Store) -> None:
    @lineage.step(cache=True)
    def sneaky() -> str:
        return Path("config.json").read_text() + ",".join(sorted(os.listdir("parts")))

    Path("config.json").write_text("1")
    Path("parts").mkdir()
    assert [sneaky(), sneaky()] == ["1", "1"]
    Path("config.json").write_text("2")
    assert sneaky() == "2"
    Path("parts", "new").touch()
    assert [sneaky(), sneaky()] == ["2new", "2new"]
    assert states(store) == ["COMPLETE", "CACHED", "COMPLETE", "COMPLETE", "CACHED"]
    Path("config.json").write_text("1")
    Path("parts", "new").unlink()
    assert sneaky() == "1"
    assert states(store)[-1] == "CACHED"


def test_a_variable_that_it_looks_up_counts(
    store: lineage.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    @lineage.step(cache=True)
    def where() -> str:
        return os.environ.get("STAGE", "none")

    found = [where(), where()]
    for stage in ("test", "test", "prod"):
        monkeypatch.setenv("STAGE", stage)
        found.append(where())
    assert found == ["none", "none", "test", "test", "prod"]
    assert states(store) == ["COMPLETE", "CACHED", "COMPLETE", "CACHED", "COMPLETE"]


def test_a_file_that_it_writes_without_saying_so_is_looked_for(store: lineage.Store) -> None:
    @lineage.step(cache=True)
    def leaves() -> None:
        Path("left.txt").write_text("x")

    leaves()
    leaves()
    Path("left.txt").unlink()
    leaves()
    assert Path("left.txt").exists()
    assert states(store) == ["COMPLETE", "CACHED", "COMPLETE"]


def test_what_cannot_be_compared_is_computed_with_a_warning(store: lineage.Store) -> None:
    @lineage.step(cache=True, name="generator user")
    def use(items: Iterator[int]) -> int:
        return sum(items)

    with pytest.warns(RecordingWarning, match="can't be compared between runs"):
        assert use(n for n in [1, 2]) == 3
    assert use(n for n in [1, 2]) == 3
    assert states(store) == ["COMPLETE", "COMPLETE"]


def test_what_cannot_be_pickled_is_computed_again(store: lineage.Store) -> None:
    @lineage.step(cache=True)
    def make_it() -> Callable[[], int]:
        return lambda: 1

    for _ in range(2):
        with pytest.warns(RecordingWarning, match="can't be pickled"):
            assert make_it()() == 1
    assert states(store) == ["COMPLETE", "COMPLETE"]


def test_an_input_that_changes_while_it_runs_gives_no_result(store: lineage.Store) -> None:
    @lineage.step(cache=True)
    def racing(raw: lineage.Input[Path]) -> str:
        text = raw.read_text()
        raw.write_text(text + "more")
        return text

    Path("raw.csv").write_text("a")
    racing(Path("raw.csv"))
    Path("raw.csv").write_text("a")
    racing(Path("raw.csv"))
    assert states(store) == ["COMPLETE", "COMPLETE"]


def test_coroutines_are_used_again_and_computed_once(store: lineage.Store) -> None:
    @lineage.step(cache=True)
    async def slow(n: int) -> int:
        await asyncio.sleep(0.01)
        return n * 2

    async def main() -> list[int]:
        return await asyncio.gather(slow(2), slow(2), slow(3))

    assert asyncio.run(main()) == [4, 4, 6]
    assert sorted(states(store)) == ["CACHED", "COMPLETE", "COMPLETE"]


def test_a_generator_is_refused() -> None:
    with pytest.raises(InvalidValue, match="is a generator"):

        @lineage.step(cache=True)
        def numbers() -> Iterator[int]:
            yield 1


RACE = """
    import sys, time
    from pathlib import Path
    import lineage

    @lineage.step(cache=True)
    def slow(n: int) -> int:
        with open("computed", "a") as file:
            file.write("x")
        while not Path("go").exists():
            time.sleep(0.01)
        return n + 1

    print(slow(1))
"""


def race(count: int) -> list[subprocess.Popen[str]]:
    """Start the same step in several processes at once."""
    Path("race.py").write_text(textwrap.dedent(RACE))
    return [
        subprocess.Popen([sys.executable, "race.py"], stdout=subprocess.PIPE, text=True)
        for _ in range(count)
    ]


def wait_for(path: Path) -> None:
    """Wait until a file is there."""
    while not path.exists():
        time.sleep(0.01)


def test_processes_that_start_together_compute_once(store: lineage.Store) -> None:
    started = race(3)
    wait_for(Path("computed"))
    Path("go").touch()
    assert [process.communicate()[0] for process in started] == ["2\n"] * 3
    assert sorted(states(store)) == ["CACHED", "CACHED", "COMPLETE"]


def test_a_crash_frees_what_it_was_computing(store: lineage.Store) -> None:
    [first] = race(1)
    wait_for(Path("computed"))
    Path("computed").unlink()
    [second] = race(1)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    wait_for(Path("computed"))
    Path("go").touch()
    assert second.communicate()[0] == "2\n"
    assert states(store) == ["CANCELED", "COMPLETE"]


def test_why_names_what_differs(store: lineage.Store) -> None:
    Path("raw.csv").write_text("a\n")
    copy(Path("raw.csv"), Path("out.csv"))
    assert explain_step(store, "copy").nearest is None
    copy(Path("raw.csv"), Path("out.csv"), times=2)
    assert [d.what for d in explain_step(store, "copy").differences] == ["parameter times"]
    copy(Path("raw.csv"), Path("out.csv"), times=2)
    assert explain_step(store, "copy").used == f"execution:{store.executions()[1].id}"
    Path("raw.csv").write_text("b\n")
    copy(Path("raw.csv"), Path("out.csv"), times=2)
    answer = explain_step(store, "copy")
    assert [d.what for d in answer.differences] == ["input raw"]
    call = CliRunner().invoke(app, ["--store", store.url, "cache", "why", "copy", "--json"])
    assert json.loads(call.output) == answer.to_dict()
    call = CliRunner().invoke(app, ["--store", store.url, "cache", "why", "copy"])
    assert "input raw" in call.output
    with pytest.raises(NotFound, match="no call of a step 'nothing'"):
        explain_step(store, "nothing")


def test_a_store_that_cannot_be_reached_computes(
    store: lineage.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    @lineage.step(cache=True, store="sqlite:////proc/nowhere/lineage.db")
    def one() -> int:
        return 1

    with pytest.warns(RecordingWarning):
        assert one() == 1


def test_a_cached_call_in_a_run_is_in_its_pipeline(store: lineage.Store) -> None:
    for _ in range(2):
        with lineage.run("nightly", pipeline="churn"):
            double(pandas.DataFrame({"a": [1]}))
    found: list[Execution] = [e for e in store.executions() if e.get("step_name") == "double"]
    assert [e.state for e in found] == [ExecutionState.COMPLETE, ExecutionState.CACHED]
    assert all(store.contexts_of(f"execution:{e.id}") for e in found)
