"""Breadth-first search over "expand this frontier": shared by the backends without Cypher."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from lineage.backends.base import Frontier
from lineage.model import Kind

Expand = Callable[[Kind, Sequence[int]], Iterable[int]]


def breadth_first(
    kind: Kind, starts: Iterable[int], expand: Expand, max_depth: int | None
) -> Frontier:
    """Levels of nodes by least number of hops; `expand` gives the neighbours of a frontier.

    Each node is expanded once, so that the work is linear in nodes and events however many paths
    there are.
    """
    other = {Kind.ARTIFACT: Kind.EXECUTION, Kind.EXECUTION: Kind.ARTIFACT}
    seen: dict[Kind, set[int]] = {Kind.ARTIFACT: set(), Kind.EXECUTION: set()}
    frontier = sorted(set(starts))
    seen[kind].update(frontier)
    levels: Frontier = [(kind, frontier)] if frontier else []
    while frontier and (max_depth is None or len(levels) <= max_depth):
        kind = other[kind]
        fresh = set(expand(other[kind], frontier))
        fresh -= seen[kind]
        seen[kind] |= fresh
        frontier = sorted(fresh)
        if frontier:
            levels.append((kind, frontier))
    return levels
