"""What beginners write is told what to write; what is not here is refused by its name."""

from __future__ import annotations

import pytest

from lineage.opencypher import PropertyGraph, run
from lineage.opencypher.api import analyse_text
from lineage.opencypher.errors import CypherSyntaxError, CypherTypeError, CypherUnsupported

MISTAKES = {
    "MATCH n RETURN n": "a node stands in round brackets: MATCH (n)",
    "MATCH n:Model RETURN n": "a node stands in round brackets: MATCH (n)",
    "MATCH [n] RETURN n": "a node stands in round brackets: MATCH (n)",
    "MATCH (a)->(b) RETURN a": "an arrow between nodes is -->",
    "MATCH (a)-(b) RETURN a": "a relationship between nodes is --",
    "MATCH (a)-[:INPUT]->m RETURN m": "a node stands in round brackets: -->(m)",
    "MATCH (n {name = 'x'}) RETURN n": "in braces write a colon: {name: 'x'}",
    "MATCH (n) RETURN n.name AS 'x'": "a name has no quotes",
    "MATCH (n) RETURN n.name label": "write AS before the name of a column",
    "MATCH (n) WHERE n.name == 'x' RETURN n": "equality is =",
    "MATCH (n) RETURN n LIMT 3": "did you mean LIMIT?",
    "SELECT * FROM x": "a query begins with MATCH, and ends with RETURN",
}
REFUSED = {
    "FOR x IN [1] RETURN x": "FOR is",
    "WHEN true THEN RETURN 1": "WHEN before a query is",
    "MATCH REPEATABLE ELEMENTS (n) RETURN n": "REPEATABLE ELEMENTS is",
    "MATCH (n) FINISH": "FINISH is",
    "SHOW INDEXES": "SHOW is",
    "CALL db.indexes()": "CALL of a procedure is",
    "RETURN point({x: 1, y: 2})": "point() is",
    "RETURN point.distance(1, 2)": "point.distance() is",
}


@pytest.mark.parametrize(("cypher", "hint"), MISTAKES.items())
def test_a_mistake_is_told_what_to_write(cypher: str, hint: str) -> None:
    with pytest.raises(CypherSyntaxError) as found:
        analyse_text(cypher)
    assert hint in str(found.value)


@pytest.mark.parametrize(("cypher", "said"), REFUSED.items())
def test_what_is_not_here_is_refused_by_its_name(cypher: str, said: str) -> None:
    with pytest.raises(CypherUnsupported) as found:
        analyse_text(cypher)
    assert f"{said} not supported here" in str(found.value)


@pytest.mark.parametrize(
    "cypher",
    [
        "CYPHER 25 RETURN 1 AS x",
        "CYPHER 5 runtime = slotted RETURN 1 AS x",
        "MATCH (n:A) USING INDEX n:A(name) WHERE n.name = 'x' RETURN n",
        "MATCH (n:A)-->(m:B) USING TEXT INDEX n:A(name) USING SCAN m:B RETURN n",
        "MATCH (a)-->(b)<--(c) USING JOIN ON a, b RETURN a",
        "MATCH DIFFERENT RELATIONSHIPS (n) RETURN n",
        "MATCH (n) WHERE n IS LABELED A AND n IS NOT NULL AND n.x IS :: INTEGER RETURN n",
        "WITH 1 AS inf, 2 AS using, 3 AS different RETURN inf, using, different",
    ],
)
def test_another_spelling_is_read(cypher: str) -> None:
    analyse_text(cypher)


def test_procedures_tell_what_a_graph_has() -> None:
    graph = PropertyGraph()
    one, other = graph.create_node(["A"], {"x": 1}), graph.create_node(["B", "C"], {"y": 2})
    graph.create_relationship(one, "R", other, {"z": 3})
    both = "CALL db.labels() YIELD label RETURN label"
    for query, expected in {
        "CALL db.labels()": [("A",), ("B",), ("C",)],
        "CALL db.labels() YIELD label AS l WHERE l > 'A' RETURN l": [("B",), ("C",)],
        "MATCH (n) CALL db.relationshipTypes() YIELD relationshipType AS t RETURN count(t)": [(2,)],
        "CALL db.propertyKeys() YIELD *": [("x",), ("y",), ("z",)],
        f"{both} UNION {both}": [("A",), ("B",), ("C",)],
    }.items():
        assert list(run(graph, query).rows) == expected


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("CALL db.labels() RETURN 1 AS x", "CALL db.labels() YIELD label"),
        ("CALL db.labels() YIELD name RETURN name", "yields label"),
        ("CALL db.labels(1) YIELD label RETURN label", "takes no arguments"),
    ],
)
def test_a_procedure_called_wrongly_is_told_how(query: str, said: str) -> None:
    with pytest.raises(CypherSyntaxError, match=r"db\.labels") as found:
        analyse_text(query)
    assert said in str(found.value)


def test_a_label_may_be_given_by_an_expression() -> None:
    graph = PropertyGraph()
    graph.create_node(["A"])
    graph.create_node(["A", "B"])
    for label, expected in (("A", 2), (["A", "B"], 1), ("C", 0), ([], 2)):
        query = "MATCH (n:$($label)) RETURN count(n)"
        assert [tuple(row) for row in run(graph, query, {"label": label}).rows] == [(expected,)]
    with pytest.raises(CypherTypeError, match="a label is a string"):
        list(run(graph, "MATCH (n:$($label)) RETURN n", {"label": 1}).rows)
    with pytest.raises(CypherSyntaxError, match="nothing here is called x"):
        analyse_text("MATCH (n:$(x)) RETURN n")
