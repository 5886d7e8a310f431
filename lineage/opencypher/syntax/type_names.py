"""The types of `x IS :: INTEGER NOT NULL`: read from words, and whether a value is of one.

After Neo4j 5's value types: null is of every type that is not NOT NULL; a list is of LIST<T> if all
its items are of T; ANY takes all, NOTHING takes none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lineage.opencypher.errors import CypherSyntaxError

# The normal forms of texts.
FORMS = frozenset({"NFC", "NFD", "NFKC", "NFKD"})


@dataclass(frozen=True, slots=True)
class ValueType:
    """A type by its name; of LIST, what is in it; of a UNION, what it may be."""

    name: str
    nullable: bool = True
    inner: tuple[ValueType, ...] = ()


# Longest first: TIME WITH TIME ZONE before any TIME.
_NAMES: tuple[tuple[tuple[str, ...], str], ...] = tuple(
    sorted(
        (
            (tuple(name.split()), means)
            for means, names in {
                "ANY": ("ANY", "ANY VALUE"),
                "NOTHING": ("NOTHING",),
                "NULL": ("NULL",),
                "BOOLEAN": ("BOOLEAN", "BOOL"),
                "STRING": ("STRING", "VARCHAR"),
                "INTEGER": ("INTEGER", "INT", "SIGNED INTEGER"),
                "FLOAT": ("FLOAT",),
                "MAP": ("MAP", "ANY MAP"),
                "NODE": ("NODE", "ANY NODE", "VERTEX", "ANY VERTEX"),
                "RELATIONSHIP": ("RELATIONSHIP", "ANY RELATIONSHIP", "EDGE", "ANY EDGE"),
                "PATH": ("PATH", "PATHS"),
                "POINT": ("POINT",),
                "PROPERTY VALUE": ("PROPERTY VALUE", "ANY PROPERTY VALUE"),
                "DATE": ("DATE",),
                "LOCAL TIME": ("LOCAL TIME", "TIME WITHOUT TIMEZONE", "TIME WITHOUT TIME ZONE"),
                "ZONED TIME": ("ZONED TIME", "TIME WITH TIMEZONE", "TIME WITH TIME ZONE"),
                "LOCAL DATETIME": (
                    "LOCAL DATETIME", "TIMESTAMP WITHOUT TIMEZONE", "TIMESTAMP WITHOUT TIME ZONE",
                ),
                "ZONED DATETIME": (
                    "ZONED DATETIME", "TIMESTAMP WITH TIMEZONE", "TIMESTAMP WITH TIME ZONE",
                ),
                "DURATION": ("DURATION",),
            }.items()
            for name in names
        ),
        key=lambda named: -len(named[0]),
    )
)  # fmt: skip


def parse_type(text: str) -> ValueType:
    """The type that a text is, whole. Raises CypherSyntaxError."""
    words = re.findall(r"\w+|\S", text)
    found, taken = read_type(words)
    if taken < len(words):
        raise CypherSyntaxError(f"{text} is no type of a value")
    return found


def read_type(words: Sequence[str]) -> tuple[ValueType, int]:
    """The type that begins a text, given as its words and signs, and how many of them it takes.

    Raises CypherSyntaxError where none does.
    """
    found, taken = _read_one(words)
    options = [found]
    while words[taken : taken + 1] == ["|"]:
        other, more = _read_one(words[taken + 1 :])
        options.append(other)
        taken += 1 + more
    return (found if len(options) == 1 else ValueType("UNION", True, tuple(options))), taken


def _read_one(words: Sequence[str]) -> tuple[ValueType, int]:
    upper = [word.upper() for word in words[:4]]
    if upper[:1] in (["LIST"], ["ARRAY"]) and upper[1:2] == ["<"]:
        inner, taken = _read_inner(words)
        made = ValueType("LIST", True, (inner,))
    elif upper[:2] == ["ANY", "<"]:
        made, taken = _read_inner(words)
    elif upper[:3] == ["ANY", "VALUE", "<"]:
        made, taken = _read_inner(words[1:])
        taken += 1
    else:
        for name, means in _NAMES:
            if tuple(upper[: len(name)]) == name:
                made, taken = ValueType(means), len(name)
                break
        else:
            raise CypherSyntaxError(f"{' '.join(words[:1]) or 'nothing'} is no type of a value")
    return _read_suffix(made, taken, words)


def _read_suffix(made: ValueType, taken: int, words: Sequence[str]) -> tuple[ValueType, int]:
    """NOT NULL, and LIST, which makes a list of what stands before it."""
    while True:
        upper = [word.upper() for word in words[taken : taken + 2]]
        if upper == ["NOT", "NULL"]:
            made = ValueType(made.name, False, made.inner)
            taken += 2
        elif upper[:1] in (["LIST"], ["ARRAY"]):
            made = ValueType("LIST", True, (made,))
            taken += 1
        else:
            return made, taken


def _read_inner(words: Sequence[str]) -> tuple[ValueType, int]:
    """What stands between `<` and `>`, which come after a word."""
    inner, taken = read_type(words[2:])
    if words[2 + taken : 3 + taken] != [">"]:
        raise CypherSyntaxError("a type of what is in a list ends with >")
    return inner, taken + 3


def format_type(type: ValueType) -> str:
    """A type as it is written."""
    if type.name == "UNION":
        return " | ".join(map(format_type, type.inner))
    text = f"LIST<{format_type(type.inner[0])}>" if type.name == "LIST" else type.name
    return text if type.nullable else f"{text} NOT NULL"
