"""TFX's own orchestration records through the gRPC server, with its cache in the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineage import Execution, ExecutionState, Kind, Store
from lineage.model import Flow
from lineage.server.addresses import Address
from lineage.server.mlmd.service import Server
from tests.mlmd_drop_in.conftest import Beside

_COMPLETE, _CACHED, _FAILED = (
    ExecutionState.COMPLETE,
    ExecutionState.CACHED,
    ExecutionState.FAILED,
)


def test_a_pipeline_runs_and_is_cached(store: Store, protobuf_4: Beside, tmp_path: Path) -> None:
    run_and_ask(store, protobuf_4, tmp_path)


@pytest.mark.backends("sqlite")
def test_so_it_does_by_the_newest_tfx(store: Store, protobuf_6: Beside, tmp_path: Path) -> None:
    run_and_ask(store, protobuf_6, tmp_path)


def run_and_ask(store: Store, beside: Beside, tmp_path: Path) -> None:
    (tmp_path / "schema").mkdir()
    with Server(store, Address("localhost", 0)) as server:
        # In two processes: what is cached is known from the store alone.
        for parts in (["train:100"], ["train:100", "train:200", "push:eu", "train:0"]):
            beside.by_script("tfx_pipeline.py", str(server.address), str(tmp_path), *parts)

    runs = {name: steps(store, name) for name in ("Load", "Train", "Push")}
    states = {name: [step.state for step in found] for name, found in runs.items()}
    assert states == {
        "Load": [_COMPLETE, _CACHED, _COMPLETE, _FAILED],
        "Train": [_COMPLETE, _CACHED, _COMPLETE],
        "Push": [_COMPLETE],
    }
    for first, again, other in (runs["Load"][:3], runs["Train"]):
        assert made(store, again) == made(store, first) != made(store, other)

    # And right afterwards, what ML Metadata could not be asked.
    old, new = store.find(Kind.ARTIFACT, type="TaxiModel")
    [few], [many] = (store.trained_on(model) for model in (old, new))
    assert few.dataset.custom_properties["rows"] == 100
    assert many.dataset.custom_properties["rows"] == 200
    assert few.direct
    assert many.direct
    assert new.custom_properties["tfx_version"] == beside.version("ml-pipelines-sdk")
    [schema] = store.find(Kind.ARTIFACT, type="TaxiSchema")
    assert {at.node.id for at in store.downstream(schema, type="TaxiModel")} == {old.id, new.id}
    [pushed] = store.deployments()
    assert (pushed.execution.id, pushed.where) == (runs["Push"][0].id, "eu")
    assert [model.id for model in pushed.models] == [new.id]
    assert store.deployments(old) == []
    store.mark(few.dataset, label="poisoned")
    assert store.check(new, label="poisoned").clean
    store.mark(many.dataset, label="poisoned")
    tainted = {at.node.id for at in store.taint(label="poisoned", type="TaxiModel")}
    assert tainted == {old.id, new.id}


def steps(store: Store, name: str) -> list[Execution]:
    """The runs of a component, oldest first."""
    found = store.executions(type=f"tfx_pipeline.{name}")
    return sorted(found, key=lambda execution: execution.id or 0)


def made(store: Store, step: Execution) -> list[int]:
    events = store.events(execution=step.id)
    return sorted(event.artifact_id for event in events if event.type.flow is Flow.OUTPUT)
