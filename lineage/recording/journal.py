"""Runs that no store could take, kept in files until one can.

Each run has a file of its own, and each line of it is the whole run as it was known then, so that
the last whole line is what is brought in. A file goes when a store has its run.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lineage.errors import InvalidValue, LineageError, StoreError
from lineage.recording.run_draft import RunDraft, write_run
from lineage.store import Store

_FOLDER = "pending"


@dataclass(frozen=True, slots=True)
class BroughtIn:
    """What came of bringing a journal in: how many runs, and what was wrong with the others."""

    runs: int
    refused: tuple[tuple[Path, str], ...] = ()


def journal_folder() -> Path:
    """Return the folder of the journal: `LINEAGE_JOURNAL`, else beside the default store."""
    from lineage.connection import find_folder

    given = os.environ.get("LINEAGE_JOURNAL")
    return Path(given).absolute() if given else find_folder() / _FOLDER


def keep_run(draft: RunDraft, folder: Path) -> Path:
    """Append a run, as it stands, to its file in a journal; it is on the disk when this returns."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{hashlib.sha256(draft.key.encode()).hexdigest()[:32]}.jsonl"
    line = json.dumps(draft.to_dict(), ensure_ascii=False) + "\n"
    with _locked(file, create=True) as descriptor:
        # A line that a crash cut off must not swallow this one.
        start = b"" if os.fstat(descriptor).st_size == 0 else b"\n"
        data = start + line.encode("utf-8", "replace")
        while data:
            data = data[os.write(descriptor, data) :]
        os.fsync(descriptor)
    return file


def bring_in(store: Store, folder: Path) -> BroughtIn:
    """Record the runs of a journal; each file goes once its run is in the store.

    Bringing the same run in twice makes one execution.

    Raises
    ------
    StoreError
        The store can't take them; what is not in stays in the journal.
    """
    runs = 0
    refused: list[tuple[Path, str]] = []
    for file in sorted(folder.glob("*.jsonl")):
        try:
            with _locked(file) as descriptor:
                draft = _last(descriptor)
                if draft is not None:
                    write_run(store, draft)
                    runs += 1
                file.unlink(missing_ok=True)
        except FileNotFoundError:
            continue  # another process brought it in
        except StoreError:
            raise
        except LineageError as error:
            refused.append((file, str(error)))
    return BroughtIn(runs, tuple(refused))


@contextmanager
def _locked(file: Path, *, create: bool = False) -> Iterator[int]:
    """Hold a file of the journal; its run may still be going on in another process."""
    flags = os.O_RDWR | os.O_APPEND | (os.O_CREAT if create else 0)
    while True:
        descriptor = os.open(file, flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_same(descriptor, file):
                yield descriptor
                return
        finally:
            os.close(descriptor)
        # It was brought in, and removed, while the lock was waited for.


def _is_same(descriptor: int, file: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(file))
    except FileNotFoundError:
        return False


def _last(descriptor: int) -> RunDraft | None:
    """The newest whole line; a crash may have cut the last one off."""
    size = os.fstat(descriptor).st_size
    lines = [line for line in os.pread(descriptor, size, 0).split(b"\n") if line.strip()]
    wrong: Exception | None = None
    for line in reversed(lines):
        try:
            return RunDraft.from_dict(json.loads(line))
        except (InvalidValue, UnicodeDecodeError, json.JSONDecodeError) as error:
            wrong = wrong or error
    if wrong is not None and len(lines) > 1:
        raise InvalidValue(f"no line of it can be read: {wrong}")
    return None
