"""What is recorded: types, artifacts, executions, contexts and events. No I/O."""

from lineage.model.deletion import (
    DeletionPolicy,
    Plan,
    PlannedNode,
    PlannedRemoval,
    Receipt,
    RemovalOutcome,
    Removed,
    StoredFile,
)
from lineage.model.events import Event, EventType, Flow, Path
from lineage.model.marks import Mark, Policy, Retention, Series
from lineage.model.nodes import (
    NODE_CLASSES,
    Artifact,
    ArtifactState,
    Context,
    Execution,
    ExecutionState,
    Node,
    to_datetime,
)
from lineage.model.record import Record
from lineage.model.step_ids import Recorded
from lineage.model.steps import ArtifactRef, ContextRef, ExecutionRef, Port, Step
from lineage.model.types import BaseType, Kind, Type
from lineage.model.values import PropertyKind, Value, kind_of

__all__ = [
    "NODE_CLASSES",
    "Artifact",
    "ArtifactRef",
    "ArtifactState",
    "BaseType",
    "Context",
    "ContextRef",
    "DeletionPolicy",
    "Event",
    "EventType",
    "Execution",
    "ExecutionRef",
    "ExecutionState",
    "Flow",
    "Kind",
    "Mark",
    "Node",
    "Path",
    "Plan",
    "PlannedNode",
    "PlannedRemoval",
    "Policy",
    "Port",
    "PropertyKind",
    "Receipt",
    "Record",
    "Recorded",
    "RemovalOutcome",
    "Removed",
    "Retention",
    "Series",
    "Step",
    "StoredFile",
    "Type",
    "Value",
    "kind_of",
    "to_datetime",
]
