"""Plans of deletions, and the receipts that they leave."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import Field

from lineage.model.marks import Retention
from lineage.model.record import Record
from lineage.model.types import Kind

# Receipts are metadata of the store under this and their id.
RECEIPTS = "receipt/"


class DeletionPolicy(StrEnum):
    """What a deletion does about what depends on what it deletes; named after SQL.

    RESTRICT refuses where anything live depends on it, or it is deployed. TOMBSTONE takes
    properties and uri; the node stays, is DELETED, and still conducts lineage. CASCADE does that
    to everything derived, too.
    """

    RESTRICT = "restrict"
    TOMBSTONE = "tombstone"
    CASCADE = "cascade"


class PlannedNode(Record):
    """A node that goes, or that stands in the way, and why."""

    kind: Kind
    id: int
    type: str
    name: str | None = None
    why: str

    @property
    def label(self) -> str:
        """How people name it."""
        return f"{self.type}:{self.name}" if self.name else f"{self.kind}:{self.id}"


class StoredFile(Record):
    """A file of an artifact, as the storage had it; `bytes` is None where it doesn't say.

    `identity` tells it from another file of its name: device, inode and times of a local one, the
    ETag or version of an object.
    """

    path: str
    bytes: int | None = None
    identity: str | None = None


class PlannedRemoval(Record):
    """What is behind a uri. With `kept`, it stays, for that reason; else `files` go."""

    uri: str
    artifacts: tuple[int, ...]
    files: tuple[StoredFile, ...] = ()
    kept: str | None = None

    @property
    def bytes(self) -> int:
        """The bytes of its files, as far as the storage said."""
        return sum(file.bytes or 0 for file in self.files)


class Plan(Record):
    """What a deletion would do: computed first, applied later.

    `operation` is delete, gc or forget; `label` is what is forgotten by, `rules` are the retention
    rules that were given besides those of policies. `targets` are what was asked for, `nodes` what
    goes, `blockers` why it is refused; `read` are the nodes that it was computed from. `impact` is
    what removing the nodes means: it names nodes, and holds nothing else of them. `fingerprint` is
    of all that was read and decided: it is another one as soon as any of that changed. `notes` say
    what could not be told; `by_content`, whether what has the same content is forgotten as well.
    """

    id: str
    operation: str = "delete"
    policy: DeletionPolicy = DeletionPolicy.RESTRICT
    purge: bool = False
    label: str | None = None
    rules: tuple[Retention, ...] = ()
    targets: tuple[tuple[Kind, int], ...]
    nodes: tuple[PlannedNode, ...] = ()
    blockers: tuple[PlannedNode, ...] = ()
    removals: tuple[PlannedRemoval, ...] | None = None
    impact: Mapping[str, Any] = Field(default_factory=dict)
    read: Mapping[Kind, tuple[int, ...]] = Field(default_factory=dict)
    store: str | None = None
    made_ms: int
    who: str | None = None
    reason: str | None = None
    fingerprint: str
    notes: tuple[str, ...] = ()
    by_content: bool = True

    @property
    def refused(self) -> bool:
        """Whether something stands in the way."""
        return bool(self.blockers)


class RemovalOutcome(StrEnum):
    """What became of the bytes behind a uri."""

    REMOVED = "removed"
    ALREADY_GONE = "already gone"
    KEPT = "kept"
    FAILED = "failed"
    BEGUN = "begun"


class Removed(Record):
    """What was done about a uri: how many files and bytes went, and what there is to say."""

    uri: str
    outcome: RemovalOutcome
    files: int = 0
    bytes: int = 0
    detail: str | None = None
    at_ms: int


class Receipt(Record):
    """That a plan was applied: when, by whom, and what became of it."""

    id: str
    plan: Plan
    applied_ms: int
    who: str | None = None
    done: bool
    removed: tuple[Removed, ...] = ()
