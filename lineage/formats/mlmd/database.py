"""Reading an ML Metadata database of schema version 4 to 10.

Tables and columns came over time; what an older schema lacks reads as NULL. Facts from ML
Metadata's `metadata_source_query_config` and `metadata_store.proto`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lineage.errors import InvalidValue, StoreTooNew, StoreUnavailable
from lineage.formats.mlmd import signatures
from lineage.formats.mlmd.connections import open_connection
from lineage.formats.mlmd.structs import decode_struct, is_struct
from lineage.formats.transfer import TransferReport
from lineage.model import (
    NODE_CLASSES,
    ArtifactState,
    BaseType,
    Event,
    EventType,
    ExecutionState,
    Kind,
    Mark,
    Node,
    Policy,
    PropertyKind,
    Type,
)

OLDEST, NEWEST = 4, 10

_KINDS = {0: Kind.EXECUTION, 1: Kind.ARTIFACT, 2: Kind.CONTEXT}
_TABLES = {Kind.ARTIFACT: "Artifact", Kind.EXECUTION: "Execution", Kind.CONTEXT: "Context"}
_PROPERTY_KINDS = {
    1: PropertyKind.INT,
    2: PropertyKind.DOUBLE,
    3: PropertyKind.STRING,
    4: PropertyKind.STRUCT,
    # A serialized google.protobuf.Any, kept as it is.
    5: PropertyKind.BYTES,
    6: PropertyKind.BOOL,
}
_TIMES = ("create_time_since_epoch", "last_update_time_since_epoch")
_VALUES = ("int_value", "double_value", "string_value", "bool_value", "proto_value")
_ARTIFACT_STATES = dict(enumerate(ArtifactState))
_EXECUTION_STATES = dict(enumerate(ExecutionState))
_EVENT_TYPES = dict(enumerate(EventType))


# What every schema has since the oldest that is read. What came later may be missing.
_OWNED = {"name", "is_custom_property", "int_value", "double_value", "string_value"}
_COLUMNS: dict[str, set[str]] = {
    "Type": {"id", "name", "type_kind"},
    "TypeProperty": {"type_id", "name", "data_type"},
    "Artifact": {"id", "type_id", "uri"},
    "Execution": {"id", "type_id"},
    "Context": {"id", "type_id", "name"},
    "ArtifactProperty": {"artifact_id", *_OWNED},
    "ExecutionProperty": {"execution_id", *_OWNED},
    "ContextProperty": {"context_id", *_OWNED},
    "Event": {"id", "artifact_id", "execution_id", "type", "milliseconds_since_epoch"},
    "EventPath": {"event_id", "is_index_step", "step_index", "step_key"},
    "Association": {"context_id", "execution_id"},
    "Attribution": {"context_id", "artifact_id"},
}

# ML Metadata lets edges go to nodes that were never there; those are left behind.
_WHOLE_EVENTS = "JOIN Artifact a ON a.id = e.artifact_id JOIN Execution x ON x.id = e.execution_id"


class MlmdDatabase:
    """One database, only read. A `Source` of a transfer."""

    def __init__(self, where: str | Path) -> None:
        self._connection = open_connection(where)
        try:
            self._columns = self._connection.columns()
            self.schema = self._schema()
            self._check_columns()
            self._types = self._read_types()
        except BaseException:
            self._connection.close()
            raise

    @property
    def name(self) -> str:
        return f"mlmd {self._connection.name}"

    def close(self) -> None:
        """Let go of it."""
        self._connection.close()

    def counts(self) -> TransferReport:
        def count(table: str) -> int:
            return int(self._connection.rows(f"SELECT count(*) FROM {table}")[0][0])

        return TransferReport(
            types=len(self._types),
            artifacts=count("Artifact"),
            executions=count("Execution"),
            contexts=count("Context"),
            events=count(f"Event e {_WHOLE_EVENTS}"),
        )

    def types(self) -> list[Type]:
        self._types = self._read_types()
        return list(self._types.values())

    def nodes(self, kind: Kind, after: int, limit: int) -> list[Node]:
        table = _TABLES[kind]
        state = "last_known_state" if kind is Kind.EXECUTION else "state"
        found = self._select(
            table,
            ["id", "type_id", "name", "external_id", "uri", state, *_TIMES],
            "WHERE id > ? ORDER BY id LIMIT ?",
            (after, limit),
        )
        if any(row[1] not in self._types for row in found):
            # It came while the database was read.
            self._types = self._read_types()
        properties = self._properties(table, [row[0] for row in found])
        with self._known(f"the type or state of one of its {kind}s"):
            return [self._node(kind, row, properties) for row in found]

    def memberships(self, kind: Kind, ids: Sequence[int]) -> Iterable[tuple[int, int]]:
        table = "Attribution" if kind is Kind.ARTIFACT else "Association"
        return self._connection.rows(
            f"SELECT n.id, m.context_id FROM {table} m JOIN Context c ON c.id = m.context_id "
            f"JOIN {_TABLES[kind]} n ON n.id = m.{kind}_id WHERE n.id BETWEEN ? AND ?",
            (ids[0], ids[-1]),
        )

    def parents(self) -> Iterable[tuple[int, int]]:
        if "ParentContext" not in self._columns:
            return []
        return self._connection.rows(
            "SELECT c.id, p.id FROM ParentContext l JOIN Context c ON c.id = l.context_id "
            "JOIN Context p ON p.id = l.parent_context_id"
        )

    def marks(self) -> list[Mark]:
        return []

    def metadata(self) -> list[tuple[str, str]]:
        found: signatures.Signatures = {}
        rows = self._select("Type", ["id", "type_kind", *signatures.FIELDS], "", ())
        for id, kind, *texts in rows:
            said = {f: t for f, t in zip(signatures.FIELDS, texts, strict=True) if t}
            # One that came since the types were read is for the next time.
            if said and id in self._types and _KINDS[kind] is Kind.EXECUTION:
                found[self._types[id].label] = said
        return [(signatures.SIGNATURES_KEY, signatures.unparse(found))] if found else []

    def policies(self) -> list[Policy]:
        return []

    def events(self, after: Any, limit: int) -> tuple[list[Event], Any]:
        found = self._connection.rows(
            "SELECT e.id, e.artifact_id, e.execution_id, e.type, e.milliseconds_since_epoch "
            f"FROM Event e {_WHOLE_EVENTS} WHERE e.id > ? ORDER BY e.id LIMIT ?",
            (after or 0, limit),
        )
        if not found:
            return [], after
        paths: dict[int, list[str | int]] = {}
        # Steps have no number: they are in the order in which they were written.
        for event, by_index, index, key in self._connection.rows(
            "SELECT event_id, is_index_step, step_index, step_key FROM EventPath "
            "WHERE event_id BETWEEN ? AND ?",
            (found[0][0], found[-1][0]),
        ):
            paths.setdefault(event, []).append(index if by_index else key)
        with self._known("the type of one of its events"):
            events = [
                Event(
                    artifact_id=artifact,
                    execution_id=execution,
                    type=_EVENT_TYPES[type],
                    path=tuple(paths.get(id, ())),
                    time_ms=time or 0,
                    recorded_ms=time or 0,
                )
                for id, artifact, execution, type, time in found
            ]
        return events, found[-1][0]

    def _schema(self) -> int:
        if "MLMDEnv" not in self._columns:
            raise StoreUnavailable(
                f"{self._connection.name} is not a database of ML Metadata: it has no "
                "table MLMDEnv; a store of Lineage is copied with `lineage copy`"
            )
        [[version]] = self._connection.rows("SELECT max(schema_version) FROM MLMDEnv")
        if version is None or version < OLDEST:
            raise StoreUnavailable(
                f"{self._connection.name} has ML Metadata schema {version}; the oldest that is "
                f"read is {OLDEST}: upgrade it with the ml-metadata library first"
            )
        if version > NEWEST:
            raise StoreTooNew(
                f"{self._connection.name} has ML Metadata schema {version}; the newest that is "
                f"known is {NEWEST}: install a newer lineage-engine"
            )
        return int(version)

    def _check_columns(self) -> None:
        """Raise StoreUnavailable where something is missing that every schema has."""
        for table, needed in _COLUMNS.items():
            missing = sorted(needed - self._columns.get(table, set()))
            if missing:
                raise StoreUnavailable(
                    f"{self._connection.name}: the table {table} has no column "
                    f"{', '.join(missing)}, which ML Metadata's schema {self.schema} has; nothing "
                    "was imported: restore the database from a whole copy"
                )

    def _read_types(self) -> dict[int, Type]:
        properties: dict[int, dict[str, PropertyKind]] = {}
        with self._known("what a property of one of its types holds"):
            for type_id, name, kind in self._connection.rows(
                "SELECT type_id, name, data_type FROM TypeProperty"
            ):
                properties.setdefault(type_id, {})[name] = _PROPERTY_KINDS[kind]
        rows = self._select(
            "Type", ("id", "name", "type_kind", "version", "description", "external_id"), "", ()
        )
        names = {row[0]: row[1] for row in rows}
        bases: dict[int, BaseType] = {}
        if "ParentType" in self._columns:
            for child, parent in self._connection.rows(
                "SELECT type_id, parent_type_id FROM ParentType"
            ):
                base = names.get(parent, "").removeprefix("mlmd.").upper()
                if base in set(BaseType):
                    bases[child] = BaseType(base)
        with self._known("what one of its types is of"):
            return {
                id: Type(
                    id=id,
                    kind=_KINDS[kind],
                    name=name,
                    version=version or None,
                    properties=properties.get(id, {}),
                    base=bases.get(id) or _simple(name),
                    description=description or None,
                    external_id=external_id or None,
                )
                for id, name, kind, version, description, external_id in rows
            }

    def _properties(
        self, table: str, ids: Sequence[int]
    ) -> dict[int, tuple[dict[str, Any], dict[str, Any]]]:
        found: dict[int, tuple[dict[str, Any], dict[str, Any]]] = {id: ({}, {}) for id in ids}
        if not ids:
            return found
        owner = f"{table.lower()}_id"
        rows = self._select(
            f"{table}Property",
            [owner, "name", "is_custom_property", *_VALUES],
            f"WHERE {owner} BETWEEN ? AND ?",
            (ids[0], ids[-1]),
        )
        for id, name, custom, integer, double, text, boolean, proto in rows:
            value: Any = integer
            if double is not None:
                value = float(double)
            elif text is not None:
                value = decode_struct(text) if is_struct(text) else text
            elif boolean is not None:
                value = bool(boolean)
            elif proto is not None:
                value = _decode_proto(proto)
            if value is not None and id in found:
                found[id][1 if custom else 0][name] = value
        return found

    def _node(
        self,
        kind: Kind,
        row: Sequence[Any],
        properties: dict[int, tuple[dict[str, Any], dict[str, Any]]],
    ) -> Node:
        id, type_id, name, external_id, uri, state, created, updated = row
        type = self._types[type_id]
        fields: dict[str, Any] = {
            "id": id,
            "type": type.name,
            "type_version": type.version,
            # An empty name is ML Metadata's way to have none.
            "name": name or None,
            "external_id": external_id or None,
            "properties": properties[id][0],
            "custom_properties": properties[id][1],
            "created_ms": created or 0,
            "updated_ms": updated or 0,
        }
        if kind is Kind.ARTIFACT:
            fields |= {"uri": uri or None, "state": _ARTIFACT_STATES[state or 0]}
        elif kind is Kind.EXECUTION:
            fields["state"] = _EXECUTION_STATES[state or 0]
        return NODE_CLASSES[kind](**fields)

    @contextmanager
    def _known(self, what: str) -> Iterator[None]:
        """A number that isn't known within the block is said to be that of `what`."""
        try:
            yield
        except KeyError as error:
            raise InvalidValue(
                f"{self._connection.name}: {what} is {error.args[0]!r}, which schema {NEWEST} "
                "doesn't have; correct it, or install a newer lineage-engine"
            ) from None

    def _select(
        self, table: str, columns: Sequence[str], rest: str, values: Sequence[Any]
    ) -> list[tuple[Any, ...]]:
        """Rows with these columns; those that this schema lacks are NULL."""
        there = self._columns[table]
        chosen = ", ".join(c if c in there else f"NULL AS {c}" for c in columns)
        return self._connection.rows(f"SELECT {chosen} FROM {table} {rest}", values)


def _decode_proto(text: str | bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise InvalidValue(f"not a proto value of ML Metadata: {text[:60]!r} ({error})") from None


def _simple(name: str) -> BaseType | None:
    """The base of ML Metadata's own simple types."""
    base = name.removeprefix("mlmd.").upper()
    return BaseType(base) if name.startswith("mlmd.") and base in set(BaseType) else None
