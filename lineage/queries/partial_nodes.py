"""What can be told of a stored node without its properties, and found by bounds: its own fields."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, cast

from lineage.filters.tree import Attribute, Comparison, Constant, Expression, Predicate, all_of
from lineage.model import Kind, Type
from lineage.model.fields import ALL_GIVEN_FIELDS, GIVEN_FIELDS, TIME_FIELDS
from lineage.model.values import INT64_MAX, INT64_MIN
from lineage.opencypher.values.entities import Value
from lineage.opencypher.values.graph import Bound
from lineage.ports.filters import Field

_OF_TYPE: Mapping[str, Callable[[Type], Value]] = {
    "type": lambda type: type.name,
    "type_id": lambda type: type.id,
    "type_version": lambda type: type.version,
}
# What is the same of all nodes of a type.
OF_TYPE = frozenset(_OF_TYPE)
_FIELDS = frozenset({*ALL_GIVEN_FIELDS, *TIME_FIELDS})
# The properties of artifacts, executions and contexts that are not of their types' making.
BRIEF = _FIELDS | OF_TYPE | {"id"}
_TEXTS = frozenset({"name", "uri"})
_NUMBERS = frozenset({"id", "created", "updated"})
# What nodes are found by, within bounds.
BOUNDED = _TEXTS | _NUMBERS | {"type", "state"}


class PartialNodes:
    """Makes the properties of nodes from rows of their fields; `keys` are those that are wanted."""

    def __init__(self, kind: Kind, keys: frozenset[str], types: Mapping[int, Type]) -> None:
        self.fields = cast(Sequence[Field], sorted(keys & _FIELDS))
        self._types = types
        self._of_type = {key: of for key, of in _OF_TYPE.items() if key in keys}
        self._id = "id" in keys
        self._state = "state" in keys
        lacking = frozenset(ALL_GIVEN_FIELDS).difference(GIVEN_FIELDS[kind])
        self._lacking = dict.fromkeys(lacking.intersection(keys))
        self._same: dict[int, dict[str, Value]] = {}

    def of(self, row: tuple[Any, ...]) -> Mapping[str, Value]:
        """The properties of the node of a row: its id, its type's, and `fields`."""
        type_id = row[1]
        same = self._same.get(type_id)
        if same is None:
            type = self._types[type_id]
            same = self._same[type_id] = {key: of(type) for key, of in self._of_type.items()}
        if not self.fields:
            return {**same, "id": row[0]} if self._id else same
        # Of a row, the fields stand behind an id and a type's id.
        made = {**same, **dict(zip(self.fields, row[2:], strict=True))}
        if self._id:
            made["id"] = row[0]
        if self._state:
            made["state"] = made["state"] or "UNKNOWN"
        return made | self._lacking


def find_types(
    types: Iterable[Type], kind: Kind, type_ids: list[int] | None, bounds: Sequence[Bound]
) -> list[int] | None:
    """The ids of the types that nodes within bounds may have; None for any."""
    names = [value for key, sign, value in bounds if key == "type" and sign == "="]
    if not names:
        return type_ids
    return [
        type.id
        for type in types
        if type.id is not None
        and type.kind is kind
        and (type_ids is None or type.id in type_ids)
        and all(type.name == name for name in names)
    ]


def find_state(bounds: Sequence[Bound]) -> str | None:
    """The state that nodes within bounds have; None where they may have several.

    UNKNOWN is a state that nobody gave, of which a store has no word.
    """
    for key, sign, value in bounds:
        if key == "state" and sign == "=" and isinstance(value, str) and value != "UNKNOWN":
            return value
    return None


def build_predicate(kind: Kind, bounds: Sequence[Bound]) -> Predicate | None:
    """Those bounds that a store can look for."""
    found = [
        condition
        for key, sign, value in bounds
        if _is_comparable(kind, key, value)
        for condition in _build_conditions(key, sign, value)
    ]
    return Predicate(kind, all_of(found)) if found else None


def _is_comparable(kind: Kind, key: str, value: Value) -> bool:
    """Whether a field of a kind can be compared with a value as Cypher compares them."""
    if key == "uri" and kind is not Kind.ARTIFACT:
        return False
    if key in _TEXTS:
        return isinstance(value, str) and _is_storable(value)
    if value.__class__ is int:
        return key in _NUMBERS and INT64_MIN <= value <= INT64_MAX
    return key in _NUMBERS and isinstance(value, float) and math.isfinite(value)


def _is_storable(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _build_conditions(key: str, sign: str, value: Value) -> Iterable[Expression]:
    of = Attribute(key)
    if sign != "STARTS WITH":
        operator = cast(Literal["=", "<", "<=", ">", ">="], sign)
        yield Comparison(operator, of, Constant(value))
        return
    yield Comparison(">=", of, Constant(value))
    after = _find_prefix_end(value)
    if after is not None:
        yield Comparison("<", of, Constant(after))


def _find_prefix_end(prefix: str) -> str | None:
    """The first text, by code points, after all that begin so; None where there is none."""
    rest = prefix.rstrip("\U0010ffff")
    if not rest:
        return None
    last = ord(rest[-1]) + 1
    # No text has a lone half of a pair.
    return rest[:-1] + chr(0xE000 if 0xD800 <= last <= 0xDFFF else last)
