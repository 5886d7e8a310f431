"""Nodes that other systems know by keys, written so that a second time changes nothing.

Each node has an external id, by which it is found again. What is given is set on it; properties
that it has beside them stay, and a node that has all of it already is not touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from lineage.errors import AlreadyExists, Conflict
from lineage.model import (
    Artifact,
    ArtifactState,
    Event,
    EventType,
    Flow,
    Kind,
    Node,
    Path,
    Type,
)
from lineage.rules.values import MAX_NAME_BYTES
from lineage.session.transaction import Transaction
from lineage.store import Store

# How often a batch is written again after another writer was quicker.
_TRIES = 10

_Key = tuple[Kind, str]


@dataclass(frozen=True, slots=True)
class _Edge:
    artifact: str
    execution: str
    type: EventType
    path: Path
    time_ms: int | None


@dataclass(slots=True)
class KeyedBatch:
    """A part of a graph by external ids, built up and then written in one transaction.

    Parameters
    ----------
    types
        Types that its nodes are of, declared where the store lacks them.

    Examples
    --------
    >>> import lineage
    >>> from lineage import Artifact, Execution
    >>> store = lineage.connect("memory://")
    >>> for _ in range(2):
    ...     batch = KeyedBatch()
    ...     data = batch.put(Artifact(type="Dataset", name="raw", external_id="ours:1"))
    ...     step = batch.put(Execution(type="Train", external_id="ours:2"))
    ...     batch.put_event(data, step, EventType.INPUT)
    ...     _ = batch.write(store)
    >>> store.counts().events, store.counts().artifacts
    (1, 1)
    """

    types: Sequence[Type] = ()
    _nodes: dict[_Key, Node] = field(default_factory=dict)
    _references: dict[_Key, None] = field(default_factory=dict)
    _needed: dict[_Key, None] = field(default_factory=dict)
    _edges: dict[tuple[str, str, EventType, Path], _Edge] = field(default_factory=dict)
    _memberships: dict[tuple[_Key, _Key], None] = field(default_factory=dict)
    _parents: dict[tuple[str, str], None] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._nodes)

    def put(self, node: Node, *, only_if_missing: bool = False) -> str:
        """Give a node; returns its key. With `only_if_missing` one that is known stays as it is."""
        assert node.external_id is not None, f"{node.label} has no external id"
        place = (node.kind, node.external_id)
        if only_if_missing:
            self._nodes.setdefault(place, node)
            self._needed[place] = None
        else:
            self._nodes[place] = node
            self._needed.pop(place, None)
        return node.external_id

    def refer_to_artifact(self, key: str) -> str:
        """Mean an artifact that is in the store; returns its key."""
        self._references[Kind.ARTIFACT, key] = None
        return key

    def refer_to_context(self, key: str) -> str:
        """Mean a context that is in the store; returns its key."""
        self._references[Kind.CONTEXT, key] = None
        return key

    def put_event(
        self,
        artifact: str,
        execution: str,
        type: EventType,
        path: Path = (),
        time_ms: int | None = None,
    ) -> None:
        """Tie an artifact to an execution, both given by their keys."""
        edge = _Edge(artifact, execution, type, path, time_ms)
        self._edges.setdefault((artifact, execution, type, path), edge)

    def put_in_context(self, kind: Kind, node: str, context: str) -> None:
        """Put a node in a context; one that neither the batch nor the store has is left out."""
        self._memberships[(kind, node), (Kind.CONTEXT, context)] = None

    def put_parent(self, child: str, parent: str) -> None:
        """Put a context below another."""
        self._parents[child, parent] = None

    def write(
        self, store: Store, *, progress: tuple[str, str | None] | None = None
    ) -> dict[_Key, int]:
        """Write all of it in one transaction; returns the ids by kind and key.

        Parameters
        ----------
        store
            Where it is written.
        progress
            A key and text that is kept in the same transaction: how far an import has come.
        """
        for _ in range(_TRIES - 1):
            try:
                return store.transact(lambda transaction: self._write(transaction, progress))
            except (AlreadyExists, Conflict):
                # Another writer made or changed one of these nodes: it is read again.
                continue
        return store.transact(lambda transaction: self._write(transaction, progress))

    def _write(
        self, transaction: Transaction, progress: tuple[str, str | None] | None
    ) -> dict[_Key, int]:
        for declared in self.types:
            if transaction.types.find(declared.kind, declared.name) is None:
                transaction.types.put(declared)
        stored = self._find_stored(transaction)
        taken = self._find_taken_names(transaction, stored)
        revived = self._find_revived(transaction, stored)
        compose = transaction.compose
        places: dict[_Key, int] = {}
        for place, node in self._nodes.items():
            old = stored.get(place)
            if old is None:
                if node.name is not None and (node.kind, node.type, node.name) in taken:
                    node = node.model_copy(update={"name": _extend(node.name, place[1])})
                places[place] = compose.create(node)
                continue
            new = old if place in self._needed else _merge(old, node, place[1] in revived)
            places[place] = (
                compose.reference(old.kind, old.id or 0)
                if _is_same(new, old)
                else compose.replace(new)
            )
        for place, old in stored.items():
            if place not in places:
                places[place] = compose.reference(old.kind, old.id or 0)
        for edge in self._edges.values():
            compose.event(
                places[Kind.ARTIFACT, edge.artifact],
                places[Kind.EXECUTION, edge.execution],
                edge.type,
                edge.path,
                edge.time_ms,
            )
        batch = compose.batch
        batch.memberships += [
            (places[node], places[group]) for node, group in self._memberships if node in places
        ]
        batch.parents += [
            (places[Kind.CONTEXT, child], places[Kind.CONTEXT, parent])
            for child, parent in self._parents
        ]
        ids = transaction.apply()
        if progress is not None:
            transaction.writer.set_metadata(*progress)
        return {place: ids[at] for place, at in places.items()}

    def _find_stored(self, transaction: Transaction) -> dict[_Key, Node]:
        found: dict[_Key, Node] = {}
        for kind in Kind:
            keys = {key for of, key in (*self._nodes, *self._references) if of is kind}
            keys |= {key for (of, key), _ in self._memberships if of is kind}
            if keys:
                for node in transaction.reader.by_keys(kind, external_ids=sorted(keys)):
                    found[kind, node.external_id or ""] = node
        return found

    def _find_taken_names(
        self, transaction: Transaction, stored: dict[_Key, Node]
    ) -> set[tuple[Kind, str, str]]:
        """Return the names of the new nodes that others have, here or in the store."""
        wanted: dict[tuple[Kind, str, str], int] = {}
        for place, node in self._nodes.items():
            if place not in stored and node.name is not None:
                named = (node.kind, node.type, node.name)
                wanted[named] = wanted.get(named, 0) + 1
        # Of several in one batch none is the first: which it would be depends on their order.
        taken = {named for named, count in wanted.items() if count > 1}
        for kind in Kind:
            names = {
                (transaction.types.get(kind, type).id or 0, name): type
                for of, type, name in wanted
                if of is kind
            }
            if names:
                for node in transaction.reader.by_keys(kind, names=list(names)):
                    taken.add((kind, names[node.type_id or 0, node.name or ""], node.name or ""))
        return taken

    def _find_revived(self, transaction: Transaction, stored: dict[_Key, Node]) -> set[str]:
        """Return the deleted artifacts that are written here by events that are not known yet."""
        deleted = {
            key: node.id or 0
            for (_, key), node in stored.items()
            if isinstance(node, Artifact) and node.state is ArtifactState.DELETED
        }
        if not deleted:
            return set()
        runs = {node.id or 0: key for (kind, key), node in stored.items() if kind is Kind.EXECUTION}
        keys = {id: key for key, id in deleted.items()}
        events: list[Event] = transaction.reader.events(artifact_ids=list(deleted.values()))
        known = {
            (keys[e.artifact_id], runs[e.execution_id], e.type, e.path)
            for e in events
            if e.execution_id in runs
        }
        return {
            edge.artifact
            for place, edge in self._edges.items()
            if edge.artifact in deleted and edge.type.flow is Flow.OUTPUT and place not in known
        }


def _merge(old: Node, given: Node, is_revived: bool) -> Node:
    """Return the stored node with what is given set on it."""
    if isinstance(old, Artifact) and old.state is ArtifactState.DELETED and not is_revived:
        return old
    changes: dict[str, Any] = {}
    for name in ("properties", "custom_properties"):
        before, after = getattr(old, name), getattr(given, name)
        if after:
            changes[name] = {**before, **after}
    if getattr(given, "uri", None) is not None:
        changes["uri"] = given.uri  # type: ignore[union-attr]
    if "state" in given.model_fields_set:
        changes["state"] = given.state  # type: ignore[union-attr]
    if is_revived:
        changes["state"] = ArtifactState.LIVE
    return old.model_copy(update=changes)


def _extend(name: str, key: str) -> str:
    """Return a name that nobody else has: with the key, which is unique."""
    suffix = f" ({key})"
    room = MAX_NAME_BYTES - len(suffix.encode())
    return name.encode()[: max(room, 0)].decode(errors="ignore") + suffix


def _is_same(one: Node, other: Node) -> bool:
    """Whether two nodes are alike; a NaN is like another one."""
    return one == other or repr(one) == repr(other)
