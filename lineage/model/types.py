"""What an artifact, execution or context is."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pydantic import Field

from lineage.model.record import Record
from lineage.model.values import PropertyKind


class Kind(StrEnum):
    """The three kinds of node."""

    ARTIFACT = "artifact"
    EXECUTION = "execution"
    CONTEXT = "context"

    @property
    def other(self) -> Kind:
        """The kind at the other end of an event: of an artifact an execution, and back."""
        return _OTHERS[self]


_OTHERS = {Kind.ARTIFACT: Kind.EXECUTION, Kind.EXECUTION: Kind.ARTIFACT}


class BaseType(StrEnum):
    """What a type is at bottom, whatever a team calls it (MLMD's system types)."""

    DATASET = "DATASET"
    MODEL = "MODEL"
    METRICS = "METRICS"
    STATISTICS = "STATISTICS"
    TRAIN = "TRAIN"
    TRANSFORM = "TRANSFORM"
    PROCESS = "PROCESS"
    EVALUATE = "EVALUATE"
    DEPLOY = "DEPLOY"

    @property
    def kind(self) -> Kind:
        return Kind.ARTIFACT if self in _ARTIFACT_BASES else Kind.EXECUTION


_ARTIFACT_BASES = frozenset(
    {BaseType.DATASET, BaseType.MODEL, BaseType.METRICS, BaseType.STATISTICS}
)


class Type(Record):
    """A type: a name, an optional version, typed properties, an optional base type.

    `id` is None until the store has given one.
    """

    kind: Kind
    name: str
    version: str | None = None
    properties: Mapping[str, PropertyKind] = Field(default_factory=dict)
    base: BaseType | None = None
    description: str | None = None
    external_id: str | None = None
    id: int | None = None

    @property
    def label(self) -> str:
        """The name, with `@version` where there is one."""
        return self.name if self.version is None else f"{self.name}@{self.version}"
