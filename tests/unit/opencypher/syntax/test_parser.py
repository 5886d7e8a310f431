"""What the grammar reads, and how it says what it can't."""

from __future__ import annotations

import pytest

from lineage.opencypher.errors import CypherSyntaxError, CypherUnsupported
from lineage.opencypher.syntax import ast
from lineage.opencypher.syntax.parser import parse


@pytest.mark.parametrize(
    "text",
    [
        "MATCH (d {name:$n})-[:INPUT|OUTPUT*]->(m:Model) RETURN DISTINCT m.name",
        "MATCH p=(s:A {id:$id}) (()-[e:X|Y WHERE e.at <= $t]->(n WHERE n.ok))+ (x) RETURN x",
        "MATCH p = SHORTEST 2 (a)-[:X]->+(b) RETURN p",
        "MATCH p = ALL SHORTEST (a)-->{1,3}(b) RETURN p",
        "MATCH (start)-[r:A|B*1..3]-(end) RETURN start, end SKIP 1 LIMIT 2",
        "MATCH (a:Match:Return {order: 1}) RETURN a.order ORDER BY a.order DESC LIMIT 1",
        "CALL (x) { RETURN 1 AS y } RETURN y",
        "RETURN [x IN [1] WHERE x:A|B | x.name], [(a)-->(b) | b.name], a {.name, .*, z: 1}",
        "WITH 1 AS limit RETURN limit LIMIT 1 // no more",
        "RETURN /* a comment */ 1; ",
        "MATCH (n) WHERE n.x STARTS WITH 'a' AND (n)-[:R]->(:B) RETURN n.x - (n.y) - 1",
        "MATCH p = ANY SHORTEST PATHS (a)-->+(b) RETURN p",
        "MATCH (d) WHERE EXISTS { (:A)-->(d) } AND COUNT { (:B {x: 1})<--(d) } > 1 RETURN d",
        "MATCH (count:Count {x: 1})-[:Exists {y: 1}]->(collect {}) RETURN count {.x}",
    ],
)
def test_it_reads(text: str) -> None:
    parse(text)


def test_a_column_is_called_what_was_written() -> None:
    query = parse("RETURN (1 + 2) , n . name AS x, count( * )  ORDER BY x")
    assert isinstance(query, ast.SingleQuery)
    [clause] = query.clauses
    assert isinstance(clause, ast.Return)
    assert [item.name for item in clause.projection.items] == ["(1 + 2)", "x", "count( * )"]


def test_commas_inside_case_part_no_columns() -> None:
    query = parse("RETURN CASE 1 WHEN 1, 2 THEN [3, 4] END, 5, CASE 1 WHEN 2, IS NULL THEN 6 END")
    assert isinstance(query, ast.SingleQuery)
    [clause] = query.clauses
    assert isinstance(clause, ast.Return)
    assert [item.name for item in clause.projection.items] == [
        "CASE 1 WHEN 1, 2 THEN [3, 4] END",
        "5",
        "CASE 1 WHEN 2, IS NULL THEN 6 END",
    ]


def test_parts_are_equal_wherever_they_stand() -> None:
    query = parse("RETURN n.name AS a, n.name AS b, 1 AS c, 1.0 AS d, true AS e")
    assert isinstance(query, ast.SingleQuery)
    [clause] = query.clauses
    assert isinstance(clause, ast.Return)
    one, two, *constants = [item.expression for item in clause.projection.items]
    assert one == two
    assert one.position != two.position
    assert len(set(constants)) == 3


@pytest.mark.parametrize(
    ("text", "said", "line", "column"),
    [
        ("MATCH (n)\nRETRUN n", "'RETRUN'", 2, 1),
        ("MATCH (n)\nRETRUN n", "did you mean RETURN", 2, 1),
        ("SELECT * FROM n", "begins with MATCH", 1, 1),
        ("MATCH (n) WHERE n.x == 1 RETURN n", "equality is =", 1, 22),
        ("MATCH (n) WHERE n.x != 1 RETURN n", "inequality is <>", 1, 21),
        ("MATCH (n) WHERE n.x LIKE 'a%' RETURN n", "CONTAINS", 1, 21),
        ("MATCH (n) RETURN n GROUP BY n.x", "grouped by the columns", 1, 20),
        ("MATCH (n) RETURN n ORDER n.x", "ORDER BY", 1, 20),
        ("MATCH (n)->(m) RETURN n", "an arrow between nodes is -->", 1, 11),
        ("RETURN 'abc", "not closed", 1, 8),
        ("RETURN [1, 2}", "closes nothing", 1, 13),
        ("MATCH (a)(b) RETURN a", "alternate", 1, 10),
        ("MATCH (a)-->{0}(b) RETURN a", "one repetition at least", 1, 13),
        ("RETURN 0x1G", "no number", 1, 8),
        ("RETURN 99999999999999999999", "64 bits", 1, 8),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, said: str, line: int, column: int) -> None:
    with pytest.raises(CypherSyntaxError, match=said) as caught:
        parse(text)
    assert caught.value.position is not None
    assert (caught.value.position.line, caught.value.position.column) == (line, column)


@pytest.mark.parametrize("text", ["RETURN " + "[" * 500 + "]" * 500, "EXPLAIN MATCH (n) RETURN n"])
def test_what_is_legal_but_not_read_is_refused_by_name(text: str) -> None:
    with pytest.raises(CypherUnsupported):
        parse(text)
