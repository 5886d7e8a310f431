"""What a person asks of one model.

The steps that made it are the executions with an output event on it; those whose base type is
TRAIN trained it. A model that no training step wrote (one that was pushed or converted) is asked
about through the nearest training upstream.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from lineage.captions import brief_properties
from lineage.model import Artifact, BaseType, Context, Execution, Flow, Kind
from lineage.model.type_catalog import PIPELINE_RUN_TYPES, PIPELINE_TYPES
from lineage.ports.reader import Reader
from lineage.ports.traversal import Direction
from lineage.questions.answer import Answer
from lineage.questions.closure import read_levels, read_lineage
from lineage.questions.node_json import node_to_json, to_json_value
from lineage.questions.run_facets import Part, part_of
from lineage.rules.membership import contexts_around
from lineage.rules.type_index import TypeIndex
from lineage.session.snapshot import Ref, Snapshot


@dataclass(frozen=True, slots=True)
class TrainingData:
    """A dataset that a model came of; `direct` where the training step itself read it."""

    dataset: Artifact
    depth: int
    direct: bool

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return node_to_json(self.dataset, depth=self.depth, direct=self.direct)


@dataclass(frozen=True, slots=True)
class Setting:
    """A named value of the step that trained a model."""

    name: str
    value: Any
    execution: Execution = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return {
            "name": self.name,
            "value": to_json_value(self.value),
            "execution": f"execution:{self.execution.id}",
        }


@dataclass(frozen=True, slots=True)
class Provenance(Answer):
    """The contexts that a model was made in."""

    pipelines: tuple[Context, ...]
    runs: tuple[Context, ...]
    others: tuple[Context, ...]

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON has it."""
        return {
            "pipelines": [node_to_json(c) for c in self.pipelines],
            "runs": [node_to_json(c) for c in self.runs],
            "others": [node_to_json(c) for c in self.others],
        }


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Metrics that a step made of a model."""

    metrics: Artifact
    execution: Execution

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return node_to_json(self.metrics, execution=f"execution:{self.execution.id}")

    def shown(self) -> dict[str, Any]:
        """Return the row as it is shown to people: with what was measured."""
        return {**self.to_dict(), "described": brief_properties(self.metrics)}


class _Graph:
    """The steps around a node, and what they are at bottom."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.bases = TypeIndex(reader)

    def executions(self, artifact_id: int, flow: Flow) -> list[Execution]:
        events = self.reader.events(artifact_ids=[artifact_id])
        ids = sorted({e.execution_id for e in events if e.type.flow is flow})
        return self.reader.nodes(Kind.EXECUTION, ids)  # type: ignore[return-value]

    def trainings(self, model: Artifact) -> list[Execution]:
        """The steps that trained a model: the nearest TRAIN upstream, else what made it."""
        assert model.id is not None
        for _, kind, ids in read_levels(self.reader, [model], Direction.UPSTREAM):
            if kind is Kind.EXECUTION:
                found = [
                    n
                    for n in self.reader.nodes(kind, ids)
                    if self.bases.of(n) is BaseType.TRAIN and isinstance(n, Execution)
                ]
                if found:
                    return found
        return self.executions(model.id, Flow.OUTPUT)


def trainings_of(reader: Reader, model: Artifact) -> list[Execution]:
    """The steps that trained a model: the nearest of base type TRAIN, else what made it."""
    return _Graph(reader).trainings(model)


def list_training_data(snapshot: Snapshot, ref: Ref) -> list[TrainingData]:
    """Return the datasets (base type DATASET) upstream of a model, nearest first.

    Raises
    ------
    NotFound, InvalidValue
        It isn't there, or is no artifact.
    """
    reader, model = snapshot.reader, snapshot.artifact(ref)
    graph = _Graph(reader)
    trainings = [e.id for e in graph.trainings(model) if e.id is not None]
    read = {
        e.artifact_id for e in reader.events(execution_ids=trainings) if e.type.flow is Flow.INPUT
    }
    found = read_lineage(reader, [model], Direction.UPSTREAM, type=BaseType.DATASET)
    return [
        TrainingData(at.node, at.depth, at.node.id in read)
        for at in found
        if isinstance(at.node, Artifact) and at.node.id != model.id
    ]


