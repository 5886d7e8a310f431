"""How values compare: equality, equivalence and order, and the logic of three values.

Three relations are told apart, as in the openCypher specification (CIP2016-06-14):
equality (`equal`, three-valued: null and NaN equal nothing), equivalence (`identity_key`: for
DISTINCT, grouping and sets, where null is null and NaN is NaN), and order (`order_key`: total, for
ORDER BY, min and max; `less` is comparability, three-valued, for `<`).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import Any

from lineage.opencypher.values.entities import Node, Path, Relationship, Value
from lineage.opencypher.values.kinds import Temporal, is_number


def equal(left: Value, right: Value) -> bool | None:
    """`left = right`: True, False, or None where a null decides."""
    if left is None or right is None:
        return None
    if left.__class__ is not right.__class__:
        if is_number(left) and is_number(right):
            return bool(left == right)
        return False
    if left.__class__ is list:
        return _all_equal(left, right)
    if left.__class__ is dict:
        if left.keys() != right.keys():
            return False
        return _all_equal([left[key] for key in left], [right[key] for key in left])
    return bool(left == right)


def _all_equal(left: Sequence[Value], right: Sequence[Value]) -> bool | None:
    if len(left) != len(right):
        return False
    answer: bool | None = True
    for mine, theirs in zip(left, right, strict=True):
        same = equal(mine, theirs)
        if same is False:
            return False
        if same is None:
            answer = None
    return answer


def less(left: Value, right: Value, *, or_equal: bool = False) -> bool | None:
    """`left < right` (or `<=`): None where they can't be compared."""
    if left is None or right is None:
        return None
    mine, theirs = left.__class__, right.__class__
    if is_number(left) and is_number(right):
        # NaN compares as false with numbers, as in IEEE 754.
        return bool(left <= right if or_equal else left < right)
    if mine is not theirs:
        return None
    if mine is str or mine is bool:
        return bool(left <= right if or_equal else left < right)
    if isinstance(left, Temporal):
        if not left.comparable:
            return None
        return bool(
            left.order_key() <= right.order_key()
            if or_equal
            else left.order_key() < right.order_key()
        )
    if mine is list:
        for one, other in zip(left, right, strict=False):
            same = equal(one, other)
            if same is None:
                return None
            if not same:
                return less(one, other)
        return bool(len(left) <= len(right) if or_equal else len(left) < len(right))
    if or_equal and equal(left, right):
        return True
    return None


def identity_key(value: Value) -> Hashable:
    """A hashable that is equal for two values exactly if they are the same to DISTINCT.

    1 and 1.0 are the same; null is null; NaN is NaN.
    """
    mine = value.__class__
    if mine is str or mine is int or value is None or mine is Node or mine is Relationship:
        return value  # type: ignore[no-any-return]
    if mine is float:
        return (float, "NaN") if math.isnan(value) else value
    if mine is bool:
        return bool, value
    if mine is list:
        return list, tuple(map(identity_key, value))
    if mine is dict:
        return dict, frozenset((key, identity_key(inner)) for key, inner in value.items())
    return value  # type: ignore[no-any-return]


_TEMPORAL_ORDER = {
    kind: place
    for place, kind in enumerate(
        ("ZONED DATETIME", "LOCAL DATETIME", "DATE", "ZONED TIME", "LOCAL TIME", "DURATION"), 5
    )
}


def order_key(value: Value) -> Any:
    """Sorts any values, ascending: maps, nodes, relationships, lists, paths, temporal values,
    strings, booleans, numbers (NaN last), nulls."""
    mine = value.__class__
    if mine is int:
        return 13, 0, value
    if mine is str:
        return 11, value
    if value is None:
        return (14,)
    if mine is float:
        return (13, 1) if math.isnan(value) else (13, 0, value)
    if mine is bool:
        return 12, value
    if mine is list:
        # The key of a shorter list that is a prefix is smaller, as tuples are.
        return 3, tuple(map(order_key, value))
    if mine is dict:
        names = sorted(value)
        return 0, len(names), tuple(names), tuple(order_key(value[name]) for name in names)
    if mine is Node:
        return 1, value.id
    if mine is Relationship:
        return 2, value.id
    if mine is Path:
        return 4, tuple(node.id for node in value.nodes), tuple(r.id for r in value.relationships)
    if isinstance(value, Temporal):
        return _TEMPORAL_ORDER[value.kind], value.order_key()
    if mine is bytes:
        return 3.5, value
    raise TypeError(f"no order for {mine.__name__}")


def and_(left: bool | None, right: bool | None) -> bool | None:
    """Three-valued AND."""
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def or_(left: bool | None, right: bool | None) -> bool | None:
    """Three-valued OR."""
    if left is True or right is True:
        return True
    return None if left is None or right is None else False


def xor(left: bool | None, right: bool | None) -> bool | None:
    """Three-valued XOR."""
    return None if left is None or right is None else left is not right


def not_(value: bool | None) -> bool | None:
    """Three-valued NOT."""
    return None if value is None else not value
