"""`x IN list`, where the same list is asked again and again: by a set of its items."""

from __future__ import annotations

from collections.abc import Hashable

from lineage.opencypher.values.budget import Budget
from lineage.opencypher.values.comparison import identity_key
from lineage.opencypher.values.entities import Node, Relationship, Value
from lineage.opencypher.values.kinds import Temporal
from lineage.opencypher.values.operations import is_in

# Of these, two are equal exactly if they are identical, but for NaN, which equals nothing.
_PLAIN = frozenset({int, str, float, bool, Node, Relationship, type(None)})
# A shorter list is looked through as fast.
_SHORT = 8


class ListMembership:
    """One IN of a query. A list that comes twice in a row gets a set of its items."""

    __slots__ = ("_budget", "_has_null", "_items", "_known", "_plain")

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._items: Value = None
        self._known: set[Hashable] | None = None
        self._has_null = False
        self._plain = True

    def is_in(self, item: Value, items: Value) -> bool | None:
        """Answer as three-valued IN does: null where a null may be the item."""
        if items.__class__ is not list or len(items) < _SHORT or not _is_plain(item):
            return is_in(self._budget, item, items)
        if items is not self._items:
            self._forget()
            # Kept, so that no other list can be taken for it.
            self._items = items
            return is_in(self._budget, item, items)
        if self._known is None and self._plain:
            self._learn(items)
        if self._known is None:
            return is_in(self._budget, item, items)
        self._budget.step()
        if item is None:
            return None
        if item == item and identity_key(item) in self._known:
            return True
        return None if self._has_null else False

    def _learn(self, items: list[Value]) -> None:
        self._plain = all(map(_is_plain, items))
        if self._plain:
            self._budget.hold(len(items))
            self._known = set(map(identity_key, items))
            self._has_null = None in self._known

    def _forget(self) -> None:
        if self._known is not None:
            self._budget.release(len(self._items))
            self._known = None
        self._plain = True


def _is_plain(value: Value) -> bool:
    return value.__class__ in _PLAIN or isinstance(value, Temporal)
