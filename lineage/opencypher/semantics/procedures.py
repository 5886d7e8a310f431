"""Procedures that only tell what a graph has, as the clauses that they amount to."""

from __future__ import annotations

from dataclasses import replace

from lineage.opencypher.errors import CypherSyntaxError
from lineage.opencypher.functions.schema import PROCEDURES
from lineage.opencypher.syntax import ast


def expand_procedures(query: ast.Query) -> ast.Query:
    """Return a query in which procedures that are known here are UNWINDs of what they yield.

    Those that are not known are left, and refused by who analyses it. Raises CypherSyntaxError
    for a wrong use of one that is.
    """
    if isinstance(query, ast.Union):
        return replace(query, left=expand_procedures(query.left), right=_expand_single(query.right))
    return _expand_single(query)


def _expand_single(query: ast.SingleQuery) -> ast.SingleQuery:
    if not any(isinstance(clause, ast.CallProcedure) for clause in query.clauses):
        return query
    clauses: list[ast.Clause] = []
    for clause in query.clauses:
        known = None
        if isinstance(clause, ast.CallProcedure) and not clause.optional:
            known = PROCEDURES.get(clause.name.lower())
        if known is None or not isinstance(clause, ast.CallProcedure):
            clauses.append(clause)
        else:
            clauses += _expand(clause, *known, alone=len(query.clauses) == 1)
    return replace(query, clauses=tuple(clauses))


def _expand(
    call: ast.CallProcedure, column: str, function: str, *, alone: bool
) -> list[ast.Clause]:
    place = call.position
    if call.arguments:
        raise CypherSyntaxError(
            f"{call.name}() takes no arguments", detail="InvalidNumberOfArguments", position=place
        )
    yields = call.yields
    if yields == (("*", None),) or (yields is None and alone):
        yields = ((column, None),)
    if yields is None:
        raise CypherSyntaxError(
            f"write what it yields: CALL {call.name}() YIELD {column}", position=place
        )
    [(field, alias), *more] = yields or ((column, "\0unused"),)
    if field != column or more:
        raise CypherSyntaxError(f"{call.name}() yields {column}, and no more", position=place)
    name = alias or column
    made: list[ast.Clause] = [ast.Unwind(place, ast.FunctionCall(place, function, (), False), name)]
    if call.where is not None:
        everything = ast.Projection(place, False, True, (), (), None, None)
        made.append(ast.With(place, everything, call.where))
    if alone:
        item = ast.ProjectionItem(place, ast.Variable(place, name), name, alias is not None)
        made.append(ast.Return(place, ast.Projection(place, False, False, (item,), (), None, None)))
    return made
