"""What stops a query: a deadline, a number of rows, and how much it may hold at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from lineage.opencypher.errors import QueryStopped
from lineage.opencypher.values.memory_estimate import MOST, TEXT_A_VALUE

# One call works through a text of so many characters within a second, and can't be stopped in it.
LONGEST_TEXT = 16_000_000
# The clock is looked at once in so many steps: a step is about a microsecond of work.
_STEPS_A_LOOK = 2_000


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a query may take.

    seconds: the deadline, None for none. held: how many values it may hold at once (rows that are
    sorted, grouped, collected or visited, list items), as `values.memory_estimate` counts them,
    which bounds memory. depth: how deeply expressions, lists and sub-queries may be nested.
    cancelled: asked often; True stops the query.
    """

    seconds: float | None = None
    held: int = MOST
    depth: int = 100
    cancelled: Callable[[], bool] | None = None


class Budget:
    """What is left of the limits while a query runs. Every loop calls `step`.

    What is kept from row to row is held, and released when it is let go. What an expression makes
    on its way to a value is `made`; whoever evaluates one again and again puts `made` back to what
    it was, since the value before is gone by then.
    """

    __slots__ = ("_cancelled", "_deadline", "_held", "_limits", "_until_look", "made")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._deadline = None if limits.seconds is None else time.monotonic() + limits.seconds
        self._cancelled = limits.cancelled
        self._until_look = 1
        self._held = 0
        self.made = 0

    @property
    def limits(self) -> Limits:
        """As they were given."""
        return self._limits

    def step(self, count: int = 1) -> None:
        """So many steps of work. Raises QueryStopped when the time is over."""
        self._until_look -= count
        if self._until_look <= 0:
            self._until_look = _STEPS_A_LOOK
            self._look()

    def hold(self, count: int = 1) -> None:
        """So many more values are kept. Raises QueryStopped when they are too many."""
        self._held += count
        if self._held > self._limits.held:
            raise self._too_much()
        self.step(count)

    def release(self, count: int) -> None:
        """So many values are kept no longer."""
        self._held -= count

    def make(self, count: int) -> None:
        """The expression under way is about to make so much. Raises QueryStopped for too much."""
        self.made += count
        if self.made > self._limits.held:
            raise self._too_much()
        self.step(1 + count // 100)

    def make_text(self, length: int) -> None:
        """The expression under way is about to make a text. Raises QueryStopped for too much."""
        self.make(1 + length // TEXT_A_VALUE)
        if length > LONGEST_TEXT:
            raise QueryStopped(
                f"the query would make a text of {length:,} characters, and none is longer than "
                f"{LONGEST_TEXT:,}; take a part of it, or do that outside the query"
            )

    def seconds_left(self) -> float | None:
        """Until the deadline; None where there is none."""
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    def _too_much(self) -> QueryStopped:
        return QueryStopped(
            f"the query would hold more than {self._limits.held:,} values at once; narrow it, "
            "or return fewer rows"
        )

    def _look(self) -> None:
        if self._deadline is not None and time.monotonic() >= self._deadline:
            raise QueryStopped(
                f"the query was stopped at its deadline of {self._limits.seconds:g} s; narrow it, "
                "or allow more time"
            )
        if self._cancelled is not None and self._cancelled():
            raise QueryStopped("the query was cancelled")
