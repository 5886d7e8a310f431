"""A real server on this machine, over a store that has something in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import urllib3

import lineage
from lineage import Artifact, Context, Execution
from lineage.server.addresses import Address
from lineage.server.http import Settings
from lineage.server.http.process import HttpServer

LOCAL = Address("localhost", 0)


@dataclass(frozen=True)
class Reply:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.body.splitlines()]


class Caller:
    """Whoever calls a server, with a token or without."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url
        self.token = token
        self._pool = urllib3.PoolManager(retries=False, timeout=60)

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        **query: Any,
    ) -> Reply:
        sent = dict(headers or {})
        if self.token is not None:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        raw: bytes | None = body if isinstance(body, bytes) or body is None else None
        if raw is None and body is not None:
            raw = json.dumps(body).encode()
        if raw is not None:
            sent.setdefault("Content-Type", "application/json")
        pairs = [
            (name, str(item))
            for name, value in query.items()
            for item in (value if isinstance(value, list) else [value])
        ]
        from urllib.parse import urlencode

        where = f"{self.url}{path}" + (f"?{urlencode(pairs)}" if pairs else "")
        answer = self._pool.request(method, where, body=raw, headers=sent, redirect=False)
        return Reply(answer.status, answer.headers, answer.data)

    def get(self, path: str, **query: Any) -> Reply:
        return self("GET", f"/api/v1{path}", **query)

    def post(self, path: str, body: Any = None, **more: Any) -> Reply:
        return self("POST", f"/api/v1{path}", body, **more)

    def put(self, path: str, body: Any = None, **more: Any) -> Reply:
        return self("PUT", f"/api/v1{path}", body, **more)

    def with_token(self, token: str | None) -> Caller:
        return Caller(self.url, token)


Serve = Callable[..., Caller]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[lineage.Store]:
    """Raw data, a model that was trained on it, and where that was deployed."""
    with lineage.connect(f"sqlite:///{tmp_path}/lineage.db") as opened:
        fill(opened)
        yield opened


def fill(store: lineage.Store) -> None:
    monday = Context(type="PipelineRun", name="monday")
    store.record(
        Execution(type="Train", name="fit", custom_properties={"lr": 0.1}, state="COMPLETE"),
        inputs={"examples": Artifact(type="Dataset", name="raw", uri="s3://data/raw")},
        outputs={
            "model": Artifact(
                type="Model",
                name="churn",
                uri="s3://models/churn",
                state="LIVE",
                custom_properties={"accuracy": 0.9, "blob": b"\x00\xff"},
            )
        },
        contexts=[monday],
    )
    store.record(
        Execution(type="Deploy", name="push"),
        inputs={"model": "Model:churn"},
        outputs={"pushed": Artifact(type="PushedModel", name="served")},
    )
    store.put_parent("PipelineRun:monday", store.put(Context(type="Pipeline", name="churn")))


@pytest.fixture
def serve(store: lineage.Store) -> Iterator[Serve]:
    """Start a server over the store; returns somebody who calls it."""
    with ExitStack() as running:

        def start(of: lineage.Store = store, **settings: Any) -> Caller:
            server = running.enter_context(HttpServer(of, LOCAL, Settings(**settings)))
            return Caller(server.url, settings.get("token"))

        yield start


@pytest.fixture
def caller(serve: Serve) -> Caller:
    return serve()


def error_of(reply: Reply, status: int) -> str:
    """The message of an error, which has the one shape."""
    assert reply.status == status, (reply.status, reply.body)
    told = reply.json
    assert {"error", "message", "request_id"} <= told.keys()
    assert re.fullmatch(r"[A-Za-z0-9._-]+", told["request_id"])
    assert "Traceback" not in told["message"]
    assert told["request_id"] == reply.headers["X-Request-ID"]
    return f"{told['error']}: {told['message']}"
