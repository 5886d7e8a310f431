"""What a filter may name on each kind of node and neighbour, and of which kind it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lineage.filters.tree import Relation
from lineage.model import ArtifactState, EventType, ExecutionState, Kind, PropertyKind
from lineage.model.fields import OWN_FIELDS, TIME_FIELDS


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


_NUMBERS = {"id", "type_id", "version"}
_STATES = {Kind.ARTIFACT: Sort.ARTIFACT_STATE, Kind.EXECUTION: Sort.EXECUTION_STATE}


def _sort_of(kind: Kind, name: str) -> Sort:
    if name == "state":
        return _STATES[kind]
    if name in TIME_FIELDS:
        return Sort.TIME
    return Sort.NUMBER if name in _NUMBERS else Sort.STRING


FIELDS: dict[Kind, dict[str, Field]] = {
    # The version of a type is no condition: its id says which one is meant.
    kind: {name: Field(name, _sort_of(kind, name)) for name in own if name != "type_version"}
    for kind, own in OWN_FIELDS.items()
}
# ML Metadata's names, where they differ from ours.
_ALIASES = {
    "create_time_since_epoch": "created",
    "last_update_time_since_epoch": "updated",
}
for _fields in FIELDS.values():
    _fields.update({alias: _fields[name] for alias, name in _ALIASES.items()})
FIELDS[Kind.EXECUTION]["last_known_state"] = FIELDS[Kind.EXECUTION]["state"]
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
