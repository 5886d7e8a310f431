"""The answers of questions as OpenAPI has them; the questions' own modules say what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from lineage.model import Mark, Plan, Policy, Receipt, Series, Type
from lineage.server.http.schemas import EventOut, FoundOut, LineageOut, NodeFields, NodeOut

# NaN and the infinities have no number in JSON, and come as text.
Number = float | str


class Answer(BaseModel):
    """An answer, or a part of one."""

    model_config = ConfigDict(extra="allow")


class WitnessOut(Answer):
    """One way from a source to a target; empty where there is none."""

    found: bool
    source: str
    target: str
    nodes: list[FoundOut]
    events: list[EventOut]
    same_content: list[int]
    complete: bool


class ColumnOut(NodeFields):
    """A column of a dataset, and the step that leads to it."""

    column: str
    depth: int
    step: str | None
    how: str


class ColumnPlaceOut(Answer):
    """A column of a dataset, which is named as `artifact:42`."""

    dataset: str
    column: str


class ColumnArrowOut(Answer):
    """A step made a column of another."""

    source: ColumnPlaceOut
    target: ColumnPlaceOut
    step: str
    how: str
    masked: bool


class ColumnLineageOut(Answer):
    """Columns, those behind a mask, and the steps that say nothing of columns."""

    columns: list[ColumnOut]
    masked: list[ColumnOut]
    gaps: list[NodeOut]
    arrows: list[ColumnArrowOut]
    complete: bool


class HappeningOut(Answer):
    """What happened to a node, and when."""

    time_ms: int | None
    what: str
    path: list[str | int]
    other: NodeOut | None
    receipt: str | None
    why: str | None


class TrainingDataOut(FoundOut):
    """A dataset that a model was trained on; `direct` where the training itself read it."""

    direct: bool
    in_time: bool


class RunFacetOut(Answer):
    """What a training says of its code, its machine, itself and its end."""

    part: str
    name: str
    value: Any
    execution: str


class SettingOut(Answer):
    """A setting of an execution."""

    name: str
    value: Any
    execution: str


class ProvenanceOut(Answer):
    """The contexts that a model came of."""

    pipelines: list[NodeOut]
    runs: list[NodeOut]
    others: list[NodeOut]


class EvaluationOut(NodeFields):
    """Metrics of a model, and the execution that measured them."""

    values: dict[str, Number]
    execution: str


class DeploymentOut(NodeFields):
    """An execution that deployed models: where, and until when they stayed."""

    time_ms: int | None
    where: str | None
    models: list[NodeOut]
    took_effect: bool
    until_ms: int | None
    ended_by: str | None
    replaced_by: list[NodeOut]
    outputs: list[NodeOut]


class AboutOut(Answer):
    """A model: its data, settings, pipeline, environment, metrics and deployments."""

    model: NodeOut
    trained_on: list[TrainingDataOut]
    hyperparameters: list[SettingOut]
    pipeline: ProvenanceOut
    environment: list[SettingOut]
    evaluations: list[EvaluationOut]
    deployments: list[DeploymentOut]


class SiblingOut(NodeFields):
    """A model that shares training data with another."""

    training: str
    shared: NodeOut
    same_data: bool
    value: Number | None
    better: bool | None


class SiblingsOut(Answer):
    """A model beside those that share its training data."""

    model: NodeOut
    metric: str | None
    higher_is_better: bool | None
    value: Number | None
    siblings: list[SiblingOut]
    complete: bool


class MeasurementOut(Answer):
    """A number that was measured of a model, and the artifact that says so."""

    name: str
    value: Number
    source: NodeOut


class MaterialsOut(Answer):
    """What a model was made of; `bases` and `read` are by the artifacts' ids."""

    model: NodeOut
    artifacts: list[NodeOut]
    bases: dict[str, str | None]
    read: dict[str, list[int]]
    trainings: list[NodeOut]
    metrics: list[MeasurementOut]


class ValueDifferenceOut(Answer):
    """A value that two nodes differ in."""

    name: str
    first: Any
    second: Any


class DataDifferenceOut(Answer):
    """Two artifacts that stand at the same place; `known` where it is known what differs."""

    first: NodeOut
    second: NodeOut
    derived: bool
    known: bool
    values: list[ValueDifferenceOut]


class SettingDifferenceOut(ValueDifferenceOut):
    """A setting that differs, and the pairs of executions that it is of."""

    part: str
    steps: list[list[str]]


class MetricDifferenceOut(Answer):
    """A metric of both; `better` is whether the second one's is."""

    name: str
    first: Number | None
    second: Number | None
    better: bool | None


