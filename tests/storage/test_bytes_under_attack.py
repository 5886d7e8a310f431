"""Bytes that something needs are never removed, however the store or the disk lies."""

from __future__ import annotations

import os
import random
import socket
from pathlib import Path

import fsspec
import pytest
from typer.testing import CliRunner

import lineage
from lineage import Artifact, Store
from lineage.cli.commands import app
from lineage.errors import InvalidValue, NotFound, PlanStale
from lineage.model import Plan, RemovalOutcome
from lineage.rules.storage_places import loose_places
from lineage.storage.roots import allow, disallow, is_allowed, list_roots

backends = pytest.mark.backends("memory", "sqlite")


def write(path: Path, content: str = "precious") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def put(store: Store, uri: str) -> int:
    id = store.put(Artifact(type="Dataset", uri=uri)).id
    assert id is not None
    return id


def spellings(path: Path) -> list[str]:
    """Ways to name a local file that fsspec, or a person, would take for it."""
    text = str(path)
    quoted = text.replace("raw", "%72aw")
    return [
        text, f"file://{text}", f"FILE://{text}", f"File:{text}", f"local://{text}",
        f"file://localhost{text}", f"file://LOCALHOST{text}", f"file://127.0.0.1{text}",
        f"file://{socket.gethostname()}{text}", f"file://{quoted}", f"{text}#part",
        f"file://{text}?version=1", f"simplecache::file://{text}",
        f"filecache::simplecache::file://{text}", f"zip://inner.csv::file://{text}",
        text.replace("/data/", "//data//"), text.replace("/data/", "/data/./"),
        text.replace("/data/", "/data/../data/"), f"/proc/self/root{text}",
        os.path.relpath(text),
    ]  # fmt: skip


@backends
@pytest.mark.parametrize("at", range(20))
def test_a_live_artifact_s_file_stays_however_its_uri_is_spelled(
    store: Store, tmp_path: Path, at: int
) -> None:
    file = write(tmp_path / "data" / "raw.csv")
    live = spellings(file)[at]
    going = put(store, f"file://{file}") if at else put(store, f"local://{file}")
    put(store, live)
    store.delete(going, policy="tombstone", bytes=True)
    assert file.read_text() == "precious", f"{live} lost its file"


@backends
@pytest.mark.parametrize("at", range(20))
def test_it_stays_where_the_spelling_is_what_goes(store: Store, tmp_path: Path, at: int) -> None:
    file = write(tmp_path / "data" / "raw.csv")
    going = put(store, spellings(file)[at])
    put(store, str(file) if at else f"local://{file}")
    store.delete(going, policy="tombstone", bytes=True)
    assert file.read_text() == "precious"


@backends
def test_a_folder_is_not_taken_from_under_what_lies_in_it_by_a_link(
    store: Store, tmp_path: Path
) -> None:
    file = write(tmp_path / "data" / "raw" / "a.csv")
    (tmp_path / "link").symlink_to(tmp_path / "data")
    going = put(store, str(tmp_path / "data" / "raw"))
    put(store, str(tmp_path / "link" / "raw" / "a.csv"))
    store.delete(going, policy="tombstone", bytes=True)
    assert file.exists()


def planned(store: Store, id: int) -> Plan:
    plan = store.plan_deletion(id, bytes=True)
    assert plan.removals is not None
    assert plan.removals[0].files
    return plan


@backends
def test_a_file_of_the_same_size_that_was_rewritten_stays(store: Store, tmp_path: Path) -> None:
    file = write(tmp_path / "data" / "raw.csv", "before")
    plan = planned(store, put(store, str(file)))
    file.write_text("after!")
    assert file.stat().st_size == 6
    try:
        receipt = store.apply(plan)
        assert receipt.removed[0].outcome == RemovalOutcome.KEPT
    except PlanStale:
        pass
    assert file.read_text() == "after!"


@backends
@pytest.mark.parametrize("what", ["file", "folder", "folder above"])
def test_what_was_swapped_in_is_not_followed(store: Store, tmp_path: Path, what: str) -> None:
    victim = write(tmp_path / "victim" / "inner" / "raw.csv")
    file = write(tmp_path / "data" / "inner" / "raw.csv")
    plan = planned(store, put(store, str(file)))
    if what == "file":
        file.unlink()
        file.symlink_to(victim)
    elif what == "folder":
        file.parent.rename(tmp_path / "aside")
        (tmp_path / "data" / "inner").symlink_to(victim.parent)
    else:
        (tmp_path / "data").rename(tmp_path / "aside")
        (tmp_path / "data").symlink_to(tmp_path / "victim")
    receipt = store.apply(plan)
    assert victim.read_text() == "precious"
    assert all(r.outcome != RemovalOutcome.REMOVED for r in receipt.removed)


@backends
@pytest.mark.parametrize(
    "uri", ["/./etc/hostname", "/proc/self/root/etc/hostname", "file:///etc/hostname", "/etc"]
)
def test_what_no_root_allows_is_never_listed_to_go(store: Store, uri: str) -> None:
    plan = store.plan_deletion(put(store, uri), bytes=True)
    assert plan.removals is not None
    assert [(r.files, bool(r.kept)) for r in plan.removals] == [((), True)]


