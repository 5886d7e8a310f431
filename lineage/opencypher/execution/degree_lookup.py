"""How many relationships a node has, or whether it has any: `COUNT { (n)-[:R]->() }`,
`size([(n)-[:R]->(x) | x])`, `EXISTS { (n)-[:R]->() }`, `(n)-[:R]->()` as a predicate.

The store counts them, for all nodes of a batch of rows at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lineage.opencypher.execution.operators import ExecutionContext
from lineage.opencypher.planning.pattern_graph import list_alternatives, reverse_direction
from lineage.opencypher.syntax import ast
from lineage.opencypher.values.entities import Node
from lineage.opencypher.values.graph import Direction, Types


@dataclass(frozen=True, slots=True)
class DegreePattern:
    """The relationships of a node under a name, to nodes with a label, or any. `others` are the
    names that must not be bound for it to be no more than that."""

    name: str
    direction: Direction
    types: Types
    label: str | None
    others: frozenset[str]


def match_degree_query(query: ast.Query) -> list[DegreePattern]:
    """What a query inside an expression counts, where it is no more than a pattern."""
    match query:
        case ast.SingleQuery(clauses=(ast.Match(optional=False, patterns=(pattern,), where=None),)):
            return match_degree_patterns(pattern)
    return []


def match_degree_patterns(pattern: ast.PathPattern) -> list[DegreePattern]:
    """The ways to see a pattern as the relationships of one of its nodes: which, the row says."""
    if pattern.variable is not None or pattern.selector is not None or pattern.where is not None:
        return []
    if len(pattern.elements) != 3:
        return []
    left, middle, right = pattern.elements
    if not (
        isinstance(left, ast.NodePattern)
        and isinstance(middle, ast.RelationshipPattern)
        and isinstance(right, ast.NodePattern)
    ):
        return []
    types: Types = None
    if middle.types is not None:
        names = list_alternatives(middle.types)
        if names is None:
            return []
        types = frozenset(names)
    if middle.length is not None or middle.properties is not None or middle.where is not None:
        return []
    found = []
    for start, end, direction in (
        (left, right, middle.direction),
        (right, left, reverse_direction(middle.direction)),
    ):
        if start.variable is None or start.labels is not None or start.variable == end.variable:
            continue
        if any(node.properties is not None or node.where is not None for node in (start, end)):
            continue
        if end.labels is not None and end.labels.operator != "is":
            continue
        label = None if end.labels is None else end.labels.name
        others = frozenset(name for name in (end.variable, middle.variable) if name is not None)
        found.append(DegreePattern(start.variable, direction, types, label, others))
    return found


class DegreeLookup:
    """Counts relationships of the nodes in rows."""

    def __init__(self, context: ExecutionContext, asked: Sequence[DegreePattern]) -> None:
        self._graph, self._budget = context.graph, context.budget
        self._asked = asked
        self._known: dict[DegreePattern, Mapping[Node, int]] = {}

    def announce(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Rows that will be asked of."""
        self._known.clear()
        for asked in self._asked:
            nodes = {
                node: 0
                for row in rows
                if (node := row.get(asked.name)).__class__ is Node
                and row.keys().isdisjoint(asked.others)
            }
            if len(nodes) > 1:
                self._known[asked] = {**nodes, **self._degrees(asked, list(nodes))}

    def of(self, row: Mapping[str, Any]) -> int | None:
        """How many the node of a row has; None where the pattern asks for something else."""
        for asked in self._asked:
            node = row.get(asked.name)
            if node.__class__ is Node and row.keys().isdisjoint(asked.others):
                degree = self._known.get(asked, {}).get(node)
                if degree is None:
                    degree = self._degrees(asked, [node]).get(node, 0)
                return degree
        return None

    def _degrees(self, asked: DegreePattern, nodes: list[Node]) -> Mapping[Node, int]:
        self._budget.step(len(nodes))
        return self._graph.degrees(nodes, asked.direction, asked.types, asked.label)
