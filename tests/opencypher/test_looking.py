"""What a scan looks at: nodes within bounds only, and of each no more than is read later."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest

import lineage
from lineage import Artifact, Execution, Store
from lineage.model import Kind
from lineage.ports.filters import Filter
from tests.opencypher.lineage_graphs import Clock, random_graph

pytestmark = pytest.mark.backends("memory", "sqlite")
_VALUES: Mapping[str, Any] = {
    "early": 1_700_000_020_000, "late": 1_700_000_060_000.5, "huge": 2**63 - 1, "nan": math.nan,
    "infinite": math.inf, "true": True, "nothing": None, "text": "a2.0", "list": [1],
    "high": "a\ud7ff", "last": "\U0010ffff",
}  # fmt: skip
_WITHIN = [
    "n.created > $early",
    "$early <= n.created < $late",
    "n.created >= $early AND n.updated <= $late",
    "n.created > $huge",
    "n.created < $nan",
    "n.created < $infinite",
    "n.created > $true",
    "n.created > $nothing",
    "n.created > $text",
    "n.created = $list",
    "n.id > 3 AND 7 >= n.id",
    "n.name > $text",
    "n.name < 'a2'",
    "n.name STARTS WITH 'a'",
    "n.name STARTS WITH ''",
    "n.name STARTS WITH $last",
    "n.name STARTS WITH $high",
    "n.name STARTS WITH $nothing",
    "n.name STARTS WITH $early",
    "n.uri STARTS WITH 's3://x/'",
    "n.uri STARTS WITH n.name",
    "n.state = 'FAILED'",
    "n.state = 'UNKNOWN'",
    "n.state >= 'COMPLETE'",
    "n.state = $nothing",
    "n.type = 'Model'",
    "n.type = 'Model' AND n.type = 'Train'",
    "n.type STARTS WITH 'M'",
    "n.type > 'Metrics'",
    "n.accuracy > 0.5 AND n.created > $early",
    "NOT n.created > $early",
    "n.created > m.created AND n.name STARTS WITH m.type",
    "n.created > $early OR n.name STARTS WITH 'a'",
]


@pytest.fixture
def filled(store: Store) -> Store:
    made = Store(store.backend, clock=Clock())
    random_graph(made, 5, steps=20)
    for name in (
        "a\ud7ff".encode("utf-16", "surrogatepass").decode("utf-16"),
        "a\ue000",
        "\U0010ffff!",
    ):
        made.put(Artifact(type="Model", name=name))
    return made


@pytest.mark.parametrize("within", _WITHIN)
def test_nodes_within_bounds_are_those_for_which_it_holds(filled: Store, within: str) -> None:
    for label in ("", ":Artifact", ":Model", ":Execution", ":Context", ":Type", ":Mark"):
        for end in ("RETURN n.name, n.id", "RETURN n", "RETURN n.id ORDER BY n.created LIMIT 4"):
            asked = f"MATCH (n{label}), (m:PipelineRun {{name: 'run-1'}}) WHERE "
            found = filled.query(f"{asked}{within} {end}", _VALUES).rows
            # What is computed is bounded by nothing.
            whole = filled.query(f"{asked}CASE WHEN {within} THEN true END {end}", _VALUES).rows
            assert sorted(map(repr, found)) == sorted(map(repr, whole)), (label, end)


def _hits(store: Store, query: str) -> int:
    return max(step.hits or 0 for step in store.explain(query, profile=True))


def test_only_nodes_within_bounds_are_looked_at(url: str) -> None:
    with lineage.connect(url) as opened:
        clock = Clock()
        store = Store(opened.backend, clock=clock)
        store.put_all(
            Artifact(type="File", name=f"f{n:03}", uri=f"s3://b/{n % 40}/f") for n in range(400)
        )
        middle = clock.now_ms
        store.put_all(Execution(type="Train", name=f"r{n}") for n in range(300))
        store.put(Execution(type="Train", name="new", state="FAILED"))
        for query in (
            f"MATCH (x:Execution) WHERE x.created > {clock.now_ms - 1} RETURN x.name",
            "MATCH (x:Train) WHERE x.state = 'FAILED' RETURN count(*) AS c",
            "MATCH (x:Train {state: 'FAILED'}) RETURN x",
            "MATCH (f:Artifact) WHERE f.uri STARTS WITH 's3://b/7/' RETURN f.name",
            "MATCH (f:File) WHERE f.name STARTS WITH 'f01' RETURN f",
            "MATCH (f:Artifact) WHERE 'f00' <= f.name < 'f01' RETURN f.id",
            "MATCH (x:Artifact) WHERE x.type = 'Nothing' RETURN x",
            "UNWIND ['f00', 'f01'] AS p MATCH (f:File) WHERE f.name STARTS WITH p RETURN f",
        ):
            assert _hits(store, query) <= 20, str(store.explain(query, profile=True))
        # More than are found at first.
        many = f"MATCH (n) WHERE n.created <= {middle} RETURN count(*) AS c"
        assert store.query(many).value() == 400
        assert [n.id for n in store.query(many.replace("count(*) AS c", "n")).column("n")]


def test_fields_are_those_of_the_nodes(filled: Store) -> None:
    fields = ("name", "external_id", "uri", "created", "updated", "state")
    with filled.backend.read() as reader:
        for kind in Kind:
            nodes = reader.find(kind, Filter())
            expected = [
                (
                    n.id, n.type_id, n.name, n.external_id, getattr(n, "uri", None), n.created_ms,
                    n.updated_ms, n.state.value if hasattr(n, "state") else None,
                )
                for n in nodes
            ]  # fmt: skip
            assert reader.find_fields(kind, Filter(), fields) == expected
            ids = [node.id or 0 for node in nodes]
            assert sorted(reader.fields_of(kind, ids, fields)) == sorted(expected)
            assert reader.find_fields(kind, Filter(limit=1), ()) == [expected[0][:2]]
            assert sorted(reader.fields_of(kind, ids, ())) == [row[:2] for row in expected]


@pytest.mark.parametrize("key", ["name", "type", "state", "uri", "created", "accuracy", "nobody"])
def test_what_is_known_in_brief_is_what_is_known_in_full(filled: Store, key: str) -> None:
    for pattern in (
        "MATCH (n)",
        "MATCH (n:Model)",
        "MATCH (:PipelineRun)<-[:IN_CONTEXT]-(n)",
        "MATCH (:Dataset)-[:INPUT|OUTPUT*]->(n)",
        "MATCH (x:Artifact) OPTIONAL MATCH (x)-[:INPUT]->(n:Train)",
    ):
        brief = filled.query(f"{pattern} RETURN n.{key} AS k, labels(n) AS l").rows
        full = filled.query(
            f"{pattern} RETURN properties(n).{key} AS k, labels(n) AS l, n.accuracy AS a"
        ).rows
        assert sorted(map(repr, brief)) == sorted(repr(row[:2]) for row in full)
        later = (
            f"{pattern} WITH n WHERE n.{key} IS NOT NULL RETURN n.{key} AS k, properties(n) AS p"
        )
        for k, properties in filled.query(later).rows:
            assert properties[key] == k
