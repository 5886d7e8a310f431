"""What ML Metadata's library recorded has types, and hardly any names: it is called by these."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

import lineage
from lineage.cli.commands import app
from lineage.formats.mlmd import import_mlmd


@pytest.fixture
def imported(tmp_path: Path, data: Path) -> str:
    url = f"sqlite:///{tmp_path}/lineage.db"
    with lineage.connect(url) as store:
        import_mlmd(data / "mlmd" / "tfx_0_21.sqlite", store)
    return url


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("impact artifact:2", "Removing Examples (artifact:2)"),
        ("impact artifact:2", "execution:5  Transform"),
        ("impact artifact:2", "artifact:8   4      yes   Model, deployed to"),
        ("delete artifact:8 --plan-only", "artifact:14  PushedModel      is deployed to"),
        ("delete artifact:8 --plan-only", "Model (artifact:8) to /tmp/"),
        ("deployments artifact:8", "Model (artifact:8) to /tmp/"),
        ("taint --source artifact:2 --type MODEL", "Examples (artifact:2)  Model"),
        ("rebuild --source artifact:2", "Trainer           Schema (artifact:4) anew, Transform"),
        ("rebuild --source artifact:2", "Model (artifact:8)  no version is known"),
        ("taint --progress --source artifact:2", "still deployed: Model (artifact:8) to"),
        ("why artifact:14 artifact:2", "Examples (artifact:2) did not come of PushedModel (art"),
        ("bisect artifact:8 --good artifact:2", "Test next: Schema  (artifact:4)"),
        ("diff artifact:8 artifact:14", "2  PushedModel  (artifact:14)"),
        ("siblings artifact:8", "on the data of Model (artifact:8)"),
        ("blame artifact:9 --good artifact:11", "parameter  tfx.components.evaluator"),
        ("query 'MATCH (m:Model)<-[:OUTPUT]-(t) RETURN m, t'", "Model (artifact:8)  Trainer (exe"),
        ("query 'MATCH (t:Trainer) RETURN t'", "did you mean Type_tfx_2e_components_2e_trainer"),
        ("upstream artifact:8 --type Trainer", "did you mean tfx.components.trainer.component"),
    ],
)
def test_each_is_called_by_its_type(
    imported: str, command: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    words = [word.strip("'") for word in re.findall(r"'[^']*'|\S+", command)]
    told = CliRunner().invoke(app, ["--store", imported, *words])
    assert said in told.output
    assert ":None" not in told.output
    # Its id stands in a column of its own, or in brackets behind what it is.
    assert re.search(r"(artifact|execution):\d+ +\(?(artifact|execution):", told.output) is None
