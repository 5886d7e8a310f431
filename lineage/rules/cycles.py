"""Contexts above contexts never close a circle."""

from __future__ import annotations

from lineage.backends.base import Reader
from lineage.errors import ContextCycle


def check_acyclic(reader: Reader, child: int, parent: int) -> None:
    """Raise ContextCycle where `child` is `parent` or above it."""
    above, frontier = {parent}, [parent]
    while frontier and child not in above:
        frontier = [p for _, p in reader.parents_of(frontier) if p not in above]
        above.update(frontier)
    if child in above:
        raise ContextCycle(
            f"context:{parent} can't be the parent of context:{child}, because it is "
            + ("the same context" if child == parent else "below it already")
        )
