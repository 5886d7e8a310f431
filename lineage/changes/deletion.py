"""Apply deletions: planned first, applied later, refused where the graph has moved on.

`apply_plan` re-reads what the plan was computed from and compares its fingerprint, in the
transaction that writes. On SQLite that transaction is the only writer. On Neo4j, which shows a
transaction what others commit meanwhile, it first locks every node that the plan read: an event, a
membership or a change of any of them needs that lock, so that what is then read stays so until it
commits. What the plan found *not* to be there (a reader, a deployment, a member) could only come
about by tying something to one of these nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lineage.changes.byte_removal import receipt_to_text, remove_bytes
from lineage.changes.deletion_plan import check_told, draft_again
from lineage.errors import InvalidValue, PlanApplied, PlanRefused
from lineage.model import DeletionPolicy, Kind, Plan, Receipt
from lineage.model.deletion import RECEIPTS
from lineage.model.gc_pause import pause_collector
from lineage.ports.batch import Batch, NodeWrite, WriteMode
from lineage.ports.filters import Filter
from lineage.ports.reader import Reader
from lineage.ports.writer import Writer
from lineage.questions.deletion import Draft
from lineage.questions.taint.event_graph import CAME_OF
from lineage.rules.digests import SKETCHES
from lineage.rules.liveness import is_live
from lineage.session.session import Session
from lineage.session.transaction import Transaction

_SHOWN = 3
_WAY_OUT = {
    False: ". Choose policy=tombstone (--policy tombstone) to delete it all the same, or cascade "
    "to delete what was derived, too",
    True: ". Only what nothing depends on can be purged; cascade takes what was derived with it",
}


def apply_plan(
    session: Session,
    plan: Plan,
    *,
    who: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Receipt:
    """Do what a plan says: the graph in one transaction, then the bytes; return the receipt.

    Raises
    ------
    PlanRefused
        Something stands in its way.
    PlanStale
        What it read has changed since.
    PlanApplied
        It was applied before.
    """
    if plan.refused:
        raise PlanRefused(_explain_refusal(plan))
    if not plan.nodes:
        raise InvalidValue(f"plan {plan.id} deletes nothing")
    check_told(who, plan.reason)
    with pause_collector():
        receipt = session.transact(lambda transaction: _delete(transaction, plan, who))
    session.backend.erase_traces()
    return receipt if receipt.done else remove_bytes(session, receipt, progress)


def _delete(transaction: Transaction, plan: Plan, who: str | None) -> Receipt:
    writer = transaction.writer
    _check_not_applied(writer, plan)
    writer.lock_types()
    for kind in Kind:
        writer.lock(kind, plan.read.get(kind, ()))
    _check_not_applied(writer, plan)
    draft = draft_again(transaction, plan)
    by_kind: dict[Kind, list[int]] = {kind: [] for kind in Kind}
    for node in draft.nodes:
        by_kind[node.kind].append(node.id)
    now = transaction.clock()
    for kind, ids in by_kind.items():
        if ids and plan.purge:
            writer.purge(kind, ids)
        elif ids:
            writer.tombstone(kind, ids, now)
    _drop_sketches(writer, draft, by_kind[Kind.ARTIFACT])
    if draft.said:
        writer.apply(_write_what_is_said(transaction, draft, now))
    receipt = Receipt(
        id=plan.id,
        # Not the impact: it shows properties, which were to go.
        plan=plan.model_copy(update={"read": {}, "impact": {}}),
        applied_ms=now,
        who=who if who is not None else plan.who,
        done=not plan.removals,
    )
    writer.set_metadata(RECEIPTS + plan.id, receipt_to_text(receipt))
    return receipt


def _drop_sketches(writer: Writer, draft: Draft, ids: Sequence[int]) -> None:
    """Drop what is kept of the rows of tables of which nothing live has the content any more."""
    going = set(ids)
    for id in ids:
        digest = draft.reach.artifacts[id].digest
        if digest is None or writer.metadata(SKETCHES + digest) is None:
            continue
        others = writer.find(Kind.ARTIFACT, Filter(digest=digest))
        if all(other.id in going or not is_live(other) for other in others):
            writer.set_metadata(SKETCHES + digest, None)


def _check_not_applied(reader: Reader, plan: Plan) -> None:
    if reader.metadata(RECEIPTS + plan.id) is not None:
        raise PlanApplied(
            f"plan {plan.id} was applied before (`lineage show receipt:{plan.id[:8]}`); a plan "
            "is applied once"
        )


def _explain_refusal(plan: Plan) -> str:
    shown = [f"{b.label} ({b.kind}:{b.id}) {b.why}" for b in plan.blockers[:_SHOWN]]
    more = len(plan.blockers) - len(shown)
    return (
        f"{len(plan.blockers)} in the way: {'; '.join(shown)}"
        + (f"; and {more} more" if more else "")
        # What a run is just writing stays under each policy.
        + (_WAY_OUT[plan.purge] if plan.purge or plan.policy is DeletionPolicy.RESTRICT else "")
    )


def _write_what_is_said(transaction: Transaction, draft: Draft, now_ms: int) -> Batch:
    """What steps still say of deployments and of ports, as what says so goes."""
    batch = Batch()
    for id, said in draft.said.items():
        step = draft.reach.executions[id]
        type = transaction.types.get(step.kind, step.type, step.type_version)
        declared = {name: value for name, value in said.items() if name == CAME_OF}
        batch.nodes.append(
            NodeWrite(
                kind=step.kind, mode=WriteMode.MERGE, key="id", type=type, id=id,
                properties=declared, now_ms=now_ms,
                custom_properties={n: value for n, value in said.items() if n not in declared},
            )
        )  # fmt: skip
    return batch
