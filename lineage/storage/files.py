"""List the files behind a uri, and remove those of a plan.

The extra `storage` brings fsspec; each kind of storage may
need a package more (s3fs for s3://). Keys and endpoints come from where those packages look for
them, or from fsspec's own environment variables (`FSSPEC_S3_ENDPOINT_URL` …).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import Any

from lineage.errors import LineageError, StoreUnavailable
from lineage.model import PlannedRemoval, RemovalOutcome, Removed, StoredFile
from lineage.storage.identity import identify, unlink_same
from lineage.storage.roots import is_allowed

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_ON_THIS_HOST = re.compile(r"^(file|local)://localhost/")
_LOCAL = ("file", "local")
_READ_ONLY = ("http", "https", "data", "github", "git")
_WITH_FOLDERS = ("file", "local", "memory")


def with_files(place: PlannedRemoval, own: str | None = None) -> PlannedRemoval:
    """The same with the files that are behind its uri, or with why they can't be removed.

    `own` is the path of the file that the store itself is in: a folder with it stays.
    """
    if place.kept is not None:
        return place
    files, kept = list_files(place.uri)
    if kept is None and files:
        kept = _forbidden(place.uri)
    if kept is not None:
        files = []
    if own is not None and any(_belongs_to(file.path, own) for file in files):
        files, kept = [], f"the store itself is in it ({own})"
    return place.model_copy(update={"files": tuple(files), "kept": kept})


def list_files(uri: str) -> tuple[list[StoredFile], str | None]:
    """The files behind a uri: one, those of a folder, or none; and why they may not be touched."""
    kept = _unsafe(uri)
    if kept is not None:
        return [], kept
    try:
        fs, path = _open(uri)
        fs.invalidate_cache()
        if not fs.exists(path):
            return [], None
        kept = _too_much(fs, path)
        if kept is not None:
            return [], kept
        info = fs.info(path)
        found = _inside(fs, path) if _is_folder(info) else {path: info}
    except _Kept as reason:
        return [], str(reason)
    except LineageError:
        raise
    except Exception as error:  # every storage has errors of its own
        return [], f"it can't be read ({type(error).__name__}: {error})"
    try:
        return [_stored(fs, name, info) for name, info in sorted(found.items())], None
    except OSError as error:
        return [], f"it can't be read ({type(error).__name__}: {error})"


def sizes(uris: Iterable[str]) -> dict[str, int | None]:
    """How many bytes are behind each uri; None where the storage doesn't say."""
    found: dict[str, int | None] = {}
    for uri in dict.fromkeys(uris):
        files, kept = list_files(uri)
        known = [file.bytes for file in files if file.bytes is not None]
        found[uri] = sum(known) if kept is None and files and len(known) == len(files) else None
    return found


def remove(removal: PlannedRemoval, *, begun: bool, now_ms: int) -> Removed:
    """Remove the listed files, and the folders that are then empty.

    A file that is not the one that was listed stays: another size, inode, time or ETag. With
    `begun`, an earlier attempt may have removed some already.
    """
    gone = taken = size = left = 0
    changed: list[str] = []
    try:
        forbidden = _forbidden(removal.uri)
        if forbidden is not None:
            return Removed(
                uri=removal.uri, outcome=RemovalOutcome.KEPT, detail=forbidden, at_ms=now_ms
            )
        fs, root = _open(removal.uri)
        fs.invalidate_cache()
        for file in removal.files:
            if not _within(file.path, root):
                raise ValueError(f"{file.path} is not in {root}")
            try:
                info = fs.info(file.path)
            except FileNotFoundError:
                gone += 1
                continue
            if _is_folder(info) or _size(info) != file.bytes or not _remove_same(fs, file, info):
                changed.append(file.path)
                continue
            left += _count_versions(fs, file.path)
            taken, size = taken + 1, size + (file.bytes or 0)
        _remove_empty_folders(fs, root, removal)
    except Exception as error:  # as above: recorded, and tried again on resuming
        return Removed(
            uri=removal.uri, outcome=RemovalOutcome.FAILED, files=taken, bytes=size,
            detail=f"{type(error).__name__}: {error}", at_ms=now_ms,
        )  # fmt: skip
    detail = None
    if changed:
        outcome = RemovalOutcome.KEPT
        detail = f"{len(changed)} of its files changed since the plan and stay: {changed[0]}"
    elif taken or (begun and gone):
        outcome = RemovalOutcome.REMOVED
        if gone:
            how = "an attempt that was interrupted" if begun else "somebody else"
            detail = f"{gone} of its files were removed by {how}"
        if left:
            outcome = RemovalOutcome.KEPT
            detail = (
                f"{taken} files were removed, but their bucket keeps versions and {left} remain: "
                "remove them there"
            )
    else:
        outcome = RemovalOutcome.ALREADY_GONE
    return Removed(
        uri=removal.uri, outcome=outcome, files=taken, bytes=size, detail=detail, at_ms=now_ms
    )


class _Kept(Exception):
    """Why something may not be touched."""


