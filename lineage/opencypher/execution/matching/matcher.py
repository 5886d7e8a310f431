"""Looking for what a MATCH asks for: rows in, a row for each match out, in the order of the rows.

A relationship stands for no two relationships of one MATCH.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from lineage.opencypher.errors import CypherTypeError
from lineage.opencypher.execution.matching.batches import load_reads, split_batches
from lineage.opencypher.execution.matching.multiplicity import (
    TIMES,
    Multiplicity,
    build_degree_count,
    build_group_scan,
    find_degree_count,
    is_indistinct,
)
from lineage.opencypher.execution.matching.named_paths import bind_path, bind_path_length
from lineage.opencypher.execution.matching.pruned_expand import (
    PrunedExpand,
    UsedRelationships,
    find_disjoint,
)
from lineage.opencypher.execution.matching.shortest_path import ShortestPathSearch
from lineage.opencypher.execution.matching.value_hash_join import ValueHashJoin
from lineage.opencypher.execution.matching.var_length_expand import (
    VarLengthExpand,
    collect_lists,
)
from lineage.opencypher.execution.operators import (
    ClauseOperators,
    ExecutionContext,
    InnerPlan,
    Names,
    PhysicalOperator,
    PlacedOperator,
    announce_rows,
    run_operators,
    wrap_operator,
)
from lineage.opencypher.planning import match_planner
from lineage.opencypher.planning.pattern_graph import (
    HIDDEN,
    PatternEdge,
    build_pattern_graph,
    can_share,
)
from lineage.opencypher.planning.plan_text import (
    describe_anchor,
    describe_edge,
    describe_predicates,
    name_expand,
    name_scan,
)
from lineage.opencypher.semantics.free_variables import (
    PropertyReads,
    find_property_reads,
    find_variables,
    merge_reads,
)
from lineage.opencypher.syntax import ast
from lineage.opencypher.syntax.ast_walk import walk_parts
from lineage.opencypher.syntax.interruption import interruptible
from lineage.opencypher.syntax.unparser import quote_name
from lineage.opencypher.values.entities import Keys, Node, Relationship, Value
from lineage.opencypher.values.graph import Bound
from lineage.opencypher.values.kinds import kind_of

Row = dict[str, Value]
Rows = Iterable[Row]
Run = Callable[[Rows], Iterator[Row]]

_TAG = HIDDEN + "row"


class PredicateCompiler(Protocol):
    """What the matcher needs of the compiler of expressions."""

    context: ExecutionContext

    def expression(self, expression: ast.Expression) -> Callable[[Row], Value]:
        """Its value for a row."""

    def predicate(self, expression: ast.Expression) -> Callable[[Row], bool]:
        """Whether it is true for a row."""

    def collect_inner(self) -> AbstractContextManager[list[InnerPlan]]:
        """Within it, what expressions that are made run for their rows is listed."""


@dataclass(frozen=True, slots=True)
class MatchUse:
    """What of the matches can be told afterwards.

    names: those that something later uses. lengths: paths of which only the least length is used.
    duplicates: whether it matters how often the same row comes. order: the order in which rows
    are best given. looks: what is read of the values of names as soon as the matches are there.
    groups: where a row may stand for several. again: whether it is run for many rows, as far as
    the query says.
    """

    names: frozenset[str] | None = None  # None: all
    lengths: frozenset[str] = frozenset()
    duplicates: bool = True
    order: match_planner.RowOrder | None = None
    looks: PropertyReads = field(default_factory=dict)
    groups: Multiplicity | None = None
    again: bool = False

    def uses(self, name: str) -> bool:
        """Whether a name's value is used."""
        return self.names is None or name in self.names


