"""Deciding a predicate for nodes at hand."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

from lineage.filters.patterns import regular_expression
from lineage.filters.tree import (
    Alias,
    And,
    Arithmetic,
    Attribute,
    Comparison,
    Constant,
    Expression,
    Has,
    In,
    IsNull,
    Like,
    Not,
    Or,
    Predicate,
    Property,
    Relation,
    Surely,
)
from lineage.model import Event, Node, kind_of

# The neighbours of a node that stand to it in a relation.
Neighbours = Callable[[Node, Relation], Sequence[Node | Event]]
# What is looked at: the node under None, and the chosen neighbour under each alias.
_Choice = Mapping[Alias | None, Any]
_Value = Callable[[_Choice], Any]

_RENAMED = {"created": "created_ms", "updated": "updated_ms", "time": "time_ms"}
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


def build_decider(predicate: Predicate) -> Callable[[Node, Neighbours], bool]:
    """A function that tells whether the predicate holds for a node of its kind."""
    parts = [(part.aliases, _value(part.condition)) for part in predicate.parts()]

    def holds(node: Node, neighbours: Neighbours) -> bool:
        for aliases, condition in parts:
            among = [neighbours(node, alias.relation) for alias in aliases]
            if not any(
                condition({None: node, **dict(zip(aliases, choice, strict=True))}) is True
                for choice in product(*among)
            ):
                return False
        return True

    return holds


def _value(expression: Expression) -> _Value:
    """A function that gives the value of an expression, None for NULL and unknown."""
    match expression:
        case Attribute(field, of):
            name = _RENAMED.get(field, field)
            return lambda choice: getattr(choice[of], name)
        case Property():
            return _property(expression)
        case Constant(value):
            return lambda choice: value
        case Arithmetic(sign, left, right):
            return _of_two(left, right, lambda a, b: _calculate(_ARITHMETIC[sign], a, b))
        case Comparison(sign, left, right):
            return _of_two(left, right, _COMPARE[sign])
        case Like(value, pattern, ignore_case):
            flags = re.IGNORECASE | re.ASCII if ignore_case else 0
            match = re.compile(regular_expression(pattern), flags).fullmatch
            return _of_one(value, lambda text: match(text) is not None)
        case In(value, options):
            among = frozenset(options)
            return _of_one(value, among.__contains__)
        case IsNull(value):
            inner = _value(value)
            return lambda choice: inner(choice) is None
        case Has(name, custom):
            where = "custom_properties" if custom else "properties"
            return lambda choice: name in getattr(choice[None], where)
        case Not(operand):
            return _of_one(operand, operator.not_)
        case Surely(operand):
            sure = _value(operand)
            return lambda choice: sure(choice) is True
        case And(operands):
            return _connect(operands, False)
        case Or(operands):
            return _connect(operands, True)


def _property(wanted: Property) -> _Value:
    where = "custom_properties" if wanted.custom else "properties"

    def value(choice: _Choice) -> Any:
        found = getattr(choice[None], where).get(wanted.name)
        if kind_of(found) is not wanted.kind or found != found:
            return None
        return found

    return value


def _of_one(operand: Expression, answer: Callable[[Any], Any]) -> _Value:
    inner = _value(operand)

    def value(choice: _Choice) -> Any:
        found = inner(choice)
        return None if found is None else answer(found)

    return value


def _of_two(left: Expression, right: Expression, answer: Callable[[Any, Any], Any]) -> _Value:
    first, second = _value(left), _value(right)

    def value(choice: _Choice) -> Any:
        a, b = first(choice), second(choice)
        return None if a is None or b is None else answer(a, b)

    return value


def _connect(operands: Sequence[Expression], decisive: bool) -> _Value:
    """OR, where one true operand decides, or AND, where a false one does."""
    inner = [_value(operand) for operand in operands]

    def value(choice: _Choice) -> Any:
        answer: bool | None = not decisive
        for operand in inner:
            found = operand(choice)
            if found is decisive:
                return decisive
            if found is None:
                answer = None
        return answer

    return value


def _calculate(calculate: Callable[[float, float], float], a: float, b: float) -> float | None:
    try:
        found = calculate(float(a), float(b))
    except (ZeroDivisionError, OverflowError):
        return None
    return None if math.isnan(found) else found
