"""Writing one batch inside one transaction."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from lineage.backends import row_mapping
from lineage.backends.codec import encode, encode_path
from lineage.backends.conflicts import (
    build_id_taken_error,
    build_missing_error,
    build_taken_error,
    build_type_taken_error,
)
from lineage.backends.ids import id_after, new_ids
from lineage.backends.merge import DEFAULT_STATES, refuse_deleted, rewrite
from lineage.backends.sqlite.bulk_insert import Insertion
from lineage.backends.sqlite.reader import SqliteReader, id_list
from lineage.model import EventType, Flow, Kind, Mark, Policy, Type
from lineage.model.fields import ALL_GIVEN_FIELDS, GIVEN_FIELDS, TIME_FIELDS
from lineage.ports.batch import Batch, FoundDeleted, NodeWrite, WriteKey, WriteMode
from lineage.ports.writer import Writer

_FLOW = {type: {None: 0, Flow.INPUT: 1, Flow.OUTPUT: 2}[type.flow] for type in EventType}

# As `_row` has them.
_COLUMNS = {
    kind: (
        "type_id",
        *given,
        *TIME_FIELDS,
        "properties",
        "custom_properties",
        *(("place",) if kind is Kind.ARTIFACT else ()),
    )
    for kind, given in GIVEN_FIELDS.items()
}
_TYPE_COLUMNS = (
    "kind", "name", "version", "base", "description", "external_id", "properties",
)  # fmt: skip
_INSERT = {kind: Insertion(kind, ("id", *_COLUMNS[kind])) for kind in Kind}
_UPSERT = {
    kind: Insertion(
        kind,
        ("id", *_COLUMNS[kind]),
        "ON CONFLICT (id) DO UPDATE SET "
        + ", ".join(f"{column} = excluded.{column}" for column in _COLUMNS[kind]),
    )
    for kind in Kind
}
_EVENTS = Insertion(
    "event",
    ("artifact_id", "execution_id", "flow", "type", "path", "time", "recorded"),
    "ON CONFLICT DO NOTHING",
)
_MEMBERSHIPS = Insertion("membership", ("kind", "node_id", "context_id"), "ON CONFLICT DO NOTHING")
_PARENTS = Insertion("parent", ("child_id", "parent_id"), "ON CONFLICT DO NOTHING")
# The column of each field that a write may change, and how its value is stored.
_CHANGEABLE: dict[str, tuple[str, Callable[[Any], Any] | None]] = {
    **{name: (name, None) for name in ALL_GIVEN_FIELDS},
    "updated_ms": ("updated", None),
    "place": ("place", None),
    "properties": ("properties", encode),
    "custom_properties": ("custom_properties", encode),
}

_UNTIE: dict[Kind, tuple[str, ...]] = {
    Kind.ARTIFACT: ("DELETE FROM event WHERE artifact_id {these}",),
    Kind.EXECUTION: ("DELETE FROM event WHERE execution_id {these}",),
    Kind.CONTEXT: (
        "DELETE FROM membership WHERE context_id {these}",
        "DELETE FROM parent WHERE child_id {these} OR parent_id {these}",
    ),
}


_PUT_MARK = (
    f"INSERT INTO mark ({', '.join(row_mapping.MARK_FIELDS)}) "
    f"VALUES ({', '.join('?' for _ in row_mapping.MARK_FIELDS)}) ON CONFLICT (id) DO UPDATE SET "
    + ", ".join(f"{field} = excluded.{field}" for field in row_mapping.MARK_FIELDS)
)


class SqliteWriter(SqliteReader, Writer):
    """Writes through a connection that is inside a transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        # The greatest id that each table ever had; no one else writes before this transaction ends.
        self._last: dict[str, int] = {}

    def lock_types(self) -> None:
        """Nothing to do: there is only one writer at a time."""

    def lock(self, kind: Kind, ids: Sequence[int]) -> None:
        """Nothing to do: there is only one writer at a time."""

    def put_type(self, type: Type) -> Type:
        values = (
            type.kind,
            type.name,
            type.version,
            type.base,
            type.description,
            type.external_id,
            json.dumps(dict(type.properties)),
        )
        id = type.id
        if id is None:
            row = self._connection.execute(
                "SELECT id FROM type WHERE kind = ? AND name = ? AND version IS ?", values[:3]
            ).fetchone()
            id = row[0] if row else id_after("type", self._last_id("type"))
        self._last["type"] = max(self._last_id("type"), id)
        try:
            self._connection.execute(
                "INSERT INTO type (kind, name, version, base, description, external_id, "
                "properties, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
                + ", ".join(f"{column} = excluded.{column}" for column in _TYPE_COLUMNS),
                (*values, id),
            )
        except sqlite3.IntegrityError:
            raise build_type_taken_error(type) from None
        self._names = None
        return type.model_copy(update={"id": id})

    def apply(self, batch: Batch) -> list[int]:
        ids: list[int] = []
        for (kind, mode, by), group in groupby(batch.nodes, lambda w: (w.kind, w.mode, w.key)):
            writes = list(group)
            if mode is WriteMode.CREATE:
                ids += self._create(kind, writes)
            elif mode is WriteMode.UPSERT_EXACT:
                ids += self._upsert_exact(kind, writes)
            elif by == "at":
                for write in writes:
                    ids.append(self._over(write, ids[_given(write.at)]))
            elif mode is WriteMode.REFERENCE and by == "id":
                ids += self._referenced(kind, writes)
            elif mode is WriteMode.MERGE:
                ids += self._merged(kind, by, writes)
            else:
                ids += [self._one(write) for write in writes]
        _EVENTS.run(
            self._connection,
            [
                (
                    ids[e.artifact],
                    ids[e.execution],
                    _FLOW[e.type],
                    e.type,
                    encode_path(e.path),
                    e.time_ms,
                    e.recorded_ms,
                )
                for e in batch.events
            ],
        )
        _MEMBERSHIPS.run(
            self._connection,
            [(batch.nodes[n].kind, ids[n], ids[c]) for n, c in batch.memberships],
        )
        _PARENTS.run(
            self._connection, [(ids[child], ids[parent]) for child, parent in batch.parents]
        )
        return ids

    def put_marks(self, marks: Sequence[Mark]) -> list[int]:
        for kind in (Kind.ARTIFACT, Kind.EXECUTION):
            self._refuse_if_missing(kind, [m.node_id for m in marks if m.kind is kind])
        ids: list[int] = []
        for mark in marks:
            last = self._last_id("mark")
            id = id_after("mark", last) if mark.id is None else mark.id
            self._last["mark"] = max(last, id)
            fields = {**mark.__dict__, "id": id}
            self._connection.execute(
                _PUT_MARK, [fields[field] for field in row_mapping.MARK_FIELDS]
            )
            ids.append(id)
        return ids

    def put_policy(self, policy: Policy) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO policy (name, recorded, ended, content) VALUES (?, ?, ?, ?)",
            (
                policy.name,
                policy.recorded_ms or 0,
                policy.ended_ms,
                row_mapping.policy_text(policy),
            ),
        )

    def set_metadata(self, key: str, value: str | None) -> None:
        if value is None:
            self._connection.execute("DELETE FROM note WHERE key = ?", (key,))
        else:
            self._connection.execute("INSERT OR REPLACE INTO note VALUES (?, ?)", (key, value))

    def tombstone(self, kind: Kind, ids: Sequence[int], now_ms: int) -> None:
        state = ", uri = NULL, place = NULL, state = 'DELETED'" if kind is Kind.ARTIFACT else ""
        self._connection.execute(
            f"UPDATE {kind} SET properties = NULL, custom_properties = NULL, "
            f"updated = max(?, updated + 1){state} WHERE id IN (SELECT value FROM json_each(?))",
            (now_ms, id_list(ids)),
        )

    def purge(self, kind: Kind, ids: Sequence[int]) -> None:
        given = (id_list(ids),)
        these = "IN (SELECT value FROM json_each(?1))"
        for statement in (
            *_UNTIE[kind],
            f"DELETE FROM membership WHERE kind = '{kind}' AND node_id {{these}}",
            f"DELETE FROM mark WHERE kind = '{kind}' AND node_id {{these}}",
            f"DELETE FROM {kind} WHERE id {{these}}",
        ):
            self._connection.execute(statement.format(these=these), given)

    def _create(self, kind: Kind, writes: Sequence[NodeWrite]) -> list[int]:
        ids = new_ids(kind, self._last_id(kind), writes)
        given = [write.id for write in writes if write.id is not None]
        if given:
            self._refuse_if_there(kind, given)
        made = [
            _row(write, id, write.now_ms, write.now_ms)
            for write, id in zip(writes, ids, strict=True)
        ]
        self._insert(_INSERT[kind], kind, writes, made)
        self._last[kind] = max(self._last[kind], *ids)
        return ids

    def _last_id(self, table: str) -> int:
        if table not in self._last:
            row = self._connection.execute(
                "SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)
            ).fetchone()
            self._last[table] = row[0] if row else 0
        return self._last[table]

    def _upsert_exact(self, kind: Kind, writes: Sequence[NodeWrite]) -> list[int]:
        ids = [_given(write.id) for write in writes]
        made = [
            _row(write, id, write.created_ms or 0, write.updated_ms or 0)
            for write, id in zip(writes, ids, strict=True)
        ]
        self._insert(_UPSERT[kind], kind, writes, made)
        self._last[kind] = max(self._last_id(kind), *ids)
        return ids

    def _insert(
        self,
        insertion: Insertion,
        kind: Kind,
        writes: Sequence[NodeWrite],
        made: list[tuple[Any, ...]],
    ) -> None:
        try:
            insertion.run(self._connection, made)
        except sqlite3.IntegrityError:
            # The rows before the one that was refused are in; find it by being the first that
            # isn't as it was written.
            for write, row in zip(writes, made, strict=True):
                self._refuse_if_taken(kind, write, row[0])
            raise

    def _referenced(self, kind: Kind, writes: Sequence[NodeWrite]) -> list[int]:
        ids = [_given(write.id) for write in writes]
        self._refuse_if_missing(kind, ids)
        asked = [_given(write.id) for write in writes if write.unless_deleted]
        if (
            asked
            and self._connection.execute(
                f"SELECT 1 FROM json_each(?) j CROSS JOIN {kind} n ON n.id = j.value "
                "WHERE n.state = 'DELETED' LIMIT 1",
                (id_list(asked),),
            ).fetchone()
        ):
            raise FoundDeleted
        return ids

    def _refuse_if_missing(self, kind: Kind, ids: Sequence[int]) -> None:
        row = self._connection.execute(
            f"SELECT j.value FROM json_each(?) j LEFT JOIN {kind} n ON n.id = j.value "
            "WHERE n.id IS NULL LIMIT 1",
            (id_list(ids),),
        ).fetchone()
        if row is not None:
            raise build_missing_error(kind, "id", row[0])

    def _merged(self, kind: Kind, by: WriteKey, writes: Sequence[NodeWrite]) -> list[int]:
        """Nodes found by their keys; those that are not there are made, many at once."""
        ids: list[int] = [0] * len(writes)
        fresh: dict[object, int] = {}

        def make() -> None:
            made = self._create(kind, [writes[at] for at in fresh.values()])
            for at, id in zip(fresh.values(), made, strict=True):
                ids[at] = id
            fresh.clear()

        for at, write in enumerate(writes):
            key = (
                (_type_id(write), write.name, write.version or 1)
                if by == "name"
                else _key_value(write)
            )
            if key in fresh:
                # One that was given twice: the second sets what it has on the first.
                make()
            id = self._look_up(write)
            if id is None:
                fresh[key] = at
            else:
                ids[at] = self._over(write, id)
        if fresh:
            make()
        return ids

    def _one(self, write: NodeWrite) -> int:
        id = self._look_up(write)
        if id is None:
            raise build_missing_error(write.kind, write.key, _key_value(write))
        return self._over(write, id)

    def _over(self, write: NodeWrite, id: int) -> int:
        """Set what a write has on the node with that id."""
        kind = write.kind
        if write.mode is WriteMode.REFERENCE and not write.unless_deleted:
            return id
        [old] = self.nodes(kind, [id])
        refuse_deleted(old, write)
        if write.mode is WriteMode.REFERENCE:
            return id
        changed = rewrite(old, write)
        if changed is None:
            return id
        # Only these: a column that is set, though to what it was, is written into its indexes.
        columns, values = [], []
        for field, value in changed.items():
            column, stored = _CHANGEABLE[field]
            columns.append(f"{column} = ?")
            values.append(value if stored is None else stored(value))
        try:
            self._connection.execute(
                f"UPDATE {kind} SET {', '.join(columns)} WHERE id = ?", [*values, id]
            )
        except sqlite3.IntegrityError:
            self._refuse_if_taken(kind, write, id)
            raise
        return id

    def _look_up(self, write: NodeWrite) -> int | None:
        values: tuple[Any, ...]
        if write.key == "id":
            where, values = "id = ?", (write.id,)
        elif write.key == "external_id":
            where, values = "external_id = ?", (write.external_id,)
        else:
            where, values = _named(write)
        row = self._connection.execute(
            f"SELECT id FROM {write.kind} WHERE {where}", values
        ).fetchone()
        return row[0] if row else None

    def _refuse_if_there(self, kind: Kind, ids: Sequence[int]) -> None:
        row = self._connection.execute(
            f"SELECT n.id FROM json_each(?) j CROSS JOIN {kind} n ON n.id = j.value LIMIT 1",
            (id_list(ids),),
        ).fetchone()
        if row is not None:
            raise build_id_taken_error(kind, row[0])
        for id, times in Counter(ids).items():
            if times > 1:
                raise build_id_taken_error(kind, id)

    def _refuse_if_taken(self, kind: Kind, write: NodeWrite, id: int) -> None:
        """Raise AlreadyExists where another node than `id` has a name or external id of `write`."""
        for field, where, values in (
            ("name", *_named(write)),
            ("external_id", "external_id = ?", (write.external_id,)),
        ):
            row = self._connection.execute(
                f"SELECT id FROM {kind} WHERE {where} AND id <> ?", (*values, id)
            ).fetchone()
            if row is not None:
                raise build_taken_error(kind, field, getattr(write, field), row[0])


