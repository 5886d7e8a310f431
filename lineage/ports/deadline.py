"""Bound the time that a question may take, whatever it reads.

A server answers many; one question over a large store must not hold a thread for ever. Backends
stop a statement that is under way, and readers are not asked any more, once the time is over.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from lineage.errors import QueryStopped

# When the time is over on the monotonic clock, and how many seconds it was.
_deadline: ContextVar[tuple[float, float] | None] = ContextVar("deadline", default=None)


@contextmanager
def limit_time(seconds: float | None) -> Iterator[None]:
    """Bound what is read until the end of the block, in this thread; None is no bound."""
    token = _deadline.set(None if seconds is None else (time.monotonic() + seconds, seconds))
    try:
        yield
    finally:
        _deadline.reset(token)


def get_remaining_seconds() -> float | None:
    """Return how much time is left, at least a millisecond; None where it is not bounded."""
    deadline = _deadline.get()
    return None if deadline is None else max(0.001, deadline[0] - time.monotonic())


def is_over() -> bool:
    """Tell whether the time is over."""
    deadline = _deadline.get()
    return deadline is not None and time.monotonic() >= deadline[0]


def check_time() -> None:
    """Raise QueryStopped where the time is over."""
    deadline = _deadline.get()
    if deadline is not None and time.monotonic() >= deadline[0]:
        raise QueryStopped(
            f"the question was stopped at its deadline of {deadline[1]:g} s; narrow it by depth, "
            "type or time, or ask the store itself, which has no deadline"
        )
