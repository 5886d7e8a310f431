"""LIKE patterns."""

from __future__ import annotations

import re

from lineage.filters.tree import Wildcard

Pattern = tuple[str | Wildcard, ...]
_WILD = {wildcard.value: wildcard for wildcard in Wildcard}


def parse_pattern(text: str, escape: str | None = "\\") -> Pattern:
    """The pieces of a pattern. Raises ValueError where it ends in the escape character."""
    pieces: list[str | Wildcard] = []
    literal = ""
    characters = iter(text)
    for character in characters:
        wild = _WILD.get(character)
        if character == escape:
            following = next(characters, None)
            if following is None:
                raise ValueError(f"the pattern ends in {character!r}, which escapes nothing")
            literal += following
        elif wild is None:
            literal += character
        else:
            if literal:
                pieces.append(literal)
                literal = ""
            # %% is no more than %.
            if not (wild is Wildcard.ANY and pieces and pieces[-1] is Wildcard.ANY):
                pieces.append(wild)
    return (*pieces, literal) if literal else tuple(pieces)


def write_pattern(pieces: Pattern, *, any: str, one: str, escape: dict[str, str]) -> str:
    """The pattern in another language of wildcards; `escape` says how each character is."""
    table = str.maketrans(escape)
    words = {Wildcard.ANY: any, Wildcard.ONE: one}
    return "".join(words[p] if isinstance(p, Wildcard) else p.translate(table) for p in pieces)


def regular_expression(pieces: Pattern) -> str:
    """The pattern as a regular expression, the same in Python and Java, for a match of the whole.

    Each stretch between two % takes its first match for good, which is right for such patterns
    and keeps the work linear: a pattern of many % can't explode.
    """
    stretches = [""]
    for piece in pieces:
        if piece is Wildcard.ANY:
            stretches.append("")
        else:
            stretches[-1] += "." if piece is Wildcard.ONE else re.escape(str(piece))
    first, *later = stretches
    if not later:
        return f"(?s){first}"
    *middle, last = later
    return "(?s)" + first + "".join(f"(?>.*?{m})" for m in middle) + f".*{last}"


def split_plain(pieces: Pattern) -> tuple[str, str] | None:
    """What the pattern comes to where it is no more than that: how and which text.

    `is`, `starts`, `ends`, `contains`, or None.
    """
    words = [p for p in pieces if isinstance(p, str)]
    if len(words) > 1 or Wildcard.ONE in pieces:
        return None
    text = words[0] if words else ""
    if not pieces or pieces == (text,):
        return "is", text
    if pieces[0] is not Wildcard.ANY:
        return "starts", text
    return ("contains" if pieces[-1] is Wildcard.ANY else "ends"), text
