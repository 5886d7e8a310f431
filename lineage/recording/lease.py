"""Leases: a run that is still going on says so, so that one that was killed is found.

An execution in the state RUNNING carries `lease_until`, in milliseconds since the epoch. One thread
in each process moves it on for all runs of the process, every third of a lease. Where it lies in
the past, the run's process is gone.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
import weakref
from typing import Protocol

from lineage.model import Execution
from lineage.rules.run_outcome import is_stale_run

LEASE_MS = 60_000
PROPERTY = "lease_until"


class Leased(Protocol):
    """A run that holds a lease."""

    def extend_lease(self) -> None:
        """Write when the lease ends, anew."""


def lease_until() -> int:
    """Return when a lease that is taken at this moment ends, in milliseconds since the epoch."""
    return now_ms() + LEASE_MS


def now_ms() -> int:
    """Return the time in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def is_stale(execution: Execution, at_ms: int | None = None) -> bool:
    """Return whether an execution claims to run though its lease has ended.

    One without a lease was recorded by somebody else, and nothing is known of it.
    """
    if execution.lease_until_ms is None:
        return False
    return is_stale_run(execution, now_ms() if at_ms is None else at_ms)


class Heartbeat:
    """Extends the leases of a process's runs from one thread."""

    def __init__(self, interval_s: float = LEASE_MS / 3000) -> None:
        self._interval_s = interval_s
        self._runs: weakref.WeakSet[Leased] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()

    def add(self, run: Leased) -> None:
        """Extend a run's lease from here on."""
        with self._lock:
            self._runs.add(run)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._beat, name="lineage-heartbeat", daemon=True
                )
                self._thread.start()

    def remove(self, run: Leased) -> None:
        """Let a run's lease be."""
        with self._lock:
            self._runs.discard(run)

    def beat(self) -> None:
        """Extend all leases at once."""
        with self._lock:
            runs = list(self._runs)
        for run in runs:
            # A heart that stops at one failure would let other runs look dead.
            with contextlib.suppress(Exception):
                run.extend_lease()

    def _beat(self) -> None:
        from lineage.recording.trace import suspend_tracing

        with suspend_tracing():
            self._beat_for_ever()

    def _beat_for_ever(self) -> None:
        while True:
            self._wake.wait(self._interval_s)
            self.beat()


heartbeat = Heartbeat()


def _start_anew() -> None:
    """A forked process has none of its parent's threads, nor its runs."""
    global heartbeat
    heartbeat = Heartbeat()


os.register_at_fork(after_in_child=_start_anew)
