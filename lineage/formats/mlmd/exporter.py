"""A store as an ML Metadata database, for those who go back, or go both ways."""

from __future__ import annotations

import base64
import math
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from lineage.errors import AlreadyExists, StoreUnavailable
from lineage.formats.mlmd import signatures
from lineage.formats.mlmd.protos import to_any
from lineage.formats.mlmd.structs import encode_struct
from lineage.formats.mlmd.tables import INDEXES, TABLES, VERSION
from lineage.formats.store_copy import StoreSource
from lineage.formats.transfer import BATCH, Progress, TransferReport
from lineage.model import (
    ArtifactState,
    BaseType,
    Event,
    EventType,
    ExecutionState,
    Kind,
    Node,
    PropertyKind,
    Type,
    Value,
)
from lineage.rules.versions import to_unique_name
from lineage.store import Store

_KINDS = {Kind.EXECUTION: 0, Kind.ARTIFACT: 1, Kind.CONTEXT: 2}
_DATA_TYPES = {
    PropertyKind.INT: 1,
    PropertyKind.DOUBLE: 2,
    PropertyKind.STRING: 3,
    PropertyKind.STRUCT: 4,
    PropertyKind.BYTES: 5,
    PropertyKind.BOOL: 6,
}
_STATES: dict[Kind, dict[Any, int]] = {
    Kind.ARTIFACT: {state: number for number, state in enumerate(ArtifactState)},
    Kind.EXECUTION: {state: number for number, state in enumerate(ExecutionState)},
}
_EVENT_TYPES = {type: number for number, type in enumerate(EventType)}
_MEMBERS = {Kind.ARTIFACT: "Attribution", Kind.EXECUTION: "Association"}
_BASES = (
    BaseType.DATASET, BaseType.MODEL, BaseType.METRICS, BaseType.STATISTICS, BaseType.TRAIN,
    BaseType.TRANSFORM, BaseType.PROCESS, BaseType.EVALUATE, BaseType.DEPLOY,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written, and what ML Metadata has no place for.

    events_left_out: an artifact and an execution can have but one event of a type there.
    values_left_out: NaN, which SQLite can't hold.
    """

    written: TransferReport
    events_left_out: int = 0
    values_left_out: int = 0

    def __str__(self) -> str:
        left = [
            f"{number:,} {what}"
            for number, what in (
                (self.events_left_out, "events under a second path"),
                (self.values_left_out, "values that are NaN"),
            )
            if number
        ]
        return f"{self.written}" + (f"; left out: {' and '.join(left)}" if left else "")

    def to_dict(self) -> dict[str, int]:
        """The counts by name."""
        return {
            **self.written.to_dict(),
            "events_left_out": self.events_left_out,
            "values_left_out": self.values_left_out,
        }


def export_mlmd(
    store: Store, path: str | Path, *, progress: Progress | None = None
) -> ExportReport:
    """Write all of a store into a new SQLite file that the ml-metadata library opens.

    Schema 10; ids and times are kept. What only Lineage has (marks, policies, receipts of
    deletions, when an event was recorded) is not in it. The file is there when it is whole.

    Raises AlreadyExists where there is a file, StoreUnavailable where it can't be written.
    """
    path = Path(path)
    if path.exists():
        raise AlreadyExists(f"{path} is there already; name a new file, or remove that one")
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(part, isolation_level=None)) as connection:
            exported = _Writer(connection, StoreSource(store)).write(store, progress)
        # Whoever comes first with that name keeps it.
        os.link(part, path)
    except FileExistsError:
        raise AlreadyExists(f"{path} came to be meanwhile; name a new file") from None
    except (sqlite3.Error, OSError) as error:
        raise StoreUnavailable(f"{path}: {error}") from error
    finally:
        part.unlink(missing_ok=True)
    return exported


class _Writer:
    """One file being written, in one transaction."""

    def __init__(self, connection: sqlite3.Connection, source: StoreSource) -> None:
        self._connection = connection
        self._source = source
        self._done = 0
        self._events = 0
        self._left_out = 0
        self._nans = 0
        self._last: tuple[int, int, EventType] | None = None

    def write(self, store: Store, progress: Progress | None) -> ExportReport:
        """Everything, by batches."""
        run = self._connection.execute
        run("PRAGMA journal_mode = OFF")
        run("PRAGMA synchronous = OFF")
        run("BEGIN")
        for statement in TABLES:
            run(statement)
        run("INSERT INTO MLMDEnv VALUES (?)", (VERSION,))
        types = store.types()
        with store.snapshot() as view:
            kept = signatures.read(view.reader)
        self._types(types, kept)
        total = self._source.counts()
        of = total.artifacts + total.executions + total.contexts + total.events

        def done(count: int) -> None:
            self._done += count
            if progress is not None:
                progress(min(self._done, of), of)

        counts = {kind: self._nodes(kind, done) for kind in Kind}
        self._many("ParentContext", 2, self._source.parents())
        after: Any = None
        while True:
            events, after = self._source.events(after, BATCH)
            if not events:
                break
            self._put_events(events)
            done(len(events))
        for statement in INDEXES:
            run(statement)
        run("COMMIT")
        written = replace(
            total,
            types=len(types),
            artifacts=counts[Kind.ARTIFACT],
            executions=counts[Kind.EXECUTION],
            contexts=counts[Kind.CONTEXT],
            events=self._events,
        )
        return ExportReport(written, self._left_out, self._nans)

    def _types(self, types: Sequence[Type], kept: signatures.Signatures) -> None:
        system = self._system_types(types)
        self._many(
            "Type",
            8,
            (
                (
                    type.id,
                    type.name,
                    type.version,
                    _KINDS[type.kind],
                    type.description,
                    *_signature(type, kept),
                    type.external_id,
                )
                for type in types
            ),
        )
        self._many(
            "TypeProperty",
            3,
            (
                (type.id, name, _DATA_TYPES[kind])
                for type in types
                for name, kind in type.properties.items()
            ),
        )
        own = set(system.values())
        self._many(
            "ParentType",
            2,
            (
                (type.id, system[type.base])
                for type in types
                if type.base is not None and type.id not in own
            ),
        )

    def _system_types(self, types: Sequence[Type]) -> dict[BaseType, int]:
        """The ids of ML Metadata's own types, written where the store has them not."""
        taken = {type.id for type in types}
        by_key = {(type.kind, type.name): type.id for type in types if type.version is None}
        free = count(max((id for id in taken if id is not None), default=0) + 1)
        found: dict[BaseType, int] = {}
        for usual, base in enumerate(_BASES, 1):
            name = f"mlmd.{base.capitalize()}"
            id = by_key.get((base.kind, name))
            if id is None:
                id = usual if usual not in taken else next(free)
                taken.add(id)
                self._connection.execute(
                    "INSERT INTO Type (id, name, type_kind) VALUES (?, ?, ?)",
                    (id, name, _KINDS[base.kind]),
                )
            found[base] = id
        return found

    def _nodes(self, kind: Kind, done: Any) -> int:
        table, written, after = kind.capitalize(), 0, -(2**63)
        columns = {Kind.ARTIFACT: 8, Kind.EXECUTION: 7, Kind.CONTEXT: 6}[kind]
        while nodes := self._source.nodes(kind, after, BATCH):
            ids = [node.id for node in nodes if node.id is not None]
            after = ids[-1]
            self._many(table, columns, (_row(node) for node in nodes))
            rows = [row for node in nodes for row in self._properties(node)]
            self._many(f"{table}Property", 9, rows)
            if kind in _MEMBERS:
                self._connection.executemany(
                    f"INSERT INTO {_MEMBERS[kind]} ({kind}_id, context_id) VALUES (?, ?)",
                    self._source.memberships(kind, ids),
                )
            written += len(nodes)
            done(len(nodes))
        return written

    def _properties(self, node: Node) -> Iterator[tuple[Any, ...]]:
        for custom, properties in enumerate((node.properties, node.custom_properties)):
            for name, value in properties.items():
                if isinstance(value, float) and math.isnan(value):
                    self._nans += 1
                else:
                    yield (node.id, name, custom, *_value(value))

    def _put_events(self, events: Sequence[Event]) -> None:
        rows, paths = [], []
        for event in events:
            # Those of one artifact, execution and type follow one another.
            key = (event.artifact_id, event.execution_id, event.type)
            if key == self._last:
                self._left_out += 1
                continue
            self._last = key
            self._events += 1
            rows.append((self._events, *key[:2], _EVENT_TYPES[event.type], event.time_ms))
            for step in event.path:
                by_index = isinstance(step, int)
                paths.append(
                    (self._events, by_index, step if by_index else None, None if by_index else step)
                )
        self._many("Event", 5, rows)
        self._many("EventPath", 4, paths)

    def _many(self, table: str, columns: int, rows: Iterable[tuple[Any, ...]]) -> None:
        places = ", ".join("?" * columns)
        self._connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)