class DiffOut(Answer):
    """What differs between how two nodes were made."""

    first: NodeOut
    second: NodeOut
    same: bool
    data: list[DataDifferenceOut]
    settings: list[SettingDifferenceOut]
    only_first: list[NodeOut]
    only_second: list[NodeOut]
    metrics: list[MetricDifferenceOut]
    shared: int
    deleted: list[str]
    complete: bool


class InputOut(NodeFields):
    """An artifact that was read, and under which path."""

    path: list[str | int]


class FailureDifferenceOut(Answer):
    """What a failed run had, and the last good one before it."""

    what: str
    failed: Any
    good: Any


class OpenRunOut(NodeFields):
    """A run that has not ended."""

    stale: bool
    lease_until_ms: int | None
    last_written_ms: int | None


class FailureOut(Answer):
    """A run beside the last good one of the same step."""

    run: NodeOut
    inputs: list[InputOut]
    attempts: list[NodeOut]
    unended: OpenRunOut | None
    last_good: NodeOut | None
    differences: list[FailureDifferenceOut]


class SuspectOut(Answer):
    """What bad outcomes have in common, and how many of the good ones have it, too."""

    rank: int
    score: Number
    what: str
    name: str
    value: Any
    step: str | None
    artifact: NodeOut | None
    bad_with: int
    bad_without: int
    good_with: int
    good_without: int


class BlameOut(Answer):
    """Suspects, the most suspicious first."""

    formula: str
    bad: list[str]
    good: list[str]
    open: list[str]
    suspects: list[SuspectOut]
    complete: bool


class BisectionOut(Answer):
    """What may be the first bad version, and what to test next."""

    bad: list[NodeOut]
    good: list[NodeOut]
    candidates: list[NodeOut]
    first_bad: NodeOut | None
    test: NodeOut | None
    if_bad: int
    if_good: int
    tests: int
    complete: bool


class MarkOut(Answer):
    """A statement about a node, which is named as `artifact:42`."""

    node: str
    label: str
    kind: str
    node_id: int
    clean: bool
    reason: str | None
    who: str | None
    time_ms: int | None
    until_ms: int | None
    recorded_ms: int
    lifted_ms: int | None
    lifted_by: str | None
    lifted_reason: str | None
    id: int | None


class SourceOut(NodeFields):
    """Where a taint starts, and the marks that say so."""

    label: str | None
    marks: list[Mark]


class BarrierOut(NodeFields):
    """Where a taint stops, why, and how many nodes that shields."""

    label: str | None
    depth: int
    why: str
    shielded: int
    saved: int
    mark: Mark | None


class ReachedOut(Answer):
    """How a label reaches a node; `witness` is null where it is too long to be written out."""

    label: str | None
    depth: int
    source: str
    witness: list[str] | None


class AffectedOut(FoundOut):
    """A node that is tainted, and of what."""

    labels: list[str | None]
    source: str
    reached: list[ReachedOut]


class TaintOut(Answer):
    """What is tainted, where it starts and where it stops."""

    labels: list[str | None]
    sources: list[SourceOut]
    nodes: list[AffectedOut]
    events: list[EventOut]
    barriers: list[BarrierOut]
    affected: int
    shielded: int
    saved: int
    as_of_ms: int | None
    causal: bool
    complete: bool


class StoppedOut(NodeFields):
    """A node that a taint does not pass, and why."""

    why: str


class VerdictOut(Answer):
    """Whether a node is clean of one label, and what says so."""

    label: str | None
    clean: bool
    affected: list[NodeOut]
    witness: WitnessOut | None
    marks: list[Mark]
    stopped: list[StoppedOut]


class CheckOut(Answer):
    """Whether a node is clean."""

    node: NodeOut
    clean: bool
    verdicts: list[VerdictOut]
    complete: bool


class CutOut(Answer):
    """The fewest steps that are to be run again, or blocked, to clear some nodes."""

    targets: list[NodeOut]
    label: str | None
    possible: bool
    steps: list[NodeOut]
    marked: list[NodeOut]
    complete: bool


class InputBindingOut(Answer):
    """What a step is to read, in place of what it read."""

    path: list[str | int]
    was: str
    artifact: str | None
    step: str | None


class RerunOut(NodeFields):
    """A step that is to be run again."""

    inputs: list[InputBindingOut]
    rebuilds: list[NodeOut]
    marked: bool


