"""Reading by the templates in `cypher/read`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import islice
from typing import Any

import neo4j

from lineage.backends import row_mapping
from lineage.backends.from_properties import node_from_properties
from lineage.backends.neo4j.collation import is_compared_alike
from lineage.backends.neo4j.filter_compiler import compile_statements
from lineage.backends.neo4j.propagation import barrier_parameters, merge_levels
from lineage.backends.neo4j.templates import template
from lineage.backends.sort_order import is_after
from lineage.backends.traversal import Alike, CopySearch, add_copies, breadth_first, propagate
from lineage.model import BaseType, Event, Kind, Mark, Node, Policy, PropertyKind, Type
from lineage.model.values import INT64_MAX, INT64_MIN
from lineage.ports.filters import Candidate, Counts, Filter, Wanted
from lineage.ports.reader import Reader
from lineage.ports.traversal import Barriers, Direction, Frontier, Propagation, SameContent

# From so many starts at most a search each; from more, hop by hop for all of them.
_SEARCHES = 8
# The digests of more artifacts are found by going through the index.
_LOOKED_UP = 10_000
_PLURAL = {kind: f"{kind}s" for kind in Kind}
_NEIGHBOURS = {
    (Kind.ARTIFACT, Direction.UPSTREAM): "read/producers_of_artifacts",
    (Kind.ARTIFACT, Direction.DOWNSTREAM): "read/consumers_of_artifacts",
    (Kind.EXECUTION, Direction.UPSTREAM): "read/inputs_of_executions",
    (Kind.EXECUTION, Direction.DOWNSTREAM): "read/outputs_of_executions",
}


class Neo4jReader(Reader):
    """Reads inside one transaction."""

    def __init__(self, transaction: neo4j.ManagedTransaction | neo4j.Transaction) -> None:
        self._transaction = transaction

    def template(self, name: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [dict(record) for record in self._transaction.run(template(name), dict(parameters))]

    def types(self) -> list[Type]:
        return [_type(record["type"]) for record in self._run("read/types")]

    def nodes(self, kind: Kind, ids: Sequence[int]) -> list[Node]:
        found = self._run(f"read/{_PLURAL[kind]}", ids=list(ids))
        return [node_from_properties(kind, record["node"]) for record in found]

    def find(self, kind: Kind, where: Filter) -> list[Node]:
        if where.after is not None and not is_compared_alike(str(where.after[0] or "")):
            return self._find_after(kind, where)
        found: list[Node] = []
        for text, given in compile_statements(kind, where):
            if where.limit is not None and len(found) >= where.limit:
                break
            records = self._transaction.run(text, given)
            found += [node_from_properties(kind, record["node"]) for record in records]
        return found[: where.limit]

    def by_keys(
        self,
        kind: Kind,
        *,
        external_ids: Sequence[str] = (),
        names: Sequence[tuple[int, str]] = (),
    ) -> list[Node]:
        stored = self._by_keys(kind, external_ids, names)
        found = {there["id"]: there for there in stored}
        return [node_from_properties(kind, found[id]) for id in sorted(found)]

    def candidates(self, kind: Kind, wanted: Sequence[Wanted]) -> list[Candidate]:
        if kind is Kind.CONTEXT:
            raise ValueError("contexts have no versions")
        found = self._run(
            f"read/candidate_{_PLURAL[kind]}",
            ids=[w.id for w in wanted if w.id is not None],
            external_ids=[w.external_id for w in wanted if w.external_id is not None],
            named=[asdict(w) for w in wanted if w.name is not None],
            placed=[asdict(w) for w in wanted if w.name is None and w.place is not None],
        )
        return [
            Candidate(
                node_from_properties(kind, node := record["node"]),
                node.get("_place", node.get("uri")),
                record["used"],
            )
            for record in found
        ]

    def _find_after(self, kind: Kind, where: Filter) -> list[Node]:
        """What comes after a name that Neo4j would put elsewhere: looked at from the start."""
        coming = (
            node_from_properties(kind, record["node"])
            for text, given in compile_statements(kind, replace(where, after=None, limit=None))
            for record in self._transaction.run(text, given)
        )
        return list(islice((n for n in coming if is_after(n, where)), where.limit))

    def events(
        self,
        *,
        artifact_ids: Sequence[int] | None = None,
        execution_ids: Sequence[int] | None = None,
    ) -> list[Event]:
        if execution_ids is not None:
            found = self._run("read/events_of_executions", ids=sorted(set(execution_ids)))
            events = map(row_mapping.event_of, found)
            if artifact_ids is not None:
                wanted = set(artifact_ids)
                events = (e for e in events if e.artifact_id in wanted)  # type: ignore[assignment]
        elif artifact_ids is not None:
            found = self._run("read/events_of_artifacts", ids=sorted(set(artifact_ids)))
            events = map(row_mapping.event_of, found)
        else:
            return self.scan_events(None, INT64_MAX)
        return sorted(events, key=row_mapping.event_order)

    def last_written(self, artifact_ids: Sequence[int]) -> list[tuple[int, int]]:
        found = self._run("read/last_written", ids=sorted(set(artifact_ids)))
        return [(record["id"], record["recorded"]) for record in found]

    def contexts_of(self, kind: Kind, ids: Sequence[int]) -> list[tuple[int, int]]:
        found = self._run(f"read/contexts_of_{_PLURAL[kind]}", ids=sorted(set(ids)))
        return [(record["node_id"], record["context_id"]) for record in found]

    def members_of(self, context_ids: Sequence[int], kind: Kind) -> list[tuple[int, int]]:
        found = self._run(f"read/{_PLURAL[kind]}_in_contexts", ids=sorted(set(context_ids)))
        return [(record["context_id"], record["node_id"]) for record in found]

    def parents_of(self, context_ids: Sequence[int]) -> list[tuple[int, int]]:
        found = self._run("read/parents_of", ids=sorted(set(context_ids)))
        return [(record["child_id"], record["parent_id"]) for record in found]

    def children_of(self, context_ids: Sequence[int]) -> list[tuple[int, int]]:
        found = self._run("read/children_of", ids=sorted(set(context_ids)))
        return [(record["child_id"], record["parent_id"]) for record in found]

    def counts(self) -> Counts:
        [record] = self._run("read/counts")
        return Counts(**dict(record))

    def closure(
        self,
        kind: Kind,
        ids: Sequence[int],
        direction: Direction,
        *,
        max_depth: int | None = None,
        as_of_ms: int | None = None,
    ) -> Frontier:
        wanted = set(ids)
        lacking = set(self._lacking(kind, wanted))
        starts = sorted(wanted - lacking)
        if not starts:
            return []
        if len(starts) > _SEARCHES:

            def expand(kind: Kind, frontier: Sequence[int]) -> Iterable[int]:
                found = self.neighbours(kind, frontier, direction, as_of_ms=as_of_ms)
                return (other for _, other in found)

            return breadth_first(kind, starts, expand, max_depth)
        levels: Frontier = [(kind, starts)]
        other = kind.other
        of = f"{direction}_of_{_PLURAL[kind]}"
        found = (
            self._run(f"read/{of}", ids=starts)
            if as_of_ms is None
            else self._run(f"read/{of}_as_of", ids=starts, as_of=as_of_ms)
        )
        for record in found:
            depth = record["depth"]
            if max_depth is not None and depth > max_depth:
                break
            if depth % 2:
                levels.append((other, sorted(record["ids"])))
            else:
                reached = sorted(set(record["ids"]).difference(starts))
                levels.append((kind, reached))
        while levels and not levels[-1][1]:
            levels.pop()
        return levels

    def propagate(
        self,
        starts: Mapping[Kind, Sequence[int]],
        direction: Direction,
        *,
        barriers: Barriers | None = None,
        as_of_ms: int | None = None,
        content: SameContent | None = None,
    ) -> Propagation:
        found = self._propagate(starts, direction, barriers, as_of_ms)
        return self._with_copies(found, starts, direction, barriers, as_of_ms, content)

    def _propagate(
        self,
        starts: Mapping[Kind, Sequence[int]],
        direction: Direction,
        barriers: Barriers | None,
        as_of_ms: int | None,
    ) -> Propagation:
        there = {k: [n.id for n in self.nodes(k, sorted(set(i)))] for k, i in starts.items()}
        known = {kind: [id for id in ids if id is not None] for kind, ids in there.items()}
        as_of = INT64_MAX if as_of_ms is None else as_of_ms
        if sum(map(len, known.values())) > _SEARCHES:
            return self._hop_by_hop(known, direction, barriers, as_of_ms, None)
        found: list[Mapping[str, Any]] = []
        for kind, ids in known.items():
            if not barriers:
                levels = self.closure(kind, ids, direction, as_of_ms=as_of_ms)
                found += (
                    {"depth": depth, "kind": of, "blocked": False, "ids": reached}
                    for depth, (of, reached) in enumerate(levels)
                )
                continue
            blocked = self._blocked(barriers, kind, set(ids))
            passing = [id for id in ids if id not in blocked]
            found.append({"depth": 0, "kind": kind, "blocked": False, "ids": passing})
            found.append({"depth": 0, "kind": kind, "blocked": True, "ids": blocked})
            if passing:
                found += self.template(
                    f"read/propagation_{direction}_of_{_PLURAL[kind]}",
                    {"ids": passing, "as_of": as_of, **barrier_parameters(barriers)},
                )
        return merge_levels(found)

    def _hop_by_hop(
        self,
        starts: Mapping[Kind, Iterable[int]],
        direction: Direction,
        barriers: Barriers | None,
        as_of_ms: int | None,
        alike: Alike | None,
    ) -> Propagation:
        return propagate(
            starts,
            lambda kind, ids: (
                other for _, other in self.neighbours(kind, ids, direction, as_of_ms=as_of_ms)
            ),
            (lambda kind, ids: self._blocked(barriers, kind, ids)) if barriers else None,
            alike,
        )

    def _with_copies(
        self,
        found: Propagation,
        starts: Mapping[Kind, Sequence[int]],
        direction: Direction,
        barriers: Barriers | None,
        as_of_ms: int | None,
        content: SameContent | None,
    ) -> Propagation:
        """What was found, and hop by hop with what has the same content where anything does."""
        if content is None:
            return found
        there = {k: [n.id or 0 for n in self.nodes(k, sorted(set(i)))] for k, i in starts.items()}
        return add_copies(
            found,
            lambda ids: self._propagate({Kind.ARTIFACT: ids}, direction, barriers, as_of_ms),
            lambda alike: self._hop_by_hop(there, direction, barriers, as_of_ms, alike),
            CopySearch(self, content, as_of_ms),
        )

    def shared_digests(self, artifact_ids: Sequence[int]) -> list[str]:
        [record] = (
            self._run("read/shared_digests", ids=list(artifact_ids))
            if len(artifact_ids) < _LOOKED_UP
            else self._run("read/all_shared_digests")
        )
        return list(record["digests"])

    def with_digests(self, digests: Sequence[str]) -> list[tuple[str, int, int]]:
        found = self._run("read/artifacts_with_digests", digests=list(digests))
        return [(row["digest"], row["id"], row["created"]) for row in found]

    def propagate_marks(
        self,
        marks: Sequence[Mark],
        *,
        barriers: Barriers | None = None,
        as_of_ms: int | None = None,
        content: SameContent | None = None,
    ) -> Propagation:
        found: list[Mapping[str, Any]] = []
        as_of = INT64_MAX if as_of_ms is None else as_of_ms
        for label in {mark.label for mark in marks}:
            ids = [mark.id for mark in marks if mark.label == label]
            [there] = self.template("read/count_marks", {"label": label})
            if not barriers and there["marks"] == len(ids):
                found += (
                    self.template("read/propagation_of_all_marks", {"label": label})
                    if as_of_ms is None
                    else self.template(
                        "read/propagation_of_all_marks_as_of", {"label": label, "as_of": as_of}
                    )
                )
                continue
            found += self.template(
                "read/propagation_of_marks",
                {"label": label, "marks": ids, "as_of": as_of, **barrier_parameters(barriers)},
            )
        starts: dict[Kind, list[int]] = {}
        for mark in marks:
            starts.setdefault(mark.kind, []).append(mark.node_id)
        return self._with_copies(
            merge_levels(found), starts, Direction.DOWNSTREAM, barriers, as_of_ms, content
        )

    def _blocked(self, barriers: Barriers, kind: Kind, ids: set[int]) -> set[int]:
        if kind is Kind.ARTIFACT:
            return ids & barriers.artifact_ids
        stopped = ids & barriers.execution_ids
        asked = ids - stopped - barriers.exempt
        if barriers.execution_type_ids and asked:
            [record] = self._run(
                "read/executions_of_types",
                ids=list(asked),
                types=list(barriers.execution_type_ids),
                states=[str(state) for state in sorted(barriers.stopping_states)],
            )
            stopped.update(record["ids"])
        return stopped

    def neighbours(
        self,
        kind: Kind,
        ids: Sequence[int],
        direction: Direction,
        *,
        as_of_ms: int | None = None,
    ) -> list[tuple[int, int]]:
        found = self._run(
            _NEIGHBOURS[kind, direction],
            ids=sorted(set(ids)),
            as_of=INT64_MAX if as_of_ms is None else as_of_ms,
        )
        return [(record["id"], other) for record in found for other in record["ids"]]

    def scan_events(self, after: tuple[int, int, str, str] | None, limit: int) -> list[Event]:
        if after is not None and not is_compared_alike(after[3]):
            execution_id, artifact_id = after[:2]
            pair = self.events(artifact_ids=[artifact_id], execution_ids=[execution_id])
            seen = sum(row_mapping.event_order(event) <= after for event in pair)
            return self.scan_events((execution_id, artifact_id, "", ""), limit + seen)[seen:]
        execution_id, artifact_id, type, path = after or (INT64_MIN, INT64_MIN, "", "")
        found = self._run(
            "read/scan_events",
            execution_id=execution_id,
            artifact_id=artifact_id,
            type=type,
            path=path,
            limit=limit,
        )
        return [row_mapping.event_of(record) for record in found]

    def marks(
        self,
        *,
        labels: Sequence[str] | None = None,
        nodes: Mapping[Kind, Sequence[int]] | None = None,
    ) -> list[Mark]:
        if nodes is not None:
            found = [
                row_mapping.mark(record["mark"])
                for kind, ids in nodes.items()
                for record in self._run(f"read/marks_of_{_PLURAL[kind]}", ids=sorted(set(ids)))
            ]
            found.sort(key=lambda mark: mark.id or 0)
            return [mark for mark in found if labels is None or mark.label in labels]
        if labels is not None:
            records = self._run("read/marks_by_label", labels=sorted(set(labels)))
        else:
            records = self._run("read/marks")
        return [row_mapping.mark(record["mark"]) for record in records]

    def policies(self) -> list[Policy]:
        found = self._run("read/policies")
        return [
            row_mapping.policy(r["name"], r["recorded"], r["ended"], r["content"]) for r in found
        ]

    def metadata(self, key: str) -> str | None:
        found = list(self._run("read/metadata", key=key))
        return found[0]["value"] if found else None

    def metadata_under(self, prefix: str) -> list[tuple[str, str]]:
        found = self._run("read/metadata_under", prefix=prefix)
        return [(record["key"], record["value"]) for record in found]

    def stored_at(self, uris: Sequence[str], *, below: bool = True) -> list[tuple[int, str]]:
        name = "read/artifacts_stored_at" if below else "read/artifacts_stored_just_at"
        found = self._run(name, uris=list(dict.fromkeys(uris)))
        return [(record["id"], record["uri"]) for record in found]

    def _run(self, name: str, /, **parameters: Any) -> neo4j.Result:
        return self._transaction.run(template(name), parameters)

    def _by_keys(
        self, kind: Kind, external_ids: Iterable[object], names: Iterable[tuple[object, object]]
    ) -> list[dict[str, Any]]:
        """The properties of what these keys find; what two of them find comes twice."""
        found = self._run(
            f"read/{_PLURAL[kind]}_by_keys",
            external_ids=list(external_ids),
            names=[{"type_id": type_id, "name": name} for type_id, name in names],
        )
        return [record["node"] for record in found]

    def _lacking(self, kind: Kind, ids: Iterable[int]) -> list[int]:
        found = self._run(f"read/missing_{_PLURAL[kind]}", ids=sorted(ids))
        return [record["id"] for record in found]


def _type(found: Mapping[str, Any]) -> Type:
    base = found.get("base")
    return Type.trusted(
        {
            "kind": Kind(found["kind"]),
            "name": found["name"],
            "version": found.get("version"),
            "properties": {
                name: PropertyKind(kind) for name, kind in json.loads(found["properties"]).items()
            },
            "base": BaseType(base) if base else None,
            "description": found.get("description"),
            "external_id": found.get("external_id"),
            "id": found["id"],
        }
    )
