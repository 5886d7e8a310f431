"""Breadth-first search over "expand this frontier": shared by the backends without Cypher."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from lineage.model import Kind
from lineage.ports.traversal import Frontier, Levels, Propagation

# Those of these nodes that are barriers.
Blocked = Callable[[Kind, set[int]], set[int]]
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


def propagate(
    starts: Mapping[Kind, Iterable[int]], expand: Expand, blocked: Blocked | None
) -> Propagation:
    """The same from artifacts and executions at once; a barrier is met, and not expanded."""
    other = {Kind.ARTIFACT: Kind.EXECUTION, Kind.EXECUTION: Kind.ARTIFACT}
    seen: dict[Kind, set[int]] = {Kind.ARTIFACT: set(), Kind.EXECUTION: set()}
    fresh = {kind: set(starts.get(kind, ())) for kind in seen}
    passed: Levels = []
    met: Levels = []
    depth = 0
    while any(fresh.values()):
        frontiers: list[tuple[Kind, list[int]]] = []
        for kind, ids in fresh.items():
            if not ids:
                continue
            seen[kind] |= ids
            stopped = blocked(kind, ids) if blocked is not None else set()
            if stopped:
                met.append((depth, kind, sorted(stopped)))
                ids = ids - stopped
            if ids:
                passed.append((depth, kind, sorted(ids)))
                frontiers.append(passed[-1][1:])
        fresh = {kind: set() for kind in seen}
        for kind, frontier in frontiers:
            reached = set(expand(kind, frontier))
            reached -= seen[other[kind]]
            fresh[other[kind]] = reached
        depth += 1
    return Propagation(passed, met)
