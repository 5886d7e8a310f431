"""The cheapest way to clear nodes of a taint: a minimum cut.

Between the sources and the nodes lies a graph of affected artifacts and steps. Running a step
again (with what is clean), or barring it, cuts every chain through it, and costs one; artifacts
can't be cut. The fewest steps that cut all chains are a minimum vertex cut, found as a minimum cut
of a flow network in which each step is a hop of capacity 1 (Ford and Fulkerson 1956). Of several
that are as small, it is the one nearest to the nodes.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any, ClassVar

from lineage.algorithms.min_cut import FlowNetwork
from lineage.errors import InvalidValue
from lineage.model import Execution, Kind, Node
from lineage.model.times import Time, to_milliseconds
from lineage.ports.reader import Reader
from lineage.questions.answer import Answer
from lineage.questions.node_json import node_to_json
from lineage.questions.subgraph import Key
from lineage.questions.taint.node_lookup import nodes_of, upstream_of
from lineage.questions.taint.propagation import EventSearch
from lineage.questions.taint.sources import TaintQuery, resolve_taint_queries
from lineage.session.snapshot import Ref, Snapshot


@dataclass(frozen=True, slots=True)
class Cut(Answer):
    """The steps; none where the nodes are clean already. `possible` is False where a node is
    itself an artifact that is marked, or has the content of one: then only lifting the mark clears
    it."""

    _main: ClassVar[str | None] = "steps"

    targets: tuple[Node, ...]
    label: str | None
    steps: tuple[Execution, ...] = ()
    marked: tuple[Node, ...] = ()
    complete: bool = True

    @property
    def possible(self) -> bool:
        """Whether running steps again can clear all of them."""
        return not self.marked

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON has it."""
        return {
            "targets": [node_to_json(node) for node in self.targets],
            "label": self.label,
            "possible": self.possible,
            "steps": [node_to_json(step) for step in self.steps],
            "marked": [node_to_json(node) for node in self.marked],
            "complete": self.complete,
        }


def find_cheapest_cut(
    snapshot: Snapshot,
    refs: Sequence[Ref],
    *,
    label: str | None = None,
    source: Ref | Sequence[Ref] | None = None,
    as_of: Time | None = None,
    by_content: bool = True,
) -> Cut:
    """Return the fewest steps to run again, or to bar, so that nodes are clean.

    Raises
    ------
    NotFound, InvalidValue
        A node isn't there, or it isn't said what is to be clean, or of what.
    """
    if not refs:
        raise InvalidValue("say what is to be clean: give at least one artifact or execution")
    at_ms = to_milliseconds(as_of)
    targets = [snapshot.in_flow(ref) for ref in refs]
    if label is None and source is None:
        raise InvalidValue("say of what: label=..., source=... or both")
    [what] = resolve_taint_queries(
        snapshot, label=label, source=source, as_of_ms=at_ms, by_content=by_content
    )
    return cut_chains(snapshot.reader, targets, what, as_of_ms=at_ms)


def cut_chains(
    reader: Reader, targets: Sequence[Node], what: TaintQuery, *, as_of_ms: int | None = None
) -> Cut:
    """Return the fewest steps that cut every chain from the sources to the targets."""
    keys = {(node.kind, node.id): node for node in targets if node.id is not None}
    upstream = upstream_of(reader, keys, as_of_ms, what.content)
    found = EventSearch(reader, what, as_of_ms=as_of_ms, causal=False, within=upstream)
    sources = {key for key in what.keys if key in found.depths}
    # No step is between a source and its copies.
    sources |= found.copies_of(sources)
    marked = [node for key, node in keys.items() if key in sources and key[0] is Kind.ARTIFACT]
    if marked or not found.depths.keys() & keys.keys():
        return Cut(tuple(targets), what.label, marked=tuple(marked))
    steps = _nearest_steps(found, sources, keys.keys() & found.depths.keys())
    cut = nodes_of(reader, steps).values()
    return Cut(tuple(targets), what.label, tuple(s for s in cut if isinstance(s, Execution)))


def _nearest_steps(found: EventSearch, sources: Set[Key], targets: Set[Key]) -> list[Key]:
    """The fewest affected steps on every chain from the sources to the targets."""
    network = FlowNetwork()
    source, sink = network.place(), network.place()
    into: dict[Key, int] = {}
    out: dict[Key, int] = {}
    for key in found.depths:
        if key[0] is Kind.EXECUTION:
            into[key], out[key] = network.place(), sink if key in targets else network.place()
            network.hop(into[key], out[key], 1)
            if key in sources:
                network.hop(source, into[key])
        else:
            # An artifact can't be cut: a marked one is as good as the source, a target as the sink.
            ends = source if key in sources else sink if key in targets else network.place()
            into[key] = out[key] = ends
    for key, here in out.items():
        for there in found.onward(key):
            if here != sink and into[there] != source:
                network.hop(here, into[there])
    behind = network.behind_cut(source, sink)
    return [key for key in out if out[key] in behind and into[key] not in behind]
