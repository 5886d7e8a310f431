"""A signal to stop is heeded whenever it comes."""

from __future__ import annotations

import subprocess
import sys

# Each at a random moment around the one at which the wait begins.
SIGNALLED = """
import random, signal
from lineage.server.signals import Signals
for _ in range(50):
    told = Signals(signal.SIGALRM)
    signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-6, 3e-5))
    told.wait()
"""


def test_none_is_lost_that_comes_as_the_wait_begins() -> None:
    subprocess.run([sys.executable, "-c", SIGNALLED], check=True, timeout=600)
