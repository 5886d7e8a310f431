"""How reading and planning a query is stopped: whoever asks for it says when, all that loop ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Step = Callable[[int], None]
_step: ContextVar[Step | None] = ContextVar("step", default=None)


@contextmanager
def interruptible(step: Step) -> Iterator[None]:
    """Within it, `step` is told of the steps of work, and may raise what stops them."""
    before = _step.set(step)
    try:
        yield
    finally:
        _step.reset(before)


def take_steps(count: int = 1) -> None:
    """Say that so many steps of work are taken."""
    step = _step.get()
    if step is not None:
        step(count)
