"""Where an answer differs from ML Metadata's on purpose: the list of docs/mlmd.md."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# The name that the list has it under, and whether a difference is that one.
Difference = Callable[[str, Any, tuple[str, str], tuple[str, str]], bool]


def _taken(name: str, request: Any, theirs: Any, ours: Any) -> bool:
    return (
        name.startswith("Put")
        and (theirs[0] == "ABORTED" or "UNIQUE constraint failed" in theirs[1])
        and ours[0] == "ALREADY_EXISTS"
    )


def _attribution_to_nothing(name: str, request: Any, theirs: Any, ours: Any) -> bool:
    return theirs[0] == "INTERNAL" and "Results missing for ids: {-1" in theirs[1]


def _another_mistake(name: str, request: Any, theirs: Any, ours: Any) -> bool:
    return (
        name == "PutExecution"
        and theirs[0] == "ALREADY_EXISTS"
        and "event.execution_id does not match" in ours[1]
    )


DELIBERATE: dict[str, Difference] = {
    "of two mistakes in a request, another may be named": _another_mistake,
    "an empty pair of a step attributes no artifact to its contexts": _attribution_to_nothing,
    "an update to a name or external id that is taken is ALREADY_EXISTS": _taken,
}
# What answers of these calls have here and lack there.
LEFT_OUT: dict[str, tuple[str, ...]] = {
    "GetLineageSubgraph": ("base_type",),
    "GetArtifactsByID": ("base_type",),
    "GetArtifactTypesByExternalIds": ("base_type",),
    "GetExecutionTypesByExternalIds": ("base_type",),
}


def which(name: str, request: Any, theirs: tuple[str, str], ours: tuple[str, str]) -> str | None:
    """The deliberate difference that this is: statuses and messages of both sides."""
    for title, holds in DELIBERATE.items():
        if holds(name, request, theirs, ours):
            return title
    return None
