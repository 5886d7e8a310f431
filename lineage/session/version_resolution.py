"""Settle which stored versions the writes of a batch are about, in one look at the store.

Until then such a write is *open*: it has a role, and says what is given. Afterwards it is a
creation with its number, or is about a node by id, or about an earlier write of the same batch.
Events name writes by their positions, so that they need not be looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from lineage.errors import AlreadyExists, Ambiguous, Conflict, NotFound
from lineage.model import ArtifactState, Event, EventType, Flow, Kind, Node
from lineage.model.fields import ALL_GIVEN_FIELDS
from lineage.ports.batch import Batch, NodeWrite, WriteMode
from lineage.ports.filters import Wanted
from lineage.ports.reader import Reader
from lineage.rules import versions
from lineage.rules.versions import Role, Version

_Series = tuple[Kind, int | None, str | None, str | None]
# A run by its id, or by the position of the write that makes it.
_Run = tuple[str, int]
_FLOWS = {Role.INPUT: Flow.INPUT, Role.OUTPUT: Flow.OUTPUT}


@dataclass(slots=True)
class OpenWrite:
    """A write of which it is not settled what it is about.

    `run` is the position of the run that reads or writes it; `literal` the whole text of a
    reference whose end may be a version, and `read_ms` the updated time of a node that was read
    from the store and given back.
    """

    at: int
    role: Role
    run: int | None = None
    literal: str | None = None
    read_ms: int | None = None


@dataclass(slots=True)
class _Known:
    """What is known of the nodes of one kind: stored ones that were asked for, and those made."""

    by_id: dict[int, Version] = field(default_factory=dict)
    by_external_id: dict[str, Version] = field(default_factory=dict)
    series: defaultdict[_Series, list[Version]] = field(default_factory=lambda: defaultdict(list))
    # What was recorded last at a place, under whatever name.
    places: defaultdict[tuple[int | None, str], list[Version]] = field(
        default_factory=lambda: defaultdict(list)
    )


class VersionResolution:
    """Settles the open writes of one batch, in their order."""

    def __init__(self, reader: Reader, batch: Batch) -> None:
        self._reader = reader
        self._batch = batch
        self._open: list[OpenWrite] = []
        self._known = {Kind.ARTIFACT: _Known(), Kind.EXECUTION: _Known()}
        self._own: dict[_Run, list[tuple[Flow | None, Version]]] = {}
        self._about: dict[int, Version] = {}

    def add(self, open_write: OpenWrite) -> None:
        """Leave a write of the batch open."""
        self._open.append(open_write)

    def settle(self) -> None:
        """Settle all that is open.

        Raises
        ------
        NotFound, AlreadyExists, InvalidValue, Conflict, Ambiguous
            What is given contradicts what is stored.
        """
        if not self._open:
            return
        writes = self._batch.nodes
        opened, self._open = self._open, []
        for kind in (Kind.EXECUTION, Kind.ARTIFACT):
            here = [o for o in opened if writes[o.at].kind is kind]
            wanted = [w for o in here for w in _wanted(writes[o.at], o)]
            if wanted:
                for found in self._reader.candidates(kind, wanted):
                    self._learn(kind, versions.to_version(found.node, found.place, found.used))
            if kind is Kind.ARTIFACT:
                self._read_own(here)
            for one in here:
                self._settle_one(one)

    def _settle_one(self, one: OpenWrite) -> None:
        write = self._batch.nodes[one.at]
        if one.literal is not None:
            self._read_literal(write, one.literal)
        found = self._find(write, one)
        if found is None:
            self._make(write, one)
            return
        self._use(write, one, found)

    def _find(self, write: NodeWrite, one: OpenWrite) -> Version | None:
        kind, known = write.kind, self._known[write.kind]
        if write.key == "id":
            found = known.by_id.get(write.id or 0)
            if found is None or found.node is None:
                raise NotFound(f"there is no {kind} with the id {write.id}; record it first")
            versions.check_identity(write, found.node, f"{kind}:{write.id}", by_name=True)
            return found
        if write.external_id is not None:
            found = known.by_external_id.get(write.external_id)
            if found is not None:
                self._refuse_made(write, one, "external_id", found)
                if found.node is not None:
                    given = f"{kind}.external_id {write.external_id!a} belongs to {kind}:"
                    versions.check_identity(write, found.node, f"{given}{found.node.id}, which")
                return found
        series = self._series(write)
        if series is None:
            return None
        among = known.series[series]
        if write.version is not None:
            found = versions.choose_by_number(write, among)
            if found is None and write.mode is WriteMode.REFERENCE:
                raise NotFound(f"there is no {versions.name_series(write)}@{write.version}")
            return None if found is None else self._refuse_made(write, one, "name", found)
        newest = versions.find_newest(among)
        if write.mode is WriteMode.REFERENCE:
            if newest is None:
                raise NotFound(f"there is no {kind} with the name {write.name!a}; record it first")
            return newest
        if kind is Kind.ARTIFACT:
            return self._find_artifact(write, one, among, newest)
        found = versions.choose_attempt(write, one.role, newest)
        return None if found is None else self._refuse_made(write, one, "name", found)

    def _find_artifact(
        self, write: NodeWrite, one: OpenWrite, among: list[Version], newest: Version | None
    ) -> Version | None:
        if one.role is Role.MAKE:
            if newest is None or write.name is None:
                return None
            fresh = write.digest is not None and all(
                v.digest is not None and v.digest != write.digest for v in among
            )
            return None if fresh else self._refuse_made(write, one, "name", newest)
        if one.run is not None:
            series = self._series(write)
            own = [
                version
                for flow, version in self._own.get(self._run(one.run), ())
                if flow is _FLOWS[one.role] and self._series_of(write.kind, version) == series
            ]
            found = versions.choose_own(write, own)
            if found is not None:
                return found
        if write.name is None and write.place is not None:
            there = self._known[Kind.ARTIFACT].places[_type_id(write), write.place]
            return versions.choose_artifact(write, one.role, there, there[-1] if there else None)
        return versions.choose_artifact(write, one.role, among, newest)

    def _refuse_made(self, write: NodeWrite, one: OpenWrite, by: str, found: Version) -> Version:
        """What is there already, or AlreadyExists where it was to be made."""
        if one.role is not Role.MAKE:
            return found
        kind = write.kind
        owner = f" ({kind}:{found.node.id})" if found.node is not None else ""
        of_type = " of its type" if by == "name" else ""
        raise AlreadyExists(
            f"{kind}.{by} {getattr(write, by)!a} belongs to another {kind}{of_type}{owner}; choose "
            "another, or re-use that one (reuse=True, or record())"
        )

    def _make(self, write: NodeWrite, one: OpenWrite) -> None:
        """Turn an open write into a creation, with its number in its series."""
        series = self._series(write)
        known = self._known[write.kind]
        newest = None if series is None else versions.find_newest(known.series[series])
        write.mode, write.key, write.id = WriteMode.CREATE, "none", None
        write.version = 1 if newest is None else newest.number + 1
        write.contested = series is not None or write.external_id is not None
        write.unless_deleted = False
        made = Version(
            _type_id(write),
            write.name,
            write.external_id,
            write.place,
            write.digest,
            write.version,
            write.state,
            one.run is not None or one.role is Role.RUN,
            at=one.at,
        )
        self._learn(write.kind, made)
        self._remember(one, made)

    def _use(self, write: NodeWrite, one: OpenWrite, found: Version) -> None:
        """Turn an open write into one about a version that is known."""
        self._remember(one, found)
        by_key = write.key == "id" or found.external_id == write.external_id is not None
        if found.place is not None and one.role in _FLOWS and not by_key:
            # What was found by its content stays where it is, and as its place was spelled.
            write.uri = write.place = None
        if by_key and write.name is not None and write.name != found.name:
            found.name = write.name
            self._known[write.kind].series[write.kind, found.type_id, write.name, None].append(
                found
            )
        if found.at is not None:
            write.at, write.key = found.at, "at"
            write.mode = WriteMode.MERGE if _sets(write) else WriteMode.REFERENCE
            write.version = None
            found.learn(write)
            return
        assert found.node is not None or write.key == "id"
        if found.node is not None:
            write.id, write.key = found.node.id, "id"
            if write.mode is not WriteMode.REFERENCE:
                self._merge(write, one, found.node)
        write.version = None
        found.learn(write)
        if one.run is not None:
            found.used = True

    def _merge(self, write: NodeWrite, one: OpenWrite, node: Node) -> None:
        """Set what is given on a stored node, where that is more than it has."""
        changes = _changes(write, node)
        if one.read_ms is not None and one.read_ms != node.updated_ms:
            # It was given as it was read, and has changed since.
            if changes - {"state"} and getattr(node, "state", None) is not ArtifactState.DELETED:
                raise Conflict(
                    f"{node.kind}:{node.id} changed since it was read (updated at "
                    f"{node.updated_ms}, read as of {one.read_ms}); give its id, or read it again"
                )
            changes = set()
        if not changes:
            write.mode = WriteMode.REFERENCE
            if one.read_ms is not None:
                write.state = None

    def _remember(self, one: OpenWrite, version: Version) -> None:
        self._about[one.at] = version
        if one.run is not None:
            self._own.setdefault(self._run(one.run), []).append((_FLOWS[one.role], version))

    def _run(self, at: int) -> _Run:
        """The run that is written at a position."""
        about = self._about.get(at)
        if about is not None and about.node is not None:
            return "id", about.node.id or 0
        if about is not None and about.at is not None:
            return "at", about.at
        write = self._batch.nodes[at]
        return ("id", write.id) if write.id is not None else ("at", at)

    def _read_own(self, here: Iterable[OpenWrite]) -> None:
        """Read what stored runs of the batch have read and written before."""
        runs = {self._run(one.run) for one in here if one.run is not None}
        ids = sorted(id for by, id in runs if by == "id" and ("id", id) not in self._own)
        if not ids:
            return
        events: list[Event] = self._reader.events(execution_ids=ids)
        of_artifacts = {event.artifact_id for event in events}
        known = self._known[Kind.ARTIFACT].by_id
        missing = sorted(of_artifacts - known.keys())
        if missing:
            wanted = [Wanted(id=id) for id in missing]
            for found in self._reader.candidates(Kind.ARTIFACT, wanted):
                # Not among its series: it may be an old version.
                known[found.node.id or 0] = versions.to_version(found.node, found.place, found.used)
        for event in events:
            if event.artifact_id in known:
                flow = event.type.flow
                if event.type is EventType.PENDING_OUTPUT:
                    flow = Flow.OUTPUT
                self._own.setdefault(("id", event.execution_id), []).append(
                    (flow, known[event.artifact_id])
                )

    def _read_literal(self, write: NodeWrite, literal: str) -> None:
        """A reference that ends like a version may be a name that ends so."""
        known = self._known[write.kind]
        whole = known.series[write.kind, _type_id(write), literal, None]
        version = [
            v
            for v in known.series[write.kind, _type_id(write), write.name, None]
            if v.number == write.version
        ]
        if whole and version:
            raise Ambiguous(
                f"{literal!a} names a series and a version of another; give an id instead"
            )
        if whole:
            write.name, write.version = literal, None

    def _learn(self, kind: Kind, version: Version) -> None:
        known = self._known[kind]
        if version.node is not None:
            if version.node.id in known.by_id:
                return
            known.by_id[version.node.id or 0] = version
        if version.external_id is not None:
            known.by_external_id.setdefault(version.external_id, version)
        series = self._series_of(kind, version)
        if series is not None:
            known.series[series].append(version)
        if version.place is not None and kind is Kind.ARTIFACT:
            there = known.places[version.type_id, version.place]
            there.append(version)
            # What is stored comes by id; it was made in this order.
            if version.node is not None:
                there.sort(key=_age)

    def _series_of(self, kind: Kind, version: Version) -> _Series | None:
        if version.name is not None:
            return kind, version.type_id, version.name, None
        if version.place is not None:
            return kind, version.type_id, None, version.place
        return None

    def _series(self, write: NodeWrite) -> _Series | None:
        if write.name is not None:
            return write.kind, _type_id(write), write.name, None
        if write.place is not None:
            return write.kind, _type_id(write), None, write.place
        return None


def _wanted(write: NodeWrite, one: OpenWrite) -> Iterable[Wanted]:
    """What to ask the store for."""
    if write.key == "id":
        yield Wanted(id=write.id)
        return
    type_id = _type_id(write)
    if write.external_id is not None or write.name is not None or write.place is not None:
        yield Wanted(
            None, write.external_id, type_id, write.name, write.place, write.digest, write.version
        )
    if one.literal is not None:
        yield Wanted(type_id=type_id, name=one.literal)


def _changes(write: NodeWrite, node: Node) -> set[str]:
    """The fields in which a node would become another by a write."""
    changes: set[str] = set()
    for name in ALL_GIVEN_FIELDS:
        if name in ("state", "version"):
            continue
        given = getattr(write, name)
        if given is not None and given != getattr(node, name, None):
            changes.add(name)
    if (
        write.state is not None
        and write.state != getattr(node, "state", None)
        and not (write.forward and versions.goes_back(node, write.state))
    ):
        changes.add("state")
    for name in ("properties", "custom_properties"):
        before: Any = getattr(node, name)
        for key, value in getattr(write, name).items():
            if key not in before or not _is_same(before[key], value):
                changes.add(name)
                break
    return changes


def _is_same(one: Any, other: Any) -> bool:
    # 1 is not 1.0, 0.0 is not -0.0, and NaN is like another; in a struct, too.
    return type(one) is type(other) and repr(one) == repr(other)


def _sets(write: NodeWrite) -> bool:
    return bool(
        write.properties
        or write.custom_properties
        or write.external_id
        or write.uri is not None
        or write.state is not None
        or write.digest is not None
    )


def _type_id(write: NodeWrite) -> int | None:
    return None if write.type is None else write.type.id


def _age(version: Version) -> tuple[int, int]:
    node = version.node
    if node is None:
        return 2**63, 0
    return (node.created_ms or 0, node.id or 0)
