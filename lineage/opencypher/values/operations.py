"""What the operators do with values: arithmetic, membership, strings, access, patterns of text.

Each takes evaluated values; null gives null unless said otherwise. Errors have no position: the
evaluator adds that of the expression.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from lineage.opencypher.errors import (
    CypherArithmeticError,
    CypherTypeError,
    QueryStopped,
    shorten,
)
from lineage.opencypher.values import temporal
from lineage.opencypher.values.budget import LONGEST_TEXT, Budget
from lineage.opencypher.values.comparison import equal, less, not_
from lineage.opencypher.values.entities import Node, Relationship, Value
from lineage.opencypher.values.kinds import Temporal, is_number, kind_of
from lineage.opencypher.values.memory_estimate import weigh
from lineage.opencypher.values.regular_expressions import compile_java_regex

_LEAST, _MOST = -(2**63), 2**63 - 1
# A pattern that takes longer than this on one text is taken for one that explodes.
_REGEX_SECONDS = 2.0


def check_int64(value: Value) -> Value:
    """An integer that fits 64 bits, or anything else. Raises CypherArithmeticError."""
    if value.__class__ is int and not _LEAST <= value <= _MOST:
        raise CypherArithmeticError("an integer beyond 64 bits", detail="IntegerOverflow")
    return value


def _build_mismatch(operator: str, left: Value, right: Value) -> CypherTypeError:
    return CypherTypeError(
        f"{operator} can't be applied to {kind_of(left)} and {kind_of(right)}",
        detail="InvalidArgumentType",
    )


def add(budget: Budget, left: Value, right: Value) -> Value:
    """`+`: numbers, strings, lists (or a list and an item), instants and durations."""
    if left is None or right is None:
        return None
    mine, theirs = left.__class__, right.__class__
    if (mine is int or mine is float) and (theirs is int or theirs is float):
        return check_int64(left + right)
    if mine is str and theirs is str:
        budget.step(1 + (len(left) + len(right)) // 1000)
        budget.make(weigh(right))
        if len(left) + len(right) > LONGEST_TEXT:
            budget.make_text(len(left) + len(right))
        return left + right
    if mine is list or theirs is list:
        # The other side has been counted when it was made.
        budget.make(weigh(right if mine is list else left))
        made = (left if mine is list else [left]) + (right if theirs is list else [right])
        budget.step(1 + len(made) // 100)
        if len(made) > budget.limits.held:
            raise QueryStopped(f"the query would make a list of {len(made):,} items")
        return made
    if mine is str and (is_number(right) or isinstance(right, Temporal)):
        return left + format_value(right)
    if theirs is str and (is_number(left) or isinstance(left, Temporal)):
        return format_value(left) + right
    return _apply_temporal("+", temporal.add, left, right)


def concatenate(budget: Budget, left: Value, right: Value) -> Value:
    """`||`: strings or lists."""
    if left is None or right is None:
        return None
    if left.__class__ is right.__class__ and left.__class__ in (str, list):
        return add(budget, left, right)
    raise _build_mismatch("||", left, right)


def format_value(value: Value) -> str:
    """A number or temporal value as a string has it."""
    if value.__class__ is float:
        return format_float(value)
    return str(value)


def format_float(value: float) -> str:
    """A float as text: `1.0`, `1.0E7`, `NaN`, `Infinity`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        plain = repr(value)
        return plain if "e" not in plain else f"{value:f}"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)
    mantissa = "".join(map(str, digits))
    return (
        f"{'-' if sign else ''}{mantissa[0]}.{mantissa[1:] or '0'}E{exponent + len(mantissa) - 1}"
    )


def _apply_temporal(
    operator: str, apply: Callable[[Value, Value], Any], left: Value, right: Value
) -> Value:
    answer = apply(left, right)
    if answer is NotImplemented:
        raise _build_mismatch(operator, left, right)
    return answer


def subtract(left: Value, right: Value) -> Value:
    """`-`."""
    if left is None or right is None:
        return None
    if is_number(left) and is_number(right):
        return check_int64(left - right)
    return _apply_temporal("-", temporal.subtract, left, right)


