"""Counting all nodes of a label looks at none of them."""

from __future__ import annotations

import pytest

from lineage import Artifact, BaseType, Context, Kind, Store, Type
from tests.opencypher.lineage_graphs import Clock, random_graph

pytestmark = pytest.mark.backends("memory", "sqlite")
_COUNTED = "NodeCountFromCountStore"
_LABELS = (
    "", ":Artifact", ":Execution", ":Context", ":Model", ":Train", ":PipelineRun", ":Thing",
    ":Type", ":BaseType", ":Mark", ":MarkLabel", ":LineagePolicy", ":Nobody",
)  # fmt: skip


@pytest.fixture
def filled(store: Store) -> Store:
    """A random graph, and a type that artifacts and contexts have."""
    made = Store(store.backend, clock=Clock())
    random_graph(made, 3)
    made.put_type(Type(kind=Kind.ARTIFACT, name="Thing", base=BaseType.MODEL))
    made.put_type(Type(kind=Kind.CONTEXT, name="Thing"))
    made.put_all([Artifact(type="Thing"), Artifact(type="Thing"), Context(type="Thing", name="c")])
    made.save_query("all", "MATCH (n) RETURN n")
    return made


@pytest.mark.parametrize("label", _LABELS)
def test_a_label(filled: Store, label: str) -> None:
    [(expected,)] = filled.query(f"MATCH (n{label}) RETURN size(collect(n)) AS c").rows
    for cypher in (
        f"MATCH (n{label}) RETURN count(*)",
        f"MATCH ({label}) RETURN count(*) AS c",
        f"MATCH (n{label}) RETURN count(n) AS n",
        f"MATCH (n{label}) WITH count(n) AS n RETURN n + 0 AS c",
        f"CALL () {{ MATCH (n{label}) RETURN count(*) AS c }} RETURN c",
        f"RETURN COLLECT {{ MATCH (n{label}) RETURN count(*) AS c }}[0] AS c",
    ):
        assert filled.query(cypher).rows == [(expected,)], cypher
        plan = filled.explain(cypher, profile=True)
        assert _COUNTED in str(plan), cypher
        assert "Scan" not in str(plan), cypher


def test_nothing_else_is_counted_so(filled: Store) -> None:
    for cypher in (
        "MATCH (n:Model) WHERE n.id > 3 RETURN count(*) AS c",
        "MATCH (n:Model {name: 'a1.0'}) RETURN count(*) AS c",
        "MATCH (n:Model|Dataset) RETURN count(*) AS c",
        "MATCH (n:Model)--() RETURN count(*) AS c",
        "MATCH (n:Model), (m:Model) RETURN count(*) AS c",
        "MATCH (n:Model) RETURN n.type AS t, count(*) AS c",
        "MATCH (n:Model) RETURN count(n.name) AS c",
        "MATCH (n:Model) RETURN count(DISTINCT n) AS c",
        "MATCH (n:Model) WITH count(*) AS c WHERE c > 100 RETURN c",
        "OPTIONAL MATCH (n:Nobody) RETURN count(*) AS c",
        "UNWIND [1, 2] AS x MATCH (n:Model) RETURN count(*) AS c",
        "MATCH (n:Model) MATCH (m:Model) RETURN count(*) AS c",
    ):
        assert _COUNTED not in str(filled.explain(cypher)), cypher
    assert filled.query("OPTIONAL MATCH (n:Nobody) RETURN count(*) AS c").rows == [(1,)]


def test_a_node_that_is_known_is_one(filled: Store) -> None:
    known = "MATCH (n:Thing) CALL (n) { MATCH (n:Artifact) RETURN count(*) AS c } RETURN c"
    assert _COUNTED not in str(filled.explain(known))
    assert sorted(filled.query(known).column("c")) == [0, 1, 1]
    other = "MATCH (n:Thing) CALL (n) { MATCH (m:Thing) RETURN count(*) AS c } RETURN c"
    assert _COUNTED in str(filled.explain(other))
    assert filled.query(other).column("c") == [3, 3, 3]
    null = "OPTIONAL MATCH (n:Nobody) CALL (n) { MATCH (n) RETURN count(n) AS c } RETURN c"
    assert filled.query(null).column("c") == [0]


def test_what_goes_is_counted_no_more(store: Store) -> None:
    store.put_all(Artifact(type="File", name=f"f{n}") for n in range(3))
    count = "MATCH (n:File) RETURN count(*) AS c"
    assert store.query(count).value() == 3
    store.put(Artifact(type="File", name="f3"))
    assert store.query(count).value() == 4
