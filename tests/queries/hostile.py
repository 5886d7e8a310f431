"""Statements that nobody may run, or that must not be let run on: for every backend.

`REFUSED` do more than read the graph, or can't be read: InvalidInput before anything of them runs.
`RUNAWAY` only read, but would take for ever or all memory: stopped, or refused, or, where a
backend is clever, answered. After each, the store is as it was, and answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Hostile:
    """A statement with its parameters, named for the test's report."""

    name: str
    cypher: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


_WRITES = {
    "create": "CREATE (n:Evil)",
    "create and return": "CREATE (n:Evil) RETURN n",
    "merge": "MERGE (n:Evil {id: 1}) RETURN n",
    "merge a relationship": "MATCH (a:Artifact), (b:Artifact) MERGE (a)-[:EVIL]->(b)",
    "set": "MATCH (n) SET n.evil = true",
    "set all": "MATCH (n) SET n = {}",
    "set a label": "MATCH (n) SET n:Evil",
    "set by expression": "MATCH (n) SET n['evil'] = 1",
    "remove": "MATCH (n) REMOVE n.name",
    "remove a label": "MATCH (n:Artifact) REMOVE n:Artifact",
    "delete": "MATCH ()-[r]->() DELETE r",
    "detach delete": "MATCH (n) DETACH DELETE n",
    "delete in small letters": "match (n) detach delete n",
    "foreach": "FOREACH (x IN range(1, 3) | CREATE (:Evil {x: x}))",
    "foreach that finds nothing": "MATCH (n:Nobody) FOREACH (x IN [1] | SET n.x = x)",
    "write in a sub-query": "CALL () { CREATE (n:Evil) RETURN n } RETURN n",
    "write in an old sub-query": "CALL { CREATE (n:Evil) RETURN n } RETURN n",
    "write deep in sub-queries": (
        "CALL () { CALL () { CALL () { CREATE (n:Evil) RETURN n } RETURN n } RETURN n } RETURN n"
    ),
    "write in a union": "RETURN 1 AS x UNION MATCH (n) SET n.evil = 1 RETURN 1 AS x",
    "write after with": "MATCH (n) WITH n LIMIT 1 SET n.evil = 1 RETURN n",
    "write behind a false condition": "MATCH (n) WHERE false SET n.evil = 1",
    "write behind comments": "/* MATCH (n) RETURN n */ CREATE /* read only */ (n:Evil) // RETURN",
    "write after a line comment": "// MATCH (n) RETURN n\nCREATE (n:Evil)",
    "write in odd spacing": "MATCH (n)\r\n\tSET\u00a0n.evil\u2003=\u200a1",
    "write in an exists": "MATCH (n) WHERE EXISTS { CREATE (m:Evil) RETURN m } RETURN n",
    "write in a collect": "RETURN COLLECT { CREATE (m:Evil) RETURN m } AS x",
    "unicode escape in a keyword": "\\u0043REATE (n:Evil)",
    "unicode escape that ends a comment": "/* \\u002a/ CREATE (n:Evil) /* */",
    "two statements": "MATCH (n) RETURN n LIMIT 1; MATCH (n) DETACH DELETE n",
    "two statements, the second a comment away": "RETURN 1; // \nCREATE (n:Evil)",
    "an empty statement first": "; CREATE (n:Evil)",
    "profile runs what it explains": "PROFILE CREATE (n:Evil)",
    "profile behind explain": "EXPLAIN PROFILE CREATE (n:Evil)",
    "an option first": "CYPHER runtime=slotted CREATE (n:Evil)",
    "a reading hint first": "USING PERIODIC COMMIT CREATE (n:Evil)",
    "name that closes a quote": "MATCH (n) RETURN n AS `x`` ` CREATE (m:Evil)",
}
_LOADS = {
    "load csv from a file": "LOAD CSV FROM 'file:///etc/passwd' AS line RETURN line",
    "load csv from a url": "LOAD CSV FROM 'http://169.254.169.254/latest' AS line RETURN line",
    "load csv with headers": "LOAD CSV WITH HEADERS FROM 'https://example.org/x' AS l RETURN l.a",
    "load csv in small letters": "load csv from 'file:///etc/hosts' as line return line",
    "load csv from a parameter": "LOAD CSV FROM $url AS line RETURN line",
    "load csv in a sub-query": (
        "CALL () { LOAD CSV FROM 'file:///etc/passwd' AS l RETURN l } RETURN l"
    ),
    "load csv in a collect": (
        "RETURN COLLECT { LOAD CSV FROM 'file:///etc/passwd' AS l RETURN l } AS x"
    ),
    "load csv in a case": (
        "RETURN CASE WHEN rand() > 2 THEN 1 "
        "ELSE COLLECT { LOAD CSV FROM 'file:///etc/passwd' AS l RETURN l } END AS x"
    ),
    "load csv in a count in a list": (
        "RETURN [i IN [1, 2] | COUNT { LOAD CSV FROM 'file:///etc/passwd' AS l RETURN l }] AS x"
    ),
    "load csv in an exists": (
        "MATCH (n) WHERE n.x = 1 OR EXISTS { LOAD CSV FROM 'file:///etc/passwd' AS l RETURN l } "
        "RETURN n"
    ),
    "load csv behind a backslash": (
        "RETURN [i IN [1] | COLLECT { WITH '\\\\' AS a LOAD CSV FROM 'file:///etc/passwd' AS l "
        "RETURN l }] AS x"
    ),
    "load csv two deep in expressions": (
        "RETURN [i IN [1] | COLLECT { UNWIND [1] AS j RETURN CASE WHEN j > 0 THEN "
        "COLLECT { LOAD CSV FROM 'file:///etc/passwd' AS l RETURN l } END }] AS x"
    ),
    "load csv to order by": (
        "MATCH (n) RETURN n ORDER BY COUNT { LOAD CSV FROM 'file:///etc/passwd' AS l RETURN l }"
    ),
}
_COMMANDS = {
    "in transactions": "MATCH (n) CALL (n) { SET n.evil = 1 } IN TRANSACTIONS",
    "reading in transactions": (
        "MATCH (n) CALL (n) { RETURN 1 AS y } IN TRANSACTIONS OF 1 ROWS RETURN y"
    ),
    "in concurrent transactions": (
        "MATCH (n) CALL (n) { DETACH DELETE n } IN 4 CONCURRENT TRANSACTIONS"
    ),
    "create an index": "CREATE INDEX evil IF NOT EXISTS FOR (n:Artifact) ON (n.evil)",
    "create a constraint": (
        "CREATE CONSTRAINT evil IF NOT EXISTS FOR (n:Evil) REQUIRE n.id IS UNIQUE"
    ),
    "drop an index": "DROP INDEX lineage_artifact_by_name IF EXISTS",
    "drop a constraint": "DROP CONSTRAINT lineage_artifact_id IF EXISTS",
    "show transactions": "SHOW TRANSACTIONS",
    "terminate transactions": "TERMINATE TRANSACTIONS 'neo4j-transaction-1'",
    "show settings": "SHOW SETTINGS",
    "show databases": "SHOW DATABASES",
    "show users": "SHOW USERS",
    "create a user": "CREATE USER evil SET PASSWORD 'evil-evil'",
    "change the password": "ALTER CURRENT USER SET PASSWORD FROM 'a' TO 'evil-evil'",
    "drop a user": "DROP USER neo4j IF EXISTS",
    "stop the database": "STOP DATABASE neo4j",
    "drop the database": "DROP DATABASE neo4j IF EXISTS",
    "another database": "USE system SHOW USERS",
    "another database in a sub-query": "CALL () { USE system RETURN 1 AS n } RETURN n",
    "a database that is not there": "USE nowhere MATCH (n) RETURN n",
    "grant": "GRANT ROLE admin TO PUBLIC",
    "list the configuration": "CALL dbms.listConfig()",
    "list the configuration in a list": (
        "RETURN [i IN [1] | COLLECT { CALL dbms.listConfig() YIELD name RETURN name }] AS x"
    ),
    "list the configuration in an exists": (
        "MATCH (n) WHERE n.x = 1 OR EXISTS { CALL dbms.listConfig() YIELD name RETURN name } "
        "RETURN n"
    ),
    "a procedure in backticks": "CALL `dbms`.`listConfig`()",
    "clear caches": "CALL db.clearQueryCaches()",
    "a procedure that writes": "CALL db.createLabel('Evil')",
    "a procedure in a sub-query": (
        "CALL () { CALL db.createProperty('evil') RETURN 1 AS one } RETURN one"
    ),
    "a procedure that waits": "CALL db.awaitIndexes(300)",
    "a procedure that nobody has": "CALL apoc.load.json('file:///etc/passwd')",
    "a function that nobody has": "RETURN apoc.cypher.runFirstColumnSingle('RETURN 1', {})",
    "nothing": "",
    "only a comment": "// MATCH (n) RETURN n",
    "no end": "MATCH (n) RETURN n /*",
    "a NUL": "MATCH (n) RETURN n\x00",
    "sql": "SELECT * FROM artifact; DROP TABLE artifact",
}
_TEN = ", ".join(f"({chr(97 + n)})" for n in range(10))
RUNAWAY: list[Hostile] = [
    Hostile("ten-deep cartesian product", f"MATCH {_TEN} RETURN count(*)"),
    Hostile("ten ranges", " ".join(f"UNWIND range(1, 1000) AS x{n}" for n in range(10))
            + " RETURN count(*)"),
    Hostile("a range without end", "UNWIND range(1, 9223372036854775806) AS x RETURN sum(x)"),
    Hostile("a list of everything", "UNWIND range(1, 1000000000) AS x RETURN collect(x) AS xs"),
    Hostile("a list of lists", "UNWIND range(1, 100000000) AS x RETURN collect([x, x, x]) AS xs"),
    Hostile("sorting everything",
            "UNWIND range(1, 1000000000) AS x RETURN x ORDER BY -x LIMIT 100000000"),
    Hostile("distinct of everything",
            "UNWIND range(1, 1000000000) AS x RETURN DISTINCT x % 900000000"),
    Hostile("grouping everything",
            "UNWIND range(1, 1000000000) AS x RETURN x AS k, count(*) AS c ORDER BY k"),
    Hostile("a sum in one expression",
            "RETURN reduce(a = 0, x IN range(1, 100000000) | (a + x) % 7) AS r"),
    Hostile("a quantifier over millions", "RETURN all(x IN range(1, 100000000) WHERE x > 0) AS r"),
    Hostile("a list of millions", "RETURN size([x IN range(1, 100000000) WHERE x < 0]) AS r"),
    Hostile("a parameter of a million", "UNWIND $many AS a UNWIND $many AS b RETURN count(*)",
            {"many": list(range(300_000))}),
    Hostile("paths without end", "MATCH p = (a)-[*]-(b) RETURN count(p)"),
    Hostile("paths between everything", "MATCH p = (a)-[*1..60]-(b)-[*1..60]-(c) RETURN count(p)"),
    Hostile("a regular expression that explodes",
            "RETURN 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!' =~ '(a+)+b' AS r"),
    Hostile("another that explodes",
            "RETURN 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!' =~ '(a|aa)+$' AS r"),
    Hostile("a sub-query in a sub-query",
            "UNWIND range(1, 100000) AS a CALL (a) { UNWIND range(1, 100000) AS b "
            "RETURN count(b) AS c } RETURN sum(c)"),
    Hostile("deep nesting", "RETURN " + "[" * 400 + "1" + "]" * 400 + " AS x"),
    Hostile("deep parentheses", "RETURN " + "(" * 400 + "1" + ")" * 400 + " AS x"),
    Hostile("a long sum", "RETURN " + " + ".join(["1"] * 5_000) + " AS x"),
    Hostile("a long condition", "MATCH (n) WHERE " + " OR ".join(f"n.x = {n}" for n in range(2_000))
            + " RETURN count(n)"),
]  # fmt: skip
REFUSED: list[Hostile] = [
    Hostile(name, cypher, {"url": "file:///etc/passwd"} if "$url" in cypher else {})
    for name, cypher in {**_WRITES, **_LOADS, **_COMMANDS}.items()
]
