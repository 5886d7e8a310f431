"""A store for asynchronous programs: each call runs in a thread, and the event loop goes on.

>>> import asyncio
>>> from lineage import Artifact, aio
>>> async def count() -> int:
...     async with await aio.connect("memory://") as store:
...         await store.put(Artifact(type="Model", name="churn"))
...         return len(await store.artifacts())
>>> asyncio.run(count())
1

A call that is cancelled is no longer waited for; what it began, it ends: a write stays whole.
"""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self

from lineage.errors import Unsupported
from lineage.store import Store

# What is no single call: a block in which something is open.
_BLOCKS = {"snapshot", "view"}


class AsyncStore:
    """A store whose methods are awaited: those of `Store`, with the same arguments and answers.

    Parameters
    ----------
    store : Store
        The store that is called; `store` has it, for what is not to be awaited.
    """

    def __init__(self, store: Store) -> None:
        self.store = store

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self.store.close)

    def __repr__(self) -> str:
        return f"<AsyncStore {self.store.url}>"

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(name for name in dir(Store) if not name.startswith("_"))]

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        if name in _BLOCKS:
            raise Unsupported(
                f"{name}() opens a block, which stays in one thread; use transact(work), or give "
                f"asyncio.to_thread a function that opens store.{name}()"
            )
        method = getattr(self.store, name)
        if not callable(method):
            raise AttributeError(f"{name} is not awaited; it is `store.store.{name}`")

        @functools.wraps(method)
        async def call(*positional: Any, **keywords: Any) -> Any:
            return await asyncio.to_thread(method, *positional, **keywords)

        return call


async def connect(url: str | os.PathLike[str] | None = None, **options: Any) -> AsyncStore:
    """Open a store as `lineage.connect` does, and return one whose calls are awaited.

    Parameters
    ----------
    url : str or Path, optional
        As for `lineage.connect`.
    **options
        `create` and `clock`, as for `lineage.connect`.

    Returns
    -------
    AsyncStore
        The open store; an asynchronous context manager that closes it.

    Raises
    ------
    LineageError
        As `lineage.connect`.

    Examples
    --------
    >>> asyncio.run(connect("memory://"))
    <AsyncStore memory://>
    """
    from lineage.connection import connect as connect_here

    return AsyncStore(await asyncio.to_thread(connect_here, url, **options))
