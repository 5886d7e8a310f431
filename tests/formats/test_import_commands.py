"""`lineage import …` on the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.formats.test_openlineage_events import event


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/s.db"


def run(store_url: str, *arguments: str, stdin: str = "") -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "lineage.cli", "--store", store_url, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_import_openlineage(store_url: str, data: Path) -> None:
    folder = str(data / "openlineage")
    made = f"lineage: made the store {store_url.removeprefix('sqlite:///')}\n"
    assert run(store_url, "import", "openlineage", folder) == (
        0, f"imported 48 events into {store_url}\n", made,
    )  # fmt: skip
    code, out, _ = run(store_url, "import", "openlineage", folder, "--json")
    assert (code, json.loads(out)) == (0, {"events": 48, "invalid": []})
    code, out, _ = run(store_url, "ls", "columns~*b: string*")
    assert (code, "hive/warehouse/t2" in out) == (0, True)
    code, out, _ = run(store_url, "show", "openlineage:run/019299c5-73cf-7069-a70f-74eb8070b577")
    assert (code, "spark 3.5.1" in out) == (0, True)


def test_an_invalid_event_is_named_or_skipped(store_url: str, tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    wrong = {**event(), "eventTime": "soon"}
    file.write_text(json.dumps(event(outputs=["a"])) + "\n" + json.dumps(wrong))
    code, _, err = run(store_url, "import", "openlineage", str(file))
    assert code == 2
    assert f"{file}:2 (1 before it stay recorded): RunEvent.eventTime" in err
    code, out, err = run(store_url, "import", "openlineage", str(file), "--skip-invalid")
    assert (code, out) == (0, f"imported 1 event into {store_url}\n")
    assert f"{file}:2: left out: RunEvent.eventTime" in err


def test_a_file_that_is_not_there(store_url: str, tmp_path: Path) -> None:
    assert run(store_url, "import", "openlineage", str(tmp_path / "x"))[0] == 3


def test_events_come_through_a_pipe(store_url: str) -> None:
    code, out, _ = run(store_url, "import", "openlineage", "-", "--json", stdin=json.dumps(event()))
    assert (code, json.loads(out)["events"]) == (0, 1)
