"""ORDER BY id or time with LIMIT: the first few are found without looking at all."""

from __future__ import annotations

import pytest

import lineage
from lineage import Artifact, Kind, Store, Type
from lineage.questions.query_plan import QueryPlan
from tests.opencypher.lineage_graphs import Clock, random_graph

pytestmark = pytest.mark.backends("memory", "sqlite")
_SHAPES = [
    "MATCH (n:Artifact)",
    "MATCH (n:Execution) WHERE n.state = 'FAILED'",
    "MATCH (n:Model)<-[:OUTPUT]-(m)",
    "MATCH (n:Artifact)-[:INPUT]->(m:Train)",
    "MATCH (m:Artifact)-[:INPUT]->(n:Execution) WHERE m.id < 7",
    "MATCH (n:PipelineRun)<-[:IN_CONTEXT]-(m)",
    "MATCH (n:Dataset)-[:INPUT|OUTPUT*]->(m)",
    "MATCH (n:Artifact), (m:Context)",
    "OPTIONAL MATCH (n:Artifact) WHERE n.id > 5",
    "UNWIND [1, 2] AS x MATCH (n:Artifact)",
    "MATCH (n:Artifact) MATCH (n)--(m)",
    "MATCH (n)",
    "MATCH (n:Nobody)",
]  # fmt: skip
_ENDS = [
    ("n.created DESC", "", "SKIP 1 LIMIT 5"),
    ("n.created", "", "LIMIT 4"),
    ("n.id DESC", "", "LIMIT 7"),
    ("n.id", "", "SKIP 2 LIMIT 200"),
    ("n.updated DESC", "", "LIMIT 0"),
    ("n.name DESC", "", "LIMIT 5"),
    ("n.id DESC, n.created", "", "LIMIT 5"),
    ("t DESC", ", n.created AS t", "LIMIT 6"),
    ("n.created", ", n.type AS type", "LIMIT 6"),
]


def plan(store: Store, query: str) -> QueryPlan:
    return store.explain(query, profile=True)


def scanned(found: QueryPlan) -> int:
    """How many nodes the scan that it starts with made."""
    *_, scan = found
    assert scan.rows is not None
    return scan.rows


@pytest.mark.parametrize("seed", range(3))
def test_the_first_few_are_those_of_a_sort(url: str, seed: int) -> None:
    with lineage.connect(url) as opened:
        store = Store(opened.backend, clock=Clock())
        random_graph(store, seed, steps=30)
        for shape in _SHAPES:
            for order, more, bounds in _ENDS:
                by = order.replace("t DESC", "n.created DESC")
                key = by.split(",")[0].split()[0]
                first = store.query(f"{shape} RETURN n, {key} AS k{more} ORDER BY {order} {bounds}")
                # By more than one property, all is sorted.
                whole = store.query(f"{shape} RETURN n, {key} AS k ORDER BY {by}, 1 {bounds}")
                asked = f"{shape} {order} {bounds}"
                assert first.column("k") == whole.column("k"), asked
                everything = store.query(f"{shape} RETURN n").column("n")
                assert all(n in everything for n in first.column("n")), asked


def test_only_the_first_few_are_looked_at(url: str) -> None:
    with lineage.connect(url) as opened:
        store = Store(opened.backend, clock=Clock())
        store.put_all(Artifact(type="File", name=f"f{n:03}") for n in range(400))
        for order, last in (
            ("n.created DESC", "f399"), ("n.updated DESC", "f399"), ("n.id DESC", "f399"),
            ("n.id", "f000"),
        ):  # fmt: skip
            query = f"MATCH (n:File) RETURN n.name AS name ORDER BY {order} LIMIT 1"
            found = plan(store, query)
            assert scanned(found) <= 20, str(found)
            assert f"ORDER BY {order}" in str(found)
            if order != "n.created DESC":
                assert store.query(query).value() == last
        for query in (
            "MATCH (n:File) WITH n ORDER BY n.id DESC LIMIT 3 RETURN count(n) AS c",
            "MATCH (n:File) RETURN n.id AS i ORDER BY i DESC SKIP 2 LIMIT 3",
            "RETURN COLLECT { MATCH (n:File) RETURN n ORDER BY n.id LIMIT 1 } AS c",
        ):
            assert max(o.rows or 0 for o in plan(store, query)) <= 20, query
        for query in (
            "MATCH (n:File) RETURN DISTINCT n.name AS t ORDER BY n.name LIMIT 1",
            "MATCH (n:File) WITH n.id AS n, n AS x RETURN n ORDER BY x.id LIMIT 1",
            "MATCH (n:File) RETURN n.id AS i ORDER BY n.id",
            "MATCH (n:File) RETURN count(DISTINCT n.name) AS c ORDER BY c LIMIT 1",
            "MATCH (n:File) WITH n.name AS n, n.id AS i ORDER BY i % 3 LIMIT 1 RETURN n",
        ):
            assert scanned(plan(store, query)) == 400, query


def test_a_type_of_two_kinds(url: str) -> None:
    """Its nodes are those of both."""
    with lineage.connect(url) as opened:
        store = Store(opened.backend, clock=Clock())
        for kind in (Kind.ARTIFACT, Kind.CONTEXT):
            store.put_type(Type(kind=kind, name="Thing"))
        for n in range(3):
            store.put(Artifact(type="Thing", name=f"a{n}"))
            store.put(lineage.Context(type="Thing", name=f"c{n}"))
        found = store.query("MATCH (n:Thing) RETURN n.name ORDER BY n.created DESC LIMIT 3")
        assert found.column("n.name") == ["c2", "a2", "c1"]


def test_the_first_few_of_many(url: str) -> None:
    """Whatever is dropped on the way, they are those of a whole sort, equals in their order."""
    numbers = [(n * 7919) % 1013 if n % 5 else None for n in range(4000)]
    with lineage.connect(url) as store:
        for order, key in (
            ("x", lambda p: (p[1] is None, p[1] or 0)),
            ("x DESC", lambda p: (p[1] is not None, -(p[1] or 0))),
            ("x % 3, x DESC", lambda p: (p[1] is None, (p[1] or 0) % 3, -(p[1] or 0))),
        ):
            for skip, limit in ((0, 0), (0, 7), (30, 50), (0, 1900)):
                found = store.query(
                    "UNWIND range(0, size($xs) - 1) AS i WITH i, $xs[i] AS x "
                    f"RETURN i, x ORDER BY {order} SKIP {skip} LIMIT {limit}",
                    {"xs": numbers},
                ).rows
                assert found == sorted(enumerate(numbers), key=key)[skip : skip + limit], order  # type: ignore[no-untyped-call]
