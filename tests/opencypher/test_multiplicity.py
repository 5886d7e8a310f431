"""Where rows can't be told apart, one stands for several: the store counts."""

from __future__ import annotations

from pathlib import Path

import pytest

import lineage
from lineage import Artifact, Execution, Store
from lineage.model import EventType, Flow, Kind
from lineage.ports.filters import Filter
from tests.neo4j_for_tests import Neo4jForTests
from tests.opencypher.asking import same
from tests.opencypher.lineage_graphs import Clock, random_graph
from tests.opencypher.test_generated_queries import askers

# Each with the operator that counts.
_COUNTED = {
    "MATCH (a:Artifact) RETURN a.type AS t, count(*) AS c": "NodeCountByGroup",
    "MATCH (x:Execution) RETURN x.state AS s, count(x) AS c ORDER BY c, s": "NodeCountByGroup",
    "MATCH (n:!IdBlock&!LineageStore) RETURN labels(n) AS l, count(*) AS c": "NodeCountByGroup",
    "MATCH (n:Model|Dataset) RETURN n.type AS t, count(*) AS c": "NodeCountByGroup",
    "MATCH (n:Artifact) WHERE n.type <> 'Model' RETURN count(*) AS c": "NodeCountByGroup",
    "MATCH (n) WHERE n.state = 'FAILED' RETURN n.type AS t, count(*) AS c": "NodeCountByGroup",
    "MATCH (n) WHERE n.state = 'FAILED' OR n:Model RETURN count(n) AS c": "NodeCountByGroup",
    "MATCH (n:Train) RETURN DISTINCT n.state AS s": "NodeCountByGroup",
    "MATCH (n:Artifact|Execution) RETURN count(DISTINCT n.type) AS t, max(n.state) AS s":
        "NodeCountByGroup",
    "MATCH (n:Artifact|Mark) WITH n.type AS t, count(*) AS c WHERE c > 3 RETURN t, c":
        "NodeCountByGroup",
    "MATCH (n:Nobody) RETURN count(*) AS c, n.type AS t": "NodeCountByGroup",
    "MATCH (n:Nobody) RETURN count(*) AS c, min(n.type) AS t": "NodeCountByGroup",
    "OPTIONAL MATCH (n:Nobody) RETURN count(n) AS c, n.type AS t": "NodeCountByGroup",
    "MATCH (n:Model) RETURN n.type AS t, COUNT { (x:Train)-[:OUTPUT]->() } AS c, count(*) AS d":
        "NodeCountByGroup",
    "MATCH (n:Model) RETURN n.type AS t, COLLECT { MATCH (x:Train) RETURN count(*) } AS c, "
    "count(n) AS d": "NodeCountByGroup",
    "MATCH ()-[r:INPUT]->() RETURN count(r) AS c": "RelationshipCountByGroup",
    "MATCH ()-[r:OUTPUT|INPUT]-() RETURN count(*) AS c": "RelationshipCountByGroup",
    "MATCH ()-[r]->() RETURN type(r) AS t, count(*) AS c": "RelationshipCountByGroup",
    "MATCH ()-->() RETURN count(*) AS c": "RelationshipCountByGroup",
    "MATCH ()--() RETURN count(*) AS c": "RelationshipCountByGroup",
    "MATCH (a:Artifact)-[r]->(b) RETURN labels(b) AS l, count(r) AS c": "RelationshipCountByGroup",
    "MATCH (a)-[r]->(b) RETURN a.type AS a, type(r) AS t, b.type AS b, count(*) AS c":
        "RelationshipCountByGroup",
    "MATCH (a)-[:INPUT]-(b) RETURN a.type AS a, b.type AS b, count(*) AS c":
        "RelationshipCountByGroup",
    "MATCH (a:Artifact)-[r]-(b:Train) RETURN type(r) AS t, count(*) AS c":
        "RelationshipCountByGroup",
    "MATCH (a:Model)<-[:OUTPUT]-(b:Train) RETURN a.type AS a, count(*) AS c":
        "RelationshipCountByGroup",
    "MATCH (a:Model)-[:OUTPUT]->(b) RETURN count(*) AS c": "RelationshipCountByGroup",
    "MATCH (a)-[r:INPUT]->(b) WHERE a.type = 'Dataset' OR b:Train RETURN count(*) AS c":
        "RelationshipCountByGroup",
    "MATCH (a)-[:IN_CONTEXT]->(c:PipelineRun) RETURN a.type AS a, c.type AS c, count(*) AS n":
        "RelationshipCountByGroup",
    "MATCH (c:Context)<-[r:IN_CONTEXT|OUTPUT]-(x:Train) RETURN count(r) AS c":
        "RelationshipCountByGroup",
    "MATCH (a)-[:INPUT]->(b) RETURN DISTINCT b.type AS b": "RelationshipCountByGroup",
    "MATCH (d:Artifact)-[:INPUT]->(e) RETURN d.name AS d, count(e) AS c ORDER BY count(e), d":
        "GetDegree",
    "MATCH (d:Artifact)-[:INPUT]->(e) WITH d, count(*) AS n WHERE n > 1 RETURN d.id AS d, n":
        "GetDegree",
    "MATCH (d:Dataset)-[r:INPUT]->(e:Execution) RETURN d.id AS d, count(r) AS c, count(*) AS n":
        "GetDegree",
    "MATCH (d:Artifact)-[r]-(e) RETURN d.id AS d, count(e) AS c": "GetDegree",
    "MATCH (d {id: 3})-[r:IN_CONTEXT]->(:Context) RETURN d.id AS d, count(r) AS c": "GetDegree",
    "MATCH (c:PipelineRun)<-[:IN_CONTEXT]-(x:Execution) RETURN c.name AS c, count(x) AS n":
        "GetDegree",
    "MATCH (d:Dataset) OPTIONAL MATCH (d)-[:INPUT]->(e) RETURN d.id AS d, count(e) AS c, "
    "count(*) AS n": "GetDegree",
    "MATCH (d:Dataset)-[:INPUT]->(x)-[:OUTPUT]->(e) RETURN d.id AS d, x.type AS x, count(e) AS c":
        "GetDegree",
    "MATCH (d:Dataset)-[:INPUT]->(x) RETURN DISTINCT d.id AS d": "GetDegree",
    "MATCH (d:Dataset) CALL (d) { MATCH (d)-[:INPUT]->(e) RETURN count(*) AS c } RETURN d.id, c":
        "GetDegree",
    "MATCH (t:Type)-[:EXTENDS]->(b) RETURN t.name AS t, count(b) AS c": "GetDegree",
}  # fmt: skip
_ONE_BY_ONE = [
    "MATCH (a:Artifact) RETURN a.type AS t, count(*) AS c, collect(a.id) AS ids",
    "MATCH (a:Artifact) RETURN a.type AS t, count(*) AS c, sum(a.id) AS s",
    "MATCH (a:Artifact) RETURN a.type AS t, count(DISTINCT a) AS c",
    "MATCH (a:Artifact) WHERE (a)-[:INPUT]->() RETURN a.type AS t, count(*) AS c",
    "MATCH (a:Artifact) RETURN a.type AS t, count(a.accuracy) AS c",
    "MATCH (a:Artifact), (b:Model) RETURN a.type AS t, count(*) AS c",
    "MATCH p = (a:Artifact)-[:INPUT]->() RETURN a.type AS t, count(p) AS c",
    "MATCH (a)-[r:INPUT]->(b) RETURN a.type AS t, max(r.time) AS c",
    "MATCH (a)-[r:INPUT]->(b) WHERE r.path IS NOT NULL RETURN a.type AS t, count(*) AS c",
    "MATCH (a)-[r:INPUT]->(b) WHERE a.id < b.id RETURN a.type AS t, count(*) AS c",
    "MATCH (a)-[r:INPUT]->(a) RETURN count(*) AS c",
    "MATCH (a:Dataset)-[:INPUT]->(b)<-[:INPUT]-(c) RETURN a.id AS a, count(c) AS n",
    "MATCH (a:Dataset)-[:INPUT]->(b {state: 'FAILED'}) RETURN a.id AS a, count(b) AS n",
    "MATCH (a:Dataset)-[:INPUT*1..2]->(b) RETURN a.id AS a, count(b) AS n",
    "MATCH (a:Dataset)-[r:INPUT]->(b) RETURN a.id AS a, count(b), min(r.time) AS n",
    "MATCH (a:Dataset)-[r:INPUT]->(b) RETURN a.id AS a, count(DISTINCT b) AS n",
    "MATCH (a:Artifact) MATCH (a)-[:INPUT]->(b) WITH a, b RETURN a.id, count(b) AS n",
    "MATCH (m:Mark)-[r]->(n) RETURN type(r) AS r, count(*) AS c",
]  # fmt: skip
_DEGREES = [
    "MATCH (d {name: 'a1.0'})-[:INPUT]->(x:Nobody) RETURN count(*) AS n, count(DISTINCT d) AS d",
    "MATCH (d:Artifact) RETURN d.id AS d, COUNT { (d)-[:INPUT]->() } AS c",
    "MATCH (d:Artifact) RETURN d.id AS d, COUNT { (d)<-[:OUTPUT]-(x) } AS c",
    "MATCH (d:Artifact) RETURN d.id AS d, COUNT { (:Train)<-[:INPUT]-(d) } AS c",
    "MATCH (d:!IdBlock&!LineageStore) RETURN d.id AS d, labels(d) AS l, COUNT { (d)--() } AS c",
    "MATCH (d:!IdBlock&!LineageStore) RETURN d.id AS d, labels(d) AS l, "
    "COUNT { (d)-[:INPUT|OUTPUT]-(:Model) } AS c",
    "MATCH (d:Artifact) RETURN d.id AS d, size([(d)-[:INPUT]->(e) | e]) AS c",
    "MATCH (d:Artifact) RETURN d.id AS d, size([(d)-[r:INPUT]->(:Train) | r]) AS c",
    "MATCH (d:Artifact) WHERE NOT (d)-[:INPUT]->() RETURN d.id AS d",
    "MATCH (d:Artifact) WHERE NOT EXISTS { (d)<-[:OUTPUT]-(:Train) } AND d.id > 2 RETURN d.id AS d",
    "MATCH (a)-[:INPUT]->(b) RETURN a.id AS a, b.id AS b, COUNT { (a)-[:INPUT]->(b) } AS c",
    "MATCH (a)-[r:INPUT]->(b) RETURN a.id AS a, COUNT { (a)-[r:INPUT]->() } AS c, "
    "size([(x)<-[:OUTPUT]-(b) | x]) AS d",
    "MATCH (d:Artifact) RETURN [x IN [d, d] | COUNT { (x)-[:INPUT]->() }] AS c, d.id AS d",
    "MATCH (c:Context) OPTIONAL MATCH (c)<-[:OUTPUT]-(n) "
    "RETURN c.id AS c, COUNT { (n)-[:INPUT]->() } AS d, size([(n)-->(m) | m]) AS e, "
    "EXISTS { (n)-->() } AS f",
    "MATCH (a:Artifact) WITH a, COUNT { (a)--() } AS n WHERE n > 1 RETURN a.id AS a, n",
    "MATCH (a:Artifact) RETURN COUNT { (a)-[:INPUT]->() } AS n, count(*) AS c",
    "MATCH (a:Artifact) RETURN a.id AS i ORDER BY COUNT { (a)-->() }, i",
    "MATCH (t:Train) WHERE EXISTS { (t)-[:IN_CONTEXT]->(:Context) } RETURN count(t) AS c",
    "MATCH (n) WHERE COUNT { (n)-[:IN_CONTEXT|INPUT]->() } > 1 RETURN n.id AS n, labels(n) AS l",
]  # fmt: skip


