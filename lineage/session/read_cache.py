"""Keep what was read of one consistent state, so that it is not read again.

A question is made of parts, and the parts ask for the same things: the types, the events of a
model, the steps that made it. What a reader answered is kept for as long as its state is looked
at. Large answers are not kept: they are asked for once, and would only take room.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, cast

from lineage.model import Kind, Node
from lineage.ports.deadline import check_time
from lineage.ports.filters import Filter
from lineage.ports.reader import Reader

# The most ids that one call may ask for, or get, if its answer is to be kept.
MOST_KEPT = 1_000
# What answers about given ids answers nothing about none.
_OF_IDS = frozenset({"events", "neighbours", "contexts_of", "members_of", "parents_of"})


class _CachingReader:
    """A reader that answers from memory what it was asked before.

    Nodes are kept one by one, every other answer by the whole of what was asked.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._nodes: dict[tuple[Kind, int], Node | None] = {}
        self._answers: dict[Hashable, Any] = {}

    def nodes(self, kind: Kind, ids: Sequence[int]) -> list[Node]:
        """Return the nodes with these ids, in the order of the ids."""
        check_time()
        if len(ids) > MOST_KEPT:
            return self._reader.nodes(kind, ids)
        missing = [id for id in dict.fromkeys(ids) if (kind, id) not in self._nodes]
        if missing:
            found = {node.id: node for node in self._reader.nodes(kind, missing)}
            self._nodes.update(((kind, id), found.get(id)) for id in missing)
        known = (self._nodes[kind, id] for id in ids)
        return [node for node in known if node is not None]

    def find(self, kind: Kind, where: Filter) -> list[Node]:
        """Return the nodes for which the filter holds."""
        check_time()
        found = self._reader.find(kind, where)
        if len(found) <= MOST_KEPT:
            self._nodes.update(((kind, node.id or 0), node) for node in found)
        return found

    def __getattr__(self, name: str) -> Any:
        ask = getattr(self._reader, name)
        if not callable(ask):
            return ask

        def answer(*arguments: Any, **named: Any) -> Any:
            check_time()
            if name in _OF_IDS and [] in (*arguments, *named.values()):
                return []
            key = _freeze((name, arguments, named))
            if key is None:
                return ask(*arguments, **named)
            if key in self._answers:
                return _copy(self._answers[key])
            given = ask(*arguments, **named)
            if _is_small(given):
                self._answers[key] = given
            return _copy(given)

        # Found without `__getattr__` from the second time on.
        self.__dict__[name] = answer
        return answer


def cache_reads(reader: Reader) -> Reader:
    """Return the same reader, which reads nothing twice that is small enough to keep."""
    return cast(Reader, _CachingReader(reader))


def _freeze(value: Any) -> Hashable | None:
    """Return a key for what was asked; None where it is too large or can't be one."""
    if isinstance(value, str | int | float | bytes | bool | None):
        return (type(value).__name__, value)
    if isinstance(value, Mapping):
        items = [_freeze(item) for pair in value.items() for item in pair]
    elif isinstance(value, list | tuple):
        if len(value) > MOST_KEPT:
            return None
        items = [_freeze(item) for item in value]
    else:
        return _hashable(value)
    return None if None in items else (type(value).__name__, *items)


def _hashable(value: Any) -> Hashable | None:
    try:
        hash(value)
    except TypeError:
        return None
    return (type(value).__name__, value)


def _is_small(answer: Any) -> bool:
    return not isinstance(answer, list) or len(answer) <= MOST_KEPT


def _copy(answer: Any) -> Any:
    """Return an answer that its receiver may add to."""
    return list(answer) if isinstance(answer, list) else answer