def multiply(left: Value, right: Value) -> Value:
    """`*`."""
    if left is None or right is None:
        return None
    if is_number(left) and is_number(right):
        return check_int64(left * right)
    return _apply_temporal("*", temporal.multiply, left, right)


def divide(left: Value, right: Value) -> Value:
    """`/`: integers divide towards zero; by an integer zero raises CypherArithmeticError."""
    if left is None or right is None:
        return None
    if left.__class__ is int and right.__class__ is int:
        if right == 0:
            raise CypherArithmeticError("division by zero", detail="DivisionByZero")
        quotient = abs(left) // abs(right)
        return check_int64(quotient if (left < 0) == (right < 0) else -quotient)
    if is_number(left) and is_number(right):
        if right != 0:
            return left / right
        return _divide_by_zero(float(left), float(right))
    return _apply_temporal("/", temporal.divide, left, right)


def _divide_by_zero(left: float, right: float) -> float:
    if left == 0 or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def modulo(left: Value, right: Value) -> Value:
    """`%`: the sign is that of the left side."""
    if left is None or right is None:
        return None
    if left.__class__ is int and right.__class__ is int:
        if right == 0:
            raise CypherArithmeticError("division by zero", detail="DivisionByZero")
        rest = abs(left) % abs(right)
        return rest if left >= 0 else -rest
    if is_number(left) and is_number(right):
        if right == 0 or math.isinf(left):
            return math.nan
        return math.fmod(left, right)
    raise _build_mismatch("%", left, right)


def power(left: Value, right: Value) -> Value:
    """`^`: always a float."""
    if left is None or right is None:
        return None
    if is_number(left) and is_number(right):
        try:
            return math.pow(left, right)
        except OverflowError:
            return math.inf
        except ValueError:
            return math.nan if left else math.inf
    raise _build_mismatch("^", left, right)


def negate(value: Value) -> Value:
    """Unary `-`."""
    if value is None:
        return None
    if is_number(value):
        return check_int64(-value)
    if isinstance(value, temporal.Duration):
        return value.negate()
    raise CypherTypeError(f"- can't be applied to {kind_of(value)}", detail="InvalidArgumentType")


def positive(value: Value) -> Value:
    """Unary `+`."""
    if value is None or is_number(value):
        return value
    raise CypherTypeError(f"+ can't be applied to {kind_of(value)}", detail="InvalidArgumentType")


def to_truth(value: Value) -> bool | None:
    """A boolean or null, where a predicate is expected. Raises CypherTypeError for the rest."""
    if value is None or value is True or value is False:
        return value
    raise CypherTypeError(
        f"a predicate must be true, false or null, not {kind_of(value)}",
        detail="InvalidArgumentType",
    )