class Matcher:
    """One MATCH, ready to run. It is planned when its first row comes."""

    def __init__(
        self,
        compiler: PredicateCompiler,
        patterns: Sequence[ast.PathPattern],
        where: ast.Expression | None,
        observed: MatchUse,
    ) -> None:
        self._compiler = compiler
        self._context = compiler.context
        self._shape = build_pattern_graph(patterns, where)
        self._observed = observed
        self._where_names = frozenset().union(*(find_variables(p) for p in self._shape.predicates))
        self._looks = merge_reads(
            (observed.looks, *map(find_property_reads, self._shape.predicates))
        )
        self._plans: dict[Names, list[PhysicalOperator]] = {}
        self._orderly: set[Names] = set()
        self.in_order = False
        self._names = frozenset(self._shape.names)
        self.names = frozenset(name for name in self._names if not name.startswith(HIDDEN))

    def rows(self, rows: Rows) -> Iterator[Row]:
        """All matches of all rows; `in_order` says whether those of a row are in the wanted one."""
        iterator = iter(rows)
        first = next(iterator, None)
        if first is None:
            return iter(())
        names = frozenset(first)
        steps = self._steps(names)
        self.in_order = names & self._names in self._orderly
        return run_operators(steps, _prepend(first, iterator), self._context.profile)

    def stage(self, *, optional: bool) -> ClauseOperators:
        """The clause that it is."""

        def names(before: Names) -> Names:
            return before | self.names

        if not optional:
            return ClauseOperators(self.rows, self.list_operators, names)
        step = PhysicalOperator("Optional", self.optional, inner=(InnerPlan(self.list_operators),))
        return wrap_operator(step, self._context.profile, names)

    def list_operators(self, bound: Names) -> list[PlacedOperator]:
        """Its steps, for rows that have values for `bound`."""
        return [(step, bound | self._names) for step in self._steps(bound)]

    def any(self, row: Row) -> bool:
        """Whether there is a match for this row."""
        return next(self.rows((row,)), None) is not None

    def optional(self, rows: Rows) -> Iterator[Row]:
        """All matches; for a row without one, the row with nulls."""
        nulls = dict.fromkeys(self.names)
        for batch in split_batches(rows):
            tagged = ({**row, _TAG: place} for place, row in enumerate(batch))
            waiting = 0
            for found in self.rows(tagged):
                place = found.pop(_TAG)
                for row in batch[waiting:place]:
                    yield {**nulls, **row}
                waiting = place + 1
                yield found
            for row in batch[waiting:]:
                yield {**nulls, **row}

    # --- Making the steps ---

    def _steps(self, bound: Names) -> list[PhysicalOperator]:
        bound &= self._names
        if bound not in self._plans:
            # It is planned while it runs, and stopped as what runs is.
            with interruptible(self._context.budget.step):
                self._plans[bound] = list(self._plan_operators(bound))
        return self._plans[bound]

    def _plan_operators(self, bound: Names) -> Iterator[PhysicalOperator]:
        walked: list[PatternEdge] = []
        pruned: list[PrunedExpand] = []
        first = True
        plan = match_planner.plan_match(
            self._shape, bound, self._context.graph, self._observed.order,
            again=self._observed.again,
        )  # fmt: skip
        grouped, last = False, None
        if self._observed.groups is not None:
            grouped = not bound and is_indistinct(
                plan, self._shape, self._observed.groups, self._looks
            )
            last = find_degree_count(plan, self._shape, self._observed.groups, bound)
        if grouped and self._shape.links:
            together = build_group_scan(self._shape, self._observed.looks, self._context)
            if together is not None:
                yield together
                yield from map(self._keep, self._in_order(self._shape.predicates))
                return
        for step in plan:
            if last is not None and step is last.step:
                yield build_degree_count(last, self._context)
                return
            match step:
                case match_planner.Anchor():
                    if first and step.order is not None:
                        self._orderly.add(bound)
                    yield self._anchor(step, again=not first, grouped=grouped)
                case match_planner.BoundNode(node=node):
                    yield PhysicalOperator("Argument", _keep_nodes(node), partial(quote_name, node))
                case match_planner.Selection(predicates=predicates):
                    yield from map(self._keep, self._in_order(predicates))
                case match_planner.PathBinding(path=path):
                    if not any(link.segment and self._may_prune(link) for link in path.links):
                        yield bind_path(path)
                case match_planner.BoundEdge(link=link, known=known):
                    yield self._bind_edge(link, known, walked)
                    walked.append(link)
                case match_planner.EdgeScan(link=link):
                    yield self._every(link, walked)
                    walked.append(link)
                case match_planner.Expand(link=link):
                    yield self._follow(step, walked, pruned)
                    walked.append(link)
            first = False
        compatible = self._build_disjoint_filter(walked, pruned)
        if compatible is not None:
            # Before paths get their names and lengths.
            yield compatible
        if pruned:
            for path in self._shape.paths:
                if any(self._may_prune(link) for link in path.links):
                    yield bind_path_length(path)

    @staticmethod
    def _in_order(predicates: Sequence[ast.Expression]) -> list[ast.Expression]:
        """Labels first: they are decided without fetching properties. What looks into the graph
        comes last."""
        return sorted(
            predicates,
            key=lambda p: (
                0 if isinstance(p, ast.HasLabels) else 1 + any(map(_is_nested_query, walk_parts(p)))
            ),
        )

    def _anchor(
        self, anchor: match_planner.Anchor, *, again: bool, grouped: bool
    ) -> PhysicalOperator:
        graph, budget = self._context.graph, self._context.budget
        name, label, key = anchor.node, anchor.label, anchor.key

        def details() -> str:
            return describe_anchor(anchor, again=again)

        if key is None or anchor.value is None:
            return self._scan(anchor, details, grouped=grouped)
        with self._compiler.collect_inner() as inner:
            value_of = self._compiler.expression(anchor.value)
        if anchor.hashed:
            join = ValueHashJoin(self._context, name, label, key, value_of, self._read_keys(name))
            return PhysicalOperator(
                "ValueHashJoin", join.rows, details, anchor.estimate, tuple(inner)
            )

        def find(rows: Rows) -> Iterator[Row]:
            for row in rows:
                value = value_of(row)
                if value is None:
                    continue
                values = value if anchor.each and isinstance(value, list) else [value]
                seen: set[Node] = set()
                for one in values:
                    for node in () if one is None else graph.lookup(label, key, one):
                        budget.step()
                        if node not in seen:
                            seen.add(node)
                            yield {**row, name: node}

        kind = "NodeUniqueIndexSeek" if key == "id" else "NodeIndexSeek"
        return PhysicalOperator(kind, find, details, anchor.estimate, tuple(inner))

    def _scan(
        self, anchor: match_planner.Anchor, details: Callable[[], str], *, grouped: bool
    ) -> PhysicalOperator:
        graph, budget = self._context.graph, self._context.budget
        name, label = anchor.node, anchor.label
        keys = self._read_keys(name)
        order = None if anchor.order is None else (anchor.order.key, anchor.order.descending)
        with self._compiler.collect_inner() as inner:
            bounds = [(b.key, b.sign, self._compiler.expression(b.value)) for b in anchor.bounds]
        grouped = grouped and not self._shape.links and graph.node_groups(label, keys) is not None

        def scan(rows: Rows) -> Iterator[Row]:
            for row in rows:
                given: list[Bound] = []
                for key, sign, value_of in bounds:
                    value = value_of(row)
                    if value is not None:
                        given.append((key, sign, value))
                # What compares with null is not true.
                if len(given) < len(bounds):
                    continue
                for node, times in graph.node_groups(label, keys, given) or () if grouped else ():
                    budget.step()
                    yield {**row, name: node, TIMES: times}
                for node in () if grouped else graph.scan(label, keys, given, order):
                    budget.step()
                    yield {**row, name: node}

        if grouped:
            return PhysicalOperator("NodeCountByGroup", scan, details, None, tuple(inner))
        kind = "AllNodesScan" if label is None else "NodeByLabelScan"
        return PhysicalOperator(kind, scan, details, anchor.estimate, tuple(inner))

    def _read_keys(self, name: str) -> Keys:
        """The properties that are read of a node; None for all."""
        return self._looks.get(name, frozenset()) if self._observed.names is not None else None

    def _keep(self, predicate: ast.Expression) -> PhysicalOperator:
        def details() -> str:
            return describe_predicates((predicate,))

        if (
            isinstance(predicate, ast.HasLabels)
            and isinstance(predicate.subject, ast.Variable)
            and predicate.labels.operator == "is"
        ):
            labelled = self._filter_label(predicate.subject.name, predicate.labels.name or "")
            if labelled is not None:
                return PhysicalOperator("Filter", labelled, details)
        with self._compiler.collect_inner() as inner:
            holds = self._compiler.predicate(predicate)
        kept = self._filter_rows(holds, predicate, tuple(inner))
        return PhysicalOperator("Filter", kept, details, None, tuple(inner))

    def _filter_rows(
        self, holds: Callable[[Row], bool], predicate: ast.Expression, inner: Sequence[InnerPlan]
    ) -> Run:
        graph, names = self._context.graph, find_property_reads(predicate)
        # All that is read of a node is fetched at once.
        looks = {name: self._looks[name] for name in names if name in self._looks}
        if not looks and all(each.announce is None for each in inner):
            return lambda rows: filter(holds, rows)

        def load_and_keep(rows: Rows) -> Iterator[Row]:
            for batch in split_batches(rows):
                load_reads(graph, batch, looks)
                announce_rows(inner, batch)
                yield from filter(holds, batch)

        return load_and_keep

    def _filter_label(self, name: str, label: str) -> Run | None:
        if name not in self._shape.nodes:
            return None
        graph, budget = self._context.graph, self._context.budget

        def keep(rows: Rows) -> Iterator[Row]:
            for batch in split_batches(rows):
                budget.step(len(batch))
                # Null, from an OPTIONAL MATCH, has no label.
                there = [row for row in batch if row[name] is not None]
                nodes = list(dict.fromkeys(row[name] for row in there))
                kept = {node for node in nodes if node.is_labelled and label in node.labels}
                asked = [node for node in nodes if not node.is_labelled]
                if asked:
                    kept.update(graph.with_label(asked, label))
                yield from (row for row in there if row[name] in kept)

        return keep

    def _follow(
        self, step: match_planner.Expand, walked: Sequence[PatternEdge], pruned: list[PrunedExpand]
    ) -> PhysicalOperator:
        link = step.link
        taken = UsedRelationships([other for other in walked if can_share(other, link)])
        with self._compiler.collect_inner() as inner:
            if link.selector is not None:
                run = self._shortest(step)
            elif not link.repeated:
                run = self._expand(step, taken)
            elif self._may_prune(link):
                walker = self.walker(link, from_left=step.from_left)
                reach = PrunedExpand(walker, step, self._build_alone_test(step, walked))
                pruned.append(reach)
                run = reach.rows
            else:
                run = self._trails(step, taken)
        name = name_expand(step, pruned=self._may_prune(link))
        return PhysicalOperator(
            name, run, lambda: describe_edge(link, from_left=step.from_left), None, tuple(inner)
        )

    def _expand(self, step: match_planner.Expand, taken: UsedRelationships) -> Run:
        graph, budget = self._context.graph, self._context.budget
        first, [hop] = _orient_hop(step.link, step.from_left)
        target = step.link.right if step.from_left else step.link.left
        name, closes = hop.name, step.closes or first == target

        def expand(rows: Rows) -> Iterator[Row]:
            for batch in split_batches(rows):
                starts = list(dict.fromkeys(row[first] for row in batch))
                found = graph.expand(starts, hop.direction, hop.types)
                for row in batch:
                    end = row[target] if closes else None
                    for relationship, other in found.get(row[first], ()):
                        budget.step()
                        if closes and other != end:
                            continue
                        if taken and relationship in taken.by(row):
                            continue
                        yield {**row, name: relationship, target: other}

        return expand

    def _every(self, link: PatternEdge, walked: Sequence[PatternEdge]) -> PhysicalOperator:
        graph, budget = self._context.graph, self._context.budget
        taken = UsedRelationships([other for other in walked if can_share(other, link)])
        [hop] = link.hops

        def scan(rows: Rows) -> Iterator[Row]:
            for row in rows:
                for relationship in graph.relationships(hop.types):
                    budget.step()
                    if taken and relationship in taken.by(row):
                        continue
                    start, end = relationship.start, relationship.end
                    if hop.direction != "in":
                        found = {link.left: start, hop.name: relationship, link.right: end}
                        yield {**row, **found}
                    if hop.direction == "in" or (hop.direction == "both" and start != end):
                        found = {link.left: end, hop.name: relationship, link.right: start}
                        yield {**row, **found}

        return PhysicalOperator(name_scan(hop), scan, lambda: describe_edge(link, from_left=True))

    def walker(self, link: PatternEdge, *, from_left: bool) -> VarLengthExpand:
        """What walks a repeated link from one of its ends."""
        where = None
        loads: PropertyReads = {}
        if link.where:
            tests = [self._compiler.predicate(p) for p in link.where]
            loads = merge_reads(map(find_property_reads, link.where))
            if len(tests) == 1:
                [where] = tests
            else:

                def where(row: Row) -> bool:
                    return all(test(row) for test in tests)

        return VarLengthExpand(
            self._context.graph, self._context.budget, link, where, loads, from_left=from_left
        )

    def _trails(self, step: match_planner.Expand, taken: UsedRelationships) -> Run:
        link = step.link
        walker = self.walker(link, from_left=step.from_left)
        start = link.left if step.from_left else link.right
        target = link.right if step.from_left else link.left
        closes = step.closes or start == target

        def walk(rows: Rows) -> Iterator[Row]:
            for row in rows:
                end = row[target] if closes else None
                for segment in walker.trails(row, row[start], taken.by(row), end):
                    other = segment.nodes[-1] if step.from_left else segment.nodes[0]
                    yield {
                        **row,
                        target: other,
                        link.segment: segment,
                        **collect_lists(link, segment),
                    }

        return walk

    def _shortest(self, step: match_planner.Expand) -> Run:
        link = step.link
        selector = link.selector
        assert selector is not None
        paths = [path for path in self._shape.paths if link in path.links]
        of_path = selector.kind in ("shortestPath", "allShortestPaths")
        names = {*link.lists, *(path.name for path in paths)}
        tests = [
            self._compiler.predicate(p)
            for p in (self._shape.predicates if of_path else ())
            if find_variables(p) & names
        ]
        tests += map(self._compiler.predicate, link.among)
        walker = self.walker(link, from_left=step.from_left)
        return ShortestPathSearch(walker, step, tests, [path.name for path in paths]).rows

    def _bind_edge(
        self, link: PatternEdge, known: frozenset[str], walked: Sequence[PatternEdge]
    ) -> PhysicalOperator:
        """A relationship that is known: its ends have to fit. A list of them: one after another."""
        if link.repeated:
            return self._bind_edge_list(link, known)
        budget = self._context.budget
        hop = link.hops[0]
        taken = UsedRelationships([other for other in walked if can_share(other, link)])

        def fit(rows: Rows) -> Iterator[Row]:
            for row in rows:
                budget.step()
                relationship = row[hop.name]
                if relationship is None:
                    continue
                if not isinstance(relationship, Relationship):
                    raise CypherTypeError(f"{hop.name} is no relationship")
                if hop.types is not None and relationship.type not in hop.types:
                    continue
                if taken and relationship in taken.by(row):
                    continue
                ends = [(relationship.start, relationship.end)]
                if hop.direction == "in":
                    ends = [(relationship.end, relationship.start)]
                elif hop.direction == "both" and relationship.start != relationship.end:
                    ends.append((relationship.end, relationship.start))
                for left, right in ends:
                    if link.left in known and row[link.left] != left:
                        continue
                    if link.right in known and row[link.right] != right:
                        continue
                    if link.left == link.right and left != right:
                        continue
                    yield {**row, link.left: left, link.right: right}

        return PhysicalOperator(
            "ProjectEndpoints", fit, lambda: describe_edge(link, from_left=True)
        )

    def _bind_edge_list(self, link: PatternEdge, known: frozenset[str]) -> PhysicalOperator:
        start_known = link.left in known or link.right in known
        walker = self.walker(link, from_left=link.left in known or not start_known)
        graph = self._context.graph
        from_left = link.left in known or not start_known
        start, target = (link.left, link.right) if from_left else (link.right, link.left)
        [name] = link.lists

        def fit(rows: Rows) -> Iterator[Row]:
            for row in rows:
                if row[name] is None:
                    continue
                end = row[target] if target in known else None
                starts = (row[start],) if start_known else graph.nodes(None)
                for first in starts:
                    for segment in walker.trails(row, first, (), end):
                        if list(segment.relationships) == row[name]:
                            other = segment.nodes[-1] if from_left else segment.nodes[0]
                            yield {**row, start: first, target: other, link.segment: segment}

        return PhysicalOperator(
            "ProjectEndpoints", fit, lambda: describe_edge(link, from_left=from_left)
        )

    # --- Pruning: where nobody can tell by which trail a node was reached ---

    def _may_prune(self, link: PatternEdge) -> bool:
        observed = self._observed
        if observed.duplicates or not link.repeated or link.selector is not None:
            return False
        if len(link.hops) != 1 or link.minimum > 1 or link.maximum == 0:
            return False
        if any(observed.uses(name) or name in self._where_names for name in link.lists):
            return False
        for path in self._shape.paths:
            if link not in path.links:
                continue
            if path.name in self._where_names:
                return False
            if observed.uses(path.name) and path.name not in observed.lengths:
                return False
            if observed.uses(path.name) and self._rivals(link):
                # The least sum of lengths is not the sum of the least lengths then.
                return False
        return True

    def _build_alone_test(
        self, step: match_planner.Expand, walked: Sequence[PatternEdge]
    ) -> Callable[[Row], bool]:
        """Whether, of a row, only the node that this last link reaches is told later."""
        link, names = step.link, self._observed.names
        target = link.right if step.from_left else link.left
        last = len(walked) == len(self._shape.links) - 1 and not self._shape.paths
        met = {name for other in (*walked, link) for name in (other.left, other.right)}
        if names is None or not last or met != set(self._shape.nodes) or self._rivals_of(link):
            return lambda row: False
        about = [find_variables(p) for p in self._shape.predicates]
        used = frozenset().union(names, *(found for found in about if target in found)) - {target}
        # An OPTIONAL MATCH asks of each row whether it has a match.
        used |= {_TAG}
        return lambda row: used.isdisjoint(row)

    def _rivals_of(self, link: PatternEdge) -> bool:
        return any(other is not link and can_share(other, link) for other in self._shape.links)

    def _rivals(self, link: PatternEdge) -> list[PatternEdge]:
        return [
            other
            for other in self._shape.links
            if other is not link and other.repeated and can_share(other, link)
        ]

    def _build_disjoint_filter(
        self, walked: Sequence[PatternEdge], pruned: Sequence[PrunedExpand]
    ) -> PhysicalOperator | None:
        """Rows whose pruned links can be walked without a relationship that others stand for."""
        contested = [
            reach
            for reach in pruned
            if any(other is not reach.link and can_share(other, reach.link) for other in walked)
        ]
        if not contested:
            return None
        links = [reach.link for reach in pruned]
        fixed = UsedRelationships([link for link in walked if link not in links])

        def keep(rows: Rows) -> Iterator[Row]:
            for row in rows:
                found = find_disjoint(row, contested, fixed.by(row))
                if found is not None:
                    yield found

        return PhysicalOperator("Filter", keep, lambda: "no relationship twice")


def _is_nested_query(part: ast.Part) -> bool:
    return isinstance(
        part, ast.Subquery | ast.PatternPredicate | ast.PatternComprehension | ast.PathValue
    )


def _keep_nodes(name: str) -> Run:
    def keep(rows: Rows) -> Iterator[Row]:
        for row in rows:
            value = row[name]
            if value.__class__ is Node:
                yield row
            elif value is not None:
                raise CypherTypeError(f"{name} is {kind_of(value)}, where a node was expected")

    return keep


def _orient_hop(link: PatternEdge, from_left: bool) -> tuple[str, tuple[Any, ...]]:
    if from_left:
        return link.left, link.hops
    return link.right, (link.hops[0].reverse_to(link.left),)


def _prepend(first: Row, rest: Iterator[Row]) -> Iterator[Row]:
    yield first
    yield from rest
