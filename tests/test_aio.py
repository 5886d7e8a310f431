"""A store in an asynchronous program."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from lineage import Artifact, aio
from lineage.errors import NotFound, Unsupported


def test_calls_are_awaited_and_run_beside_each_other(tmp_path: Path) -> None:
    async def work() -> list[str | None]:
        async with await aio.connect(tmp_path / "s.db") as store:
            await asyncio.gather(
                *(store.put(Artifact(type="Model", name=f"m{at}")) for at in range(10))
            )
            with pytest.raises(NotFound, match="did you mean"):
                await store.get("Model:mm1")
            with pytest.raises(Unsupported, match=r"transact\(work\)"):
                store.snapshot()
            count = await store.transact(lambda transaction: transaction.reader.counts().artifacts)
            assert count == 10
            assert "downstream" in dir(store)
            assert store.store.url.endswith("s.db")
            return sorted(model.name for model in await store.artifacts())

    assert asyncio.run(work()) == sorted(f"m{at}" for at in range(10))


def test_the_loop_goes_on_while_a_store_waits(tmp_path: Path) -> None:
    async def work() -> int:
        async with await aio.connect(tmp_path / "s.db") as store:
            began, finish = asyncio.Event(), asyncio.Event()
            loop = asyncio.get_running_loop()

            def wait(_: object) -> int:
                loop.call_soon_threadsafe(began.set)
                return asyncio.run_coroutine_threadsafe(finish.wait(), loop).result(60)

            waiting = asyncio.create_task(store.transact(wait))
            await began.wait()
            found = await store.artifacts()
            finish.set()
            await waiting
            return len(found)

    assert asyncio.run(work()) == 0
