"""Bytes in storage: only what was listed goes, and an interruption is gone on from."""

from __future__ import annotations

import os
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

import lineage
from lineage import Artifact, Execution, Store
from lineage.errors import PlanStale, StoreUnavailable
from lineage.model import Plan, RemovalOutcome
from lineage.questions.storage_overlap import others_at
from lineage.rules.uris import above, spellings
from lineage.storage import list_files, sizes
from tests.conformance.test_recording_again import Counted

backends = pytest.mark.backends("memory", "sqlite")


class Failing(MemoryFileSystem):
    """A memory filesystem that gives up after some removals."""

    protocol = "failing"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    left = 10**9
    error: ClassVar[type[BaseException]] = OSError

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return str(super()._strip_protocol(path.replace("failing://", "memory://")))

    def rm_file(self, path: str) -> None:
        if Failing.left <= 0:
            raise self.error("the disk went away")
        Failing.left -= 1
        self._rm(path)


fsspec.register_implementation("failing", Failing, clobber=True)


@pytest.fixture
def place() -> Iterator[str]:
    """A folder of its own in fsspec's memory filesystem."""
    name = f"memory://{uuid.uuid4().hex}"
    yield name
    fs, path = fsspec.core.url_to_fs(name)
    if fs.exists(path):
        fs.rm(path, recursive=True)


def put(place: str, *names: str, content: bytes = b"hello") -> None:
    fs, root = fsspec.core.url_to_fs(place)
    for name in names:
        fs.makedirs(f"{root}/{name}".rpartition("/")[0], exist_ok=True)
        fs.pipe_file(f"{root}/{name}", content)


def there(place: str) -> list[str]:
    fs, root = fsspec.core.url_to_fs(place)
    fs.invalidate_cache()
    return sorted(name.removeprefix(root).strip("/") for name in fs.find(root))


def dataset(store: Store, uri: str, **fields: Any) -> int:
    id = store.put(Artifact(type="Dataset", uri=uri, **fields)).id
    assert id is not None
    return id


def local(tmp_path: Path) -> str:
    return f"file://{tmp_path}/data/store"


@backends
@pytest.mark.parametrize("kind", ["memory", "file", "path"])
def test_a_file_and_a_folder_go_and_nothing_else(
    store: Store, place: str, tmp_path: Path, kind: str
) -> None:
    base = {"memory": place, "file": local(tmp_path), "path": f"{tmp_path}/data/store"}[kind]
    put(base, "raw/a", "raw/deep/b", "raw.csv", "rawer/c", "other/d")
    folder, file = dataset(store, f"{base}/raw/"), dataset(store, f"{base}/raw.csv")
    plan = store.plan_deletion(folder, file, bytes=True)
    assert plan.removals is not None
    assert [len(r.files) for r in plan.removals] == [1, 2]
    assert plan.impact["bytes"] == 15
    receipt = store.apply(plan)
    assert receipt.done
    assert {(r.outcome, r.files, r.bytes) for r in receipt.removed} == {
        (RemovalOutcome.REMOVED, 2, 10),
        (RemovalOutcome.REMOVED, 1, 5),
    }
    assert there(base) == ["other/d", "rawer/c"]
    fs, path = fsspec.core.url_to_fs(f"{base}/raw")
    assert not fs.exists(path)
    assert store.receipt(plan.id) == receipt


@backends
def test_what_another_live_artifact_has_stays(store: Store, tmp_path: Path) -> None:
    base = f"{tmp_path}/data"
    put(base, "same", "outer/inner/x", "outer/y", "gone")
    targets = [
        dataset(store, f"{base}/same"),
        dataset(store, f"{base}/outer"),
        dataset(store, f"file://{base}/gone"),
    ]
    dataset(store, f"file://{base}/same")
    dataset(store, f"{base}/outer/inner")
    dataset(store, f"{base}/gone", state="ABANDONED")
    plan = store.plan_deletion(*targets, bytes=True)
    assert plan.removals is not None
    kept = {r.uri.rpartition("/")[2]: r.kept for r in plan.removals}
    assert "artifact:4" in str(kept["same"])
    assert "artifact:5" in str(kept["outer"])
    assert kept["gone"] is None
    store.apply(plan)
    assert there(base) == ["outer/inner/x", "outer/y", "same"]
    # An artifact inside one that stays is only a part of it.
    inner = dataset(store, f"{base}/outer/y")
    dataset(store, f"local://{base}/outer/")
    [removal] = store.plan_deletion(inner, bytes=True).removals or ()
    assert "is stored there too" in str(removal.kept)


