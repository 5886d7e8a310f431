"""Events into a store, one by one or many at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lineage.errors import AlreadyExists, Conflict, LineageError, StoreError
from lineage.formats.openlineage_events.event import LineageEvent, parse_event
from lineage.formats.openlineage_events.graph import EventGraph
from lineage.model import Kind
from lineage.session.transaction import Transaction
from lineage.store import Store

# How often a write is made again after another receiver was quicker.
_TRIES = 10


@dataclass(frozen=True, slots=True)
class Received:
    """Where an event has gone: the ids of its run, its inputs and its outputs.

    `execution` is None for an event about a dataset alone.
    """

    execution: int | None
    inputs: tuple[int, ...] = ()
    outputs: tuple[int, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as JSON has it."""
        return {
            "execution": self.execution,
            "inputs": list(self.inputs),
            "outputs": list(self.outputs),
        }


def receive(store: Store, event: object) -> Received:
    """Record one OpenLineage event, whole or not at all.

    Parameters
    ----------
    store
        Where it is recorded.
    event
        The JSON object of a run, job or dataset event, as a mapping.

    Returns
    -------
    Received
        The ids of what it told of. An event that was received before changes nothing, and the
        order in which events come does not matter.

    Raises
    ------
    InvalidValue
        Where a field is missing or wrong; the message names it, and nothing was written.

    Examples
    --------
    >>> import lineage
    >>> store = lineage.connect("memory://")
    >>> told = receive(store, {
    ...     "eventType": "COMPLETE", "eventTime": "2026-11-28T14:00:00Z",
    ...     "producer": "https://example.com", "schemaURL": "https://openlineage.io/spec/2-0-2",
    ...     "run": {"runId": "01936893-9751-7a91-a2a0-a51101a3970c"},
    ...     "job": {"namespace": "airflow", "name": "dag.copy"},
    ...     "inputs": [{"namespace": "s3://b", "name": "raw.csv"}],
    ...     "outputs": [{"namespace": "s3://b", "name": "clean.csv"}],
    ... })
    >>> store.artifact(told.outputs[0]).uri
    's3://b/clean.csv'
    >>> [found.node.uri for found in store.upstream("s3://b/clean.csv", type="Dataset")]
    ['s3://b/clean.csv', 's3://b/raw.csv']
    """
    return _record(store, [parse_event(event)])[0]


def receive_all(store: Store, events: Iterable[object]) -> list[Received | LineageError]:
    """Record several events, and answer for each, in their order.

    All that are valid are recorded in one transaction where that can be; an event that is refused
    does not hinder the others, and its error stands in its place.

    Raises
    ------
    StoreError
        Where the store failed; then none of these events was recorded, or the answer is not known.
    """
    answers: list[Received | LineageError | None] = []
    valid: list[LineageEvent] = []
    for event in events:
        try:
            valid.append(parse_event(event))
            answers.append(None)
        except LineageError as error:
            answers.append(error)
    told = iter(_record_each(store, valid))
    return [next(told) if answer is None else answer for answer in answers]


def _record_each(store: Store, events: Sequence[LineageEvent]) -> list[Received | LineageError]:
    """Record all at once, or each by itself where one of them is refused."""
    if not events:
        return []
    try:
        return list(_record(store, events))
    except StoreError:
        raise
    except LineageError as error:
        if len(events) == 1:
            return [error]
    half = len(events) // 2
    return [*_record_each(store, events[:half]), *_record_each(store, events[half:])]


def _record(store: Store, events: Sequence[LineageEvent]) -> list[Received]:
    def work(transaction: Transaction) -> list[Received]:
        graph = EventGraph(transaction, events)
        keys = [graph.add(event) for event in events]
        ids = graph.write()
        return [
            Received(
                None if run is None else ids[Kind.EXECUTION, run],
                tuple(ids[Kind.ARTIFACT, key] for key in inputs),
                tuple(ids[Kind.ARTIFACT, key] for key in outputs),
            )
            for run, inputs, outputs in keys
        ]

    for _ in range(_TRIES - 1):
        try:
            return store.transact(work)
        except (AlreadyExists, Conflict):
            # Another receiver made or changed one of these nodes; its work is read and joined.
            continue
    return store.transact(work)
