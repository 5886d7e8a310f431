"""Define the batch of writes that a backend applies in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from lineage.model import EventType, Kind, Path, Type, Value


class WriteMode(StrEnum):
    """What to do with a node of a batch.

    REFERENCE: it must exist, and stays as it is.
    CREATE: it must not exist.
    MERGE: made where it does not exist (by id, it must); else what is given is set, the rest stays.
    REPLACE: it must exist; every mutable field becomes what is given.
    UPSERT_EXACT: by id: made, or replaced, exactly as given, times included (copy, import).
    """

    REFERENCE = "reference"
    CREATE = "create"
    MERGE = "merge"
    REPLACE = "replace"
    UPSERT_EXACT = "upsert_exact"


WriteKey = Literal["none", "id", "external_id", "name", "at"]


@dataclass(slots=True)
class NodeWrite:
    """One node of a batch. `key` says what finds it: `id`, `external_id`, (`type`, `name`,
    `version`), or `at`, the position in the batch of the write that makes or finds it.

    `version` is None for contexts, which have none, and on MERGE and REPLACE where it stays; made
    without one, a node is version 1. `place` is the one spelling of its uri.

    The values of the properties are validated and of the kinds that the type declares.
    `now_ms` becomes the created and updated time; on UPSERT_EXACT, `created_ms` and `updated_ms`
    do.
    An update sets the updated time to at least one more than it was, and only where something
    changed, or with `touch`. With `expected_ms`, a node whose updated time is another raises
    Conflict; with `unless_deleted`, an artifact that is DELETED raises FoundDeleted.
    """

    kind: Kind
    mode: WriteMode
    key: WriteKey
    type: Type | None = None  # with its id; None only for REFERENCE by id or external id
    id: int | None = None
    name: str | None = None
    external_id: str | None = None
    uri: str | None = None
    state: str | None = None  # None on MERGE: leave it
    properties: Mapping[str, Value] = field(default_factory=dict)
    custom_properties: Mapping[str, Value] = field(default_factory=dict)
    now_ms: int = 0
    created_ms: int | None = None
    updated_ms: int | None = None
    expected_ms: int | None = None
    touch: bool = False
    unless_deleted: bool = False
    version: int | None = None
    digest: str | None = None
    place: str | None = None
    at: int | None = None
    # Its version or attempt follows from what was read: if another has come first, read again.
    contested: bool = False
    # An execution that has ended keeps its state where this one has not.
    forward: bool = False


class FoundDeleted(Exception):
    """What was to be written `unless_deleted` is DELETED: the transaction must not be committed."""


@dataclass(slots=True)
class EventWrite:
    """An event between two nodes of the batch, given by their positions in `Batch.nodes`.

    Where the same event (artifact, execution, type, path) exists already, it stays as it is.
    """

    artifact: int
    execution: int
    type: EventType
    path: Path
    time_ms: int
    recorded_ms: int


@dataclass(slots=True)
class Batch:
    """What one transaction writes. Pairs are positions in `nodes`; those that exist stay.

    memberships: (artifact or execution, context); parents: (child context, parent context).
    """

    nodes: list[NodeWrite] = field(default_factory=list)
    events: list[EventWrite] = field(default_factory=list)
    memberships: list[tuple[int, int]] = field(default_factory=list)
    parents: list[tuple[int, int]] = field(default_factory=list)
