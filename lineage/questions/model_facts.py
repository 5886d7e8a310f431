"""What a person asks of one model.

The steps that made it are the executions with an output event on it; those whose base type is
TRAIN trained it. A model that no training step wrote (one that was pushed or converted) is asked
about through the nearest training upstream.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from lineage.model import (
    Artifact,
    BaseType,
    Context,
    Event,
    Execution,
    ExecutionState,
    Flow,
    Kind,
)
from lineage.model.type_catalog import PIPELINE_RUN_TYPES, PIPELINE_TYPES
from lineage.ports.reader import Reader
from lineage.ports.traversal import Direction
from lineage.questions.answer import Answer
from lineage.questions.causal_closure import keys_of, read_causal_closure
from lineage.questions.closure import read_levels, read_lineage
from lineage.questions.metrics import numbers_of
from lineage.questions.node_json import node_to_json, to_json_value
from lineage.questions.run_facets import Part, leaves_of_value
from lineage.rules.membership import contexts_around
from lineage.rules.type_index import TypeIndex
from lineage.session.snapshot import Ref, Snapshot

# In the order in which they are shown.
_ABOUT_THE_RUN = (Part.CODE, Part.MACHINE, Part.IDENTITY, Part.SYMPTOM)
_CODE = "Code"


@dataclass(frozen=True, slots=True)
class TrainingData:
    """A dataset that a model came of; `direct` where the training step itself read it.

    `in_time` is false where only chains lead from it to the model in which something precedes what
    it came of: something was written more than once without versions.
    """

    dataset: Artifact
    depth: int
    direct: bool
    in_time: bool = True

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return node_to_json(
            self.dataset, depth=self.depth, direct=self.direct, in_time=self.in_time
        )


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
class RunFacet:
    """What a step that trained a model says of its code, its machine, itself and its end."""

    part: Part
    name: str
    value: Any
    execution: Execution = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return {
            "part": str(self.part),
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
    """Metrics that a step made of a model; `values` are the numbers that were measured."""

    metrics: Artifact
    execution: Execution

    @property
    def values(self) -> dict[str, float]:
        """The numbers that were measured, by name."""
        return dict(sorted(numbers_of(self.metrics).items()))

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return node_to_json(
            self.metrics,
            values={name: to_json_value(value) for name, value in self.values.items()},
            execution=f"execution:{self.execution.id}",
        )

    def shown(self) -> dict[str, Any]:
        """Return the row as it is shown to people: with what was measured."""
        return {**self.to_dict(), "described": self.values}


class _Graph:
    """The steps around a node, and what they are at bottom."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.bases = TypeIndex(reader)

    def executions(self, artifact_id: int, flow: Flow) -> list[Execution]:
        events = self.reader.events(artifact_ids=[artifact_id])
        ids = sorted({e.execution_id for e in events if e.type.flow is flow})
        return self.reader.nodes(Kind.EXECUTION, ids)  # type: ignore[return-value]

    def trainings(self, model: Artifact, *, causal: bool = False) -> list[Execution]:
        """The steps that trained a model: the nearest TRAIN upstream, else what made it."""
        assert model.id is not None
        levels = read_levels(self.reader, [model], Direction.UPSTREAM, causal=causal)
        for _, kind, ids in levels:
            if kind is Kind.EXECUTION:
                found = [
                    n
                    for n in self.reader.nodes(kind, ids)
                    if self.bases.of(n) is BaseType.TRAIN and isinstance(n, Execution)
                ]
                if found:
                    return _not_repeated(found)
        return _not_repeated(self.executions(model.id, Flow.OUTPUT))


def _not_repeated(found: list[Execution]) -> list[Execution]:
    """Leave out the runs that took the result of another one, where that is there as well."""
    return [e for e in found if e.state is not ExecutionState.CACHED] or found


def trainings_of(reader: Reader, model: Artifact) -> list[Execution]:
    """The steps that trained a model: the nearest of base type TRAIN, else what made it."""
    return _Graph(reader).trainings(model)


def list_training_data(snapshot: Snapshot, ref: Ref, *, causal: bool = False) -> list[TrainingData]:
    """Return the datasets (base type DATASET) upstream of a model, nearest first.

    With `causal`, only those from which a chain leads to it in which nothing precedes what it came
    of.

    Raises
    ------
    NotFound, InvalidValue
        It isn't there, or is no artifact.
    """
    reader, model = snapshot.reader, snapshot.artifact(ref)
    graph = _Graph(reader)
    trainings = [e.id for e in graph.trainings(model, causal=causal) if e.id is not None]
    read = {
        e.artifact_id for e in reader.events(execution_ids=trainings) if e.type.flow is Flow.INPUT
    }
    found = read_lineage(reader, [model], Direction.UPSTREAM, type=BaseType.DATASET, causal=causal)
    in_time = None
    if found.against_time:
        in_time = read_causal_closure(reader, keys_of([model]), Direction.UPSTREAM).first
    return [
        TrainingData(
            at.node,
            at.depth,
            at.node.id in read,
            in_time is None or (Kind.ARTIFACT, at.node.id or 0) in in_time,
        )
        for at in found
        if isinstance(at.node, Artifact) and at.node.id != model.id
    ]


