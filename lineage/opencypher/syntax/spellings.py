"""Spellings of newer Cypher that mean what the grammar has another spelling for.

They are put into the grammar's own spelling before the tokens are classified: `n IS Table`,
`UNION DISTINCT`, `trim(BOTH ' ' FROM s)`, `1_000_000`. Hints to a planner are passed over. What
has no other spelling here is refused by its name.
"""

from __future__ import annotations

from collections.abc import Callable

from lark import Token

from lineage.opencypher.errors import CypherUnsupported, Position

_ENDS = frozenset({"NAME", "QUOTED", "RPAR", "RBRACK", "RBRACE", "PARAMETER"})
# What IS asks otherwise than for a label.
_OTHER_TESTS = frozenset({"NULL", "NOT", "NORMALIZED", "NFC", "NFD", "NFKC", "NFKD", "TYPED"})
_TRIMS = {"BOTH": "btrim", "LEADING": "ltrim", "TRAILING": "rtrim"}
_HINTED = frozenset({"INDEX", "SCAN", "JOIN", "TEXT", "RANGE", "POINT", "SEEK"})
_REFUSED = {
    ("REPEATABLE", "ELEMENTS"): "REPEATABLE ELEMENTS is",
    ("REPEATABLE", "ELEMENT"): "REPEATABLE ELEMENTS is",
}
_REFUSED_FIRST = {"FOR": "FOR is", "WHEN": "WHEN before a query is"}


def respell(tokens: list[Token], locate: Callable[[int], Position]) -> list[Token]:
    """Return tokens as the grammar spells them; `locate` tells the place of a character.

    Raises CypherUnsupported for a spelling that means what is not run here.
    """
    if tokens and (first := _word(tokens, 0)) in _REFUSED_FIRST and _begins_clause(tokens):
        raise CypherUnsupported(_REFUSED_FIRST[first], position=locate(tokens[0].start_pos or 0))
    made: list[Token] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        word = _word(tokens, at)
        pair = word, _word(tokens, at + 1)
        before = made[-1] if made else None
        if pair in _REFUSED and before is not None and before.value.upper() == "MATCH":
            raise CypherUnsupported(_REFUSED[pair], position=locate(token.start_pos or 0))
        if pair[0] == "DIFFERENT" and pair[1].startswith("RELATIONSHIP"):
            # As it is without.
            at += 2
        elif word == "USING" and pair[1] in _HINTED:
            at = _after_hint(tokens, at)
        elif word == "UNION" and pair[1] == "DISTINCT":
            made.append(token)
            at += 2
        elif word == "IS" and _asks_label(tokens, at, before):
            made.append(_same_place(token, "COLON", ":"))
            at += 2 if pair[1] == "LABELED" else 1
        elif word == "TRIM" and _word(tokens, at + 2) in _TRIMS and _closing(tokens, at + 1):
            made += _respell_trim(tokens, at)
            at = _closing(tokens, at + 1) + 1
        elif token.type in ("INTEGER", "FLOAT") and _is_grouped(token.value):
            made.append(_same_place(token, token.type, token.value.replace("_", "")))
            at += 1
        else:
            made.append(token)
            at += 1
    return made


def _word(tokens: list[Token], at: int) -> str:
    if 0 <= at < len(tokens) and tokens[at].type == "NAME":
        return str(tokens[at].value).upper()
    return ""


def _begins_clause(tokens: list[Token]) -> bool:
    return len(tokens) > 1 and tokens[1].type != "EQ"


def _same_place(token: Token, type: str, value: str) -> Token:
    return Token(type, value, start_pos=token.start_pos, end_pos=token.end_pos)


def _is_grouped(digits: str) -> bool:
    """Whether single underscores part the digits of a decimal number."""
    return "_" in digits and all(
        part.isascii() and part.replace(".", "", 1).isdigit() for part in digits.split("_")
    )


def _asks_label(tokens: list[Token], at: int, before: Token | None) -> bool:
    if before is None or before.type not in (*_ENDS, "LPAR"):
        return False
    following = tokens[at + 1] if at + 1 < len(tokens) else None
    if following is None or _word(tokens, at + 1) in _OTHER_TESTS:
        return False
    return following.type in ("NAME", "QUOTED", "PERCENT", "BANG")


def _closing(tokens: list[Token], opening: int) -> int:
    """The place of the bracket that closes one; 0 where there is none."""
    depth = 0
    for at in range(opening, len(tokens)):
        depth += (tokens[at].type == "LPAR") - (tokens[at].type == "RPAR")
        if not depth:
            return at
    return 0


def _respell_trim(tokens: list[Token], at: int) -> list[Token]:
    """`trim(BOTH c FROM s)` as `btrim(s, c)`."""
    close, depth, parted = _closing(tokens, at + 1), 0, 0
    for place in range(at + 2, close):
        depth += (tokens[place].type in ("LPAR", "LBRACK", "LBRACE")) - (
            tokens[place].type in ("RPAR", "RBRACK", "RBRACE")
        )
        if not depth and _word(tokens, place) == "FROM":
            parted = place
    if not parted:
        return tokens[at : close + 1]
    name = _same_place(tokens[at], "NAME", _TRIMS[_word(tokens, at + 2)])
    characters = tokens[at + 3 : parted]
    comma = [_same_place(tokens[parted], "COMMA", ",")] if characters else []
    inside = [*tokens[parted + 1 : close], *comma, *characters]
    return [name, tokens[at + 1], *inside, tokens[close]]


def _after_hint(tokens: list[Token], at: int) -> int:
    """Behind `USING INDEX n:Label(key)`, `USING SCAN n:Label` or `USING JOIN ON n, m`."""
    at += 1
    joins = _word(tokens, at) == "JOIN"
    while _word(tokens, at) in _HINTED or _word(tokens, at) == "ON":
        at += 1
    at += 1
    while joins and at + 1 < len(tokens) and tokens[at].type == "COMMA":
        at += 2
    if at < len(tokens) and tokens[at].type == "COLON":
        at += 2
    if not joins and at < len(tokens) and tokens[at].type == "LPAR":
        at = _closing(tokens, at) + 1 or len(tokens)
    return at
