"""Ids for the nodes that a batch makes, for the backends that count up."""

from __future__ import annotations

from collections.abc import Sequence

from lineage.backends.base import NodeWrite
from lineage.errors import StoreError
from lineage.model import Kind

_LAST = 2**63 - 1


def new_ids(kind: Kind, last: int, writes: Sequence[NodeWrite]) -> list[int]:
    """An id for each write: its own where it has one, else the next after `last`."""
    ids: list[int] = []
    for write in writes:
        if write.id is None:
            if last >= _LAST:
                raise StoreError(
                    f"there are no ids left for another {kind}: one of the largest id, {_LAST}, "
                    "was copied into this store; copy it into a new store with ordinary ids"
                )
            last += 1
            ids.append(last)
        else:
            last = max(last, write.id)
            ids.append(write.id)
    return ids
