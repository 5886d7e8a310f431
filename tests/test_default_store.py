"""Where the store is that nobody names, and what says that one was made."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

import lineage
from lineage import Artifact
from lineage.errors import InvalidValue


@pytest.fixture(autouse=True)
def _without_url(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("LINEAGE_URL", raising=False)
    monkeypatch.chdir(tmp_path)


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name != "LINEAGE_URL"}
    return subprocess.run(
        [sys.executable, "-m", "lineage.cli", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=kept,
        check=False,
    )


def test_a_store_in_a_folder_above_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with lineage.connect() as store:
        store.put(Artifact(type="Model", name="churn"))
    below = tmp_path / "notebooks" / "deep"
    # Nextflow keeps its own lineage in a folder of the same name.
    (below / ".lineage").mkdir(parents=True)
    monkeypatch.chdir(below)
    with lineage.connect(create=False) as store:
        assert store.get("Model:churn").name == "churn"
    told = command("show", "Model:churn", cwd=below)
    assert (told.returncode, told.stderr) == (0, "")
    assert not (below / ".lineage" / "lineage.db").exists()


def test_the_nearest_store_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in (tmp_path, tmp_path / "a", tmp_path / "a" / "b"):
        folder.mkdir(exist_ok=True)
        if folder.name != "b":
            with lineage.connect(folder / ".lineage" / "lineage.db") as store:
                store.put(Artifact(type="Model", name=folder.name))
    monkeypatch.chdir(tmp_path / "a" / "b")
    with lineage.connect() as store:
        assert [model.name for model in store.artifacts()] == ["a"]


def test_a_store_that_is_made_says_so_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lineage.connect().close()
    file = tmp_path / ".lineage" / "lineage.db"
    assert capsys.readouterr().err == f"lineage: made the store {file}\n"
    lineage.connect().close()
    (tmp_path / "below").mkdir()
    os.chdir(tmp_path / "below")
    lineage.connect().close()
    assert capsys.readouterr().err == ""


def test_on_the_command_line_a_named_store_says_so_too(tmp_path: Path) -> None:
    step = tmp_path / "step.json"
    step.write_text('{"execution": {"type": "Train"}}')
    url = f"sqlite:///{tmp_path}/typo.db"
    told = command("--store", url, "record", str(step), cwd=tmp_path)
    assert told.stderr == f"lineage: made the store {tmp_path}/typo.db\n"
    assert command("--store", url, "record", str(step), cwd=tmp_path).stderr == ""


def test_a_run_that_makes_the_store_says_so_on_a_terminal(tmp_path: Path) -> None:
    words = ["-m", "lineage.cli", "exec", sys.executable, "-c", "pass"]
    told = pexpect.run(shlex.join([sys.executable, *words]), timeout=120, cwd=str(tmp_path))
    assert f"made the store {tmp_path}/.lineage/lineage.db" in told.decode().replace("\r\n", "")
    below = tmp_path / "below"
    below.mkdir()
    assert command("exec", sys.executable, "-c", "pass", cwd=below).stderr == ""
    assert not (below / ".lineage").exists()
    # In a pipe, standard error is the program's.
    other = tmp_path.parent / f"{tmp_path.name}-other"
    other.mkdir()
    assert command("exec", sys.executable, "-c", "pass", cwd=other).stderr == ""
    assert (other / ".lineage" / "lineage.db").exists()


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="files have no owners here")
def test_another_users_store_above_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lineage.connect().close()
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path / "mine")
    owner = (tmp_path / ".lineage" / "lineage.db").stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    assert lineage.connection.find_folder() == tmp_path / "mine" / ".lineage"
    monkeypatch.chdir(tmp_path)
    assert lineage.connection.find_folder() == tmp_path / ".lineage"


@pytest.mark.parametrize("name", ["s.db", "a#b%20?.db", "ключ.db"])
def test_a_path_is_a_file(tmp_path: Path, name: str) -> None:
    with lineage.connect(Path(name)) as store:
        store.put(Artifact(type="Model", name="churn"))
    assert (tmp_path / name).exists()
    with lineage.connect(tmp_path / name, create=False) as store:
        assert store.get("Model:churn").name == "churn"


@pytest.mark.parametrize("wrong", [1, b"sqlite:///x", ["memory://"]])
def test_what_names_no_store(wrong: object) -> None:
    with pytest.raises(InvalidValue, match="give sqlite:///path"):
        lineage.connect(wrong)  # type: ignore[arg-type]
