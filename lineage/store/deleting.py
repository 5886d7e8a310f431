"""Deletion: planned first, applied later, refused where the graph has moved on.

`apply` re-reads what the plan was computed from and compares its fingerprint, in the transaction
that writes. On SQLite that transaction is the only writer. On Neo4j, which shows a transaction what
others commit meanwhile, it first locks every node that the plan read: an event, a membership or a
change of any of them needs that lock, so that what is then read stays so until it commits. What the
plan found *not* to be there (a reader, a deployment, a member) could only come about by tying
something to one of these nodes.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from typing import TypeVar

from lineage.errors import InvalidValue, NotFound, PlanApplied, PlanRefused, PlanStale
from lineage.model import (
    DeletionPolicy,
    Kind,
    Node,
    Plan,
    PlannedRemoval,
    Receipt,
    RemovalOutcome,
    Removed,
    Retention,
)
from lineage.model.deletion import RECEIPTS
from lineage.model.gc_pause import pause_collector
from lineage.ports.batch import Batch, NodeWrite, WriteMode
from lineage.ports.reader import Reader
from lineage.ports.writer import Writer
from lineage.questions.deletion import Draft, Request, draft_deletion
from lineage.questions.garbage import find_garbage
from lineage.questions.starting import Ref, check_in_flow
from lineage.questions.storage_overlap import others_at
from lineage.questions.subgraph import Key
from lineage.questions.taint.event_graph import CAME_OF
from lineage.rules.marks import validate_label
from lineage.rules.retention import validate_retention
from lineage.rules.types import TypeSession
from lineage.rules.values import MAX_NAME_BYTES, MAX_URI_BYTES, is_text, validate_text
from lineage.store.subject import Subject

T = TypeVar("T")

REMOVALS = "removal/"
# What a copy of the store takes along.
KEPT_NOTES = (RECEIPTS, REMOVALS)

_ENDED = frozenset({RemovalOutcome.REMOVED, RemovalOutcome.ALREADY_GONE, RemovalOutcome.KEPT})


class Deleting(Subject):
    """Plans, their application, and the receipts that they leave."""

    def plan_deletion(
        self,
        *refs: Ref,
        policy: DeletionPolicy | str = DeletionPolicy.RESTRICT,
        purge: bool = False,
        bytes: bool = False,
        who: str | None = None,
        reason: str | None = None,
    ) -> Plan:
        """What deleting these would do; nothing is changed.

        An int is the id of an artifact. `purge` takes nodes out of the graph, `bytes` takes what is
        behind their uris out of storage. A plan whose `blockers` are not empty will be refused.
        Raises NotFound, or InvalidValue for no such policy; StoreUnavailable where `bytes` needs
        a package that isn't there.
        """
        return self._planned("delete", refs, _policy(policy), purge, bytes, who, reason)

    def plan_forget(
        self,
        *refs: Ref,
        label: str | None = None,
        purge: bool = False,
        bytes: bool = False,
        who: str | None = None,
        reason: str | None = None,
    ) -> Plan:
        """What forgetting these, and all that was derived of them, would do.

        With `label`, what stops that label stops it (`lineage.questions.taint`): data that went
        through `Anonymize` is no longer about the person. The executions in between lose their
        properties, too. Live and deployed things are no obstacle.
        """
        policy = DeletionPolicy.TOMBSTONE
        return self._planned("forget", refs, policy, purge, bytes, who, reason, label=label)

    def plan_gc(
        self,
        *,
        rules: Sequence[Retention] = (),
        purge: bool = False,
        bytes: bool = False,
        who: str | None = None,
        reason: str | None = None,
    ) -> Plan:
        """What nobody needs any more, by the retention rules of policies and by these.

        `lineage.questions.garbage` says exactly what that is. With `purge`, the executions
        downstream, of which nothing is left that anyone needs, leave the graph as well.
        """
        rules = tuple(map(validate_retention, rules))
        policy = DeletionPolicy.CASCADE if purge else DeletionPolicy.TOMBSTONE
        return self._planned("gc", (), policy, purge, bytes, who, reason, rules=rules)

    def apply(
        self,
        plan: Plan,
        *,
        who: str | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Receipt:
        """Do what a plan says, and leave a receipt.

        The graph is changed in one transaction, or not at all. Bytes go after it, one uri at a
        time; where that is interrupted, `resume_deletions` goes on. `progress` is called with how
        many uris are done, and of how many.

        Raises PlanRefused where something stands in its way, PlanStale where what it read has
        changed since, PlanApplied where it was applied before.
        """
        if plan.refused:
            raise PlanRefused(_refusal(plan))
        if not plan.nodes:
            raise InvalidValue(f"plan {plan.id} deletes nothing")
        _check_told(who, plan.reason)

        def work(tx: Writer, types: TypeSession) -> Receipt:
            self._check_not_applied(tx, plan)
            tx.lock_types()
            for kind in Kind:
                tx.lock(kind, plan.read.get(kind, ()))
            self._check_not_applied(tx, plan)
            draft = self._drafted_again(tx, plan)
            by_kind: dict[Kind, list[int]] = {kind: [] for kind in Kind}
            for node in draft.nodes:
                by_kind[node.kind].append(node.id)
            now = self._clock()
            for kind, ids in by_kind.items():
                if ids and plan.purge:
                    tx.purge(kind, ids)
                elif ids:
                    tx.tombstone(kind, ids, now)
            if draft.said:
                tx.apply(_saying(draft, types, now))
            receipt = Receipt(
                id=plan.id,
                # Not the impact: it shows properties, which were to go.
                plan=plan.model_copy(update={"read": {}, "impact": {}}),
                applied_ms=now,
                who=who if who is not None else plan.who,
                done=not plan.removals,
            )
            tx.set_note(RECEIPTS + plan.id, _as_text(receipt))
            return receipt

        with pause_collector():
            receipt = self._write(work)
        return receipt if receipt.done else self._remove_bytes(receipt, progress)

    def delete(
        self,
        *refs: Ref,
        policy: DeletionPolicy | str = DeletionPolicy.RESTRICT,
        purge: bool = False,
        bytes: bool = False,
        who: str | None = None,
        reason: str | None = None,
    ) -> Receipt:
        """Plan and apply at once; see `plan_deletion` and `apply`."""
        plan = self.plan_deletion(
            *refs, policy=policy, purge=purge, bytes=bytes, who=who, reason=reason
        )
        return self.apply(plan)

    def receipts(self) -> list[Receipt]:
        """What was deleted, oldest first, with what became of the bytes."""
        with self.backend.read() as reader:
            texts = reader.notes(RECEIPTS)
            found = [self._with_removals(reader, Receipt.parse(json.loads(t))) for _, t in texts]
        return sorted(found, key=lambda receipt: (receipt.applied_ms, receipt.id))

    def receipt(self, id: str) -> Receipt:
        """One receipt, by its id or by the beginning of it. Raises NotFound, InvalidValue."""
        with self.backend.read() as reader:
            found = reader.notes(RECEIPTS + id) if id and is_text(id) else []
            exact = [text for key, text in found if key == RECEIPTS + id]
            texts = exact or [text for _, text in found]
            if not texts:
                raise NotFound(f"there is no receipt {id!r}; `lineage receipts` lists them")
            if len(texts) > 1:
                raise InvalidValue(f"{id!r} begins {len(texts)} receipts; give more of it")
            return self._with_removals(reader, Receipt.parse(json.loads(texts[0])))

    def unfinished_deletions(self) -> list[Receipt]:
        """Those whose bytes are not all removed: interrupted, under way, or failed."""
        return [receipt for receipt in self.receipts() if not receipt.done]

    def resume_deletions(
        self, *, progress: Callable[[int, int], None] | None = None
    ) -> list[Receipt]:
        """Go on removing bytes where it was interrupted or failed; returns what was open."""
        return [self._remove_bytes(r, progress) for r in self.unfinished_deletions()]

    # Inside

    def _planned(
        self,
        operation: str,
        refs: Sequence[Ref],
        policy: DeletionPolicy,
        purge: bool,
        bytes: bool,
        who: str | None,
        reason: str | None,
        *,
        label: str | None = None,
        rules: tuple[Retention, ...] = (),
    ) -> Plan:
        if label is not None:
            validate_label(label)
        _check_told(who, reason)
        now = self._clock()
        with pause_collector(), self._reading() as (reader, types):
            collected = None
            if operation == "gc":
                collected = find_garbage(reader, rules, now, now)
                targets: list[Node] = list(collected.artifacts.values())
            elif refs:
                found = [self._start(reader, types, ref) for ref in refs]
                targets = list({(n.kind, n.id): n for n in found}.values())
            else:
                raise InvalidValue(f"{operation} what? Give at least one node")
            if operation == "forget":
                for target in targets:
                    check_in_flow(target)
            keys = tuple((n.kind, n.id) for n in targets if n.id is not None)
            request = Request(keys, policy, purge, bytes, operation, label, rules, now)
            draft = draft_deletion(reader, request, targets, now, collected)
        with pause_collector():
            return self._plan(draft, who, reason)

    def _plan(self, draft: Draft, who: str | None, reason: str | None) -> Plan:
        from lineage import storage

        request = draft.request
        removals: tuple[PlannedRemoval, ...] | None = None
        sizes: dict[str, int | None] = {}
        if request.bytes:
            own = self.backend.file
            removals = tuple(storage.with_files(place, own) for place in draft.places)
            sizes = {r.uri: r.bytes for r in removals if r.files}
        return Plan(
            id=uuid.uuid4().hex,
            operation=request.operation,
            policy=request.policy,
            purge=request.purge,
            label=request.label,
            rules=request.rules,
            targets=request.targets,
            nodes=draft.nodes,
            blockers=draft.blockers,
            removals=removals,
            impact=draft.impact(sizes),
            read=draft.reach.read(),
            store=self.backend.url,
            made_ms=request.at_ms,
            who=who,
            reason=reason,
            fingerprint=draft.fingerprint(removals),
        )

    def _drafted_again(self, tx: Writer, plan: Plan) -> Draft:
        """The plan computed anew, or PlanStale where it is another one now."""
        now = self._clock()
        collected = None
        if plan.operation == "gc":
            collected = find_garbage(tx, plan.rules, plan.made_ms, now)
        known: dict[Key, Node] = {}
        for kind in Kind:
            ids = [id for of, id in plan.targets if of is kind]
            if kind is Kind.ARTIFACT and collected is not None:
                known.update(((kind, id), node) for id, node in collected.artifacts.items())
                ids = [id for id in ids if id not in collected.artifacts]
            known.update(((kind, node.id or 0), node) for node in tx.nodes(kind, ids))
        targets = [known[key] for key in plan.targets if key in known]
        if len(targets) == len(plan.targets):
            request = Request(
                plan.targets,
                plan.policy,
                plan.purge,
                plan.removals is not None,
                plan.operation,
                plan.label,
                plan.rules,
                plan.made_ms,
            )
            draft = draft_deletion(tx, request, targets, now, collected)
            # What a plan says of itself is looked at, too: it may come from a file.
            if (
                draft.fingerprint(plan.removals) == plan.fingerprint
                and (draft.nodes, draft.blockers) == (plan.nodes, plan.blockers)
                and draft.reach.read() == dict(plan.read)
            ):
                return draft
        raise PlanStale(
            f"plan {plan.id} is stale: what it read has changed since it was made (or it was made "
            "for another store, or edited); make a new one"
        )

    def _check_not_applied(self, reader: Reader, plan: Plan) -> None:
        if reader.note(RECEIPTS + plan.id) is not None:
            raise PlanApplied(
                f"plan {plan.id} was applied before (`lineage show receipt:{plan.id[:8]}`); a plan "
                "is applied once"
            )

    def _remove_bytes(
        self, receipt: Receipt, progress: Callable[[int, int], None] | None
    ) -> Receipt:
        from lineage import storage

        removals = receipt.plan.removals or ()
        with self.backend.read() as reader:
            known = self._removals(reader, receipt.id)
            # An artifact of the plan that has a uri again was recorded anew since.
            nobody: set[int] = set()
            open_uris = [
                removal.uri
                for at, removal in enumerate(removals)
                if at not in known or known[at].outcome not in _ENDED
            ]
            there = others_at(reader, open_uris, nobody)
        for at, removal in enumerate(removals):
            before = known.get(at)
            if before is None or before.outcome not in _ENDED:
                others = there[removal.uri]
                if not others:
                    with self.backend.read() as reader:
                        asked = others_at(reader, [removal.uri], nobody, as_spelled=True)
                    others = asked[removal.uri]
                kept = removal.kept
                if others and kept is None:
                    kept = f"{others[0].label} (artifact:{others[0].id}) is stored there, too, now"
                if kept is not None:
                    outcome = Removed(
                        uri=removal.uri,
                        outcome=RemovalOutcome.KEPT,
                        detail=kept,
                        at_ms=self._clock(),
                    )
                else:
                    begun = Removed(
                        uri=removal.uri, outcome=RemovalOutcome.BEGUN, at_ms=self._clock()
                    )
                    self._note_removal(receipt.id, at, begun)
                    outcome = storage.remove(
                        removal, begun=before is not None, now_ms=self._clock()
                    )
                self._note_removal(receipt.id, at, outcome)
                known[at] = outcome
            if progress is not None:
                progress(at + 1, len(removals))
        ended = tuple(known[at] for at in range(len(removals)))
        if all(removed.outcome in _ENDED for removed in ended):
            receipt = receipt.model_copy(update={"done": True})
            text = _as_text(receipt.model_copy(update={"removed": ()}))
            self._write(lambda tx, types: tx.set_note(RECEIPTS + receipt.id, text))
        return receipt.model_copy(update={"removed": ended})

    def _note_removal(self, id: str, at: int, removed: Removed) -> None:
        key, text = f"{REMOVALS}{id}/{at:08}", _as_text(removed)
        self._write(lambda tx, types: tx.set_note(key, text))

    def _removals(self, reader: Reader, id: str) -> dict[int, Removed]:
        return {
            int(key.rpartition("/")[2]): Removed.parse(json.loads(text))
            for key, text in reader.notes(f"{REMOVALS}{id}/")
        }

    def _with_removals(self, reader: Reader, receipt: Receipt) -> Receipt:
        if receipt.plan.removals is None:
            return receipt
        found = self._removals(reader, receipt.id)
        return receipt.model_copy(update={"removed": tuple(found[at] for at in sorted(found))})


def _policy(given: DeletionPolicy | str) -> DeletionPolicy:
    try:
        return DeletionPolicy(given)
    except ValueError:
        raise InvalidValue(
            f"there is no deletion policy {given!r}; choose {', '.join(DeletionPolicy)}"
        ) from None


def _check_told(who: str | None, reason: str | None) -> None:
    """Raise InvalidValue where a receipt couldn't keep who deletes, or why."""
    for value, field, limit in ((who, "who", MAX_NAME_BYTES), (reason, "reason", MAX_URI_BYTES)):
        if value is not None:
            validate_text(value, field, limit, may_be_empty=True)


