"""The taint questions, as methods of a store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from lineage.errors import InvalidValue
from lineage.model import BaseType, Context, Kind, Node
from lineage.model.times import Time, to_milliseconds
from lineage.ports.reader import Reader
from lineage.questions.deployments import deployments
from lineage.questions.starting import Ref, Starting
from lineage.questions.subgraph import Key
from lineage.questions.taint.answer import Affected, BarrierHit, Reached, Source, Taint
from lineage.questions.taint.cut import Cut, cheapest_cut
from lineage.questions.taint.event_graph import types_with_ports
from lineage.questions.taint.gate import Check, check
from lineage.questions.taint.loading import nodes_of
from lineage.questions.taint.propagation import Search, WitnessNode, search, spread_levels
from lineage.questions.taint.rebuild import CleanUp, Progress, Rebuild
from lineage.questions.taint.replacements import Flows
from lineage.questions.taint.sources import TaintQuery, build_taint_query
from lineage.questions.type_index import TypeIndex
from lineage.rules.liveness import is_live
from lineage.rules.marks import validate_labels
from lineage.rules.policies import forbidden_labels, policies_in_force
from lineage.rules.types import TypeSession


class Tainting(Starting):
    """Base of `Store`: what is affected by what is known of its sources."""

    _clock: Callable[[], int]

    def taint(
        self,
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
    ) -> Taint:
        """What is affected by a label, by several, or by given sources?

        With neither, by every label in use. Given sources stand in for the marks: with a label,
        the answer is what would be affected if these alone had it; without, only the given
        `barrier` stops it. `type` (a type or base type), `kind`, `live` (see
        `lineage.rules.liveness`) and `deployed` (models and outputs of deployments in effect)
        filter what is shown, not what is followed. `lineage.questions.taint` has the exact
        meaning of each word.
        """
        with self._reading() as (reader, types):
            at_ms = to_milliseconds(as_of)
            searched = self._sought(reader, types, label, source, barrier, at_ms)
            return _answer(
                reader,
                {what: search(reader, what, as_of_ms=at_ms, causal=causal) for what in searched},
                _show(reader, type, kind, live=live, deployed=deployed, as_of_ms=at_ms),
                at_ms,
                causal,
            )

    def taint_levels(
        self,
        *,
        label: str | None = None,
        source: Ref | Sequence[Ref] | None = None,
        barrier: Ref | Sequence[Ref] | None = None,
        as_of: Time | None = None,
    ) -> list[tuple[int, Kind, list[int]]]:
        """(depth, kind, ids) of everything affected: the cheap form, which loads no nodes.

        For one label, or for given sources.
        """
        if label is None and source is None:
            raise InvalidValue("say which taint: label=..., source=... or both")
        with self._reading() as (reader, types):
            at_ms = to_milliseconds(as_of)
            [what] = self._sought(reader, types, label, source, barrier, at_ms)
            if not types_with_ports(reader):
                return spread_levels(reader, what, at_ms)[0]
            levels: dict[tuple[int, Kind], list[int]] = {}
            found = search(reader, what, as_of_ms=at_ms, causal=False)
            for (kind, id), depth in found.depths.items():
                levels.setdefault((depth, kind), []).append(id)
            return [(depth, kind, sorted(ids)) for (depth, kind), ids in sorted(levels.items())]

    def check(
        self,
        ref: Ref,
        *,
        label: str | Sequence[str] | None = None,
        context: int | str | None = None,
        as_of: Time | None = None,
        causal: bool = False,
    ) -> Check:
        """May it pass? Whether a node is clean of a label, or of several.

        Without `label`: the labels that policies forbid in `context`, where that is given; of a
        context, those that they forbid in it; of anything else, every label in use. What is
        forbidden in a context is so in those below it. A context is clean where everything in it,
        and in the contexts below it, is.
        """
        with self._reading() as (reader, types):
            at_ms = to_milliseconds(as_of)
            node = self._start(reader, types, ref)
            labels = validate_labels(label)
            if context is not None or (not labels and isinstance(node, Context)):
                place = (
                    node if context is None else self._start(reader, types, context, Kind.CONTEXT)
                )
                if not isinstance(place, Context):
                    raise InvalidValue(f"{place.label} is an {place.kind}, not a context")
                labels += forbidden_labels(
                    policies_in_force(reader, at_ms), _with_above(reader, place)
                )
                if not labels:
                    return Check(node, ())
            searched = build_taint_query(
                reader, self._clock(), at_ms, labels=list(dict.fromkeys(labels))
            )
            return check(reader, node, searched, as_of_ms=at_ms, causal=causal)

    def cheapest_cut(
        self,
        *refs: Ref,
        label: str | None = None,
        source: Ref | Sequence[Ref] | None = None,
        as_of: Time | None = None,
    ) -> Cut:
        """The fewest steps to run again, or to bar, so that these nodes are clean.

        A step that is run again stands for its outputs; so cutting every chain from the sources
        to the nodes at a step clears them. By hops alone: times and ports only ever make it less.
        """
        if not refs:
            raise InvalidValue("say what is to be clean: give at least one artifact or execution")
        with self._reading() as (reader, types):
            at_ms = to_milliseconds(as_of)
            targets = [self._in_flow(reader, types, ref) for ref in refs]
            if label is None and source is None:
                raise InvalidValue("say of what: label=..., source=... or both")
            [what] = self._sought(reader, types, label, source, None, at_ms)
            return cheapest_cut(reader, targets, what, as_of_ms=at_ms)

    def rebuild_plan(
        self,
        *,
        label: str | Sequence[str] | None = None,
        source: Ref | Sequence[Ref] | None = None,
        type: str | None = None,
    ) -> Rebuild:
        """What to run again, in which order, from which inputs; what can't be; what to roll back.

        For everything live that is affected and not replaced yet, or for that of a type (or base
        type) alone. See `lineage.questions.taint.rebuild`.
        """
        with self._reading() as (reader, types):
            asked = _show(reader, type, None, live=False, deployed=False, as_of_ms=None)
            return self._clean_up(reader, types, label, source).plan(asked)

    def taint_progress(
        self,
        *,
        label: str | Sequence[str] | None = None,
        source: Ref | Sequence[Ref] | None = None,
    ) -> Progress:
        """What has been replaced by something clean, what is still dirty, what is deployed."""
        with self._reading() as (reader, types):
            return self._clean_up(reader, types, label, source).progress()

    def _clean_up(
        self,
        reader: Reader,
        types: TypeSession,
        label: str | Sequence[str] | None,
        source: Ref | Sequence[Ref] | None,
    ) -> CleanUp:
        affected: dict[Key, int] = {}
        searched = self._sought(reader, types, label, source, None, None)
        for what in searched:
            found = search(reader, what, as_of_ms=None, causal=False)
            for key, depth in found.depths.items():
                affected[key] = min(depth, affected.get(key, depth))
        sources = {key for what in searched for key in what.keys if key in affected}
        labels = tuple(what.label for what in searched)
        return CleanUp(reader, Flows(reader, affected, sources), labels)

    def _sought(
        self,
        reader: Reader,
        types: TypeSession,
        label: str | Sequence[str] | None,
        source: Ref | Sequence[Ref] | None,
        barrier: Ref | Sequence[Ref] | None,
        at_ms: int | None,
    ) -> list[TaintQuery]:
        return build_taint_query(
            reader,
            self._clock(),
            at_ms,
            labels=validate_labels(label),
            given=[self._in_flow(reader, types, ref) for ref in _list(source)],
            barred=[self._in_flow(reader, types, ref) for ref in _list(barrier)],
        )


def _list(refs: Ref | Sequence[Ref] | None) -> Sequence[Ref]:
    if refs is None:
        return ()
    return refs if isinstance(refs, Sequence) and not isinstance(refs, str) else [refs]


def _with_above(reader: Reader, context: Context) -> list[Context]:
    """A context and all those above it."""
    assert context.id is not None
    ids, frontier = {context.id}, [context.id]
    while frontier:
        frontier = sorted({above for _, above in reader.parents_of(frontier)} - ids)
        ids.update(frontier)
    return [c for c in reader.nodes(Kind.CONTEXT, sorted(ids)) if isinstance(c, Context)]


def _show(
    reader: Reader,
    type: str | None,
    kind: Kind | None,
    *,
    live: bool,
    deployed: bool,
    as_of_ms: int | None,
) -> Callable[[Node], bool]:
    """Which of the affected nodes are asked for."""
    type_ids = None if type is None else _types_called(TypeIndex(reader), type)
    standing = deployed_ids(reader, as_of_ms) if deployed else None
    return lambda node: (
        (kind is None or node.kind is kind)
        and (type_ids is None or node.type_id in type_ids)
        and (not live or is_live(node))
        and (standing is None or (node.kind is Kind.ARTIFACT and node.id in standing))
    )


def deployed_ids(reader: Reader, as_of_ms: int | None = None) -> set[int | None]:
    """The ids of the models and outputs of the deployments in effect."""
    return {
        artifact.id
        for deployment in deployments(reader, as_of_ms=as_of_ms)
        for artifact in (*deployment.models, *deployment.outputs)
    }


def _types_called(bases: TypeIndex, name: str) -> set[int]:
    if name in set(BaseType):
        return set(bases.ids([BaseType(name)]))
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
    saved: set[Key] = set()
    barriers: list[BarrierHit] = []
    for what, found in searches.items():
        beyond, alone = found.saved()
        saved |= beyond
        for key, depth in found.met.items():
            why, mark = what.why_barred(known[key])
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
        saved=len(saved - affected),
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
