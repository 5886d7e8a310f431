"""EXPLAIN and PROFILE: what a query would do, what it did, and that neither opens a door."""

from __future__ import annotations

import json
import time

import pytest

from lineage import Artifact, Context, Execution, Step, Store
from lineage.errors import InvalidInput, InvalidQuery, InvalidValue, QueryStopped, Unsupported
from lineage.model.query_plan import Operator
from lineage.questions.query_plan import QueryPlan
from tests.conformance.readable import listing
from tests.neo4j_for_tests import replanned
from tests.queries.hostile import REFUSED

_ENDLESS = (
    "UNWIND range(1, 1000000) AS a UNWIND range(1, 1000000) AS b "
    "MATCH (n), (m) RETURN a, b, n, m ORDER BY a + b"
)


@pytest.fixture
def small(store: Store, url: str) -> Store:
    store.record_steps(
        Step(
            execution=Execution(type="Train", name=f"t{n}", custom_properties={"lr": 0.5}),
            inputs={"examples": Artifact(type="Dataset", name="raw", uri="s3://raw")},
            outputs={"model": Artifact(type="Model", name=f"m{n}")},
            contexts=[Context(type="PipelineRun", name="monday")],
        )
        for n in range(6)
    )
    # So that an index is worth it.
    store.put_all(Artifact(type="File", name=f"f{n}", uri=f"s3://f{n}") for n in range(60))
    if store.backend.capabilities.cypher:
        replanned(url)
    return store


def names(plan: QueryPlan) -> str:
    return " ".join(operator.name for operator in plan)


def shape(operator: Operator) -> object:
    return (operator.name, operator.details, tuple(map(shape, operator.children)))


def test_where_a_query_starts(small: Store) -> None:
    for cypher in (
        "MATCH (d:Artifact {name: $name})-[:INPUT]->(x) RETURN x.name AS n",
        "MATCH (n:Artifact {id: $name}) RETURN n",
        "MATCH (d:Artifact)-[:INPUT|OUTPUT*]->(m:Model) WHERE d.uri = $name RETURN DISTINCT m",
        "MATCH (m:Artifact) WHERE m.name IN [$name, 'm1'] RETURN m.uri",
        "MATCH (m:Artifact) WHERE m.name = $name OR m.name = 'm1' OR 'm2' = m.name RETURN m.uri",
    ):
        plan = small.explain(cypher)
        assert "IndexSeek" in names(plan), str(plan)
        assert "Scan" not in names(plan), str(plan)
    for cypher in (
        "MATCH (n) WHERE n.lr > 0.1 RETURN n",
        "MATCH (m:Model) RETURN m.name",
        "MATCH (m:Model) WHERE m.name CONTAINS $name RETURN m.name",
        "MATCH ()-[e:INPUT]->() RETURN count(DISTINCT e.time) AS c",
    ):
        plan = small.explain(cypher)
        assert "Scan" in names(plan), str(plan)
        assert "Seek" not in names(plan), str(plan)


def test_what_is_walked_and_said(small: Store) -> None:
    plan = small.explain(
        "MATCH (d:Artifact {id: $id})-[:INPUT|OUTPUT*]->(m:Model) RETURN DISTINCT m.id AS name"
    )
    assert not plan.profiled
    assert plan.row_count is None
    assert (plan.root.name, plan.root.details) == ("ProduceResults", "name")
    [walk] = [operator for operator in plan if operator.name.startswith("VarLengthExpand")]
    assert "Pruning,BFS" in walk.name
    assert "INPUT|OUTPUT*" in walk.details
    [seek] = [operator for operator in plan if "Seek" in operator.name]
    assert not seek.children
    assert seek.estimated_rows is not None
    assert all(o.rows is o.hits is o.milliseconds is None for o in plan)


def test_a_prefix_is_read_as_cypher_reads_it(small: Store) -> None:
    asked = "MATCH (m:Model) RETURN m.name AS explain ORDER BY explain // PROFILE"
    explained = str(small.explain(asked))
    prefixes = ["{} ", "{}\n", " \t// first\n/* EXPLAIN */ {}/**/", "\u2003{}\u00a0"]
    if small.backend.capabilities.cypher:
        prefixes += ["CYPHER 5 {} ", "CYPHER runtime = slotted {} ", "{} CYPHER runtime=slotted "]
    for prefix in prefixes:
        for word in ("EXPLAIN", "explain", "Explain"):
            result = small.query(prefix.format(word) + asked)
            assert result.plan is not None
            assert (result.columns, list(result.rows)) == (("explain",), [])
            assert str(result.plan) == str(small.explain(prefix.format(word) + asked)) == explained
        ran = small.query(prefix.format("Profile") + asked)
        assert ran.plan is not None
        assert ran.plan.row_count == 6
        assert ran.rows == [(f"m{n}",) for n in range(6)]


