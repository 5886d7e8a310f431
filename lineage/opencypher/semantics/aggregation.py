"""Aggregates in projections, and which column an expression of ORDER BY or WHERE means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lineage.opencypher.functions.registry import find_aggregate
from lineage.opencypher.semantics.free_variables import (
    Looks,
    looked_into,
    together,
    used_names,
)
from lineage.opencypher.syntax import ast
from lineage.opencypher.syntax.ast_walk import parts

# How often the same row comes makes no difference to these, nor to any with DISTINCT.
_INSENSITIVE = frozenset({"min", "max"})


def aggregates_in(part: ast.Part) -> Iterator[ast.FunctionCall | ast.CountStar]:
    """The aggregates of an expression, without those of queries inside it."""
    if isinstance(part, ast.CountStar):
        yield part
        return
    if isinstance(part, ast.FunctionCall) and find_aggregate(part.name) is not None:
        yield part
        return
    if isinstance(part, ast.Subquery):
        return
    for inner in parts(part):
        yield from aggregates_in(inner)


def columns_for(
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
        if alone and used_names(e) & others and not any(True for _ in aggregates_in(e)):
            continue
        found[e] = ast.Variable(e.position, name)
    return found


def hides_duplicates(projection: ast.Projection, *, after: bool) -> bool:
    """Whether nobody can tell how often the same row came into a projection; `after`: whether
    nobody can tell how often it comes out."""
    found = [
        aggregate
        for expression in (
            *(item.expression for item in projection.items),
            *(item.expression for item in projection.order_by),
        )
        for aggregate in aggregates_in(expression)
    ]
    if found:
        return all(
            isinstance(a, ast.FunctionCall) and (a.distinct or a.name.lower() in _INSENSITIVE)
            for a in found
        )
    if projection.distinct:
        return True
    return after and projection.skip is None and projection.limit is None


def looks_of(projection: ast.Projection, where: ast.Expression | None, *, last: bool) -> Looks:
    """What a projection reads of the values of names; the `last` one, all of what it returns."""
    found = [looked_into(item.expression) for item in projection.order_by]
    if where is not None:
        found.append(looked_into(where))
    for item in projection.items:
        found.append(looked_into(item.expression))
        if last:
            found.append({part.name: None for part in _whole(item.expression)})
    return together(found)


def _whole(expression: ast.Expression) -> Iterator[ast.Variable]:
    """The names whose values are given out as they are."""
    match expression:
        case ast.Variable():
            yield expression
        case ast.FunctionCall(name=name, arguments=(ast.Variable() as of,)):
            if name.lower() == "collect":
                yield of