@pytest.fixture
def filled(store: Store) -> Store:
    made = Store(store.backend, clock=Clock())
    random_graph(made, 8, steps=15)
    return made


@pytest.mark.backends("memory", "sqlite")
@pytest.mark.parametrize("query", _COUNTED)
def test_counted_by_the_store(filled: Store, query: str) -> None:
    assert _COUNTED[query] in str(filled.explain(query, profile=True))


@pytest.mark.backends("memory", "sqlite")
@pytest.mark.parametrize("query", _ONE_BY_ONE)
def test_looked_at_one_by_one(filled: Store, query: str) -> None:
    plan = str(filled.explain(query))
    assert not any(counting in plan for counting in _COUNTED.values()), plan


@pytest.mark.backends("memory", "sqlite")
def test_what_chance_decides_is_asked_of_each(url: str) -> None:
    with lineage.connect(url) as store:
        store.put_all(Artifact(type="Dataset", name=f"d{n}") for n in range(200))
        for query in (
            "MATCH (d:Dataset) RETURN toInteger(rand() * 10) AS part, count(*) AS c",
            "MATCH (d:Dataset) RETURN DISTINCT toInteger(rand() * 10) AS part",
            "MATCH (d:Dataset) WHERE rand() < 0.5 RETURN count(*) AS c, 1 AS part",
        ):
            rows = store.query(query).rows
            assert len(rows) > 1 or 0 < rows[0][0] < 200, query


