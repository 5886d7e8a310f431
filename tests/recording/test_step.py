"""`@lineage.step`: a function each call of which is recorded."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pandas
import pytest

import lineage
from lineage.errors import InvalidValue
from lineage.model import Artifact, Execution, ExecutionState


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[lineage.Store]:
    """The default store, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path}/.lineage/lineage.db"
    monkeypatch.setenv("LINEAGE_URL", url)
    with lineage.connect(url) as opened:
        yield opened


def last(store: lineage.Store, step: str) -> Execution:
    """The newest execution of a step."""
    return [e for e in store.executions() if str(e.get("step_name")).endswith(step)][-1]


def artifacts(store: lineage.Store, execution: Execution, flow: str) -> dict[str, Artifact]:
    """What an execution read or wrote, by port."""
    assert execution.id is not None
    return {
        ".".join(map(str, event.path)): store.artifact(event.artifact_id)
        for event in store.events(execution=execution.id)
        if event.type.flow is not None and event.type.flow.value == flow
    }


def test_paths_that_are_annotated_are_inputs_and_outputs(store: lineage.Store) -> None:
    @lineage.step(type="Train")
    def fit(raw: lineage.Input[Path], model: lineage.Output[Path], lr: float = 0.1) -> None:
        model.write_text(raw.read_text() * 2)

    Path("raw.csv").write_text("a\n")
    fit(Path("raw.csv"), Path("model.bin"))
    execution = last(store, "fit")
    assert (execution.type, execution.state) == ("Train", ExecutionState.COMPLETE)
    assert execution.get("lr") == 0.1
    assert execution.get("raw") is None
    assert artifacts(store, execution, "INPUT")["raw"].type == "Dataset"
    written = artifacts(store, execution, "OUTPUT")["model"]
    assert (written.type, written.get("bytes")) == ("Model", 4)


def test_a_frame_is_handed_from_step_to_step(store: lineage.Store) -> None:
    @lineage.step
    def load() -> pandas.DataFrame:
        return pandas.DataFrame({"a": [1, 2]})

    @lineage.step
    def count(table: pandas.DataFrame) -> int:
        return len(table)

    assert count(load()) == 2
    made = artifacts(store, last(store, "load"), "OUTPUT")["output"]
    assert artifacts(store, last(store, "count"), "INPUT")["table"] == made
    assert (made.type, made.get("rows"), made.get("columns")) == ("Dataset", 2, 1)


def test_several_returned_values_are_several_outputs(store: lineage.Store) -> None:
    @lineage.step
    def split() -> tuple[pandas.DataFrame, pandas.DataFrame]:
        return pandas.DataFrame({"a": [1]}), pandas.DataFrame({"a": [2, 3]})

    @lineage.step
    def parts() -> dict[str, pandas.DataFrame]:
        return {"train": pandas.DataFrame({"a": [1]}), "eval": pandas.DataFrame({"a": [2]})}

    split()
    rows = [a.get("rows") for a in artifacts(store, last(store, "split"), "OUTPUT").values()]
    assert sorted(rows) == [1, 2]
    parts()
    assert set(artifacts(store, last(store, "parts"), "OUTPUT")) == {"train", "eval"}


def test_returned_numbers_are_metrics_and_paths_are_files(store: lineage.Store) -> None:
    @lineage.step(type="Evaluate")
    def evaluate() -> dict[str, float]:
        return {"accuracy": 0.9, "f1": 0.8}

    @lineage.step
    def export() -> Path:
        Path("out.csv").write_text("x")
        return Path("out.csv")

    evaluate()
    [metrics] = artifacts(store, last(store, "evaluate"), "OUTPUT").values()
    assert (metrics.type, metrics.get("accuracy"), metrics.get("f1")) == ("Metrics", 0.9, 0.8)
    export()
    [file] = artifacts(store, last(store, "export"), "OUTPUT").values()
    assert file.uri == Path("out.csv").resolve().as_uri()


def test_a_generator_runs_until_it_is_exhausted(store: lineage.Store) -> None:
    @lineage.step
    def batches(n: int) -> Iterator[pandas.DataFrame]:
        for at in range(n):
            yield pandas.DataFrame({"a": [at]})

    going = batches(3)
    next(going)
    assert last(store, "batches").state is ExecutionState.RUNNING
    with lineage.run("between") as between:
        pass
    assert store.execution(between.key).get("parent_run") is None
    assert len(list(going)) == 2
    execution = last(store, "batches")
    assert execution.state is ExecutionState.COMPLETE
    assert len(artifacts(store, execution, "OUTPUT")) == 3
    given_up = batches(3)
    next(given_up)
    given_up.close()
    assert last(store, "batches").state is ExecutionState.CANCELED


def test_a_generator_gets_what_is_sent_and_thrown(store: lineage.Store) -> None:
    @lineage.step
    def echo() -> Iterator[int]:
        got = 0
        while True:
            try:
                got = yield got
            except ValueError:
                got = -1

    going = echo()
    assert next(going) == 0
    assert going.send(5) == 5
    assert going.throw(ValueError()) == -1
    going.close()


