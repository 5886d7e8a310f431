"""The evaluator on a small graph, and on one with more paths than could ever be looked at."""

from __future__ import annotations

from typing import Any

import pytest

from lineage.opencypher import CypherError, Limits, PropertyGraph, QueryStopped, run


def small() -> PropertyGraph:
    """a -X-> b -X-> c, a -Y-> c."""
    graph = PropertyGraph()
    a = graph.create_node(["A"], {"name": "a"})
    b = graph.create_node(["B"], {"name": "b"})
    c = graph.create_node(["B", "C"], {"name": "c"})
    graph.create_relationship(a, "X", b, {"w": 1})
    graph.create_relationship(b, "X", c, {"w": 2})
    graph.create_relationship(a, "Y", c)
    return graph


def ladder(layers: int) -> PropertyGraph:
    """Each layer's two executions read both artifacts of the layer before: 2^layers paths."""
    graph = PropertyGraph()
    before = [graph.create_node(["Artifact"], {"name": f"start{side}"}) for side in (0, 1)]
    for layer in range(layers):
        after = []
        for side in (0, 1):
            step = graph.create_node(["Execution"])
            for artifact in before:
                graph.create_relationship(artifact, "INPUT", step, {"recorded": layer})
            made = graph.create_node(["Artifact", "Model"], {"name": f"m{layer}-{side}"})
            graph.create_relationship(step, "OUTPUT", made, {"recorded": layer})
            after.append(made)
        before = after
    return graph


def rows(graph: PropertyGraph, text: str, **parameters: Any) -> list[tuple[Any, ...]]:
    return list(run(graph, text, parameters, limits=Limits(seconds=20)).rows)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MATCH (n) RETURN n.name AS name ORDER BY name DESC", [("c",), ("b",), ("a",)]),
        ("MATCH (n)-[r:X]->(m) WHERE r.w > 1 RETURN n.name, m.name", [("b", "c")]),
        ("MATCH (n {name: 'a'})-[*]->(m) RETURN m.name, count(*) ORDER BY m.name",
         [("b", 1), ("c", 2)]),
        ("MATCH (n {name: 'a'})-[*]->(m) RETURN DISTINCT m.name ORDER BY m.name",
         [("b",), ("c",)]),
        ("OPTIONAL MATCH (n:Nothing) RETURN n, 1 + 2", [(None, 3)]),
        ("OPTIONAL MATCH (n:Nothing) OPTIONAL MATCH (n)-->(m) WHERE n:A RETURN n, m",
         [(None, None)]),
        ("MATCH p = SHORTEST 1 (a:A)-->+(c:C) RETURN length(p)", [(1,)]),
        ("MATCH p = shortestPath((a:A)-[:X*]->(c:C)) RETURN length(p)", [(2,)]),
        ("MATCH (a:A) ((x)-[r]->(y)){2} (b) RETURN [i IN x | i.name], [i IN y | i.name]",
         [(["a", "b"], ["b", "c"])]),
        ("MATCH (n:A) RETURN COUNT { (n)-->() }, EXISTS { (n)-->(:C) }, [(n)-[:Y]->(m) | m.name]",
         [(2, True, ["c"])]),
        ("UNWIND [1, 2] AS x CALL (x) { UNWIND range(1, x) AS y RETURN sum(y) AS s } RETURN x, s",
         [(1, 1), (2, 3)]),
    ],
)  # fmt: skip
def test_answers(text: str, expected: list[tuple[Any, ...]]) -> None:
    assert rows(small(), text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MATCH (s {name: $n})-[:INPUT|OUTPUT*]->(m:Model) RETURN DISTINCT m.name", 120),
        ("MATCH p = (s {name: $n}) (()-[e:INPUT|OUTPUT WHERE e.recorded <= 99]->())+ (x) "
         "RETURN x, min(length(p)) AS depth", 240),
        ("MATCH p = SHORTEST 1 (s {name: $n})-[:INPUT|OUTPUT]->+(m {name: 'm59-1'}) RETURN p", 1),
        ("MATCH p = shortestPath((s {name: $n})-[*]->(m {name: 'm59-1'})) RETURN p", 1),
        ("MATCH (s {name: $n})-[:INPUT|OUTPUT*]->(x:Execution)-[:OUTPUT]->(m) RETURN DISTINCT m",
         120),
        ("MATCH (m:Model) WHERE EXISTS { (m)<-[*]-(:Artifact {name: $n}) } RETURN m", 120),
        ("MATCH (s {name: $n})-[*]-(x) RETURN count(DISTINCT x) AS c", 1),
    ],
)  # fmt: skip
def test_the_ladder_answers_at_once(text: str, expected: int) -> None:
    assert len(rows(ladder(60), text, n="start0")) == expected


@pytest.mark.parametrize(
    "text",
    [
        "MATCH (s {name: 'start0'})-[*]->(x) RETURN count(*)",
        "MATCH (a), (b), (c), (d), (e), (f), (g), (h), (i), (j) RETURN count(*)",
        "UNWIND range(1, 1000000000) AS x RETURN sum(x)",
        "RETURN reduce(t = '', i IN range(1, 60) | t + 'a') =~ '(a|aa)+$b'",
    ],
)
def test_what_runs_away_is_stopped(text: str) -> None:
    with pytest.raises(QueryStopped):
        list(run(ladder(60), text, limits=Limits(seconds=0.3)).rows)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("CREATE (n) RETURN n", "CREATE is not supported here"),
        ("MATCH (n) SET n.x = 1 RETURN n", "SET is not"),
        ("LOAD CSV FROM 'file:///etc/passwd' AS line RETURN line", "LOAD CSV is not"),
        ("CALL db.indexes() YIELD name RETURN name", "CALL of a procedure is not"),
        ("MATCH (n) CALL (n) { DETACH DELETE n } RETURN 1", "DELETE is not"),
    ],
)
def test_what_does_not_only_read_is_refused_by_name(text: str, said: str) -> None:
    with pytest.raises(CypherError, match=said):
        run(small(), text)
