"""What was deleted, and what became of the bytes: the receipts that deletions left."""

from __future__ import annotations

import json

from lineage.errors import InvalidValue, NotFound
from lineage.model import Receipt, Removed
from lineage.model.deletion import RECEIPTS
from lineage.ports.reader import Reader
from lineage.rules.values import is_text
from lineage.session.snapshot import Snapshot

REMOVALS = "removal/"
# What a copy of the store takes along.
KEPT_METADATA = (RECEIPTS, REMOVALS)


def list_receipts(snapshot: Snapshot) -> list[Receipt]:
    """Return the receipts, oldest first, with what became of the bytes."""
    texts = snapshot.reader.metadata_under(RECEIPTS)
    found = [_with_removals(snapshot.reader, text) for _, text in texts]
    return sorted(found, key=lambda receipt: (receipt.applied_ms, receipt.id))


def find_receipt(snapshot: Snapshot, id: str) -> Receipt:
    """Return one receipt, by its id or by the beginning of it.

    Raises
    ------
    NotFound
        No receipt begins so.
    InvalidValue
        Several do.
    """
    found = snapshot.reader.metadata_under(RECEIPTS + id) if id and is_text(id) else []
    exact = [text for key, text in found if key == RECEIPTS + id]
    texts = exact or [text for _, text in found]
    if not texts:
        raise NotFound(f"there is no receipt {id!r}; `lineage receipts` lists them")
    if len(texts) > 1:
        raise InvalidValue(f"{id!r} begins {len(texts)} receipts; give more of it")
    return _with_removals(snapshot.reader, texts[0])


def read_removals(reader: Reader, id: str) -> dict[int, Removed]:
    """Return what became of each uri of a receipt, by its place in the plan."""
    return {
        int(key.rpartition("/")[2]): Removed.parse(json.loads(text))
        for key, text in reader.metadata_under(f"{REMOVALS}{id}/")
    }


def _with_removals(reader: Reader, text: str) -> Receipt:
    receipt = Receipt.parse(json.loads(text))
    if receipt.plan.removals is None:
        return receipt
    found = read_removals(reader, receipt.id)
    return receipt.model_copy(update={"removed": tuple(found[at] for at in sorted(found))})