def list_hyperparameters(snapshot: Snapshot, ref: Ref) -> list[Setting]:
    """Return the properties of the steps that trained a model.

    Left out are those of their environment, and those that only say which run it was (`run_id`,
    TFX's `pipeline_root` and the like).

    Raises
    ------
    NotFound, InvalidValue
        It isn't there, or is no artifact.
    """
    reader, model = snapshot.reader, snapshot.artifact(ref)
    return [
        s
        for s in _settings(reader, model)
        if not _of_environment(s.name) and part_of(s.name) is not Part.IDENTITY
    ]


def list_environment(snapshot: Snapshot, ref: Ref) -> list[Setting]:
    """Return library versions and the like, as the training steps recorded them.

    These are the properties named `environment` (a struct, taken apart) or beginning with
    `environment.` or `env.`, and TFX's `tfx_version`, `tfx_py_version` and `tfx_runner`.

    Raises
    ------
    NotFound, InvalidValue
        It isn't there, or is no artifact.
    """
    reader, model = snapshot.reader, snapshot.artifact(ref)
    settings = [s for s in _settings(reader, model) if _of_environment(s.name)]
    apart: list[Setting] = []
    for setting in settings:
        if isinstance(setting.value, dict):
            apart += [Setting(k, v, setting.execution) for k, v in sorted(setting.value.items())]
        else:
            apart.append(setting)
    return apart


def find_pipelines(snapshot: Snapshot, ref: Ref) -> Provenance:
    """Return the pipelines, runs and other contexts of a model and of the steps that made it.

    Raises
    ------
    NotFound, InvalidValue
        It isn't there, or is no artifact.
    """
    reader, model = snapshot.reader, snapshot.artifact(ref)
    assert model.id is not None
    graph = _Graph(reader)
    makers = [e.id for e in graph.executions(model.id, Flow.OUTPUT) if e.id is not None]
    makers += [e.id for e in graph.trainings(model) if e.id is not None]
    of_model = contexts_around(reader, Kind.ARTIFACT, [model.id])
    of_makers = contexts_around(reader, Kind.EXECUTION, makers)
    ids = {id for found in (of_model, of_makers) for some in found.values() for id in some}
    found = [c for c in reader.nodes(Kind.CONTEXT, sorted(ids)) if isinstance(c, Context)]
    return Provenance(
        pipelines=tuple(c for c in found if c.type in PIPELINE_TYPES),
        runs=tuple(c for c in found if c.type in PIPELINE_RUN_TYPES),
        others=tuple(c for c in found if c.type not in PIPELINE_TYPES | PIPELINE_RUN_TYPES),
    )


def list_evaluations(snapshot: Snapshot, ref: Ref) -> list[Evaluation]:
    """Return what the steps that read a model wrote of base type METRICS, oldest first.

    Raises
    ------
    NotFound, InvalidValue
        It isn't there, or is no artifact.
    """
    reader, model = snapshot.reader, snapshot.artifact(ref)
    assert model.id is not None
    graph = _Graph(reader)
    readers = graph.executions(model.id, Flow.INPUT)
    return [
        Evaluation(output, execution)
        for execution, outputs in _outputs(reader, readers)
        for output in outputs
        if graph.bases.of(output) is BaseType.METRICS
    ]


def _settings(reader: Reader, model: Artifact) -> list[Setting]:
    return [
        Setting(name, value, execution)
        for execution in _Graph(reader).trainings(model)
        for values in (execution.properties, execution.custom_properties)
        for name, value in sorted(values.items())
    ]


def _of_environment(name: str) -> bool:
    return name in (
        "environment",
        "tfx_version",
        "tfx_py_version",
        "tfx_runner",
    ) or name.startswith(("environment.", "env."))


def _outputs(
    reader: Reader, executions: Iterable[Execution]
) -> list[tuple[Execution, list[Artifact]]]:
    by_id = {e.id: e for e in executions if e.id is not None}
    events = [e for e in reader.events(execution_ids=sorted(by_id)) if e.type.flow is Flow.OUTPUT]
    artifacts = {
        a.id: a
        for a in reader.nodes(Kind.ARTIFACT, sorted({e.artifact_id for e in events}))
        if isinstance(a, Artifact)
    }
    made: dict[int, dict[int, Artifact]] = {id: {} for id in sorted(by_id)}
    for event in events:
        made[event.execution_id][event.artifact_id] = artifacts[event.artifact_id]
    return [(by_id[id], list(outputs.values())) for id, outputs in made.items()]
