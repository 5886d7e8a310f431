"""The cheapest way to clear nodes of a taint: a minimum cut.

Between the sources and the nodes lies a graph of affected artifacts and steps. Running a step
again (with what is clean), or barring it, cuts every chain through it, and costs one; artifacts
can't be cut. The fewest steps that cut all chains are a minimum vertex cut, found as a minimum cut
of a flow network in which each step is an edge of capacity 1 (Ford and Fulkerson 1956; preflow
push, in NetworkX). Of several that are as small, it is the one nearest to the nodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lineage.backends.base import Reader
from lineage.model import Execution, Kind, Node
from lineage.questions.region import Key
from lineage.questions.rendering import node_as_json
from lineage.questions.taint.reading import nodes_of, upstream_of
from lineage.questions.taint.searching import EventSearch
from lineage.questions.taint.sources import Sought


@dataclass(frozen=True, slots=True)
class Cut:
    """The steps; none where the nodes are clean already. `possible` is False where a node is
    itself an artifact that is marked: then only lifting its mark clears it."""

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
            "targets": [node_as_json(node) for node in self.targets],
            "label": self.label,
            "possible": self.possible,
            "steps": [node_as_json(step) for step in self.steps],
            "marked": [node_as_json(node) for node in self.marked],
            "complete": self.complete,
        }


def cheapest_cut(
    reader: Reader, targets: Sequence[Node], what: Sought, *, as_of_ms: int | None = None
) -> Cut:
    """The fewest steps that cut every chain from the sources to the targets."""
    import networkx as nx

    keys = {(node.kind, node.id): node for node in targets if node.id is not None}
    upstream = upstream_of(reader, keys, as_of_ms)
    found = EventSearch(reader, what, as_of_ms=as_of_ms, causal=False, within=upstream)
    sources = {key for key in what.keys if key in found.depths}
    marked = [node for key, node in keys.items() if key in sources and key[0] is Kind.ARTIFACT]
    if marked or not found.depths.keys() & keys.keys():
        return Cut(tuple(targets), what.label, marked=tuple(marked))
    graph: Any = nx.DiGraph()
    for key in found.depths:
        # An edge without a capacity can't be cut.
        capacity = {"capacity": 1} if key[0] is Kind.EXECUTION else {}
        graph.add_edge((key, "in"), (key, "out"), **capacity)
        for there in found.onward(key):
            graph.add_edge((key, "out"), (there, "in"))
    for key in sources:
        graph.add_edge("sources", (key, "in"))
    for key in keys.keys() & found.depths.keys():
        graph.add_edge((key, "out"), "targets")
    _, (before, _after) = nx.minimum_cut(graph, "sources", "targets")
    steps: list[Key] = [
        key
        for key in found.depths
        if key[0] is Kind.EXECUTION and (key, "in") in before and (key, "out") not in before
    ]
    cut = nodes_of(reader, steps).values()
    return Cut(tuple(targets), what.label, tuple(s for s in cut if isinstance(s, Execution)))
