"""Where an answer differs from ML Metadata's on purpose: the list of docs/mlmd.md."""

from __future__ import annotations

import re
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


TWO_MISTAKES = "of two mistakes in a request, another may be named"
DELIBERATE: dict[str, Difference] = {
    "an empty pair of a step attributes no artifact to its contexts": _attribution_to_nothing,
    "an update to a name or external id that is taken is ALREADY_EXISTS": _taken,
}
# What answers of these calls have here and lack there.
LEFT_OUT: dict[str, tuple[str, ...]] = {
    "GetLineageSubgraph": ("base_type", "external_id"),
    "GetArtifactsByID": ("base_type",),
    **{f"Get{kind}Types": ("external_id",) for kind in ("Artifact", "Execution", "Context")},
    "GetArtifactTypesByExternalIds": ("base_type",),
    "GetExecutionTypesByExternalIds": ("base_type", "input_type", "output_type"),
}


def which(name: str, request: Any, theirs: tuple[str, str], ours: tuple[str, str]) -> str | None:
    """The deliberate difference that this is: statuses and messages of both sides."""
    for title, holds in DELIBERATE.items():
        if holds(name, request, theirs, ours):
            return title
    return None


_EVENT = re.compile(r"event already exists: artifact_id: (\d+)\nexecution_id: (\d+)\n")
_TYPE = re.compile(r"(Artifact|Execution|Context)Type\Z")
_UNIQUE = re.compile(r"UNIQUE constraint failed: (Artifact|Execution|Context|Type)\.(\w+)")
_CONFLICT = re.compile(
    r"Conflict of external_id: \S+ Found already existing (Artifact|Execution|Context) type"
)


def without_what_is_taken(request: Any, said: str) -> Any | None:
    """The request without the names, external ids or events that ML Metadata says are taken.

    None where it says something else. Where a request has two mistakes, this one has the other.
    """
    mended = type(request)()
    mended.CopyFrom(request)
    event = _EVENT.search(said)
    if event is not None and mended.DESCRIPTOR.name == "PutEventsRequest":
        taken = (int(event[1]), int(event[2]))
        events = [e for e in mended.events if (e.artifact_id, e.execution_id) != taken]
        del mended.events[:]
        mended.events.extend(events)
        return mended
    if "Concurrent creation of the same context" in said:
        for context in _messages(mended, "Context"):
            context.name += " mended"
            context.ClearField("external_id")
        return mended
    conflict = _CONFLICT.search(said)
    if conflict is not None:
        for one in _messages(mended, f"{conflict[1]}Type"):
            one.ClearField("external_id")
        return mended
    found = _UNIQUE.search(said)
    if found is None:
        return None
    for node in _messages(mended, found[1]):
        if found[2] == "external_id":
            node.ClearField("external_id")
        else:
            node.name += " mended"
    return mended


def _messages(message: Any, name: str) -> list[Any]:
    """The messages of that name in there; those of all kinds for a Type."""
    if message.DESCRIPTOR.name == name or (name == "Type" and _TYPE.match(message.DESCRIPTOR.name)):
        return [message]
    inside = []
    for field, value in message.ListFields():
        if field.message_type is not None and not field.message_type.GetOptions().map_entry:
            for one in value if field.is_repeated else [value]:
                inside += _messages(one, name)
    return inside
