"""A minimum cut where some hops carry one unit of flow, and the others any amount.

By Dinic's algorithm (E. A. Dinic, "Algorithm for solution of a problem of maximum flow in networks
with power estimation", 1970): in each round, all shortest ways that still carry something are
filled at once. As each way takes a hop of capacity one for itself, a round is linear in the hops,
and there are few rounds.
"""

from __future__ import annotations

from array import array

UNLIMITED = 2**62


class FlowNetwork:
    """Places, numbered as they are added, and hops between them. Hop n has n ^ 1 as its reverse."""

    def __init__(self) -> None:
        self._from: list[list[int]] = []
        self._to = array("q")
        self._left = array("q")

    def place(self) -> int:
        """One more place."""
        self._from.append([])
        return len(self._from) - 1

    def hop(self, here: int, there: int, capacity: int = UNLIMITED) -> None:
        """A hop that carries so much."""
        for start, end, left in ((here, there, capacity), (there, here, 0)):
            self._from[start].append(len(self._to))
            self._to.append(end)
            self._left.append(left)

    def behind_cut(self, source: int, sink: int) -> set[int]:
        """The places from which flow could still reach the sink once no more can leave the source.

        The hops that lead into them from elsewhere are a minimum cut, and of all that are as small
        the one nearest to the sink. Each way from source to sink must have a hop of capacity 1.
        """
        while True:
            levels = self._levels(source, sink)
            if levels[sink] < 0:
                return self._reaching(sink)
            self._fill(source, sink, levels)

    def _levels(self, source: int, sink: int) -> list[int]:
        """How many hops from the source each place is, where there is something left."""
        levels = [-1] * len(self._from)
        levels[source] = 0
        level, frontier = 0, [source]
        while frontier and levels[sink] < 0:
            level += 1
            fresh: list[int] = []
            for here in frontier:
                for hop in self._from[here]:
                    there = self._to[hop]
                    if self._left[hop] and levels[there] < 0:
                        levels[there] = level
                        fresh.append(there)
            frontier = fresh
        return levels

    def _fill(self, source: int, sink: int, levels: list[int]) -> None:
        """Send one unit along way after way until every one of this length is full."""
        next_of = [0] * len(self._from)
        way: list[int] = []
        here = source
        while True:
            if here == sink:
                for hop in way:
                    self._left[hop] -= 1
                    self._left[hop ^ 1] += 1
                here, way = source, []
            hops = self._from[here]
            if next_of[here] < len(hops):
                hop = hops[next_of[here]]
                if self._left[hop] and levels[self._to[hop]] == levels[here] + 1:
                    way.append(hop)
                    here = self._to[hop]
                else:
                    next_of[here] += 1
            elif way:
                # A dead end.
                here = self._to[way.pop() ^ 1]
                next_of[here] += 1
            else:
                return

    def _reaching(self, sink: int) -> set[int]:
        found, waiting = {sink}, [sink]
        while waiting:
            for hop in self._from[waiting.pop()]:
                before = self._to[hop]
                if self._left[hop ^ 1] and before not in found:
                    found.add(before)
                    waiting.append(before)
        return found
