"""The commits of a git repository that touch files of DVC, and the files as they were in each.

The `git` command reads the repository: wherever there is one, there is that command, and it knows
each kind of repository (worktrees, alternates, partial clones).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self

from lineage.errors import InvalidValue, NotFound, StoreUnavailable, Unsupported
from lineage.recording.redaction import redact_url

_FORMAT = "commit %H%x00%ct%x00%an"
_PATHS = ("*dvc.lock", "*.dvc", "*dvc.yaml")


@dataclass(frozen=True, slots=True)
class Change:
    """A file of DVC that a commit added or changed, and its blob."""

    path: PurePosixPath
    blob: str


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit that touches files of DVC."""

    id: str
    time_ms: int
    author: str
    changes: tuple[Change, ...]


class GitHistory:
    """A repository, only read.

    Parameters
    ----------
    folder
        The repository, or a folder inside.

    Raises
    ------
    NotFound
        Where there is no repository, or it has no commit.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise NotFound(f"there is no folder {str(folder)!r}; give a git repository")
        self._folder = folder
        try:
            top = self._git("rev-parse", "--show-toplevel").strip()
        except StoreUnavailable as error:
            raise NotFound(f"{folder} is in no git repository: {error}") from None
        self.top = Path(top)
        self._folder = self.top
        # One reader of blobs for all of them: a process for each would take most of the time.
        self._reader: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._reader is not None:
            self._reader.terminate()
            self._reader.communicate()

    @property
    def root(self) -> str:
        """The first commit of all, which clones have in common."""
        found = self._git("rev-list", "--max-parents=0", "HEAD").split()
        return sorted(found)[0]

    @property
    def name(self) -> str:
        """What people call the repository: the end of its remote's url, else its folder's name."""
        remote = self.remote
        name = PurePosixPath(remote.rstrip("/")).name.removesuffix(".git") if remote else ""
        return name or self.top.name

    @property
    def remote(self) -> str | None:
        """The url of the remote `origin`, without a password."""
        try:
            return redact_url(self._git("remote", "get-url", "origin").strip()) or None
        except StoreUnavailable:
            return None

    def commits(self, revisions: list[str]) -> Iterator[Commit]:
        """Yield the commits that the revisions lead to, parents before their children."""
        for revision in revisions:
            # What looks like an option would be one.
            if revision.startswith("-") and revision != "--all":
                raise InvalidValue(f"{revision!r} is no revision; name a commit, branch or tag")
        told = self._git(
            "log", "--reverse", "--topo-order", "--full-history", "-m", "--raw", "-z",
            "--no-abbrev", "--no-renames", f"--format={_FORMAT}", *revisions, "--", *_PATHS,
        )  # fmt: skip
        yield from _read_log(told)

    def read(self, name: str) -> bytes | None:
        """Return a blob by its id, or by commit and path (`c0ffee:dvc.yaml`); None without one."""
        if "\n" in name:
            return None
        if self._reader is None:
            self._reader = subprocess.Popen(
                [*self._command, "cat-file", "--batch"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_ENVIRONMENT,
            )
        into, out = self._reader.stdin, self._reader.stdout
        assert into is not None
        assert out is not None
        into.write(name.encode(errors="surrogateescape") + b"\n")
        into.flush()
        head = out.readline().split()
        if len(head) != 3 or not head[2].isdigit():
            return None
        content = out.read(int(head[2]))
        out.read(1)
        return content if head[1] == b"blob" else None

    @property
    def _command(self) -> list[str]:
        return ["git", "-C", str(self._folder), "--no-pager"]

    def _git(self, *arguments: str) -> str:
        try:
            done = subprocess.run(
                [*self._command, *arguments], capture_output=True, env=_ENVIRONMENT, check=False
            )
        except FileNotFoundError:
            raise Unsupported("importing from DVC needs the command `git`: install it") from None
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
            raise StoreUnavailable(f"git can't read {self._folder}: {said[0]}")
        return done.stdout.decode(errors="surrogateescape")


# Reading takes no locks, asks nobody for a password, and speaks one language.
_ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_DIR")},
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


def _read_log(told: str) -> Iterator[Commit]:
    """Yield the commits of `git log --raw -z`; a merge comes once for each of its parents.

    Every field ends in NUL. A commit is followed by its changes: modes, blobs and status, then the
    path, which may look like anything.
    """
    fields = iter(told.split("\x00"))
    id, time, author = "", 0, ""
    changes: list[Change] = []
    for field in fields:
        head = field.strip()
        if head.startswith("commit "):
            if id:
                yield Commit(id, time, author, tuple(changes))
            id, changes = head.removeprefix("commit "), []
            time, author = int(next(fields)) * 1_000, next(fields)
        elif head.startswith(":"):
            _, mode, _, blob, status = head.split()
            path = PurePosixPath(next(fields))
            if status != "D" and mode.startswith("100"):
                changes.append(Change(path, blob))
    if id:
        yield Commit(id, time, author, tuple(changes))
