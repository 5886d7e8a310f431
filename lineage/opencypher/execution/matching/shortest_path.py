"""The shortest paths between two nodes: those that `shortestPath`, SHORTEST, ALL and ANY select."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from lineage.opencypher.execution.matching.var_length_expand import (
    LengthLimit,
    Segment,
    VarLengthExpand,
    collect_lists,
)
from lineage.opencypher.planning import match_planner
from lineage.opencypher.planning.pattern_graph import PatternEdge
from lineage.opencypher.semantics.free_variables import find_variables
from lineage.opencypher.values.entities import Node, Path, Relationship, Value

Row = dict[str, Value]
Rows = Iterable[Row]
_ONE_PATH = frozenset({"shortestPath", "shortest", "any"})
_ALL_PATHS = frozenset({"allShortestPaths", "all shortest"})


class ShortestPathSearch:
    """Walks one edge of a pattern by the paths that its selector asks for.

    `tests` must hold for a path that is selected from; `paths` are the names that get it.
    """

    def __init__(
        self,
        walker: VarLengthExpand,
        step: match_planner.Expand,
        tests: Sequence[Callable[[Row], bool]],
        paths: Sequence[str],
    ) -> None:
        link = step.link
        assert link.selector is not None
        self._walker = walker
        self._link = link
        self._selector = link.selector
        self._from_left = step.from_left
        self._tests = tests
        self._paths = paths
        self._start = link.left if step.from_left else link.right
        self._target = link.right if step.from_left else link.left
        self._closes = step.closes or self._start == self._target
        # Where nothing is asked of the path itself, the first search has the answer.
        direct = not tests and len(link.hops) == 1 and link.minimum <= 1
        self._one_each = direct and self._selector.count == 1 and self._selector.kind in _ONE_PATH
        self._all_each = direct and self._selector.kind in _ALL_PATHS
        # Parents by node, of the start that came last, and how often it came.
        self._parents: dict[Node, tuple[Node, Relationship]] | None = None
        self._last: Node | None = None
        inner = {link.first, link.hops[0].name, link.hops[0].right}
        self._same_for_all = not any(find_variables(p) - inner for p in link.where)

    def rows(self, rows: Rows) -> Iterator[Row]:
        """Each row with each path that is selected for it."""
        walker = self._walker
        for row in rows:
            start = row[self._start]
            if self._one_each and self._closes:
                segment = self._witness(row, start, row[self._target])
                if segment is not None and (one := self._bind(row, segment)) is not None:
                    yield one
                continue
            if self._one_each:
                for segment in walker.witnesses(row, start):
                    one = self._bind(row, segment)
                    if one is not None:
                        yield one
                continue
            for end in self._ends(row, start):
                yield from self._select(row, start, end)

    def _select(self, row: Row, start: Node, end: Node) -> Iterator[Row]:
        """The paths between two nodes that the selector asks for, shortest first."""
        selector, limit = self._selector, LengthLimit()
        if self._all_each and start != end:
            segments = self._walker.all_shortest(row, start, end)
        else:
            segments = self._walker.by_length(row, start, end, limit=limit)
        found = (
            (len(segment.relationships), one)
            for segment in segments
            if (one := self._bind(row, segment)) is not None
        )
        if selector.kind in _ONE_PATH:
            yield from (one for _, one in islice(found, selector.count))
            return
        groups = selector.count if selector.kind == "shortest groups" else 1
        last: int | None = None
        for length, one in found:
            if length != last:
                last = length
                groups -= 1
                if groups < 0:
                    return
                if not groups:
                    # Nothing longer is looked for.
                    limit.repetitions = length // len(self._link.hops)
            yield one

    def _witness(self, row: Row, start: Node, end: Node) -> Segment | None:
        """A shortest trail; of a start that comes again, all are found by one search."""
        walker, again = self._walker, self._same_for_all and start == self._last
        self._last = start
        if not again or start == end:
            self._forget()
            return walker.witness(row, start, end, ())
        if self._parents is None:
            self._parents = walker.parents_of(row, start)
            walker.budget.hold(len(self._parents))
        return walker.trace_back(self._parents, start, end) if end in self._parents else None

    def _forget(self) -> None:
        if self._parents is not None:
            self._walker.budget.release(len(self._parents))
            self._parents = None

    def _bind(self, row: Row, segment: Segment) -> Row | None:
        link = self._link
        other = segment.nodes[-1] if self._from_left else segment.nodes[0]
        found = {**row, self._target: other, link.segment: segment, **collect_lists(link, segment)}
        for name in self._paths:
            found[name] = Path(segment.nodes, segment.relationships)
        return found if all(test(found) for test in self._tests) else None

    def _ends(self, row: Row, start: Node) -> Iterable[Node]:
        if self._closes:
            return (row[self._target],)
        if len(self._link.hops) == 1:
            return [node for node, _ in _reach_ends(self._walker, row, start, self._link)]
        return dict.fromkeys(
            segment.nodes[-1] if self._from_left else segment.nodes[0]
            for segment in self._walker.trails(row, start, ())
        )


def _reach_ends(
    walker: VarLengthExpand, row: Row, start: Node, link: PatternEdge
) -> Iterator[tuple[Node, int]]:
    """The nodes that a trail may lead to; where at least two hops are asked for, perhaps more."""
    if link.minimum <= 1:
        return walker.reach(row, start)
    return walker.from_zero().reach(row, start)
