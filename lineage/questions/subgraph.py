"""The part of the graph that is upstream or downstream of some nodes, as ids, read at once.

A question that looks at many nodes reads them so, in a fixed number of look-ups whatever the size
and the depth, and walks in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from lineage.model import Kind, Node
from lineage.ports.reader import Reader
from lineage.ports.traversal import Direction
from lineage.questions.closure import read_levels

Key = tuple[Kind, int]
N = TypeVar("N", bound=Hashable)


def key_of(node: Node) -> Key:
    """The kind and id of a stored node."""
    assert node.id is not None
    return (node.kind, node.id)


@dataclass(frozen=True, slots=True)
class Subgraph:
    """Everything reached from some starts: its depth, and from where to where one hop leads."""

    depths: Mapping[Key, int]
    hops: Mapping[Key, Sequence[Key]]

    def ids(self, kind: Kind) -> list[int]:
        """The ids of one kind, nearest first."""
        return [id for of, id in self.depths if of is kind]

    def reached_from(self, starts: Iterable[Key]) -> set[Key]:
        """What some of its nodes lead to, themselves included."""
        found = {start for start in starts if start in self.depths}
        waiting = list(found)
        while waiting:
            fresh = [key for key in self.hops.get(waiting.pop(), ()) if key not in found]
            found.update(fresh)
            waiting += fresh
        return found

    def reversed(self) -> Subgraph:
        """The same hops the other way round."""
        hops: dict[Key, list[Key]] = {}
        for key, targets in self.hops.items():
            for target in targets:
                hops.setdefault(target, []).append(key)
        return Subgraph(self.depths, hops)


def build_subgraph(
    reader: Reader, starts: Sequence[Node], direction: Direction, *, as_of_ms: int | None = None
) -> Subgraph:
    """The region of these artifacts or executions; a hop is one data-carrying event."""
    levels = read_levels(reader, starts, direction, as_of_ms=as_of_ms)
    depths = {(kind, id): at for at, kind, ids in levels for id in ids}
    hops: dict[Key, list[Key]] = {}
    for kind, other in ((Kind.ARTIFACT, Kind.EXECUTION), (Kind.EXECUTION, Kind.ARTIFACT)):
        ids = [id for of, id in depths if of is kind]
        # Several events may lead from one node to the same other.
        for here, there in set(reader.neighbours(kind, ids, direction, as_of_ms=as_of_ms)):
            hops.setdefault((kind, here), []).append((other, there))
    return Subgraph(depths, hops)


def propagate_bits(own: Mapping[Key, int], region: Subgraph) -> Iterator[tuple[Key, int]]:
    """Each node of a region, with the bits of all nodes that lead to it, its own included.

    `own` gives the nodes that have a bit, and which: 0 is the lowest. See `walked`.
    """
    return walk(region.depths, region.hops, lambda key: 1 << own[key] if key in own else 0)


def walk(
    nodes: Iterable[N], hops: Mapping[N, Sequence[N]], own: Callable[[N], int]
) -> Iterator[tuple[N, int]]:
    """Each node, with its own bits and those of all nodes that lead to it.

    Each node comes once, after all that lead to it, and circles are as one node; a set of bits is
    made as late, and let go as soon, as can be. Linear in the hops, for each machine word of bits.
    """
    waiting_for = dict.fromkeys(nodes, 0)
    for targets in hops.values():
        for target in targets:
            waiting_for[target] += 1
    bits: dict[N, int] = {}
    ready = [key for key, count in waiting_for.items() if count == 0]
    done = len(ready)
    while ready:
        key = ready.pop()
        here = bits.pop(key, 0) | own(key)
        yield key, here
        for target in hops.get(key, ()):
            if here:
                bits[target] = bits.get(target, 0) | here
            waiting_for[target] -= 1
            if waiting_for[target] == 0:
                ready.append(target)
                done += 1
    if done < len(waiting_for):
        left = {key for key, count in waiting_for.items() if count}
        yield from _through_circles(left, hops, own, bits)


def count_bits(many: Iterable[int], places: int) -> list[int]:
    """In how many of these sets of bits each of the lowest `places` bits is."""
    # Added up as written by hand, bit by bit: digit n of all the sums is one number.
    digits: list[int] = []
    for bits in many:
        at = 0
        while bits:
            if at == len(digits):
                digits.append(0)
            digits[at], bits = digits[at] ^ bits, digits[at] & bits
            at += 1
    written = [f"{digit:0{places}b}"[::-1] for digit in digits]
    return [
        sum((digit[place] == "1") << at for at, digit in enumerate(written))
        for place in range(places)
    ]


def _through_circles(
    left: set[N], hops: Mapping[N, Sequence[N]], own: Callable[[N], int], bits: dict[N, int]
) -> Iterator[tuple[N, int]]:
    """What `walked` could not order: the circles among `left`, and what comes after them."""
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_nodes_from(left)
    graph.add_edges_from((key, target) for key in left for target in hops.get(key, ()))
    whole = nx.condensation(graph)
    for circle in nx.topological_sort(whole):
        members = whole.nodes[circle]["members"]
        here = 0
        for key in members:
            here |= bits.pop(key, 0) | own(key)
        for key in members:
            yield key, here
            for target in hops.get(key, ()):
                if target not in members:
                    bits[target] = bits.get(target, 0) | here
