"""The commit that a program runs at, and whether it was changed since."""

from __future__ import annotations

import hashlib
import os
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Any

from lineage.recording.redaction import redact_url

_DEADLINE_S = 10.0
_MAX_DIFF = 64 << 20


@lru_cache(maxsize=64)
def read_git(folder: str) -> dict[str, Any]:
    """Return commit, branch, remote and changes of the repository around a folder.

    Empty outside of a repository, or without git. `git_diff_hash` takes in what was changed and the
    names and sizes of what was added.

    Examples
    --------
    >>> read_git("/dev")
    {}
    """
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return {}
    found: dict[str, Any] = {"git_commit": commit.decode().strip()}
    branch = _git(folder, "symbolic-ref", "--short", "-q", "HEAD")
    if branch:
        found["git_branch"] = branch.decode(errors="replace").strip()
    remote = _git(folder, "config", "--get", "remote.origin.url")
    if remote:
        found["git_remote"] = redact_url(remote.decode(errors="replace").strip())
    status = _git(folder, "status", "--porcelain", "-z", "--untracked-files=normal")
    if status is None:
        return found
    found["git_dirty"] = bool(status)
    if status:
        diff = _git(folder, "diff", "HEAD", "--no-ext-diff", "--binary") or b""
        found["git_diff_hash"] = hashlib.sha256(status + b"\0" + diff[:_MAX_DIFF]).hexdigest()
    return found


@lru_cache(maxsize=64)
def find_repository(folder: str) -> str | None:
    """Return the top folder of the repository around a folder, without running git."""
    for above in (Path(folder), *Path(folder).parents):
        if (above / ".git").exists():
            return str(above)
    return None


def _git(folder: str, *arguments: str) -> bytes | None:
    """The output of a git command; None where it fails.

    Optional locks are off: a recorder must not touch the user's index.
    """
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            ["git", "-C", folder, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_DEADLINE_S,
            env=environment,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 else None
