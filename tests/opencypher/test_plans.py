"""A plan is what is run: no step runs that it does not show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

import lineage
from lineage import Artifact, Execution, Store
from lineage.opencypher.api import run
from lineage.opencypher.execution.operators import (
    PhysicalOperator,
    PlacedOperator,
    Profile,
    draw_plan,
)
from lineage.queries.profiled_reader import profile_reader
from lineage.queries.store_graph import StoreGraph
from tests.opencypher.cookbook import recipes
from tests.opencypher.generated_queries import QueryMaker
from tests.opencypher.generated_scope import PARAMETERS
from tests.opencypher.lineage_graphs import Clock, random_graph, story

_INSIDE = [
    "MATCH (a:Artifact) RETURN [x IN [a] WHERE (x)-[:INPUT]->() | [(x)-->(y) | y.name]] AS xs",
    "MATCH (a) WHERE EXISTS { (a)-->(b) WHERE COUNT { (b)-->() } > 0 } RETURN a",
    "MATCH (a) RETURN a ORDER BY COUNT { (a)--() }, [(a)-->(b) | b.id]",
    "MATCH (a)-->(b) WITH b, count(a) AS c WHERE EXISTS { (b)--(x) WHERE x.id = c } RETURN b, c",
    "UNWIND [1, 2] AS x CALL (x) { MATCH (n {id: x}) RETURN n UNION MATCH (n) WHERE n.id = x + 1 "
    "RETURN n } OPTIONAL MATCH (n)-[:INPUT|OUTPUT*]->(m) RETURN x, n, count(DISTINCT m)",
    "MATCH (a:Artifact) CALL { WITH a MATCH (a)--(b) RETURN b } RETURN a, b",
    "MATCH (a:Artifact) CALL { MATCH (b:Context) RETURN b } RETURN count(*) AS c",
    "MATCH (a)-[r]->(b) MATCH (c)-[r]->(d) RETURN count(*) AS c",
    "MATCH (a)-[rs*1..2]->(b) MATCH (x)-[rs*]->(y) RETURN count(*) AS c",
    "MATCH p = (a)-[:INPUT|OUTPUT*]->(b) RETURN min(length(p)) AS l, b",
    "MATCH (a:Artifact), (b:Artifact) WHERE (a)-[:INPUT|OUTPUT*]->(b) RETURN count(*) AS c",
    "MATCH p = shortestPath((a:Artifact)-[:INPUT|OUTPUT*]->(b:Artifact)) RETURN length(p) AS l",
    "MATCH p = ANY SHORTEST (a:Artifact)(()-[:INPUT]->()-[:OUTPUT]->())+(b) RETURN length(p) AS l",
    "MATCH (a) WITH a ORDER BY a.id SKIP 1 LIMIT 3 WHERE (a)--() RETURN DISTINCT a.type AS t",
    "RETURN reduce(n = 0, x IN [1, 2] | n + COUNT { MATCH (a {id: x}) RETURN a }) AS n",
    "MATCH (a) RETURN CASE WHEN any(x IN [a] WHERE (x)-->()) THEN 1 ELSE 2 END AS kind",
]


@pytest.fixture(scope="module", params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("plans")
    url = "memory://plans" if request.param == "memory" else f"sqlite:///{folder}/lineage.db"
    with lineage.connect(url) as opened:
        made = Store(opened.backend, clock=Clock())
        random_graph(made, 7, steps=5)
        yield made


def all_steps(placed: Sequence[PlacedOperator]) -> Iterator[PhysicalOperator]:
    for step, names in placed:
        yield step
        for inner in step.inner:
            yield from all_steps(inner.steps(names | inner.local))


def check(store: Store, query: str, parameters: Mapping[str, Any]) -> int:
    """How many steps ran."""
    profile = Profile()
    with store.backend.read() as reader:
        graph = StoreGraph(profile_reader(reader, profile))
        result = run(graph, query, parameters, profile=profile)
        explained = str(draw_plan(result.steps()))
        planned = set(all_steps(result.steps()))
        rows = list(result.rows)
        assert profile.steps() <= planned, query
        assert set(all_steps(result.steps())) == planned, query
        top = draw_plan(result.steps(), profile)
        assert top is not None
        assert top.rows == len(rows), query
    with store.backend.read() as reader:
        assert len(list(run(StoreGraph(reader), query, parameters).rows)) == len(rows), query
        again = run(StoreGraph(reader), query, parameters)
        assert str(draw_plan(again.steps())) == explained, query
    return len(profile.steps())


def test_the_cookbook() -> None:
    with lineage.connect("memory://plans-of-recipes") as opened:
        store = Store(opened.backend, clock=Clock())
        story(store)
        for recipe in recipes():
            assert check(store, recipe.query, recipe.parameters) >= 1


@pytest.mark.parametrize("query", _INSIDE)
def test_queries_inside_queries(store: Store, query: str) -> None:
    assert check(store, query, {}) > 1


def test_generated_queries(store: Store) -> None:
    maker = QueryMaker(11)
    for _ in range(40):
        check(store, maker.query(), PARAMETERS)


def chain(store: Store, steps: int) -> None:
    """d0 -> s1 -> d1 -> s2 -> … : one step after another."""
    for n in range(1, steps + 1):
        store.record(
            Execution(type="Split", name=f"s{n}"),
            inputs={"in": Artifact(type="Dataset", name=f"d{n - 1}")},
            outputs={"out": Artifact(type="Dataset", name=f"d{n}")},
        )


@pytest.mark.backends("memory", "sqlite")
def test_a_search_for_shortest_paths_is_one_search(url: str) -> None:
    """From one node to all others, or between two that an index finds."""
    with lineage.connect(url) as store:
        chain(store, 30)
        for asked in (
            "SHORTEST 1 (a:Dataset {name: 'd0'})-[:INPUT|OUTPUT]->+(b)",
            "ANY (a:Dataset {name: 'd0'})-[:INPUT|OUTPUT]->+(b)",
            "shortestPath((a:Dataset {name: 'd0'})-[:INPUT|OUTPUT*]->(b))",
            "SHORTEST 1 (b)<-[:INPUT|OUTPUT]-+(a:Dataset {name: 'd0'})",
        ):
            plan = store.explain(f"MATCH p = {asked} RETURN length(p) AS l", profile=True)
            [search] = [o for o in plan if "ShortestPath" in o.name]
            assert search.rows == 60
            assert search.hits is not None
            assert search.hits <= 2 * 60, str(plan)
        for asked in (
            "SHORTEST 1 (a:Dataset {name: 'd0'})-[:INPUT|OUTPUT]->+(b {name: 'd9'})",
            "shortestPath((a:Dataset {name: 'd0'})-[:INPUT|OUTPUT*]->(b:Dataset {name: 'd9'}))",
        ):
            plan = store.explain(f"MATCH p = {asked} RETURN length(p) AS l", profile=True)
            assert [o.name for o in plan].count("NodeIndexSeek") == 2, str(plan)
            [search] = [o for o in plan if "ShortestPath" in o.name]
            assert search.rows == 1
            assert search.hits is not None
            assert search.hits <= 4 * 18, str(plan)


@pytest.mark.parametrize(
    "either",
    [
        "n.id = 2 OR n.id = 5 OR 7.0 = n.id",
        "n.name = 'a1.0' OR n.name = null OR n.name = 'step2' OR n.name = 'a1.0'",
        "n.name = 'a1.0' OR n.id = 3",
        "n.name = n.uri OR n.name = 'a1.0'",
        "n.id = 2 OR n.id > 4",
        "(n.id = 2 OR n.id = 3) AND (n.name = 'a1.0' OR n.name = 'a2.0' OR n.name = 'step1')",
        "NOT (n.id = 2 OR n.id = 3)",
        "n.id = m.id OR n.id = m.id + 1",
    ],
)
def test_either_of_several_values(store: Store, either: str) -> None:
    """Found by an index or not, it is the same."""
    for pattern in ("MATCH (n), (m:Model)", "MATCH (n:Artifact), (m:Model)", "MATCH (n)--(m)"):
        for end in ("RETURN n, m", "RETURN count(DISTINCT n) AS c"):
            found = store.query(f"{pattern} WHERE {either} {end}").rows
            whole = store.query(f"{pattern} WITH n, m WHERE {either} {end}").rows
            assert sorted(map(repr, found)) == sorted(map(repr, whole))


@pytest.mark.backends("memory", "sqlite")
def test_what_many_starts_reach_is_one_search(url: str) -> None:
    with lineage.connect(url) as store:
        chain(store, 40)
        for pattern in (
            "(:Dataset)-[:INPUT|OUTPUT*]->(m:Dataset)",
            "(:Dataset) (()-[:INPUT|OUTPUT]->(x WHERE x.name <> 's30'))+ (m)",
        ):
            plan = store.explain(f"MATCH {pattern} RETURN count(DISTINCT m) AS c", profile=True)
            [walk] = [o for o in plan if o.name.startswith("VarLengthExpand")]
            assert walk.hits is not None
            assert walk.hits <= 300, str(plan)