@backends
@pytest.mark.parametrize(
    ("going", "live"),
    [
        ("{}/a/raw", "{}/a//raw"),
        ("{}/a//raw", "{}/a/raw"),
        ("{}/a/raw", "{}/a/./raw/part"),
        ("{}/a/raw/part", "file://{}//a/raw"),
        ("{}/a/r aw", "file://{}/a/r%20aw"),
        ("file://{}/a/r%20aw", "{}/a/r aw"),
        ("FILE://{}/a/raw", "{}/a/raw"),
        ("{}/a/raw", "FILE://{}/a/raw"),
        ("dbfs:/x{}", "dbfs:/x{}"),
        ("dbfs:/x{}", "dbfs:///x{}/part"),
        ("hdfs:///x{}", "hdfs:/x{}"),
        ("S3://x{}", "S3://x{}"),
        ("urn:x{}", "urn:x{}"),
    ],
)
def test_the_same_place_in_other_words_stays(
    store: Store, tmp_path: Path, going: str, live: str
) -> None:
    put(f"{tmp_path}", "a/raw/part", "a/r aw")
    before = there(str(tmp_path))
    target = dataset(store, going.format(tmp_path))
    dataset(store, live.format(tmp_path))
    dataset(store, f"{tmp_path}/a/raw2")
    plan = store.plan_deletion(target, bytes=True)
    assert [str(r.kept) for r in plan.removals or ()] == [
        "artifact:2 (artifact:2), which is live, is stored there too"
    ]
    assert store.apply(plan).done
    assert there(str(tmp_path)) == before


