"""Nodes found by a property that no index has: hashed once, looked up for each row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator

from lineage.opencypher.execution.operators import ExecutionContext
from lineage.opencypher.values.comparison import identity_key
from lineage.opencypher.values.entities import Keys, Node, Value

Row = dict[str, Value]
Rows = Iterable[Row]

# What is hashed is kept until the query ends. Where there are more nodes, each row scans them.
_MOST_NODES = 250_000


class ValueHashJoin:
    """Candidates for a node of which one property equals a value of the row.

    Nodes that are equal have the same hash; whether they are equal is decided by the predicate
    that follows. The first row scans: there may be no other.
    """

    def __init__(
        self,
        context: ExecutionContext,
        name: str,
        label: str | None,
        key: str,
        value_of: Callable[[Row], Value],
        keys: Keys,
    ) -> None:
        self._graph, self._budget = context.graph, context.budget
        self._name, self._label, self._key = name, label, key
        self._value_of = value_of
        self._keys = keys if keys is None else keys | {key}
        self._found: dict[Hashable, list[Node]] | None = None
        self._seen_rows = 0

    def rows(self, rows: Rows) -> Iterator[Row]:
        """Each row with each candidate."""
        for row in rows:
            value = self._value_of(row)
            # What compares with null is not true.
            if value is None:
                continue
            self._seen_rows += 1
            for node in self._candidates(value):
                self._budget.step()
                yield {**row, self._name: node}

    def _candidates(self, value: Value) -> Iterable[Node]:
        if self._seen_rows == 2:
            self._hash()
        if self._found is None:
            return self._graph.scan(self._label, self._keys)
        return self._found.get(identity_key(value), ())

    def _hash(self) -> None:
        found: defaultdict[Hashable, list[Node]] = defaultdict(list)
        for place, node in enumerate(self._graph.scan(self._label, self._keys)):
            if place == _MOST_NODES:
                self._budget.release(place)
                return
            value = node.get(self._key)
            self._budget.hold()
            if value is not None:
                found[identity_key(value)].append(node)
        self._found = found
