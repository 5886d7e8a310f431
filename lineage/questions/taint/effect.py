"""What is affected by what is known of its sources."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from lineage.errors import InvalidValue
from lineage.model import Kind, Node
from lineage.model.times import Time, to_milliseconds
from lineage.ports.reader import Reader
from lineage.questions.deployments import read_deployments
from lineage.questions.subgraph import Key
from lineage.questions.taint.answer import Affected, BarrierHit, Reached, Source, Taint
from lineage.questions.taint.event_graph import types_with_ports
from lineage.questions.taint.node_lookup import nodes_of
from lineage.questions.taint.propagation import Search, WitnessNode, find_levels, search
from lineage.questions.taint.sources import TaintQuery, resolve_taint_queries
from lineage.rules.liveness import is_live
from lineage.rules.type_index import TypeIndex
from lineage.session.snapshot import Ref, Snapshot


def find_affected(
    snapshot: Snapshot,
    *,
    label: str | Sequence[str] | None = None,
    source: Ref | Sequence[Ref] | None = None,
    barrier: Ref | Sequence[Ref] | None = None,
    type: str | None = None,
    kind: Kind | None = None,
    live: bool = False,
    deployed: bool = False,
    as_of: Time | None = None,
    causal: bool = False,
    by_content: bool = True,
) -> Taint:
    """Return what is affected by labels, or by given sources; see `Store.taint`.

    Raises
    ------
    NotFound, InvalidValue
        A source or barrier isn't there, or is a context.
    UnknownType
        There is no such type.
    """
    reader, at_ms = snapshot.reader, to_milliseconds(as_of)
    searched = resolve_taint_queries(
        snapshot, label=label, source=source, barrier=barrier, as_of_ms=at_ms, by_content=by_content
    )
    return _answer(
        reader,
        {what: search(reader, what, as_of_ms=at_ms, causal=causal) for what in searched},
        select_shown(reader, type, kind, live=live, deployed=deployed, as_of_ms=at_ms),
        at_ms,
        causal,
    )


def find_affected_levels(
    snapshot: Snapshot,
    *,
    label: str | None = None,
    source: Ref | Sequence[Ref] | None = None,
    barrier: Ref | Sequence[Ref] | None = None,
    as_of: Time | None = None,
    causal: bool = False,
    by_content: bool = True,
) -> list[tuple[int, Kind, list[int]]]:
    """Return (depth, kind, ids) of what is affected by one label, and load no nodes.

    Raises
    ------
    InvalidValue
        Neither a label nor a source is given.
    """
    if label is None and source is None:
        raise InvalidValue("say which taint: label=..., source=... or both")
    reader, at_ms = snapshot.reader, to_milliseconds(as_of)
    [what] = resolve_taint_queries(
        snapshot, label=label, source=source, barrier=barrier, as_of_ms=at_ms, by_content=by_content
    )
    if not causal and not types_with_ports(reader):
        return find_levels(reader, what, at_ms)[0]
    levels: dict[tuple[int, Kind], list[int]] = {}
    found = search(reader, what, as_of_ms=at_ms, causal=causal)
    for (kind, id), depth in found.depths.items():
        levels.setdefault((depth, kind), []).append(id)
    return [(depth, kind, sorted(ids)) for (depth, kind), ids in sorted(levels.items())]


def select_shown(
    reader: Reader,
    type: str | None,
    kind: Kind | None,
    *,
    live: bool,
    deployed: bool,
    as_of_ms: int | None,
) -> Callable[[Node], bool]:
    """Return a test of which affected nodes are asked for. Raises UnknownType."""
    type_ids = None if type is None else _types_called(TypeIndex(reader), type)
    standing = find_deployed_ids(reader, as_of_ms) if deployed else None
    return lambda node: (
        (kind is None or node.kind is kind)
        and (type_ids is None or node.type_id in type_ids)
        and (not live or is_live(node))
        and (standing is None or (node.kind is Kind.ARTIFACT and node.id in standing))
    )


def find_deployed_ids(reader: Reader, as_of_ms: int | None = None) -> set[int | None]:
    """Find the ids of the models and outputs of the deployments in effect."""
    return {
        artifact.id
        for deployment in read_deployments(reader, as_of_ms=as_of_ms)
        for artifact in (*deployment.models, *deployment.outputs)
    }


def _types_called(bases: TypeIndex, name: str) -> set[int]:
    return {id for _, ids in bases.of_either_kind(name) for id in ids}


def _answer(
    reader: Reader,
    searches: Mapping[TaintQuery, Search],
    shown: Callable[[Node], bool],
    at_ms: int | None,
    causal: bool,
) -> Taint:
    affected: set[Key] = set()
    for found in searches.values():
        affected |= found.depths.keys()
    nodes = [node for node in nodes_of(reader, affected).values() if shown(node)]
    wanted = {(node.kind, node.id or 0): node for node in nodes}
    ways = {
        what: found.ways([key for key in found.depths if key in wanted])
        for what, found in searches.items()
    }
    others = _on(way for some in ways.values() for way in some.values())
    others |= {key for what, found in searches.items() for key in (*found.met, *what.keys)}
    known = {**nodes_of(reader, others - wanted.keys()), **wanted}
    shielded: set[Key] = set()
    barriers: list[BarrierHit] = []
    for what, found in searches.items():
        beyond, alone = found.find_shielded()
        shielded |= beyond
        for key, depth in found.met.items():
            why, mark = what.why_blocked(known[key])
            barriers.append(BarrierHit(known[key], what.label, depth, why, alone[key], mark))
    barriers.sort(key=lambda met: (met.depth, met.node.kind, met.node.id or 0, met.label or ""))
    return Taint(
        labels=tuple(what.label for what in searches),
        sources=tuple(
            Source(
                known[key],
                what.label,
                what.marks_on(key),
            )
            for what in searches
            for key in sorted(what.keys)
            if key in known
        ),
        nodes=tuple(_select_affected(wanted, ways, searches, known)),
        barriers=tuple(barriers),
        affected=len(affected),
        shielded=len(shielded - affected),
        as_of_ms=at_ms,
        causal=causal,
        _ways={what.label: some for what, some in ways.items()},
        _known=known,
    )


def _select_affected(
    wanted: Mapping[Key, Node],
    ways: Mapping[TaintQuery, Mapping[Key, WitnessNode]],
    searches: Mapping[TaintQuery, Search],
    known: Mapping[Key, Node],
) -> list[Affected]:
    rows = [
        Affected(
            node,
            tuple(
                sorted(
                    (
                        Reached(what.label, found.depths[key], known[ways[what][key].source])
                        for what, found in searches.items()
                        if key in found.depths
                    ),
                    key=lambda reached: (reached.depth, reached.label or ""),
                )
            ),
        )
        for key, node in wanted.items()
    ]
    rows.sort(key=lambda row: (row.depth, row.node.kind, row.node.id or 0))
    return rows


def _on(ways: Iterable[WitnessNode]) -> set[Key]:
    """All nodes on these ways; what several of them share is walked once."""
    walked: set[int] = set()
    keys: set[Key] = set()
    for way in ways:
        at: WitnessNode | None = way
        while at is not None and id(at) not in walked:
            walked.add(id(at))
            keys.add(at.key)
            at = at.before
    return keys
