"""What somebody may have meant who wrote what can't stand in a query."""

from __future__ import annotations

import re

# What people write who come from other languages.
_MEANT = {
    "==": "equality is =",
    "!=": "inequality is <>",
    "SELECT": "a query begins with MATCH, and ends with RETURN",
    "LIKE": "write CONTAINS, STARTS WITH, ENDS WITH or =~",
    "GROUP": "rows are grouped by the columns that hold no aggregate",
    "HAVING": "write WITH … WHERE",
    "WHERE": "it belongs to a MATCH or a WITH before it",
    "ORDER": "write ORDER BY",
    "OPTIONAL": "write OPTIONAL MATCH",
}
# What beginners of Cypher write: what stands before, the token, and what to write.
_IN_PLACE = tuple(
    (re.compile(before + r"\Z", re.IGNORECASE), re.compile(token + r"\Z"), meant)
    for before, token, meant in (
        (r"\bMATCH\s+\w+\s*", r"[^=(]+", "a node stands in round brackets: MATCH (n)"),
        (r"\bMATCH\s+", r"\[", "a node stands in round brackets: MATCH (n)"),
        (r"\)\s*<?-", r">", "an arrow between nodes is -->, or -[:TYPE]->"),
        (r"\)\s*-", r"\(", "a relationship between nodes is --, or -[:TYPE]-"),
        (r"-\s*>?\s*", r"\w+", "a node stands in round brackets: -->(m)"),
        (r"\{[^{}]*\b\w+\s*", r"=", "in braces write a colon: {name: 'x'}"),
        (r"\bAS\s+", r"['\"].*", "a name has no quotes, or backquotes: AS `name`"),
    )
)  # fmt: skip
_COLUMN = re.compile(r"\b(RETURN|WITH)\b[^{}\[\]]*[\w)]\s+\Z", re.IGNORECASE)
# What stands before is looked at no further back.
_NEAR = 200
_KEYWORDS = (
    "MATCH", "OPTIONAL", "WHERE", "RETURN", "WITH", "UNWIND", "ORDER", "SKIP", "LIMIT", "UNION",
    "CALL", "DISTINCT", "CONTAINS", "STARTS", "EXPLAIN", "PROFILE",
)  # fmt: skip


def suggest_correction(text: str, at: int, token: str) -> str | None:
    """A hint for the token there, or None."""
    word = token.upper()
    if text[max(at - 1, 0) : at + 1] == "==":
        word = "=="
    elif text[at : at + 2] == "!=":
        word = "!="
    near_text = text[max(0, at - _NEAR) : at]
    for before, tokens, meant in _IN_PLACE:
        if tokens.match(token) and before.search(near_text):
            return meant
    if word in _MEANT:
        return _MEANT[word]
    if word in _KEYWORDS:
        return None
    # Of use only where something is wrong.
    from difflib import get_close_matches

    near = get_close_matches(word, _KEYWORDS, 1, 0.75)
    if near:
        return f"did you mean {near[0]}?"
    if word.isidentifier() and _COLUMN.search(near_text):
        return "write AS before the name of a column"
    return None
