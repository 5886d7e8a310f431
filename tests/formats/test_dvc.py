"""The history of a DVC project, whose files were written by DVC itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lineage import Artifact, Store
from lineage.errors import InvalidValue, NotFound, StoreUnavailable
from lineage.formats.dvc import import_dvc

pytestmark = pytest.mark.backends("sqlite")

HISTORY = Path(__file__).parent / "dvc_history"


def git(folder: Path, *arguments: str, when: int = 1_700_000_000) -> str:
    environment = {
        **os.environ,
        "GIT_AUTHOR_DATE": f"{when} +0000",
        "GIT_COMMITTER_DATE": f"{when} +0000",
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    named = ["-c", "user.name=ann", "-c", "user.email=ann@example.com"]
    done = subprocess.run(
        ["git", "-C", str(folder), *named, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def commit(folder: Path, files: Mapping[str, str], when: int = 1_700_000_000) -> str:
    """Write files, and commit all there is; returns the commit."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "as it is", when=when)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    return folder


@pytest.fixture
def project(empty: Path) -> Path:
    for number in (1, 2, 3):
        # With the times of the originals, git would take one for another.
        shutil.copytree(
            HISTORY / str(number), empty, dirs_exist_ok=True, copy_function=shutil.copyfile
        )
        commit(empty, {}, when=1_700_000_000 + number)
    return empty


def lock(*stages: str) -> str:
    return "schema: '2.0'\nstages:\n" + "".join(stages)


def stage(name: str, deps: Mapping[str, str], outs: Mapping[str, str], command: str = "run") -> str:
    def listed(places: Mapping[str, str]) -> str:
        return "".join(
            f"    - path: {path}\n      hash: md5\n      md5: '{digest}'\n"
            for path, digest in places.items()
        )

    return f"  {name}:\n    cmd: {command}\n    deps:\n{listed(deps)}    outs:\n{listed(outs)}"


def labels(store: Store, ref: Any, direction: str = "upstream") -> set[str]:
    return {f.node.name or "" for f in getattr(store, direction)(ref)
            if isinstance(f.node, Artifact)}  # fmt: skip


def test_the_history_of_a_project(store: Store, project: Path) -> None:
    done = import_dvc(project, store)
    assert (done.commits, done.stages, done.artifacts, done.invalid) == (3, 5, 10, ())
    models = sorted(store.artifacts(type="Model"), key=lambda a: a.id or 0)
    assert [a.get("md5") for a in models] == [
        "cb5ae17636e975f9bf71ddf5bc542075", "3d522deaf85577451c01974654b36ad3",
    ]  # fmt: skip
    first, second = models
    assert labels(store, first) == {
        "model.bin@cb5ae17636e9", "data/parts@d70295bd1fbf", "src/train.py@88d4d36c5002",
        "data/raw.csv@3b0332e02daa", "src/split.py@2d812106fa6f",
    }  # fmt: skip
    # The same bytes came of the old and of the new data.
    assert {name.partition("@")[0] for name in labels(store, second)} >= {"data/raw.csv"}
    assert len([n for n in labels(store, second) if n.startswith("data/raw.csv@")]) == 2
    assert {row.dataset.name for row in store.trained_on(first)} == {"data/raw.csv@3b0332e02daa"}
    settings = {s.name: s.value for s in store.hyperparameters(first)}
    assert (settings["train.lr"], settings["train.layers"]) == (0.1, [1, 2])


def test_metrics_have_their_numbers(store: Store, project: Path) -> None:
    import_dvc(project, store)
    found = {a.get("auc"): a.get("nested.f1") for a in store.artifacts(type="Metrics")}
    assert found == {0.6: 0.1, 0.7: 0.2}


def test_metrics_that_are_not_what_the_stage_wrote_are_left(store: Store, project: Path) -> None:
    """Edited by hand, or not committed with the lock."""
    text = (project / "dvc.lock").read_text().replace("841ef23d", "00000000")
    commit(project, {"dvc.lock": text})
    import_dvc(project, store)
    [found] = [a for a in store.artifacts(type="Metrics") if a.get("md5").startswith("00000000")]
    assert found.get("auc") is None