def test_the_word_elsewhere_is_no_prefix(store: Store) -> None:
    for cypher in (
        "RETURN 'EXPLAIN RETURN 1' AS x",
        "// EXPLAIN\nRETURN 1 AS x",
        "/* PROFILE */ RETURN 1 AS x",
        "WITH 1 AS EXPLAIN RETURN EXPLAIN AS x",
    ):
        result = store.query(cypher)
        assert result.plan is None
        assert len(result) == 1
        assert store.explain(cypher).row_count is None


def test_places_in_errors_stay_what_they_are(store: Store) -> None:
    for prefix in ("EXPLAIN", "PROFILE"):
        with pytest.raises(InvalidQuery, match=r"line 2, column 10"):
            store.query(f"{prefix}\nMATCH (n RETURN n")
        with pytest.raises(InvalidQuery, match=r"line 1, column 18"):
            store.query(f"{prefix} MATCH (n RETURN n")
        with pytest.raises(InvalidQuery, match=r"can't stand here.*line 2, column 1"):
            store.query(f"{prefix}\nexplain RETURN 1")


def test_what_contradicts_itself(store: Store) -> None:
    with pytest.raises(InvalidQuery, match="begins with PROFILE"):
        store.explain("PROFILE RETURN 1")
    with pytest.raises(InvalidQuery, match="begins with EXPLAIN"):
        store.explain("EXPLAIN RETURN 1", profile=True)
    for wrong in ("EXPLAIN", "PROFILE // RETURN 1", ""):
        with pytest.raises(InvalidQuery):
            store.query(wrong)
    with pytest.raises(InvalidValue, match="limit is -1"):
        store.explain("RETURN 1", profile=True, limit=-1)


def test_explaining_needs_no_values_and_profiling_does(small: Store) -> None:
    asked = "MATCH (m:Model {name: $name}) RETURN m.uri SKIP $few LIMIT $many"
    assert "$name" in str(small.explain(asked))
    assert small.query(f"EXPLAIN {asked}", name="m1").plan is not None
    with pytest.raises(InvalidQuery, match=r"few|many"):
        small.explain(asked, profile=True, name="m1")


def test_a_profile_counts_the_rows_of_the_query(small: Store) -> None:
    for cypher in (
        "MATCH (m:Model) RETURN m.name",
        "MATCH (d:Dataset {name: 'raw'})-[:INPUT]->()-[:OUTPUT]->(m) RETURN m",
        "MATCH (d:Dataset {name: 'raw'})-[:INPUT|OUTPUT*]->(m:Model) RETURN DISTINCT m.name",
        "MATCH (n) RETURN labels(n) AS l, count(*) AS c ORDER BY c DESC LIMIT 2",
        "MATCH (m:Model) OPTIONAL MATCH (m)-[:INPUT]->(x) RETURN m, x",
        "MATCH (m:Model) WHERE EXISTS { (m)<-[:OUTPUT]-(:Train) } RETURN m.name",
        "MATCH (m:Model) RETURN m.name, [(m)<--(t) | t.name] AS ts",
        "MATCH (m:Model) CALL (m) { MATCH (m)<--(t) RETURN t } RETURN t.name",
        "MATCH (m:Model) RETURN m.name AS x UNION MATCH (d:Dataset) RETURN d.name AS x",
        "MATCH (m:Model) WHERE m.name = 'nobody' RETURN m",
        "UNWIND [1, 2, 3] AS x RETURN x",
        "RETURN 1 AS x",
    ):
        expected = small.query(cypher)
        result = small.query(f"PROFILE {cypher}")
        assert sorted(map(repr, result.rows)) == sorted(map(repr, expected.rows))
        plan = result.plan
        assert plan is not None
        assert plan.profiled
        assert plan.complete
        assert plan.row_count == plan.root.rows == len(expected)
        assert all(o.rows is not None and o.hits is not None for o in plan)
        assert shape(small.explain(cypher).root) == shape(plan.root)


def test_a_profile_says_what_was_read(small: Store) -> None:
    def hits(cypher: str) -> int:
        return sum(o.hits or 0 for o in small.explain(cypher, profile=True))

    anchored = hits("MATCH (m:Model {name: 'm3'}) RETURN m.name")
    scanned = hits("MATCH (m) WHERE m.lr = 0.5 OR m.name = 'm3' RETURN m.name")
    assert 0 < anchored < scanned