def _open(uri: str) -> tuple[Any, str]:
    try:
        import fsspec
    except ModuleNotFoundError as error:
        raise StoreUnavailable(
            "bytes in storage need fsspec: pip install 'lineage-engine[storage]'"
        ) from error
    # fsspec would take the host for a folder.
    uri = _ON_THIS_HOST.sub(r"\1:///", uri)
    try:
        fs, path = fsspec.core.url_to_fs(uri)
    except (ImportError, ValueError) as error:
        raise _Kept(str(error)) from error
    return fs, str(path)


def _forbidden(uri: str) -> str | None:
    """Why it may not be removed on this machine."""
    try:
        fs, path = _open(uri)
    except _Kept as reason:
        return str(reason)
    place = os.path.realpath(os.path.dirname(path)) if _is_local(fs) else path
    inside = os.path.join(place, os.path.basename(path)) if _is_local(fs) else path
    if _is_local(fs) and inside.startswith(("/proc/", "/sys/", "/dev/")):
        return "it is not a file of a disk"
    if is_allowed(inside, _protocols(fs)):
        return None
    return (
        "no root that this machine allows holds it: `lineage storage allow ROOT`, if its owner "
        "wants bytes below ROOT to be removed"
    )


def _stored(fs: Any, path: str, info: Any) -> StoredFile:
    identity = identify(info, path, is_local=_is_local(fs))
    return StoredFile(path=path, bytes=_size(info), identity=identity)


def _remove_same(fs: Any, file: StoredFile, info: Any) -> bool:
    """Remove the file that was planned, and say whether it was that one."""
    if _is_local(fs):
        return unlink_same(file.path, file.identity)
    if identify(info, file.path, is_local=False) != file.identity:
        return False
    fs.rm_file(file.path)
    return True


def _count_versions(fs: Any, path: str) -> int:
    """How many versions of a removed object its bucket still keeps."""
    is_versioned = getattr(fs, "is_bucket_versioned", None)
    if is_versioned is None or not is_versioned(path.split("/", 1)[0]):
        return 0
    found = fs.object_version_info(path)
    return sum(not version.get("DeleteMarker") and "Size" in version for version in found)


def _is_local(fs: Any) -> bool:
    return bool({"file", "local"} & set(_protocols(fs)))


def _unsafe(uri: str) -> str | None:
    scheme = _SCHEME.match(uri)
    if scheme is None and not uri.startswith("/"):
        return "it is relative, and nobody recorded to what"
    if scheme is not None and scheme[0][:-1].lower() in _READ_ONLY:
        return f"nothing can be removed through {scheme[0][:-1]}"
    rest = "" if scheme is None else _ON_THIS_HOST.sub(r"\1:///", uri)[scheme.end() :]
    if scheme is not None and scheme[0][:-1].lower() in _LOCAL:
        if not rest.removeprefix("//").startswith("/"):
            return "it is relative, and nobody recorded to what"
        if "%" in rest:
            return "it has a percent sign in it, which may be meant as it stands or encode a letter"
    elif scheme is not None and not rest.startswith("//"):
        return f"it has no // after {scheme[0]} and so names no storage"
    if "::" in uri or any(c in uri for c in "*?[") or uri.startswith("simplecache"):
        return "it names no plain file or folder"
    if ".." in uri.split("/"):
        return "it has '..' in it"
    return None


def _too_much(fs: Any, path: str) -> str | None:
    """A bucket, a root, a folder right below it, or somebody's home is no artifact."""
    from pathlib import Path

    parts = [part for part in path.split("/") if part]
    least = 1 if "memory" in _protocols(fs) else 2
    if len(parts) < least or ("file" in _protocols(fs) and Path(path) == Path.home()):
        return "it is too near the root of its storage to be one artifact's"
    return None


def _inside(fs: Any, path: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, info in fs.find(path, detail=True).items():
        # A link is removed, never what it leads to.
        if not _within(name, path):
            raise _Kept(f"its storage lists {name}, which is not in it")
        found[name] = info
    return found


def _remove_empty_folders(fs: Any, root: str, removal: PlannedRemoval) -> None:
    if not set(_protocols(fs)) & set(_WITH_FOLDERS):
        return
    folders = {root} if removal.files and removal.files[0].path != root else set()
    for file in removal.files:
        folder = file.path.rpartition("/")[0]
        while len(folder) > len(root) and _within(folder, root):
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    for folder in sorted(folders, key=len, reverse=True):
        if fs.isdir(folder) and not fs.ls(folder, detail=False):
            fs.rmdir(folder)


def _belongs_to(path: str, own: str) -> bool:
    """Whether it is that file, by whatever way, or one that SQLite keeps beside it."""
    folder, _, name = path.rpartition("/")
    if not name.startswith(os.path.basename(own)):
        return False
    try:
        return os.path.samefile(folder or "/", os.path.dirname(own))
    except OSError:
        # Not a path on this machine.
        return False


def _within(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip("/") + "/")


def _is_folder(info: Any) -> bool:
    return bool(info.get("type") == "directory" and not info.get("islink"))


def _size(info: Any) -> int | None:
    size = info.get("size")
    return int(size) if size is not None else None


def _protocols(fs: Any) -> tuple[str, ...]:
    return (fs.protocol,) if isinstance(fs.protocol, str) else tuple(fs.protocol)
