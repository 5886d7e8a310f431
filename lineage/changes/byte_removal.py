"""Remove the bytes behind uris, one uri at a time, so that an interrupted removal goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lineage.model import Artifact, PlannedRemoval, Receipt, RemovalOutcome, Removed
from lineage.model.deletion import RECEIPTS
from lineage.questions.receipts import REMOVALS, list_receipts, read_removals
from lineage.questions.storage_overlap import others_at
from lineage.session.session import Session

_ENDED = frozenset({RemovalOutcome.REMOVED, RemovalOutcome.ALREADY_GONE, RemovalOutcome.KEPT})


def resume_removals(
    session: Session, progress: Callable[[int, int], None] | None = None
) -> list[Receipt]:
    """Go on removing bytes where it was interrupted or failed; return the receipts of these."""
    with session.snapshot() as snapshot:
        unfinished = [receipt for receipt in list_receipts(snapshot) if not receipt.done]
    return [remove_bytes(session, receipt, progress) for receipt in unfinished]


def remove_bytes(
    session: Session, receipt: Receipt, progress: Callable[[int, int], None] | None = None
) -> Receipt:
    """Remove what a plan said is to be removed; return the receipt with what became of it."""
    removals = receipt.plan.removals or ()
    with session.snapshot() as snapshot:
        known = read_removals(snapshot.reader, receipt.id)
        open_uris = [
            removal.uri
            for at, removal in enumerate(removals)
            if at not in known or known[at].outcome not in _ENDED
        ]
        # An artifact of the plan that has a uri again was recorded anew since.
        there = others_at(snapshot.reader, open_uris, set())
    for at, removal in enumerate(removals):
        before = known.get(at)
        if before is None or before.outcome not in _ENDED:
            kept = _why_kept(session, removal, there[removal.uri])
            known[at] = _remove(session, receipt.id, at, removal, kept, begun=before is not None)
        if progress is not None:
            progress(at + 1, len(removals))
    ended = tuple(known[at] for at in range(len(removals)))
    if all(removed.outcome in _ENDED for removed in ended):
        receipt = receipt.model_copy(update={"done": True})
        text = receipt_to_text(receipt.model_copy(update={"removed": ()}))
        session.transact(lambda tx: tx.writer.set_metadata(RECEIPTS + receipt.id, text))
    return receipt.model_copy(update={"removed": ended})


def receipt_to_text(record: Receipt | Removed) -> str:
    """Return a receipt, or what became of one uri, as it is kept."""
    return record.model_dump_json()


def _why_kept(session: Session, removal: PlannedRemoval, others: Sequence[Artifact]) -> str | None:
    """Why bytes stay; None where they are nobody else's by now."""
    if not others:
        # What was recorded since the removal began may be stored there, too.
        with session.snapshot() as snapshot:
            found = others_at(snapshot.reader, [removal.uri], set(), as_spelled=True)
        others = found[removal.uri]
    if removal.kept is None and others:
        return f"{others[0].label} (artifact:{others[0].id}) is stored there, too, now"
    return removal.kept


def _remove(
    session: Session,
    id: str,
    at: int,
    removal: PlannedRemoval,
    kept: str | None,
    *,
    begun: bool,
) -> Removed:
    from lineage import storage

    if kept is not None:
        outcome = Removed(
            uri=removal.uri, outcome=RemovalOutcome.KEPT, detail=kept, at_ms=session.clock()
        )
    else:
        under_way = Removed(uri=removal.uri, outcome=RemovalOutcome.BEGUN, at_ms=session.clock())
        _keep(session, id, at, under_way)
        outcome = storage.remove(removal, begun=begun, now_ms=session.clock())
    _keep(session, id, at, outcome)
    return outcome


def _keep(session: Session, id: str, at: int, removed: Removed) -> None:
    key, text = f"{REMOVALS}{id}/{at:08}", receipt_to_text(removed)
    session.transact(lambda tx: tx.writer.set_metadata(key, text))
