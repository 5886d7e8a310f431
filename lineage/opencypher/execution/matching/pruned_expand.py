"""Pruned links, of which nobody can tell by which trail a node was reached; and the relationships
of a row that no other link may stand for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from lineage.opencypher.execution.matching.var_length_expand import Segment, VarLengthExpand
from lineage.opencypher.planning.match_planner import Expand
from lineage.opencypher.planning.pattern_graph import PatternEdge
from lineage.opencypher.semantics.free_variables import find_variables
from lineage.opencypher.values.entities import Node, Relationship, Value

Row = dict[str, Value]
Rows = Iterable[Row]


class PrunedExpand:
    """A pruned link: each node within reach once, with the least number of hops."""

    def __init__(self, walker: VarLengthExpand, step: Expand, alone: Callable[[Row], bool]) -> None:
        """`alone`: whether nothing but the node that is reached is told of a row later."""
        link = self.link = step.link
        self._alone = alone
        self.walker = walker
        self._start = link.left if step.from_left else link.right
        self._target = link.right if step.from_left else link.left
        self._closes = step.closes or self._start == self._target
        inner = {link.first, link.hops[0].name, link.hops[0].right}
        self._same = not any(find_variables(p) - inner for p in link.where)
        self._joint = self._same and link.hops[0].direction != "both" and link.maximum is None
        self._known: dict[Node, dict[Node, int]] = {}

    def rows(self, rows: Rows) -> Iterator[Row]:
        """Each row with each node that it reaches; of rows that nobody can tell apart, each node
        once."""
        link = self.link
        together = self.walker.together() if self._joint else None
        try:
            for row in rows:
                start = row[self._start]
                if self._closes:
                    depth = self._depth(row, start, row[self._target])
                    if depth is not None:
                        yield {**row, link.segment: depth}
                elif together is not None and self._alone(row):
                    for other in together.more(row, start):
                        yield {**row, self._target: other, link.segment: 0}
                else:
                    for other, depth in self.walker.reach(row, start):
                        yield {**row, self._target: other, link.segment: depth}
        finally:
            if together is not None:
                together.release()

    def _depth(self, row: Row, start: Node, end: Node) -> int | None:
        if not self._same:
            return self._search(row, start, end)
        if start in self._known:
            return self._known[start].get(end)
        budget = self.walker.budget
        if len(self._known) > 16:
            budget.release(sum(map(len, self._known.values())))
            self._known.clear()
        if len(self._known) == 1 and next(iter(self._known)) is not start:
            # Starts differ from row to row: stop at the end, as soon as it is met.
            return self._search(row, start, end)
        found: dict[Node, int] = {}
        self._known[start] = found
        for other, depth in self.walker.reach(row, start):
            found[other] = min(depth, found.get(other, depth))
        budget.hold(len(found))
        return found.get(end)

    def _search(self, row: Row, start: Node, end: Node) -> int | None:
        return next(
            (d for other, d in self.walker.reach(row, start, (), end) if other == end), None
        )

    def witness(self, row: Row, avoid: Collection[Relationship]) -> Segment | None:
        """A shortest way from the row's one end to the other that avoids some relationships."""
        return self.walker.witness(row, row[self._start], row[self._target], avoid)

    def ways(self, row: Row, avoid: Collection[Relationship]) -> Iterator[Segment]:
        """All of them."""
        return self.walker.trails(row, row[self._start], avoid, row[self._target])


def find_disjoint(
    row: Row, contested: Sequence[PrunedExpand], taken: Collection[Relationship]
) -> Row | None:
    """The row, if each contested link can be walked apart from the others, else None."""
    if not contested:
        return row
    reach, *others = contested
    segment = reach.witness(row, taken)
    if segment is None:
        return None
    found = find_disjoint(row, others, {*taken, *segment.relationships})
    if found is not None:
        return {**found, reach.link.segment: len(segment.relationships)}
    if not others:
        return None
    for way in reach.ways(row, taken):
        found = find_disjoint(row, others, {*taken, *way.relationships})
        if found is not None:
            return {**found, reach.link.segment: len(way.relationships)}
    return None


class UsedRelationships:
    """The relationships of a row that another link may not use again."""

    def __init__(self, links: Sequence[PatternEdge]) -> None:
        self._single = [link.hops[0].name for link in links if not link.repeated]
        self._segments = [link.segment for link in links if link.repeated and not link.selector]

    def __bool__(self) -> bool:
        return bool(self._single or self._segments)

    def by(self, row: Row) -> Collection[Relationship]:
        """Those of a row."""
        if not self._segments:
            return [row[name] for name in self._single]
        taken = {row[name] for name in self._single}
        for name in self._segments:
            segment = row.get(name)
            if isinstance(segment, Segment):
                taken.update(segment.relationships)
        return taken
