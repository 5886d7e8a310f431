"""OpenLineage clients: the unmodified library, real events, batches."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.transport.http import (
    ApiKeyTokenProvider,
    HttpCompression,
    HttpConfig,
    HttpTransport,
)

import lineage
from lineage.server.tokens import create_token
from tests.server.http.conftest import Caller, Serve, error_of


@pytest.mark.parametrize("compression", [None, HttpCompression.GZIP])
def test_the_unmodified_client_sends_its_events(
    serve: Serve, store: lineage.Store, compression: HttpCompression | None
) -> None:
    _, token = create_token(store, "airflow", ["record"])
    config = HttpConfig(
        url=serve().url,
        auth=ApiKeyTokenProvider({"apiKey": token}),
        compression=compression,
    )
    client = OpenLineageClient(transport=HttpTransport(config))
    run, job = Run(runId=str(uuid.uuid4())), Job(namespace="etl", name="copy")
    for state in (RunState.START, RunState.COMPLETE, RunState.COMPLETE):
        client.emit(
            RunEvent(
                eventType=state,
                eventTime="2026-11-28T14:00:00Z",
                run=run,
                job=job,
                producer="https://example.com",
                inputs=[InputDataset(namespace="s3://data", name="in.csv")],
                outputs=[OutputDataset(namespace="s3://data", name="out.csv")],
            )
        )
    client.close()
    found = store.upstream("s3://data/out.csv")
    assert [n.node.uri for n in found if n.node.kind == "artifact"] == [
        "s3://data/out.csv", "s3://data/in.csv",
    ]  # fmt: skip


def test_a_wrong_event_is_told_which_field(caller: Caller) -> None:
    reply = caller.post("/lineage", {"eventTime": "2026-11-28T14:00:00Z", "run": {"runId": "x"}})
    assert "RunEvent.job" in error_of(reply, 400)


def test_a_batch_is_answered_per_event(caller: Caller, data: Path) -> None:
    events: list[Any] = []
    for path in sorted((data / "openlineage").rglob("*.json*"))[:40]:
        for line in path.read_text().splitlines() if path.suffix == ".jsonl" else []:
            events.append(json.loads(line))
        if path.suffix == ".json":
            told = json.loads(path.read_text())
            events += told if isinstance(told, list) else [told]
    events = [e for e in events if isinstance(e, dict) and "eventTime" in e][:200]
    assert len(events) > 10
    told = caller.post("/lineage/batch", [*events, {"run": {}}]).json
    assert [item["index"] for item in told["events"]] == list(range(len(events) + 1))
    assert told["events"][-1]["status"] == 400
    assert told["refused"] >= 1
    assert told["recorded"] + told["refused"] == len(events) + 1
    again = caller.post("/lineage/batch", events).json
    assert again["events"] == told["events"][:-1]
