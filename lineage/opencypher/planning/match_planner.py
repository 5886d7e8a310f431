"""In which order a MATCH looks: where to start, which link next, when a predicate is decided.

A greedy plan: from what is known already, take the cheapest next step; where nothing that is known
leads on, start at the node that promises the fewest candidates (an indexed property, a label).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import cast

from lineage.opencypher.errors import CypherUnsupported
from lineage.opencypher.planning.pattern_graph import NamedPath, PatternEdge, PatternGraph
from lineage.opencypher.semantics.determinism import is_volatile
from lineage.opencypher.semantics.free_variables import find_variables
from lineage.opencypher.syntax import ast
from lineage.opencypher.syntax.interruption import take_steps
from lineage.opencypher.values.graph import Graph, Sign


@dataclass(frozen=True, slots=True)
class RowOrder:
    """The order that the rows of a MATCH are wanted in: by a property of one of its nodes."""

    node: str
    key: str
    descending: bool


@dataclass(frozen=True, slots=True)
class PropertyBound:
    """A bound of a property of a node: how it stands to a value that is known before it."""

    key: str
    sign: Sign
    value: ast.Expression


@dataclass(frozen=True, slots=True)
class Anchor:
    """Candidates for a node: by an indexed property, by a label, or all; about so many."""

    node: str
    estimate: float
    label: str | None = None
    key: str | None = None
    value: ast.Expression | None = None
    each: bool = False  # the value is a list, each item of which is looked up
    order: RowOrder | None = None  # the order that they come in
    bounds: tuple[PropertyBound, ...] = ()  # where all are looked through: only those within these
    hashed: bool = False  # the key is not indexed: all are hashed by it, once for all rows


@dataclass(frozen=True, slots=True)
class BoundNode:
    """A node that has a value already: it must be a node, not null."""

    node: str


@dataclass(frozen=True, slots=True)
class Expand:
    """Walk a link from the end that is known."""

    link: PatternEdge
    from_left: bool
    closes: bool  # the other end is known too


@dataclass(frozen=True, slots=True)
class BoundEdge:
    """A link whose relationship, or list of relationships, is known already."""

    link: PatternEdge
    known: frozenset[str]


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows for which all of these hold."""

    predicates: tuple[ast.Expression, ...]


@dataclass(frozen=True, slots=True)
class PathBinding:
    """Give a path its value."""

    path: NamedPath


@dataclass(frozen=True, slots=True)
class EdgeScan:
    """All relationships that a link can be, where neither of its ends promises to be few."""

    link: PatternEdge


PlanStep = Anchor | BoundNode | Expand | BoundEdge | EdgeScan | Selection | PathBinding


def plan_match(
    shape: PatternGraph,
    bound: frozenset[str],
    graph: Graph,
    order: RowOrder | None = None,
    *,
    again: bool = False,
) -> list[PlanStep]:
    """The steps of a MATCH for rows that have values for `bound`.

    Rows come in the wanted order where the first step is an anchor that has it. `again`: it is run
    for many rows, as far as can be told.
    """
    return list(_MatchPlanner(shape, bound, graph, order, again).steps())


