"""The short form: `type=Model accuracy>0.9 context=churn name~run-*`, all of which must hold.

A term is a key, one of `= != < <= > >= ~`, and a value. The key is a field of the node (`type`,
`name`, `uri`, `state`, `created` …), `context` (for contexts, `parent` or `child`), or else a
property, declared or custom. `~` is for text: `*` is any text, `?` any one character, and a value
without either may stand anywhere in it; case doesn't count. A time is written as 2026-11-24.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lineage.errors import InvalidFilter, InvalidValue
from lineage.filters.fields import WORDS, Sort, fields_of
from lineage.filters.tree import (
    RELATIONS,
    Alias,
    Attribute,
    Comparison,
    Constant,
    Expression,
    Like,
    Predicate,
    Property,
    Relation,
    Wildcard,
    all_of,
    any_of,
)
from lineage.model import Kind, PropertyKind
from lineage.model.times import to_milliseconds
from lineage.model.values import INT64_MAX, INT64_MIN

_TERM = re.compile(r"(?P<key>[^=!<>~]+)(?P<sign><=|>=|!=|=|<|>|~)(?P<value>.*)\Z", re.DOTALL)
# `==`, and `=>0.9` or `>>0.9`: a value that begins so was meant otherwise.
_DOUBLED = re.compile(r"=|[<>]\s*[-+.\d]")
_WILD = {"*": Wildcard.ANY, "?": Wildcard.ONE}
_NEIGHBOURS = {
    Relation.CONTEXT: "context",
    Relation.PARENT: "parent",
    Relation.CHILD: "child",
}


def parse_terms(terms: Iterable[str], kind: Kind) -> Predicate | None:
    """The predicate that terms mean together; None where there are none. Raises InvalidFilter."""
    conditions = [_term(term, place, kind) for place, term in enumerate(terms)]
    return Predicate(kind, all_of(conditions)) if conditions else None


def _term(term: str, place: int, kind: Kind) -> Expression:
    found = _TERM.match(term)
    if found is None or "\x00" in term:
        raise InvalidFilter(
            f"{term!r} is no condition; write KEY=VALUE, or with != < <= > >= ~ for =, such as "
            "type=Model or 'accuracy>0.9'"
        )
    key, sign, value = found["key"].strip(), found["sign"], found["value"].strip()
    if sign != "~" and _DOUBLED.match(value):
        raise InvalidFilter(f"{term!r}: after {key} stands one of = != < <= > >= ~")
    if not value and sign in ("<", "<=", ">", ">="):
        raise InvalidFilter(f"{term!r}: after {sign} stands no value")
    for relation in RELATIONS[kind]:
        if key == _NEIGHBOURS.get(relation):
            # A term each, so that two contexts may be asked for.
            return _neighbour(Alias(relation, f"term{place}"), term, sign, value)
    field = fields_of(kind, None).get(key)
    if field is None:
        return _property(key, term, sign, value)
    operand = Attribute(field.field)
    if sign == "~":
        if field.sort is not Sort.STRING:
            raise InvalidFilter(f"{term!r}: {key} is {field.sort}; ~ is for text")
        return Like(operand, _glob(value), ignore_case=True)
    if field.sort in WORDS and sign not in ("=", "!="):
        raise InvalidFilter(f"{term!r}: {key} is {field.sort}; compare it with = or !=")
    return _compare(sign, operand, _constant(term, key, field.sort, value))


def _neighbour(alias: Alias, term: str, sign: str, value: str) -> Expression:
    name = Attribute("name", alias)
    if sign == "~":
        return Like(name, _glob(value), ignore_case=True)
    if sign != "=":
        raise InvalidFilter(f"{term!r}: a context is told by = or ~")
    type, colon, rest = value.partition(":")
    readings: list[Expression] = [Comparison("=", name, Constant(value))]
    if colon and type == "context" and rest.isdecimal() and int(rest) <= INT64_MAX:
        readings.append(Comparison("=", Attribute("id", alias), Constant(int(rest))))
    elif colon:
        of_type = Comparison("=", Attribute("type", alias), Constant(type))
        readings.append(all_of([of_type, Comparison("=", name, Constant(rest))]))
    return any_of(readings)


def _property(key: str, term: str, sign: str, value: str) -> Expression:
    """Any of the readings: declared or custom, a number or text."""
    kinds: list[tuple[PropertyKind, bool | int | float | str]] = []
    number = _number(value)
    if sign == "~":
        strings = [Property(key, custom, PropertyKind.STRING) for custom in (False, True)]
        return any_of([Like(string, _glob(value), ignore_case=True) for string in strings])
    if number is not None:
        kinds += [(PropertyKind.INT, number), (PropertyKind.DOUBLE, number)]
    if value in ("true", "false") and sign in ("=", "!="):
        kinds.append((PropertyKind.BOOL, value == "true"))
    if number is None or sign in ("=", "!="):
        kinds.append((PropertyKind.STRING, value))
    return any_of(
        [
            _compare(sign, Property(key, custom, kind), Constant(constant))
            for custom in (False, True)
            for kind, constant in kinds
        ]
    )


def _constant(term: str, key: str, sort: Sort, value: str) -> Constant:
    if sort in WORDS:
        word = value.upper()
        if word not in WORDS[sort]:
            raise InvalidFilter(f"{term!r}: {key} can be {', '.join(WORDS[sort])}")
        return Constant(word)
    if sort is Sort.STRING:
        return Constant(value)
    number = _number(value)
    if sort is Sort.TIME and not (isinstance(number, int) and len(value) > len("20261124")):
        try:
            return Constant(to_milliseconds(value))
        except InvalidValue as error:
            raise InvalidFilter(f"{term!r}: {error}") from None
    if number is None:
        raise InvalidFilter(f"{term!r}: {key} is a number")
    return Constant(number)


def _compare(sign: str, left: Expression, right: Expression) -> Expression:
    for known in ("=", "!=", "<", "<=", ">", ">="):
        if sign == known:
            return Comparison(known, left, right)
    raise AssertionError(sign)


def _number(text: str) -> int | float | None:
    if re.fullmatch(r"[+-]?\d+", text, re.ASCII) and INT64_MIN <= int(text) <= INT64_MAX:
        return int(text)
    if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text, re.ASCII):
        return float(text)
    return None


def _glob(text: str) -> tuple[str | Wildcard, ...]:
    pieces: list[str | Wildcard] = [
        _WILD.get(part, part) for part in re.split(r"([*?])", text) if part
    ]
    if not any(isinstance(piece, Wildcard) for piece in pieces):
        pieces = [Wildcard.ANY, *pieces, Wildcard.ANY]
    # ** is no more than *.
    return tuple(p for i, p in enumerate(pieces) if not (i and p is Wildcard.ANY is pieces[i - 1]))
