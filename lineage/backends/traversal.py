"""Breadth-first search over "expand this frontier": shared by the backends without Cypher."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from lineage.model import Kind
from lineage.ports.reader import Reader
from lineage.ports.traversal import Frontier, Levels, Propagation, SameContent

# Those of these nodes that are barriers.
Blocked = Callable[[Kind, set[int]], set[int]]
Expand = Callable[[Kind, Sequence[int]], Iterable[int]]
# So often copies lead to copies before all is searched hop by hop.
_MOST_ROUNDS = 8
# The artifacts of the same content as one of these.
Alike = Callable[[Sequence[int]], Iterable[int]]


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


class CopySearch:
    """The artifacts of the same content, each digest looked up once.

    So the work is linear however many copies there are.
    """

    def __init__(self, reader: Reader, content: SameContent, as_of_ms: int | None) -> None:
        self._reader = reader
        self._content = content
        self._as_of_ms = as_of_ms
        self.groups: dict[str, list[int]] = {}

    def look_for(self, ids: Sequence[int]) -> list[int]:
        """Return all artifacts of digests that were not looked up yet, of one of these."""
        if not ids:
            return []
        digests = {d for d in self._reader.shared_digests(ids) if self._content.conducts(d)}
        fresh = sorted(digests - self.groups.keys())
        found: dict[str, list[int]] = {digest: [] for digest in fresh}
        for digest, id, created in self._reader.with_digests(fresh) if fresh else ():
            if self._as_of_ms is None or created <= self._as_of_ms:
                found[digest].append(id)
        self.groups.update(found)
        return [id for some in found.values() for id in some]


def add_copies(
    found: Propagation,
    again: Callable[[Sequence[int]], Propagation],
    hop_by_hop: Callable[[Alike], Propagation],
    copies: CopySearch,
) -> Propagation:
    """Return what was found, and what is reached through artifacts of the same content.

    Most answers have no copies in them, so these are looked for once, when the search is over.
    `again` searches from artifacts, as it did before; where copies lead to copies many times over,
    all is searched `hop_by_hop`.
    """
    fresh = [id for _, kind, ids in found.passed if kind is Kind.ARTIFACT for id in ids]
    copies.look_for(fresh)
    if not copies.groups:
        return found
    passed = {(kind, id): depth for depth, kind, ids in found.passed for id in ids}
    met = {(kind, id): depth for depth, kind, ids in found.met for id in ids}
    for _ in range(_MOST_ROUNDS):
        starts: dict[int, list[int]] = {}
        for group in copies.groups.values():
            keys = [(Kind.ARTIFACT, id) for id in group]
            nearest = min((passed[key] for key in keys if key in passed), default=None)
            if nearest is not None:
                for key in keys:
                    known = passed.get(key, met.get(key))
                    if known is None or known > nearest + 1:
                        starts.setdefault(nearest + 1, []).append(key[1])
        if not starts:
            return Propagation(_to_levels(passed), _to_levels(met))
        fresh = []
        for depth, ids in sorted(starts.items()):
            more = again(sorted(ids))
            for depths, levels in ((passed, more.passed), (met, more.met)):
                for further, kind, some in levels:
                    for key in ((kind, id) for id in some):
                        if key not in depths and depths is passed and kind is Kind.ARTIFACT:
                            fresh.append(key[1])
                        depths[key] = min(depth + further, depths.get(key, depth + further))
        copies.look_for(fresh)
    # A search from the beginning meets everything again.
    copies.groups.clear()
    return hop_by_hop(copies.look_for)


def _to_levels(depths: Mapping[tuple[Kind, int], int]) -> Levels:
    grouped: dict[tuple[int, Kind], list[int]] = {}
    for (kind, id), depth in depths.items():
        grouped.setdefault((depth, kind), []).append(id)
    return [(depth, kind, sorted(ids)) for (depth, kind), ids in sorted(grouped.items())]


def propagate(
    starts: Mapping[Kind, Iterable[int]],
    expand: Expand,
    blocked: Blocked | None,
    alike: Alike | None = None,
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
            fresh[other[kind]] |= reached
            if alike is not None and kind is Kind.ARTIFACT:
                fresh[kind] |= set(alike(frontier))
        for kind, ids in fresh.items():
            ids -= seen[kind]
        depth += 1
    return Propagation(passed, met)