@backends
def test_what_is_recorded_there_in_other_words_after_an_interruption_stays(
    store: Store, tmp_path: Path
) -> None:
    put(f"{tmp_path}", "a/raw", "a/other")
    link = tmp_path / "a" / "raw"
    ids = [dataset(store, f"{tmp_path}/a/{name}") for name in ("other", "raw")]
    plan = store.plan_deletion(*ids, bytes=True)

    def stop(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.apply(plan, progress=stop)
    dataset(store, f"{tmp_path}/a//raw")
    [receipt] = store.resume_deletions()
    assert [r.outcome for r in receipt.removed] == ["removed", "kept"]
    assert link.exists()


@backends
def test_a_neighbour_in_a_folder_that_goes_too_keeps_only_the_folder(
    store: Store, place: str
) -> None:
    put(place, "all/raw", "all/live")
    ids = [dataset(store, f"{place}/all"), dataset(store, f"{place}/all/raw")]
    dataset(store, f"{place}/all/live")
    store.delete(*ids, bytes=True)
    assert there(place) == ["all/live"]


@pytest.mark.parametrize("by_link", [False, True])
def test_the_store_does_not_delete_itself(tmp_path: Path, by_link: bool) -> None:
    folder = tmp_path / "project"
    put(str(folder), "data/x")
    (tmp_path / "link").symlink_to(folder)
    uri = tmp_path / "link" / "data" if by_link else folder
    with lineage.connect(f"sqlite:///{folder}/data/lineage.db") as store:
        before = there(str(folder))
        for path in (uri, folder / "data" / "lineage.db", folder / "data" / "lineage.db-wal"):
            id = dataset(store, str(path))
            plan = store.plan_deletion(id, bytes=True)
            assert "the store itself is in it" in str((plan.removals or ())[0].kept)
            assert store.apply(plan).done
        assert there(str(folder)) == before
        assert len(store.receipts()) == 3


@backends
def test_a_uri_on_this_host_is_a_path(store: Store, tmp_path: Path) -> None:
    put(f"{tmp_path}", "a/raw")
    receipt = store.delete(dataset(store, f"file://localhost{tmp_path}/a/raw"), bytes=True)
    assert [r.outcome for r in receipt.removed] == ["removed"]


@backends
def test_many_uris_cost_no_more_questions_than_few(store: Store) -> None:
    read = store.backend.read
    asked: list[Counted] = []

    @contextmanager
    def counting() -> Iterator[Any]:
        with read() as reader:
            asked.append(Counted(reader))
            yield asked[-1]

    def questions(count: int) -> int:
        store.put_all(
            Artifact(type="Dataset", uri=f"{base}/{n % 7}/{count}-{n}", state="ABANDONED")
            for n in range(count)
            for base in ("s3://b/x", "/data", "gs://b")
        )
        asked.clear()
        store.backend.read = counting  # type: ignore[method-assign]
        plan = store.plan_gc()
        store.backend.read = read  # type: ignore[method-assign]
        with read() as reader:
            found = others_at(
                counted := Counted(reader), [f"s3://b/x/{n}/y" for n in range(count)], set()
            )
        assert len(plan.nodes) >= 3 * count
        assert len(found) == count
        return counted.calls + sum(reader.calls for reader in asked)

    questions(2)
    assert questions(40) == questions(20)


@backends
def test_what_is_recorded_there_after_the_plan_stays(store: Store, place: str) -> None:
    """Between the transaction and the removal of the bytes, too: asked again before each."""
    Failing.left, Failing.error = 0, KeyboardInterrupt
    base = f"failing://{uuid.uuid4().hex}"
    put(base, "raw")
    id = dataset(store, f"{base}/raw")
    with pytest.raises(KeyboardInterrupt):
        store.delete(id, bytes=True)
    Failing.left = 100
    dataset(store, f"{base}/raw")
    [receipt] = store.resume_deletions()
    assert receipt.done
    assert [r.outcome for r in receipt.removed] == [RemovalOutcome.KEPT]
    assert there(base) == ["raw"]


@backends
def test_what_changed_since_the_plan_stays(store: Store, place: str) -> None:
    put(place, "raw/a", "raw/b", "raw/c")
    plan = store.plan_deletion(dataset(store, f"{place}/raw"), bytes=True)
    put(place, "raw/a", content=b"something else")
    put(place, "raw/new")
    fsspec.core.url_to_fs(place)[0].rm_file(f"{place.removeprefix('memory:/')}/raw/b")
    receipt = store.apply(plan)
    [removed] = receipt.removed
    assert (removed.outcome, removed.files) == (RemovalOutcome.KEPT, 1)
    assert "raw/a" in str(removed.detail)
    assert there(place) == ["raw/a", "raw/new"]


@backends
def test_what_is_gone_already_is_said(store: Store, place: str) -> None:
    put(place, "raw")
    plan = store.plan_deletion(
        dataset(store, f"{place}/raw"), dataset(store, f"{place}/never"), bytes=True
    )
    fsspec.core.url_to_fs(place)[0].rm(f"{place.removeprefix('memory:/')}/raw")
    receipt = store.apply(plan)
    assert receipt.done
    assert {r.outcome for r in receipt.removed} == {RemovalOutcome.ALREADY_GONE}


@backends
def test_a_plan_whose_files_were_edited_is_refused(store: Store, place: str) -> None:
    put(place, "raw", "precious")
    plan = store.plan_deletion(dataset(store, f"{place}/raw"), bytes=True)
    text = plan.model_dump_json().replace("/raw", "/precious")
    with pytest.raises(PlanStale):
        store.apply(Plan.model_validate_json(text))
    assert there(place) == ["precious", "raw"]


@backends
def test_without_asking_no_bytes_go(store: Store, place: str) -> None:
    put(place, "raw")
    store.delete(dataset(store, f"{place}/raw"))
    assert there(place) == ["raw"]


@backends
def test_what_an_artifact_only_refers_to_stays(store: Store, place: str) -> None:
    put(place, "raw")
    plan = store.plan_deletion(dataset(store, f"{place}/raw", state="REFERENCE"), bytes=True)
    assert "somebody else's" in str((plan.removals or ())[0].kept)
    # So does what another one that goes is the owner of, whatever it is spelled like.
    ids = [
        dataset(store, "s3a://b/x/raw", state="LIVE"),
        dataset(store, "s3://b/x/raw", state="REFERENCE"),
    ]
    plan = store.plan_deletion(*ids, bytes=True)
    assert all("somebody else's" in str(r.kept) for r in plan.removals or ())


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("data/raw.csv", "relative"),
        ("~/raw.csv", "relative"),
        ("file:///", "too near the root"),
        ("/tmp", "too near the root"),
        (str(Path.home()), "too near the root"),
        ("memory:///", "too near the root"),
        ("/tmp/x/../../etc", ".."),
        ("https://example.org/raw.csv", "https"),
        ("nonsense://x/y", "nonsense"),
        ("file://data/raw.csv", "relative"),
        ("file:data/raw.csv", "relative"),
        ("file://~/raw.csv", "relative"),
        ("file:///tmp/x/a%20b", "percent"),
        ("dbfs:/x/y", "no // after dbfs:"),
        ("zip://a::file:///tmp/x.zip", "plain"),
        ("/tmp/x/*", "plain"),
    ],
)
def test_what_is_no_artifact_is_never_touched(uri: str, why: str) -> None:
    files, kept = list_files(uri)
    assert not files
    assert why in str(kept)
    assert sizes([uri]) == {uri: None}


