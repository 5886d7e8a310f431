"""Short ways to write batches in the tests of backends."""

from __future__ import annotations

from typing import Any

from lineage.model import EventType, Kind, Node, PropertyKind, Type
from lineage.ports.backend import Backend
from lineage.ports.batch import Batch, EventWrite, NodeWrite, WriteKey, WriteMode

NOW = 1_700_000_000_000


class Types:
    """A type of each kind, put into a backend."""

    def __init__(self, backend: Backend) -> None:
        self.of = {
            kind: backend.write(
                lambda tx, kind=kind: tx.put_type(
                    Type(kind=kind, name=f"T{kind}", properties={"declared": PropertyKind.INT})
                )
            )
            for kind in Kind
        }

    def write(
        self, kind: Kind, mode: WriteMode = WriteMode.CREATE, key: WriteKey = "none", **fields: Any
    ) -> NodeWrite:
        fields.setdefault("now_ms", NOW)
        return NodeWrite(kind, mode, key, self.of[kind], **fields)


def apply(backend: Backend, *writes: NodeWrite) -> list[int]:
    """The ids of these nodes, written in one transaction."""
    return backend.write(lambda tx: tx.apply(Batch(nodes=list(writes))))


def stored(backend: Backend, kind: Kind, id: int) -> Node:
    """The node as it is in the store."""
    with backend.read() as reader:
        [node] = reader.nodes(kind, [id])
    return node


def reference(kind: Kind, id: int) -> NodeWrite:
    """A node that must exist."""
    return NodeWrite(kind, WriteMode.REFERENCE, "id", id=id)


def connected(
    backend: Backend,
    types: Types,
    artifacts: int,
    executions: int,
    events: list[tuple[int, int, EventType, int]],
) -> tuple[list[int], list[int]]:
    """Artifacts and executions with events (artifact, execution, type, recorded), and their ids."""
    batch = Batch(
        nodes=[types.write(Kind.ARTIFACT) for _ in range(artifacts)]
        + [types.write(Kind.EXECUTION) for _ in range(executions)],
        events=[
            EventWrite(a, artifacts + e, type, (n,), NOW, recorded)
            for n, (a, e, type, recorded) in enumerate(events)
        ],
    )
    ids = backend.write(lambda tx: tx.apply(batch))
    return ids[:artifacts], ids[artifacts:]
