"""Queries that no generator makes have the rows that Neo4j gives them."""

from __future__ import annotations

from pathlib import Path

from tests.neo4j_for_tests import Neo4jForTests
from tests.opencypher.asking import same
from tests.opencypher.test_generated_queries import askers

# A name of a column that meant something else before.
_SHADOWING = [
    "MATCH (a)-[:INPUT]->(b) WITH a AS b, b AS a WHERE a.id = 1 RETURN a.id, b.id",
    "MATCH (a)-[:INPUT]->(b) WITH a AS b, b AS a WHERE b.id = 1 RETURN a.id, b.id",
    "MATCH (a)-[:INPUT]->(b) WITH a.id AS y, b AS a WHERE a.id = 3 RETURN y, a.id",
    "MATCH (a)-[:INPUT]->(b) WITH DISTINCT a AS b, b AS a WHERE b.id = 1 RETURN a.id, b.id",
    "MATCH (a)-[:INPUT]->(b) WITH a AS b, b AS a, count(*) AS c WHERE b.id = 1 RETURN a.id, c",
    "MATCH (a)-[:INPUT]->(b) WITH a AS b, b AS a ORDER BY a.id, b.id LIMIT 3 RETURN a.id, b.id",
    "MATCH (a)-[:INPUT]->(b) WITH a.id AS y, b.id AS z, b AS a ORDER BY a.id, z LIMIT 3 "
    "RETURN y, z",
    "MATCH (a)-[:INPUT]->(b) WITH a.id AS a, b WHERE a = 1 RETURN a, b.id",
    "MATCH (a)-[:INPUT]->(b) WITH b AS a WHERE b.id = 3 RETURN a.id",
    "MATCH (a)-[:INPUT]->(b) WITH b AS a, a.id + 1 AS c WHERE a.id + 1 = 4 RETURN a.id, c",
]
# A column beside an aggregate hides what the aggregate reads.
_GROUPED = [
    "UNWIND [1, 2] AS x UNWIND [10, 20] AS y RETURN x AS y, y AS x, count(*) + x AS c",
    "UNWIND [1, 2] AS x UNWIND [10, 20] AS y WITH x AS y, sum(y) + x AS x RETURN x, y",
    "UNWIND [1, 2, 2] AS x RETURN x + 1 AS x, count(*) AS c ORDER BY x DESC",
    "UNWIND [1, 2, 2] AS x WITH x + 1 AS x, count(*) AS c WHERE x = 2 RETURN x, c",
    "UNWIND [1, 2, 2] AS x WITH x AS y, count(x) AS x ORDER BY x, y RETURN x, y",
    "UNWIND [1, 2, 2] AS x WITH x AS y, collect(x) AS x WHERE size(x) = y RETURN x, y",
    "MATCH (t:Train) RETURN t.framework AS t, t.framework + ':' + count(*) AS label",
    "MATCH (t:Train) RETURN t.type AS t, t.type + ':' + count(*) AS label",
    "MATCH (a)-[:INPUT]->(b) RETURN a.type AS b, b.type AS a, a.type + count(*) + b.type AS c",
    "MATCH (a)-[:INPUT]->(b) RETURN a AS b, [x IN collect(b) WHERE x <> a | x.id] AS a",
    "MATCH (a)-[:INPUT]->(b) WITH a AS b, count(b) AS a WHERE b.id > 1 AND a > 0 RETURN a, b.id",
    "MATCH (a)-[:INPUT]->(b) WITH a, count(*) AS b WITH b AS a, a AS b RETURN a, b.id",
    "MATCH (a:Artifact) WITH a.type AS a, count(*) AS n RETURN [a IN [a, 'z'] | a + n] AS n, a",
    "MATCH (a:Artifact) WITH [a IN [a] | a.id] AS a, a AS b WHERE b.id > 1 RETURN a, b.id",
    "MATCH (a:Artifact) WITH a ORDER BY [a IN [a.id] | -a][0] LIMIT 3 RETURN a.id",
    "MATCH (a:Artifact) RETURN a.id AS a, reduce(a = 0, x IN [a.id] | a + x) AS x",
    "MATCH (a:Artifact) WITH a AS x, a.id AS a WHERE EXISTS { (x)-->() } RETURN a, x.id",
    "MATCH (a:Artifact) CALL (a) { MATCH (a)-->(b) RETURN count(b) AS n } RETURN n AS a, a.id AS n",
    "MATCH (a:Artifact) RETURN a.id AS x, COLLECT { MATCH (a)-->(x) RETURN x.id } AS a",
]
# A path in brackets, with a predicate that stands there.
_IN_BRACKETS = [
    "MATCH p = SHORTEST 1 ((a:Artifact)-[:INPUT|OUTPUT]->+(b:Artifact) WHERE a.id < b.id) "
    "RETURN a.id, b.id, length(p)",
    "MATCH p = SHORTEST 1 ((a:Artifact)-[rs:INPUT|OUTPUT]->+(b:Artifact) WHERE size(rs) > 2) "
    "RETURN a.id, b.id, length(p)",
    "MATCH p = SHORTEST 1 ((a:Artifact)-[rs:INPUT|OUTPUT]->+(b:Artifact)) WHERE size(rs) > 2 "
    "RETURN a.id, b.id, length(p)",
    "MATCH p = ALL SHORTEST ((a:Artifact)-[rs:INPUT|OUTPUT]->+(b:Artifact) "
    "WHERE all(r IN rs WHERE r.time > 1700000040000)) RETURN a.id, b.id, length(p)",
    "MATCH p = SHORTEST 2 GROUPS ((a:Artifact) (()-[:INPUT]->(x)-[:OUTPUT]->())+ (b:Artifact) "
    "WHERE none(y IN x WHERE y.state = 'FAILED')) RETURN a.id, b.id, length(p)",
    "MATCH p = SHORTEST 1 ((a:Artifact)-[rs:INPUT|OUTPUT]->+(b:Artifact) WHERE size(rs) > 2) "
    "WHERE a.id > 3 RETURN a.id, b.id, length(p)",
    "MATCH (c:Dataset) MATCH p = ANY SHORTEST ((a:Artifact)-[rs:INPUT|OUTPUT]->+(b:Artifact) "
    "WHERE size(rs) > c.id) RETURN c.id, a.id, b.id, length(p)",
    "MATCH p = ((a:Artifact)-[r:INPUT]->(b) WHERE a.id < b.id) RETURN a.id, b.id, length(p)",
    "MATCH ((n:Artifact) WHERE n.id > 3) RETURN count(*)",
    "MATCH ((a:Artifact)-[:INPUT]->(b:Train WHERE b.state = 'COMPLETE') WHERE a.name IS NOT NULL) "
    "RETURN count(*)",
    "MATCH p = ((a:Artifact)-[rs:INPUT|OUTPUT*1..3]->(b) WHERE size(rs) = 2) RETURN a.id, b.id",
    "MATCH (d:Artifact) RETURN d.id, COUNT { ((d)-[:INPUT]->(b) WHERE b.state = 'FAILED') }",
    "MATCH (d:Artifact) WHERE EXISTS { (:Train)<-[:INPUT]-(d) } RETURN d.id",
]
# What is asked of values of several kinds.
_KINDS = [
    "MATCH (n:Artifact) RETURN n.id, n IS :: NODE, n.name IS :: STRING NOT NULL, "
    "n.accuracy :: FLOAT | BOOLEAN, labels(n) IS :: LIST<STRING>",
    "MATCH p = (a:Artifact)-[r:INPUT]->(b) RETURN p IS :: PATH, r IS :: RELATIONSHIP, "
    "r IS :: EDGE NOT NULL, a IS :: ANY NODE, p IS NOT :: NODE, properties(a) IS :: MAP",
    "MATCH (n:Artifact) RETURN CASE n.accuracy WHEN IS NULL THEN 'none' WHEN > 0.8, < 0.6 "
    "THEN 'odd' ELSE 'usual' END AS how, count(*)",
    "MATCH (n) WHERE n.rows IS :: INTEGER NOT NULL RETURN n.id, n.rows",
    "MATCH (n:Artifact) WITH n, CASE n.type WHEN 'Model', 'Metrics' THEN 1 ELSE 2 END AS k "
    "WHERE k = 1 RETURN n.id",
]  # fmt: skip
# Spellings of newer Cypher.
_SPELLINGS = [
    "RETURN 1_000_000 AS a, 1_0.5 AS b, 0 - 1_0 AS c",
    "RETURN INF AS a, -INF AS b, NaN AS c, Infinity > 1 AS d, NaN = NaN AS e",
    "WITH 1 AS x RETURN x UNION DISTINCT RETURN 1 AS x",
    "MATCH (n) WHERE n IS Artifact AND NOT n IS Model RETURN n.id",
    "MATCH (n IS Artifact)-[r IS INPUT]->(m IS !Train) RETURN n.id, m.id",
    "RETURN trim(BOTH 'x' FROM 'xaxx') AS a, trim(LEADING 'x' FROM 'xax') AS b, "
    "trim(TRAILING FROM ' a ') AS c, trim(' a ') AS d",
    "MATCH (n:$('Model')) RETURN n.id",
    "UNWIND ['Model', 'Train'] AS l MATCH (n:$(l)) RETURN l, n.id",
    "MATCH (n:$(['Artifact', 'Model'])) RETURN n.id",
    "MATCH (a)-[:$('IN' + 'PUT')]->(b) RETURN a.id, b.id",
    "MATCH (n:Artifact) USING SCAN n:Artifact WHERE n.id > 2 RETURN n.id",
]


def test_the_rows_are_neo4js(tmp_path: Path, neo4j_server: Neo4jForTests) -> None:
    with askers(51, tmp_path, neo4j_server.url) as found:
        native = found.pop("neo4j")
        different = [
            (name, query)
            for query in (*_SHADOWING, *_GROUPED, *_IN_BRACKETS, *_KINDS, *_SPELLINGS)
            for name, asker in found.items()
            if not same(asker.forms(query), native.forms(query), query)
        ]
    assert not different