def _named(write: NodeWrite) -> tuple[str, tuple[Any, ...]]:
    """What must hold of the node with the name of a write, and the values for it."""
    values = (_type_id(write), write.name)
    if write.kind is Kind.CONTEXT:
        return "type_id = ? AND name = ?", values
    return "type_id = ? AND name = ? AND version = ?", (*values, write.version or 1)


def _row(write: NodeWrite, id: int, created: int, updated: int) -> tuple[Any, ...]:
    assert write.type is not None
    kept = {
        "state": write.state or DEFAULT_STATES[write.kind],
        "version": write.version or 1,
    }
    row = (
        id,
        write.type.id,
        *(
            kept[name] if name in kept else getattr(write, name)
            for name in GIVEN_FIELDS[write.kind]
        ),
        created,
        updated,
        encode(write.properties) if write.properties else None,
        encode(write.custom_properties) if write.custom_properties else None,
    )
    if write.kind is Kind.ARTIFACT:
        return (*row, write.place if write.place != write.uri else None)
    return row


def _type_id(write: NodeWrite) -> int:
    assert write.type is not None
    return _given(write.type.id)


def _given(id: int | None) -> int:
    assert id is not None
    return id


def _key_value(write: NodeWrite) -> object:
    return write.id if write.key == "id" else getattr(write, write.key)
