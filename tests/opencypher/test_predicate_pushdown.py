"""A WHERE after WITH is asked as early as it may be."""

from __future__ import annotations

import pytest

from lineage import Store
from lineage.opencypher.planning.predicate_pushdown import push_down_predicates
from lineage.opencypher.syntax import ast
from lineage.opencypher.syntax.parser import parse
from lineage.opencypher.syntax.unparser import unparse
from tests.opencypher.lineage_graphs import Clock, random_graph

# A query, and for each clause that can have one its condition afterwards.
_MOVED = [
    ("MATCH (a) WITH a WHERE a.x = 1 RETURN a", ["a.x = 1", None]),
    ("MATCH (a) WHERE a.y = 2 WITH a WHERE a.x = 1 RETURN a", ["a.y = 2 AND a.x = 1", None]),
    ("MATCH (a) WITH a AS b WHERE b.x = 1 RETURN b", ["a.x = 1", None]),
    ("MATCH (a) WITH a.x AS x WHERE x = 1 RETURN x", ["a.x = 1", None]),
    ("MATCH (a) WITH a.x AS a WHERE a = 1 RETURN a", ["a.x = 1", None]),
    ("MATCH (a) WITH a.x AS x WHERE a.y = x RETURN x", ["a.y = a.x", None]),
    ("MATCH (a) WITH a, 1 AS b WITH a WHERE a.x = 1 RETURN a", ["a.x = 1", None, None]),
    ("MATCH (a) WITH a WHERE a.x = 1 WITH a WHERE a.y = 2 RETURN a",
     ["a.x = 1 AND a.y = 2", None, None]),
    ("MATCH (a) WITH DISTINCT a WHERE a.x = 1 RETURN a", ["a.x = 1", None]),
    ("MATCH (a) WITH DISTINCT a.x AS x WHERE x = 1 RETURN x", ["a.x = 1", None]),
    ("MATCH (a) WITH a ORDER BY a.y WHERE a.x = 1 RETURN a", ["a.x = 1", None]),
    ("MATCH (a) WITH *, a.x AS x WHERE x = 1 RETURN x", ["a.x = 1", None]),
    ("MATCH (a)-->(b) WITH a, count(b) AS n WHERE n > 1 AND a.x = 1 RETURN a",
     ["a.x = 1", "n > 1"]),
    ("MATCH (a)-->(b) WITH a, count(b) AS n WHERE EXISTS { (a)-->() } RETURN a",
     ["EXISTS { … }", None]),
    ("MATCH (a) OPTIONAL MATCH (a)-->(b) WITH a, b WHERE a.x = 1 AND b.x = 2 RETURN a",
     ["a.x = 1", None, "b.x = 2"]),
    ("MATCH (a) MATCH (a)-->(b) WITH a, b WHERE a.x = 1 AND b.x = 2 RETURN a",
     ["a.x = 1", "b.x = 2", None]),
    ("MATCH (a) UNWIND a.xs AS x WITH a, x WHERE a.y = 1 AND x = 2 RETURN a", ["a.y = 1", "x = 2"]),
    ("MATCH (a) MATCH p = shortestPath((a)-[*]->(b)) WITH a, b, p WHERE a.x = 1 AND b.x = 1 AND "
     "length(p) > 1 RETURN p", ["a.x = 1", None, "b.x = 1 AND length(p) > 1"]),
]  # fmt: skip
_KEPT = [
    "MATCH (a) WITH a LIMIT 3 WHERE a.x = 1 RETURN a",
    "MATCH (a) WITH a SKIP 3 WHERE a.x = 1 RETURN a",
    "MATCH (a) WITH a, rand() AS r WHERE r < 1 RETURN a",
    "MATCH (a) WITH a WHERE rand() < 1 RETURN a",
    "MATCH (a) WITH count(a) AS n WHERE n = 1 RETURN n",
    "MATCH (a) WITH count(a) AS n WHERE 1 = 2 RETURN n",
    "MATCH (a) WITH a.xs AS y, a AS x WHERE any(x IN [1] WHERE x IN y) RETURN x",
    "MATCH (a) WITH a AS b WHERE EXISTS { (b)-->() } RETURN b",
    "OPTIONAL MATCH (a) WITH a WHERE a.x = 1 RETURN a",
    "UNWIND [1, 2] AS a WITH a WHERE a = 1 RETURN a",
    "MATCH (a) CALL (a) { RETURN 1 AS b } WITH a, b WHERE a.x = 1 RETURN a",
    "MATCH (a) OPTIONAL MATCH (a)-->(b) WITH a, b WHERE 1 / a.x > 2 RETURN a",
]


def _conditions(clauses: tuple[ast.Clause, ...]) -> list[str | None]:
    return [
        None if c.where is None else unparse(c.where)
        for c in clauses
        if isinstance(c, ast.Match | ast.With)
    ]


def _clauses(query: str) -> tuple[ast.Clause, ...]:
    parsed = parse(query)
    assert isinstance(parsed, ast.SingleQuery)
    return parsed.clauses


@pytest.mark.parametrize(("query", "conditions"), _MOVED)
def test_moved(query: str, conditions: list[str | None]) -> None:
    assert _conditions(push_down_predicates(_clauses(query))) == conditions


@pytest.mark.parametrize("query", _KEPT)
def test_kept(query: str) -> None:
    clauses = _clauses(query)
    assert push_down_predicates(clauses) == clauses


@pytest.mark.backends("memory", "sqlite")
def test_what_a_later_where_names_is_found_by_an_index(store: Store) -> None:
    made = Store(store.backend, clock=Clock())
    random_graph(made, 4)
    for query in (
        "MATCH (a:Artifact) WITH a WHERE a.name = 'a1.0' RETURN a.id",
        "MATCH (a)-[:INPUT]->(b) WITH a.name AS n, count(b) AS c WHERE n = 'a1.0' RETURN c",
        "MATCH (a:Artifact) MATCH (a)--(b) WITH a, b WHERE a.id = 2 RETURN b.id",
        "RETURN COLLECT { MATCH (a) WITH a WHERE a.name = 'a1.0' RETURN a.id } AS ids",
    ):
        plan = made.explain(query, profile=True)
        assert "IndexSeek" in str(plan), str(plan)
        assert max(step.rows or 0 for step in plan) < 10