def test_coroutines_and_asynchronous_generators_are_steps(store: lineage.Store) -> None:
    @lineage.step
    async def fetch(n: int) -> pandas.DataFrame:
        await asyncio.sleep(0)
        with lineage.run(f"inner {n}"):
            await asyncio.sleep(0)
        return pandas.DataFrame({"a": [n]})

    @lineage.step
    async def stream() -> AsyncIterator[int]:
        yield 1
        yield 2

    async def main() -> list[int]:
        await asyncio.gather(fetch(1), fetch(2))
        return [item async for item in stream()]

    assert asyncio.run(main()) == [1, 2]
    for execution in (e for e in store.executions() if str(e.get("step_name")).startswith("inner")):
        parent = store.execution(execution.get("parent_run"))
        assert execution.get("step_name") == f"inner {parent.get('n')}"
    assert last(store, "stream").state is ExecutionState.COMPLETE
    # Each task's run is its own, and none is left for child processes to find.
    fetched = [e for e in store.executions() if str(e.get("step_name")).endswith("fetch")]
    assert [e.get("parent_run") for e in fetched] == [None, None]
    assert "LINEAGE_PARENT_RUN" not in os.environ


def test_a_cancelled_coroutine_is_canceled(store: lineage.Store) -> None:
    @lineage.step
    async def wait() -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        task = asyncio.create_task(wait())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert last(store, "wait").state is ExecutionState.CANCELED


def test_each_attempt_is_an_execution(store: lineage.Store) -> None:
    tries: list[int] = []

    @lineage.step(retries=2)
    def flaky() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise OSError("down")
        return "up"

    assert flaky() == "up"
    found = [e for e in store.executions() if str(e.get("step_name")).endswith("flaky")]
    assert [(e.state.value, e.get("attempt")) for e in found] == [
        ("FAILED", 1),
        ("FAILED", 2),
        ("COMPLETE", 3),
    ]


def test_a_step_that_raises_has_failed(store: lineage.Store) -> None:
    @lineage.step
    def broken() -> None:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        broken()
    assert last(store, "broken").state is ExecutionState.FAILED


def test_threads_are_each_in_a_run_of_their_own(store: lineage.Store) -> None:
    @lineage.step
    def work(n: int) -> pandas.DataFrame:
        return pandas.DataFrame({"a": [n]})

    with lineage.run("all") as whole, ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(12)))
    found = [e for e in store.executions() if str(e.get("step_name")).endswith("work")]
    assert sorted(e.get("n") for e in found) == list(range(12))
    assert {e.get("parent_run") for e in found} == {whole.key}
    assert {e.state for e in found} == {ExecutionState.COMPLETE}


@lineage.step
def square(n: int, target: lineage.Output[Path]) -> int:
    """A step that a pool of processes can find by its name."""
    target.write_text(str(n * n))
    return n * n


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_pool_of_processes_records_each_call(store: lineage.Store, method: str) -> None:
    context = multiprocessing.get_context(method)
    with lineage.run("all") as whole, ProcessPoolExecutor(2, mp_context=context) as pool:
        done = list(pool.map(square, range(4), [Path(f"{n}.txt") for n in range(4)]))
    assert done == [0, 1, 4, 9]
    found = [e for e in store.executions() if e.get("step_name") == "square"]
    assert sorted(e.get("n") for e in found) == [0, 1, 2, 3]
    assert {e.get("parent_run") for e in found} == {whole.key}
    assert {e.state for e in found} == {ExecutionState.COMPLETE}
    assert store.execution(whole.key).state is ExecutionState.COMPLETE


def test_a_step_inside_a_step_is_part_of_it(store: lineage.Store) -> None:
    @lineage.step
    def inner() -> pandas.DataFrame:
        return pandas.DataFrame({"a": [1]})

    @lineage.step
    def outer() -> pandas.DataFrame:
        return inner()

    outer()
    assert last(store, "inner").get("parent_run") == last(store, "outer").external_id
    # The same object is one artifact, whoever hands it on.
    assert artifacts(store, last(store, "inner"), "OUTPUT") == artifacts(
        store, last(store, "outer"), "OUTPUT"
    )


def test_a_method_is_a_step(store: lineage.Store) -> None:
    class Trainer:
        @lineage.step
        def fit(self, lr: float) -> float:
            return lr * 2

    assert Trainer().fit(0.5) == 1.0
    assert last(store, "fit").get("lr") == 0.5


def test_a_step_stays_the_function_that_it_was(store: lineage.Store) -> None:
    @lineage.step
    def named(a: int, *rest: int, b: int = 2, **more: int) -> int:
        """What it does."""
        return a + sum(rest) + b + sum(more.values())

    assert (named.__name__, named.__doc__) == ("named", "What it does.")
    assert named(1, 2, 3, b=4, c=5) == 15
    execution = last(store, "named")
    assert [execution.get(n) for n in ("a", "rest_0", "rest_1", "b", "c")] == [1, 2, 3, 4, 5]
    with pytest.raises(TypeError):
        named()  # type: ignore[call-arg]
    assert last(store, "named").state is ExecutionState.FAILED


def test_what_is_no_function_is_refused() -> None:
    with pytest.raises(InvalidValue, match="a step is a function"):
        lineage.step(3)  # type: ignore[call-overload]
    with pytest.raises(InvalidValue, match="negative"):
        lineage.step(retries=-1)(len)


def test_lists_and_dicts_of_paths_are_ports(store: lineage.Store) -> None:
    @lineage.step
    def join(parts: lineage.Input[list[Path]], named: lineage.Input[dict[str, Path]]) -> None:
        pass

    for name in ("a", "b", "c"):
        Path(f"{name}.csv").write_text(name)
    join([Path("a.csv"), Path("b.csv")], {"last": Path("c.csv")})
    assert set(artifacts(store, last(store, "join"), "INPUT")) == {"parts", "parts.1", "named.last"}
