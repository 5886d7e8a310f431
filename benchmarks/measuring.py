"""Timing two things in turns, and what is written down of it."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Measured:
    """One figure: what was measured, against what, and whether it reached its target.

    `met` is None where there is no target for it.
    """

    name: str
    what: str
    against: str
    target: str
    ours: str
    peer: str
    ratio: str
    met: bool | None
    note: str = ""


@dataclass(frozen=True)
class Turns:
    """Seconds of each turn."""

    ours: list[float]
    peer: list[float]

    @property
    def our_median(self) -> float:
        return median(self.ours)

    @property
    def peer_median(self) -> float:
        return median(self.peer)

    @property
    def faster(self) -> float:
        """How many times faster ours is."""
        return self.peer_median / self.our_median

    @property
    def slower(self) -> float:
        """How many times longer ours takes."""
        return self.our_median / self.peer_median

    @property
    def spread(self) -> str:
        """The range of each side, so that a noisy machine shows."""
        return (
            f"{len(self.ours)} turns; ours {shown(min(self.ours))} to {shown(max(self.ours))}, "
            f"peer {shown(min(self.peer))} to {shown(max(self.peer))}"
        )


def seconds(work: Callable[[], object]) -> float:
    """How long it takes, by the wall."""
    gc.collect()
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_turns(ours: Callable[[], float], peer: Callable[[], float], turns: int) -> Turns:
    """Ours, peer, ours, peer …, so that what else the machine does falls on both.

    Each returns its seconds. A first turn of each, which warms caches, is not counted.
    """
    ours()
    peer()
    made = Turns([], [])
    for turn in range(turns):
        # Who is first changes: the one that follows may find the disk busy.
        for side in (0, 1) if turn % 2 else (1, 0):
            (made.peer if side else made.ours).append((peer if side else ours)())
    return made


def shown(value: float) -> str:
    """Seconds as people read them."""
    if value >= 10:
        return f"{value:.1f} s"
    if value >= 1:
        return f"{value:.2f} s"
    if value >= 0.01:
        return f"{value * 1000:.0f} ms"
    return f"{value * 1000:.2f} ms"


def rate(count: int, taken: float) -> str:
    return f"{count / taken:,.0f}/s"
