"""Contexts above contexts never close a circle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lineage.errors import ContextCycle
from lineage.model import Kind
from lineage.ports.writer import Writer


def check_acyclic(tx: Writer, pairs: Sequence[tuple[int, int]]) -> None:
    """Raise ContextCycle where one of these pairs (child, parent), just written, closes a circle.

    All that is above is locked before it is read: two who write at once, each a part of a circle,
    would otherwise both see that it is open. One look for each level, however many pairs there are.
    """
    above: dict[int, list[int]] = {}
    frontier = sorted({context for pair in pairs for context in pair})
    while frontier:
        tx.lock(Kind.CONTEXT, frontier)
        found = tx.parents_of(frontier)
        above.update((context, []) for context in frontier)
        for child, parent in found:
            above[child].append(parent)
        frontier = sorted({parent for _, parent in found} - above.keys())
    if not find_circle(above):
        return
    for child, parent in pairs:
        if child in _reached(parent, above):
            raise ContextCycle(
                f"context:{parent} can't be the parent of context:{child}, because it is "
                + ("the same context" if child == parent else "below it already")
            )


def find_circle(above: Mapping[int, Sequence[int]]) -> set[int]:
    """Return the contexts that Kahn's sort leaves over: those in a circle, or above one."""
    below = dict.fromkeys(above, 0)
    for parents in above.values():
        for parent in parents:
            below[parent] += 1
    ready = [context for context, count in below.items() if count == 0]
    left = set(below)
    while ready:
        context = ready.pop()
        left.discard(context)
        for parent in above[context]:
            below[parent] -= 1
            if below[parent] == 0:
                ready.append(parent)
    return left


def _reached(context: int, above: Mapping[int, Sequence[int]]) -> set[int]:
    """A context and all above it."""
    seen, waiting = {context}, [context]
    while waiting:
        fresh = [parent for parent in above[waiting.pop()] if parent not in seen]
        seen.update(fresh)
        waiting += fresh
    return seen
