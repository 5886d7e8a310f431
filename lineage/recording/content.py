"""Content digests of files, directories and fsspec urls.

A digest is `algorithm:value` and takes in every byte. Files are streamed through SHA-256, several
at once; a file that has not changed since it was last hashed is not read again. What is behind a
url is not downloaded: its storage's checksum, version or ETag stands for it.

A digest in the cache is found by device, inode, size, modification and change time. The change time
can't be set by a program, so a file that is rewritten within one tick of the clock is the only one
that could pass for its former self; a digest taken that soon after a change is not kept. A process
that still has a file mapped writable changes it without changing its times: digests are to be taken
when the writer has ended.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

from lineage.errors import Conflict, InvalidValue, LineageError, NotFound, StoreUnavailable

_BUFFER = 1 << 20
# Smaller files cost more to hand to a thread than to hash.
_WORTH_A_THREAD = 256 << 10
# Time stamps may lag the clock by a tick of the kernel, or where they are whole seconds by two.
_TICK_NS = 50_000_000
_COARSE_TICK_NS = 2_100_000_000
_SECOND_NS = 1_000_000_000
_ATTEMPTS = 3
# One row takes about 120 bytes.
_MOST_ROWS = 2_000_000
_TREE_HEADER = b"lineage tree 1\0"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS content (
    device TEXT NOT NULL, inode TEXT NOT NULL,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (device, inode)
) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class Content:
    """What was found at a place.

    Attributes
    ----------
    digest
        `sha256:…` of the bytes of a file, or of the names and digests of a directory's files; for
        a url `md5:…`, `etag:…` or `version:…`, as its storage has it.
    size
        Bytes, of all files together.
    files
        The number of files: 1 for a file.
    """

    digest: str
    size: int
    files: int = 1


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What tells a file's present content from its former one without reading it."""

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        """Return the fingerprint in a file's status."""
        return cls(
            status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
        )

    def is_settled(self, now_ns: int) -> bool:
        """Return whether a change from `now_ns` on would show in the fingerprint."""
        changed = max(self.ctime_ns, self.mtime_ns)
        coarse = self.ctime_ns % _SECOND_NS == 0
        return now_ns - changed > (_COARSE_TICK_NS if coarse else _TICK_NS)


class DigestCache(Protocol):
    """Where digests are kept between runs."""

    def find(self, fingerprint: Fingerprint) -> str | None:
        """Return the digest of the file with that fingerprint."""

    def keep(self, digests: Mapping[Fingerprint, str]) -> None:
        """Keep the digests of files."""


