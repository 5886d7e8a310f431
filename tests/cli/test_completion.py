"""What a shell completes, asked as a shell asks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import lineage
from lineage import Artifact, Context, Execution


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("completion")
    (place / "churn.csv").write_text("x")
    with lineage.connect(place / ".lineage" / "lineage.db") as store:
        store.record(
            Execution(type="Train", name="fit"),
            outputs={"model": Artifact(type="Model", name="churn")},
            contexts=[Context(type="PipelineRun", name="monday")],
        )
        store.mark("Model:churn", label="withdrawn")
    return place


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("lineage upst", ["upstream"]),
        ("lineage upstream Model:ch", ["Model:churn"]),
        ("lineage upstream Tr", ["Train:fit"]),
        ("lineage downstream chu", ["churn.csv"]),
        ("lineage about Mod", ["Model:churn"]),
        ("lineage taint --label wi", ["withdrawn"]),
        ("lineage upstream Model:churn --type Tr", ["Train"]),
        ("lineage ls --context Pipe", ["PipelineRun:monday"]),
        ("lineage --store sqlite:///none.db upstream Mod", []),
        ("lineage --store nonsense upstream Mod", []),
    ],
)
def test_a_word_is_completed(folder: Path, typed: str, offered: list[str]) -> None:
    program = "import sys; sys.argv = ['lineage']; from lineage.cli.__main__ import main; main()"
    kept = {name: value for name, value in os.environ.items() if name != "LINEAGE_URL"}
    told = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={**kept, "_LINEAGE_COMPLETE": "complete_fish", "_TYPER_COMPLETE_FISH_ACTION":
             "get-args", "_TYPER_COMPLETE_ARGS": typed},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert told.stderr == ""
    assert [line.partition("\t")[0] for line in told.stdout.split("\n") if line] == offered
    assert not (folder / "none.db").exists()
