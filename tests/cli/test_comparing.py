"""Diff, siblings, blame, bisect and export, as commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import lineage
from lineage import Artifact, Execution, Kind, Type
from lineage.cli.commands import app
from lineage.errors import LineageError
from tests.series import declare_series


@pytest.fixture
def trained(tmp_path: Path) -> str:
    """Three models of one dataset, one of them bad, and a run that failed."""
    url = f"sqlite:///{tmp_path}/lineage.db"
    with lineage.connect(url) as store:
        declare_series(store)
        for at, (lr, accuracy) in enumerate([(0.1, 0.9), (0.1, 0.95), (9.0, 0.4)], start=1):
            store.record(
                Execution(type="Train", name=f"t{at}", state="COMPLETE",
                          custom_properties={"lr": lr}),
                inputs={"d": Artifact(type="Dataset", name="raw")},
                outputs={"m": Artifact(type="Model", name=f"churn-{at}",
                                       custom_properties={"accuracy": accuracy})},
            )  # fmt: skip
        failed = Execution(type="Train", name="t4", state="FAILED", custom_properties={"lr": 99.0})
        store.record(failed, inputs={"d": "Dataset:raw"})
    return url


def run(trained: str, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["--store", trained, *arguments])


def answer(trained: str, *arguments: str) -> Any:
    done = run(trained, *arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_diff(trained: str) -> None:
    told = answer(trained, "diff", "Model:churn-1", "Model:churn-3")
    [setting] = told["settings"]
    assert (setting["part"], setting["name"], setting["first"], setting["second"]) == (
        "parameter", "lr", 0.1, 9.0,
    )  # fmt: skip
    assert told["complete"] is True
    shown = run(trained, "diff", "Model:churn-1", "Model:churn-3").stdout
    assert "parameter  lr    0.1  9  Train" in shown
    assert "accuracy  0.9  0.4  not better" in shown
    same = run(trained, "diff", "Model:churn-1", "Model:churn-1").stdout
    assert "Nothing that was recorded differs." in same


def test_diff_tells_data_of_one_type_apart(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/lineage.db"
    with lineage.connect(url) as store:
        for at in (1, 2):
            before = Artifact(type="Dataset", name=f"raw-{at}", custom_properties={"rows": at})
            for step, made in (("Split", "Examples:train"), ("Scale", "Examples:scaled")):
                store.put_type(Type(kind=Kind.EXECUTION, name=step))
                after = Artifact(type="Examples", name=f"{made.partition(':')[2]}-{at}",
                                 custom_properties={"bytes": 10 * at})  # fmt: skip
                store.record(Execution(type=step), inputs={"d": before}, outputs={"d": after})
                before = after
            store.record(Execution(type="Train"), inputs={"d": before},
                         outputs={"m": Artifact(type="Model", name=f"m-{at}")})  # fmt: skip
    shown = run(url, "diff", "Model:m-1", "Model:m-2").stdout.splitlines()
    values = [line.split() for line in shown[shown.index("") :] if line.split()[2:] == ["10", "20"]]
    assert [value[0] for value in values] == ["Examples:scaled-1", "Examples:train-1"]
    assert ["Dataset", "rows", "1", "2"] in map(str.split, shown)


def test_siblings(trained: str) -> None:
    told = answer(trained, "siblings", "Model:churn-1", "--metric", "accuracy")
    assert [(s["name"], s["better"]) for s in told["siblings"]] == [
        ("churn-2", True), ("churn-3", False),
    ]  # fmt: skip
    shown = run(trained, "siblings", "Model:churn-1").stdout.splitlines()
    assert [line.split()[0] for line in shown[1:4]] == [
        "Model:churn-2", "Model:churn-1", "Model:churn-3",
    ]  # fmt: skip
    assert shown[-1] == "1 of 2 did better (higher accuracy is better)."
    lower = run(trained, "siblings", "Model:churn-1", "--better", "lower").stdout
    assert "1 of 2 did better (lower accuracy is better)." in lower


def test_blame(trained: str) -> None:
    told = answer(trained, "blame", "--type", "Train")
    assert (told["bad"], told["suspects"][0]["value"]) == (["execution:4"], 99.0)
    models = answer(trained, "blame", "--type", "Model", "--metric", "accuracy", "--below", "0.5")
    assert models["suspects"][0]["name"] == "lr"
    assert models["suspects"][0]["value"] == 9.0
    shown = run(trained, "blame", "Train:t4", "--limit", "1").stdout.splitlines()
    assert shown[1].split() == ["1", "1.000", "1/1", "0/3", "parameter", "Train", "lr=99.0"]
    assert shown[2] == "3 suspects of 1 bad and 3 good, 1 shown (--limit 0 shows all)."
    assert "Nothing went wrong." in run(trained, "blame", "--type", "Evaluate").stdout
    for wrong in (["blame"], ["blame", "--type", "Train", "--formula", "x"]):
        failed = run(trained, *wrong)
        assert isinstance(failed.exception, LineageError)
        assert failed.exception.exit_code == 2


def test_bisect(trained: str) -> None:
    given = ["bisect", "Model:churn-3", "--versions"]
    told = answer(trained, *given, "--metric", "accuracy", "--below", "0.5")
    assert told["first_bad"]["name"] == "churn-3"
    assert run(trained, *given).stdout.splitlines() == [
        "Test next: Model:churn-1  (artifact:2)",
        "Candidates: 3; left 1 if it is bad, 2 if it is good; about 2 to test.",
    ]
    done = run(trained, *given, "--good", "Model:churn-2").stdout
    assert done == "First bad: Model:churn-3  (artifact:4)\n"


def test_export(trained: str, tmp_path: Path) -> None:
    file = tmp_path / "churn.html"
    told = answer(trained, "export", "html", "Dataset:raw", "--direction", "both", "-o", str(file))
    assert (told["format"], told["nodes"]) == ("html", 8)
    assert file.read_text().startswith("<!doctype html>")
    assert run(trained, "export", "mermaid", "Model:churn-1").stdout.startswith("flowchart LR")
    for wrong in (["docx", "Model:churn-1"], ["dot", "Model:churn-1", "--direction", "sideways"]):
        failed = run(trained, "export", *wrong)
        assert isinstance(failed.exception, LineageError)
        assert failed.exception.exit_code == 2


def test_a_run_that_never_ended_is_a_finding(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/open.db"
    with lineage.connect(url) as store:
        for name in ("fit", "lost"):
            store.put(
                Execution(
                    type="Train", name=name, state="RUNNING", custom_properties={"lease_until": 1}
                )
            )
    told = run(url, "blame", "--type", "Train").stdout
    assert "2 runs have not ended: execution:1, execution:2 (see lineage runs)" in told
    assert "Nothing went wrong" not in told
    assert "It never ended: its lease has ended." in run(url, "failure", "Train:fit").stdout
    assert "execution:2  Train:lost  RUNNING  yes" in run(url, "runs", "--stale").stdout
    told = run(url, "close", "Train:fit", "--state", "CANCELED", "--reason", "lost").stdout
    assert told == "closed execution:1 Train:fit: CANCELED\n"
    assert "execution:2" in run(url, "close", "--where", "name=lost").stdout
    assert run(url, "runs").stdout == "every run has ended\n"
    assert run(url, "close", "--where", "name=lost").exit_code == 1
