"""Every way to find is an index's: what the server touches is bounded by what it returns."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import neo4j
import pytest

import lineage
from lineage import Artifact, Context, Execution, Kind
from lineage.backends.neo4j.filter_compiler import compile_statements
from lineage.filters.parser import parse_filter
from lineage.ports.filters import Filter, Order
from tests.neo4j_for_tests import Neo4jForTests, driver, emptied

NODES = 50_000 if os.environ.get("LINEAGE_LONG") else 5_000
PAGE = 50
FILL = """
UNWIND range($first, $last) AS i
MATCH (c:Context {id: $context})
CREATE (n:Artifact {
  id: 1000000 + i, type: 'Dataset', type_id: $type, version: 1, state: 'LIVE',
  name: CASE WHEN i % 5 > 0 THEN 'd' + i END, uri: 's3://b/' + i, digest: 'sha256:' + i,
  created: 1700000000000 + i, updated: 1700000000000 + i
})-[:IN_CONTEXT]->(c)
"""


@pytest.fixture(scope="module")
def filled(neo4j_server: Neo4jForTests) -> Iterator[tuple[neo4j.Driver, dict[str, int]]]:
    emptied(neo4j_server.url)
    with lineage.connect(neo4j_server.url) as store, driver(neo4j_server.url) as bare:
        run = store.record(
            Execution(type="Train"),
            outputs={
                "data": Artifact(type="Dataset", name="seed"),
                "model": Artifact(type="Model", name="seed"),
            },
            contexts=[Context(type="Pipeline", name="big"), Context(type="Pipeline", name="small")],
        )
        ids = {
            "Dataset": store.get_type(Kind.ARTIFACT, "Dataset").id,
            "Model": store.get_type(Kind.ARTIFACT, "Model").id,
            "big": store.context("Pipeline:big").id,
            "small": store.context("Pipeline:small").id,
        }
        assert run.execution is not None
        for first in range(0, NODES, 5_000):
            bare.execute_query(
                FILL, first=first, last=first + 4_999, type=ids["Dataset"], context=ids["big"]
            )
        bare.execute_query("CALL db.awaitIndexes()")
        bare.execute_query("CALL db.resampleOutdatedIndexes()")
        yield bare, {name: id for name, id in ids.items() if id is not None}
    emptied(neo4j_server.url)


def ways(ids: dict[str, int]) -> dict[str, Filter]:
    both = [ids["Dataset"], ids["Model"]]
    middle = 1_000_000 + NODES // 2
    when = 1_700_000_000_000 + NODES // 2
    context = parse_filter("contexts_c.name = 'small'", Kind.ARTIFACT)
    return {
        "by uri": Filter(uri="s3://b/77"),
        "by uri, a page": Filter(uri="s3://b/77", limit=PAGE, after_id=0),
        "by place": Filter(place="s3://b/77"),
        "by name": Filter(name="d77"),
        "by name and types": Filter(name="d77", type_ids=both),
        "by name, the newest": Filter(name="d77", newest=True),
        "by external id": Filter(external_id="nobody's"),
        "by digest": Filter(digest="sha256:77"),
        "in a small context": Filter(context_id=ids["small"], limit=PAGE),
        "by the name of a context": Filter(where=context, limit=PAGE),
        "a page": Filter(limit=PAGE),
        "a later page": Filter(limit=PAGE, after_id=middle),
        "the newest first": Filter(limit=PAGE, newest_first=True),
        "of a type": Filter(type_ids=[ids["Dataset"]], limit=PAGE),
        "of a rare type": Filter(type_ids=[ids["Model"]], limit=PAGE),
        "of a type, a later page": Filter(type_ids=both[:1], limit=PAGE, after_id=middle),
        "of two types": Filter(type_ids=both, limit=PAGE),
        "of no type": Filter(type_ids=[], limit=PAGE),
        "in a state": Filter(state="LIVE", limit=PAGE),
        "in a rare state": Filter(state="DELETED", limit=PAGE),
        "of a type, in a state": Filter(type_ids=both[:1], state="LIVE", limit=PAGE),
        "by creation": Filter(order=Order("created"), limit=PAGE),
        "by creation, a later page": Filter(
            order=Order("created"), limit=PAGE, after=(when, middle)
        ),
        "the last changed": Filter(order=Order("updated", True), limit=PAGE),
        "by name, backwards": Filter(order=Order("name", True), limit=PAGE),
        "by name, a later page": Filter(order=Order("name"), limit=PAGE, after=("d77", 1_000_077)),
        "by name, those without": Filter(order=Order("name"), limit=PAGE),
        "by version": Filter(version=1, limit=PAGE),
        "the newest versions": Filter(newest=True, limit=PAGE),
    }


def touched(plan: dict[str, Any]) -> int:
    """The db hits of a profile."""
    own: int = plan.get("args", {}).get("DbHits", 0)
    return own + sum(map(touched, plan.get("children", [])))


def test_what_is_found_bounds_what_is_touched(
    filled: tuple[neo4j.Driver, dict[str, int]],
) -> None:
    bare, ids = filled
    too_many = {}
    for name, where in ways(ids).items():
        rows = hits = 0
        for text, parameters in compile_statements(Kind.ARTIFACT, where):
            if rows == where.limit:
                break
            answer = bare.execute_query(f"PROFILE\n{text}", parameters)
            assert answer.summary.profile is not None
            rows += len(answer.records)
            hits += touched(answer.summary.profile)
        # Reading the properties of a node takes about 10.
        if hits > 20 * rows + 50:
            too_many[name] = (rows, hits)
    assert not too_many


@pytest.mark.parametrize(
    "query",
    [
        "MATCH (d:Dataset {name: 'd77'}) RETURN d.uri",
        "MATCH (d:Dataset {uri: 's3://b/77'}) RETURN d.name",
        "MATCH (d:Dataset) WHERE d.name = 'd77' RETURN d.uri",
        "UNWIND ['d76', 'd77'] AS name MATCH (d:Dataset {name: name}) RETURN d.uri",
        "MATCH (t:Train)-[:OUTPUT]->(m:Model {name: 'seed'}) RETURN t.id",
        "MATCH (d:Dataset {name: 'd77'})-[:INPUT|OUTPUT*]->(m:Model) RETURN DISTINCT m.name",
    ],
)
def test_a_type_s_label_seeks(
    filled: tuple[neo4j.Driver, dict[str, int]], neo4j_server: Neo4jForTests, query: str
) -> None:
    with lineage.connect(neo4j_server.url) as store:
        plan = str(store.explain(query))
    assert "IndexSeek" in plan
    assert "LabelScan" not in plan