def test_a_link_is_removed_and_not_what_it_leads_to(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("x")
    inside = tmp_path / "data" / "raw"
    inside.mkdir(parents=True)
    (inside / "a").write_text("x")
    (inside / "folder").symlink_to(outside)
    (inside / "file").symlink_to(outside / "precious")
    with lineage.connect("memory://") as store:
        store.delete(dataset(store, str(inside)), bytes=True)
    assert (outside / "precious").read_text() == "x"
    assert not (inside / "a").exists()


@backends
def test_failures_are_said_and_tried_again(store: Store) -> None:
    base = f"failing://{uuid.uuid4().hex}"
    put(base, "a", "b", "c")
    Failing.left, Failing.error = 1, OSError
    ids = [dataset(store, f"{base}/{name}") for name in "abc"]
    receipt = store.delete(*ids, bytes=True)
    assert not receipt.done
    assert [r.outcome for r in receipt.removed] == ["removed", "failed", "failed"]
    assert "the disk went away" in str(receipt.removed[1].detail)
    assert [r.id for r in store.unfinished_deletions()] == [receipt.id]
    Failing.left = 1
    [again] = store.resume_deletions()
    assert [r.outcome for r in again.removed] == ["removed", "removed", "failed"]
    Failing.left = 100
    [done] = store.resume_deletions()
    assert done.done
    assert store.unfinished_deletions() == store.resume_deletions() == []
    assert there(base) == []


@backends
def test_interrupted_between_any_two_files_it_goes_on(store: Store) -> None:
    Failing.error = KeyboardInterrupt
    for at in range(7):
        base = f"failing://{uuid.uuid4().hex}"
        put(base, "x/a", "x/b", "y/a", "y/b", "z", "stays")
        ids = [dataset(store, f"{base}/{name}") for name in ("x", "y", "z")]
        plan = store.plan_deletion(*ids, bytes=True)
        Failing.left = at
        if at < 5:
            with pytest.raises(KeyboardInterrupt):
                store.apply(plan)
            assert [store.artifact(id).state for id in ids] == ["DELETED"] * 3
            assert not store.receipt(plan.id).done
            Failing.left = 100
            [receipt] = store.resume_deletions()
        else:
            receipt = store.apply(plan)
        assert receipt.done
        assert [r.outcome for r in receipt.removed] == [RemovalOutcome.REMOVED] * 3
        assert there(base) == ["stays"]


@backends
def test_what_is_recorded_again_keeps_its_new_bytes(store: Store) -> None:
    """An interrupted deletion goes on, but not over what was written there since."""
    Failing.error, Failing.left = KeyboardInterrupt, 0
    base = f"failing://{uuid.uuid4().hex}"
    put(base, "x/a", "y/a")
    raw = Artifact(type="Dataset", name="raw", uri=f"{base}/x")
    store.record(Execution(type="Split"), outputs=[raw])
    plan = store.plan_deletion("Dataset:raw", dataset(store, f"{base}/y"), bytes=True)
    with pytest.raises(KeyboardInterrupt):
        store.apply(plan)
    Failing.left = 100
    put(base, "x/a", content=b"new")
    store.record(Execution(type="Split"), outputs=[raw])
    [receipt] = store.resume_deletions()
    assert receipt.done
    assert [r.outcome for r in receipt.removed] == [RemovalOutcome.KEPT, RemovalOutcome.REMOVED]
    assert there(base) == ["x/a"]


@backends
def test_a_uri_that_many_share_goes_once_with_the_last_of_them(store: Store, place: str) -> None:
    put(place, "raw")
    first, second = dataset(store, f"{place}/raw"), dataset(store, f"{place}/raw")
    store.delete(first, bytes=True)
    assert there(place) == ["raw"]
    store.delete(second, bytes=True)
    assert there(place) == []


def test_without_fsspec_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    with lineage.connect("memory://") as store:
        id = dataset(store, "/some/where/raw")
        monkeypatch.setitem(sys.modules, "fsspec", None)
        with pytest.raises(StoreUnavailable, match=r"lineage-engine\[storage\]"):
            store.plan_deletion(id, bytes=True)
        assert store.plan_deletion(id).nodes


def test_spellings_of_one_place() -> None:
    assert set(spellings("file:///data/x/")) == set(spellings("/data/x"))
    assert set(spellings("file://localhost/data/x")) == set(spellings("local:///data/x"))
    assert set(spellings("s3a://b/x")) == {"s3://b/x", "s3a://b/x", "s3n://b/x"}
    assert set(spellings("memory://x")) == set(spellings("memory:///x/"))
    assert spellings("hdfs://n/x/") == ["hdfs://n/x"]
    assert "s3://b/x" in above("s3://b/x/y")
    assert "s3://b" in above("s3://b/x/y")
    assert "s3://b/x/y" not in above("s3://b/x/y")
    assert "/data" in above("file:///data/x")
    assert spellings("dbfs:/x/") == ["dbfs:///x", "dbfs:/x"]
    assert spellings("file://data/x") == ["file://data/x"]


def test_the_command_line_removes_and_resumes(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from lineage.cli.commands import app

    base, url = f"failing://{uuid.uuid4().hex}", f"memory://{tempfile.mktemp()}"
    put(base, "a", "b")
    with lineage.connect(url) as store:
        store.record(
            Execution(type="Ingest"),
            outputs=[Artifact(type="Dataset", name=n, uri=f"{base}/{n}") for n in "ab"],
        )
    Failing.left, Failing.error = 1, OSError

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(app, ["--store", url, *arguments])

    told = run("delete", "Dataset:a", "Dataset:b", "--bytes", "--yes")
    assert told.exit_code == 1
    assert "UNFINISHED: lineage delete --resume goes on." in told.output
    told = run("doctor")
    assert told.exit_code == 1
    assert "UNFINISHED: receipt:" in told.output
    Failing.left = 100
    told = run("delete", "--resume", "--yes")
    assert (told.exit_code, there(base)) == (0, [])
    assert "2 files removed, 10 bytes." in told.output
    assert run("doctor").exit_code == 0
    assert "nothing to resume" in run("delete", "--resume", "--yes").output.lower()


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """A bucket on an S3-like server on loopback."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    settings = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
    }
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    fs = fsspec.filesystem("s3")
    fs.mkdir("lineage-tests")
    yield "s3://lineage-tests"
    for name, value in before.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value
    server.stop()


@pytest.mark.backends("sqlite")
def test_s3(store: Store, s3: str) -> None:
    put(s3, "raw/a", "raw/deep/b", "raw.csv", "rawer/c")
    folder, file = dataset(store, f"{s3}/raw"), dataset(store, f"s3a://{s3[5:]}/raw.csv")
    other = dataset(store, f"{s3}/raw.csv")
    assert sizes([f"{s3}/raw"]) == {f"{s3}/raw": 10}
    plan = store.plan_deletion(folder, file, bytes=True)
    assert plan.removals is not None
    kept = {r.uri: r.kept for r in plan.removals}
    assert "stored there too" in str(kept[f"s3a://{s3[5:]}/raw.csv"])
    assert list_files(s3)[1] == "it is too near the root of its storage to be one artifact's"
    assert store.apply(plan).done
    assert there(s3) == ["raw.csv", "rawer/c"]
    assert store.delete(other, bytes=True).removed[0].outcome == "removed"
    assert there(s3) == ["rawer/c"]
