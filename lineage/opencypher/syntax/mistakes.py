"""What somebody may have meant who wrote what can't stand in a query."""

from __future__ import annotations

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
    if word in _MEANT:
        return _MEANT[word]
    if word in _KEYWORDS:
        return None
    # Of use only where something is wrong.
    from difflib import get_close_matches

    near = get_close_matches(word, _KEYWORDS, 1, 0.75)
    return f"did you mean {near[0]}?" if near else None
