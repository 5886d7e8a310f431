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
        Step,
        Type,
    )
    from lineage.store import Recorded, Store

__version__ = "0.1.0"

# Imported when first used, so that the command line starts fast.
_HOMES = {
    "connect": "lineage.connection",
    "LineageError": "lineage.errors",
    "Store": "lineage.store",
    "Recorded": "lineage.store",
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
    "Kind",
    "LineageError",
    "Mark",
    "Plan",
    "Policy",
    "Port",
    "PropertyKind",
    "Receipt",
    "Recorded",
    "Retention",
    "Step",
    "Store",
    "Type",
    "connect",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'lineage' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
