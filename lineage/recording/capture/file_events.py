"""What a process did to files, whichever layer saw it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from lineage.recording.content import Fingerprint


class Access(StrEnum):
    """What was done to a file."""

    READ = "read"
    # What was in it before is gone.
    REPLACE = "replace"
    # Opened to be read and written, or only to be written, and what was in it stays: whether it
    # was written is seen by its times.
    UPDATE = "update"
    APPEND = "append"
    MOVE = "move"
    LINK = "link"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class FileEvent:
    """One access, with absolute paths.

    Attributes
    ----------
    time_ns
        Nanoseconds since the Unix epoch.
    target
        The other path of a MOVE or LINK.
    existed
        Whether something was at the path before; None where the layer can't tell.
    before
        What was there before, where the layer looked.
    is_folder
        Whether it is known to be a folder that is moved.
    exclusive
        Whether it was opened so that it had to be made: it would have failed on one that is there.
    """

    time_ns: int
    access: Access
    path: str
    target: str | None = None
    existed: bool | None = None
    before: Fingerprint | None = None
    is_folder: bool = False
    exclusive: bool = False


@dataclass(frozen=True, slots=True)
class Started:
    """A program that was started."""

    program: str
    arguments: tuple[str, ...] = ()


@dataclass(slots=True)
class Seen:
    """All that one layer saw.

    Attributes
    ----------
    interpreters
        Process ids of the Python interpreters that kept a log, with those of their parents.
    left_out
        Folders of these interpreters and of their packages.
    sockets
        Whom it talked to, `host:port` or a path.
    libraries
        Compiled packages that were imported.
    hooked
        Packages whose own opening of files is logged.
    running
        Programs that had not ended when the first one did.
    error
        The end of the last traceback.
    looked_at
        Paths that were looked at or looked for, where that was asked for.
    listed
        Folders whose names were read.
    """

    files: list[FileEvent]
    started: list[Started]
    interpreters: dict[int, int]
    left_out: set[str]
    sockets: list[str]
    libraries: set[str]
    running: list[str]
    unseen: list[str]
    hooked: set[str] = field(default_factory=set)
    error: str | None = None
    looked_at: set[str] = field(default_factory=set)
    listed: set[str] = field(default_factory=set)

    @classmethod
    def nothing(cls) -> Seen:
        """Return what a layer has seen at the beginning."""
        return cls([], [], {}, set(), [], set(), [], [])
