"""Tie stored nodes together: events, members of contexts, contexts below others."""

from __future__ import annotations

from collections.abc import Iterable

from lineage.model import ArtifactRef, ContextRef, Event, ExecutionRef, Kind
from lineage.session.transaction import Transaction


def put_events(transaction: Transaction, events: Iterable[Event]) -> None:
    """Write events between stored artifacts and executions. Those that exist stay.

    Raises
    ------
    NotFound
        An id is of nothing.
    """
    for event in events:
        transaction.builder.event_by_ids(event)
    transaction.apply()


def put_in_context(
    transaction: Transaction,
    context: ContextRef,
    artifacts: Iterable[ArtifactRef],
    executions: Iterable[ExecutionRef],
) -> None:
    """Attribute artifacts to a context, and associate executions with it."""
    builder = transaction.builder
    place = builder.any(Kind.CONTEXT, context)
    for kind, members in ((Kind.ARTIFACT, artifacts), (Kind.EXECUTION, executions)):
        for member in members:
            builder.batch.memberships.append((builder.any(kind, member), place))
    transaction.apply()


def put_parent(transaction: Transaction, child: ContextRef, parent: ContextRef) -> None:
    """Put a context below another.

    Raises
    ------
    ContextCycle
        That would close a circle.
    """
    builder = transaction.builder
    pair = (builder.any(Kind.CONTEXT, child), builder.any(Kind.CONTEXT, parent))
    builder.batch.parents.append(pair)
    transaction.apply()
