"""The cut of a network against NetworkX's."""

from __future__ import annotations

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from lineage.algorithms.min_cut import FlowNetwork

_places = st.integers(0, 11)


@given(
    hops=st.sets(st.tuples(_places, _places).filter(lambda ends: ends[0] != ends[1]), max_size=50)
)
def test_the_cut_nearest_to_the_sink(hops: set[tuple[int, int]]) -> None:
    """Hops from even places to odd ones carry one unit, those between places of a kind any amount;
    the source is even and the sink odd, so that every way has one of the first."""
    network = FlowNetwork()
    graph = nx.DiGraph()
    graph.add_nodes_from([0, 1])
    for _ in range(12):
        network.place()
    # NetworkX makes one hop of two that run against each other.
    for here, there in {tuple(sorted(ends)): ends for ends in sorted(hops)}.values():
        one = (here + there) % 2
        network.hop(here, there, *([1] if one else []))
        graph.add_edge(here, there, **({"capacity": 1} if one else {}))
    _, (_, behind) = nx.minimum_cut(graph, 0, 1)
    assert network.behind_cut(0, 1) == behind
