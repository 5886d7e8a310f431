"""A whole store into another, on any backend."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from lineage.backends.row_mapping import event_order
from lineage.formats.mlmd import signatures
from lineage.formats.transfer import Progress, TransferReport, transfer
from lineage.model import Event, Kind, Mark, Node, Policy, Type
from lineage.ports.filters import Filter
from lineage.queries.saved_queries import QUERIES
from lineage.questions.receipts import KEPT_METADATA
from lineage.store import Store


def copy_store(source: Store, target: Store, *, progress: Progress | None = None) -> TransferReport:
    """Copy everything, ids and times kept.

    Run again after an interruption, it goes on. What is recorded in the source while it runs may
    or may not come along; run it again for the rest. Raises AlreadyExists where the target has
    other nodes under the same ids.
    """
    return transfer(StoreSource(source), target, progress=progress)


class StoreSource:
    """A store as something to transfer from."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def name(self) -> str:
        return self._store.url

    def counts(self) -> TransferReport:
        return TransferReport(**asdict(self._store.counts()))

    def types(self) -> list[Type]:
        # Ids of types differ from store to store; name and version say which is which.
        return [type.model_copy(update={"id": None}) for type in self._store.types()]

    def nodes(self, kind: Kind, after: int, limit: int) -> list[Node]:
        with self._store.backend.read() as reader:
            return reader.find(kind, Filter(after_id=after, limit=limit))

    def memberships(self, kind: Kind, ids: Sequence[int]) -> Iterable[tuple[int, int]]:
        with self._store.backend.read() as reader:
            return reader.contexts_of(kind, ids)

    def parents(self) -> Iterable[tuple[int, int]]:
        with self._store.backend.read() as reader:
            contexts = [c.id for c in reader.find(Kind.CONTEXT, Filter()) if c.id is not None]
            return reader.parents_of(contexts)

    def events(self, after: Any, limit: int) -> tuple[list[Event], Any]:
        with self._store.backend.read() as reader:
            events = reader.scan_events(tuple(after) if after else None, limit)
        if not events:
            return [], after
        return events, list(event_order(events[-1]))

    def marks(self) -> list[Mark]:
        return self._store.marks(history=True)

    def metadata(self) -> list[tuple[str, str]]:
        with self._store.backend.read() as reader:
            return [
                kept
                for prefix in (*KEPT_METADATA, QUERIES, signatures.SIGNATURES_KEY)
                for kept in reader.metadata_under(prefix)
            ]

    def policies(self) -> list[Policy]:
        return self._store.policies(history=True)