def test_limits_hold_under_profile(small: Store) -> None:
    asked = "MATCH (m:Model) RETURN m.name"
    for limit, complete in ((0, False), (4, False), (6, True), (None, True)):
        plan = small.explain(asked, profile=True, limit=limit)
        expected = 6 if limit is None else limit
        assert (plan.row_count, plan.complete) == (expected, complete)
        result = small.query(f"PROFILE {asked}", limit=limit)
        assert (len(result), result.complete) == (expected, complete)
    many = small.explain("UNWIND range(1, 3000) AS x RETURN x", profile=True, limit=3)
    assert (many.row_count, many.complete) == (3, False)


def test_a_profile_is_stopped_at_its_deadline(small: Store) -> None:
    # A machine that is busy with other things may give it little of half a second.
    for timeout in (0.5, 5, 50):
        began = time.monotonic()
        with pytest.raises(QueryStopped, match=rf"deadline of {timeout:g} s") as stopped:
            small.explain(_ENDLESS, profile=True, timeout=timeout)
        # Far beyond the deadline, for the same reason.
        assert time.monotonic() - began < timeout + 60
        plan = stopped.value.plan
        if small.backend.capabilities.cypher:
            # Neo4j tells nothing of what was not run to its end.
            assert plan is None
            return
        assert (plan.profiled, plan.row_count, plan.complete) == (True, 0, False)
        assert shape(plan.root) == shape(small.explain(_ENDLESS).root)
        [scan] = [operator for operator in plan if operator.details == "m, for each row"]
        if scan.rows > 0 and sum(operator.milliseconds for operator in plan) > 500 * timeout:
            return
    raise AssertionError(str(plan))


@pytest.mark.backends("memory", "sqlite")
def test_a_profile_is_bounded_in_memory(store: Store) -> None:
    """Neo4j's own bound is tried with plain queries: tests/queries/test_neo4j.py."""
    with pytest.raises(QueryStopped, match="hold more than"):
        store.explain("UNWIND range(1, 5000000) AS x RETURN x", profile=True)


def test_explaining_an_endless_query_runs_nothing(small: Store) -> None:
    plan = small.explain(_ENDLESS)
    assert {"Unwind", "Sort"} <= {operator.name for operator in plan}


def test_the_hostile_are_refused_under_both(small: Store) -> None:
    before = listing(small)
    for hostile in REFUSED:
        for prefix in ("EXPLAIN ", "PROFILE "):
            with pytest.raises(InvalidInput) as refused:
                small.query(prefix + hostile.cypher, hostile.parameters, limit=10, timeout=300)
            assert len(str(refused.value)) < 2_000, hostile
    assert listing(small) == before


def test_the_table_fits_and_json_is_whole(small: Store) -> None:
    asked = (
        "MATCH (d:Artifact {name: 'raw'})-[:INPUT|OUTPUT*]->(m:Model) "
        "WHERE EXISTS { (m)<-[:OUTPUT]-(:Train) } AND m.name STARTS WITH 'm' "
        "OPTIONAL MATCH (m)-[:IN_CONTEXT]->(c) "
        "RETURN m.name AS name, collect(DISTINCT c.name) AS contexts ORDER BY name LIMIT 3"
    )
    for profile in (False, True):
        plan = small.explain(asked, profile=profile)
        for width in (80, 100, 160):
            lines = plan.to_text(width).splitlines()
            assert max(map(len, lines)) <= width
            assert sum("+" in line.split("  ")[0] for line in lines) == len(list(plan))
        told = json.loads(plan.to_json())
        assert told == plan.to_dict()
        assert told["profiled"] == profile
        waiting, met = [told["plan"]], 0
        while waiting:
            one = waiting.pop()
            met += 1
            waiting += one["children"]
        assert met == len(list(plan))


@pytest.mark.backends("memory")
def test_a_plan_too_deep_for_json_says_so(store: Store) -> None:
    unwinds = " ".join(f"UNWIND [1] AS x{n}" for n in range(400))
    plan = store.explain(f"{unwinds} RETURN 1 AS y")
    assert len(plan.to_text().splitlines()) == 403
    with pytest.raises(Unsupported, match="300 operators"):
        plan.to_json()


def test_a_notebook_shows_the_table(small: Store) -> None:
    cypher = "MATCH (m:Model) WHERE m.name < 'x<i>' RETURN m.name AS name"
    plan = small.explain(cypher)
    shown = plan._repr_html_()
    assert shown.startswith("<pre>OPERATOR")
    assert "<i>" not in shown
    assert all(operator.name in shown for operator in plan)
    # A query that begins with the word is answered with the same.
    assert small.query(f"EXPLAIN {cypher}")._repr_html_() == shown
