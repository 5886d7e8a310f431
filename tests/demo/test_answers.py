"""Every answer of the command line about the demo's store, wherever that store is copied to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import lineage
from lineage import demo
from lineage.cli.commands import app
from lineage.formats.store_copy import copy_store
from tests.formats.test_copying import everything

MODEL, RAW, FAILED = "Model:cancer/logistic", "Dataset:cancer/raw", "linear-sparse"
TRAIN = f"Train:cancer/train/{FAILED}"
# Each command that asks, with what it is asked.
QUESTIONS: list[list[str]] = [
    ["types"],
    ["ls"],
    ["ls", "executions", "--state", "FAILED"],
    ["ls", "contexts", "--newest", "--limit", "3"],
    ["ls", "--type", "Model", "--context", "PipelineRun:cancer-1"],
    ["show", MODEL],
    ["show", f"{MODEL}@1"],
    ["show", "PipelineRun:cancer-1"],
    ["upstream", MODEL],
    ["upstream", MODEL, "--type", "DATASET", "--depth", "4"],
    ["downstream", RAW],
    ["downstream", RAW, "Dataset:digits/raw", "--type", "MODEL"],
    ["downstream", RAW, "--as-of", "2020-01-01"],
    ["why", RAW, MODEL],
    ["why", MODEL, RAW],
    ["trained-on", MODEL],
    ["hyperparameters", MODEL],
    ["pipeline", MODEL],
    ["environment", MODEL],
    ["evaluations", MODEL],
    ["deployments"],
    ["deployments", MODEL],
    ["deployments", "--history", "--where", "*"],
    ["about", MODEL],
    ["failure", TRAIN],
    ["history", MODEL],
    ["history", TRAIN],
    ["diff", MODEL, "Model:cancer/forest"],
    ["siblings", MODEL, "--metric", "accuracy"],
    ["blame", "--type", "Train"],
    ["taint", "--source", RAW],
    ["taint", "--label", "poisoned"],
    ["check", MODEL, "--label", "poisoned"],
    ["check", "Model:digits/svc", "--label", "poisoned"],
    ["marks"],
    ["policy", "show"],
    ["impact", RAW],
    ["rebuild", "--label", "poisoned"],
    ["receipts"],
    ["export", "json", MODEL],
]


def told(url: str, words: list[str]) -> tuple[int, str]:
    """Exit code and output, without what a backend calls its types inside."""
    done = CliRunner().invoke(app, ["--store", url, *words])
    assert done.exception is None or isinstance(done.exception, SystemExit), words
    # That something was deleted is said on standard error, which is no JSON.
    output = done.stdout if "--json" in words else done.output
    if words[0] == "types" and "--json" in words:
        found: list[dict[str, Any]] = json.loads(output)
        output = json.dumps([{k: v for k, v in type.items() if k != "id"} for type in found])
    return done.exit_code, output


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a SQLite store after the demo, with one more mark on the raw data."""
    folder = tmp_path_factory.mktemp("demo")
    url = f"sqlite:///{folder}/demo.db"
    with lineage.connect(url) as store:
        demo.run(store, work=folder)
    assert told(url, ["mark", RAW, "--label", "poisoned", "--reason", "labels swapped"])[0] == 0
    return url


@pytest.fixture(scope="module")
def expected(recorded: str) -> dict[tuple[str, ...], tuple[int, str]]:
    return {tuple(words): told(recorded, words) for words in forms()}


def forms() -> list[list[str]]:
    return [form for words in QUESTIONS for form in (words, [*words, "--json"])]


def test_there_and_back_it_compares_equal_and_answers_alike(
    recorded: str,
    expected: dict[tuple[str, ...], tuple[int, str]],
    store: lineage.Store,
    url: str,
    tmp_path: Path,
) -> None:
    with (
        lineage.connect(recorded) as first,
        lineage.connect(f"sqlite:///{tmp_path}/back.db") as back,
    ):
        copy_store(first, store)
        copy_store(store, back)
        assert everything(first) == everything(store) == everything(back)
        assert first.counts().executions >= 20
    for words, answer in expected.items():
        assert told(url, list(words)) == answer, words


def test_each_is_an_answer(expected: dict[tuple[str, ...], tuple[int, str]]) -> None:
    for words, (code, output) in expected.items():
        assert code in (0, 1), (words, output)
        if words[-1] == "--json":
            json.loads(output)
        else:
            assert output.strip(), words
            assert "\x1b" not in output
