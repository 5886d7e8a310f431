"""What a filter may name on each kind of node and neighbour, and of which kind it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lineage.filters.tree import Relation
from lineage.model import ArtifactState, EventType, ExecutionState, Kind, PropertyKind


class Sort(StrEnum):
    """What can be compared with each other."""

    NUMBER = "a number"
    TIME = "a time in milliseconds"
    STRING = "a string"
    BOOL = "true or false"
    NULL = "NULL"
    ARTIFACT_STATE = "an artifact's state"
    EXECUTION_STATE = "an execution's state"
    EVENT_TYPE = "an event's type"


WORDS: dict[Sort, tuple[str, ...]] = {
    Sort.ARTIFACT_STATE: tuple(ArtifactState),
    Sort.EXECUTION_STATE: tuple(ExecutionState),
    Sort.EVENT_TYPE: tuple(EventType),
}


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the tree, by one of its names."""

    field: str
    sort: Sort


# ML Metadata's names, and ours where they differ.
_TIMES = {
    "create_time_since_epoch": Field("created", Sort.TIME),
    "created": Field("created", Sort.TIME),
    "last_update_time_since_epoch": Field("updated", Sort.TIME),
    "updated": Field("updated", Sort.TIME),
}
_ANY = {
    "id": Field("id", Sort.NUMBER),
    "type_id": Field("type_id", Sort.NUMBER),
    "type": Field("type", Sort.STRING),
    "name": Field("name", Sort.STRING),
    "external_id": Field("external_id", Sort.STRING),
    **_TIMES,
}
FIELDS: dict[Kind, dict[str, Field]] = {
    Kind.ARTIFACT: {
        **_ANY,
        "uri": Field("uri", Sort.STRING),
        "state": Field("state", Sort.ARTIFACT_STATE),
        "version": Field("version", Sort.NUMBER),
        "digest": Field("digest", Sort.STRING),
    },
    Kind.EXECUTION: {
        **_ANY,
        "last_known_state": Field("state", Sort.EXECUTION_STATE),
        "state": Field("state", Sort.EXECUTION_STATE),
        "version": Field("version", Sort.NUMBER),
    },
    Kind.CONTEXT: _ANY,
}
TARGETS = {
    Relation.CONTEXT: Kind.CONTEXT,
    Relation.PARENT: Kind.CONTEXT,
    Relation.CHILD: Kind.CONTEXT,
    Relation.ARTIFACT: Kind.ARTIFACT,
    Relation.EXECUTION: Kind.EXECUTION,
}
_EVENT = {
    "type": Field("type", Sort.EVENT_TYPE),
    "milliseconds_since_epoch": Field("time", Sort.TIME),
    "time": Field("time", Sort.TIME),
}
_OTHER_END = {Kind.ARTIFACT: "execution_id", Kind.EXECUTION: "artifact_id"}

VALUES: dict[str, tuple[PropertyKind, Sort]] = {
    "int_value": (PropertyKind.INT, Sort.NUMBER),
    "double_value": (PropertyKind.DOUBLE, Sort.NUMBER),
    "string_value": (PropertyKind.STRING, Sort.STRING),
    "bool_value": (PropertyKind.BOOL, Sort.BOOL),
}


def fields_of(kind: Kind, relation: Relation | None) -> dict[str, Field]:
    """What can be named on a node of a kind, or on its neighbour."""
    if relation is None:
        return FIELDS[kind]
    if relation is Relation.EVENT:
        end = _OTHER_END[kind]
        return {**_EVENT, end: Field(end, Sort.NUMBER)}
    return FIELDS[TARGETS[relation]]