def list_hyperparameters(snapshot: Snapshot, ref: Ref) -> list[Setting]:
    """Return the parameters of the steps that trained a model.

    Left out is what says which code they ran, in which environment, on which machine, which run it
    was and how it ended (`run_facets`); `list_code` and `list_environment` show these.

    Raises
    ------
    NotFound, InvalidValue
        It isn't there, or is no artifact.
    """
    reader, model = snapshot.reader, snapshot.artifact(ref)
    return [
        s
        for s in _settings(reader, model)
        if not _of_environment(s.name) and Part.PARAMETER in _parts(s.name, s.value)
    ]


def list_code(snapshot: Snapshot, ref: Ref) -> list[RunFacet]:
    """Return what the steps that trained a model say of their code, machine, identity and end.

    Code comes first, and of it what they read of type `Code`, by its uri and with its digest.

    Raises
    ------
    NotFound, InvalidValue
        It isn't there, or is no artifact.
    """
    reader, model = snapshot.reader, snapshot.artifact(ref)
    assert model.id is not None
    graph = _Graph(reader)
    trainings = graph.trainings(model)
    makers = {e.id: e for e in (*trainings, *graph.executions(model.id, Flow.OUTPUT))}
    found = [
        RunFacet(Part.CODE, code.uri or code.label, code.digest, makers[event.execution_id])
        for event, code in _inputs_of_type(reader, sorted(id for id in makers if id), _CODE)
    ]
    for setting in _settings(reader, model):
        if not _of_environment(setting.name):
            found += [
                RunFacet(leaf.part, leaf.name, leaf.value, setting.execution)
                for leaf in leaves_of_value(setting.name, setting.value)
                if leaf.part in _ABOUT_THE_RUN
            ]
    return sorted(found, key=lambda row: _ABOUT_THE_RUN.index(row.part))


def list_environment(snapshot: Snapshot, ref: Ref) -> list[Setting]:
    """Return library versions and the like, as the training steps or their outputs have them.

    These are the properties named `environment` (a struct, taken apart) or beginning with
    `environment.` or `env.`, and TFX's `tfx_version`, `tfx_py_version` and `tfx_runner`, which it
    puts on outputs.

    Raises
    ------
    NotFound, InvalidValue
        It isn't there, or is no artifact.
    """
    reader, model = snapshot.reader, snapshot.artifact(ref)
    settings = [s for s in _settings(reader, model) if _of_environment(s.name)]
    known = {(s.execution.id, s.name) for s in settings}
    for execution, outputs in _outputs(reader, _Graph(reader).trainings(model)):
        for output in outputs:
            for name, value in {**output.properties, **output.custom_properties}.items():
                if _of_environment(name) and (execution.id, name) not in known:
                    known.add((execution.id, name))
                    settings.append(Setting(name, value, execution))
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

    What several steps wrote, as one that took the result of another from a cache, is there once.

    Raises
    ------
    NotFound, InvalidValue
        It isn't there, or is no artifact.
    """
    reader, model = snapshot.reader, snapshot.artifact(ref)
    assert model.id is not None
    graph = _Graph(reader)
    readers = graph.executions(model.id, Flow.INPUT)
    found: dict[int | None, Evaluation] = {}
    # Who measured it stands before who took the result over.
    for execution, outputs in sorted(_outputs(reader, readers), key=_cached_last):
        for output in outputs:
            if graph.bases.of(output) is BaseType.METRICS:
                found.setdefault(output.id, Evaluation(output, execution))
    return sorted(found.values(), key=lambda row: (row.execution.id or 0, row.metrics.id or 0))


def _settings(reader: Reader, model: Artifact) -> list[Setting]:
    return [
        Setting(name, value, execution)
        for execution in _Graph(reader).trainings(model)
        for values in (execution.properties, execution.custom_properties)
        for name, value in sorted(values.items())
    ]


def _cached_last(made: tuple[Execution, list[Artifact]]) -> tuple[bool, int]:
    return made[0].state is ExecutionState.CACHED, made[0].id or 0


def _parts(name: str, value: Any) -> set[Part]:
    """The parts that the values of a property play."""
    return {leaf.part for leaf in leaves_of_value(name, value)}


def _inputs_of_type(
    reader: Reader, execution_ids: Sequence[int], type: str
) -> list[tuple[Event, Artifact]]:
    events = [e for e in reader.events(execution_ids=execution_ids) if e.type.flow is Flow.INPUT]
    ids = sorted({event.artifact_id for event in events})
    read = {a.id: a for a in reader.nodes(Kind.ARTIFACT, ids) if isinstance(a, Artifact)}
    once = {event.artifact_id: event for event in reversed(events)}
    return [(once[id], read[id]) for id in ids if id in read and read[id].type == type]


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
