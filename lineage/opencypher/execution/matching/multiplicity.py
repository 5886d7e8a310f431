"""Where a row may stand for several: of nodes or relationships that nobody can tell apart, one is
looked at, and how many they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lineage.opencypher.execution.matching.batches import split_batches
from lineage.opencypher.execution.operators import ExecutionContext, PhysicalOperator
from lineage.opencypher.planning import match_planner
from lineage.opencypher.planning.pattern_graph import HIDDEN, PatternGraph, can_share
from lineage.opencypher.planning.plan_text import describe_edge
from lineage.opencypher.semantics.free_variables import (
    PropertyReads,
    find_exposed_variables,
    find_property_reads,
    find_variables,
    merge_reads,
)
from lineage.opencypher.syntax import ast
from lineage.opencypher.syntax.unparser import quote_name
from lineage.opencypher.values.entities import Value
from lineage.opencypher.values.graph import EndView

Row = dict[str, Value]
Rows = Iterable[Row]

# Under this name, how many rows one stands for.
TIMES = HIDDEN + "times"


@dataclass(frozen=True, slots=True)
class Multiplicity:
    """What of the matches is told afterwards, where a row may stand for several.

    told: names of which more is told than properties, labels and how many they are. uncounted:
    those of which more is told than how many.
    """

    exposed_names: frozenset[str]
    uncounted_names: frozenset[str]


@dataclass(frozen=True, slots=True)
class DegreeCount:
    """The last step of a plan only counts: the relationships of a node, to nodes with a label."""

    step: match_planner.Expand
    label: str | None


def is_indistinct(
    plan: Sequence[match_planner.PlanStep],
    shape: PatternGraph,
    groups: Multiplicity,
    looks: PropertyReads,
) -> bool:
    """Whether a plan goes through all nodes, or all relationships, and none of them is told from
    others: nodes that have the same properties, relationships of the same type."""
    first = plan[0]
    through_all = isinstance(first, match_planner.EdgeScan) or (
        isinstance(first, match_planner.Anchor) and first.key is None and first.order is None
    )
    if not through_all or shape.paths or len(shape.links) > 1:
        return False
    if len(shape.nodes) != len(shape.links) + 1:
        return False
    for link in shape.links:
        if link.repeated or link.selector is not None or looks.get(link.hops[0].name):
            return False
    return not shape.names & groups.exposed_names.union(
        *map(find_exposed_variables, shape.predicates)
    )


def describe_end(node: str, shape: PatternGraph, looks: PropertyReads) -> EndView:
    """What is told of the nodes at an end of a link; `looks`: what is read after the match."""
    label, rest = None, []
    for predicate in shape.predicates:
        named = _find_label(predicate, node)
        if label is None and named is not None:
            label = named
        else:
            rest.append(find_property_reads(predicate))
    found = merge_reads((looks, *rest))
    return EndView(label, node in found, found.get(node, frozenset()))


def find_degree_count(
    plan: Sequence[match_planner.PlanStep],
    shape: PatternGraph,
    groups: Multiplicity,
    bound: frozenset[str],
) -> DegreeCount | None:
    """What a plan ends with, where that only makes rows that are counted."""
    steps, label = list(plan), None
    last = steps.pop()
    kept: tuple[ast.Expression, ...] = ()
    if isinstance(last, match_planner.Selection) and steps:
        kept, last = last.predicates, steps.pop()
    if not isinstance(last, match_planner.Expand) or last.closes or shape.paths:
        return None
    link = last.link
    target = link.right if last.from_left else link.left
    if link.repeated or link.selector is not None or link.left == link.right:
        return None
    if kept:
        label = _find_label(kept[0], target)
        if label is None or len(kept) > 1:
            return None
    mine = {target, link.hops[0].name}
    about = frozenset().union(*(find_variables(p) for p in shape.predicates if p not in kept))
    if mine & (groups.uncounted_names | about | bound):
        return None
    if any(other is not link and can_share(other, link) for other in shape.links):
        return None
    return DegreeCount(last, label)


def build_degree_count(last: DegreeCount, context: ExecutionContext) -> PhysicalOperator:
    """How many relationships follow, where no more is told of them."""
    graph, budget = context.graph, context.budget
    link, from_left = last.step.link, last.step.from_left
    [hop] = link.hops if from_left else [link.hops[0].reverse_to(link.left)]
    first, target = (link.left, link.right) if from_left else (link.right, link.left)

    def count(rows: Rows) -> Iterator[Row]:
        for batch in split_batches(rows):
            budget.step(len(batch))
            starts = list(dict.fromkeys(row[first] for row in batch))
            found = graph.degrees(starts, hop.direction, hop.types, last.label)
            for row in batch:
                times = found.get(row[first], 0)
                if times:
                    # That there are some is all that is told of both.
                    yield {**row, hop.name: True, target: True, TIMES: times}

    def details() -> str:
        label = (
            "" if last.label is None else f" WHERE {quote_name(target)}:{quote_name(last.label)}"
        )
        return describe_edge(link, from_left=from_left) + label

    return PhysicalOperator("GetDegree", count, details)


def build_group_scan(
    shape: PatternGraph, looks: PropertyReads, context: ExecutionContext
) -> PhysicalOperator | None:
    """All relationships that a link can be, as groups that nobody can tell apart."""
    graph, budget = context.graph, context.budget
    [link] = shape.links
    [hop] = link.hops
    left, right = (describe_end(name, shape, looks) for name in (link.left, link.right))
    if hop.direction == "both":
        # Each is looked at from both ends.
        keys = None if left.keys is None or right.keys is None else left.keys | right.keys
        left = right = EndView(None, True, keys)
    start, end = (right, left) if hop.direction == "in" else (left, right)
    if graph.relationship_groups(hop.types, start, end) is None:
        return None

    def scan(rows: Rows) -> Iterator[Row]:
        for row in rows:
            for one, times in graph.relationship_groups(hop.types, start, end) or ():
                budget.step()
                found = {**row, hop.name: one, TIMES: times}
                if hop.direction != "in":
                    yield {**found, link.left: one.start, link.right: one.end}
                if hop.direction != "out" and (hop.direction == "in" or one.start != one.end):
                    yield {**found, link.left: one.end, link.right: one.start}

    return PhysicalOperator(
        "RelationshipCountByGroup", scan, lambda: describe_edge(link, from_left=True)
    )


def _find_label(predicate: ast.Expression, node: str) -> str | None:
    """The label that a predicate asks a node for, where it asks for no more."""
    if (
        isinstance(predicate, ast.HasLabels)
        and predicate.subject == ast.Variable(predicate.position, node)
        and predicate.labels.operator == "is"
    ):
        return predicate.labels.name
    return None
