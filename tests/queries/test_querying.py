"""Ad-hoc queries by the one door: the same on every backend."""

from __future__ import annotations

import csv
import io
import json
import time
from contextlib import suppress
from typing import Any

import pytest

from lineage import Artifact, Context, Execution, Store
from lineage.errors import InvalidInput, InvalidValue, NotFound, QueryStopped
from lineage.model.graph import Link, Vertex, Walk
from lineage.questions.query_result import QueryResult
from tests.conformance.readable import listing
from tests.queries.hostile import REFUSED, RUNAWAY


@pytest.fixture
def small(store: Store) -> Store:
    store.record(
        Execution(type="Train", name="t", custom_properties={"lr": 0.5}),
        inputs={"examples": Artifact(type="Dataset", name="raw", uri="s3://raw")},
        outputs={
            "model": Artifact(
                type="Model",
                name="m",
                custom_properties={"acc": 0.9, "tags": ["a"], "raw": b"\x00"},
            )
        },
        contexts=[Context(type="PipelineRun", name="monday")],
        time_ms=1_000,
    )
    return store


def test_nodes_events_and_paths_are_ours(small: Store) -> None:
    raw, model = small.artifact("Dataset:raw"), small.artifact("Model:m")
    train, run = small.execution("Train:t"), small.context("PipelineRun:monday")
    [given, made] = small.events(execution=train.id)
    result = small.query(
        "MATCH p = (a:Dataset)-[i:INPUT]->(x)-[o:OUTPUT]->(m)-[c:IN_CONTEXT]->(r) "
        "RETURN a, i, p, [x, {model: m}] AS both, c, m.acc AS acc"
    )
    assert result.columns == ("a", "i", "p", "both", "c", "acc")
    assert result.complete
    member = Link("IN_CONTEXT", model, run, {})
    walk = Walk((raw, train, model, run), (given, made, member))
    assert list(result) == [(raw, given, walk, [train, {"model": model}], member, 0.9)]
    vertex = small.query("MATCH (t:Type {name: 'Model'}) RETURN t").value()
    assert isinstance(vertex, Vertex)
    assert vertex.labels == ("Type",)


def test_values_and_parameters(store: Store) -> None:
    values = [None, True, 2**63 - 1, -(2**63), 1.5, "é🦊", [1, [2]], {"a": {"b": None}}]
    assert store.query("RETURN $v AS v", v=values).value() == values
    assert store.query("RETURN $v AS v", {"v": (1, 2)}).value() == [1, 2]
    assert store.query("RETURN $limit + $n AS x", {"limit": 1}, n=2).value() == 3
    [times] = store.query("RETURN duration('P1M2DT3S') AS d, date('2020-02-03') AS x").rows
    assert list(map(str, times)) == ["P1M2DT3S", "2020-02-03"]


def test_rows_are_cut_and_the_answer_says_so(store: Store) -> None:
    ask = "UNWIND range(1, 5) AS x RETURN x"
    for limit, complete in ((0, False), (3, False), (5, True), (6, True), (None, True)):
        result = store.query(ask, limit=limit)
        expected = 5 if limit is None else min(limit, 5)
        assert (len(result), result.complete) == (expected, complete)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"cypher": "MATCH (n RETURN n"}, "column"),
        ({"cypher": "RETURN $gone"}, "gone"),
        ({"cypher": "RETURN nope"}, "nope"),
        ({"cypher": "RETURN 1", "limit": -1}, "limit is -1"),
        ({"cypher": "RETURN 1", "timeout": 0}, "timeout is 0"),
        ({"cypher": "RETURN $x", "x": object()}, r"\$x is .*a object"),
        ({"cypher": "RETURN $x", "x": [2**63]}, r"\$x\[0\] does not fit"),
        ({"cypher": "RETURN $x", "x": {"a": "\ud800"}}, r"\$x\.a is no text"),
        ({"cypher": "RETURN $x", "x": {1: 2}}, "no string"),
        ({"cypher": "RETURN 1\x00"}, "no text"),
    ],
)
def test_what_is_wrong_is_said(store: Store, arguments: dict[str, Any], said: str) -> None:
    named = {name: value for name, value in arguments.items() if name != "cypher"}
    with pytest.raises(InvalidInput, match=said):
        store.query(arguments["cypher"], **named)


def test_the_hostile_are_refused_and_change_nothing(small: Store) -> None:
    assert len(REFUSED) + len(RUNAWAY) >= 60
    before = listing(small)
    for hostile in REFUSED:
        with pytest.raises(InvalidInput) as refused:
            small.query(hostile.cypher, hostile.parameters, limit=10, timeout=300)
        assert len(str(refused.value)) < 2_000, hostile
    assert listing(small) == before


@pytest.mark.backends("memory", "sqlite")
def test_the_runaways_are_stopped(small: Store) -> None:
    """On Neo4j too: tests/queries/test_neo4j.py."""
    for hostile in RUNAWAY:
        began = time.monotonic()
        with suppress(InvalidInput, QueryStopped):
            small.query(hostile.cypher, hostile.parameters, limit=10, timeout=0.5)
        # Far beyond the deadline, but for a machine that is busy with other things.
        assert time.monotonic() - began < 60, hostile
        assert small.query("MATCH (n:Artifact) RETURN count(n)").value() == 2


