"""Plan deletions: what one would do, computed before anything is changed."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from lineage.errors import InvalidValue, PlanStale
from lineage.model import DeletionPolicy, Kind, Node, Plan, PlannedRemoval, Retention
from lineage.model.gc_pause import pause_collector
from lineage.questions.deletion import Draft, Request, draft_deletion
from lineage.questions.deletion_scope import expand_members
from lineage.questions.garbage import find_garbage
from lineage.questions.subgraph import Key
from lineage.rules.known_names import check_rules
from lineage.rules.marks import validate_label
from lineage.rules.retention import validate_retention
from lineage.rules.values import MAX_NAME_BYTES, MAX_URI_BYTES, validate_text
from lineage.session.session import Session
from lineage.session.snapshot import Ref, check_in_flow
from lineage.session.transaction import Transaction


def plan_removal(
    session: Session,
    operation: str,
    refs: Sequence[Ref] = (),
    *,
    policy: DeletionPolicy | str = DeletionPolicy.TOMBSTONE,
    purge: bool = False,
    bytes: bool = False,
    who: str | None = None,
    reason: str | None = None,
    label: str | None = None,
    rules: Sequence[Retention] = (),
    with_members: bool = False,
    by_content: bool = True,
) -> Plan:
    """Return the plan of a deletion; nothing is changed.

    Parameters
    ----------
    session : Session
        The store.
    operation : str
        `delete` what is named; `forget` that and what was derived of it; `gc` what nobody needs.
    refs : sequence of Ref
        What is asked for; nothing for `gc`.
    policy, purge, bytes, who, reason, label, rules, with_members, by_content
        See `Store.plan_deletion`, `Store.plan_forget` and `Store.plan_gc`.

    Raises
    ------
    NotFound, InvalidValue
        Something that is named isn't there, or there is no such policy.
    StoreUnavailable
        `bytes` needs a package that isn't there.
    """
    policy, rules = _validate_policy(policy), tuple(map(validate_retention, rules))
    if label is not None:
        validate_label(label)
    check_told(who, reason)
    with pause_collector(), session.snapshot() as snapshot:
        reader, now = snapshot.reader, snapshot.now_ms
        collected = None
        if operation == "gc":
            check_rules(reader, rules)
            collected = find_garbage(reader, rules, now, now)
            targets: list[Node] = list(collected.artifacts.values())
        elif refs:
            found = [snapshot.resolve(ref) for ref in refs]
            targets = list({(n.kind, n.id): n for n in found}.values())
            if with_members:
                if all(target.kind is not Kind.CONTEXT for target in targets):
                    raise InvalidValue("with_members is about contexts; none is named")
                targets = expand_members(reader, targets)
        else:
            raise InvalidValue(f"{operation} what? Give at least one node")
        if operation == "forget":
            for target in targets:
                check_in_flow(target)
        keys = tuple((n.kind, n.id) for n in targets if n.id is not None)
        request = Request(keys, policy, purge, bytes, operation, label, rules, now, by_content)
        draft = draft_deletion(reader, request, targets, now, collected)
    with pause_collector():
        return _build_plan(session, draft, who, reason)


def draft_again(transaction: Transaction, plan: Plan) -> Draft:
    """Compute a plan anew, and return what it says.

    Raises
    ------
    PlanStale
        It is another plan by now.
    """
    reader, now = transaction.reader, transaction.clock()
    collected = None
    if plan.operation == "gc":
        collected = find_garbage(reader, plan.rules, plan.made_ms, now)
    known: dict[Key, Node] = {}
    for kind in Kind:
        ids = [id for of, id in plan.targets if of is kind]
        if kind is Kind.ARTIFACT and collected is not None:
            known.update(((kind, id), node) for id, node in collected.artifacts.items())
            ids = [id for id in ids if id not in collected.artifacts]
        known.update(((kind, node.id or 0), node) for node in reader.nodes(kind, ids))
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
            plan.by_content,
        )
        draft = draft_deletion(reader, request, targets, now, collected)
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


def check_told(who: str | None, reason: str | None) -> None:
    """Raise InvalidValue where a receipt couldn't keep who deletes, or why."""
    for value, field, limit in ((who, "who", MAX_NAME_BYTES), (reason, "reason", MAX_URI_BYTES)):
        if value is not None:
            validate_text(value, field, limit, may_be_empty=True)


def _build_plan(session: Session, draft: Draft, who: str | None, reason: str | None) -> Plan:
    from lineage import storage

    request = draft.request
    removals: tuple[PlannedRemoval, ...] | None = None
    sizes: dict[str, int | None] = {}
    if request.bytes:
        own = session.backend.file
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
        store=session.backend.url,
        made_ms=request.at_ms,
        who=who,
        reason=reason,
        fingerprint=draft.fingerprint(removals),
        notes=draft.notes,
        by_content=request.by_content,
    )


def _validate_policy(given: DeletionPolicy | str) -> DeletionPolicy:
    try:
        return DeletionPolicy(given)
    except ValueError:
        raise InvalidValue(
            f"there is no deletion policy {given!r}; choose {', '.join(DeletionPolicy)}"
        ) from None