def _signature(type: Type, kept: signatures.Signatures) -> list[str | None]:
    said = kept.get(type.label, {}) if type.kind is Kind.EXECUTION else {}
    return [said.get(field) for field in signatures.FIELDS]


def _row(node: Node) -> tuple[Any, ...]:
    """The columns of a node, in the order of its table; a state that nobody gave is NULL."""
    end = (node.external_id, node.created_ms, node.updated_ms)
    if node.kind is Kind.CONTEXT:
        return (node.id, node.type_id, node.name, *end)
    state = _STATES[node.kind][node.state] or None  # type: ignore[union-attr]
    if node.kind is Kind.EXECUTION:
        return (node.id, node.type_id, state, to_unique_name(node), *end)
    uri = node.uri or ""  # type: ignore[union-attr]
    return (node.id, node.type_id, uri, state, to_unique_name(node), *end)


def _value(value: Value) -> tuple[Any, ...]:
    """int, double, string, byte, proto and bool value: one is given, the others are NULL."""
    integer: int | None = None
    double: float | None = None
    text: str | None = None
    proto: str | None = None
    boolean: bool | None = None
    if isinstance(value, bool):
        boolean = value
    elif isinstance(value, int):
        integer = value
    elif isinstance(value, float):
        double = value
    elif isinstance(value, str):
        text = value
    elif isinstance(value, bytes):
        proto = base64.b64encode(to_any(value)).decode()
    else:
        text = encode_struct(value)
    return (integer, double, text, None, proto, boolean)
