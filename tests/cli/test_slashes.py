"""A reference with a slash in it is an external id, or a path where nothing has that one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import lineage
from lineage import Artifact
from lineage.cli.commands import app


def show(url: str, ref: str) -> tuple[int, str]:
    ran = CliRunner().invoke(app, ["--store", url, "show", ref, "--json"])
    found = json.loads(ran.stdout).get("name") if ran.exit_code == 0 and ran.stdout else ""
    return getattr(ran.exception, "exit_code", ran.exit_code), str(found)


def test_an_external_id_with_a_slash_and_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path}/s.db"
    file = tmp_path / "data" / "raw.csv"
    file.parent.mkdir()
    file.write_text("x")
    with lineage.connect(url) as store:
        store.put(Artifact(type="Dataset", name="by id", external_id="team/run-1"))
        store.put(Artifact(type="Dataset", name="by path", uri=file.as_uri()))
    assert show(url, "team/run-1") == (0, "by id")
    assert show(url, "data/raw.csv") == (0, "by path")
    file.unlink()
    assert show(url, "./data/raw.csv") == (0, "by path")
    assert show(url, str(file)) == (0, "by path")
    assert show(url, "data/raw.csv") == (0, "by path")
