"""How child processes find the run that they were started in: an environment variable."""

from __future__ import annotations

import os

PARENT = "LINEAGE_PARENT_RUN"

# The runs that child processes are told of, with their process; and what this process was told.
_announced: list[tuple[int, str]] = []
_inherited: str | None = None


def announce(key: str) -> None:
    """Have child processes find a run by its key."""
    global _inherited
    if not _announced:
        _inherited = os.environ.get(PARENT)
    _announced.append((os.getpid(), key))
    os.environ[PARENT] = key


def withdraw(key: str) -> None:
    """Have child processes find what they would have found without a run.

    The runs of several tasks end in any order.
    """
    if (os.getpid(), key) not in _announced:
        return
    _announced.remove((os.getpid(), key))
    left = _announced[-1][1] if _announced else _inherited
    if left is None:
        os.environ.pop(PARENT, None)
    else:
        os.environ[PARENT] = left


def find_inherited() -> str | None:
    """Return the key of the run of another process that this process was started in."""
    ours = [key for pid, key in _announced if pid == os.getpid()]
    return _inherited if ours else os.environ.get(PARENT)
