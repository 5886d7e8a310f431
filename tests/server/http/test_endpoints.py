"""Endpoints: what is asked, in which form, and how answers come."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import TypeAdapter

import lineage
from lineage import Artifact, Execution
from lineage.errors import QueryStopped
from lineage.model import Policy, Receipt
from lineage.server.http.answer_schemas import ANSWERS, ExplainOut
from lineage.server.http.answers import render
from lineage.server.http.audit import AUDIT, forget_replays
from lineage.server.http.operations import OPERATIONS
from lineage.server.http.process import HttpServer
from lineage.session.session import now_ms
from tests.server.http.conftest import LOCAL, Caller, Serve, error_of, fill

REF = {"ref": "Dataset:raw"}
MODEL = {"model": "Model:churn"}


def test_every_method_of_a_store_has_its_operation() -> None:
    """A method that is added to the store is served, or named here."""
    here = {"backend", "clock", "close", "snapshot", "transact", "url", "view"}
    there = {name for name in dir(lineage.Store) if not name.startswith("_")}
    assert there - here == OPERATIONS.keys()


READINGS: list[tuple[str, str, dict[str, Any]]] = [
        ("/upstream", "upstream", {"ref": "Model:churn"}),
        ("/downstream", "downstream", REF),
        ("/history", "history", {"ref": "Model:churn"}),
        ("/impact", "impact", REF),
        ("/check", "check", {"ref": "Model:churn"}),
        ("/about", "about", MODEL),
        ("/trained-on", "trained_on", MODEL),
        ("/hyperparameters", "hyperparameters", MODEL),
        ("/code", "code", MODEL),
        ("/pipeline", "pipeline_of", MODEL),
        ("/environment", "environment_of", MODEL),
        ("/evaluations", "evaluations", MODEL),
        ("/deployments", "deployments", MODEL),
        ("/siblings", "siblings", MODEL),
        ("/versions", "versions", {"ref": "Model:churn"}),
        ("/series/suggestions", "suggest_series", {}),
        ("/failure", "failure", {"run": "Train:fit"}),
        ("/why", "why", {"source": "Dataset:raw", "target": "Model:churn"}),
        ("/diff", "diff", {"first": "Model:churn", "second": "PushedModel:served"}),
        ("/events", "events", {"artifact": "Model:churn"}),
        ("/contexts-of", "contexts_of", {"node": "Model:churn"}),
        ("/parents-of", "parents_of", {"context": "PipelineRun:monday"}),
        ("/children-of", "children_of", {"context": "Pipeline:churn"}),
        ("/counts", "counts", {}),
        ("/types", "types", {}),
        ("/marks", "marks", {}),
        ("/policies", "policies", {}),
        ("/vocabulary", "vocabulary", {}),
        ("/receipts", "receipts", {}),
        ("/taint", "taint", {}),
        ("/materials", "materials", MODEL),
        ("/closure", "closure", REF),
        ("/column-lineage", "column_lineage", {"dataset": "Dataset:columns", "column": "age"}),
        ("/blame", "blame", {"bad": "Train:fit", "good": ["Deploy:push"]}),
        ("/bisect", "bisect", {"bad": "Model:late", "good": ["Model:churn"]}),
        ("/taint-levels", "taint_levels", {"source": ["Dataset:raw"]}),
        ("/taint-progress", "taint_progress", {"source": ["Dataset:raw"]}),
        ("/cheapest-cut", "cheapest_cut", {"ref": "Model:churn", "source": ["Dataset:raw"]}),
        ("/rebuild", "plan_rebuild", {"source": ["Dataset:raw"]}),
        ("/deletions/unfinished", "unfinished_deletions", {}),
        ("/node", "get", {"reference": "Model:churn"}),
        ("/type", "get_type", {"kind": "artifact", "name": "Model"}),
        ("/queries", "saved_queries", {}),
]  # fmt: skip


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Caller, lineage.Store]]:
    """Somebody who calls a server whose store has something to say to every question."""
    place = tmp_path_factory.mktemp("asked")
    with lineage.connect(f"sqlite:///{place}/lineage.db") as store:
        fill(store)
        store.put(
            Artifact(type="Dataset", name="columns", custom_properties={"columns": "age: int"})
        )
        for state, accuracy in (("COMPLETE", 0.8), ("FAILED", 0.7)):
            store.record(
                Execution(type="Train", name="fit", state=state, custom_properties={"lr": 0.2}),
                inputs={"examples": "Dataset:raw"},
                outputs={
                    "model": Artifact(
                        type="Model", name="late", custom_properties={"accuracy": accuracy}
                    )
                },
                contexts=["PipelineRun:monday"],
            )
        store.put_policy(Policy(name="p", stops={"pii": ("Mask",)}))
        store.mark("Dataset:raw", label="pii", reason="names", who="ann")
        store.mark("PushedModel:served", label="pii", clean=True)
        spare = store.put(Artifact(type="Dataset", name="spare"))
        store.apply(store.plan_deletion(spare, policy="tombstone"))
        store.save_query("models", "MATCH (m:Model) RETURN m.name")
        with HttpServer(store, LOCAL) as server:
            yield Caller(server.url), store


@pytest.mark.parametrize(("path", "method", "query"), READINGS)
def test_an_answer_is_the_store_s_own(
    asked: tuple[Caller, lineage.Store], path: str, method: str, query: dict[str, Any]
) -> None:
    caller, store = asked
    reply = caller.get(path, **query)
    many = ("ref", "bad")
    positional = [query[name] for name in many if name in query]
    named = {name: value for name, value in query.items() if name not in many}
    assert reply.status == 200, reply.body
    assert reply.json == render(getattr(store, method)(*positional, **named))
    # The document names everything that is in the answer.
    TypeAdapter(ANSWERS[method]).validate_json(reply.body, extra="forbid")


def test_each_answer_is_looked_at_above() -> None:
    asked = {case[1] for case in READINGS}
    assert asked == {name for name, of in OPERATIONS.items() if of.path is not None and not of.post}


def test_answers_are_those_of_the_command_line(
    caller: Caller, store: lineage.Store, capsys: pytest.CaptureFixture[str]
) -> None:
    from typer.testing import CliRunner

    from lineage.cli.commands import app

    for words in (["downstream", "Dataset:raw"], ["why", "Dataset:raw", "Model:churn"],
                  ["check", "Model:churn", "--label", "pii"], ["ls", "artifacts"]):  # fmt: skip
        shown = CliRunner().invoke(app, ["--store", store.url, *words, "--json"])
        path, query = {
            "downstream": ("/downstream", REF),
            "why": ("/why", {"source": "Dataset:raw", "target": "Model:churn"}),
            "check": ("/check", {"ref": "Model:churn", "label": "pii"}),
            "ls": ("/artifacts", {}),
        }[words[0]]
        reply = caller.get(path, **query)
        if reply.status == 200:
            assert json.loads(shown.stdout) == reply.json
        else:
            assert shown.exit_code != 0


def test_every_question_has_a_deadline(serve: Serve, store: lineage.Store) -> None:
    caller = serve(question_seconds=0)
    for path, query in (("/downstream", REF), ("/about", MODEL), ("/artifacts", {})):
        assert "deadline" in error_of(caller.get(path, **query), 422)
    assert caller.post("/artifacts", {"type": "Dataset"}).status == 201
    with pytest.raises(QueryStopped, match="deadline"):
        lineage.connect(caller.url).downstream("Dataset:raw")


def test_lists_come_page_by_page(caller: Caller, store: lineage.Store) -> None:
    token: dict[str, Any] = {}
    names: list[str] = []
    while True:
        page = caller.get("/artifacts", order_by="name", page_size=1, **token).json
        names += [node["name"] for node in page["nodes"]]
        if page["complete"]:
            break
        token = {"page_token": page["next_page_token"]}
    assert names == ["churn", "raw", "served"]
    wrong = caller.get("/artifacts", order_by="id", page_size=1, **token)
    assert "page token" in error_of(wrong, 400)


def test_lists_are_filtered(caller: Caller) -> None:
    def names(**query: Any) -> list[str]:
        return [node["name"] for node in caller.get("/artifacts", **query).json["nodes"]]

    assert names(where="uri LIKE 's3://models/%'") == ["churn"]
    assert names(match=["type=Model", "accuracy>0.5"]) == ["churn"]
    assert names(type="Dataset") == ["raw"]
    assert names(context="PipelineRun:monday") == ["churn"]
    assert "InvalidFilter" in error_of(caller.get("/artifacts", where="uri LIKE"), 400)
    assert "UnknownType" in error_of(caller.get("/artifacts", type="Dataste"), 404)


def test_large_answers_come_as_lines(caller: Caller, store: lineage.Store) -> None:
    lines = {"headers": {"Accept": "application/x-ndjson"}}
    for at in range(2_500):
        store.put(lineage.Artifact(type="Dataset", name=f"part-{at}"))
    found = caller.get("/artifacts", **lines).lines
    assert found[-1] == {"end": {"complete": True, "lines": 2_503}}
    assert len({line["node"]["id"] for line in found[:-1]}) == 2_503
    found = caller.get("/downstream", **REF, **lines).lines
    whole = caller.get("/downstream", **REF).json
    assert [line["node"] for line in found if "node" in line] == whole["nodes"]
    assert [line["event"] for line in found if "event" in line] == whole["events"]
    assert found[-1]["end"]["complete"] is True
    asked = {"cypher": "MATCH (n:Dataset) RETURN n.name", "limit": 10}
    found = caller.post("/query", asked, **lines).lines
    assert found[0] == {"columns": ["n.name"]}
    assert found[-1] == {"end": {"complete": False, "lines": 10}}


def test_a_node_is_replaced_only_where_nobody_was_faster(caller: Caller) -> None:
    got = caller.get("/artifacts/2")
    tag = got.headers["ETag"]
    assert caller("GET", "/api/v1/artifacts/2", headers={"If-None-Match": tag}).status == 304
    changed = {**got.json, "name": "churn-1"}
    done = caller.put("/artifacts/2", changed, headers={"If-Match": tag})
    assert (done.status, done.json["name"]) == (200, "churn-1")
    assert done.json["custom_properties"] == got.json["custom_properties"]
    assert done.headers["ETag"] != tag
    again = caller.put("/artifacts/2", changed, headers={"If-Match": tag})
    assert "PreconditionFailed" in error_of(again, 412)
    del changed["updated_ms"]
    assert "If-Match" in error_of(caller.put("/artifacts/2", changed), 428)


def test_a_request_with_a_key_is_done_once(caller: Caller, store: lineage.Store) -> None:
    step = {"execution": {"type": "Train"}, "outputs": {"model": {"type": "Model"}}}
    key = {"headers": {"Idempotency-Key": "once"}}
    first, second = (caller.post("/steps", step, **key) for _ in range(2))
    assert (first.status, first.json) == (second.status, second.json)
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert store.counts().executions == 3
    other = caller.post("/steps", {"execution": {"type": "Train"}}, **key)
    assert "Idempotency-Key" in error_of(other, 409)
    assert caller.post("/steps", step).json != first.json


def test_what_is_erased_is_in_no_answer_that_is_kept(caller: Caller, store: lineage.Store) -> None:
    secret = {"type": "Dataset", "name": "person", "custom_properties": {"ssn": "4711-secret"}}
    key = {"headers": {"Idempotency-Key": "erased"}}
    assert caller.post("/artifacts", secret, **key).status == 201
    plan = caller.post("/plans/forget", {"refs": ["Dataset:person"]}).json
    assert caller.post("/plans/apply", {"plan": plan}).status == 200
    with store.backend.read() as reader:
        assert not [text for _, text in reader.metadata_under("") if "4711" in text]
    assert "erased" in error_of(caller.post("/artifacts", secret, **key), 409)


def test_answers_are_kept_for_their_time(caller: Caller, store: lineage.Store) -> None:
    for name in ("mine", "retry-1"):
        made = {"type": "Dataset", "name": name}
        caller.post("/artifacts", made, headers={"Idempotency-Key": name})
    minute = 60_000
    assert forget_replays(store, now_ms() + minute) == 0
    assert forget_replays(store, now_ms() + 20 * minute) == 1
    assert forget_replays(store, now_ms() + 25 * 60 * minute) == 1


def test_the_audit_comes_page_by_page(caller: Caller, store: lineage.Store) -> None:
    old = {"at_ms": 1, "who": "x", "operation": "put", "request": "r"}
    for at in range(5):
        store.mirror(progress=(f"{AUDIT}{at:015d}-0", json.dumps(old)))
    for at in range(5):
        caller.post("/artifacts", {"type": "Dataset", "name": f"n-{at}"})
    told: list[str] = []
    more: dict[str, Any] = {}
    while True:
        page = caller.get("/audit", limit=3, **more).json
        told += [change["id"] for change in page["changes"]]
        if page["complete"]:
            break
        more = {"before": page["before"]}
    assert len(told) == 10
    assert told == sorted(told, reverse=True)


def test_a_step_is_recorded_and_marked_and_forgotten(caller: Caller) -> None:
    marked = caller.post("/marks", {"refs": ["Dataset:raw"], "label": "pii", "reason": "names"})
    assert marked.json[0]["node"] == "artifact:1"
    TypeAdapter(ANSWERS["mark"]).validate_json(marked.body, extra="forbid")
    assert caller.get("/check", ref="Model:churn", label="pii").json["clean"] is False
    plan = caller.post("/plans/forget", {"refs": ["Dataset:raw"], "label": "pii"}).json
    assert {node["type"] for node in plan["nodes"]} >= {"Dataset", "Model"}
    applied = caller.post("/plans/apply", {"plan": plan})
    TypeAdapter(Receipt).validate_json(applied.body, extra="forbid")
    receipt = applied.json
    assert receipt["done"] is True
    assert "PlanApplied" in error_of(caller.post("/plans/apply", {"plan": plan}), 409)
    assert caller.get(f"/receipts/{receipt['id'][:8]}").json["id"] == receipt["id"]
    lifted = caller.post("/marks/lift", {"refs": ["artifact:1"], "label": "pii"})
    assert lifted.json[0]["lifted_ms"]


def test_queries_are_kept_by_name(caller: Caller) -> None:
    text = {"cypher": "MATCH (m:Model) RETURN m.name AS name"}
    assert caller.put("/queries/models", text).status == 200
    assert caller.get("/queries/models").json == {"name": "models", **text}
    assert caller.post("/query", text).json["rows"] == [["churn"]]
    explained = caller.post("/explain?profile=true", text)
    TypeAdapter(ExplainOut).validate_json(explained.body, extra="forbid")
    assert caller("DELETE", "/api/v1/queries/models").status == 204
    assert "NotFound" in error_of(caller.get("/queries/models"), 404)


def test_every_change_is_audited_with_who(serve: Any, store: lineage.Store) -> None:
    from lineage.server.tokens import create_token

    _, token = create_token(store, "nightly", ["record", "mark"])
    _, admin = create_token(store, "boss", ["admin"])
    caller = serve().with_token(token)
    caller.post("/steps", {"execution": {"type": "Train"}}, headers={"X-Request-ID": "r-1"})
    [mark] = caller.post("/marks", {"refs": ["Dataset:raw"], "label": "pii"}).json
    assert mark["who"] == "nightly"
    changes = caller.with_token(admin).get("/audit", limit=2).json["changes"]
    assert [(c["who"], c["operation"]) for c in changes] == [
        ("nightly", "mark"), ("nightly", "record"),
    ]  # fmt: skip
    assert changes[1]["request"] == "r-1"
    assert "admin" in error_of(caller.get("/audit"), 403)
    refused = caller.post("/steps", {"execution": {"type": ""}})
    assert refused.status == 404
    assert len(caller.with_token(admin).get("/audit").json["changes"]) == 2


def test_health_and_measures(caller: Caller) -> None:
    assert caller("GET", "/healthz").json == {"status": "ok"}
    assert caller("GET", "/readyz").json == {"status": "ready"}
    caller.get("/artifacts/1")
    caller.get("/artifacts/99")
    text = caller("GET", "/metrics").body.decode()
    route = 'method="GET",route="/api/v1/artifacts/{id}"'
    assert f'lineage_http_requests_total{{{route},status="200"}} 1.0' in text
    assert f'lineage_http_requests_total{{{route},status="404"}} 1.0' in text
    assert 'lineage_store_things{kind="artifacts"} 3.0' in text
