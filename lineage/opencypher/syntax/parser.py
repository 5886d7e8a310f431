"""The text of a query becomes its tree."""

from __future__ import annotations

from functools import lru_cache

from lark.exceptions import UnexpectedToken

from lineage.opencypher.errors import CypherSyntaxError, shorten
from lineage.opencypher.syntax import ast
from lineage.opencypher.syntax.mistakes import suggest_correction
from lineage.opencypher.syntax.parse_table import get_parser
from lineage.opencypher.syntax.prefix import blank_options

LONGEST_QUERY = 1_000_000
_NAMES = {
    "LPAR": "'('", "NPAR": "'('", "RPAR": "')'", "LBRACK": "'['", "LCOMP": "'['", "PCOMP": "'['",
    "RBRACK": "']'", "LBRACE": "'{'", "RBRACE": "'}'", "COMMA": "','", "DOT": "'.'",
    "COLON": "':'", "EQ": "'='", "ORDER_BY": "ORDER BY", "NAME": "a name", "STRING": "a string",
    "INTEGER": "a number", "ITEM": "an expression", "$END": "the end", "MINUS": "'-'",
    "STAR": "'*'", "PARAMETER": "a parameter", "OR": "an operator", "DOTDOT": "'..'",
    "OR_BAR": "'|'", "BAR": "'|'", "GT": "'>'", "SEMICOLON": "';'", "FUNCTION": "a function",
}  # fmt: skip


@lru_cache(maxsize=256)
def parse(text: str) -> ast.Query:
    """The tree of a query.

    Raises CypherSyntaxError, with the position, where the text is none; CypherUnsupported for what
    is known to be legal but not read here.
    """
    if len(text) > LONGEST_QUERY:
        raise CypherSyntaxError(
            f"the query has {len(text):,} characters, and none has more than {LONGEST_QUERY:,}; "
            "give values as parameters"
        )
    text = blank_options(text)
    if not text.strip():
        raise CypherSyntaxError("the query is empty")
    try:
        query: ast.Query = get_parser().parse(text)  # type: ignore[assignment]
    except UnexpectedToken as error:
        raise _explain_unexpected(text, error) from None
    return query


def _explain_unexpected(text: str, error: UnexpectedToken) -> CypherSyntaxError:
    token = error.token
    detail = "UnexpectedSyntax"
    if token.type == "$END":
        said = "the query ends too early"
        position = None
    else:
        said = f"{shorten(str(token.value))} can't stand here"
        position = ast.Position(token.start_pos or 0, token.line or 1, token.column or 1)
        if _is_in_relationship(text[: token.start_pos or 0]) and token.type in ("DOTDOT", "MINUS"):
            detail = "InvalidRelationshipPattern"
    expected = sorted({_NAMES.get(name, name) for name in error.accepts or error.expected})
    meant = suggest_correction(text, token.start_pos or 0, str(token.value))
    if meant is not None:
        said += f"; {meant}"
    elif 0 < len(expected) <= 6:
        said += f"; expected {', '.join(expected)}"
    return CypherSyntaxError(said, detail=detail, position=position)


def _is_in_relationship(before: str) -> bool:
    """Whether a text ends inside the square brackets of a relationship."""
    opening = before.rfind("[")
    return opening > before.rfind("]") and before[:opening].rstrip().endswith("-")