class ContentCache:
    """Digests in a small SQLite file, shared by processes.

    A cache that can't be read or written is no error: files are hashed again.

    Parameters
    ----------
    path
        The file; it and its folder are made when the first digest is kept.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._given_up = False

    @classmethod
    def beside(cls, store_url: str | None) -> ContentCache:
        """Return the cache beside a store's file, or the user's own where the store has none."""
        prefix = "sqlite:///"
        if store_url and store_url.startswith(prefix):
            return cls(Path(store_url.removeprefix(prefix)).parent / "content.cache")
        home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        return cls(Path(home) / "lineage" / "content.cache")

    def find(self, fingerprint: Fingerprint) -> str | None:
        """Return the digest of the file with that fingerprint, or None."""
        with self._lock:
            connection = self._opened(create=False)
            if connection is None:
                return None
            try:
                row = connection.execute(
                    "SELECT digest FROM content WHERE device = ? AND inode = ? AND size = ?"
                    " AND mtime_ns = ? AND ctime_ns = ?",
                    _as_row(fingerprint),
                ).fetchone()
            except sqlite3.Error:
                self._give_up()
                return None
        return None if row is None else str(row[0])

    def keep(self, digests: Mapping[Fingerprint, str]) -> None:
        """Keep the digests of files in one transaction."""
        if not digests:
            return
        with self._lock:
            connection = self._opened(create=True)
            if connection is None:
                return
            try:
                with connection:
                    connection.executemany(
                        "INSERT OR REPLACE INTO content VALUES (?, ?, ?, ?, ?, ?)",
                        [(*_as_row(key), digest) for key, digest in digests.items()],
                    )
                    (rows,) = connection.execute("SELECT count(*) FROM content").fetchone()
                    if rows > _MOST_ROWS:
                        connection.execute("DELETE FROM content")
            except sqlite3.Error:
                self._give_up()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _opened(self, *, create: bool) -> sqlite3.Connection | None:
        if self._connection is not None or self._given_up:
            return self._connection
        if not create and not self.path.exists():
            return None
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = self._connect()
        except sqlite3.OperationalError:
            self._give_up()
        except sqlite3.DatabaseError:
            # Not a database, or a damaged one: nothing in it is needed.
            try:
                self.path.unlink()
                self._connection = self._connect()
            except (OSError, sqlite3.Error):
                self._give_up()
        except OSError:
            self._give_up()
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        # Shared by the threads of one process under the lock.
        connection = sqlite3.connect(self.path, timeout=5, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            # A lost digest is taken again.
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(_SCHEMA)
            connection.commit()
            return connection
        except BaseException:
            connection.close()
            raise

    def _give_up(self) -> None:
        self._given_up = True
        if self._connection is not None:
            with closing(self._connection):
                self._connection = None


def digest_path(path: str | os.PathLike[str], *, cache: DigestCache | None = None) -> Content:
    """Return the digest, size and number of files of a local path or an fsspec url.

    A directory's digest is of the relative names and the digests of the files in it, whatever
    their order, times, owners and modes; symbolic links are followed, empty directories do not
    count.

    Parameters
    ----------
    path
        A file, a directory, or a url such as `s3://bucket/key`.
    cache
        Where digests are looked up and kept; without it each file is read.

    Returns
    -------
    Content

    Raises
    ------
    NotFound
        Nothing is there.
    InvalidValue
        It is neither a file nor a directory, can't be read, or its storage has no checksum.
    Conflict
        It is being written.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp(), "x.csv")
    >>> _ = file.write_bytes(b"a,b\\n")
    >>> digest_path(file)
    Content(digest='sha256:5be08c9684a1d25efcee09318204824278b08bbfb4aef973ffefd0b9d7478313', size=4, files=1)
    """  # noqa: E501
    text = os.fspath(path)
    if is_url(text):
        return digest_url(text)
    local = local_path(text)
    found = digest_paths([local], cache=cache)[local]
    if isinstance(found, LineageError):
        raise found
    return found


def digest_paths(
    paths: Iterable[str], *, cache: DigestCache | None = None
) -> dict[str, Content | LineageError]:
    """Return what `digest_path` returns or raises for each of many local paths.

    Files are hashed on as many threads as there are processors, and kept in the cache together.
    """
    asked = list(dict.fromkeys(paths))
    trees: dict[str, list[tuple[bytes, str]]] = {}
    found: dict[str, Content | LineageError] = {}
    wanted: dict[str, None] = {}
    for path in asked:
        try:
            if stat.S_ISDIR(os.stat(path).st_mode):
                trees[path] = sorted(_walk(os.fsencode(path)))
                wanted.update(dict.fromkeys(file for _, file in trees[path]))
            else:
                wanted[path] = None
        except OSError as error:
            found[path] = _as_ours(path, error)
    files = _digest_files(list(wanted), cache)
    for path in asked:
        if path in trees:
            found[path] = _of_tree(path, trees[path], files)
        elif path in files:
            found[path] = files[path]
    return {path: found[path] for path in asked}


def digest_url(url: str, **storage_options: Any) -> Content:
    """Return what the storage behind a url knows of its content, without downloading it.

    Parameters
    ----------
    url
        A url that fsspec can open.
    storage_options
        Handed to fsspec: keys, endpoints.

    Raises
    ------
    NotFound
        Nothing is there.
    InvalidValue
        The storage tells neither a checksum, a version nor an ETag, or there is no such storage.
    StoreUnavailable
        The storage can't be reached, or fsspec is not installed.
    """
    try:
        import fsspec
    except ModuleNotFoundError as error:
        raise StoreUnavailable(
            f"{_shown(url)} needs fsspec: pip install 'lineage-engine[storage]'"
        ) from error
    try:
        fs, path = fsspec.core.url_to_fs(url, **storage_options)
    except (ImportError, ValueError) as error:
        raise InvalidValue(f"{_shown(url)} can't be opened: {error}") from error
    try:
        # Listings are kept by some storages, and would hide what was written since.
        fs.invalidate_cache()
        info = fs.info(path)
        if info.get("type") != "directory":
            return Content(_checksum(url, info), int(info.get("size") or 0))
        entries = sorted(fs.find(path, detail=True).items())
    except FileNotFoundError as error:
        raise NotFound(f"nothing is at {_shown(url)}") from error
    except LineageError:
        raise
    except Exception as error:  # every storage has errors of its own
        raise StoreUnavailable(
            f"{_shown(url)} can't be read: {type(error).__name__}: {error}"
        ) from error
    root = path.rstrip("/") + "/"
    digest = hashlib.sha256(_TREE_HEADER)
    size = 0
    for name, each in entries:
        _add_to_tree(digest, name.removeprefix(root).encode(), _checksum(url, each))
        size += int(each.get("size") or 0)
    return Content(f"sha256:{digest.hexdigest()}", size, len(entries))


def is_url(path: str) -> bool:
    """Return whether it names something elsewhere than in the local file system.

    >>> is_url("s3://bucket/key"), is_url("file:///data/x.csv"), is_url("C:/x"), is_url("a/b")
    (True, False, False, False)
    """
    scheme, separator, _ = path.partition("://")
    return bool(separator) and len(scheme) > 1 and scheme.lower() not in ("file", "local")


def local_path(path: str) -> str:
    """Return the path of a local file that is named by its path or by a `file:` uri."""
    scheme, separator, rest = path.partition(":")
    if not separator or scheme.lower() not in ("file", "local"):
        return path
    from urllib.parse import unquote

    if rest.startswith("//"):
        rest = "/" + rest[2:].partition("/")[2]
    return unquote(rest)


def _as_row(key: Fingerprint) -> tuple[str, str, int, int, int]:
    # Device and inode are unsigned, and may be more than SQLite's integers hold.
    return str(key.device), str(key.inode), key.size, key.mtime_ns, key.ctime_ns


def _walk(top: bytes, above: tuple[tuple[int, int], ...] = ()) -> Iterator[tuple[bytes, str]]:
    """Yield the relative name and the path of each file below a directory."""
    status = os.stat(top)
    here = (status.st_dev, status.st_ino)
    if here in above:
        raise OSError(40, "a symbolic link leads back to a folder above it")
    with os.scandir(top) as entries:
        for entry in entries:
            if entry.is_dir():
                for name, path in _walk(entry.path, (*above, here)):
                    yield entry.name + b"/" + name, path
            elif entry.is_file():
                yield entry.name, os.fsdecode(entry.path)
            elif entry.is_symlink():
                raise FileNotFoundError(2, "a symbolic link in it leads nowhere", entry.path)


def _digest_files(
    paths: Sequence[str], cache: DigestCache | None
) -> dict[str, Content | LineageError]:
    fresh: dict[Fingerprint, str] = {}
    found: dict[str, Content | LineageError] = {}
    large: list[str] = []
    for path in paths:
        try:
            status = os.stat(path)
        except OSError as error:
            found[path] = _as_ours(path, error)
            continue
        known = cache.find(Fingerprint.of(status)) if cache and _is_file(status) else None
        if known is not None:
            found[path] = Content(known, status.st_size)
        elif status.st_size >= _WORTH_A_THREAD:
            large.append(path)
        else:
            found[path] = _digest_file(path, fresh)
    if len(large) == 1:
        found[large[0]] = _digest_file(large[0], fresh)
    elif large:
        with ThreadPoolExecutor(min(len(large), os.cpu_count() or 1)) as pool:
            found.update(zip(large, pool.map(lambda p: _digest_file(p, fresh), large), strict=True))
    if cache is not None:
        cache.keep(fresh)
    return found


def _digest_file(path: str, fresh: dict[Fingerprint, str]) -> Content | LineageError:
    """Hash one file; add to `fresh` what may be kept."""
    try:
        for _ in range(_ATTEMPTS):
            now = time.time_ns()
            # Never waits for a writer, as opening a pipe would.
            with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb", 0) as file:
                status = os.fstat(file.fileno())
                if not _is_file(status):
                    return InvalidValue(f"{path} is neither a file nor a directory")
                before = Fingerprint.of(status)
                digest, size = _hash(file)
                if Fingerprint.of(os.fstat(file.fileno())) == before and size == before.size:
                    content = Content(f"sha256:{digest}", size)
                    if before.is_settled(now):
                        fresh[before] = content.digest
                    return content
    except OSError as error:
        return _as_ours(path, error)
    return Conflict(f"{path} is being written: take its digest when the writer has ended")


def _hash(file: Any) -> tuple[str, int]:
    digest = hashlib.sha256()
    size = 0
    view = memoryview(bytearray(_BUFFER))
    while read := file.readinto(view):
        digest.update(view[:read])
        size += read
    return digest.hexdigest(), size


def _is_file(status: os.stat_result) -> bool:
    return stat.S_ISREG(status.st_mode)


def _of_tree(
    path: str, entries: list[tuple[bytes, str]], files: Mapping[str, Content | LineageError]
) -> Content | LineageError:
    digest = hashlib.sha256(_TREE_HEADER)
    size = 0
    for name, file in entries:
        found = files[file]
        if isinstance(found, LineageError):
            return type(found)(f"{path} has no digest: {found}")
        _add_to_tree(digest, name, found.digest)
        size += found.size
    return Content(f"sha256:{digest.hexdigest()}", size, len(entries))


def _add_to_tree(digest: Any, name: bytes, of_file: str) -> None:
    digest.update(name + b"\0" + of_file.encode() + b"\n")


def _as_ours(path: str, error: OSError) -> LineageError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        where = os.fsdecode(error.filename) if error.filename else path
        return NotFound(f"nothing is at {where}")
    return InvalidValue(f"{path} can't be read: {error.strerror or error}")


def _checksum(url: str, info: Mapping[str, Any]) -> str:
    """Return the strongest of what a storage tells of an object."""
    import base64

    lower = {str(key).lower().replace("-", "").replace("_", ""): info[key] for key in info}
    md5 = lower.get("md5hash") or lower.get("contentmd5") or _inside(info, "content_md5")
    if isinstance(md5, bytes | bytearray) and len(md5) == 16:
        return f"md5:{bytes(md5).hex()}"
    if isinstance(md5, str) and md5:
        return f"md5:{base64.b64decode(md5).hex()}"
    etag = lower.get("etag")
    weak = isinstance(etag, str) and etag.startswith("W/")
    if isinstance(etag, str) and etag.strip('"') and not weak:
        if urlsplit(url).scheme in ("http", "https"):
            # A web server makes ETags as it likes, often of time and size: they tell the versions
            # of one page from each other, and nothing about another page.
            etag = hashlib.sha256(f"{_without_query(url)}\0{etag}".encode()).hexdigest()
        return f"etag:{etag.strip(chr(34)).lower()}"
    version = lower.get("versionid") or lower.get("generation")
    if version and str(version) != "null":
        place = hashlib.sha256(f"{_without_query(url)}\0{version}".encode()).hexdigest()
        return f"version:{place}"
    raise InvalidValue(
        f"the storage of {_shown(url)} tells neither a checksum, an ETag nor a version of "
        f"{info.get('name', 'it')}"
    )


def _inside(info: Mapping[str, Any], key: str) -> Any:
    settings = info.get("content_settings")
    return settings.get(key) if isinstance(settings, Mapping) else None


def _without_query(url: str) -> str:
    return url.partition("?")[0].partition("#")[0]


def _shown(url: str) -> str:
    from lineage.recording.redaction import redact_url

    return redact_url(url)
