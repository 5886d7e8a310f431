"""Reading: lists of ids go in as one JSON parameter, so that any number fits."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from lineage.backends import row_mapping
from lineage.backends.sqlite.errors import name_damage
from lineage.backends.sqlite.sort_order import after_position, order_by
from lineage.backends.traversal import (
    Blocked,
    CopySearch,
    Expand,
    add_copies,
    breadth_first,
    propagate,
)
from lineage.model import (
    BaseType,
    Event,
    EventType,
    Flow,
    Kind,
    Mark,
    Node,
    Policy,
    PropertyKind,
    Type,
)
from lineage.model.fields import ALL_GIVEN_FIELDS, GIVEN_FIELDS
from lineage.ports.filters import Candidate, Counts, Field, Filter, Wanted
from lineage.ports.reader import Reader
from lineage.ports.traversal import Barriers, Direction, Frontier, Propagation, SameContent

_NODES = {
    kind: f"SELECT {', '.join(f'n.{column}' for column in columns)}"
    for kind, columns in row_mapping.NODE_COLUMNS.items()
}
_EVENTS = "SELECT e.artifact_id, e.execution_id, e.type, e.path, e.time, e.recorded"
_EVENT_ORDER = " ORDER BY e.execution_id, e.artifact_id, e.type, e.path"

# As the `flow` of events is stored.
_FLOWS = {Flow.INPUT: 1, Flow.OUTPUT: 2}

# So many rows of an index are read in the time that one artifact is looked up.
_SCANNED_AT_ONCE = 50
# By what is expanded and which way: inputs carry data into executions, outputs out of them.
_EXPAND = {
    (Kind.ARTIFACT, Direction.DOWNSTREAM): ("execution_id", "artifact_id", 1),
    (Kind.EXECUTION, Direction.DOWNSTREAM): ("artifact_id", "execution_id", 2),
    (Kind.ARTIFACT, Direction.UPSTREAM): ("execution_id", "artifact_id", 2),
    (Kind.EXECUTION, Direction.UPSTREAM): ("artifact_id", "execution_id", 1),
}


SELECT_TYPES = (
    "SELECT id, kind, name, version, base, description, external_id, properties "
    "FROM type ORDER BY id"
)


class SqliteReader(Reader):
    """Reads through one connection, inside whatever transaction it is in."""

    def __init__(
        self, connection: sqlite3.Connection, types: list[tuple[Any, ...]] | None = None
    ) -> None:
        self._connection = connection
        # The rows that the transaction read first; a writer, which may change them, has none.
        self._types = types
        self._names: dict[int, tuple[str, str | None]] | None = None

    @name_damage
    def types(self) -> list[Type]:
        found = self._types
        if found is None:
            found = self._connection.execute(SELECT_TYPES).fetchall()
        self._names = {row[0]: (row[2], row[3]) for row in found}
        return [
            Type.trusted(
                {
                    "kind": Kind(kind),
                    "name": name,
                    "version": version,
                    "properties": {n: PropertyKind(k) for n, k in json.loads(properties).items()},
                    "base": BaseType(base) if base else None,
                    "description": description,
                    "external_id": external_id,
                    "id": id,
                }
            )
            for id, kind, name, version, base, description, external_id, properties in found
        ]

    @name_damage
    def nodes(self, kind: Kind, ids: Sequence[int]) -> list[Node]:
        if not ids:
            return []
        found = self._connection.execute(
            f"{_NODES[kind]} FROM json_each(?) j CROSS JOIN {kind} n ON n.id = j.value "
            "ORDER BY j.key",
            (id_list(ids),),
        )
        return row_mapping.nodes(kind, found, self._type_names())

    def fields_of(
        self, kind: Kind, ids: Sequence[int], fields: Sequence[Field]
    ) -> list[tuple[Any, ...]]:
        return self._connection.execute(
            f"{_columns(kind, fields)} FROM json_each(?) j CROSS JOIN {kind} n ON n.id = j.value",
            (id_list(ids),),
        ).fetchall()

    def count_types(self, kind: Kind) -> dict[int, int]:
        return dict(
            self._connection.execute(f"SELECT type_id, count(*) FROM {kind} GROUP BY type_id")
        )

    @name_damage
    def find(self, kind: Kind, where: Filter) -> list[Node]:
        return row_mapping.nodes(kind, self._found(_NODES[kind], kind, where), self._type_names())

    def find_fields(
        self, kind: Kind, where: Filter, fields: Sequence[Field]
    ) -> list[tuple[Any, ...]]:
        return self._found(_columns(kind, fields), kind, where).fetchall()

    def count_fields(
        self, kind: Kind, where: Filter, fields: Sequence[Field]
    ) -> list[tuple[Any, ...]]:
        columns = ", ".join(_column(kind, column) for column in ("type_id", *fields))
        conditions, values = self._conditions(kind, where)
        return self._connection.execute(
            f"SELECT {columns}, count(*) FROM {kind} n {conditions} GROUP BY {columns}", values
        ).fetchall()

    def _found(self, select: str, kind: Kind, where: Filter) -> sqlite3.Cursor:
        conditions, values = self._conditions(kind, where)
        values.append(-1 if where.limit is None else where.limit)
        return self._connection.execute(
            f"{select} FROM {kind} n {conditions} ORDER BY {order_by(where)} LIMIT ?", values
        )

    def _conditions(self, kind: Kind, where: Filter) -> tuple[str, list[Any]]:
        """What a filter says of nodes, but for their order and how many."""
        clauses: list[str] = []
        values: list[Any] = []
        for column in ALL_GIVEN_FIELDS:
            value = getattr(where, column)
            if value is not None:
                clauses.append(f"{_column(kind, column)} = ?")
                values.append(value)
        if where.place is not None:
            clauses.append("(n.uri = ? OR n.place = ?)" if kind is Kind.ARTIFACT else "FALSE")
            values += [where.place, where.place] if kind is Kind.ARTIFACT else []
        if where.newest and kind is not Kind.CONTEXT:
            clauses.append(
                f"NOT EXISTS (SELECT 1 FROM {kind} m WHERE m.name = n.name "
                "AND m.type_id = n.type_id AND m.version > n.version)"
            )
        if where.type_ids is not None:
            clauses.append("n.type_id IN (SELECT value FROM json_each(?))")
            values.append(id_list(where.type_ids))
        if where.context_id is not None and kind is Kind.CONTEXT:
            clauses.append("n.id IN (SELECT child_id FROM parent WHERE parent_id = ?)")
            values.append(where.context_id)
        elif where.context_id is not None:
            clauses.append(
                "n.id IN (SELECT node_id FROM membership WHERE context_id = ? AND kind = ?)"
            )
            values += [where.context_id, kind]
        if where.after_id is not None:
            clauses.append("n.id < ?" if where.newest_first else "n.id > ?")
            values.append(where.after_id)
        if where.where is not None:
            # Only those who filter need it.
            from lineage.backends.sqlite.filter_compiler import Compiler

            compiler = Compiler(kind)
            clauses += compiler.predicate(where.where)
            values += compiler.values
        clauses += after_position(where, values)
        return f"{'WHERE ' if clauses else ''}{' AND '.join(clauses)}", values

    @name_damage
    def by_keys(
        self,
        kind: Kind,
        *,
        external_ids: Sequence[str] = (),
        names: Sequence[tuple[int, str]] = (),
    ) -> list[Node]:
        found = self._connection.execute(
            f"{_NODES[kind]} FROM json_each(?) j CROSS JOIN {kind} n ON n.external_id = j.value "
            f"UNION {_NODES[kind]} FROM json_each(?) j CROSS JOIN {kind} n "
            "ON n.type_id = json_extract(j.value, '$[0]') "
            "AND n.name = json_extract(j.value, '$[1]') "
            "ORDER BY 1",
            (json.dumps(list(external_ids)), json.dumps(list(names))),
        )
        return row_mapping.nodes(kind, found, self._type_names())

    @name_damage
    def candidates(self, kind: Kind, wanted: Sequence[Wanted]) -> list[Candidate]:
        found: set[int] = set()
        for select, given in _lookups(kind, wanted):
            if not given:
                continue
            rows = self._connection.execute(select, (json.dumps(given, ensure_ascii=False),))
            found.update(id for (id,) in rows if id is not None)
        if not found:
            return []
        ids = sorted(found)
        place = "coalesce(n.place, n.uri)" if kind is Kind.ARTIFACT else "NULL"
        more = self._connection.execute(
            f"SELECT {place}, EXISTS (SELECT 1 FROM event e WHERE e.{kind}_id = n.id) "
            f"FROM json_each(?) j CROSS JOIN {kind} n ON n.id = j.value ORDER BY j.key",
            (id_list(ids),),
        ).fetchall()
        return [
            Candidate(node, at, bool(used))
            for node, (at, used) in zip(self.nodes(kind, ids), more, strict=True)
        ]

    @name_damage
    def events(
        self,
        *,
        artifact_ids: Sequence[int] | None = None,
        execution_ids: Sequence[int] | None = None,
    ) -> list[Event]:
        values: list[str] = []
        if execution_ids is not None:
            source = "json_each(?) j CROSS JOIN event e ON e.execution_id = j.value"
            values.append(id_list(set(execution_ids)))
            if artifact_ids is not None:
                source += " WHERE e.artifact_id IN (SELECT value FROM json_each(?))"
                values.append(id_list(set(artifact_ids)))
        elif artifact_ids is not None:
            source = "json_each(?) j CROSS JOIN event e ON e.artifact_id = j.value"
            values.append(id_list(set(artifact_ids)))
        else:
            source = "event e"
        found = self._connection.execute(f"{_EVENTS} FROM {source}{_EVENT_ORDER}", values)
        return row_mapping.events(found)

    def last_written(self, artifact_ids: Sequence[int]) -> list[tuple[int, int]]:
        _, source, flow = _EXPAND[Kind.ARTIFACT, Direction.UPSTREAM]
        return self._connection.execute(
            f"SELECT e.{source}, max(e.recorded) FROM json_each(?1) j CROSS JOIN event e "
            f"ON e.{source} = j.value AND e.flow = ?2 GROUP BY 1",
            (id_list(set(artifact_ids)), flow),
        ).fetchall()

    def degrees(
        self, kind: Kind, ids: Sequence[int], flow: Flow, types: Sequence[int] | None = None
    ) -> list[tuple[int, int]]:
        other = kind.other
        values = [id_list(set(ids)), _FLOWS[flow]]
        among = ""
        if types is not None:
            among = (
                f"CROSS JOIN {other} n ON n.id = e.{other}_id "
                "AND n.type_id IN (SELECT value FROM json_each(?))"
            )
            values.append(id_list(types))
        return self._connection.execute(
            f"SELECT e.{kind}_id, count(*) FROM json_each(?) j CROSS JOIN event e "
            f"ON e.{kind}_id = j.value AND e.flow = ? {among} GROUP BY j.key",
            values,
        ).fetchall()

    def count_events(
        self,
        flow: Flow | None = None,
        artifact_types: Sequence[int] | None = None,
        execution_types: Sequence[int] | None = None,
    ) -> list[tuple[int | None, int | None, EventType, int]]:
        columns, sources, conditions = [], ["event e"], []
        values: list[Any] = []
        for name, kind, types in (
            ("a", Kind.ARTIFACT, artifact_types),
            ("x", Kind.EXECUTION, execution_types),
        ):
            columns.append("NULL" if types is None else f"{name}.type_id")
            if types is not None:
                sources.append(f"{kind} {name} ON {name}.id = e.{kind}_id")
                conditions.append(f"{name}.type_id IN (SELECT value FROM json_each(?))")
                values.append(id_list(types))
        if flow is not None:
            conditions.append("e.flow = ?")
            values.append(_FLOWS[flow])
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        found = self._connection.execute(
            f"SELECT {', '.join(columns)}, e.type, count(*) FROM {' JOIN '.join(sources)} {where} "
            "GROUP BY 1, 2, 3",
            values,
        )
        return [(a, x, EventType(type), count) for a, x, type, count in found]

    def contexts_of(self, kind: Kind, ids: Sequence[int]) -> list[tuple[int, int]]:
        return self._connection.execute(
            "SELECT m.node_id, m.context_id FROM json_each(?) j CROSS JOIN membership m "
            "ON m.kind = ? AND m.node_id = j.value ORDER BY 1, 2",
            (id_list(set(ids)), kind),
        ).fetchall()

    def members_of(self, context_ids: Sequence[int], kind: Kind) -> list[tuple[int, int]]:
        return self._connection.execute(
            "SELECT m.context_id, m.node_id FROM json_each(?) j CROSS JOIN membership m "
            "ON m.context_id = j.value AND m.kind = ? ORDER BY 1, 2",
            (id_list(set(context_ids)), kind),
        ).fetchall()

    def count_members(self, kind: Kind) -> list[tuple[int, int, int]]:
        return self._connection.execute(
            f"SELECT n.type_id, c.type_id, count(*) FROM membership m JOIN {kind} n "
            "ON n.id = m.node_id JOIN context c ON c.id = m.context_id WHERE m.kind = ? "
            "GROUP BY 1, 2",
            (kind,),
        ).fetchall()

    def parents_of(self, context_ids: Sequence[int]) -> list[tuple[int, int]]:
        return self._connection.execute(
            "SELECT p.child_id, p.parent_id FROM json_each(?) j CROSS JOIN parent p "
            "ON p.child_id = j.value ORDER BY 1, 2",
            (id_list(set(context_ids)),),
        ).fetchall()

    def children_of(self, context_ids: Sequence[int]) -> list[tuple[int, int]]:
        return self._connection.execute(
            "SELECT p.child_id, p.parent_id FROM json_each(?) j CROSS JOIN parent p "
            "ON p.parent_id = j.value ORDER BY 1, 2",
            (id_list(set(context_ids)),),
        ).fetchall()

    def counts(self) -> Counts:
        [row] = self._connection.execute(
            "SELECT (SELECT count(*) FROM type), (SELECT count(*) FROM artifact), "
            "(SELECT count(*) FROM execution), (SELECT count(*) FROM context), "
            "(SELECT count(*) FROM event)"
        )
        return Counts(*row)

    def closure(
        self,
        kind: Kind,
        ids: Sequence[int],
        direction: Direction,
        *,
        max_depth: int | None = None,
        as_of_ms: int | None = None,
    ) -> Frontier:
        starts = self._connection.execute(
            f"SELECT n.id FROM json_each(?) j CROSS JOIN {kind} n ON n.id = j.value",
            (id_list(ids),),
        )
        expand = self._expand(direction, as_of_ms)
        if max_depth is None:
            expand = self._look_ahead(direction, as_of_ms, expand)
        return breadth_first(kind, chain.from_iterable(starts), expand, max_depth)

    def propagate(
        self,
        starts: Mapping[Kind, Sequence[int]],
        direction: Direction,
        *,
        barriers: Barriers | None = None,
        as_of_ms: int | None = None,
        content: SameContent | None = None,
    ) -> Propagation:
        known = {
            kind: chain.from_iterable(
                self._connection.execute(
                    f"SELECT n.id FROM json_each(?) j CROSS JOIN {kind} n ON n.id = j.value",
                    (id_list(ids),),
                ).fetchall()
            )
            for kind, ids in starts.items()
        }
        stopped = self._stopped(barriers) if barriers else None
        expand = self._expand(direction, as_of_ms)
        found = propagate(known, expand, stopped)
        if content is None:
            return found
        return add_copies(
            found,
            lambda ids: propagate({Kind.ARTIFACT: ids}, expand, stopped),
            lambda alike: propagate(known, expand, stopped, alike),
            CopySearch(self, content, as_of_ms),
        )

    def _stopped(self, barriers: Barriers) -> Blocked:
        stopping = {Kind.ARTIFACT: set(barriers.artifact_ids), Kind.EXECUTION: set()}
        if barriers.execution_type_ids:
            # All of them at once, from the index: one look for each hop would cost more.
            found = self._connection.execute(
                "SELECT id FROM execution WHERE type_id IN (SELECT value FROM json_each(?)) "
                "AND coalesce(state, 'UNKNOWN') IN (SELECT value FROM json_each(?))",
                (
                    id_list(barriers.execution_type_ids),
                    json.dumps(sorted(barriers.stopping_states)),
                ),
            )
            stopping[Kind.EXECUTION].update(chain.from_iterable(found))
            stopping[Kind.EXECUTION] -= barriers.exempt
        stopping[Kind.EXECUTION] |= barriers.execution_ids
        return lambda kind, ids: ids & stopping[kind]

    def shared_digests(self, artifact_ids: Sequence[int]) -> list[str]:
        if self._is_large_part(len(artifact_ids)):
            # To go through an index once costs less than to look up each.
            found = self._connection.execute(
                "SELECT digest FROM artifact WHERE digest IS NOT NULL "
                "GROUP BY digest HAVING count(*) > 1"
            ).fetchall()
            if len(found) * _SCANNED_AT_ONCE <= len(artifact_ids):
                return list(chain.from_iterable(found))
        return list(
            chain.from_iterable(
                self._connection.execute(
                    "SELECT DISTINCT n.digest FROM json_each(?) j "
                    "CROSS JOIN artifact n ON n.id = j.value WHERE n.digest IS NOT NULL AND EXISTS "
                    "(SELECT 1 FROM artifact o WHERE o.digest = n.digest AND o.id <> n.id)",
                    (id_list(artifact_ids),),
                )
            )
        )

    def _is_large_part(self, count: int) -> bool:
        """Whether so many artifacts are so many of all that to go through all costs less."""
        if count < _SCANNED_AT_ONCE:
            return False
        [last] = self._connection.execute("SELECT max(id) FROM artifact").fetchone()
        return bool(count * _SCANNED_AT_ONCE > (last or 0))

    def with_digests(self, digests: Sequence[str]) -> list[tuple[str, int, int]]:
        return self._connection.execute(
            "SELECT n.digest, n.id, n.created FROM json_each(?) j "
            "CROSS JOIN artifact n ON n.digest = j.value",
            (json.dumps(list(digests)),),
        ).fetchall()

    def _expand(self, direction: Direction, as_of_ms: int | None) -> Expand:
        def expand(kind: Kind, frontier: Sequence[int]) -> Iterable[int]:
            target, source, flow = _EXPAND[kind, direction]
            known = "" if as_of_ms is None else " AND e.recorded <= ?3"
            found = self._connection.execute(
                f"SELECT e.{target} FROM json_each(?1) j CROSS JOIN event e "
                f"ON e.{source} = j.value AND e.flow = ?2{known}",
                (id_list(frontier), flow)
                if as_of_ms is None
                else (id_list(frontier), flow, as_of_ms),
            )
            return chain.from_iterable(found)

        return expand

    def _look_ahead(self, direction: Direction, as_of_ms: int | None, expand: Expand) -> Expand:
        """Expand two hops at once where the frontier is one node: a chain costs half as much.

        Of more nodes at once, what is beyond a neighbour of many would come as often.
        """
        ahead: dict[tuple[Kind, int], list[int]] = {}
        known = "" if as_of_ms is None else " AND {e}.recorded <= ?4"

        def expand_twice(kind: Kind, frontier: Sequence[int]) -> Iterable[int]:
            if all((kind, id) in ahead for id in frontier):
                return [id for here in frontier for id in ahead.pop((kind, here))]
            if len(frontier) > 1:
                return expand(kind, frontier)
            near, start, flow = _EXPAND[kind, direction]
            far, _, next_flow = _EXPAND[kind.other, direction]
            given = (frontier[0], flow, next_flow)
            found = self._connection.execute(
                f"SELECT DISTINCT e.{near}, f.{far} FROM event e LEFT JOIN event f "
                f"ON f.{near} = e.{near} AND f.flow = ?3{known.format(e='f')} "
                f"WHERE e.{start} = ?1 AND e.flow = ?2{known.format(e='e')}",
                given if as_of_ms is None else (*given, as_of_ms),
            )
            ahead.clear()
            for neighbour, beyond in found:
                there = ahead.setdefault((kind.other, neighbour), [])
                if beyond is not None:
                    there.append(beyond)
            return [id for _, id in ahead]

        return expand_twice

    def neighbours(
        self,
        kind: Kind,
        ids: Sequence[int],
        direction: Direction,
        *,
        as_of_ms: int | None = None,
    ) -> list[tuple[int, int]]:
        target, source, flow = _EXPAND[kind, direction]
        known = "" if as_of_ms is None else " AND e.recorded <= ?3"
        return self._connection.execute(
            f"SELECT e.{source}, e.{target} FROM json_each(?1) j CROSS JOIN event e "
            f"ON e.{source} = j.value AND e.flow = ?2{known}",
            (id_list(set(ids)), flow) if as_of_ms is None else (id_list(set(ids)), flow, as_of_ms),
        ).fetchall()

    @name_damage
    def scan_events(self, after: tuple[int, int, str, str] | None, limit: int) -> list[Event]:
        where = (
            ""
            if after is None
            else (
                " WHERE e.execution_id >= ? "
                "AND (e.execution_id, e.artifact_id, e.type, e.path) > (?, ?, ?, ?)"
            )
        )
        found = self._connection.execute(
            f"{_EVENTS} FROM event e{where}{_EVENT_ORDER} LIMIT ?",
            [*(() if after is None else (after[0], *after)), limit],
        )
        return row_mapping.events(found)

    @name_damage
    def marks(
        self,
        *,
        labels: Sequence[str] | None = None,
        nodes: Mapping[Kind, Sequence[int]] | None = None,
    ) -> list[Mark]:
        clauses, values = ["TRUE"], []
        if labels is not None:
            clauses.append("m.label IN (SELECT value FROM json_each(?))")
            values.append(json.dumps(list(labels)))
        if nodes is not None:
            on = [
                "m.kind = ? AND m.node_id IN (SELECT value FROM json_each(?))" for _ in nodes
            ] or ["FALSE"]
            clauses.append(f"({' OR '.join(on)})")
            values += [value for kind, ids in nodes.items() for value in (str(kind), id_list(ids))]
        found = self._connection.execute(
            f"SELECT {', '.join(row_mapping.MARK_FIELDS)} FROM mark m "
            f"WHERE {' AND '.join(clauses)} ORDER BY m.id",
            values,
        )
        return [
            row_mapping.mark(dict(zip(row_mapping.MARK_FIELDS, row, strict=True))) for row in found
        ]

    @name_damage
    def policies(self) -> list[Policy]:
        found = self._connection.execute(
            "SELECT name, recorded, ended, content FROM policy ORDER BY name, recorded"
        )
        return [row_mapping.policy(*row) for row in found]

    def metadata(self, key: str) -> str | None:
        row = self._connection.execute("SELECT value FROM note WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def metadata_under(self, prefix: str) -> list[tuple[str, str]]:
        return self._connection.execute(
            "SELECT key, value FROM note WHERE key >= ?1 AND substr(key, 1, length(?1)) = ?1 "
            "ORDER BY key",
            (prefix,),
        ).fetchall()

    def stored_at(self, uris: Sequence[str], *, below: bool = True) -> list[tuple[int, str]]:
        inside = (
            # "0" is the character after "/".
            "UNION SELECT n.id, n.uri FROM json_each(?1) j CROSS JOIN artifact n "
            "ON n.uri >= j.value || '/' AND n.uri < j.value || '0'"
        )
        return self._connection.execute(
            "SELECT n.id, n.uri FROM json_each(?1) j CROSS JOIN artifact n ON n.uri = j.value "
            f"{inside if below else ''} ORDER BY 1",
            (json.dumps(list(dict.fromkeys(uris))),),
        ).fetchall()

    def _type_names(self) -> dict[int, tuple[str, str | None]]:
        """Name and version by id. A type keeps them, and of other transactions none is seen."""
        if self._names is None and self._types is not None:
            self._names = {row[0]: (row[2], row[3]) for row in self._types}
        if self._names is None:
            found = self._connection.execute("SELECT id, name, version FROM type")
            self._names = {id: (name, version) for id, name, version in found}
        return self._names


def _columns(kind: Kind, fields: Sequence[Field]) -> str:
    return f"SELECT {', '.join(_column(kind, column) for column in ('id', 'type_id', *fields))}"


def _column(kind: Kind, field: str) -> str:
    absent = field in ALL_GIVEN_FIELDS and field not in GIVEN_FIELDS[kind]
    return "NULL" if absent else f"n.{field}"


def id_list(ids: Iterable[int]) -> str:
    """Ids as the one parameter that they go in by."""
    return f"[{','.join(map(str, ids))}]"


# A value of a row of `_lookups`, by its place in it.
_V = "json_extract(j.value, '$[{}]')"
_TYPE, _NAME, _MORE = (_V.format(at) for at in range(3))
_IN_SERIES = f"n.name = {_NAME} AND n.type_id = {_TYPE}"
_AT = {of: f"n.{of} = {_NAME} AND n.type_id = {_TYPE}" for of in ("uri", "place")}


def _lookups(kind: Kind, wanted: Sequence[Wanted]) -> Iterator[tuple[str, list[Any]]]:
    """Statements for ids, each with the rows that it is asked for."""

    def newest(condition: str, order: str) -> str:
        return (
            f"SELECT (SELECT n.id FROM {kind} n WHERE {condition} ORDER BY n.{order} DESC LIMIT 1) "
            "FROM json_each(?) j"
        )

    named = [w for w in wanted if w.name is not None]
    yield (
        f"SELECT n.id FROM json_each(?) j CROSS JOIN {kind} n ON n.id = j.value",
        [w.id for w in wanted if w.id is not None],
    )
    yield (
        f"SELECT n.id FROM json_each(?) j CROSS JOIN {kind} n ON n.external_id = j.value",
        [w.external_id for w in wanted if w.external_id is not None],
    )
    yield newest(_IN_SERIES, "version"), [[w.type_id, w.name] for w in named]
    yield (
        newest(f"{_IN_SERIES} AND n.version = {_MORE}", "version"),
        [[w.type_id, w.name, w.version] for w in named if w.version is not None],
    )
    if kind is not Kind.ARTIFACT:
        return
    yield (
        newest(f"n.digest = {_MORE} AND {_IN_SERIES}", "version"),
        [[w.type_id, w.name, w.digest] for w in named if w.digest is not None],
    )
    for at in _AT.values():
        yield (
            newest(f"{at} AND n.name = {_MORE}", "version"),
            [[w.type_id, w.place, w.name] for w in named if w.place is not None],
        )
        placed = [w for w in wanted if w.name is None and w.place is not None]
        rows = [[w.type_id, w.place] for w in placed]
        yield newest(at, "id"), rows
        yield newest(f"{at} AND n.name IS NULL", "id"), rows
        yield (
            newest(f"n.digest = {_MORE} AND {at}", "id"),
            [[w.type_id, w.place, w.digest] for w in placed if w.digest is not None],
        )
