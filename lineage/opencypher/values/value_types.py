"""Whether a value is of one of the types of `x IS :: INTEGER NOT NULL`.

null is of every type that is not NOT NULL; a list is of LIST<T> if all its items are of T; ANY
takes all, NOTHING takes none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lineage.opencypher.syntax.type_names import ValueType
from lineage.opencypher.values.entities import Node, Path, Relationship, Value
from lineage.opencypher.values.kinds import Temporal


def _has_class(*classes: type) -> Callable[[Value], bool]:
    return lambda value: value.__class__ in classes


def _is_temporal(kind: str) -> Callable[[Value], bool]:
    return lambda value: isinstance(value, Temporal) and value.kind == kind


def _is_storable(value: Value) -> bool:
    if value.__class__ is list:
        kinds = {item.__class__ for item in value}
        return len(kinds) < 2 and all(not isinstance(i, list) and _is_storable(i) for i in value)
    return value.__class__ in (bool, int, float, str, bytes) or isinstance(value, Temporal)


_TESTS: Mapping[str, Callable[[Value], bool]] = {
    "ANY": lambda value: True,
    "NOTHING": lambda value: False,
    "NULL": lambda value: False,
    "BOOLEAN": _has_class(bool),
    "STRING": _has_class(str),
    "INTEGER": _has_class(int),
    "FLOAT": _has_class(float),
    "MAP": _has_class(dict),
    "NODE": _has_class(Node),
    "RELATIONSHIP": _has_class(Relationship),
    "PATH": lambda value: isinstance(value, Path),
    "POINT": lambda value: False,
    "PROPERTY VALUE": _is_storable,
    **{
        kind: _is_temporal(kind)
        for kind in (
            "DATE", "LOCAL TIME", "ZONED TIME", "LOCAL DATETIME", "ZONED DATETIME", "DURATION",
        )
    },
}  # fmt: skip


def is_of_type(value: Any, type: ValueType) -> bool:
    """Whether a value is of a type."""
    if type.name == "UNION":
        return any(is_of_type(value, option) for option in type.inner)
    if value is None:
        return type.nullable and type.name != "NOTHING"
    if type.name == "LIST":
        return value.__class__ is list and all(is_of_type(item, type.inner[0]) for item in value)
    return _TESTS[type.name](value)
