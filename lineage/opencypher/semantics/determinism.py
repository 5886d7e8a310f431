"""What is decided by chance: another value each time that it is asked for."""

from __future__ import annotations

from lineage.opencypher.functions.registry import find_function
from lineage.opencypher.syntax import ast
from lineage.opencypher.syntax.ast_walk import walk_parts


def is_volatile(part: ast.Part) -> bool:
    """Whether it may be another value when it is asked for again."""
    return any(
        isinstance(inner, ast.FunctionCall)
        and (function := find_function(inner.name)) is not None
        and not function.is_deterministic
        for inner in walk_parts(part)
    )
