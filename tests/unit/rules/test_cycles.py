"""Circles among contexts, against NetworkX."""

from __future__ import annotations

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from lineage.rules.cycles import find_circle

_contexts = st.integers(0, 7)


@given(pairs=st.sets(st.tuples(_contexts, _contexts), max_size=16))
def test_a_circle_is_found_exactly_where_there_is_one(pairs: set[tuple[int, int]]) -> None:
    above: dict[int, list[int]] = {context: [] for context in range(8)}
    for child, parent in pairs:
        above[child].append(parent)
    graph = nx.DiGraph(sorted(pairs))
    found = find_circle(above)
    assert bool(found) is not nx.is_directed_acyclic_graph(graph)
    in_circles = {
        context
        for part in nx.strongly_connected_components(graph)
        if len(part) > 1 or any(graph.has_edge(one, one) for one in part)
        for context in part
    }
    assert in_circles <= found
