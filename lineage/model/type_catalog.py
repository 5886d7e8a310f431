"""Types that need no declaration, and what well-known names mean.

Names on the left are those that TFX and Kubeflow Pipelines give to their artifacts, executions
and contexts, and the plain words that a newcomer would try.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from lineage.model.types import BaseType, Kind, Type

_ARTIFACTS: dict[str, BaseType | None] = {
    "Dataset": BaseType.DATASET,
    "Examples": BaseType.DATASET,
    "Model": BaseType.MODEL,
    "Metrics": BaseType.METRICS,
    "Statistics": BaseType.STATISTICS,
    "ExampleStatistics": BaseType.STATISTICS,
    "ModelEvaluation": BaseType.METRICS,
    "ClassificationMetrics": BaseType.METRICS,
    "SlicedClassificationMetrics": BaseType.METRICS,
    "Schema": None,
    "File": None,
    "Code": None,
    "Table": BaseType.DATASET,
    "ExampleAnomalies": None,
    "TransformGraph": None,
    "TransformCache": None,
    "ModelBlessing": None,
    "InfraBlessing": None,
    "PushedModel": BaseType.MODEL,
    "HyperParameters": None,
    "ModelRun": None,
    "system.Artifact": None,
    "system.Dataset": BaseType.DATASET,
    "system.Model": BaseType.MODEL,
    "system.Metrics": BaseType.METRICS,
    "system.ClassificationMetrics": BaseType.METRICS,
    "system.SlicedClassificationMetrics": BaseType.METRICS,
}
_EXECUTIONS: dict[str, BaseType | None] = {
    "Train": BaseType.TRAIN,
    "Trainer": BaseType.TRAIN,
    "Tuner": BaseType.TRAIN,
    "Transform": BaseType.TRANSFORM,
    "Preprocess": BaseType.TRANSFORM,
    "Aggregate": BaseType.TRANSFORM,
    "Process": BaseType.PROCESS,
    "Ingest": BaseType.PROCESS,
    "Split": BaseType.PROCESS,
    "Validate": BaseType.PROCESS,
    "ExampleGen": BaseType.PROCESS,
    "CsvExampleGen": BaseType.PROCESS,
    "BigQueryExampleGen": BaseType.PROCESS,
    "ImportExampleGen": BaseType.PROCESS,
    "StatisticsGen": BaseType.PROCESS,
    "SchemaGen": BaseType.PROCESS,
    "ExampleValidator": BaseType.PROCESS,
    "ImporterNode": BaseType.PROCESS,
    "Importer": BaseType.PROCESS,
    "ResolverNode": BaseType.PROCESS,
    "Evaluate": BaseType.EVALUATE,
    "Evaluator": BaseType.EVALUATE,
    "ModelValidator": BaseType.EVALUATE,
    "InfraValidator": BaseType.EVALUATE,
    "Command": None,
    "Deploy": BaseType.DEPLOY,
    "Pusher": BaseType.DEPLOY,
    "system.ContainerExecution": BaseType.PROCESS,
    "system.ImporterExecution": BaseType.PROCESS,
    "system.DAGExecution": None,
}
_CONTEXTS = (
    "Pipeline",
    "PipelineRun",
    "Experiment",
    "Project",
    "pipeline",
    "pipeline_run",
    "run",
    "node",
    "system.Pipeline",
    "system.PipelineRun",
    "system.Experiment",
)

PIPELINE_TYPES = frozenset({"Pipeline", "pipeline", "system.Pipeline"})
PIPELINE_RUN_TYPES = frozenset({"PipelineRun", "pipeline_run", "run", "system.PipelineRun"})


def well_known(kind: Kind, name: str) -> Type | None:
    """The type that a well-known name stands for, or None. Such types are put on first use."""
    if kind is Kind.CONTEXT:
        return Type(kind=kind, name=name) if name in _CONTEXTS else None
    names = _ARTIFACTS if kind is Kind.ARTIFACT else _EXECUTIONS
    if name not in names:
        return None
    return Type(kind=kind, name=name, base=names[name])


def is_called(type: Type, names: Collection[str]) -> bool:
    """Whether one of these means the type: `Train`, `Train@2`, or its base type, `TRAIN`."""
    return type.name in names or type.label in names or base_of(type) in names


def base_of(type: Type) -> BaseType | None:
    """The declared base type, else the one that the well-known name has.

    `tfx.components.trainer.component.Trainer`, as TFX records it, counts by its last part.
    """
    if type.base is not None:
        return type.base
    known = well_known(type.kind, type.name) or well_known(type.kind, type.name.rpartition(".")[2])
    return known.base if known else None


def list_built_in() -> list[Type]:
    """Return the types that need no declaration, by kind and name."""
    named = ((Kind.ARTIFACT, _ARTIFACTS), (Kind.EXECUTION, _EXECUTIONS), (Kind.CONTEXT, _CONTEXTS))
    found = [well_known(kind, name) for kind, names in named for name in sorted(names)]
    return [type for type in found if type is not None]


def list_plain(kind: Kind) -> tuple[str, ...]:
    """Return the plain words among them, which messages have room for."""
    return _PLAIN[kind]


_PLAIN: Mapping[Kind, tuple[str, ...]] = {
    Kind.ARTIFACT: ("Dataset", "Model", "Metrics", "Statistics", "Table", "File", "Code"),
    Kind.EXECUTION: (
        "Train", "Transform", "Process", "Ingest", "Split", "Validate", "Evaluate", "Deploy",
    ),
    Kind.CONTEXT: ("Pipeline", "PipelineRun", "Experiment", "Project"),
}  # fmt: skip

# What the questions do with nodes of a base type, beside following the data through them.
USES: Mapping[BaseType, str] = {
    BaseType.DATASET: "training data in `trained-on`; what `siblings` have in common",
    BaseType.MODEL: "what is deployed; `impact` lists it where it is live; metrics may be its own",
    BaseType.METRICS: "what was measured of a model: `evaluations`, `diff`, `siblings`, `bisect`",
    BaseType.STATISTICS: "found by `--type STATISTICS`",
    BaseType.TRAIN: "its properties are the model's hyperparameters and environment",
    BaseType.TRANSFORM: "found by `--type TRANSFORM`",
    BaseType.PROCESS: "found by `--type PROCESS`",
    BaseType.EVALUATE: "found by `--type EVALUATE`",
    BaseType.DEPLOY: "what it read is deployed: `deployments`; stands in the way of a deletion",
}
