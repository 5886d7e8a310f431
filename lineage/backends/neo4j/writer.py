"""Writing one batch: one round trip for what a step usually consists of.

References, creations and re-uses go into `write/apply`, in that order, and events name their nodes
by their place in it. Only what must look at stored content first (setting something on a node that
is there already) takes another trip.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import neo4j

from lineage.backends.codec import encode_path
from lineage.backends.conflicts import (
    build_missing_error,
    build_other_type_error,
    build_taken_error,
)
from lineage.backends.escaping import custom_key, property_key, type_label
from lineage.backends.from_properties import node_from_properties
from lineage.backends.merge import rewrite
from lineage.backends.neo4j.reader import Neo4jReader
from lineage.backends.to_properties import (
    WITHOUT_FLOW,
    mark_properties,
    native_properties,
    policy_properties,
    type_properties,
)
from lineage.model import Flow, Kind, Mark, Node, Policy, Type
from lineage.ports.batch import Batch, FoundDeleted, NodeWrite, WriteMode
from lineage.ports.chunks import split_into_chunks
from lineage.ports.writer import Writer

TakeIds = Callable[[str, int], Sequence[int]]
Reserve = Callable[[str, int], None]

_LOCKED_AT_ONCE = 10_000

_SHAPES = ("referenced", "created", "merged")


@dataclass(slots=True)
class _Places:
    """Where each node of the batch stands in the statement's list of all nodes."""

    rows: dict[tuple[str, Kind], list[Any]] = field(
        default_factory=lambda: {(s, k): [] for s in _SHAPES for k in Kind}
    )
    of: list[tuple[str, Kind, int]] = field(default_factory=list)

    def add(self, shape: str, kind: Kind, row: Any) -> None:
        self.of.append((shape, kind, len(self.rows[shape, kind])))
        self.rows[shape, kind].append(row)

    def numbered(self) -> list[int]:
        starts, total = {}, 0
        for key, rows in self.rows.items():
            starts[key] = total
            total += len(rows)
        return [starts[shape, kind] + index for shape, kind, index in self.of]


