"""Parts of a syntax tree: those inside a part, all of them, and others in their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from lineage.opencypher.syntax import ast
from lineage.opencypher.syntax.interruption import take_steps


def child_parts(value: object) -> Iterator[ast.Part]:
    """The parts directly inside a part, or inside tuples in it."""
    if isinstance(value, ast.Part):
        for inner in fields(value):
            yield from _parts_in(getattr(value, inner.name))


def _parts_in(value: object) -> Iterator[ast.Part]:
    if isinstance(value, ast.Part):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _parts_in(item)


def walk_parts(part: ast.Part | None) -> Iterator[ast.Part]:
    """A part and all parts inside it, outermost first."""
    waiting: list[ast.Part] = [] if part is None else [part]
    while waiting:
        taken = waiting.pop()
        take_steps()
        yield taken
        waiting.extend(child_parts(taken))


def split_conjuncts(expression: ast.Expression | None) -> list[ast.Expression]:
    """The predicates that AND joins."""
    if expression is None:
        return []
    found: list[ast.Expression] = []
    waiting = [expression]
    while waiting:
        taken = waiting.pop()
        if isinstance(taken, ast.Binary) and taken.operator == "AND":
            waiting += [taken.right, taken.left]
        else:
            found.append(taken)
    return found


def substitute(
    expression: ast.Expression, by: Mapping[ast.Expression, ast.Expression]
) -> ast.Expression:
    """The expression with some parts replaced, by names mostly; queries inside it stay as they
    are."""
    return _substitute(expression, by)  # type: ignore[no-any-return]


def _substitute(value: Any, by: Mapping[ast.Expression, ast.Expression]) -> Any:
    if isinstance(value, tuple):
        return tuple(_substitute(item, by) for item in value)
    if not isinstance(value, ast.Part):
        return value
    if isinstance(value, ast.Expression) and value in by:
        return by[value]
    if isinstance(value, ast.Subquery | ast.PathPattern):
        return value
    changed = {}
    for field in fields(value):
        old = getattr(value, field.name)
        new = _substitute(old, by)
        if new is not old and new != old:
            changed[field.name] = new
    return replace(value, **changed) if changed else value
