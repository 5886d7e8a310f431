"""Versions at the command line: lists, references, differences."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import lineage
from lineage import Artifact, Execution
from lineage.cli.commands import app


@pytest.fixture
def series(tmp_path: Path) -> str:
    series = f"sqlite:///{tmp_path}/lineage.db"
    with lineage.connect(series) as store:
        for rate in (1, 2, 3):
            store.record(
                Execution(
                    type="Train", name="fit", state="COMPLETE", custom_properties={"lr": rate}
                ),
                outputs=[Artifact(type="Model", name="churn", digest=f"sha256:{rate:064x}")],
            )
    return series


def ask(series: str, *words: str) -> str:
    answer = CliRunner().invoke(app, ["--store", series, *words])
    assert answer.exit_code in (0, 1), answer.output
    return answer.output


def names(series: str, *words: str) -> list[tuple[str, int]]:
    found = json.loads(ask(series, "ls", *words, "--json"))["nodes"]
    return [(node["name"], node["version"]) for node in found]


def test_a_list_has_the_newest_versions(series: str) -> None:
    assert names(series) == [("churn", 3)]
    assert names(series, "--all-versions") == [("churn", 1), ("churn", 2), ("churn", 3)]
    assert names(series, "version<3") == [("churn", 1), ("churn", 2)]
    # Attempts are runs of their own.
    assert names(series, "executions") == [("fit", 1), ("fit", 2), ("fit", 3)]
    assert "churn@3" in ask(series, "ls")


def test_a_version_is_shown(series: str) -> None:
    shown = json.loads(ask(series, "show", "Model:churn@2", "--json"))
    assert (shown["version"], shown["digest"]) == (2, f"sha256:{2:064x}")
    assert f"sha256:{3:064x}" in ask(series, "show", "Model:churn")


def test_two_versions_are_compared(series: str) -> None:
    answer = ask(series, "diff", "Model:churn@2", "Model:churn@3")
    assert "lr" in answer
    assert "2" in answer
    assert "3" in answer


def test_versions_of_a_series_are_listed(series: str) -> None:
    told = json.loads(ask(series, "versions", "Model:churn", "--json"))
    assert [row["version"] for row in told["versions"]] == [1, 2, 3]
    assert (told["known"], told["note"]) == (True, None)
    assert "Model:churn@3" in ask(series, "versions", "Model:churn")


def test_proposed_series_are_a_policy_file_that_says_it_is_guessed(
    series: str, tmp_path: Path
) -> None:
    assert "No names differ" in ask(series, "series", "suggest")
    with lineage.connect(series) as store:
        store.put_all([Artifact(type="Model", name=f"net{n}") for n in (18, 50)])
    told = ask(series, "series", "suggest")
    assert "GUESSED" in told
    [row] = json.loads(ask(series, "series", "suggest", "--json"))
    assert (row["pattern"], row["names"], row["guessed"]) == ("net{version}", 2, True)
    file = tmp_path / "series.toml"
    file.write_text(told)
    assert "applied" in ask(series, "policy", "apply", str(file))
    assert "declared: Model, net{version}" in ask(series, "versions", "Model:net50")
    assert "[[series]]" in ask(series, "policy", "show")
