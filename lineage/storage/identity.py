"""Tell one file from another that has its name: what was planned is what is removed."""

from __future__ import annotations

import os
import stat
from datetime import datetime
from typing import Any

# What storages say of an object that a rewritten one would say otherwise, the surest first.
_TELLING = (
    "ETag", "etag", "md5Hash", "generation", "content_md5", "LastModified", "last_modified",
    "updated", "mtime", "created",
)  # fmt: skip


def identify(info: dict[str, Any], path: str, *, is_local: bool) -> str | None:
    """Return what tells a file from others, None where its storage says nothing that does.

    Parameters
    ----------
    info
        What fsspec says of it.
    path
        Its path; a local one is looked at itself, since fsspec rounds its times.
    is_local
        Whether it is a file of this machine.
    """
    if is_local:
        return identify_local(os.lstat(path))
    for name in _TELLING:
        value = info.get(name)
        if value is not None:
            # One listing gives a time as a number, another one as a datetime.
            stamp = value.timestamp() if isinstance(value, datetime) else value
            text = f"{stamp:.3f}" if isinstance(stamp, float) else str(stamp).strip('"')
            return f"{name}={text}"
    return None


def identify_local(found: os.stat_result) -> str:
    """Return device, inode and times of a local file."""
    return f"{found.st_dev}:{found.st_ino}:{found.st_mtime_ns}:{found.st_ctime_ns}"


def unlink_same(path: str, identity: str | None) -> bool:
    """Remove a local file if it still is the one that was identified; return whether it was.

    The folder is opened name by name without following a link, and the file is looked at and
    removed in that opened folder: a link or folder that was swapped in leads nowhere.

    Raises FileNotFoundError where it is gone.
    """
    # Links above it were there when it was planned, or the identity below will not fit.
    folder, name = os.path.split(path)
    handle = _open_folder(os.path.realpath(folder))
    try:
        found = os.stat(name, dir_fd=handle, follow_symlinks=False)
        if stat.S_ISDIR(found.st_mode) or identity is None or identify_local(found) != identity:
            return False
        os.unlink(name, dir_fd=handle)
        return True
    finally:
        os.close(handle)


def _open_folder(path: str) -> int:
    handle = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    for part in path.split("/"):
        if part:
            try:
                inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=handle)
            finally:
                os.close(handle)
            handle = inner
    return handle
