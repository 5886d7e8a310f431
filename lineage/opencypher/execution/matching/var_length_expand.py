"""Walking along a repeated link: every trail, everything within reach, or the shortest trails.

A trail uses no relationship twice. What is within reach is found breadth first, each node once, so
that its cost is linear in the graph however many trails there are. That a node is reached by a walk
means that it is reached by a trail, because the shortest walk to another node uses no relationship
twice; only the way back to the start itself, without regard to direction, needs a look of its own.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count, islice
from typing import Any

from lineage.opencypher.planning.pattern_graph import PatternEdge, orient
from lineage.opencypher.semantics.free_variables import PropertyReads
from lineage.opencypher.values.budget import Budget
from lineage.opencypher.values.entities import Node, Path, Relationship, Value
from lineage.opencypher.values.graph import Graph, Neighbour

Row = dict[str, Value]
Predicate = Callable[[Row], bool]

_SIBLINGS = 500


@dataclass(slots=True)
class Segment:
    """What was walked, from the link's left node to its right one."""

    nodes: Sequence[Node]
    relationships: Sequence[Relationship]


@dataclass(slots=True)
class LengthLimit:
    """How many repetitions the trails may have that are still wanted; None for any number.

    Whoever takes trails by length sets it when the last length that is wanted has come.
    """

    repetitions: int | None = None

    def excludes(self, repetitions: int) -> bool:
        """Whether trails of so many repetitions are not wanted."""
        return self.repetitions is not None and repetitions > self.repetitions


class ReachedPath(Path):
    """A path of which only the length is asked for: the least there is."""

    __slots__ = ("length",)

    def __init__(self, length: int) -> None:
        super().__init__((), ())
        self.length = length

    def __len__(self) -> int:
        return self.length


