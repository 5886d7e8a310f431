"""What in a query may compute for ever inside one expression, told before it runs.

A server that looks for its deadline between rows does not interrupt an expression: a regular
expression that backtracks, a text that doubles in `reduce`, a list of billions. Whatever is not
known to be harmless is named, with another way to ask.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lineage.opencypher.semantics.free_variables import find_variables
from lineage.opencypher.syntax import ast
from lineage.opencypher.syntax.ast_walk import child_parts, walk_parts
from lineage.opencypher.values.entities import Value
from lineage.opencypher.values.regex_cost import LONGEST_PATTERN, measure_repetition

# The longest list that an expression may make or go through, with all that is inside it.
MOST_ITEMS = 1_000_000
# Unbounded repetitions in a row take time by that power of a text's length.
_MOST_IN_A_ROW = 4
_MOST_TIMES = 1_000
# Functions of a list or text whose value is no larger than a number.
_SMALL = frozenset(
    {"size", "length", "tointeger", "tofloat", "toboolean", "abs", "sign", "isempty", "id",
     "elementid", "type", "exists", "count", "char_length", "character_length"}
)  # fmt: skip
_SIZES = frozenset({"size", "length", "count", "char_length", "character_length"})
_BOOLEAN = (
    ast.Comparison, ast.IsNull, ast.IsType, ast.HasLabels, ast.Quantifier, ast.PatternPredicate,
    ast.IsNormalized,
)  # fmt: skip
_ADDING = frozenset({"+", "||"})


@dataclass(frozen=True, slots=True)
class Unbounded:
    """What of a query is not known to end in time, and what to write instead."""

    reason: str
    remedy: str
    position: ast.Position


def find_unbounded(query: ast.Query, parameters: Mapping[str, Value]) -> Unbounded | None:
    """Return the first part of a query that one expression may compute for ever at.

    Parameters
    ----------
    query: its tree.
    parameters: their values; a pattern or a range may be one of them.
    """
    return next(_find(query, parameters), None)


def _find(query: ast.Query, parameters: Mapping[str, Value]) -> Iterator[Unbounded]:
    free = {id(clause.expression) for clause in walk_parts(query) if isinstance(clause, ast.Unwind)}
    for part in walk_parts(query):
        match part:
            case ast.Binary(operator="=~"):
                yield from _check_pattern(part, parameters)
            case ast.Reduce():
                yield from _check_reduce(part)
            case ast.FunctionCall(name=name) if name.lower() == "range" and id(part) not in free:
                yield from _check_range(part, parameters)
            case ast.ListComprehension() | ast.Quantifier():
                yield from _check_nesting(part, parameters)


def _check_pattern(part: ast.Binary, parameters: Mapping[str, Value]) -> Iterator[Unbounded]:
    pattern = _constant(part.right, parameters)
    if pattern is None and isinstance(part.right, ast.Literal | ast.Parameter):
        return
    remedy = "write it without, or use CONTAINS, STARTS WITH or ENDS WITH"
    if not isinstance(pattern, str):
        yield Unbounded(
            "a regular expression that is no literal and no parameter may backtrack for ever",
            "give it as a parameter",
            part.right.position,
        )
        return
    if len(pattern) > LONGEST_PATTERN:
        yield Unbounded("a regular expression is very long", remedy, part.right.position)
        return
    cost = measure_repetition(pattern)
    reason = ""
    if cost.unbounded > 1 or cost.depth > 2:
        reason = "a regular expression repeats a repetition"
    elif cost.choices:
        reason = "a regular expression repeats alternatives"
    elif cost.sequence > _MOST_IN_A_ROW:
        reason = f"a regular expression has more than {_MOST_IN_A_ROW} repetitions without end"
    elif cost.times > _MOST_TIMES:
        reason = f"a regular expression repeats something more than {_MOST_TIMES:,} times"
    if reason:
        yield Unbounded(f"{reason}, and may backtrack for ever", remedy, part.right.position)


def _constant(part: ast.Expression, parameters: Mapping[str, Value]) -> Value:
    match part:
        case ast.Literal(value=value):
            return value
        case ast.Parameter(name=name):
            return parameters.get(name)
        case ast.Unary(operator="-", operand=operand):
            value = _constant(operand, parameters)
            return -value if isinstance(value, int | float) else None
        case ast.Binary(operator="+" | "||", left=left, right=right):
            one, other = _constant(left, parameters), _constant(right, parameters)
            return one + other if isinstance(one, str) and isinstance(other, str) else None
    return None


def _check_reduce(part: ast.Reduce) -> Iterator[Unbounded]:
    if _growth(part.expression, part.accumulator) > 1:
        yield Unbounded(
            f"reduce() puts {part.accumulator} into its own next value more than once, so that it "
            "may double with each item",
            "add to it once for each item, or collect() rows instead",
            part.expression.position,
        )


def _growth(part: ast.Part, name: str) -> int:
    """How often a name's value may be part of an expression's value."""
    match part:
        case ast.Variable():
            return int(part.name == name)
        case ast.Binary() if part.operator not in _ADDING:
            return 0
        case ast.Case():
            values = [value for _, value in part.alternatives]
            values += [] if part.default is None else [part.default]
            return max((_growth(value, name) for value in values), default=0)
        case ast.FunctionCall() if part.name.lower() in _SMALL:
            return 0
        case ast.FunctionCall() if part.name.lower() in ("replace", "split"):
            return 2 if name in find_variables(part) else 0
        case ast.FunctionCall() if part.name.lower() == "coalesce":
            return max((_growth(value, name) for value in part.arguments), default=0)
        case ast.Index():
            return _growth(part.subject, name)
        case ast.ListComprehension() | ast.Reduce():
            if isinstance(part, ast.Reduce):
                inside = name in find_variables(part.expression)
            else:
                inside = part.projection is not None and name in find_variables(part.projection)
            return 2 if inside else sum(_growth(inner, name) for inner in child_parts(part))
    if isinstance(part, _BOOLEAN):
        return 0
    return sum(_growth(inner, name) for inner in child_parts(part))


def _check_range(part: ast.FunctionCall, parameters: Mapping[str, Value]) -> Iterator[Unbounded]:
    size = _measure_range(part, parameters)
    if size is None or size > MOST_ITEMS:
        said = "a list of unknown length" if size is None else f"a list of {size:,} numbers"
        yield Unbounded(
            f"range() makes {said} inside an expression",
            f"keep to {MOST_ITEMS:,} numbers, or UNWIND the range",
            part.position,
        )


def _measure_range(part: ast.FunctionCall, parameters: Mapping[str, Value]) -> int | None:
    """How many numbers it makes; None where that can't be told. Of sizes there are few."""
    values = [_constant(argument, parameters) for argument in part.arguments]
    if all(value.__class__ is int for value in values) and 2 <= len(values) <= 3:
        start, end, step = (*values, 1)[:3]
        return max(0, (end - start) // step + 1) if step else 0
    return 0 if all(map(_is_small, part.arguments)) else None


def _is_small(part: ast.Expression) -> bool:
    """Whether a number is known to be no larger than a list or text is long."""
    match part:
        case ast.Literal(value=value):
            return value.__class__ is int and abs(value) <= MOST_ITEMS
        case ast.FunctionCall(name=name):
            return name.lower() in _SIZES
        case ast.Binary(operator="+" | "-" | "/" | "%", left=left, right=right):
            return _is_small(left) and _is_small(right)
        case ast.Unary(operand=operand):
            return _is_small(operand)
    return False


def _check_nesting(
    part: ast.ListComprehension | ast.Quantifier, parameters: Mapping[str, Value]
) -> Iterator[Unbounded]:
    """Ranges inside ranges: their sizes multiply."""
    size = _items(part, parameters)
    if size > MOST_ITEMS:
        yield Unbounded(
            f"lists inside each other have {size:,} items in one expression",
            "UNWIND the outer one",
            part.position,
        )


def _items(part: ast.Part, parameters: Mapping[str, Value]) -> int:
    most = max((_items(inner, parameters) for inner in child_parts(part)), default=1)
    if isinstance(part, ast.ListComprehension | ast.Quantifier | ast.Reduce):
        source = part.source
        if isinstance(source, ast.FunctionCall) and source.name.lower() == "range":
            most *= max(1, _measure_range(source, parameters) or 1)
    return most
