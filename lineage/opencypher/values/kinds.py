"""The kinds of values: their names, and the base of the temporal ones."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from lineage.opencypher.values.entities import Node, Path, Relationship, Value


class Temporal(ABC):
    """Base of the temporal values. Equal, and hashable, by value.

    `kind` is one of "ZONED DATETIME", "LOCAL DATETIME", "DATE", "ZONED TIME", "LOCAL TIME",
    "DURATION". Values of one kind are ordered by `order_key`; durations are ordered (ORDER BY,
    min, max) but not comparable (`<` is null): `comparable` says so.
    """

    __slots__ = ()
    kind: ClassVar[str]
    comparable: ClassVar[bool] = True

    @abstractmethod
    def order_key(self) -> Any:
        """What sorts values of this kind."""

    @abstractmethod
    def component(self, name: str) -> Value:
        """`value.name`: year, epochMillis, timezone …

        Raises CypherTypeError where there is no such component.
        """


def kind_of(value: Value) -> str:
    """The name of a value's kind, for messages: Null, Boolean, Integer, Float, String, List, Map,
    Node, Relationship, Path, ByteArray, or a temporal kind."""
    if isinstance(value, Temporal):
        return value.kind.title().replace(" ", "")
    return _KINDS.get(type(value), type(value).__name__)


_KINDS: dict[type, str] = {
    type(None): "Null",
    bool: "Boolean",
    int: "Integer",
    float: "Float",
    str: "String",
    list: "List",
    dict: "Map",
    Node: "Node",
    Relationship: "Relationship",
    Path: "Path",
    bytes: "ByteArray",
}


def is_number(value: Value) -> bool:
    """An integer or a float; a boolean is no number."""
    return value.__class__ is int or value.__class__ is float