class VarLengthExpand:
    """Walks one link from one of its ends.

    `where` holds, for a row with the names of one repetition, if that repetition may be taken;
    None if any may. `loads` is what `where` reads of the nodes of the repetition, by their names.
    """

    def __init__(
        self,
        graph: Graph,
        budget: Budget,
        link: PatternEdge,
        where: Predicate | None,
        loads: PropertyReads,
        *,
        from_left: bool,
    ) -> None:
        self._graph = graph
        self.budget = budget
        self._link = link
        self._where = where
        self._loads = loads
        self._from_left = from_left
        self._first, self._hops = orient(link, from_left=from_left)
        self._adjacent: dict[tuple[int, Node], Sequence[Neighbour]] = {}

    # --- One step ---

    def _steps(self, place: int, node: Node, siblings: Iterable[Node] = ()) -> Sequence[Neighbour]:
        """The relationships that hop `place` may take from a node; its siblings are fetched with
        it, as they are likely to be asked for next."""
        found = self._adjacent.get((place, node))
        if found is None:
            if len(self._adjacent) > 200_000:
                self._adjacent.clear()
            hop = self._hops[place]
            nodes = {node: None}
            for sibling in siblings:
                if len(nodes) >= _SIBLINGS:
                    break
                if (place, sibling) not in self._adjacent:
                    nodes[sibling] = None
            expanded = self._graph.expand(list(nodes), hop.direction, hop.types)
            for each in nodes:
                steps = expanded.get(each, ())
                self.budget.step(1 + len(steps))
                self._adjacent[place, each] = steps
            found = self._adjacent[place, node]
        return found

    def _repetitions(
        self, row: Row, node: Node, used: Collection[Relationship], siblings: Iterable[Node]
    ) -> Iterator[tuple[tuple[Node, ...], tuple[Relationship, ...]]]:
        """Each way to take all hops once from a node: the nodes after it, the relationships."""
        if len(self._hops) == 1:
            hop = self._hops[0]
            steps = self._steps(0, node, siblings)
            if self._where is None:
                for relationship, other in steps:
                    if relationship not in used:
                        yield (other,), (relationship,)
                return
            inner = dict(row)
            inner[self._first] = node
            self._load(hop.right, (other for _, other in steps))
            self._load(self._first, (node,))
            for relationship, other in steps:
                if relationship in used:
                    continue
                self.budget.step()
                inner[hop.name] = relationship
                inner[hop.right] = other
                if self._where(inner):
                    yield (other,), (relationship,)
            return
        yield from self._through({**row, self._first: node}, node, 0, (), (), used)

    def _through(
        self,
        row: Row,
        node: Node,
        place: int,
        nodes: tuple[Node, ...],
        walked: tuple[Relationship, ...],
        used: Collection[Relationship],
    ) -> Iterator[tuple[tuple[Node, ...], tuple[Relationship, ...]]]:
        if place == len(self._hops):
            if self._where is None or self._where(row):
                yield nodes, walked
            return
        hop = self._hops[place]
        for relationship, other in self._steps(place, node):
            self.budget.step()
            if relationship not in used and relationship not in walked:
                yield from self._through(
                    {**row, hop.name: relationship, hop.right: other},
                    other,
                    place + 1,
                    (*nodes, other),
                    (*walked, relationship),
                    used,
                )

    def _load(self, name: str, nodes: Iterable[Node]) -> None:
        """What is read of the nodes of a repetition that have this name."""
        if name in self._loads:
            keys = self._loads[name]
            missing = [node for node in nodes if not node.knows(keys)]
            if missing:
                self._graph.load(missing, keys)

    # --- Every trail ---

    def trails(
        self, row: Row, start: Node, taken: Collection[Relationship], target: Node | None = None
    ) -> Iterator[Segment]:
        """Each trail from a node that uses none of the `taken`, to `target` if one is given."""
        minimum, maximum = self._link.minimum, self._link.maximum
        if minimum == 0 and (target is None or target == start):
            yield Segment((start,), ())
        if maximum == 0:
            return
        used = set(taken)
        nodes: list[Node] = [start]
        walked: list[Relationship] = []
        stack = [self._repetitions(row, start, used, ())]
        lengths: list[int] = []
        while stack:
            step = next(stack[-1], None)
            self.budget.step()
            if step is None:
                stack.pop()
                if lengths:
                    size = lengths.pop()
                    used.difference_update(walked[-size:])
                    del walked[-size:], nodes[-size:]
                continue
            more, relationships = step
            if any(relationship in used for relationship in relationships):
                continue
            nodes += more
            walked += relationships
            repeated = len(lengths) + 1
            if repeated >= minimum and (target is None or nodes[-1] == target):
                yield self._segment(nodes, walked)
            if maximum is not None and repeated >= maximum:
                del nodes[-len(more) :], walked[-len(more) :]
                continue
            used.update(relationships)
            lengths.append(len(more))
            siblings = [other for _, other in self._adjacent.get((0, nodes[-1 - len(more)]), ())]
            stack.append(self._repetitions(row, nodes[-1], used, siblings))

    def _segment(self, nodes: Sequence[Node], walked: Sequence[Relationship]) -> Segment:
        if self._from_left:
            return Segment(tuple(nodes), tuple(walked))
        return Segment(tuple(reversed(nodes)), tuple(reversed(walked)))

    # --- Everything within reach: for one hop, of which at least 0 or 1 is taken ---

    def reach(
        self,
        row: Row,
        start: Node,
        avoid: Collection[Relationship] = (),
        target: Node | None = None,
        parents: dict[Node, tuple[Node, Relationship]] | None = None,
    ) -> Iterator[tuple[Node, int]]:
        """Each node that a trail leads to, with the least number of hops; the start too, if one
        leads back to it. Stops at `target`. `parents` is filled with the way back."""
        [hop] = self._hops
        maximum = self._link.maximum
        plain = self._where is None and not avoid and parents is None
        if self._link.minimum == 0:
            yield start, 0
        seen = {start}
        back = self._link.minimum == 0
        frontier = [start]
        depth = held = 0
        try:
            while frontier and (maximum is None or depth < maximum):
                depth += 1
                fresh: list[Node] = []
                for other in (
                    self._graph.neighbours(frontier, hop.direction, hop.types)
                    if plain
                    else self._onward(row, frontier, avoid, seen, parents)
                ):
                    self.budget.step()
                    if other in seen:
                        if other == start and not back:
                            back = True
                            if hop.direction != "both":
                                yield start, depth
                        continue
                    seen.add(other)
                    fresh.append(other)
                    yield other, depth
                    if other == target:
                        return
                self.budget.hold(len(fresh))
                held += len(fresh)
                frontier = fresh
        finally:
            # Who asks may have enough before the end.
            self.budget.release(held)
        if hop.direction == "both" and self._link.minimum == 1 and target in (None, start):
            least = self._way_back(row, start, avoid)
            if least is not None:
                yield start, least

    def _onward(
        self,
        row: Row,
        frontier: Sequence[Node],
        avoid: Collection[Relationship],
        seen: set[Node],
        parents: dict[Node, tuple[Node, Relationship]] | None,
    ) -> Iterator[Node]:
        [hop] = self._hops
        for first in range(0, len(frontier), 1000):
            some = frontier[first : first + 1000]
            expanded = self._graph.expand(some, hop.direction, hop.types)
            self._load(
                hop.right, (o for steps in expanded.values() for _, o in steps if o not in seen)
            )
            self._load(self._first, some)
            inner = dict(row)
            for node, steps in expanded.items():
                self.budget.step(1 + len(steps))
                inner[self._first] = node
                for relationship, other in steps:
                    if relationship in avoid:
                        continue
                    if self._where is not None:
                        inner[hop.name] = relationship
                        inner[hop.right] = other
                        if not self._where(inner):
                            continue
                    if parents is not None and other not in seen and other not in parents:
                        parents[other] = node, relationship
                    yield other

    def together(self) -> JointReach:
        """What is within reach of several starts, each node once: directed, and without end."""
        return JointReach(self)

    def onward(self, row: Row, frontier: Sequence[Node], seen: set[Node]) -> Iterable[Node]:
        """The nodes a hop away; they may come several times, and those that are seen may."""
        [hop] = self._hops
        if self._where is None:
            return self._graph.neighbours(frontier, hop.direction, hop.types)
        return self._onward(row, frontier, (), seen, None)

    @property
    def from_none(self) -> bool:
        """Whether a start is within its own reach."""
        return self._link.minimum == 0

    def _way_back(self, row: Row, start: Node, avoid: Collection[Relationship]) -> int | None:
        """The least length of a trail back to the start, whatever way relationships point."""
        maximum = self._link.maximum
        least: int | None = None
        for more, relationships in self._repetitions(row, start, set(avoid), ()):
            if maximum is not None and maximum < 1:
                return None
            if more[0] == start:
                return 1
            without = {*avoid, *relationships}
            for other, depth in self.from_zero().reach(row, more[0], without, start):
                if other == start:
                    length = depth + 1
                    if maximum is None or length <= maximum:
                        least = length if least is None else min(least, length)
        return least

    def from_zero(self) -> VarLengthExpand:
        """The same walk, from 0 hops on: it needs no look at the way back."""
        other = VarLengthExpand(
            self._graph, self.budget, replace(self._link, minimum=0), self._where, self._loads,
            from_left=self._from_left,
        )  # fmt: skip
        other._adjacent = self._adjacent
        return other

    def witness(
        self, row: Row, start: Node, end: Node, avoid: Collection[Relationship]
    ) -> Segment | None:
        """A shortest trail from a node to another that avoids some relationships, or None."""
        if self._link.minimum == 0 and start == end:
            return Segment((start,), ())
        if start == end:
            return next(self.by_length(row, start, end, avoid), None)
        parents: dict[Node, tuple[Node, Relationship]] = {}
        for other, _ in self.reach(row, start, avoid, end, parents):
            if other == end:
                return self.trace_back(parents, start, end)
        return None

    def witnesses(self, row: Row, start: Node) -> Iterator[Segment]:
        """A shortest trail to each node within reach: all of them by one search.

        For one hop, of which at least 0 or 1 is taken.
        """
        parents: dict[Node, tuple[Node, Relationship]] = {}
        for other, depth in self.reach(row, start, (), None, parents):
            if other != start:
                yield self.trace_back(parents, start, other)
            elif depth == 0:
                yield Segment((start,), ())
            else:
                yield from islice(self.by_length(row, start, start), 1)

    def all_shortest(self, row: Row, start: Node, end: Node) -> Iterator[Segment]:
        """Every trail of the least length from a node to another.

        For one hop, of which at least 0 or 1 is taken, and two nodes that are not the same. Only
        steps that come nearer to the end are taken, so that none is in vain; and a node that is
        met once can't lend a relationship twice.
        """
        remaining = self._measure_remaining(row, end, ())
        least, maximum = remaining.get(start), self._link.maximum
        if least is None or (maximum is not None and least > maximum):
            return
        nodes: list[Node] = [start]
        walked: list[Relationship] = []
        stack = [self._repetitions(row, start, (), ())]
        while stack:
            self.budget.step()
            step = next(stack[-1], None)
            if step is None:
                stack.pop()
                if walked:
                    walked.pop()
                    nodes.pop()
                continue
            (other,), (relationship,) = step
            if remaining.get(other) != least - len(walked) - 1:
                continue
            if other == end:
                yield self._segment([*nodes, other], [*walked, relationship])
                continue
            nodes.append(other)
            walked.append(relationship)
            stack.append(self._repetitions(row, other, (), ()))

    def parents_of(self, row: Row, start: Node) -> dict[Node, tuple[Node, Relationship]]:
        """By node within reach, the one before it on a shortest trail from the start."""
        parents: dict[Node, tuple[Node, Relationship]] = {}
        for _ in self.from_zero().reach(row, start, (), None, parents):
            pass
        return parents

    def trace_back(
        self, parents: dict[Node, tuple[Node, Relationship]], start: Node, end: Node
    ) -> Segment:
        """How a search came from its start to another node."""
        nodes, walked = [end], []
        while nodes[-1] != start:
            node, relationship = parents[nodes[-1]]
            nodes.append(node)
            walked.append(relationship)
        nodes.reverse()
        walked.reverse()
        return self._segment(nodes, walked)

    # --- Trails by length ---

    def by_length(
        self,
        row: Row,
        start: Node,
        end: Node,
        taken: Collection[Relationship] = (),
        *,
        limit: LengthLimit | None = None,
    ) -> Iterator[Segment]:
        """The trails from a node to another, shortest first.

        Best first, by the length so far and the least number of hops that remain, so that only
        beginnings of trails of that length are looked at (A*, Hart, Nilsson, Raphael 1968).
        """
        minimum, maximum = self._link.minimum, self._link.maximum
        remaining: dict[Node, int] | None = None
        if len(self._hops) == 1:
            remaining = self._measure_remaining(row, end, set(taken))
        if remaining is not None and start not in remaining:
            return
        order = count()
        first = 0 if remaining is None else remaining[start]
        # Among equals the longest first: it is nearest to its end.
        waiting: list[tuple[int, int, int, tuple[Any, ...]]] = [
            (first, 0, next(order), (start, None, (), ()))
        ]
        if minimum == 0 and start == end:
            yield Segment((start,), ())
        held = 0
        try:
            while waiting:
                self.budget.step()
                least, shorter, _, state = heapq.heappop(waiting)
                if limit is not None and limit.excludes(least):
                    return
                node, length = state[0], -shorter
                if length and node == end and length >= minimum:
                    yield self._segment(*_unwind_state(state))
                if maximum is not None and length >= maximum:
                    continue
                used = {*taken, *_unwind_state(state)[1]}
                for more, relationships in self._repetitions(row, node, used, ()):
                    reached = more[-1]
                    ahead = 0 if remaining is None else remaining.get(reached)
                    if ahead is None:
                        continue
                    if maximum is not None and length + 1 + ahead > maximum:
                        continue
                    bound = max(length + 1 + ahead, minimum)
                    if limit is not None and limit.excludes(bound):
                        continue
                    self.budget.hold()
                    held += 1
                    heapq.heappush(
                        waiting,
                        (bound, -length - 1, next(order), (reached, state, more, relationships)),
                    )
        finally:
            self.budget.release(held)

    def _measure_remaining(
        self, row: Row, end: Node, avoid: Collection[Relationship]
    ) -> dict[Node, int]:
        """The least number of hops to the end, from wherever it can be reached."""
        backwards = VarLengthExpand(
            self._graph, self.budget, self._link, self._where, self._loads,
            from_left=not self._from_left,
        )  # fmt: skip
        found = {end: 0}
        for node, depth in backwards.from_zero().reach(row, end, avoid):
            found.setdefault(node, depth)
        return found


