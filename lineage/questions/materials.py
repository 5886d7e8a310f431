"""What a model was made of: all that is upstream, what was read to write what, the trainings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lineage.model import Artifact, BaseType, Execution, Kind
from lineage.ports.traversal import Direction
from lineage.questions.metrics import Measurement, read_measurements
from lineage.questions.model_facts import trainings_of
from lineage.questions.subgraph import Key, build_subgraph
from lineage.rules.type_index import TypeIndex
from lineage.session.snapshot import Ref, Snapshot


@dataclass(frozen=True, slots=True)
class Materials:
    """A model, the artifacts upstream of it, nearest first, and how they hang together.

    `bases` has what an artifact is at bottom, `read` the ids of the artifacts that were read to
    write an artifact, both by id; the model is among them.
    """

    model: Artifact
    artifacts: tuple[Artifact, ...]
    bases: Mapping[int, BaseType | None]
    read: Mapping[int, tuple[int, ...]]
    trainings: tuple[Execution, ...]
    metrics: tuple[Measurement, ...]


def read_materials(snapshot: Snapshot, ref: Ref) -> Materials:
    """Return what a model was made of.

    Raises
    ------
    NotFound, InvalidValue
        It isn't there, or is no artifact.
    """
    reader, model = snapshot.reader, snapshot.artifact(ref)
    assert model.id is not None
    bases = TypeIndex(reader)
    around = build_subgraph(reader, [model], Direction.UPSTREAM)
    found = [
        a
        for a in reader.nodes(Kind.ARTIFACT, around.ids(Kind.ARTIFACT))
        if isinstance(a, Artifact) and a.id is not None
    ]
    read: dict[int, tuple[int, ...]] = {}
    for id in around.ids(Kind.ARTIFACT):
        key: Key = (Kind.ARTIFACT, id)
        steps = around.hops.get(key, ())
        some = {source for step in steps for _, source in around.hops.get(step, ())}
        read[id] = tuple(sorted(some - {id}))
    return Materials(
        model=model,
        artifacts=tuple(a for a in found if a.id != model.id),
        bases={a.id: bases.of(a) for a in found if a.id is not None},
        read=read,
        trainings=tuple(trainings_of(reader, model)),
        metrics=tuple(read_measurements(reader, bases, [model])[model.id].values()),
    )
