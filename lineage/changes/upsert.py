"""Write a part of another store exactly: ids and times kept, what is there overwritten."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

from lineage.model import Event, Kind, Mark, Node, Policy, Type
from lineage.rules.cycles import check_acyclic
from lineage.rules.marks import validate_mark
from lineage.rules.policies import merge_policies, validate_policy
from lineage.session.transaction import Transaction


@dataclass(slots=True)
class StorePart:
    """A part of a store, as `Store.mirror` takes it; read whole, since it may be written again."""

    types: Iterable[Type]
    nodes: Iterable[Node]
    events: Iterable[Event]
    memberships: Iterable[tuple[Kind, int, int]]
    parents: Iterable[tuple[int, int]]
    marks: Iterable[Mark]
    policies: Iterable[Policy]
    metadata: Iterable[tuple[str, str]]
    progress: tuple[str, str | None] | None

    def __post_init__(self) -> None:
        for field in fields(self):
            if field.name != "progress":
                setattr(self, field.name, list(getattr(self, field.name)))
        self.marks = [validate_mark(mark) for mark in self.marks]
        self.policies = [validate_policy(policy) for policy in self.policies]


def upsert_exact(transaction: Transaction, part: StorePart) -> None:
    """Write types, nodes, edges, marks, policies and metadata exactly as given.

    Raises
    ------
    ContextCycle
        The parents close a circle.
    InvalidValue, NotFound
        A value is refused, or an edge leads to nothing.
    """
    builder = transaction.builder
    for type in part.types:
        # What was added to it here stays.
        transaction.types.put(type, extending=True)
    for node in part.nodes:
        builder.upsert_exact(node)
    for event in part.events:
        builder.event_by_ids(event, exact=True)
    for kind, member, context in part.memberships:
        pair = (builder.reference(kind, member), builder.reference(Kind.CONTEXT, context))
        builder.batch.memberships.append(pair)
    parents = list(part.parents)
    for child, parent in parents:
        pair = (builder.reference(Kind.CONTEXT, child), builder.reference(Kind.CONTEXT, parent))
        builder.batch.parents.append(pair)
    writer = transaction.writer
    writer.apply(builder.batch)
    check_acyclic(writer, parents)
    if part.marks:
        writer.put_marks(list(part.marks))
    if part.policies:
        # Policies go with the types: whoever holds these holds those.
        writer.lock_types()
        for policy in merge_policies(writer.policies(), part.policies):
            writer.put_policy(policy)
    for key, value in part.metadata:
        writer.set_metadata(key, value)
    if part.progress is not None:
        writer.set_metadata(*part.progress)
