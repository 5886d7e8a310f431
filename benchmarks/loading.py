"""Putting a shape into a store, exactly and in big batches."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.shapes import Shape
from lineage import Artifact, Event, EventType, Execution, Kind, PropertyKind, Store, Type

ARTIFACT = Type(
    kind=Kind.ARTIFACT,
    name="Table",
    properties={"rows": PropertyKind.INT, "origin": PropertyKind.STRING},
)
EXECUTION = Type(kind=Kind.EXECUTION, name="Query", properties={"seed": PropertyKind.INT})
CONTEXT = Type(kind=Kind.CONTEXT, name="Run")
TIME_MS = 1_700_000_000_000
_BATCH = 10_000


def artifact(id: int) -> Artifact:
    return Artifact(
        type="Table",
        id=id,
        name=f"table-{id}",
        uri=f"s3://bucket/tables/{id}",
        properties={"rows": id, "origin": "bench"},
        created_ms=TIME_MS,
        updated_ms=TIME_MS,
    )


def execution(id: int) -> Execution:
    return Execution(
        type="Query",
        id=id,
        name=f"query-{id}",
        properties={"seed": id},
        created_ms=TIME_MS,
        updated_ms=TIME_MS,
    )


def events(shape: Shape) -> Iterator[Event]:
    for artifact_id, execution_id, output in shape.edges():
        yield Event(
            artifact_id=artifact_id,
            execution_id=execution_id,
            type=EventType.OUTPUT if output else EventType.INPUT,
            path=("data", artifact_id % 3),
            time_ms=TIME_MS,
            recorded_ms=TIME_MS,
        )


def load(store: Store, shape: Shape) -> None:
    """Write the shape; ids are those of the shape."""
    from lineage.ports.chunks import split_into_chunks

    store.mirror(types=[ARTIFACT, EXECUTION, CONTEXT])
    for ids in split_into_chunks(range(1, shape.artifacts + 1), _BATCH):
        store.mirror(nodes=map(artifact, ids))
    for ids in split_into_chunks(range(1, shape.executions + 1), _BATCH):
        store.mirror(nodes=map(execution, ids))
    for chunk in split_into_chunks(events(shape), _BATCH):
        store.mirror(events=chunk)
