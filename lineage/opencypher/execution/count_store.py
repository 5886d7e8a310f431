"""`MATCH (n:Label) RETURN count(*)`: the store knows that without a look at any node."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lineage.opencypher.execution.operators import (
    ClauseOperators,
    Names,
    PhysicalOperator,
    PlacedOperator,
    Profile,
    run_operators,
)
from lineage.opencypher.syntax import ast
from lineage.opencypher.syntax.unparser import quote_name
from lineage.opencypher.values.graph import Graph


@dataclass(frozen=True, slots=True)
class _CountQuery:
    """All nodes with this label, or all, are counted; the name that they have while they are."""

    label: str | None
    variable: str | None


def build_count(
    clauses: Sequence[ast.Clause],
    column: str,
    graph: Graph,
    profile: Profile | None,
    instead: tuple[ClauseOperators, ClauseOperators],
) -> ClauseOperators | None:
    """A MATCH and what projects its rows as one clause, where they only count nodes.

    `instead` is how they are run for rows in which the node has a value already.
    """
    asked = _match_count(*clauses)
    if asked is None or not graph.counts(asked.label):
        return None
    label, variable = asked.label, asked.variable

    def count(rows: Iterable[Any]) -> Iterator[Any]:
        return ({column: graph.count(label)} for _ in rows)

    def details() -> str:
        return (
            f"count(({'' if label is None else ':' + quote_name(label)})) AS {quote_name(column)}"
        )

    step = PhysicalOperator("NodeCountFromCountStore", count, details, 1.0)
    match, projection = instead

    def run(rows: Iterable[Any]) -> Iterator[Any]:
        for row in rows:
            if variable in row:
                yield from projection.run(match.run((row,)))
            else:
                yield from run_operators((step,), (row,), profile)

    def steps(names: Names) -> Sequence[PlacedOperator]:
        if variable in names:
            return [*match.steps(names), *projection.steps(match.names(names))]
        return [(step, names)]

    return ClauseOperators(run, steps, projection.names)


def _match_count(match: ast.Clause, then: ast.Clause) -> _CountQuery | None:
    counted = _find_counted(then)
    if not isinstance(match, ast.Match) or match.optional or match.where is not None:
        return None
    if counted is None or len(match.patterns) != 1:
        return None
    [pattern] = match.patterns
    if pattern.variable is not None or pattern.selector is not None or pattern.where is not None:
        return None
    if len(pattern.elements) != 1:
        return None
    [node] = pattern.elements
    if not isinstance(node, ast.NodePattern) or node.properties is not None or node.where:
        return None
    if node.labels is not None and node.labels.operator != "is":
        return None
    if isinstance(counted, ast.Variable) and counted.name != node.variable:
        return None
    return _CountQuery(None if node.labels is None else node.labels.name, node.variable)


def _find_counted(clause: ast.Clause) -> ast.Expression | None:
    """What a projection counts, where it does nothing else: rows, or a name's values."""
    if not isinstance(clause, ast.With | ast.Return):
        return None
    if isinstance(clause, ast.With) and clause.where is not None:
        return None
    projection = clause.projection
    if projection.distinct or projection.everything or len(projection.items) != 1:
        return None
    if projection.order_by or projection.skip is not None or projection.limit is not None:
        return None
    match projection.items[0].expression:
        case ast.CountStar() as rows:
            return rows
        case ast.FunctionCall(name=name, arguments=(ast.Variable() as of,), distinct=False):
            return of if name.lower() == "count" else None
    return None