def test_kept_queries(store: Store) -> None:
    store.save_query("models", "MATCH (m:Model) RETURN m")
    store.save_query("a/b ü", "RETURN 1")
    store.save_query("models", "RETURN 2 AS two")
    assert store.saved_queries() == {"a/b ü": "RETURN 1", "models": "RETURN 2 AS two"}
    assert store.saved_query("models") == "RETURN 2 AS two"
    store.drop_query("models")
    for gone in (store.drop_query, store.saved_query):
        with pytest.raises(NotFound, match=r"models.*a/b ü"):
            gone("models")
    for wrong in ("", "x" * 201, "\x00"):
        with pytest.raises(InvalidValue):
            store.save_query(wrong, "RETURN 1")
    with pytest.raises(InvalidValue):
        store.save_query("empty", "")


def test_the_vocabulary(small: Store) -> None:
    words = small.vocabulary()
    assert {"Artifact", "Model", "Dataset", "Train", "PipelineRun"} <= set(words.labels)
    assert {"acc", "lr", "name", "uri", "time"} <= set(words.properties)
    assert "_custom" not in words.properties
    assert {"INPUT", "OUTPUT", "IN_CONTEXT"} <= set(words.relationships)


def test_what_an_answer_becomes(small: Store) -> None:
    result = small.query(
        "MATCH (a)-[e:INPUT|OUTPUT]->(b) RETURN e, a.name AS name, b, size(b.name) AS n, "
        "[1, 2] AS l, a.acc AS acc ORDER BY name, b.id"
    )
    shown = json.loads(result.to_json())
    assert shown["columns"] == list(result.columns)
    assert shown["complete"] is True
    assert [row[1] for row in shown["rows"]] == ["raw", "t"]
    assert shown["rows"][1][2]["name"] == "m"
    assert shown["rows"][1][2]["custom_properties"]["raw"] == {"$bytes": "AA=="}
    lines = [json.loads(line) for line in result.to_jsonl().splitlines()]
    assert lines[0]["name"] == "raw"
    [heading, *cells] = csv.reader(io.StringIO(result.to_csv()))
    assert heading == list(result.columns)
    assert cells[0][3:] == ["1", "[1, 2]", ""]
    assert json.loads(cells[0][2])["name"] == "t"
    frame = result.to_dataframe()
    assert list(frame["name"]) == ["raw", "t"]
    assert frame["b"][0] == small.execution("Train:t")
    table = result.to_arrow()
    assert table.column("n").to_pylist() == [1, 1]
    assert str(table.schema.field("l").type) == "list<item: int64>"
    assert str(table.schema.field("acc").type) == "null"
    assert json.loads(table.column("e").to_pylist()[0])["type"] == "INPUT"
    graph = result.to_networkx()
    raw, model, train = (small.get(r) for r in ("Dataset:raw", "Model:m", "Train:t"))
    assert set(graph.nodes) == {(str(n.kind), n.id) for n in (raw, model, train)}
    assert graph.has_edge(("artifact", raw.id), ("execution", train.id))
    walk = small.query("MATCH p = (:Dataset)-->()-->(m)-->(c:Context) RETURN p").to_networkx()
    assert walk.number_of_edges() == 3
    assert result.column("name") == ["raw", "t"]
    assert next(result.dicts())["name"] == "raw"
    with pytest.raises(NotFound, match="'nope'"):
        result.column("nope")
    with pytest.raises(NotFound, match="no single value"):
        result.value()


def test_odd_answers_become_what_they_can() -> None:
    nan, inf = float("nan"), float("inf")
    result = QueryResult(("x", "x", "y"), [(1, nan, 'a,"b'), (2.5, inf, None), (None, None, True)])
    assert result.to_arrow().column(0).to_pylist() == [1.0, 2.5, None]
    assert result.to_arrow().column(2).to_pylist() == ['"a,\\"b"', None, "true"]
    assert json.loads(result.to_json())["rows"][0][1] == "nan"
    assert list(result.to_dataframe().columns) == ["x", "x", "y"]
    assert '"a,""b"' in result.to_csv()
    ends = QueryResult(("x",), [("a\x85b\u2028c\u2029d\ne",)])
    [line] = ends.to_jsonl().splitlines()
    assert json.loads(line) == {"x": ends.value()}
    ints = QueryResult(("x", "y", "z"), [(2**53 + 1, 2**63 - 1, 1), (None, None, 2)]).to_dataframe()
    assert list(ints["x"][:1]) == [2**53 + 1]
    assert list(ints["y"][:1]) == [2**63 - 1]
    assert list(map(str, ints.dtypes)) == ["Int64", "Int64", "int64"]
    empty = QueryResult((), [])
    assert json.loads(empty.to_json()) == {"columns": [], "rows": [], "complete": True}
    assert empty.to_csv() == "\r\n"
    assert empty.to_arrow().num_columns == 0
    assert len(empty.to_dataframe()) == 0


def test_a_notebook_shows_a_table(store: Store) -> None:
    names = [f"<b>{n}</b>" for n in range(150)]
    store.put_all(Artifact(type="Dataset", name=name) for name in names)
    shown = store.query(
        "MATCH (d:Dataset) RETURN d.name AS `a<b`, d, null AS n ORDER BY d.id", limit=120
    )._repr_html_()
    assert shown.count("<tr>") == 1 + 100
    assert "<th>a&lt;b</th><th>d</th><th>n</th>" in shown
    first = store.artifact(f"Dataset:{names[0]}").id
    assert (
        "<td>&lt;b&gt;0&lt;/b&gt;</td>"
        f"<td>Dataset:&lt;b&gt;0&lt;/b&gt; (artifact:{first})</td><td></td>"
    ) in shown
    assert "<b>0" not in shown
    assert shown.endswith("<p>120 rows, of which 100 are shown, <b>not complete</b>.</p>")
    assert store.query("RETURN 1 AS n")._repr_html_().endswith("<p>1 row, complete.</p>")