class RollbackOut(Answer):
    """A deployment, and the one before it that is not affected."""

    deployment: DeploymentOut
    to: DeploymentOut | None
    models: list[NodeOut]
    why: str | None


class ReplacedOut(Answer):
    """An artifact, and the one that took its place."""

    was: NodeOut
    by: NodeOut


class ProgressOut(Answer):
    """How far a clean-up is."""

    labels: list[str | None]
    done: bool
    dirty: list[NodeOut]
    replaced: list[ReplacedOut]
    gone: list[NodeOut]
    deployed: list[DeploymentOut]
    notes: list[str]
    complete: bool


class RebuildOut(Answer):
    """What is to be run again, in order, and what can't be had again."""

    labels: list[str | None]
    inputs: list[NodeOut]
    steps: list[RerunOut]
    lost: list[StoppedOut]
    rollbacks: list[RollbackOut]
    progress: ProgressOut
    complete: bool


class SeriesProposalOut(Series):
    """A declaration that names look like: a guess."""

    names: int
    examples: list[str]
    guessed: bool


class VersionsOut(Answer):
    """The versions of a thing, the first one first, and whether they are known to be all."""

    node: NodeOut
    versions: list[NodeOut]
    known: bool
    declared: Series | None
    note: str | None
    complete: bool


class TypeCountOut(Answer):
    """How many nodes are of a type."""

    kind: str
    type: str
    count: int


class ModelAtStakeOut(FoundOut):
    """A model that would lose what it came of, and where it is deployed."""

    live: bool
    deployed: list[str]


class ContextCountOut(NodeFields):
    """A context, and how many nodes in it are touched."""

    nodes: int


class ImpactOut(Answer):
    """What would break if some nodes went."""

    targets: list[NodeOut]
    direct: list[NodeOut]
    downstream: list[TypeCountOut]
    models: list[ModelAtStakeOut]
    cached: list[NodeOut]
    lost: list[NodeOut]
    contexts: list[ContextCountOut]
    owners: dict[str, int]
    bytes: int
    unsized: int
    complete: bool


class CountsOut(Answer):
    """How much there is."""

    types: int
    artifacts: int
    executions: int
    contexts: int
    events: int


class VocabularyOut(Answer):
    """The words of a store's graph."""

    labels: list[str]
    relationships: list[str]
    properties: list[str]


class OperatorOut(Answer):
    """A step of a query's plan, and those that its rows come from."""

    operator: str
    details: str
    estimated_rows: float | None
    rows: int | None
    hits: int | None
    milliseconds: float | None
    children: list[OperatorOut]


class ExplainOut(Answer):
    """How a query is answered."""

    profiled: bool
    row_count: int | None
    complete: bool
    plan: OperatorOut


Levels = list[tuple[int, str, list[int]]]
ANSWERS: Mapping[str, Any] = {
    "about": AboutOut,
    "bisect": BisectionOut,
    "blame": BlameOut,
    "cheapest_cut": CutOut,
    "check": CheckOut,
    "children_of": list[NodeOut],
    "closure": Levels,
    "code": list[RunFacetOut],
    "column_lineage": ColumnLineageOut,
    "contexts_of": list[NodeOut],
    "counts": CountsOut,
    "deployments": list[DeploymentOut],
    "diff": DiffOut,
    "downstream": LineageOut,
    "environment_of": list[SettingOut],
    "evaluations": list[EvaluationOut],
    "events": list[EventOut],
    "failure": FailureOut,
    "get": NodeOut,
    "get_type": Type,
    "history": list[HappeningOut],
    "hyperparameters": list[SettingOut],
    "impact": ImpactOut,
    "lift": list[MarkOut],
    "mark": list[MarkOut],
    "marks": list[MarkOut],
    "materials": MaterialsOut,
    "parents_of": list[NodeOut],
    "pipeline_of": ProvenanceOut,
    "plan_deletion": Plan,
    "plan_forget": Plan,
    "plan_gc": Plan,
    "plan_rebuild": RebuildOut,
    "policies": list[Policy],
    "receipts": list[Receipt],
    "resume_deletions": list[Receipt],
    "saved_queries": dict[str, str],
    "siblings": SiblingsOut,
    "suggest_series": list[SeriesProposalOut],
    "taint": TaintOut,
    "taint_levels": Levels,
    "taint_progress": ProgressOut,
    "trained_on": list[TrainingDataOut],
    "types": list[Type],
    "unfinished_deletions": list[Receipt],
    "upstream": LineageOut,
    "versions": VersionsOut,
    "vocabulary": VocabularyOut,
    "why": WitnessOut,
}
