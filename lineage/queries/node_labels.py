"""Further label expressions for node patterns, put into the text of a query."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lark import Token

from lineage.opencypher.syntax import ast
from lineage.opencypher.syntax.lexer import SourceText, scan


def restrict_nodes(text: str, added: Sequence[tuple[ast.NodePattern, str]]) -> str:
    """Return a query whose node patterns have further label expressions to hold.

    Parameters
    ----------
    text: the query.
    added: node patterns of its syntax tree, each with a label expression.
    """
    for at, inserted in sorted(_insertions(text, added), reverse=True):
        text = text[:at] + inserted + text[at:]
    return text


def _insertions(
    text: str, added: Sequence[tuple[ast.NodePattern, str]]
) -> Iterator[tuple[int, str]]:
    """Where to put what."""
    if not added:
        return
    expressions = {node.position.offset: expression for node, expression in added}
    tokens = list(scan(SourceText(text)))
    for place, token in enumerate(tokens):
        expression = expressions.get(-1 if token.start_pos is None else token.start_pos)
        if expression is None:
            continue
        place += 1
        if tokens[place].type in ("NAME", "QUOTED") and not _is_where(tokens[place]):
            place += 1
        if tokens[place].type != "COLON":
            yield tokens[place - 1].end_pos or 0, f":{expression}"
            continue
        yield tokens[place].end_pos or 0, f"{expression}&("
        place += 1
        depth = 0
        while depth or not _ends_labels(tokens[place]):
            depth += {"LPAR": 1, "RPAR": -1}.get(tokens[place].type, 0)
            place += 1
        yield tokens[place - 1].end_pos or 0, ")"


def _is_where(token: Token) -> bool:
    return token.type == "NAME" and token.value.upper() == "WHERE"


def _ends_labels(token: Token) -> bool:
    return token.type in ("LBRACE", "PARAMETER", "RPAR") or _is_where(token)
