"""Functions of text. A character is a Unicode code point."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Literal

from lineage.opencypher.errors import CypherArgumentError, CypherTypeError, shorten
from lineage.opencypher.functions.registry import Context, function
from lineage.opencypher.values.budget import LONGEST_TEXT
from lineage.opencypher.values.entities import Value
from lineage.opencypher.values.kinds import kind_of
from lineage.opencypher.values.normal_forms import check_normalizable

_TEXT = frozenset({"string"})
_Form = Literal["NFC", "NFD", "NFKC", "NFKD"]
_FORMS: dict[str, _Form] = {"NFC": "NFC", "NFD": "NFD", "NFKC": "NFKC", "NFKD": "NFKD"}
# No letter becomes more than so many in the other case.
_MOST_OF_CASE = 3
_COUNT = frozenset({"integer"})
# White space as Java has it: not the spaces that forbid a line break, but the four separators.
_WHITE = "".join(
    chr(code)
    for code in (*range(0x09, 0x0E), *range(0x1C, 0x20), *range(0x20, 0x3001))
    if code < 0x20
    or (
        unicodedata.category(chr(code)) in ("Zs", "Zl", "Zp") and code not in (0xA0, 0x2007, 0x202F)
    )
)


def text(value: Value, name: str) -> str:
    """The argument as text; raises CypherTypeError where it is none."""
    if not isinstance(value, str):
        raise CypherTypeError(f"{name}() takes a string, not a {kind_of(value)}")
    return value


def integer(value: Value, name: str) -> int:
    """The argument as an integer; raises CypherTypeError where it is none."""
    if value.__class__ is not int:
        raise CypherTypeError(f"{name}() takes an integer, not a {kind_of(value)}")
    return int(value)


def _count(value: Value, name: str) -> int:
    number = integer(value, name)
    if number < 0:
        raise CypherArgumentError(f"{name}() takes no negative start or length, not {number}")
    return number


def _change_case(context: Context, whole: str, change: Callable[[str], str]) -> str:
    if len(whole) > LONGEST_TEXT // _MOST_OF_CASE:
        longest = max(len(change(letter)) for letter in set(whole))
        context.budget.make_text(len(whole) * longest)
    return change(whole)


@function("toUpper", 1, accepts=(_TEXT,))
@function("upper", 1, accepts=(_TEXT,))
def to_upper(context: Context, value: Value) -> Value:
    """`toUpper('ß')` is 'SS'."""
    return _change_case(context, text(value, "toUpper"), str.upper)


@function("toLower", 1, accepts=(_TEXT,))
@function("lower", 1, accepts=(_TEXT,))
def to_lower(context: Context, value: Value) -> Value:
    """In small letters."""
    return _change_case(context, text(value, "toLower"), str.lower)


@function("trim", 1, 2, accepts=(_TEXT, _TEXT))
@function("btrim", 1, 2, accepts=(_TEXT, _TEXT))
def trim(context: Context, value: Value, characters: Value = _WHITE) -> Value:
    """Without these characters (white space) at both ends."""
    return text(value, "trim").strip(text(characters, "trim"))


@function("ltrim", 1, 2, accepts=(_TEXT, _TEXT))
def ltrim(context: Context, value: Value, characters: Value = _WHITE) -> Value:
    """Without these characters (white space) at the start."""
    return text(value, "ltrim").lstrip(text(characters, "ltrim"))


@function("rtrim", 1, 2, accepts=(_TEXT, _TEXT))
def rtrim(context: Context, value: Value, characters: Value = _WHITE) -> Value:
    """Without these characters (white space) at the end."""
    return text(value, "rtrim").rstrip(text(characters, "rtrim"))


@function("substring", 2, 3, accepts=(_TEXT, _COUNT, _COUNT))
def substring(context: Context, value: Value, start: Value, length: Value = None) -> Value:
    """From a position, counted from 0, to the end or so far."""
    whole, first = text(value, "substring"), _count(start, "substring")
    return whole[first:] if length is None else whole[first : first + _count(length, "substring")]


@function("left", 2, accepts=(_TEXT, _COUNT))
def left(context: Context, value: Value, length: Value) -> Value:
    """The first characters."""
    return text(value, "left")[: _count(length, "left")]


@function("right", 2, accepts=(_TEXT, _COUNT))
def right(context: Context, value: Value, length: Value) -> Value:
    """The last characters."""
    whole = text(value, "right")
    return whole[max(0, len(whole) - _count(length, "right")) :]


@function("replace", 3, accepts=(_TEXT, _TEXT, _TEXT))
def replace(context: Context, value: Value, search: Value, replacement: Value) -> Value:
    """Every occurrence; an empty search is found between all characters."""
    whole, old = text(value, "replace"), text(search, "replace")
    new = text(replacement, "replace")
    more = whole.count(old) * max(0, len(new) - len(old))
    context.budget.make(more // 64)
    if more:
        context.budget.make_text(len(whole) + more)
    return whole.replace(old, new)


@function("split", 2, accepts=(_TEXT, frozenset({"string", "list"})))
def split(context: Context, value: Value, delimiters: Value) -> Value:
    """The parts between the delimiters: one, or a list of them. An empty one parts all."""
    whole = text(value, "split")
    said = delimiters if isinstance(delimiters, list) else [delimiters]
    parts = [whole]
    for delimiter in said:
        mark = text(delimiter, "split")
        context.budget.make(sum(part.count(mark) + 1 for part in parts))
        parts = [
            piece
            for part in parts
            for piece in (part.split(mark) if mark else (list(part) or [""]))
        ]
    return parts


@function("char_length", 1, accepts=(_TEXT,))
@function("character_length", 1, accepts=(_TEXT,))
def character_length(context: Context, value: Value) -> Value:
    """How many characters."""
    return len(text(value, "character_length"))


@function("normalize", 1, 2, accepts=(_TEXT, _TEXT))
def normalize(context: Context, value: Value, form: Value = "NFC") -> Value:
    """The Unicode normal form NFC, NFD, NFKC or NFKD."""
    whole = text(value, "normalize")
    named = _FORMS.get(text(form, "normalize").upper())
    if named is None:
        raise CypherArgumentError(
            f"normalize() knows NFC, NFD, NFKC and NFKD, not {shorten(text(form, 'normalize'))}"
        )
    check_normalizable(context.budget, whole)
    # A character becomes as many as it does alone, at most.
    longest = max((len(unicodedata.normalize(named, one)) for one in set(whole)), default=0)
    if longest > 1:
        context.budget.make_text(len(whole) * longest)
    return unicodedata.normalize(named, whole)
