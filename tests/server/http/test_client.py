"""`lineage.connect("http://…")`: every command answers as it does over the store itself."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import lineage
from lineage import Artifact, Execution, Step
from lineage.cli.commands import app
from lineage.errors import (
    AccessDenied,
    Conflict,
    Interrupted,
    InvalidFilter,
    LineageError,
    NotFound,
    QueryStopped,
    Unauthenticated,
)
from lineage.server.http import Settings
from lineage.server.http.process import HttpServer
from lineage.server.tokens import create_token, revoke_token
from tests.server.http.conftest import LOCAL, Caller

COMMANDS = [
    ["ls"], ["ls", "executions"], ["ls", "contexts"], ["ls", "artifacts", "type=Model"],
    ["types"], ["show", "Model:churn"], ["upstream", "Model:churn"],
    ["downstream", "Dataset:raw", "--type", "MODEL"], ["why", "Dataset:raw", "Model:churn"],
    ["history", "Model:churn"], ["about", "Model:churn"], ["trained-on", "Model:churn"],
    ["hyperparameters", "Model:churn"], ["pipeline", "Model:churn"],
    ["environment", "Model:churn"], ["evaluations", "Model:churn"], ["deployments"],
    ["siblings", "Model:churn"], ["diff", "Model:churn", "PushedModel:served"],
    ["failure", "Train:fit"], ["blame", "--type", "Train"], ["impact", "Dataset:raw"],
    ["marks"], ["taint"], ["taint", "--label", "pii"], ["check", "Model:churn", "--label", "pii"],
    ["rebuild", "--label", "pii"], ["policy", "show"], ["receipts"], ["queries"],
    ["query", "MATCH (n) RETURN n.name, n.type ORDER BY n.name"],
    ["query", "--explain", "MATCH (m:Model) RETURN m"], ["query", "MATCH ("],
    ["export", "mermaid", "Model:churn"], ["export", "json", "Model:churn"],
    ["export", "openlineage", "Model:churn"], ["show", "Model:nope"], ["downstream", "context:1"],
    ["delete", "Dataset:raw", "--plan-only"], ["gc", "--plan-only"],
]  # fmt: skip


@pytest.fixture
def served_at(store: lineage.Store) -> Iterator[str]:
    store.mark("Dataset:raw", label="pii")
    with HttpServer(store, LOCAL) as server:
        yield server.url


def outcome(url: str, words: list[str]) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["--store", url, *words])
    error = result.exception
    name = error.public_name if isinstance(error, LineageError) else type(error).__name__
    text = f"{result.stdout}{result.stderr}{name}: {error}"
    text = re.sub(r"sqlite:///[^\s\"']+", "URL", text.replace(url, "URL"))
    # Plans have an id and a time of their own, and the ids of runs are made of the store's url.
    text = re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "…", text)
    text = re.sub(r"\b[0-9a-f]{8,64}\b|\b\d{13}\b|\d\d:\d\d:\d\d", "…", text)
    return result.exit_code, text


def test_every_command_answers_the_same(served_at: str, store: lineage.Store) -> None:
    for words in COMMANDS:
        for json_too in ([], ["--json"]):
            assert outcome(served_at, [*words, *json_too]) == outcome(
                store.url, [*words, *json_too]
            )


def test_commands_write_over_it(served_at: str, store: lineage.Store, tmp_path: Path) -> None:
    step = {"execution": {"type": "Train"}, "outputs": {"m": {"type": "Model", "name": "new"}}}
    (tmp_path / "steps.jsonl").write_text(json.dumps(step) + "\n")
    assert outcome(served_at, ["record", str(tmp_path / "steps.jsonl")])[0] == 0
    assert outcome(served_at, ["mark", "Model:new", "--label", "tainted"])[0] == 0
    assert outcome(served_at, ["check", "Model:new", "--label", "tainted"])[0] == 1
    assert outcome(served_at, ["lift", "Model:new", "--label", "tainted"])[0] == 0
    assert outcome(served_at, ["delete", "Model:new", "--yes"])[0] == 0
    assert store.artifact("Model:new").state == "DELETED"
    copied = f"sqlite:///{tmp_path}/copy.db"
    assert outcome(served_at, ["copy", served_at, copied])[0] == 0
    with lineage.connect(copied) as copy:
        assert copy.counts().artifacts == store.counts().artifacts


def test_errors_come_back_as_they_were(served_at: str, store: lineage.Store) -> None:
    client = lineage.connect(served_at)
    with pytest.raises(InvalidFilter) as wrong:
        client.artifacts(where="name = ")
    with pytest.raises(InvalidFilter) as there:
        store.artifacts(where="name = ")
    assert (str(wrong.value), wrong.value.position) == (str(there.value), there.value.position)
    with pytest.raises(NotFound, match="Model:nope"):
        client.get("Model:nope")
    with pytest.raises(TypeError):
        client.downstream("Dataset:raw", nope=1)  # type: ignore[call-arg]
    read = client.artifact("Model:churn")
    client.update(read.model_copy(update={"uri": "s3://b"}))
    with pytest.raises(Conflict):
        client.update(read)
    with pytest.raises(QueryStopped):
        client.query("UNWIND range(1, 100000000) AS x RETURN count(x)", timeout=0.2)


def test_answers_are_the_same_objects(served_at: str, store: lineage.Store) -> None:
    client = lineage.connect(served_at)
    for ask in (
        lambda of: of.downstream("Dataset:raw"),
        lambda of: of.taint(label="pii"),
        lambda of: of.about("Model:churn"),
        lambda of: of.impact("Dataset:raw"),
        lambda of: of.query("MATCH p = (a)-[]->(b) RETURN p, a, 1.5, null, [1], {x: 2}"),
        lambda of: of.artifacts(page_size=1),
        lambda of: of.vocabulary(),
    ):
        there, here = ask(store), ask(client)
        assert type(here) is type(there)
        assert repr(here) == repr(there)
    assert client.artifact(2).get("blob") == b"\x00\xff"
    page: Any = client.artifacts(page_size=1)
    assert client.artifacts(page_size=1, page_token=page.next_page_token)[0].id == 2


def test_steps_are_recorded_in_batches(served_at: str, store: lineage.Store) -> None:
    client = lineage.connect(served_at)
    told: list[int] = []
    steps = (
        Step(execution=Execution(type="Train"), outputs=[Artifact(type="Model", name=f"b-{at}")])
        for at in range(25)
    )
    assert client.record_steps(steps, batch_size=10, progress=told.append) == 25
    assert told == [10, 10, 5]
    assert store.counts().executions == 27


def test_a_transaction_is_whole_or_not_at_all(served_at: str, store: lineage.Store) -> None:
    client = lineage.connect(served_at)
    before = store.counts()

    def work(transaction: Any) -> int:
        transaction.compose.create(Artifact(type="Model", name="both"))
        [id] = transaction.apply()
        assert transaction.reader.nodes("artifact", [id])
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        client.transact(work)
    assert store.counts() == before
    assert client.transact(lambda transaction: transaction.reader.counts()) == before


def test_transactions_are_for_admins(store: lineage.Store) -> None:
    _, token = create_token(store, "pipeline", ["record", "mark", "delete"])
    _, admin = create_token(store, "admin", ["admin"])
    with HttpServer(store, LOCAL, Settings()) as server:
        client = lineage.connect(server.url.replace("//", f"//:{token}@"))
        with pytest.raises(AccessDenied), client.backend.read():
            pass
        with pytest.raises(AccessDenied):
            client.transact(lambda transaction: None)
        chief = lineage.connect(server.url.replace("//", f"//:{admin}@"))
        with chief.backend.read() as reader:
            assert reader.counts() == store.counts()
        caller = Caller(server.url, token)
        for id in ("0" * 32, "..", ""):
            assert caller.post(f"/sessions/{id}/commit", {}).status in (403, 404)


def _with_token(server: HttpServer, token: str) -> lineage.Store:
    return lineage.connect(server.url.replace("//", f"//:{token}@"))


def test_a_reading_ends_when_its_token_is_withdrawn(store: lineage.Store) -> None:
    _, token = create_token(store, "chief", ["admin"])
    create_token(store, "another", ["admin"])
    with (
        HttpServer(store, LOCAL) as server,
        _with_token(server, token).backend.read() as reader,
    ):
        assert reader.counts() == store.counts()
        revoke_token(store, "chief")
        with pytest.raises(Unauthenticated, match="withdrawn"):
            reader.counts()
        with pytest.raises(Interrupted):
            reader.counts()


@pytest.mark.parametrize("place", ["sqlite:///{}/other.db", "memory://"])
@pytest.mark.parametrize("how", ["late", "stolen"])
def test_a_write_ends_with_its_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, how: str
) -> None:
    late_ms = time.time_ns() // 1_000_000 + 3_600_000
    with lineage.connect(place.format(tmp_path)) as kept, HttpServer(kept, LOCAL) as server:
        _, token = create_token(kept, "chief", ["admin"], until_ms=late_ms)
        _, other = create_token(kept, "another", ["admin"])
        thief = _with_token(server, other).backend.connection  # type: ignore[attr-defined]

        def work(transaction: Any) -> None:
            transaction.compose.create(Artifact(type="Dataset", name="half"))
            transaction.apply()
            if how == "late":
                monkeypatch.setattr(time, "time_ns", lambda: (late_ms + 1) * 1_000_000)
            else:
                path = f"/sessions/{transaction.writer._session}/commit"
                thief.call(path, [], {}, again=False)

        with pytest.raises(Unauthenticated if how == "late" else AccessDenied):
            _with_token(server, token).transact(work)
        monkeypatch.undo()
        assert kept.counts().artifacts == 0


def test_exports_come_as_files(served_at: str) -> None:
    caller = Caller(served_at)
    for format, media in (("html", "text/html"), ("svg", "image/svg+xml"), ("json", "application")):
        reply = caller.get(f"/export/{format}", ref="Model:churn", direction="both")
        assert reply.status == 200, reply.body
        assert reply.headers["Content-Type"].startswith(media)
        assert reply.headers["Content-Disposition"].startswith("attachment")
        assert "sandbox" in reply.headers["Content-Security-Policy"]
    assert caller.get("/export/nope", ref="Model:churn").status == 400
