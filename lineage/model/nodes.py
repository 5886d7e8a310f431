"""Artifacts, executions and contexts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import Field

from lineage.model.record import Record
from lineage.model.types import Kind
from lineage.model.values import Value


class ArtifactState(StrEnum):
    """Where an artifact is in its life (MLMD's Artifact.State)."""

    UNKNOWN = "UNKNOWN"
    PENDING = "PENDING"
    LIVE = "LIVE"
    MARKED_FOR_DELETION = "MARKED_FOR_DELETION"
    DELETED = "DELETED"
    ABANDONED = "ABANDONED"
    REFERENCE = "REFERENCE"


class ExecutionState(StrEnum):
    """How a run of a step stands (MLMD's Execution.State)."""

    UNKNOWN = "UNKNOWN"
    NEW = "NEW"
    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    FAILED = "FAILED"
    CACHED = "CACHED"
    CANCELED = "CANCELED"

    @property
    def is_over(self) -> bool:
        """Whether the run has ended, well or not."""
        return self in _OVER

    @property
    def is_going_on(self) -> bool:
        """Whether the run was begun, or is to begin, and has not ended."""
        return self in _GOING_ON


_GOING_ON = frozenset({ExecutionState.NEW, ExecutionState.RUNNING})
_OVER = frozenset(ExecutionState) - _GOING_ON - {ExecutionState.UNKNOWN}


class _Node(Record):
    """What all nodes have.

    `type` is the type's name, `type_version` its version. `id` and `type_id` are None until the
    store has given them. Times are milliseconds since the Unix epoch, UTC; `created` and
    `updated` give them as datetimes.
    """

    kind: ClassVar[Kind]

    type: str
    name: str | None = None
    external_id: str | None = None
    # Any, because the store checks values against the type, with errors that name the property.
    properties: Mapping[str, Any] = Field(default_factory=dict)
    custom_properties: Mapping[str, Any] = Field(default_factory=dict)
    type_version: str | None = None
    id: int | None = None
    type_id: int | None = None
    created_ms: int | None = None
    updated_ms: int | None = None

    @property
    def created(self) -> datetime | None:
        """When the store first had it, UTC."""
        return to_datetime(self.created_ms)

    @property
    def updated(self) -> datetime | None:
        """When it last changed, UTC."""
        return to_datetime(self.updated_ms)

    @property
    def label(self) -> str:
        """How people name it: `Model:churn`, `Model:churn@2`, else `artifact:42`.

        The first version has no number: most things have only one.
        """
        if not self.name:
            return f"{self.kind}:{self.id}"
        version = getattr(self, "version", None) or 1
        return f"{self.type}:{self.name}" + (f"@{version}" if version > 1 else "")

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        # The first version says no more than that there is one.
        return (item for item in super().__repr_args__() if item != ("version", 1))

    def get(self, name: str, default: Value | None = None) -> Any:
        """A property by name: the declared one, else the custom one, else `default`."""
        if name in self.properties:
            return self.properties[name]
        return self.custom_properties.get(name, default)


class Artifact(_Node):
    """One version of a thing that was made or used: dataset, model, metrics, table, file.

    A name within a type names a series, and so does a uri where there is no name; `version` numbers
    its versions from 1, in the order in which they were first recorded, and is None until the store
    has given it. `digest` is the identity of the content, as `algorithm:hex`; where it is left out,
    it is taken from the properties that are known to hold one.
    """

    kind: ClassVar[Kind] = Kind.ARTIFACT
    uri: str | None = None
    digest: str | None = None
    version: int | None = None
    state: ArtifactState = ArtifactState.UNKNOWN


class Execution(_Node):
    """One run of one step.

    A name within a type names a step; `version` numbers the attempts at it from 1.
    """

    kind: ClassVar[Kind] = Kind.EXECUTION
    version: int | None = None
    state: ExecutionState = ExecutionState.UNKNOWN

    @property
    def lease_until_ms(self) -> int | None:
        """Until when its process has said to be alive, in milliseconds; None where none says so."""
        until = self.get("lease_until")
        return until if isinstance(until, int) and not isinstance(until, bool) else None


class Context(_Node):
    """What groups artifacts and executions: pipeline, pipeline run, experiment, project."""

    kind: ClassVar[Kind] = Kind.CONTEXT
    # A context has no identity but its name, so it must have one.
    name: str


Node = Artifact | Execution | Context
NODE_CLASSES: dict[Kind, type[Artifact] | type[Execution] | type[Context]] = {
    Kind.ARTIFACT: Artifact,
    Kind.EXECUTION: Execution,
    Kind.CONTEXT: Context,
}


def to_datetime(milliseconds: int | None) -> datetime | None:
    """Milliseconds since the epoch as a datetime in UTC; None where there is none.

    Times that datetime can't express (before the year 1, after 9999) also give None.
    """
    if milliseconds is None:
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None
