"""Where nobody can tell trails apart, each node is reached once: never with another answer.

Each query is asked twice on random graphs with loops, circles and parallel relationships: in a form
that may be pruned, and in one for which every trail is looked at.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable
from typing import Any

import pytest

from lineage.opencypher import Limits, PropertyGraph, run

GRAPHS = range(400 if os.environ.get("LINEAGE_LONG") else 20)

PATTERNS = [
    "(a:S)-[*]->(b)",
    "(a:S)-[*]-(b)",
    "(a:S)-[*0..]-(b)",
    "(a:S)<-[:X*..3]-(b:B)",
    "(a:S)-[:X|Y*1..2]-(b)",
    "(a:S)-[*2..4]->(b)",
    "(a)-[*]->(a)",
    "(a)-[:X*]-(a)",
    "(a:S)-[*]->(b)-[:X]->(c)",
    "(a:S)-[:X*]-(b)-[:Y]-(c)",
    "(a:S)-[*]-(b)-[r]->(c)",
    "(a:S)-[:X]->(c), (a)-[*]->(b)",
    "(a:S)-[:X*]->(b), (a)-[:Y*]->(c)",
    "(a:S)-[*]->(b)-[*]->(c)",
    "(a:S)-[:X*]->(b)-[*..2]-(c:B)",
    "(a:S)-[*{w: 1}]->(b)",
    "(a:S) (()-[e:X|Y WHERE e.w < 2]->())+ (b)",
    "(a:S) ((l)-[e]-(n) WHERE n.k > 0)+ (b)",
    "(a:S) (()-[e]->(n WHERE n.k <> 1)){0,3} (b)",
    "(a:S) (()<-[:X]-())+ (b) (()-[:Y]->())* (c)",
]


def graph_of(seed: int) -> PropertyGraph:
    """At most six nodes and eight relationships, one of the nodes with the label S."""
    chance = random.Random(seed)
    graph = PropertyGraph()
    nodes = [
        graph.create_node(
            [*(["S"] if n == 0 else []), chance.choice("AB")], {"n": n, "k": chance.randrange(3)}
        )
        for n in range(chance.randint(1, 6))
    ]
    for _ in range(chance.randint(0, 8)):
        graph.create_relationship(
            chance.choice(nodes), chance.choice("XY"), chance.choice(nodes),
            {"w": chance.randrange(3)},
        )  # fmt: skip
    return graph


def rows(graph: PropertyGraph, text: str) -> list[tuple[Any, ...]]:
    return list(run(graph, text, limits=Limits(seconds=60)).rows)


def names_in(pattern: str) -> list[str]:
    return [name for name in "abc" if f"({name})" in pattern or f"({name}:" in pattern]


def unlike(found: Iterable[Any], expected: Iterable[Any]) -> tuple[set[Any], set[Any]]:
    return set(found) - set(expected), set(expected) - set(found)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_same_nodes_are_reached(pattern: str) -> None:
    names = ", ".join(f"{name}.n" for name in names_in(pattern))
    for seed in GRAPHS:
        graph = graph_of(seed)
        expected = rows(graph, f"MATCH p = {pattern} RETURN {names}, p" if "," not in pattern
                        else f"MATCH {pattern} RETURN {names}, count(*)")  # fmt: skip
        pruned = rows(graph, f"MATCH {pattern} RETURN DISTINCT {names}")
        assert len(pruned) == len(set(pruned))
        assert unlike(pruned, (row[:-1] for row in expected)) == (set(), set()), seed


@pytest.mark.parametrize("pattern", [p for p in PATTERNS if "," not in p])
def test_the_least_lengths_are_the_same(pattern: str) -> None:
    names = ", ".join(f"{name}.n" for name in names_in(pattern))
    for seed in GRAPHS:
        graph = graph_of(seed)
        least: dict[tuple[Any, ...], int] = {}
        for *key, path in rows(graph, f"MATCH p = {pattern} RETURN {names}, p"):
            least[tuple(key)] = min(len(path), least.get(tuple(key), len(path)))
        found = rows(graph, f"MATCH p = {pattern} RETURN {names}, min(length(p))")
        assert {row[:-1]: row[-1] for row in found} == least, seed


@pytest.mark.parametrize("pattern", [p for p in PATTERNS if "," not in p and "(c" not in p])
def test_what_exists_is_found(pattern: str) -> None:
    inner = pattern.replace("(a:S)", "(a)")
    for seed in GRAPHS:
        graph = graph_of(seed)
        expected = {row[0] for row in rows(graph, f"MATCH p = {inner} RETURN a.n, p")}
        found = rows(graph, f"MATCH (a) WHERE EXISTS {{ {inner} }} RETURN a.n")
        assert {n for (n,) in found} == expected, seed


@pytest.mark.parametrize("pattern", [p for p in PATTERNS if "," not in p])
def test_what_several_starts_reach(pattern: str) -> None:
    """From all nodes, where only the ends are asked for."""
    inner = pattern.replace("(a:S)", "(a)")
    last = names_in(pattern)[-1]
    for seed in GRAPHS:
        graph = graph_of(seed)
        met = rows(graph, f"MATCH p = {inner} RETURN a.n, a.k, {last}.n AS n, {last}.k AS k, p")
        ends = {row[2] for row in met}
        for text, expected in (
            (f"MATCH {inner} RETURN DISTINCT {last}.n AS n", ends),
            (f"MATCH {inner} WITH DISTINCT {last} RETURN {last}.n AS n", ends),
            (f"UNWIND [1, 2] AS i MATCH {inner} RETURN DISTINCT {last}.n AS n", ends),
            (f"MATCH (a) MATCH {inner} RETURN DISTINCT {last}.n AS n", ends),
            (
                f"MATCH {inner} WHERE a.k <= {last}.k RETURN DISTINCT {last}.n AS n",
                {row[2] for row in met if row[1] <= row[3]},
            ),
            (
                f"UNWIND [0, 1] AS i MATCH {inner} WHERE {last}.k = i "
                f"RETURN DISTINCT {last}.n AS n",
                {row[2] for row in met if row[3] < 2},
            ),
            (
                f"MATCH (a) OPTIONAL MATCH {inner} RETURN DISTINCT {last}.n AS n",
                ends | ({None} if {row[0] for row in met} < every(graph) else set()),
            ),
        ):
            found = [n for (n,) in rows(graph, text)]
            if last == "a" and "OPTIONAL" in text:
                expected = every(graph)
            assert len(found) == len(set(found)), (text, seed)
            assert set(found) == expected, (text, seed)


def every(graph: PropertyGraph) -> set[Any]:
    return {n for (n,) in rows(graph, "MATCH (a) RETURN a.n")}


SHORTEST = ["-[*]->", "-[:X*]-", "-[*..2]->", "-[*2..]->", "-[*0..3]-", "-[*{w: 1}]-"]


@pytest.mark.parametrize("link", SHORTEST)
def test_the_shortest_are_the_shortest(link: str) -> None:
    for seed in GRAPHS:
        graph = graph_of(seed)
        trails: dict[tuple[int, int], list[int]] = {}
        for a, b, path in rows(graph, f"MATCH p = (a){link}(b) RETURN a.n, b.n, p"):
            trails.setdefault((a, b), []).append(len(path))
        for selector, count in (("SHORTEST 1", 1), ("SHORTEST 2", 2), ("ANY", 1)):
            found: dict[tuple[int, int], list[int]] = {}
            text = f"MATCH p = {selector} (a){link}(b) RETURN a.n, b.n, length(p)"
            for a, b, length in rows(graph, text):
                found.setdefault((a, b), []).append(length)
            expected = {ends: sorted(lengths)[:count] for ends, lengths in trails.items()}
            assert found == expected, (selector, seed)
        text = f"MATCH p = ALL SHORTEST (a){link}(b) RETURN a.n, b.n, p"
        every = [(a, b, tuple(p.relationships)) for a, b, p in rows(graph, text)]
        assert len(every) == len(set(every))
        assert len(every) == sum(lengths.count(min(lengths)) for lengths in trails.values())