def test_importing_twice_changes_nothing(store: Store, project: Path) -> None:
    def everything() -> Any:
        nodes = (*store.artifacts(), *store.executions(), *store.contexts())
        return store.counts(), [(n.label, n.updated_ms) for n in nodes]

    import_dvc(project, store)
    before = everything()
    import_dvc(project / "data", store)
    assert everything() == before
    commit(project, {"new.dvc": "outs:\n- md5: abc\n  path: new\n  hash: md5\n"})
    import_dvc(project, store)
    assert store.counts().artifacts == before[0].artifacts + 1


def test_a_clone_is_the_same_project(store: Store, project: Path, tmp_path: Path) -> None:
    import_dvc(project, store)
    before = store.counts()
    git(tmp_path, "clone", "-q", str(project), str(tmp_path / "clone"))
    import_dvc(tmp_path / "clone", store)
    assert store.counts() == before


def test_commits_and_contexts(store: Store, project: Path) -> None:
    import_dvc(project, store)
    head = git(project, "rev-parse", "HEAD")
    [run] = [c for c in store.contexts(type="PipelineRun") if c.get("git_commit") == head]
    assert [c.label for c in store.parents_of(run)] == ["Pipeline:project"]
    steps = store.executions(context=run)
    assert sorted(step.get("stage") for step in steps) == ["split", "train"]
    assert {e.time_ms for s in steps for e in store.events(execution=s)} == {1_700_000_003_000}
    assert {step.get("user") for step in steps} == {"ann"}


def test_what_is_read_inside_of_a_folder_came_of_it(store: Store, empty: Path) -> None:
    split = stage("split", {"raw": "11"}, {"parts": "22.dir"})
    train = stage("train", {"parts/a.csv": "33"}, {"model": "44"})
    commit(empty, {"dvc.lock": lock(split, train)})
    # The part that was read stayed as it was: the stage did not run again.
    commit(empty, {"dvc.lock": lock(stage("split", {"raw": "55"}, {"parts": "66.dir"}), train)})
    import_dvc(empty, store)
    assert labels(store, "File:model@44") == {
        "model@44", "parts/a.csv@33", "parts@22.dir", "raw@11",
    }  # fmt: skip


def test_types_are_declared_or_said(store: Store, empty: Path) -> None:
    commit(empty, {"dvc.lock": lock(stage("train", {"d/x": "1"}, {"m/a.bin": "2", "log": "3"}))})
    import_dvc(empty, store, types={"m/*": "Model", "d/*": "Dataset"})
    assert {a.name: a.type for a in store.artifacts()} == {
        "d/x@1": "Dataset", "m/a.bin@2": "Model", "log@3": "File",
    }  # fmt: skip
    assert [row.dataset.name for row in store.trained_on("Model:m/a.bin@2")] == ["d/x@1"]


def test_other_branches_are_read_when_asked_for(store: Store, project: Path) -> None:
    git(project, "checkout", "-q", "-b", "try", "HEAD~1")
    commit(project, {"dvc.lock": lock(stage("train", {"x": "77"}, {"model.bin": "88"}))})
    git(project, "checkout", "-q", "main")
    assert import_dvc(project, store).stages == 5
    assert import_dvc(project, store, revisions=["--all"]).stages == 6
    git(project, "merge", "-q", "-s", "ours", "-m", "both", "try")
    assert import_dvc(project, store).stages == 6


def test_older_forms(store: Store, empty: Path) -> None:
    """Schema 1 had no head, and DVC 2's md5 took the line ends of texts for one."""
    text = (
        "prepare:\n  cmd: [python a.py, python b.py]\n  deps:\n"
        "  - path: s3://bucket/raw.csv\n    etag: e1\n"
        "  - path: local.csv\n    md5: 0e1\n"
        "  params:\n    other.yaml:\n      seed: 2020-01-01\n"
        "  outs:\n  - path: ../shared/out\n    md5: '12'\n"
    )
    commit(empty, {"sub/dvc.lock": text})
    import_dvc(empty, store)
    [step] = store.executions()
    assert step.get("command") == "python a.py\npython b.py"
    assert step.get("other.yaml:seed") == "2020-01-01"
    found = {a.get("path"): a for a in store.artifacts()}
    assert set(found) == {"s3://bucket/raw.csv", "sub/local.csv", "shared/out"}
    assert found["s3://bucket/raw.csv"].uri == "s3://bucket/raw.csv"
    assert found["s3://bucket/raw.csv"].get("etag") == "e1"
    assert found["shared/out"].get("dvc_md5") == "12"
    assert [c.label for c in store.contexts(type="Pipeline")] == ["Pipeline:project/sub"]


