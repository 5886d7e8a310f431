"""What may stand before a query: EXPLAIN and PROFILE, and options that are Neo4j's own.

Nothing is imported here that a store without the evaluator would not need.
"""

from __future__ import annotations

import re
from typing import Literal

from lineage.opencypher.errors import CypherSyntaxError, Position

# White space and comments, of which any number may stand between two tokens.
SPACE = r"[\s\u180e\u200b]+|//[^\n]*|/\*.*?\*/"
_SPACE = re.compile(SPACE, re.DOTALL)
_WORD = re.compile(r"[^\W\d]\w*")
_VERSION = re.compile(r"\d+(?:\.\d+)?")

# What a query is asked for instead of its rows alone.
PlanWord = Literal["EXPLAIN", "PROFILE"]
_PLAN_WORDS: dict[str, PlanWord] = {"EXPLAIN": "EXPLAIN", "PROFILE": "PROFILE"}


def split_prefix(text: str) -> tuple[PlanWord | None, str]:
    """Split EXPLAIN or PROFILE, if there is one, from the query behind it.

    Spaces stand where the word was, so that every place in the text stays what it is. Raises
    CypherSyntaxError where there are two such words.
    """
    asked: PlanWord | None = None
    at = _skip_space(text, 0)
    while (found := _WORD.match(text, at)) is not None:
        word = found[0].upper()
        if word == "CYPHER":
            at = _skip_options(text, _skip_space(text, found.end()))
            continue
        if word not in _PLAN_WORDS:
            break
        if asked is not None:
            raise CypherSyntaxError(
                f"{word} can't stand here: the query is asked for its plan once already",
                position=_locate(text, at),
            )
        asked = _PLAN_WORDS[word]
        text = f"{text[:at]}{' ' * len(word)}{text[found.end() :]}"
        at = _skip_space(text, found.end())
    return asked, text


def blank_options(text: str) -> str:
    """Put spaces where `CYPHER 25 runtime = slotted` stands before a query."""
    at = _skip_space(text, 0)
    found = _WORD.match(text, at)
    if found is None or found[0].upper() != "CYPHER":
        return text
    end = _skip_options(text, _skip_space(text, found.end()))
    blank = "".join("\n" if letter == "\n" else " " for letter in text[at:end])
    return text[:at] + blank + text[end:]


def _skip_space(text: str, at: int) -> int:
    while (found := _SPACE.match(text, at)) is not None:
        at = found.end()
    return at


def _skip_options(text: str, at: int) -> int:
    """Behind `5 runtime = slotted`, say."""
    version = _VERSION.match(text, at)
    if version is not None:
        at = _skip_space(text, version.end())
    while (name := _WORD.match(text, at)) is not None:
        equals = _skip_space(text, name.end())
        if text[equals : equals + 1] != "=":
            break
        value = _WORD.match(text, _skip_space(text, equals + 1))
        if value is None:
            break
        at = _skip_space(text, value.end())
    return at


def _locate(text: str, at: int) -> Position:
    line = text.count("\n", 0, at) + 1
    return Position(at, line, at - text.rfind("\n", 0, at))
