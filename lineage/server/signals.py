"""Waiting for the signals that tell a server to stop."""

from __future__ import annotations

import signal
import time

_SECONDS_A_LOOK = 0.2


class Signals:
    """Signals that are noted from now on, in place of what they do otherwise."""

    def __init__(self, *numbers: signal.Signals) -> None:
        self._noted: list[int] = []
        for number in numbers:
            # It may come while anything is done, so it takes no lock: threading.Event has one,
            # which the thread that begins to wait holds for a moment.
            signal.signal(number, lambda noted, frame: self._noted.append(noted))

    def wait(self) -> None:
        """Until one of them came."""
        # In short turns: one that comes just before a thread falls asleep does not wake it.
        while not self._noted:
            time.sleep(_SECONDS_A_LOOK)