class JointReach:
    """What is within reach of the starts that were given so far.

    Whatever is reached from a node that was walked on from is told already, so that all starts
    together cost one search.
    """

    def __init__(self, walker: VarLengthExpand) -> None:
        self._walker = walker
        self._told: set[Node] = set()
        self._entered: set[Node] = set()
        self._held = 0

    def more(self, row: Row, start: Node) -> Iterator[Node]:
        """What this start reaches and none before it did."""
        budget = self._walker.budget
        if self._walker.from_none and start not in self._told:
            self._told.add(start)
            yield start
        frontier = [] if start in self._entered else [start]
        self._entered.add(start)
        while frontier:
            budget.hold(len(frontier))
            self._held += len(frontier)
            fresh: list[Node] = []
            for other in self._walker.onward(row, frontier, self._told):
                budget.step()
                if other not in self._entered:
                    self._entered.add(other)
                    fresh.append(other)
                if other not in self._told:
                    self._told.add(other)
                    yield other
            frontier = fresh

    def release(self) -> None:
        """All of it is let go."""
        self._walker.budget.release(self._held)
        self._held = 0


def _unwind_state(state: tuple[Any, ...]) -> tuple[list[Node], list[Relationship]]:
    nodes: list[Node] = []
    walked: list[Relationship] = []
    while state[1] is not None:
        nodes += reversed(state[2])
        walked += reversed(state[3])
        state = state[1]
    nodes.append(state[0])
    nodes.reverse()
    walked.reverse()
    return nodes, walked


def collect_lists(link: PatternEdge, segment: Segment) -> dict[str, list[Value]]:
    """What the names inside a repeated link are afterwards: a list of what each met."""
    if not link.lists:
        return {}
    size = len(link.hops)
    found: dict[str, list[Value]] = {name: [] for name in link.lists}
    if len(link.lists) == 1 and link.lists[0] != link.first and size == 1:
        hop = link.hops[0]
        if link.lists[0] not in (hop.name, hop.right):
            # The name of a variable-length relationship: `hop.name` is hidden.
            return {link.lists[0]: list(segment.relationships)}
    repetitions = len(segment.relationships) // size
    for repetition in range(repetitions):
        base = repetition * size
        met: dict[str, Value] = {link.first: segment.nodes[base]}
        for place, hop in enumerate(link.hops):
            met[hop.name] = segment.relationships[base + place]
            met[hop.right] = segment.nodes[base + place + 1]
        for name in link.lists:
            found[name].append(met[name])
    return found