class _MatchPlanner:
    def __init__(
        self,
        shape: PatternGraph,
        bound: frozenset[str],
        graph: Graph,
        order: RowOrder | None,
        again: bool,
    ) -> None:
        self._again = again
        self._shape = shape
        self._order = order
        self._graph = graph
        self._names = shape.names
        self._outside = bound
        self._known: set[str] = set(bound)
        self._links = list(shape.links)
        self._predicates = list(shape.predicates)
        self._paths = list(shape.paths)
        self._met: set[str] = set()

    def steps(self) -> Iterator[PlanStep]:
        yield from self._decide()
        for node in self._shape.nodes:
            if node in self._known:
                self._met.add(node)
                yield BoundNode(node)
        while self._links or self._met != set(self._shape.nodes):
            step = self._next()
            yield step
            if isinstance(step, Anchor):
                self._learn(step.node)
            elif isinstance(step, Expand | BoundEdge | EdgeScan):
                self._links.remove(step.link)
                self._learn(step.link.left, step.link.right, *step.link.binds)
            yield from self._bind_paths()
            yield from self._decide()
        yield from self._bind_paths()
        yield from self._decide(last=True)

    def _learn(self, *names: str) -> None:
        self._known.update(names)
        self._met.update(name for name in names if name in self._shape.nodes)

    def _decide(self, *, last: bool = False) -> Iterator[PlanStep]:
        """The predicates all of whose names are known now."""
        take_steps(1 + len(self._predicates))
        ready = [
            predicate
            for predicate in self._predicates
            if last
            or (
                (find_variables(predicate) & self._names) <= self._known
                and not is_volatile(predicate)
            )
        ]
        if ready:
            self._predicates = [p for p in self._predicates if p not in ready]
            yield Selection(tuple(ready))

    def _bind_paths(self) -> Iterator[PlanStep]:
        for path in list(self._paths):
            if path.start in self._met and all(link not in self._links for link in path.links):
                self._paths.remove(path)
                self._known.add(path.name)
                yield PathBinding(path)

    def _next(self) -> PlanStep:
        best: tuple[int, PlanStep] | None = None
        for link in self._links:
            take_steps(10)
            step = self._follow(link)
            if step is None:
                continue
            cost = self._cost(link, step)
            if best is None or cost < best[0]:
                best = cost, step
        if best is not None and best[0] < 50:
            return best[1]
        anchor = self._anchor()
        if best is None and anchor is not None and anchor.label is None and anchor.key is None:
            for link in self._links:
                plain = not link.repeated and link.selector is None and link.left != link.right
                if plain and not {link.left, link.right} & self._known:
                    return EdgeScan(link)
        if anchor is not None and (best is None or not self._links):
            return anchor
        if best is not None:
            if anchor is not None and (best[0] >= 90 or (best[0] >= 80 and anchor.key)):
                # A search for the shortest way wants both of its ends.
                return anchor
            return best[1]
        raise CypherUnsupported(
            "a pattern whose inner predicates need each other's names is",
            position=self._links[0].position,
        )

    def _follow(self, link: PatternEdge) -> PlanStep | None:
        if any(name in self._outside for name in link.binds if not name.startswith("\0")):
            return BoundEdge(link, frozenset(self._known))
        inner = {link.first, *(hop.name for hop in link.hops), *(hop.right for hop in link.hops)}
        needed = set().union(*(find_variables(p) for p in link.where)) & self._names - inner
        made = {link.left, link.right, *link.binds}
        needed |= set().union(*(find_variables(p) for p in link.among)) & self._names - made
        if not needed <= self._known:
            return None
        left, right = link.left in self._known, link.right in self._known
        if not left and not right:
            return None
        return Expand(link, left, left and right)

    @staticmethod
    def _cost(link: PatternEdge, step: PlanStep) -> int:
        if isinstance(step, BoundEdge):
            return 1
        assert isinstance(step, Expand)
        if link.selector is not None:
            return 60 if step.closes else 90 if link.selector.kind.endswith("Paths") else 80
        if link.repeated:
            return 30 if step.closes else 40
        return 10 if step.closes else 20

    # --- Where to start ---

    def _anchor(self) -> Anchor | None:
        found: tuple[float, Anchor] | None = None
        for node in self._shape.nodes:
            take_steps(1 + len(self._predicates))
            if node in self._met:
                continue
            cost, anchor = self._candidates(node)
            if found is None or cost < found[0]:
                found = cost, anchor
        return None if found is None else self._in_order(found[1])

    def _in_order(self, anchor: Anchor) -> Anchor:
        """The first anchor, in the wanted order where that costs little more."""
        order = self._order
        if order is None or self._met or anchor.key is not None:
            return anchor
        if order.node not in self._shape.nodes:
            return anchor
        _, other = self._candidates(order.node)
        if (
            other.key is None
            and other.estimate <= 2 * anchor.estimate
            and self._graph.is_ordered(other.label, order.key)
        ):
            return replace(other, order=order)
        return anchor

    def _comes_often(self, value: ast.Expression) -> bool:
        """Whether a node is looked for by a value for many rows, as far as can be told."""
        return bool(find_variables(value)) or bool(self._met) or self._again

    def _candidates(self, node: str) -> tuple[float, Anchor]:
        labels = [
            predicate.labels.name
            for predicate in self._predicates
            if isinstance(predicate, ast.HasLabels)
            and predicate.subject == ast.Variable(predicate.position, node)
            and predicate.labels.operator == "is"
        ]
        label = min(labels, key=self._graph.estimate, default=None)
        all_of_it = self._graph.estimate(label)
        bounds = tuple(
            bound
            for predicate in self._predicates
            for bound in _find_bounds(predicate, node)
            if self._graph.is_bounded(label, bound.key)
            and (find_variables(bound.value) & self._names) <= self._known
        )
        if bounds:
            # How many fall away, nobody knows; where it may be that few are left, they come first.
            all_of_it = max(20.0, all_of_it / 3 ** len(bounds))
        best = all_of_it, Anchor(node, all_of_it, label, bounds=bounds)
        for predicate in self._predicates:
            for key, value, each in _find_equalities(predicate, node):
                if not (find_variables(value) & self._names) <= self._known:
                    continue
                for of in (*labels, None):
                    if self._graph.is_indexed(of, key):
                        estimate = 10.0 if each else 1.0
                        cost = estimate + (0.5 if of is None else 0)
                        if key != "id":
                            cost += 1
                        if cost < best[0]:
                            best = cost, Anchor(node, estimate, of, key, value, each)
                        break
                else:
                    cost = best[0] / 10
                    if best[1].key is None and cost < best[0]:
                        anchor = best[1]
                        if not each and not anchor.bounds and self._comes_often(value):
                            anchor = replace(anchor, key=key, value=value, hashed=True)
                        best = max(cost, 20.0), anchor
        return best


