"""Lineage: where did this come from, what did it touch, and what breaks if it goes?

>>> import lineage
>>> store = lineage.connect("memory://")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lineage.connection import connect
    from lineage.errors import LineageError
    from lineage.model import (
        Artifact,
        ArtifactState,
        BaseType,
        Context,
        DeletionPolicy,
        Event,
        EventType,
        Execution,
        ExecutionState,
        Kind,
        Mark,
        Plan,
        Policy,
        Port,
        PropertyKind,
        Receipt,
        Retention,
        Series,
        Step,
        Type,
    )
    from lineage.recording.annotation import Input, Output
    from lineage.recording.autolog import autolog
    from lineage.recording.run import Run, run
    from lineage.recording.step import step
    from lineage.store import Recorded, Store

__version__ = "0.1.0"

# Imported when first used, so that the command line starts fast.
_HOMES = {
    "connect": "lineage.connection",
    "LineageError": "lineage.errors",
    "Store": "lineage.store",
    "Recorded": "lineage.store",
    "Input": "lineage.recording.annotation",
    "Output": "lineage.recording.annotation",
    "autolog": "lineage.recording.autolog",
    "Run": "lineage.recording.run",
    "run": "lineage.recording.run",
    "step": "lineage.recording.step",
}
_MODEL = (
    "Artifact",
    "ArtifactState",
    "BaseType",
    "Context",
    "DeletionPolicy",
    "Event",
    "EventType",
    "Execution",
    "ExecutionState",
    "Kind",
    "Mark",
    "Plan",
    "Policy",
    "Port",
    "PropertyKind",
    "Receipt",
    "Retention",
    "Series",
    "Step",
    "Type",
)
_HOMES |= dict.fromkeys(_MODEL, "lineage.model")

__all__ = [
    "Artifact",
    "ArtifactState",
    "BaseType",
    "Context",
    "DeletionPolicy",
    "Event",
    "EventType",
    "Execution",
    "ExecutionState",
    "Input",
    "Kind",
    "LineageError",
    "Mark",
    "Output",
    "Plan",
    "Policy",
    "Port",
    "PropertyKind",
    "Receipt",
    "Recorded",
    "Retention",
    "Run",
    "Series",
    "Step",
    "Store",
    "Type",
    "autolog",
    "connect",
    "run",
    "step",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'lineage' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