@pytest.mark.backends("memory", "sqlite")
def test_degrees_of_many_nodes_are_asked_for_at_once(url: str) -> None:
    with lineage.connect(url) as store:
        for n in range(60):
            store.record(
                Execution(type="Train", name=f"t{n}"),
                inputs={"data": Artifact(type="Dataset", name=f"d{n % 40}")},
                outputs={"model": Artifact(type="Model", name=f"m{n}")},
            )
        for query in (
            "MATCH (d:Dataset) RETURN d.name, COUNT { (d)-[:INPUT]->(:Train) } AS c",
            "MATCH (d:Dataset) WHERE NOT (d)-[:INPUT]->() RETURN count(d) AS c",
            "MATCH (d:Dataset)-[:INPUT]->(t) RETURN d.name, count(t) AS c",
        ):
            plan = store.explain(query, profile=True)
            assert sum(step.hits or 0 for step in plan) <= 100, str(plan)


def test_as_neo4j_answers(tmp_path: Path, neo4j_server: Neo4jForTests) -> None:
    with askers(51, tmp_path, neo4j_server.url) as found:
        native = found.pop("neo4j")
        asked = (*_COUNTED, *_ONE_BY_ONE, *_DEGREES)
        expected = {query: native.forms(query) for query in asked}
        different = [
            (name, query)
            for query in asked
            for name, asker in found.items()
            if not same(asker.forms(query), expected[query], query)
        ]
    assert not different