def _refusal(plan: Plan) -> str:
    shown = [f"{b.label} ({b.kind}:{b.id}) {b.why}" for b in plan.blockers[:_SHOWN]]
    more = len(plan.blockers) - len(shown)
    return (
        f"{len(plan.blockers)} in the way: {'; '.join(shown)}"
        + (f"; and {more} more" if more else "")
        + _WAY_OUT[plan.purge]
    )


_SHOWN = 3
_WAY_OUT = {
    False: ". Choose policy=tombstone (--policy tombstone) to delete it all the same, or cascade "
    "to delete what was derived, too",
    True: ". Only what nothing depends on can be purged; cascade takes what was derived with it",
}


def _saying(draft: Draft, types: TypeSession, now_ms: int) -> Batch:
    """What steps still say of deployments and of ports, as what says so goes."""
    batch = Batch()
    for id, said in draft.said.items():
        step = draft.reach.executions[id]
        type = types.get(step.kind, step.type, step.type_version)
        declared = {name: value for name, value in said.items() if name == CAME_OF}
        batch.nodes.append(
            NodeWrite(
                kind=step.kind, mode=WriteMode.MERGE, key="id", type=type, id=id,
                properties=declared, now_ms=now_ms,
                custom_properties={n: value for n, value in said.items() if n not in declared},
            )
        )  # fmt: skip
    return batch


def _as_text(record: Receipt | Removed) -> str:
    return record.model_dump_json()
