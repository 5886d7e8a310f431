"""A client in Go, by stubs from our own .proto files, records through the gRPC server."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lineage import Execution, ExecutionState, Kind, Store
from lineage.server.addresses import Address
from lineage.server.mlmd.service import Options, Server
from tools.mlmd.go_client import built

_TOKEN = "a-token"


@pytest.fixture(scope="session")
def client() -> Path:
    return built()


def test_it_records_and_is_cached(store: Store, client: Path) -> None:
    with Server(store, Address("localhost", 0), Options(token=_TOKEN)) as server:

        def run(name: str, rows: str) -> list[dict[str, Any]]:
            done = asked(client, str(server.address), name, rows)
            assert done.returncode == 0, done.stderr
            found: list[dict[str, Any]] = json.loads(done.stdout)
            return found

        first, again, other = run("monday", "100"), run("tuesday", "100"), run("today", "200")
    assert [task["state"] for task in first] == ["COMPLETE", "COMPLETE"]
    assert [task["state"] for task in again] == ["CACHED", "CACHED"]
    assert [task["state"] for task in other] == ["COMPLETE", "COMPLETE"]
    assert [t["output"] for t in again] == [t["output"] for t in first]

    # And right afterwards, the same in the store.
    for name, tasks in {"monday": first, "tuesday": again, "today": other}.items():
        found = store.executions(context=f"system.PipelineRun:{name}")
        assert {(e.id, e.state) for e in found if isinstance(e, Execution)} == {
            (task["execution"], ExecutionState(task["state"])) for task in tasks
        }
    for data, model in (first, other):
        [used] = store.trained_on(model["output"])
        assert (used.dataset.id, used.direct) == (data["output"], True)
    [old, new] = store.find(Kind.ARTIFACT, type="system.Model")
    store.mark(first[0]["output"], label="poisoned")
    assert not store.check(old, label="poisoned").clean
    assert store.check(new, label="poisoned").clean


@pytest.mark.backends("memory")
def test_without_the_token_it_is_refused(store: Store, client: Path) -> None:
    with Server(store, Address("localhost", 0), Options(token=_TOKEN)) as server:
        done = asked(client, str(server.address), "monday", "100", token="another")
    assert done.returncode == 1
    assert "code = Unauthenticated" in done.stderr
    assert not store.contexts()


def asked(client: Path, *arguments: str, token: str = _TOKEN) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [client, *arguments],
        env={**os.environ, "LINEAGE_TOKEN": token},
        capture_output=True,
        text=True,
        check=False,
    )
