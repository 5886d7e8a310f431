"""Everything that a person asks of one model, at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lineage.model import Artifact
from lineage.questions.answer import Answer
from lineage.questions.deployments import Deployment, list_deployments
from lineage.questions.model_facts import (
    Evaluation,
    Provenance,
    Setting,
    TrainingData,
    find_pipelines,
    list_environment,
    list_evaluations,
    list_hyperparameters,
    list_training_data,
)
from lineage.questions.node_json import node_to_json
from lineage.session.snapshot import Ref, Snapshot


@dataclass(frozen=True, slots=True)
class About(Answer):
    """Everything that a person asks of one model."""

    model: Artifact
    trained_on: list[TrainingData]
    hyperparameters: list[Setting]
    pipeline: Provenance
    environment: list[Setting]
    evaluations: list[Evaluation]
    deployments: list[Deployment]

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON has it."""
        return {
            "model": node_to_json(self.model),
            "trained_on": [row.to_dict() for row in self.trained_on],
            "hyperparameters": [row.to_dict() for row in self.hyperparameters],
            "pipeline": self.pipeline.to_dict(),
            "environment": [row.to_dict() for row in self.environment],
            "evaluations": [row.to_dict() for row in self.evaluations],
            "deployments": [row.to_dict() for row in self.deployments],
        }

    def _shown(self) -> dict[str, Any]:
        return {**self.to_dict(), "evaluations": [row.shown() for row in self.evaluations]}


def describe_model(snapshot: Snapshot, ref: Ref) -> About:
    """Return the answers to all questions about one model, from one state of the store.

    Raises
    ------
    NotFound, InvalidValue
        It isn't there, or is no artifact.
    """
    model = snapshot.artifact(ref)
    return About(
        model=model,
        trained_on=list_training_data(snapshot, model),
        hyperparameters=list_hyperparameters(snapshot, model),
        pipeline=find_pipelines(snapshot, model),
        environment=list_environment(snapshot, model),
        evaluations=list_evaluations(snapshot, model),
        deployments=list_deployments(snapshot, model),
    )
