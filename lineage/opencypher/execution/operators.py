"""What a query is made of when it runs: steps that turn rows into rows.

The plan of a query is drawn from the very steps that run it; a profile watches them at it.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lineage.opencypher.functions.registry import Context

Names = frozenset[str]


@dataclass(slots=True)
class ExecutionContext(Context):
    """What every operator of a query shares; `profile` is there where operators are counted."""

    profile: Profile | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PhysicalOperator:
    """One operator: `run` makes rows from rows.

    details: what is said of it, made only for who looks. estimate: the rows that the planner
    expects. inner: queries and patterns that it runs for its rows.
    """

    name: str
    run: Callable[[Iterable[Any]], Iterator[Any]]
    details: Callable[[], str] = str
    estimate: float | None = None
    inner: tuple[InnerPlan, ...] = ()


# A step, and the names that the rows have of which its expressions are evaluated.
PlacedOperator = tuple[PhysicalOperator, Names]


@dataclass(frozen=True, slots=True, eq=False)
class InnerPlan:
    """A query or pattern inside an expression: its steps, for rows that have these names; `local`
    are names that the expression adds to them. `foresee` is told of rows that the expression will
    be evaluated for, all at once."""

    steps: Callable[[Names], Sequence[PlacedOperator]]
    local: Names = frozenset()
    announce: Callable[[Sequence[Any]], None] | None = None


def announce_rows(inner: Iterable[InnerPlan], rows: Sequence[Any]) -> None:
    """Tell what is inside expressions of the rows that come."""
    for each in inner:
        if each.announce is not None and not each.local:
            each.announce(rows)


@dataclass(frozen=True, slots=True)
class ClauseOperators:
    """A clause, ready to run: its steps, one after the other, and the names that come out, both
    for rows that have these names."""

    run: Callable[[Iterable[Any]], Iterator[Any]]
    steps: Callable[[Names], Sequence[PlacedOperator]]
    names: Callable[[Names], Names]


@dataclass(frozen=True, slots=True)
class PlanOperator:
    """One operator as a plan shows it; `rows`, `hits` and `milliseconds` where it was profiled."""

    name: str
    details: str = ""
    estimated_rows: float | None = None
    rows: int | None = None
    hits: int | None = None
    milliseconds: float | None = None
    children: tuple[PlanOperator, ...] = ()

    def __iter__(self) -> Iterator[PlanOperator]:
        """The operator and all below it, each before its children."""
        waiting = [self]
        while waiting:
            taken = waiting.pop()
            yield taken
            waiting += reversed(taken.children)


class Profile:
    """What each step did: the rows that it made, how often it turned to the store, its time."""

    def __init__(self) -> None:
        self._counts: defaultdict[PhysicalOperator, _OperatorCount] = defaultdict(_OperatorCount)
        self._running: list[_OperatorCount] = []
        self._since = 0.0

    def watch(self, step: PhysicalOperator, rows: Iterator[Any]) -> Iterator[Any]:
        """The rows of a step, each counted, and charged for what it took to make it."""
        count = self._counts[step]
        while True:
            self._charge()
            self._running.append(count)
            try:
                row = next(rows)
            except StopIteration:
                return
            finally:
                self._charge()
                self._running.pop()
            count.rows += 1
            yield row

    def hit(self, times: int) -> None:
        """The step that runs now was given so much by the store."""
        if self._running:
            self._running[-1].hits += times

    def steps(self) -> frozenset[PhysicalOperator]:
        """Those that ran."""
        return frozenset(self._counts)

    def of(self, step: PhysicalOperator) -> tuple[int, int, float]:
        """Rows, hits and milliseconds of a step."""
        count = self._counts.get(step, _OperatorCount())
        return count.rows, count.hits, 1000 * count.seconds

    def _charge(self) -> None:
        """The time since the last change is the running step's, not that of who waits for it."""
        now = time.perf_counter()
        if self._running:
            self._running[-1].seconds += now - self._since
        self._since = now


class _OperatorCount:
    __slots__ = ("hits", "rows", "seconds")

    def __init__(self) -> None:
        self.rows = 0
        self.hits = 0
        self.seconds = 0.0


def run_operators(
    steps: Iterable[PhysicalOperator], rows: Iterable[Any], profile: Profile | None
) -> Iterator[Any]:
    """The rows that come out of steps, one after the other."""
    found = iter(rows)
    for step in steps:
        found = step.run(found)
        if profile is not None:
            found = profile.watch(step, found)
    return found


def wrap_operator(
    step: PhysicalOperator, profile: Profile | None, names: Callable[[Names], Names]
) -> ClauseOperators:
    """A clause of a single step."""
    return ClauseOperators(
        lambda rows: run_operators((step,), rows, profile), lambda before: [(step, before)], names
    )


def draw_plan(
    steps: Sequence[PlacedOperator], profile: Profile | None = None
) -> PlanOperator | None:
    """The plan that steps are, the last one on top; None where there are none."""
    hidden: dict[str, str] = {}

    def show_name(found: re.Match[str]) -> str:
        return hidden.setdefault(found[0], f"anon_{len(hidden)}")

    def draw(placed: Sequence[PlacedOperator]) -> PlanOperator | None:
        below: PlanOperator | None = None
        for step, names in placed:
            children = [] if below is None else [below]
            details = _HIDDEN.sub(show_name, step.details())
            for inner in step.inner:
                drawing = draw(inner.steps(names | inner.local))
                if drawing is not None:
                    children.append(drawing)
            below = PlanOperator(step.name, details, step.estimate, children=tuple(children))
            if profile is not None:
                rows, hits, milliseconds = profile.of(step)
                below = replace(below, rows=rows, hits=hits, milliseconds=milliseconds)
        return below

    return draw(steps)


# Names that nobody wrote: see `matching.shape`.
_HIDDEN = re.compile("\0[a-z]+[0-9]*")
