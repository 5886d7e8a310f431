"""Each answer can be read as text, in a notebook, as a data frame and through Arrow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas
import polars
import pytest

import lineage
from lineage import Artifact, Context, Execution, Store

DIGEST = "ab" * 32


@pytest.fixture(scope="module")
def store() -> Store:
    store = lineage.connect("memory://")
    store.record(
        Execution(type="Split", name="split"),
        inputs={"raw": Artifact(type="Dataset", name="raw", uri="s3://data/raw")},
        outputs={
            "train": Artifact(
                type="Dataset", name="train", custom_properties={"sha256": DIGEST, "rows": 10}
            )
        },
    )
    store.record(
        Execution(
            type="Train",
            name="fit",
            state="COMPLETE",
            custom_properties={
                "lr": 0.1, "bias": True, "epochs": 3.0, "environment": {"python": "3.11"},
            },
        ),
        inputs={"examples": "Dataset:train"},
        outputs={"model": Artifact(type="Model", name="churn", state="LIVE")},
        contexts=[Context(type="PipelineRun", name="monday")],
    )  # fmt: skip
    store.record(
        Execution(type="Evaluate", name="test"),
        inputs={"model": "Model:churn"},
        outputs={
            "metrics": Artifact(
                type="Metrics", name="test", custom_properties={"accuracy": 0.9123456789123}
            )
        },
    )
    store.record(
        Execution(type="Deploy", name="push", custom_properties={"endpoint": "eu"}),
        inputs={"model": "Model:churn"},
    )
    store.mark("Dataset:raw", label="bad", reason="of <b>2019</b>")
    return store


QUESTIONS: dict[str, Callable[[Store], Any]] = {
    "about": lambda s: s.about("Model:churn"),
    "artifacts": lambda s: s.artifacts(),
    "bisect": lambda s: s.bisect("Model:churn", good=["Dataset:raw"]),
    "blame": lambda s: s.blame("Model:churn", good=["Dataset:raw"]),
    "check": lambda s: s.check("Model:churn", label="bad"),
    "contexts": lambda s: s.contexts_of("Train:fit"),
    "cut": lambda s: s.cheapest_cut("Model:churn", label="bad"),
    "deployments": lambda s: s.deployments(),
    "diff": lambda s: s.diff("Dataset:raw", "Dataset:train"),
    "downstream": lambda s: s.downstream("Dataset:raw"),
    "environment": lambda s: s.environment_of("Model:churn"),
    "evaluations": lambda s: s.evaluations("Model:churn"),
    "events": lambda s: s.events(artifact="Model:churn"),
    "history": lambda s: s.history("Model:churn"),
    "hyperparameters": lambda s: s.hyperparameters("Model:churn"),
    "impact": lambda s: s.impact("Dataset:raw"),
    "marks": lambda s: s.marks(),
    "pipeline": lambda s: s.pipeline_of("Model:churn"),
    "policies": lambda s: s.policies(),
    "query": lambda s: s.query("MATCH (n:Artifact) RETURN n, n.name AS name"),
    "rebuild": lambda s: s.plan_rebuild(label="bad"),
    "receipts": lambda s: s.receipts(),
    "siblings": lambda s: s.siblings("Model:churn"),
    "taint": lambda s: s.taint(label="bad"),
    "progress": lambda s: s.taint_progress(label="bad"),
    "trained_on": lambda s: s.trained_on("Model:churn"),
    "types": lambda s: s.types(),
    "why": lambda s: s.why("Dataset:raw", "Model:churn"),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_answer_becomes_what_people_work_with(store: Store, name: str) -> None:
    answer = QUESTIONS[name](store)
    text, html = str(answer), answer._repr_html_()
    assert text
    assert "object at 0x" not in text
    assert "Artifact(" not in text
    assert DIGEST not in text
    assert len(text.splitlines()) < 60
    assert "<b>2019</b>" not in html
    assert isinstance(answer.to_dict(), dict)
    frame, table = answer.to_dataframe(), polars.from_arrow(answer.to_arrow())
    assert isinstance(frame, pandas.DataFrame)
    assert isinstance(table, polars.DataFrame)
    assert len(table) == len(frame)
    if not isinstance(answer, list):
        assert polars.DataFrame(answer).equals(table)


def test_hyperparameters_are_their_rows(store: Store) -> None:
    found = store.hyperparameters("Model:churn")
    assert str(found).splitlines() == [
        "NAME    VALUE  EXECUTION",
        "bias    yes    execution:2",
        "epochs  3      execution:2",
        "lr      0.1    execution:2",
    ]
    assert repr(found[0]) == "Setting(name='bias', value=True)"
    assert list(found.to_dataframe().columns) == ["name", "value", "execution"]


def test_about_has_what_was_measured(store: Store) -> None:
    about = store.about("Model:churn")
    assert "accuracy=0.912346" in str(about)
    assert "accuracy=0.912346" in about._repr_html_()


def test_a_check_draws_its_witness(store: Store) -> None:
    check = store.check("Model:churn", label="bad")
    assert str(check).splitlines()[1:] == [
        "Dataset:raw  (artifact:1)",
        "  -> Split:split  (execution:1)  [raw]",
        "    -> Dataset:train  (artifact:2)  [train]",
        "      -> Train:fit  (execution:2)  [examples]",
        "        -> Model:churn  (artifact:3)  [model]",
    ]
    assert "<svg" in check._repr_html_()
    assert "<svg" not in store.check("Model:churn", label="bad", as_of=0)._repr_html_()


def test_a_difference_has_its_columns_as_asked(store: Store) -> None:
    for first, second in (("Dataset:raw", "Dataset:train"), ("Dataset:train", "Dataset:raw")):
        told = str(store.diff(first, second)).splitlines()
        assert told[0].startswith(f"first   {first}")
        assert told[1].startswith(f"second  {second}")


def test_times_of_a_data_frame_are_times(store: Store) -> None:
    frame = store.history("Model:churn").to_dataframe()
    assert "time" in frame
    assert str(frame["time"].dt.tz) == "UTC"


def test_many_rows_are_cut_with_a_word(store: Store) -> None:
    with lineage.connect("memory://") as other:
        other.put_all([Artifact(type="Dataset", name=f"d{at}") for at in range(120)])
        assert str(other.artifacts()).splitlines()[-1] == "The first 100 of 120 are shown."
        assert len(other.artifacts().to_dataframe()) == 120


def test_an_empty_list_says_so(store: Store) -> None:
    assert str(store.receipts()) == "nothing"
    assert store.receipts() == []