class Neo4jWriter(Neo4jReader, Writer):
    """Writes inside one transaction. Ids are taken outside it, in blocks."""

    def __init__(
        self,
        transaction: neo4j.ManagedTransaction,
        take_ids: TakeIds,
        reserve: Reserve,
        attempted: list[NodeWrite],
        *,
        contended: bool = False,
    ) -> None:
        """With `contended`, stored nodes are locked in one order before anything is written."""
        super().__init__(transaction)
        self._contended = contended
        self._take_ids = take_ids
        self._reserve = reserve
        # What was tried, so that a refused constraint can be explained afterwards.
        self._attempted = attempted

    def lock_types(self) -> None:
        self._run("write/lock_types").consume()

    def lock(self, kind: Kind, ids: Sequence[int]) -> None:
        # In one order, so that two who lock the same nodes don't wait for each other.
        for chunk in split_into_chunks(sorted(set(ids)), _LOCKED_AT_ONCE):
            self._run(f"write/lock_{kind}s", ids=chunk).consume()

    def put_type(self, type: Type) -> Type:
        if type.id is None:
            key = (type.kind, type.name, type.version)
            same = [t.id for t in self.types() if (t.kind, t.name, t.version) == key]
            [id] = same or self._take_ids("type", 1)
            type = type.model_copy(update={"id": id})
        if type.id is not None:
            self._reserve("type", type.id)
            self._free_custom_keys(type)
        properties = type_properties(type)
        self._run(
            "write/put_type",
            id=type.id,
            properties=properties,
            base=properties.get("base"),
        ).consume()
        return type

    def apply(self, batch: Batch) -> list[int]:
        self._attempted.extend(w for w in batch.nodes if w.mode is not WriteMode.REFERENCE)
        self._upsert_exact([w for w in batch.nodes if w.mode is WriteMode.UPSERT_EXACT])
        if not (batch.events or batch.memberships or batch.parents) and all(
            w.mode is WriteMode.UPSERT_EXACT for w in batch.nodes
        ):
            return [w.id for w in batch.nodes if w.id is not None]
        places, ids, updates, stored = self._placed(batch.nodes)
        order = places.numbered()
        parameters: dict[str, Any] = {
            f"{shape}_{kind}s": rows for (shape, kind), rows in places.rows.items()
        }
        flows: dict[Flow | None, list[dict[str, Any]]] = {f: [] for f in (*Flow, None)}
        for event in batch.events:
            flows[event.type.flow].append(
                {
                    "artifact": order[event.artifact],
                    "execution": order[event.execution],
                    "relationship": WITHOUT_FLOW.get(event.type),
                    "type": str(event.type),
                    "path": encode_path(event.path),
                    "time": event.time_ms,
                    "recorded": event.recorded_ms,
                }
            )
        if self._contended:
            self._run("write/lock_batch", **_stored(parameters)).consume()
        [answer] = self._run(
            "write/apply",
            **parameters,
            inputs=flows[Flow.INPUT],
            outputs=flows[Flow.OUTPUT],
            without_flow=flows[None],
            memberships=[[order[a], order[b]] for a, b in batch.memberships],
            parents=[[order[a], order[b]] for a, b in batch.parents],
        )
        if answer["missing"]:
            gone = answer["missing"][0]
            write = batch.nodes[order.index(gone)]
            raise build_missing_error(write.kind, "id", ids[order.index(gone)])
        deleted = set(answer["deleted"])
        if deleted and any(
            write.unless_deleted and place in deleted
            for write, place in zip(batch.nodes, order, strict=True)
        ):
            raise FoundDeleted
        merged = self._merged(places, answer["merged"])
        for position, place in enumerate(places.of):
            if place in merged and merged[place]["old"] is not None:
                write = batch.nodes[position]
                ids[position] = merged[place]["id"]
                stored[write.kind, ids[position]] = merged[place]["old"]
                if _sets_something(write):
                    updates.add(position)
        self._rewrite([(batch.nodes[at], ids[at]) for at in sorted(updates)], stored)
        return ids

    def put_marks(self, marks: Sequence[Mark]) -> list[int]:
        fresh = iter(self._take_ids("mark", n) if (n := sum(m.id is None for m in marks)) else ())
        ids = [next(fresh) if mark.id is None else mark.id for mark in marks]
        given = [mark.id for mark in marks if mark.id is not None]
        if given:
            self._reserve("mark", max(given))
        for kind in (Kind.ARTIFACT, Kind.EXECUTION):
            put = [_mark_row(m, id) for m, id in zip(marks, ids, strict=True) if m.kind is kind]
            if not put:
                continue
            [answer] = self._run(f"write/put_marks_on_{kind}s", rows=put)
            if answer["found"] != len(put):
                raise build_missing_error(
                    kind, "id", self._lacking(kind, {r["node_id"] for r in put})[0]
                )
        return ids

    def put_policy(self, policy: Policy) -> None:
        self._run("write/put_policy", properties=policy_properties(policy)).consume()

    def set_metadata(self, key: str, value: str | None) -> None:
        if value is None:
            self._run("write/drop_metadata", key=key).consume()
        else:
            self._run("write/set_metadata", key=key, value=value).consume()

    def tombstone(self, kind: Kind, ids: Sequence[int], now_ms: int) -> None:
        self._run(f"write/tombstone_{kind}s", ids=list(ids), now=now_ms).consume()

    def purge(self, kind: Kind, ids: Sequence[int]) -> None:
        self._run(f"write/purge_{kind}s", ids=list(ids)).consume()

    def _placed(self, writes: Sequence[NodeWrite]) -> tuple[_Places, list[int], set[int], _Stored]:
        """Where each write goes, the id that it has or would get, which are to be rewritten, and
        what was read of stored nodes on the way.

        Those to be rewritten are positions, because the id of what is merged is known only after
        the statement.
        """
        by_key = self._named(writes)
        new_ids = {
            kind: iter(self._take_ids(kind, n))
            for kind in Kind
            if (n := sum(w.kind is kind and w.mode in _MAKING for w in writes))
        }
        places = _Places()
        ids: list[int] = []
        updates: set[int] = set()
        made: dict[_Key, int] = {}
        for position, write in enumerate(writes):
            kind = write.kind
            keys = _keys(write)
            earlier = write.at
            if earlier is None:
                earlier = next((made[k] for k in keys[:1] if k in made), None)
            found = None
            if write.mode is not WriteMode.CREATE and write.key == "id":
                found = write.id
            elif write.mode is not WriteMode.CREATE and earlier is not None:
                # Made by this very batch: its place is known, its id perhaps not yet.
                first = writes[earlier]
                if write.type and first.type and write.type.id != first.type.id:
                    raise build_other_type_error(write, first.id, first.type.name)
                places.of.append(places.of[earlier])
                ids.append(ids[earlier])
                for key in keys:
                    made.setdefault(key, earlier)
                if _sets_something(write) and write.mode is WriteMode.MERGE:
                    updates.add(position)
                continue
            elif write.mode is WriteMode.REFERENCE or (
                write.mode is WriteMode.MERGE and write.key == "external_id"
            ):
                found = _stored_id(write, by_key)
                if found is None and write.mode is WriteMode.REFERENCE:
                    raise build_missing_error(kind, write.key, getattr(write, write.key))
            if found is not None:
                places.add("referenced", kind, found)
                if write.mode in (WriteMode.REPLACE, WriteMode.MERGE) and (
                    write.mode is WriteMode.REPLACE or _sets_something(write)
                ):
                    updates.add(position)
            else:
                found = next(new_ids[kind])
                by_name = write.mode is WriteMode.MERGE and write.key == "name"
                if not by_name:
                    # The statement creates before it merges, so its constraints would see the
                    # batch in another order than the caller gave.
                    for key in keys:
                        if key in made:
                            raise build_taken_error(kind, key[1], key[3], None)
                row = _row(write, found, write.now_ms, write.now_ms)
                places.add("merged" if by_name else "created", kind, row)
            # Also of what is there already: this write may give it another name.
            for key in keys:
                made.setdefault(key, position)
            ids.append(found)
        return places, ids, updates, {(k, found["id"]): found for (k, *_), found in by_key.items()}

    def _merged(
        self, places: _Places, found: Sequence[dict[str, Any]]
    ) -> dict[tuple[str, Kind, int], dict[str, Any]]:
        merged = iter(found)
        return {
            ("merged", kind, index): next(merged)
            for kind in Kind
            for index in range(len(places.rows["merged", kind]))
        }

    def _named(self, writes: Sequence[NodeWrite]) -> dict[_Key, dict[str, Any]]:
        """The stored nodes that writes name by external id, or refer to by type and name."""
        found: dict[_Key, dict[str, Any]] = {}
        for kind in Kind:
            wanted = {
                keys[0]
                for write in writes
                if write.kind is kind
                and write.mode is not WriteMode.CREATE
                and (write.key == "external_id" or write.mode is WriteMode.REFERENCE)
                and (keys := _keys(write))
            }
            if not wanted:
                continue
            stored = self._by_keys(
                kind,
                [value for _, by, _, value in wanted if by == "external_id"],
                [(scope[0], value) for _, by, scope, value in wanted if by == "name"],
            )
            for there in stored:
                found[kind, "external_id", (), there.get("external_id")] = there
                scope = (there["type_id"], there.get("version"))
                found[kind, "name", scope, there.get("name")] = there
        return found

    def _upsert_exact(self, writes: Sequence[NodeWrite]) -> None:
        for kind in Kind:
            rows = [
                _row(w, w.id or 0, w.created_ms or 0, w.updated_ms or 0)
                for w in writes
                if w.kind is kind
            ]
            if rows:
                self._reserve(kind, max(row["id"] for row in rows))
                self._run(f"write/upsert_exact_{kind}s", rows=rows).consume()

    def _rewrite(self, updates: Sequence[tuple[NodeWrite, int]], stored: _Stored) -> None:
        """Set what is given on stored nodes, locked, so that no other change is overwritten.

        Nothing is locked where what was read of the nodes has it all already.
        """
        if all(
            (write.kind, id) in stored
            and rewrite(node_from_properties(write.kind, stored[write.kind, id]), write) is None
            for write, id in updates
        ):
            return
        for kind in Kind:
            ids = sorted({id for write, id in updates if write.kind is kind})
            if not ids:
                continue
            locked = {r["node"]["id"]: r["node"] for r in self._run(f"write/lock_{kind}s", ids=ids)}
            became = dict(locked)
            for write, id in updates:
                if write.kind is not kind:
                    continue
                if id not in locked:
                    raise build_missing_error(kind, "id", id)
                old = node_from_properties(kind, became[id])
                changed = rewrite(old, write)
                if changed is not None:
                    # Taken out and put back, so that the rows are in the order of the last change.
                    became.pop(id)
                    became[id] = _native(old, locked[id], changed, write)
            rows = [
                {"id": id, **_difference(locked[id], new)}
                for id, new in became.items()
                if new is not locked[id]
            ]
            if rows:
                self._run(f"write/rewrite_{kind}s", rows=rows).consume()

    def _free_custom_keys(self, type: Type) -> None:
        """Custom properties give up the plain names that their type has come to declare."""
        for name in type.properties:
            old, new = custom_key(name, declared=False), custom_key(name, declared=True)
            if old != new and old == property_key(name):
                self._run(
                    f"write/free_custom_key_of_{type.kind}s", type_id=type.id, old=old, new=new
                ).consume()


