"""Define which nodes a reader is asked for, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lineage.model import Node

if TYPE_CHECKING:
    from lineage.filters.tree import Predicate


@dataclass(frozen=True, slots=True)
class Order:
    """How found nodes are ordered: by a field, and by id where that is the same.

    Nodes without a name come before all names, and after them where the order is descending.
    """

    field: Literal["id", "created", "updated", "name"] = "id"
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """Which nodes to find; what is None does not restrict.

    `context_id` restricts to members of that context (artifacts, executions), or, for contexts,
    to its children. `where` is a predicate on nodes of the kind that is asked for. `after` is
    where to go on in the order: the ordered field's value and the id of the last node seen.
    With `newest`, only the newest version of each series is found; `place` is the one spelling of
    a uri.
    `newest_first` and `after_id` say the same for the order by id.
    """

    type_ids: Sequence[int] | None = None
    name: str | None = None
    external_id: str | None = None
    uri: str | None = None
    state: str | None = None
    context_id: int | None = None
    after_id: int | None = None
    limit: int | None = None
    newest_first: bool = False
    where: Predicate | None = None
    order: Order = Order()
    after: tuple[int | str | None, int] | None = None
    version: int | None = None
    digest: str | None = None
    place: str | None = None
    newest: bool = False


# What a node has beside its id, its type and its properties.
Field = Literal["name", "external_id", "uri", "state", "created", "updated", "version", "digest"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one write may be about: by its id, its external id, or its series.

    A series is a name, or a place without a name, within a type. Of a series are found its newest
    version, the newest with the digest, the newest at the place, and the one with the version; of
    a place without a name also what was made there last under a name.
    """

    id: int | None = None
    external_id: str | None = None
    type_id: int | None = None
    name: str | None = None
    place: str | None = None
    digest: str | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stored node that a write may be about.

    `place` is the one spelling of its uri; `used` says whether it has any event.
    """

    node: Node
    place: str | None
    used: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is."""

    types: int
    artifacts: int
    executions: int
    contexts: int
    events: int