@pytest.mark.backends("memory", "sqlite")
def test_what_readers_count(filled: Store) -> None:
    with filled.backend.read() as reader:
        events = reader.events()
        types = {
            kind: {n.id or 0: n.type_id or 0 for n in reader.find(kind, Filter())} for kind in Kind
        }
        artifacts, executions = (
            sorted({*types[k].values()}) for k in (Kind.ARTIFACT, Kind.EXECUTION)
        )
        for flow in (None, *Flow):
            for mine in (None, [], artifacts[:1], artifacts):
                for other in (None, executions[:2]):
                    expected: dict[tuple[int | None, int | None, EventType], int] = {}
                    for e in events:
                        a, x = (
                            types[Kind.ARTIFACT][e.artifact_id],
                            types[Kind.EXECUTION][e.execution_id],
                        )
                        if (
                            flow in (None, e.type.flow)
                            and (mine is None or a in mine)
                            and (other is None or x in other)
                        ):
                            key = (mine and a, other and x, e.type)
                            expected[key] = expected.get(key, 0) + 1
                    found = reader.count_events(flow, mine, other)
                    assert {tuple(key): count for *key, count in found} == expected
        for flow in Flow:
            for kind, among in ((Kind.ARTIFACT, executions[:2]), (Kind.EXECUTION, artifacts[:2])):
                ids = [*types[kind], 999]
                everyone = dict(reader.degrees(kind, ids, flow))
                assert sum(everyone.values()) == sum(e.type.flow is flow for e in events)
                some = dict(reader.degrees(kind, ids, flow, among))
                assert all(some.get(id, 0) <= everyone.get(id, 0) for id in ids)
                assert dict(reader.degrees(kind, ids[:1], flow)).items() <= everyone.items()
                assert reader.degrees(kind, ids, flow, []) == []
        for kind in (Kind.ARTIFACT, Kind.EXECUTION):
            members = reader.members_of(list(types[Kind.CONTEXT]), kind)
            assert sum(count for *_, count in reader.count_members(kind)) == len(members)
        states = reader.count_fields(Kind.EXECUTION, Filter(type_ids=executions[:1]), ("state",))
        assert sum(count for *_, count in states) == sum(
            t == executions[0] for t in types[Kind.EXECUTION].values()
        )