# Kind, what finds it, the type's id and the version with a name, and the name or external id.
_Key = tuple[Kind, str, tuple[object, ...], object]
# What was read of stored nodes, by kind and id.
_Stored = dict[tuple[Kind, int], Mapping[str, Any]]

_MAKING = (WriteMode.CREATE, WriteMode.MERGE)


def _sets_something(write: NodeWrite) -> bool:
    return bool(
        write.properties
        or write.custom_properties
        or write.uri is not None
        or write.state is not None
        or (write.external_id is not None and write.key != "external_id")
        or write.digest is not None
        or (write.name is not None and write.key != "name")
    )


def _stored(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `write/apply`'s parameters that name stored nodes."""
    return {k: rows for k, rows in parameters.items() if k.startswith(("referenced", "merged"))}


def _stored_id(write: NodeWrite, by_key: Mapping[_Key, Mapping[str, Any]]) -> int | None:
    found = by_key.get(_keys(write)[0])
    if found is None:
        return None
    id: int = found["id"]
    if write.type is not None and found["type_id"] != write.type.id:
        raise build_other_type_error(write, id, found["type"])
    return id


def _native(
    old: Node, stored: Mapping[str, Any], changed: Mapping[str, Any], write: NodeWrite
) -> dict[str, Any]:
    """The native properties of a stored node after a change."""
    new = {**old.__dict__, **changed}
    place = stored.get("_place") if "place" not in changed else changed["place"]
    full = NodeWrite(
        kind=old.kind,
        mode=write.mode,
        key="id",
        type=write.type,
        name=new["name"],
        external_id=new["external_id"],
        uri=new.get("uri"),
        state=new.get("state") and str(new["state"]),
        properties=new["properties"],
        custom_properties=new["custom_properties"],
        version=new.get("version"),
        digest=new.get("digest"),
        place=place or new.get("uri"),
    )
    assert old.id is not None
    native: dict[str, Any] = _row(full, old.id, new["created_ms"], new["updated_ms"])["properties"]
    return native


def _difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """What to clear and what to set, so that `old` becomes `new`."""
    # As text, because 1 equals 1.0 and 0.0 equals -0.0, and NaN not even itself.
    changed = {k: v for k, v in new.items() if k not in old or repr(old[k]) != repr(v)}
    return {
        "cleared": {k: None for k in old if k in changed or k not in new},
        "properties": changed,
    }


def _keys(write: NodeWrite) -> list[_Key]:
    """What finds the node, the key of the write first."""
    keys: list[_Key] = []
    if write.external_id is not None:
        keys.append((write.kind, "external_id", (), write.external_id))
    if write.name is not None and write.type is not None:
        version = None if write.kind is Kind.CONTEXT else write.version or 1
        keys.append((write.kind, "name", (write.type.id, version), write.name))
    return sorted(keys, key=lambda key: key[1] != write.key)


def _mark_row(mark: Mark, id: int) -> dict[str, Any]:
    return {
        "id": id,
        "label": mark.label,
        # Only what taints is reached from the label by `MARKED`.
        "relationship": "CLEARED" if mark.clean else "MARKED",
        "node_id": mark.node_id,
        "recorded": mark.recorded_ms,
        "properties": mark_properties(mark, id),
    }


def _row(write: NodeWrite, id: int, created: int, updated: int) -> dict[str, Any]:
    assert write.type is not None
    native = native_properties(write.properties, write.custom_properties, write.type.properties) | {
        "id": id,
        "type": write.type.name,
        "type_id": write.type.id,
        "type_version": write.type.version,
        "name": write.name,
        "uri": write.uri,
        "external_id": write.external_id,
        # An execution or artifact always has one, so that it can be asked for.
        "state": write.state or (None if write.kind is Kind.CONTEXT else "UNKNOWN"),
        "created": created,
        "updated": updated,
        "version": None if write.kind is Kind.CONTEXT else write.version or 1,
        "digest": write.digest,
        "_place": write.place if write.place != write.uri else None,
    }
    native = {key: value for key, value in native.items() if value is not None}
    return {"id": id, "label": type_label(write.type.name), "properties": native}
