"""Digests of files, folders and urls, and the cache that saves hashing them again."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.errors import Conflict, InvalidValue, LineageError, NotFound
from lineage.recording import content
from lineage.recording.content import (
    Content,
    ContentCache,
    Fingerprint,
    digest_path,
    digest_paths,
    digest_url,
    is_url,
    local_path,
)

LONG_AGO = 1_000_000_000_123_456_789


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[ContentCache]:
    with ContentCache(tmp_path / "cache" / "content.cache") as opened:
        yield opened


def make(path: Path, data: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (3 << 20) + 5])
def test_a_file_has_the_digest_that_sha256sum_prints(tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    assert digest_path(make(tmp_path / "x", data)) == Content(sha256(data), size, 1)


@given(st.dictionaries(st.text("ab", min_size=1, max_size=3), st.binary(max_size=4), max_size=4))
def test_a_folder_is_its_names_and_contents(tmp_path_factory: Any, files: dict[str, bytes]) -> None:
    """Two folders have one digest exactly where they have the same files."""
    top = tmp_path_factory.mktemp("folders")
    first, second = top / "first", top / "second"
    first.mkdir()
    second.mkdir()
    for name, data in files.items():
        make(first / name / "x", data)
    for name, data in reversed(files.items()):
        make(second / name / "x", data)
    (second / "empty").mkdir()
    assert digest_path(first) == digest_path(second)
    assert digest_path(first).files == len(files)
    seen = {digest_path(first).digest}
    for name, data in files.items():
        make(second / name / "x", data + b"!")
        seen.add(digest_path(second).digest)
        (second / name / "x").rename(second / name / "y")
        seen.add(digest_path(second).digest)
        make(second / name / "x", data)
        seen.add(digest_path(second).digest)
        (second / name / "y").unlink()
        assert digest_path(second) == digest_path(first)
    assert len(seen) == 1 + 3 * len(files)


def test_names_that_are_no_text(tmp_path: Path) -> None:
    with open(os.path.join(os.fsencode(tmp_path), b"\xff.csv"), "wb") as file:
        file.write(b"a")
    assert digest_path(tmp_path).files == 1


def test_links_are_followed_and_loops_refused(tmp_path: Path) -> None:
    make(tmp_path / "blobs" / "1", "a")
    folder = tmp_path / "snapshot"
    folder.mkdir()
    (folder / "x").symlink_to("../blobs/1")
    plain = make(tmp_path / "plain" / "x", "a").parent
    assert digest_path(folder) == digest_path(plain)
    (folder / "again").symlink_to(".")
    with pytest.raises(InvalidValue, match="leads back"):
        digest_path(folder)
    (folder / "again").unlink()
    (folder / "nowhere").symlink_to("missing")
    with pytest.raises(NotFound, match="nowhere"):
        digest_path(folder)


def test_what_has_no_content(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="missing"):
        digest_path(tmp_path / "missing")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidValue, match="neither a file nor a directory"):
        digest_path(tmp_path / "pipe")


def test_a_file_that_grows_while_it_is_read_has_no_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: ContentCache
) -> None:
    file = make(tmp_path / "x", b"a" * 100)
    os.utime(file, ns=(LONG_AGO, LONG_AGO))
    read = content._hash

    def grow(opened: Any) -> tuple[str, int]:
        with file.open("ab") as writer:
            writer.write(b"more")
        return read(opened)

    monkeypatch.setattr(content, "_hash", grow)
    with pytest.raises(Conflict, match="being written"):
        digest_path(file, cache=cache)
    monkeypatch.undo()
    assert digest_path(file, cache=cache).digest == sha256(b"a" * 100 + b"more" * 3)


class Counted(ContentCache):
    """A cache that counts what it was handed, for which files were read."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.hashed: list[int] = []

    def keep(self, digests: Mapping[Fingerprint, str]) -> None:
        self.hashed.append(len(digests))
        super().keep(digests)


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take all files for old ones: a change time can't be set back, and tests don't wait."""
    monkeypatch.setattr(Fingerprint, "is_settled", lambda self, now_ns: True)


@pytest.mark.usefixtures("settled")
def test_a_second_time_nothing_is_read(tmp_path: Path) -> None:
    for at in range(50):
        make(tmp_path / "data" / str(at % 7) / f"{at}.csv", f"row {at}" * 100_000 * (at % 2))
    cache = Counted(tmp_path / "c")
    first = digest_path(tmp_path / "data", cache=cache)
    assert first == digest_path(tmp_path / "data", cache=cache) == digest_path(tmp_path / "data")
    make(tmp_path / "data" / "3" / "3.csv", "another")
    changed = digest_path(tmp_path / "data", cache=cache)
    assert changed == digest_path(tmp_path / "data")
    assert changed.digest != first.digest
    assert cache.hashed == [50, 0, 1]
    cache.close()
    # Another process finds them in the file.
    with Counted(tmp_path / "c") as again:
        assert digest_path(tmp_path / "data", cache=again) == changed
        assert again.hashed == [0]


@pytest.mark.usefixtures("settled")
def test_each_kind_of_change_is_seen(tmp_path: Path, cache: ContentCache) -> None:
    file = make(tmp_path / "x", "one")
    assert digest_path(file, cache=cache).digest == sha256(b"one")
    times = file.stat()
    # Another size; the same size at the same time; another file put in its place.
    for at, data in enumerate((b"three", b"seven", b"eight")):
        if at == 2:
            make(tmp_path / "y", data).rename(file)
        else:
            file.write_bytes(data)
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
        assert digest_path(file, cache=cache).digest == sha256(data)


def test_what_was_changed_a_moment_ago_is_not_kept() -> None:
    now = 1_700_000_000_123_456_789
    young = Fingerprint(1, 2, 3, now - 1_000_000, now - 1_000_000)
    assert not young.is_settled(now)
    assert young.is_settled(now + 100_000_000)
    # A clock that runs ahead.
    assert not Fingerprint(1, 2, 3, LONG_AGO, now + 5).is_settled(now)
    whole = now // 1_000_000_000 * 1_000_000_000
    assert not Fingerprint(1, 2, 3, whole, whole).is_settled(whole + 1_000_000_000)
    assert Fingerprint(1, 2, 3, whole, whole).is_settled(whole + 3_000_000_000)


@pytest.mark.usefixtures("settled")
def test_a_cache_that_is_broken_or_can_not_be_made_is_done_without(tmp_path: Path) -> None:
    file = make(tmp_path / "x", "one")
    broken = make(tmp_path / "broken", b"no database " * 1000)
    with ContentCache(broken) as cache:
        for data in (b"one", b"other"):
            file.write_bytes(data)
            assert digest_path(file, cache=cache).digest == sha256(data)
    with ContentCache(file / "below" / "a file") as cache:
        assert digest_path(file, cache=cache).digest == sha256(b"other")


@pytest.mark.usefixtures("settled")
def test_many_threads_share_a_cache(tmp_path: Path, cache: ContentCache) -> None:
    files = [make(tmp_path / "d" / str(at), f"{at}" * 100) for at in range(40)]
    wrong: list[str] = []

    def work() -> None:
        for file in files:
            if digest_path(file, cache=cache).digest != sha256(file.read_bytes()):
                wrong.append(file.name)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_many_at_once_with_what_is_wrong_of_each(tmp_path: Path) -> None:
    good, folder = make(tmp_path / "d" / "x", "a"), tmp_path / "d"
    missing = tmp_path / "missing"
    found = digest_paths([str(good), str(folder), str(missing), str(good)])
    assert list(found) == [str(good), str(folder), str(missing)]
    assert found[str(good)] == digest_path(good)
    assert found[str(folder)] == digest_path(folder)
    assert isinstance(found[str(missing)], LineageError)


def test_uris_of_files(tmp_path: Path) -> None:
    file = make(tmp_path / "a b%.csv", "a")
    assert digest_path(file.as_uri()) == digest_path(file)
    assert local_path("file:///a%20b") == local_path("file://localhost/a%20b") == "/a b"
    assert local_path("/a%20b") == "/a%20b"
    assert is_url("s3://b/k")
    assert not is_url("a:/b")


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    secret = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    endpoint = f"http://{host}:{port}"
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **secret)
    client.create_bucket(Bucket="bucket")
    client.options = {"key": "a", "secret": "b", "client_kwargs": {"endpoint_url": endpoint}}
    yield client
    server.stop()


class TestUrls:
    """Against real storages: S3 as moto serves it, a web server, fsspec's memory."""

    def test_s3(self, s3: Any) -> None:
        def digest(key: str) -> Content:
            return digest_url(f"s3://bucket/{key}", **s3.options)

        s3.put_object(Bucket="bucket", Key="d/x.csv", Body=b"one")
        s3.put_object(Bucket="bucket", Key="e/x.csv", Body=b"one")
        first = digest("d/x.csv")
        assert first == digest("e/x.csv")
        assert first == Content(f"etag:{hashlib.md5(b'one').hexdigest()}", 3)
        folder = digest("d")
        assert folder == digest("e/")
        s3.put_object(Bucket="bucket", Key="d/x.csv", Body=b"two")
        assert digest("d/x.csv") != first
        assert digest("d") != folder
        with pytest.raises(NotFound, match="s3://bucket/missing"):
            digest("missing")

    def test_a_storage_without_checksums_gives_none(self) -> None:
        import fsspec

        with fsspec.open("memory://x.csv", "wb") as file:
            file.write(b"one")
        with pytest.raises(InvalidValue, match="neither a checksum"):
            digest_path("memory://x.csv")
        with pytest.raises(NotFound):
            digest_path("memory://missing.csv")
        with pytest.raises(InvalidValue, match="can't be opened"):
            digest_path("nosuch://u:hunter2@x.csv")

    @pytest.mark.parametrize(
        ("info", "digest"),
        [
            ({"md5Hash": "CY9rzUYh03PK3k6DJie09g=="}, "md5:098f6bcd4621d373cade4e832627b4f6"),
            ({"etag": '"ABC-2"', "VersionId": "7"}, "etag:abc-2"),
            (
                {"content_settings": {"content_md5": bytes(range(16))}},
                "md5:000102030405060708090a0b0c0d0e0f",
            ),
        ],
    )
    def test_what_object_stores_tell(self, info: dict[str, Any], digest: str) -> None:
        assert content._checksum("gs://b/k", info) == digest

    def test_a_web_servers_tag_is_about_one_page_only(self) -> None:
        tag = {"ETag": '"5e-1"'}
        one = content._checksum("https://h/a?x", tag)
        assert one == content._checksum("https://h/a", tag)
        assert one != content._checksum("https://h/b", tag)
        assert one != content._checksum("https://h/a", {"ETag": '"5e-2"'})
        with pytest.raises(InvalidValue):
            content._checksum("https://h/a", {"ETag": 'W/"5e-1"'})
