"""Ad-hoc queries on Neo4j itself: what may run, what is stopped, what comes back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

import lineage
from lineage import Artifact, Context, Event, EventType, Execution, Store
from lineage.errors import InvalidInput, InvalidQuery, QueryRefused, QueryStopped
from lineage.model.graph import Link, Vertex, Walk
from lineage.opencypher.values import memory_estimate
from lineage.ports.query import QueryRows
from tests.conformance.readable import listing
from tests.neo4j_for_tests import driver
from tests.queries.hostile import REFUSED, RUNAWAY, Hostile


@pytest.fixture
def store(neo4j_url: str) -> Iterator[Store]:
    with lineage.connect(neo4j_url) as opened:
        opened.record(
            Execution(type="Train", name="t", custom_properties={"lr": 0.5}),
            inputs={"examples": Artifact(type="Dataset", name="raw", uri="s3://raw")},
            outputs={"model": Artifact(type="Model", name="m", custom_properties={"tags": ["a"]})},
            contexts=[Context(type="PipelineRun", name="monday")],
            time_ms=1_000,
        )
        yield opened


def query(store: Store, cypher: str, **parameters: Any) -> QueryRows:
    return store.backend.query(cypher, parameters, limit=100, timeout=300)


def server_says(url: str, cypher: str) -> list[list[Any]]:
    with driver(url) as bare, bare.session() as session:
        return [record.values() for record in session.run(cypher)]  # type: ignore[arg-type]


def state(store: Store, url: str) -> list[Any]:
    """All that is stored, and what the server has beside it."""
    return [
        listing(store),
        server_says(url, "MATCH (n) RETURN labels(n), properties(n) ORDER BY elementId(n)"),
        sorted(server_says(url, "SHOW INDEXES YIELD name")),
        sorted(server_says(url, "SHOW CONSTRAINTS YIELD name")),
        sorted(server_says(url, "SHOW USERS YIELD user")),
        sorted(server_says(url, "CALL db.labels()")),
        sorted(server_says(url, "CALL db.propertyKeys()")),
    ]


def test_the_hostile_are_refused_and_change_nothing(store: Store, neo4j_url: str) -> None:
    before = state(store, neo4j_url)
    for hostile in REFUSED:
        with pytest.raises(InvalidInput) as refused:
            store.backend.query(hostile.cypher, hostile.parameters, limit=10, timeout=300)
        assert len(str(refused.value)) < 2_000, hostile
    assert state(store, neo4j_url) == before


@pytest.mark.parametrize("hostile", RUNAWAY, ids=str)
def test_the_runaways_are_stopped(store: Store, hostile: Hostile) -> None:
    began = time.monotonic()
    with suppress(InvalidInput, QueryStopped):
        store.backend.query(hostile.cypher, hostile.parameters, limit=10, timeout=0.5)
    # Far beyond the deadline and the grace, but for a machine that is busy with other things.
    assert time.monotonic() - began < 60
    assert query(store, "MATCH (n:Artifact) RETURN count(n)").rows == [(2,)]


@pytest.mark.parametrize(
    ("cypher", "said"),
    [
        ("CREATE (n)", "Create"),
        ("MATCH (n) WHERE false SET n.evil = 1", "it answers no rows"),
        ("LOAD CSV FROM 'file:///x' AS l RETURN l", "LOAD CSV reads files and URLs"),
        ("RETURN [i IN [1] | COLLECT { LOAD CSV FROM 'file:///x' AS l RETURN l }]", "LOAD CSV"),
        ("CALL dbms.listConfig()", "the procedure dbms.listConfig"),
        ("MATCH (n) CALL (n) { RETURN 1 AS y } IN TRANSACTIONS RETURN y", "commits on its own"),
        ("SHOW TRANSACTIONS", "ShowTransactions"),
        ("CREATE USER x SET PASSWORD 'xxxxxxxxx'", "administration command"),
        ("DROP CONSTRAINT lineage_artifact_id", "DropConstraint"),
    ],
)
def test_a_refusal_gives_its_reason(store: Store, cypher: str, said: str) -> None:
    with pytest.raises(QueryRefused, match=said):
        query(store, cypher)


@pytest.mark.parametrize(
    "cypher",
    [
        "CALL db.labels() YIELD label RETURN label",
        "CALL db.schema.visualization() YIELD nodes RETURN size(nodes)",
        "RETURN date.truncate('month', date('2020-02-03')) AS d",
        "MATCH (n) RETURN [x IN [1, 2] | COUNT { (n)-->() }] AS c",
        "MATCH (n) WHERE EXISTS { (n)-[:OUTPUT]->(:Model) } RETURN n.name",
        "MATCH (n) WHERE n.load = 'LOAD CSV' OR n.call = 'CALL dbms.listConfig()' RETURN n",
        "CYPHER runtime = slotted MATCH (n) RETURN n LIMIT 1;",
        "MATCH p = shortestPath((a:Dataset)-[:INPUT|OUTPUT*]->(b:Model)) RETURN p",
        "MATCH (a:Dataset) MATCH p = ANY SHORTEST (a)(()-[:INPUT|OUTPUT]->())+(:Model) RETURN p",
        "MATCH (a:Dataset {name: $name})-[:INPUT|OUTPUT*]->(m:Model) RETURN DISTINCT m.name",
        "CALL (*) { MATCH (n:Model) RETURN count(n) AS c UNION MATCH (n) RETURN count(n) AS c } "
        "RETURN sum(c)",
        "MATCH (a)-[r]-(b) OPTIONAL MATCH (b)-[s:IN_CONTEXT]->(c) "
        "WITH a, collect(DISTINCT c) AS cs UNWIND cs AS c RETURN a.name ORDER BY a.name LIMIT 5",
        "MATCH ()-[r:INPUT]->() WHERE r.time > 5 RETURN count(r)",
        "MATCH (a:Artifact), (b:Execution) WHERE a.name = b.name RETURN a, b",
    ],
)
def test_what_only_reads_runs(store: Store, cypher: str) -> None:
    assert query(store, cypher, name="raw").complete


def test_nodes_events_and_paths_are_ours(store: Store) -> None:
    raw, model, train = (
        store.artifact("Dataset:raw"),
        store.artifact("Model:m"),
        store.execution("Train:t"),
    )
    run = store.context("PipelineRun:monday")
    answer = query(
        store,
        "MATCH p = (a:Dataset)-[i:INPUT]->(x)-[o:OUTPUT]->(m)-[c:IN_CONTEXT]->(r) "
        "RETURN a, i, p, [x, {model: m}] AS both, c, [c] AS links",
    )
    assert answer.columns == ("a", "i", "p", "both", "c", "links")
    assert answer.complete
    [(a, i, p, both, c, links)] = answer.rows
    [given, made] = store.events(execution=train.id)
    assert a == raw
    assert (
        i
        == given
        == Event(
            artifact_id=raw.id,
            execution_id=train.id,
            type=EventType.INPUT,
            path=("examples",),
            time_ms=1_000,
            recorded_ms=given.recorded_ms,
        )
    )
    member = Link("IN_CONTEXT", model, run, {})
    assert p == Walk((raw, train, model, run), (given, made, member))
    assert len(p) == 3
    assert both == [train, {"model": model}]
    assert (c, links) == (member, [member])


def test_other_nodes_are_vertices(store: Store) -> None:
    [(found,)] = query(store, "MATCH (t:Type {name: 'Model'}) RETURN t").rows
    assert isinstance(found, Vertex)
    assert found.labels == ("Type",)
    assert found.properties["kind"] == "artifact"


def test_values_come_back(store: Store) -> None:
    values = [
        None,
        True,
        2**63 - 1,
        -(2**63),
        1.5,
        "é🦊",
        b"\x00\xff",
        [1, [2]],
        {"a": {"b": None}},
    ]
    assert query(store, "RETURN $values AS v", values=values).rows == [(values,)]
    [row] = query(
        store,
        "RETURN date('2020-02-03'), localdatetime('2020-02-03T04:05:06.123456789'), "
        "datetime('2020-02-03T04:05:06+01:00'), duration('P1M2DT3S'), point({x: 1, y: 2, z: 3})",
    ).rows
    *times, point = row
    assert [str(value) for value in times] == [
        "2020-02-03",
        "2020-02-03T04:05:06.123456789",
        "2020-02-03T04:05:06+01:00",
        "P1M2DT3S",
    ]
    assert point == {"x": 1.0, "y": 2.0, "z": 3.0, "srid": 9157}


def test_rows_are_cut_at_the_limit_and_the_answer_says_so(store: Store) -> None:
    def ask(limit: int | None) -> QueryRows:
        return store.backend.query("UNWIND range(1, 5) AS x RETURN x", {}, limit=limit, timeout=60)

    assert (len(ask(3).rows), ask(3).complete) == (3, False)
    assert (len(ask(5).rows), ask(5).complete) == (5, True)
    assert (len(ask(0).rows), ask(0).complete) == (0, False)
    assert (len(ask(None).rows), ask(None).complete) == (5, True)
    # Of rows without end, no more are fetched than were asked for.
    endless = store.backend.query(
        "UNWIND range(1, 9000000000000) AS x RETURN x", {}, limit=3, timeout=60
    )
    assert (endless.rows, endless.complete) == ([(1,), (2,), (3,)], False)
    cut = store.backend.query("MATCH ()-[r:IN_CONTEXT]->() RETURN r", {}, limit=1, timeout=60)
    assert isinstance(cut.rows[0][0], Link)


@pytest.mark.parametrize(
    ("cypher", "said"),
    [
        ("MATCH (n RETURN n", r"line 1, column 10"),
        ("RETURN 1 AS x\nMATCH oops", r"line 2, column 1"),
        ("MATCH (n) RETRUN n", r"Invalid input 'RETRUN' \(line 1, column 11\)$"),
        ("RETURN 1; RETURN 2", r"exactly one statement per query but got: 2$"),
        ("RETURN duration({days: 'a'})", "days must be a number"),
        ("MATCH (n) RETURN", r"the query ends too early: expected"),
        ("RETURN $gone", "gone"),
        ("RETURN 1 / 0", "by zero"),
        ("RETURN nope", "nope"),
        ("RETURN toInteger([1])", "toInteger"),
        ("EXPLAIN PROFILE RETURN 1", "conflicting"),
        ("", "Unexpected end of input"),
    ],
)
def test_a_wrong_query_is_the_callers_mistake(store: Store, cypher: str, said: str) -> None:
    with pytest.raises(InvalidQuery, match=said):
        query(store, cypher)


def test_the_deadline_stops_it_on_the_server(store: Store, neo4j_url: str) -> None:
    with pytest.raises(QueryStopped, match=r"deadline of 0\.5 s"):
        store.backend.query(
            "UNWIND range(1, 100000) AS a UNWIND range(1, 10000000) AS b RETURN count(*)",
            {},
            timeout=0.5,
        )
    _wait_until_nothing_runs(neo4j_url)


def test_memory_is_bounded(store: Store) -> None:
    with pytest.raises(QueryStopped, match=r"memory|deadline"):
        store.backend.query(
            "UNWIND range(1, 1000000000) AS x RETURN collect([x, x + 1]) AS xs", {}, timeout=60
        )
    assert query(store, "RETURN 1").rows == [(1,)]


def _wait_until_nothing_runs(url: str) -> None:
    deadline = time.monotonic() + 300
    while _running(url):
        assert time.monotonic() < deadline


def _running(url: str) -> list[Any]:
    return server_says(
        url,
        "SHOW TRANSACTIONS YIELD currentQuery, metaData "
        "WHERE metaData.lineage_query IS NOT NULL AND currentQuery STARTS WITH 'UNWIND' "
        "RETURN currentQuery",
    )


def test_an_answer_that_grows_too_heavy_is_stopped_under_profile_too(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_estimate, "MOST", 500)
    for prefix in ("", "PROFILE "):
        with pytest.raises(QueryStopped, match="more than 500 values"):
            store.query(f"{prefix}UNWIND range(1, 5000) AS x RETURN x")
    assert store.query("PROFILE RETURN 1").rows == [(1,)]


def test_other_backends_say_that_they_have_no_cypher() -> None:
    with lineage.connect("memory://") as store:
        assert not store.backend.capabilities.cypher
        with pytest.raises(NotImplementedError):
            store.backend.query("RETURN 1", {})
