"""The shortest paths between two nodes: those that `shortestPath`, SHORTEST, ALL and ANY select."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from lineage.opencypher.execution.matching.var_length_expand import (
    Segment,
    VarLengthExpand,
    collect_lists,
)
from lineage.opencypher.planning import match_planner
from lineage.opencypher.planning.pattern_graph import PatternEdge
from lineage.opencypher.syntax import ast
from lineage.opencypher.values.entities import Node, Path, Value

Row = dict[str, Value]
Rows = Iterable[Row]
_ONE_PATH = frozenset({"shortestPath", "shortest", "any"})


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
        self._one_each = (
            not self._closes
            and not tests
            and len(link.hops) == 1
            and link.minimum <= 1
            and self._selector.count == 1
            and self._selector.kind in _ONE_PATH
        )

    def rows(self, rows: Rows) -> Iterator[Row]:
        """Each row with each path that is selected for it."""
        link, walker = self._link, self._walker
        for row in rows:
            start = row[self._start]
            if self._one_each:
                for segment in walker.witnesses(row, start):
                    one = self._bind(row, segment)
                    if one is not None:
                        yield one
                continue
            for end in self._ends(row, start):
                found = (
                    one
                    for segment in walker.by_length(row, start, end)
                    if (one := self._bind(row, segment)) is not None
                )
                yield from _select_paths(found, self._selector, link.segment)

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


def _select_paths(found: Iterator[Row], selector: ast.Selector, segment: str) -> Iterator[Row]:
    """Of the matches between two nodes, shortest first, those that the selector asks for."""
    if selector.kind in ("shortestPath", "shortest", "any"):
        yield from islice(found, selector.count)
        return
    groups = selector.count if selector.kind == "shortest groups" else 1
    length: int | None = None
    for row in found:
        mine = len(row[segment].relationships)
        if mine != length:
            length = mine
            groups -= 1
            if groups < 0:
                return
        yield row