def is_in(budget: Budget, item: Value, items: Value) -> bool | None:
    """`item IN items`, three-valued."""
    if items is None:
        return None
    if items.__class__ is not list:
        raise CypherTypeError(
            f"IN needs a list on its right, not {kind_of(items)}", detail="InvalidArgumentType"
        )
    budget.step(1 + len(items) // 10)
    if item is None:
        return None if items else False
    if item.__class__ in (int, str):
        # No list or map is involved: identity decides, a null among the items makes it unknown.
        if item in items and any(equal(item, other) for other in items):
            return True
        return None if None in items else False
    answer: bool | None = False
    for other in items:
        same = equal(item, other)
        if same:
            return True
        if same is None:
            answer = None
    return answer


def build_text_test(test: Callable[[str, str], bool]) -> Callable[[Value, Value], bool | None]:
    """STARTS WITH and its like: null unless both sides are strings."""

    def test_texts(left: Value, right: Value) -> bool | None:
        if left.__class__ is str and right.__class__ is str:
            return test(left, right)
        return None

    return test_texts


starts_with = build_text_test(str.startswith)
ends_with = build_text_test(str.endswith)
contains = build_text_test(str.__contains__)


def matches_regex(budget: Budget, left: Value, right: Value) -> bool | None:
    """`=~`: whether the whole text matches. A pattern that explodes stops the query."""
    if left.__class__ is not str or right.__class__ is not str:
        return None
    left_over = budget.seconds_left()
    seconds = _REGEX_SECONDS if left_over is None else max(0.001, min(_REGEX_SECONDS, left_over))
    try:
        return compile_java_regex(right).fullmatch(left, timeout=seconds) is not None
    except TimeoutError:
        raise QueryStopped(
            f"the regular expression {shorten(right)} took more than {seconds:g} s on one text; "
            "write it without nested repetition"
        ) from None


def get_property(subject: Value, key: str) -> Value:
    """`subject.key`."""
    if subject is None:
        return None
    mine = subject.__class__
    if mine is Node or mine is Relationship:
        return subject.properties.get(key)
    if mine is dict:
        return subject.get(key)
    if isinstance(subject, Temporal):
        return subject.component(key)
    raise CypherTypeError(
        f"{kind_of(subject)} has no properties, so none called {key!r}",
        detail="InvalidArgumentType",
    )


def get_element(subject: Value, index: Value) -> Value:
    """`subject[index]`: of a list by place, of a map, node or relationship by name."""
    if subject is None or index is None:
        return None
    if subject.__class__ is list:
        if index.__class__ is not int:
            raise CypherTypeError(
                f"a list's items are found by integers, not by {kind_of(index)}",
                detail="ListElementAccessByNonInteger",
            )
        return subject[index] if -len(subject) <= index < len(subject) else None
    mapping: Mapping[str, Value] | None = None
    if subject.__class__ is dict:
        mapping = subject
    elif isinstance(subject, Node | Relationship):
        mapping = subject.properties
    if mapping is None:
        raise CypherTypeError(
            f"{kind_of(subject)} has no items that could be found by an index",
            detail="InvalidArgumentType",
        )
    if index.__class__ is not str:
        raise CypherTypeError(
            f"a map's values are found by strings, not by {kind_of(index)}",
            detail="MapElementAccessByNonString",
        )
    return mapping.get(index)


def slice_list(subject: Value, start: Value, end: Value) -> Value:
    """`subject[start..end]`; a bound that was not written is 0 or the length."""
    if subject is None or start is None or end is None:
        return None
    if subject.__class__ is not list:
        raise CypherTypeError(
            f"only lists can be sliced, not {kind_of(subject)}", detail="InvalidArgumentType"
        )
    for bound in (start, end):
        if bound.__class__ is not int:
            raise CypherTypeError(
                f"a list is sliced by integers, not by {kind_of(bound)}",
                detail="ListElementAccessByNonInteger",
            )
    return subject[start:end]


def get_properties(subject: Value) -> Mapping[str, Value]:
    """The properties of a node or relationship, or a map itself, for `{.*}`."""
    if isinstance(subject, Node | Relationship):
        return subject.properties
    if isinstance(subject, dict):
        return subject
    raise CypherTypeError(f"{kind_of(subject)} has no properties", detail="InvalidArgumentType")


def _less(left: Value, right: Value) -> bool | None:
    return less(left, right)


def _less_or_equal(left: Value, right: Value) -> bool | None:
    return less(left, right, or_equal=True)


COMPARE: dict[str, Callable[[Value, Value], bool | None]] = {
    "=": equal,
    "<>": lambda left, right: not_(equal(left, right)),
    "<": _less,
    "<=": _less_or_equal,
    ">": lambda left, right: less(right, left),
    ">=": lambda left, right: less(right, left, or_equal=True),
}
PLAIN: dict[str, Callable[[Value, Value], Value]] = {
    "-": subtract,
    "*": multiply,
    "/": divide,
    "%": modulo,
    "^": power,
    "STARTS WITH": starts_with,
    "ENDS WITH": ends_with,
    "CONTAINS": contains,
}
WITH_BUDGET: dict[str, Callable[..., Value]] = {
    "+": add,
    "||": concatenate,
    "IN": is_in,
    "=~": matches_regex,
}
