"""Marks, and the policies that say where they matter."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pydantic import Field

from lineage.model.nodes import to_datetime
from lineage.model.record import Record
from lineage.model.types import Kind


class Mark(Record):
    """A statement about an artifact or execution: it is tainted, or personal data, or clean.

    `label` says of what (`tainted`, `pii`, `license:nc`). A mark taints what comes of its node,
    unless it is `clean`: then the node is known to be clean of the label, and a barrier for it.
    `recorded_ms` is when the store learned of it, `time_ms` since when it is so, where that is
    known apart. It ends at `until_ms`, or when it is lifted; a lifted mark stays, with who lifted
    it, when and why. Times are milliseconds since the Unix epoch, UTC.
    """

    label: str
    kind: Kind
    node_id: int
    clean: bool = False
    reason: str | None = None
    who: str | None = None
    time_ms: int | None = None
    until_ms: int | None = None
    recorded_ms: int = 0
    lifted_ms: int | None = None
    lifted_by: str | None = None
    lifted_reason: str | None = None
    id: int | None = None

    @property
    def node(self) -> str:
        """The node that it is on: `artifact:42`."""
        return f"{self.kind}:{self.node_id}"

    @property
    def recorded(self) -> datetime | None:
        """When the store learned of it, UTC."""
        return to_datetime(self.recorded_ms)


class Retention(Record):
    """How long artifacts of a type (a base type, or all) are kept; see `lineage.rules.retention`.

    It keeps the `keep_last` of each series that were produced last, those produced or changed in
    the last `keep_days`, those in the contexts `keep_in` (`*` stands for any text), those with the
    labels `keep_labelled`.
    """

    type: str | None = None
    keep_last: int | None = None
    keep_days: int | None = None
    keep_in: tuple[str, ...] = ()
    keep_labelled: tuple[str, ...] = ()


class Series(Record):
    """Names (of what has none, uris) that are versions of one thing; see `lineage.rules.series`.

    `pattern` is a name with `{version}` in the number's place (`churn-{version}`); `*` stands for
    any text, and tells one series from another. `type` is a type, or a base type; any where it is
    left out.
    """

    pattern: str
    type: str | None = None


class Policy(Record):
    """Which steps stop which labels, what a context may not contain, what is kept, what is what.

    `stops` maps a label to the types of steps, or their base types, whose output is clean of it
    (`{"pii": ["Anonymize"]}`); `forbids` maps a context to labels (`{"prod": ["license:nc"]}`);
    `series` says which names are versions of one thing.
    A context is named by its name, or by type and name (`Project:prod`); `*` stands for any text.
    One version of a policy is in force from `recorded_ms` until `ended_ms`, when it was replaced or
    dropped; both are the store's to set.
    """

    name: str = "default"
    stops: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    forbids: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    retention: tuple[Retention, ...] = ()
    series: tuple[Series, ...] = ()
    recorded_ms: int | None = None
    ended_ms: int | None = None
