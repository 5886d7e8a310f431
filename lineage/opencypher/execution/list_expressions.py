"""Expressions that go through a list, item by item."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Protocol

from lineage.opencypher.errors import CypherError, locate_error
from lineage.opencypher.execution.operators import ExecutionContext
from lineage.opencypher.syntax import ast
from lineage.opencypher.values import operations
from lineage.opencypher.values.entities import Value
from lineage.opencypher.values.memory_estimate import weigh

Row = dict[str, Value]
Evaluate = Callable[[Row], Value]


class ListCompiler(Protocol):
    """What is needed of the compiler of expressions."""

    context: ExecutionContext

    def expression(self, expression: ast.Expression) -> Evaluate:
        """Its value for a row."""

    def predicate(self, expression: ast.Expression) -> Callable[[Row], bool]:
        """Whether it is true for a row."""

    def optional(self, expression: ast.Expression | None, default: Value) -> Evaluate:
        """Its value for a row; where it was not written, a default."""

    def items(self, e: ast.Expression) -> Callable[[Row], list[Value] | None]:
        """The list that an expression gives for a row, or null."""

    def within(self, names: Iterable[str]) -> AbstractContextManager[None]:
        """Expressions made within it see these names too."""


def compile_list_comprehension(compiler: ListCompiler, e: ast.ListComprehension) -> Evaluate:
    """`[x IN list WHERE p | e]`."""
    source, name = compiler.items(e.source), e.variable
    with compiler.within((name,)):
        where = None if e.where is None else compiler.predicate(e.where)
        projection = None if e.projection is None else compiler.expression(e.projection)
    budget = compiler.context.budget

    def evaluate(row: Row) -> Value:
        items = source(row)
        if items is None:
            return None
        inner = dict(row)
        made: list[Value] = []
        size = budget.made
        for item in items:
            budget.step()
            inner[name] = item
            if where is None or where(inner):
                value = item if projection is None else projection(inner)
                budget.made = size
                budget.make(weigh(value))
                size = budget.made
                made.append(value)
        return made

    return evaluate


def compile_quantifier(compiler: ListCompiler, e: ast.Quantifier) -> Evaluate:
    """`all(x IN list WHERE p)`, and any, none and single."""
    source, name, kind = compiler.items(e.source), e.variable, e.kind
    position, budget = e.position, compiler.context.budget
    with compiler.within((name,)):
        test = compiler.optional(e.where, True)

    def evaluate(row: Row) -> Value:
        items = source(row)
        if items is None:
            return None
        inner = dict(row)
        true = unknown = 0
        before = budget.made
        for item in items:
            budget.made = before
            inner[name] = item
            try:
                answer = operations.to_truth(test(inner))
            except CypherError as error:
                raise locate_error(error, position) from None
            if answer is None:
                unknown += 1
            elif answer:
                true += 1
                if kind == "any":
                    return True
                if kind == "none" or (kind == "single" and true > 1):
                    return False
            elif kind == "all":
                return False
        if unknown:
            return None
        if kind == "single":
            return true == 1
        return kind != "any"

    return evaluate


def compile_reduce(compiler: ListCompiler, e: ast.Reduce) -> Evaluate:
    """`reduce(a = initial, x IN list | e)`."""
    initial, source = compiler.expression(e.initial), compiler.items(e.source)
    name, accumulator, budget = e.variable, e.accumulator, compiler.context.budget
    with compiler.within((name, accumulator)):
        step = compiler.expression(e.expression)

    def evaluate(row: Row) -> Value:
        items = source(row)
        if items is None:
            return None
        inner = dict(row)
        inner[accumulator] = initial(row)
        before = budget.made
        for item in items:
            inner[name] = item
            value = inner[accumulator] = step(inner)
            if value.__class__ is not list and value.__class__ is not str:
                budget.made = before
        return inner[accumulator]

    return evaluate
