"""The store that the docstrings' examples ask, as the one of `Store` says."""

from __future__ import annotations

from typing import Any

import pytest

import lineage
from lineage import Artifact, Context, Execution


@pytest.fixture(autouse=True)
def _example_names(request: pytest.FixtureRequest) -> None:
    """Give each docstring the names that the example of `Store` made."""
    if not isinstance(request.node, pytest.DoctestItem):
        return
    namespace: dict[str, Any] = request.getfixturevalue("doctest_namespace")
    store = lineage.connect("memory://")
    store.record(
        Execution(type="Split", name="split"),
        inputs={"raw": Artifact(type="Dataset", name="raw", uri="s3://data/raw")},
        outputs={"train": Artifact(type="Dataset", name="train")},
    )
    train = store.record(
        Execution(type="Train", name="fit", state="COMPLETE", custom_properties={"lr": 0.1}),
        inputs={"examples": "Dataset:train"},
        outputs={"model": Artifact(type="Model", name="churn", state="LIVE")},
        contexts=[Context(type="PipelineRun", name="monday")],
    )
    store.record(
        Execution(type="Evaluate", name="test"),
        inputs={"model": "Model:churn"},
        outputs={
            "metrics": Artifact(type="Metrics", name="test", custom_properties={"accuracy": 0.9})
        },
    )
    store.record(
        Execution(type="Deploy", name="push", custom_properties={"endpoint": "eu"}),
        inputs={"model": "Model:churn"},
    )
    namespace.update(
        lineage=lineage, store=store, train=train,
        Artifact=Artifact, Context=Context, Execution=Execution,
    )  # fmt: skip