@backends
def test_a_forged_plan_removes_nothing_that_the_graph_does_not_name(
    store: Store, tmp_path: Path
) -> None:
    mine = write(tmp_path / "data" / "mine.csv")
    theirs = write(tmp_path / "data" / "theirs.csv")
    plan = planned(store, put(store, str(mine)))
    assert plan.removals is not None
    forged = plan.model_copy(
        update={
            "removals": tuple(
                r.model_copy(
                    update={
                        "uri": str(theirs),
                        "files": tuple(f.model_copy(update={"path": str(theirs)}) for f in r.files),
                    }
                )
                for r in plan.removals
            )
        }
    )
    with pytest.raises(PlanStale):
        store.apply(forged)
    assert theirs.exists()
    assert mine.exists()


@pytest.mark.backends("sqlite")
def test_a_planted_receipt_is_shown_before_it_is_resumed(store: Store, tmp_path: Path) -> None:
    bait = write(tmp_path / "data" / "bait.csv")
    victim = write(tmp_path / "home" / "thesis.tex")
    receipt = store.apply(planned(store, put(store, str(bait))))
    text = (
        receipt.model_dump_json()
        .replace(str(bait), str(victim))
        .replace('"done":true', '"done":false')
    )
    planted = text.replace(receipt.id, "f" * 32)
    with store.backend.read() as reader:
        assert reader.metadata_under("receipt/")
    store.backend.write(lambda tx: tx.set_metadata(f"receipt/{'f' * 32}", planted))
    asked = CliRunner().invoke(app, ["--store", store.url, "delete", "--resume"])
    assert isinstance(asked.exception, InvalidValue)
    assert str(victim) in str(asked.exception)
    assert victim.exists()
    # And where somebody says yes, the file is not the one that was planned.
    CliRunner().invoke(app, ["--store", store.url, "delete", "--resume", "--yes"])
    assert victim.read_text() == "precious"


@backends
def test_without_a_root_nothing_goes(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LINEAGE_STORAGE_ALLOW")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    file = write(tmp_path / "data" / "raw.csv")
    id = put(store, str(file))
    plan = store.plan_deletion(id, bytes=True)
    assert plan.removals is not None
    assert "lineage storage allow" in str(plan.removals[0].kept)
    allowed = CliRunner().invoke(app, ["storage", "allow", str(tmp_path / "data")])
    assert allowed.exit_code == 0
    assert list_roots() == [str(tmp_path / "data")]
    assert planned(store, id).removals
    plan = planned(store, id)
    disallow(str(tmp_path / "data"))
    receipt = store.apply(plan)
    assert receipt.removed[0].outcome == RemovalOutcome.KEPT
    assert file.exists()
    with pytest.raises(NotFound):
        disallow(str(tmp_path / "data"))
    with pytest.raises(InvalidValue):
        allow("/")


@pytest.mark.parametrize(
    ("root", "place", "protocols", "holds"),
    [
        ("s3://b/scratch", "b/scratch/x", ("s3", "s3a"), True),
        ("s3://b/scratch", "b/scratched/x", ("s3", "s3a"), False),
        ("s3://b/scratch", "b/scratch/x", ("gs",), False),
        ("s3://b/scratch", "/b/scratch/x", ("file", "local"), False),
        ("/data/tmp", "/data/tmp/x", ("file", "local"), True),
        ("/data/tmp", "data/tmp/x", ("s3",), False),
        ("file:///data/tmp", "/data/tmp", ("file", "local"), True),
    ],
)
def test_what_a_root_holds(
    monkeypatch: pytest.MonkeyPatch,
    root: str,
    place: str,
    protocols: tuple[str, ...],
    holds: bool,
) -> None:
    monkeypatch.setenv("LINEAGE_STORAGE_ALLOW", root)
    assert is_allowed(place, protocols) is holds


def test_every_spelling_that_fsspec_resolves_to_a_path_shares_a_place(tmp_path: Path) -> None:
    """Against fsspec itself, for uris that are put together at random."""
    chance = random.Random(7)
    base = str(write(tmp_path / "a b" / "raw#1.csv"))
    tried = 0
    for _ in range(400):
        text = base
        for _ in range(chance.randrange(3)):
            at = chance.choice([i for i, letter in enumerate(text) if letter == "/"])
            text = text[:at] + chance.choice(["//", "/./", "/x/../"]) + text[at + 1 :]
        uri = chance.choice(["", "file://", "local://", "file:", "simplecache::file://"]) + text
        try:
            fs, path = fsspec.core.url_to_fs(uri)
        except (ValueError, ImportError):
            continue
        if "file" not in fs.protocol and "local" not in fs.protocol:
            continue
        tried += 1
        assert loose_places(uri) & loose_places(os.path.realpath(path)), uri
    assert tried > 200


@pytest.mark.backends("sqlite")
def test_the_store_stays_whatever_leads_to_it(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    (tmp_path / "link").symlink_to(folder)
    with lineage.connect(f"sqlite:///{tmp_path}/link/lineage.db") as store:
        id = put(store, str(folder))
        store.delete(id, policy="tombstone", bytes=True)
        assert (folder / "lineage.db").exists()
        assert store.counts().artifacts == 1
