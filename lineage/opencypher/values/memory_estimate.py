"""What the values of a query weigh, so that what piles up can be bounded, whoever answers.

The unit is a number in a row, for which 500 bytes with the row around it are reckoned.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from lineage.errors import QueryStopped

# What a query may hold, and what an answer may have: 2 GB, so reckoned.
MOST = 4_000_000
# So many characters, or bytes, weigh as much as a number.
TEXT_A_VALUE = 100
_TEXTS = frozenset({str, bytes, bytearray})
_LIGHT = frozenset({int, float, bool, type(None)})
# A node or relationship with its small properties.
_ENTITY = 4


def weigh(value: Any) -> int:
    """Of a value with all that is in it. What is no plain value may have a `weigh` of its own."""
    mine = value.__class__
    if mine is int or mine is float or mine is bool or value is None:
        return 1
    if mine is list:
        return 1 + sum(map(weigh, value))
    if mine is dict:
        return 1 + sum(map(weigh, value.values()))
    if mine in _TEXTS:
        return weigh_alone(value)
    return int(getattr(value, "weight", 1))


def weigh_nested(value: Any, depth: int) -> int:
    """As `weigh`, of what is put into a list or map. Raises QueryStopped beyond a depth."""
    mine = value.__class__
    if mine is not list and mine is not dict:
        return weigh(value)
    if not depth:
        raise QueryStopped(
            "the query would put lists or maps into each other too deep; keep them side by side"
        )
    items = value if mine is list else value.values()
    return 1 + sum([weigh_nested(item, depth - 1) for item in items])


def weigh_alone(value: Any) -> int:
    """Of a value alone, without what a list or a map has in it."""
    return 1 + len(value) // TEXT_A_VALUE if value.__class__ in _TEXTS else 1


def weigh_row(values: Collection[Any]) -> int:
    """Of a row: as one value, and its texts, lists and maps as far as they weigh more."""
    return 1 + _weigh_rest(values)


def weigh_entity(properties: Mapping[str, Any]) -> int:
    """Of a node or relationship with its properties."""
    return _ENTITY + _weigh_rest(properties.values())


def _weigh_rest(values: Iterable[Any]) -> int:
    # Most values weigh 1, and rows are many: no call for those.
    return sum(
        [
            weigh(value) - 1
            for value in values
            if value.__class__ not in _LIGHT
            and (value.__class__ is not str or len(value) >= TEXT_A_VALUE)
        ]
    )


class MemoryMeter:
    """The values of an answer so far."""

    __slots__ = ("_weight",)

    def __init__(self) -> None:
        self._weight = 0

    def add(self, weight: int) -> None:
        """So much more. Raises QueryStopped when it is too much."""
        self._weight += weight
        if self._weight > MOST:
            raise QueryStopped(
                f"the answer would have more than {MOST:,} values (a text counts as one for each "
                f"{TEXT_A_VALUE} characters); narrow it, or give a limit"
            )
