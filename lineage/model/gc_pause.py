"""Python's cyclic collector, while a large answer is built."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_pausing = 0


@contextmanager
def pause_collector() -> Iterator[None]:
    """Without it, the collector looks through all that is there again and again as an answer
    grows, and finds nothing, as records have no cycles: two fifths of the time.

    The last of those that pause it at once lets it go on, if it was on before.
    """
    global _pausing
    with _lock:
        was_on = gc.isenabled()
        if not was_on and not _pausing:
            paused = False
        else:
            paused = True
            _pausing += 1
            gc.disable()
    try:
        yield
    finally:
        if paused:
            with _lock:
                _pausing -= 1
                if not _pausing:
                    gc.enable()
