"""Ids for the nodes that a batch makes, for the backends that count up."""

from __future__ import annotations

from collections.abc import Sequence

from lineage.errors import StoreError
from lineage.model import Kind
from lineage.model.values import INT64_MAX
from lineage.ports.batch import NodeWrite


def id_after(what: str, last: int) -> int:
    """The next id of an artifact, a type, a mark … Raises StoreError where there is none left."""
    if last >= INT64_MAX:
        raise none_left(what)
    return last + 1


def none_left(what: str) -> StoreError:
    """There is no larger id to give out."""
    return StoreError(
        f"there are no ids left for another {what}: one of the largest id, {INT64_MAX}, "
        "was copied into this store; copy it into a new store with ordinary ids"
    )


def new_ids(kind: Kind, last: int, writes: Sequence[NodeWrite]) -> list[int]:
    """An id for each write: its own where it has one, else the next after `last`."""
    ids: list[int] = []
    for write in writes:
        if write.id is None:
            last = id_after(kind, last)
            ids.append(last)
        else:
            last = max(last, write.id)
            ids.append(write.id)
    return ids
