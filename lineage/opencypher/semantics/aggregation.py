"""Aggregates in projections, and which column an expression of ORDER BY or WHERE means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lineage.opencypher.functions.registry import find_aggregate
from lineage.opencypher.semantics.free_variables import (
    PropertyReads,
    find_property_reads,
    find_variables,
    merge_reads,
)
from lineage.opencypher.syntax import ast
from lineage.opencypher.syntax.ast_walk import child_parts

# How often the same row comes makes no difference to these, nor to any with DISTINCT.
_INSENSITIVE = frozenset({"min", "max"})


def find_aggregates(part: ast.Part) -> Iterator[ast.FunctionCall | ast.CountStar]:
    """The aggregates of an expression, without those of queries inside it."""
    if isinstance(part, ast.CountStar):
        yield part
        return
    if isinstance(part, ast.FunctionCall) and find_aggregate(part.name) is not None:
        yield part
        return
    if isinstance(part, ast.Subquery):
        return
    for inner in child_parts(part):
        yield from find_aggregates(inner)


def map_to_columns(
    items: Sequence[tuple[str, ast.Expression]], *, sorting: bool
) -> dict[ast.Expression, ast.Variable]:
    """By expression, the column that it means in ORDER BY (`sorting`) or WHERE: the one that it was
    projected to.

    A name alone means the column of that name; so does one inside an expression, in WHERE.
    """
    others = {name for name, e in items if e != ast.Variable(e.position, name)}
    found: dict[ast.Expression, ast.Variable] = {}
    for name, e in items:
        alone = isinstance(e, ast.Variable) or not sorting
        if alone and find_variables(e) & others and not any(True for _ in find_aggregates(e)):
            continue
        found[e] = ast.Variable(e.position, name)
    return found


def is_duplicate_insensitive(projection: ast.Projection, *, after: bool) -> bool:
    """Whether nobody can tell how often the same row came into a projection; `after`: whether
    nobody can tell how often it comes out."""
    found = [
        aggregate
        for expression in (
            *(item.expression for item in projection.items),
            *(item.expression for item in projection.order_by),
        )
        for aggregate in find_aggregates(expression)
    ]
    if found:
        return all(
            isinstance(a, ast.FunctionCall) and (a.distinct or a.name.lower() in _INSENSITIVE)
            for a in found
        )
    if projection.distinct:
        return True
    return after and projection.skip is None and projection.limit is None


def find_projection_reads(
    projection: ast.Projection, where: ast.Expression | None, *, last: bool
) -> PropertyReads:
    """What a projection reads of the values of names; the `last` one, all of what it returns."""
    found = [find_property_reads(item.expression) for item in projection.order_by]
    if where is not None:
        found.append(find_property_reads(where))
    for item in projection.items:
        found.append(find_property_reads(item.expression))
        if last:
            found.append({part.name: None for part in _find_returned(item.expression)})
    return merge_reads(found)


def _find_returned(expression: ast.Expression) -> Iterator[ast.Variable]:
    """The names whose values are given out as they are."""
    match expression:
        case ast.Variable():
            yield expression
        case ast.FunctionCall(name=name, arguments=(ast.Variable() as of,)):
            if name.lower() == "collect":
                yield of