_OPPOSITE: dict[str, Sign] = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _find_bounds(predicate: ast.Expression, node: str) -> Iterator[PropertyBound]:
    """What a predicate says of how a property of a node stands to values."""
    if isinstance(predicate, ast.Comparison):
        left = predicate.first
        for sign, right in predicate.rest:
            if sign in _OPPOSITE:
                if _is_property(left, node):
                    yield PropertyBound(left.key, cast(Sign, sign), right)  # type: ignore[attr-defined]
                if _is_property(right, node):
                    yield PropertyBound(right.key, _OPPOSITE[sign], left)  # type: ignore[attr-defined]
            left = right
    elif (
        isinstance(predicate, ast.Binary)
        and predicate.operator == "STARTS WITH"
        and _is_property(predicate.left, node)
    ):
        yield PropertyBound(predicate.left.key, "STARTS WITH", predicate.right)  # type: ignore[attr-defined]


def _find_equalities(
    predicate: ast.Expression, node: str
) -> Iterator[tuple[str, ast.Expression, bool]]:
    """What a predicate says of a property of a node: (key, value, whether it is a list)."""
    if isinstance(predicate, ast.Comparison) and len(predicate.rest) == 1:
        [(operator, right)] = predicate.rest
        if operator == "=":
            for one, other in ((predicate.first, right), (right, predicate.first)):
                if _is_property(one, node):
                    yield one.key, other, False  # type: ignore[attr-defined]
    elif isinstance(predicate, ast.Binary):
        if predicate.operator == "IN" and _is_property(predicate.left, node):
            yield predicate.left.key, predicate.right, True  # type: ignore[attr-defined]
        elif predicate.operator == "OR":
            found = _read_alternatives(predicate, node)
            if found is not None:
                yield *found, True


def _read_alternatives(predicate: ast.Binary, node: str) -> tuple[str, ast.ListLiteral] | None:
    """`n.key = a OR n.key = b OR …` as the key and the list of the values."""
    keys: set[str] = set()
    values: list[ast.Expression] = []
    waiting: list[ast.Expression] = [predicate]
    while waiting:
        part = waiting.pop()
        if isinstance(part, ast.Binary) and part.operator == "OR":
            waiting += (part.right, part.left)
            continue
        found = (
            next(_find_equalities(part, node), None) if isinstance(part, ast.Comparison) else None
        )
        if found is None:
            return None
        key, value, _ = found
        keys.add(key)
        values.append(value)
        if len(keys) > 1:
            return None
    return keys.pop(), ast.ListLiteral(predicate.position, tuple(values))


def _is_property(expression: ast.Expression, node: str) -> bool:
    return (
        isinstance(expression, ast.Property)
        and isinstance(expression.subject, ast.Variable)
        and expression.subject.name == node
    )