def test_imports_say_where_they_came_from(store: Store, empty: Path) -> None:
    text = (
        "frozen: true\ndeps:\n- path: data/x\n  repo:\n    url: https://github.com/a/b\n"
        "    rev_lock: c0ffee\n"
        "- etag: e9\n  path: https://example.com/y.csv\n"
        "outs:\n- md5: '99'\n  path: x\n  hash: md5\n"
    )
    commit(empty, {"data/x.dvc": text})
    import_dvc(empty, store)
    assert {a.get("path") for a in store.artifacts()} == {
        "data/x", "https://github.com/a/b#data/x", "https://example.com/y.csv",
    }  # fmt: skip
    assert len(labels(store, "Dataset:data/x@99")) == 3


def test_a_broken_lock_stops_or_is_listed(store: Store, empty: Path) -> None:
    good = lock(stage("train", {"x": "1"}, {"y": "2"}))
    commit(empty, {"dvc.lock": good})
    broken = commit(empty, {"dvc.lock": f"<<<<<<< HEAD\n{good}=======\n"})
    odd = commit(empty, {"dvc.lock": lock("  train: 3\n")})
    commit(empty, {"dvc.lock": lock(stage("train", {"x": "1"}, {"y": "3"}))})
    with pytest.raises(InvalidValue, match=rf"{broken[:12]}:dvc.lock: dvc.lock is no YAML"):
        import_dvc(empty, store)
    done = import_dvc(empty, store, skip_invalid=True)
    assert [each.where for each in done.invalid] == [
        f"{broken[:12]}:dvc.lock",
        f"{odd[:12]}:dvc.lock",
    ]
    assert "stage 'train' is a mapping" in done.invalid[1].reason
    assert done.stages == 2


def test_odd_names_and_values(store: Store, empty: Path) -> None:
    text = lock(
        stage("größe@1", {"a b/ü.csv": "1"}, {"x" * 2_000: "2"}).replace(
            "    outs:", "    params:\n      params.yaml:\n        big: 1180591620717411303424\n"
            "        none:\n        nan: .nan\n    outs:"
        )
    )  # fmt: skip
    commit(empty, {"dvc.lock": text, "commit :1 x.dvc": "outs: []\n", "notdvc.lock": "1\n"})
    import_dvc(empty, store)
    [step] = store.executions()
    assert "left_out" in step.get("big")
    assert step.get("nan") != step.get("nan")
    assert len(store.artifacts()) == 2


def test_what_is_no_repository(store: Store, tmp_path: Path, empty: Path) -> None:
    with pytest.raises(NotFound, match="no folder"):
        import_dvc(tmp_path / "none", store)
    with pytest.raises(NotFound, match="no git repository"):
        import_dvc(tmp_path, store)
    with pytest.raises(StoreUnavailable, match="git can't read"):
        import_dvc(empty, store)
    commit(empty, {"readme": "no dvc here"})
    assert import_dvc(empty, store).commits == 0
    with pytest.raises(StoreUnavailable, match="git can't read"):
        import_dvc(empty, store, revisions=["no-such-branch"])
    with pytest.raises(InvalidValue, match="no revision"):
        import_dvc(empty, store, revisions=[f"--output={tmp_path}/x"])


def test_import_dvc_on_the_command_line(project: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/s.db"
    command = [sys.executable, "-m", "lineage.cli", "--store", url, "import", "dvc"]
    done = subprocess.run([*command, str(project)], capture_output=True, text=True, check=True)
    assert done.stdout == (f"imported 5 runs of stages and 10 artifacts of 3 commits into {url}\n")
    wrong = subprocess.run([*command, str(project), "--type", "Model"], capture_output=True)
    assert wrong.returncode == 2
    assert subprocess.run([*command, str(tmp_path)], capture_output=True).returncode == 3
