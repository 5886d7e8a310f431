"""What a query costs grows no faster than its graph, its lists and its answer."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from lineage.opencypher import Limits, PropertyGraph, run


def work(graph: PropertyGraph, query: str, parameters: Mapping[str, Any]) -> int:
    """How much a query did, in steps of work as its budget counts them, 2,000 at a time."""
    looks = 0

    def cancelled() -> bool:
        nonlocal looks
        looks += 1
        return False

    limits = Limits(cancelled=cancelled)
    list(run(graph, query, parameters, limits=limits).rows)
    return looks


def chain(size: int) -> PropertyGraph:
    graph = PropertyGraph()
    nodes = [graph.create_node(["N"], {"k": place, "t": f"t{place}"}) for place in range(size)]
    for one, other in itertools.pairwise(nodes):
        graph.create_relationship(one, "R", other)
    return graph


def fan(size: int) -> PropertyGraph:
    """Two nodes, and many that stand between them."""
    graph = PropertyGraph()
    first, last = graph.create_node(["N"], {"k": 0}), graph.create_node(["N"], {"k": size})
    for place in range(1, size):
        between = graph.create_node(["N"], {"k": place})
        graph.create_relationship(first, "R", between)
        graph.create_relationship(between, "R", last)
    return graph


_ENDS = "MATCH (a:N {k: 0}), (b:N {k: $last}) "
QUERIES: dict[str, tuple[Callable[[int], PropertyGraph], str]] = {
    "IN a parameter": (chain, "UNWIND $ks AS k WITH k WHERE k IN $ks RETURN count(*)"),
    "IN a parameter, in vain": (chain, "UNWIND $ks AS k WITH k WHERE -k - 1 IN $ks RETURN k"),
    "IN a list of nodes": (
        chain, "MATCH (n:N) WITH collect(n) AS ns MATCH (m:N) WHERE m IN ns RETURN count(*)"),
    "NOT IN a list": (chain, "MATCH (n:N) WHERE NOT n.t IN $ts RETURN count(*)"),
    "UNWIND and MATCH": (chain, "UNWIND $ks AS k MATCH (n:N {k: k}) RETURN count(*)"),
    "UNWIND and MATCH a constant": (
        chain, "UNWIND $ks AS k MATCH (n:N {k: 3}) WHERE n.t = 't3' RETURN count(*)"),
    "two MATCH": (chain, "MATCH (a:N) MATCH (b:N) WHERE b.k = a.k + 1 RETURN count(*)"),
    "two patterns": (chain, "MATCH (a:N), (b:N) WHERE b.k = a.k RETURN count(*)"),
    "sub-query": (
        chain, "UNWIND $ks AS k CALL (k) { MATCH (n:N {k: k}) RETURN n } RETURN count(n)"),
    "shortestPath": (
        chain, _ENDS + "MATCH p = shortestPath((a)-[:R*]->(b)) RETURN length(p)"),
    "shortestPath to each": (
        chain, "MATCH (a:N {k: 0}), (b:N) WHERE b.k > 0 "
        "RETURN count(shortestPath((a)-[:R*]->(b)))"),
    "SHORTEST 1": (chain, _ENDS + "MATCH p = SHORTEST 1 (a)-[:R]-+(b) RETURN length(p)"),
    "ALL SHORTEST": (chain, _ENDS + "MATCH p = ALL SHORTEST (a)-[:R]->+(b) RETURN length(p)"),
    "all shortest paths of a fan": (
        fan, _ENDS + "MATCH p = allShortestPaths((a)-[:R*]-(b)) RETURN count(p)"),
    "ALL SHORTEST of a fan": (
        fan, _ENDS + "MATCH p = ALL SHORTEST (a)-[:R]-+(b) RETURN count(p)"),
    "ALL SHORTEST of a fan with a predicate": (
        fan, _ENDS + "MATCH p = ALL SHORTEST ((a)-[r:R]-+(b) WHERE size(r) > 1) RETURN count(p)"),
    "SHORTEST 1 GROUPS of a fan": (
        fan, _ENDS + "MATCH p = SHORTEST 1 GROUPS (a)-[:R]-{1,}(b) RETURN count(p)"),
}  # fmt: skip


@pytest.mark.parametrize("name", QUERIES)
def test_twice_as_much_costs_no_more_than_about_twice(name: str) -> None:
    shape, query = QUERIES[name]
    costs = []
    for size in (800, 1600):
        parameters = {
            "ks": list(range(size)), "ts": [f"t{place}" for place in range(size)],
            "last": size if shape is fan else size - 1,
        }  # fmt: skip
        costs.append(work(shape(size), query, parameters))
    assert costs[1] <= 3 * costs[0] + 3


def test_a_list_that_is_asked_again_answers_as_at_first() -> None:
    items = "[1, 2.0, 'a', true, null, 0.0/0.0, 7, 8, 9, date('2024-01-01')]"
    query = (
        f"WITH {items} AS items UNWIND [1, 2, 2.0, 'a', 'b', true, false, 0.0/0.0, null, "
        "date('2024-01-01'), [1], {a: 1}] AS x RETURN x IN items AS again, "
        "any(y IN items WHERE y = x) AS each"
    )
    rows = list(run(PropertyGraph(), query).rows)
    assert len(rows) == 12
    assert all(again == each for again, each in rows)
    whole = "WITH range(1, 20) AS items UNWIND [1, 1.0, 21, '1', null] AS x RETURN x IN items"
    assert [row[0] for row in run(PropertyGraph(), whole).rows] == [True, True, False, False, None]


def test_nodes_that_are_hashed_are_those_that_are_equal() -> None:
    graph = PropertyGraph()
    for value in (1, 1.0, "1", True, [1], [1.0], float("nan"), None):
        graph.create_node(["N"], {"v": value})
    query = (
        "UNWIND range(0, 6) AS i WITH i, [1, 1.0, '1', true, [1], 0.0 / 0.0, null][i] AS v "
        "OPTIONAL MATCH (n:N {v: v}) RETURN i, count(n) AS found ORDER BY i"
    )
    assert [found for _, found in run(graph, query).rows] == [2, 2, 1, 1, 2, 0, 0]
