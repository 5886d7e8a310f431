"""What a WHERE after WITH asks for is asked where its names get their values, so that fewer rows
are made, and an index or the store may find them.

A condition goes back through a WITH that keeps rows as they are, through the keys of a grouping,
and past clauses that only add names. It is left where it is if it might then fail for rows that it
never met, or be another value.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from lineage.opencypher.semantics.aggregation import find_aggregates, map_to_columns
from lineage.opencypher.semantics.determinism import is_volatile
from lineage.opencypher.semantics.free_variables import find_variables
from lineage.opencypher.syntax import ast
from lineage.opencypher.syntax.ast_walk import split_conjuncts, substitute, walk_parts

# With names of their own, or with clauses in them, in which a name may mean something else.
_WITH_NAMES = (
    ast.ListComprehension, ast.Quantifier, ast.Reduce, ast.PatternComprehension,
    ast.PatternPredicate, ast.PathValue, ast.Subquery,
)  # fmt: skip
# Of these every value has an answer, so that they can be asked of any row.
_TOTAL = (ast.Literal, ast.Parameter, ast.Variable, ast.Property, ast.Comparison, ast.IsNull,
          ast.HasLabels, ast.LabelExpression)  # fmt: skip
_TOTAL_OPERATORS = frozenset({"AND", "OR", "XOR", "STARTS WITH", "ENDS WITH", "CONTAINS"})


def push_down_predicates(clauses: Sequence[ast.Clause]) -> tuple[ast.Clause, ...]:
    """The clauses of a query, with every condition as early as it may be."""
    made = list(clauses)
    for place in range(len(made) - 1, 0, -1):
        clause = made[place]
        if isinstance(clause, ast.With) and clause.where is not None:
            kept: list[ast.Expression] = []
            for condition in split_conjuncts(clause.where):
                before = _rewrite_before(condition, clause.projection)
                target = None if before is None else _find_target(before, made[:place])
                if before is None or target is None:
                    kept.append(condition)
                else:
                    made[target] = _add_condition(made[target], before)
            if len(kept) < len(split_conjuncts(clause.where)):
                made[place] = replace(clause, where=_join(kept))
    return tuple(made)


def _rewrite_before(condition: ast.Expression, projection: ast.Projection) -> ast.Expression | None:
    """The same condition of the rows that come into a projection; None where there is none."""
    if projection.skip is not None or projection.limit is not None:
        return None
    # What was projected is meant by the same expression.
    condition = substitute(
        condition, map_to_columns([(i.name, i.expression) for i in projection.items], sorting=False)
    )
    grouped = any(True for item in projection.items for _ in find_aggregates(item.expression))
    narrow = grouped or projection.distinct
    columns = {item.name: item.expression for item in projection.items}
    used = find_variables(condition)
    means: dict[str, ast.Expression] = {}
    for name in used:
        of = columns.get(name)
        if of is None:
            if narrow and not projection.everything:
                return None
            continue
        if any(True for _ in find_aggregates(of)) or is_volatile(of):
            return None
        if of != ast.Variable(of.position, name):
            means[name] = of
    if is_volatile(condition) or (grouped and not used):
        return None
    if not means:
        return condition
    if any(isinstance(part, _WITH_NAMES) for part in walk_parts(condition)):
        return None
    return substitute(
        condition, {ast.Variable(condition.position, name): of for name, of in means.items()}
    )


def _find_target(condition: ast.Expression, clauses: Sequence[ast.Clause]) -> int | None:
    """The place of the clause that a condition can be asked in, None where it can't be moved."""
    used = find_variables(condition)
    found: int | None = None
    for place in range(len(clauses) - 1, -1, -1):
        clause = clauses[place]
        if isinstance(clause, ast.With):
            # The condition may go on from there.
            return place
        if isinstance(clause, ast.Match) and not clause.optional and not _has_selector(clause):
            found = place
        elif not isinstance(clause, ast.Match | ast.Unwind):
            return found
        if not used <= _find_known(clauses[:place]) or not _is_total(condition):
            return found
    return found


def _has_selector(clause: ast.Match) -> bool:
    """Whether it looks for shortest paths, of which a condition there would choose others."""
    return any(pattern.selector is not None for pattern in clause.patterns)


def _find_known(clauses: Sequence[ast.Clause]) -> frozenset[str]:
    """Names that have a value after these clauses, as far as they say."""
    names: set[str] = set()
    for clause in reversed(clauses):
        match clause:
            case ast.Match():
                for pattern in clause.patterns:
                    names |= {pattern.variable or "", *map(_variable, pattern.elements)}
            case ast.Unwind():
                names.add(clause.variable)
            case ast.With():
                return frozenset(names.union(i.name for i in clause.projection.items))
            case _:
                break
    return frozenset(names)


def _variable(element: ast.Element) -> str:
    return "" if isinstance(element, ast.QuantifiedPattern) else element.variable or ""


def _is_total(condition: ast.Expression) -> bool:
    return all(
        isinstance(part, _TOTAL)
        or (isinstance(part, ast.Binary) and part.operator in _TOTAL_OPERATORS)
        or (isinstance(part, ast.Unary) and part.operator == "NOT")
        for part in walk_parts(condition)
    )


def _add_condition(clause: ast.Clause, condition: ast.Expression) -> ast.Clause:
    assert isinstance(clause, ast.Match | ast.With)
    known = [] if clause.where is None else [clause.where]
    return replace(clause, where=_join([*known, condition]))


def _join(conditions: Iterable[ast.Expression]) -> ast.Expression | None:
    joined: ast.Expression | None = None
    for condition in conditions:
        joined = (
            condition if joined is None else ast.Binary(joined.position, "AND", joined, condition)
        )
    return joined
