"""The server as a process: what it prints and logs, TLS, signals, and a kill in the midst."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
import urllib3

import lineage
from lineage.errors import AccessDenied, InvalidInput, StoreUnavailable, Unauthenticated
from lineage.server.addresses import Address
from lineage.server.http import Settings
from lineage.server.http.process import HttpServer
from lineage.server.tokens import create_token, list_tokens
from tests.server.http.conftest import LOCAL, Caller

LONG = bool(os.environ.get("LINEAGE_LONG"))


@contextlib.contextmanager
def serving(url: str, *words: str, **environment: str) -> Iterator[tuple[Any, list[str]]]:
    """`lineage serve` in a process of its own, and where it says that it listens."""
    process = subprocess.Popen(
        [sys.executable, "-m", "lineage.cli", "--store", url, "serve", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    assert process.stdout is not None
    try:
        listening = [process.stdout.readline() for word in words if word in ("--http", "--grpc")]
        yield process, [line.split()[-1] for line in listening if line]
    finally:
        process.kill()
        process.communicate()


def test_both_wires_in_one_process(tmp_path: Path) -> None:
    import grpc

    from lineage.server.mlmd.messages import SERVICE, methods

    url = f"sqlite:///{tmp_path}/lineage.db"
    with serving(url, "--http", "localhost:0", "--grpc", "localhost:0", "--log", "info") as (
        process,
        (web, mlmd),
    ):
        made = Caller(web).post("/artifacts", {"type": "Model", "name": "churn"})
        assert made.status == 201
        request, response = methods()["GetArtifacts"]
        with grpc.insecure_channel(mlmd) as channel:
            ask = channel.unary_unary(
                f"/{SERVICE}/GetArtifacts",
                request_serializer=request.SerializeToString,
                response_deserializer=response.FromString,
            )
            assert [a.name for a in ask(request(), timeout=60).artifacts] == ["churn"]
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=60)
    assert process.returncode == 0
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    [told] = [line for line in lines if line.get("path") == "/api/v1/artifacts"]
    assert (told["method"], told["status"], told["who"]) == ("POST", 201, "anonymous")
    assert told["request_id"] == made.headers["X-Request-ID"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--http", "0.0.0.0:0"], "token"),
        (["--http", "0.0.0.0:0", "--token", "sesame"], "guessed"),
        (["--http", "localhost:0", "--token", " "], "blank"),
        (["--http", "[::]:0", "--grpc", "localhost:0"], "token"),
        (["--http", "localhost"], "HOST:PORT"),
        (["--http", "localhost:0", "--tls-cert", "x.pem"], "key"),
        ([], "--http"),
    ],
)
def test_what_is_not_safe_does_not_start(tmp_path: Path, words: list[str], said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lineage.cli", "--store", f"sqlite:///{tmp_path}/l.db", "serve",
         *words],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 2
    assert said in done.stderr


def test_without_tls_others_are_warned_of(tmp_path: Path) -> None:
    words = ["--http", "0.0.0.0:0", "--token", "long enough to be kept secret"]
    with serving(f"sqlite:///{tmp_path}/l.db", *words) as (process, _):
        process.terminate()
        _, told = process.communicate(timeout=60)
    assert "without TLS" in told


def test_tls(store: lineage.Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    key, certificate, root = (tmp_path / name for name in ("key.pem", "cert.pem", "ca.pem"))
    issued.private_key_pem.write_to_path(key)
    issued.cert_chain_pems[0].write_to_path(certificate)
    authority.cert_pem.write_to_path(root)
    with HttpServer(store, LOCAL, certificate=certificate, key=key) as server:
        assert server.url.startswith("https://")
        with pytest.raises(StoreUnavailable, match="certificate"):
            lineage.connect(server.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(root))
        with lineage.connect(server.url) as client:
            assert client.counts() == store.counts()
        pool = urllib3.PoolManager(ca_certs=str(root))
        reply = pool.request("GET", f"{server.url}/healthz")
        assert "max-age" in reply.headers["Strict-Transport-Security"]
    with pytest.raises(InvalidInput, match="PEM"):
        HttpServer(store, LOCAL, certificate=key, key=certificate)


def test_a_port_in_use(store: lineage.Store) -> None:
    with HttpServer(store, LOCAL) as server, pytest.raises(StoreUnavailable, match="in use"):
        HttpServer(store, server.address)


def test_nothing_listens_beyond_this_machine_by_itself(store: lineage.Store) -> None:
    with pytest.raises(InvalidInput, match="token"):
        HttpServer(store, Address("0.0.0.0", 0))
    with pytest.raises(InvalidInput, match="guessed"):
        HttpServer(store, Address("0.0.0.0", 0), Settings(token="sesame"))


def test_tokens_are_made_listed_and_revoked(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/lineage.db"

    def run(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "lineage.cli", "--store", url, "token", *words],
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
        return done.stdout

    token = run("create", "nightly", "--role", "record", "--until", "2099-01-01").strip()
    told = json.loads(run("list", "--json"))
    assert [(t["name"], t["roles"], t["revoked_ms"]) for t in told] == [
        ("nightly", ["record"], None)
    ]
    assert token.rpartition("_")[2] not in json.dumps(told)
    with lineage.connect(url) as store, HttpServer(store, LOCAL) as server:
        client = lineage.connect(server.url.replace("//", f"//:{token}@"))
        assert token not in repr(client)
        client.put(lineage.Artifact(type="Model", name="m"))
        with pytest.raises(AccessDenied, match="mark"):
            client.mark("Model:m", label="x")
        assert "revoked nightly" in run("revoke", "nightly")
        with pytest.raises(Unauthenticated):
            client.counts()
        with pytest.raises(Unauthenticated):
            lineage.connect(server.url)
        assert [token.name for token in list_tokens(store)] == ["nightly"]


def test_a_stop_finishes_what_is_under_way(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/lineage.db"
    acknowledged: list[str] = []
    begun = threading.Event()
    with serving(url, "--http", "localhost:0") as (process, [web]):
        caller = Caller(web)

        def write() -> None:
            for at in range(100_000):
                try:
                    reply = caller.post("/artifacts", {"type": "Model", "name": f"m-{at}"})
                except urllib3.exceptions.HTTPError:
                    return
                if reply.status != 201:
                    return
                acknowledged.append(reply.json["name"])
                begun.set()

        writer = threading.Thread(target=write)
        writer.start()
        assert begun.wait(60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        writer.join(60)
    with lineage.connect(url) as store:
        there = {node.name for node in store.artifacts()}
    assert there >= set(acknowledged)
    assert len(there) - len(acknowledged) <= 1


@pytest.mark.parametrize("kill", range(20 if LONG else 2))
def test_a_kill_loses_nothing_that_was_acknowledged(tmp_path: Path, kill: int) -> None:
    url = f"sqlite:///{tmp_path}/lineage.db"
    acknowledged: dict[str, tuple[str, int]] = {}
    with serving(url, "--http", "localhost:0") as (process, [web]):
        enough = threading.Event()

        def write(who: int) -> None:
            caller = Caller(web)
            for at in range(100_000):
                step = {
                    "execution": {"type": "Train", "name": f"s-{who}-{at}"},
                    "outputs": {"model": {"type": "Model", "name": f"m-{who}-{at}"}},
                }
                key = f"{who}-{at}"
                try:
                    reply = caller.post("/steps", step, headers={"Idempotency-Key": key})
                except urllib3.exceptions.HTTPError:
                    return
                if reply.status != 201:
                    return
                acknowledged[key] = (f"Model:m-{who}-{at}", reply.json["execution"])
                if len(acknowledged) >= 10 + kill * 3:
                    enough.set()

        writers = [threading.Thread(target=write, args=[who]) for who in range(4)]
        for writer in writers:
            writer.start()
        assert enough.wait(120)
        process.kill()
        for writer in writers:
            writer.join(60)
    with lineage.connect(url) as store, HttpServer(store, LOCAL) as server:
        for model, execution in acknowledged.values():
            assert [e.execution_id for e in store.events(artifact=model)] == [execution]
        before = store.counts()
        # The answers were lost, or not: whoever asks again under the same key changes nothing.
        key, (model, execution) = next(iter(acknowledged.items()))
        name = model.partition(":")[2]
        step = {
            "execution": {"type": "Train", "name": name.replace("m-", "s-", 1)},
            "outputs": {"model": {"type": "Model", "name": name}},
        }
        again = Caller(server.url).post("/steps", step, headers={"Idempotency-Key": key})
        assert again.json["execution"] == execution
        assert store.counts() == before


def test_a_server_that_is_gone(store: lineage.Store) -> None:
    with HttpServer(store, LOCAL) as server:
        client = lineage.connect(server.url)
    with pytest.raises(StoreUnavailable, match=server.url):
        client.counts()
    _, token = create_token(store, "reader", ["read"])
    with HttpServer(store, LOCAL) as server:
        with pytest.raises(Unauthenticated):
            lineage.connect(server.url)
        with pytest.raises(Unauthenticated):
            lineage.connect(server.url.replace("//", "//:wrong@"))
        assert lineage.connect(server.url.replace("//", f"//{token}@")).counts() == store.counts()
    for url in ("http://", "http://[", "http://localhost:99999", "http://localhost?x=1"):
        with pytest.raises(lineage.errors.InvalidValue):
            lineage.connect(url)
