"""What a run read and what it left behind, from all that it did to files, in order.

Each file has versions in the course of a run: what was there before it, and what it made of it. A
version from before that was read, moved or added to is an input; a version that was made and is
there at the end is an output; what was made and is gone again is internal.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from lineage.recording.capture.exclusions import Selection
from lineage.recording.capture.file_events import Access, FileEvent
from lineage.recording.content import Fingerprint

# A project has fewer files; a root with more is not looked through before the run.
MOST_LOOKED_AT = 100_000


@dataclass(slots=True, eq=False)
class Version:
    """One content of one file.

    Attributes
    ----------
    path
        Where it was, or was made.
    made
        Whether the run made it.
    read
        Whether the run read it.
    before
        What was at the path before the run, or before it was changed.
    copy
        The version that this one is, under another name, unchanged.
    gone
        Whether it is not at its path any more.
    """

    path: str
    made: bool
    read: bool = False
    before: Fingerprint | None = None
    copy: Version | None = None
    gone: bool = False
    # Opened for writing without being emptied: whether it was written is seen at the end.
    perhaps: bool = False


@dataclass(slots=True)
class Footprint:
    """The files of a run.

    Attributes
    ----------
    inputs
        Versions from before the run that it read.
    outputs
        Versions that it made and that are there.
    internal
        Paths that it made and removed.
    unsure
        What is not known for certain, in words.
    absent
        Paths that the run took for new: had something been there, it would have kept or refused it.
    """

    inputs: list[Version] = field(default_factory=list)
    outputs: list[Version] = field(default_factory=list)
    internal: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    absent: set[str] = field(default_factory=set)


class Before:
    """The files below the roots as they were before the run.

    Where there are more than `MOST_LOOKED_AT`, only those are known that a layer looked at itself.
    """

    def __init__(self, selection: Selection, most: int = MOST_LOOKED_AT) -> None:
        self.files: dict[str, Fingerprint] = {}
        self.whole = True
        self._most = most
        self._selection = selection
        for root in selection.roots:
            if not self._look_at(root):
                self.whole = False
                break

    def _look_at(self, folder: str) -> bool:
        waiting = [folder]
        while waiting:
            folder = waiting.pop()
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        if entry.is_dir(follow_symlinks=False):
                            if self._selection.has_folder(entry.path):
                                waiting.append(entry.path)
                        elif len(self.files) >= self._most:
                            return False
                        else:
                            self._add(entry.path, entry)
            except OSError:
                continue
        return True

    def _add(self, path: str, entry: os.DirEntry[str]) -> None:
        try:
            status = entry.stat()
        except OSError:
            return
        if stat.S_ISREG(status.st_mode):
            self.files[path] = Fingerprint.of(status)


class _Course:
    """The versions of each file in the course of a run."""

    def __init__(self, before: Before) -> None:
        self.before = before
        self.now: dict[str, Version] = {}
        self.all: list[Version] = []
        self.moved_folders: list[tuple[str, str]] = []
        self.unsure: list[str] = []
        self.absent: set[str] = set()

    def apply(self, event: FileEvent, path: str, target: str | None) -> None:
        """Take in one access."""
        if event.access is Access.READ:
            self._current(path, event).read = True
        elif event.access is Access.REPLACE:
            if event.exclusive and path not in self.now:
                self.absent.add(path)
            self._make(path, event)
        elif event.access in (Access.UPDATE, Access.APPEND):
            self._change(path, event)
        elif event.access is Access.REMOVE:
            self._remove(path, event)
        elif target is not None:
            self._rename(event, path, target)

    def leave(self, event: FileEvent, path: str) -> None:
        """A captured file is moved or linked to where nothing is captured."""
        if event.is_folder:
            return
        version = self._current(path, event)
        if not version.made:
            version.read = True
        if event.access is Access.MOVE:
            version.gone = True
            self.now.pop(path, None)

    def enter(self, path: str) -> None:
        """A file that is not captured is moved or linked to where it is."""
        self._drop(path)
        self.now[path] = self._add(Version(path, True))

    def _was(self, path: str, event: FileEvent) -> Fingerprint | None:
        return self.before.files.get(path) or event.before

    def _existed(self, path: str, event: FileEvent) -> bool:
        if event.existed is not None:
            return event.existed
        return path in self.before.files or not self.before.whole

    def _current(self, path: str, event: FileEvent) -> Version:
        version = self.now.get(path)
        if version is None:
            version = self._add(Version(path, False, before=self._was(path, event)))
            self.now[path] = version
        return version

    def _add(self, version: Version) -> Version:
        self.all.append(version)
        return version

    def _drop(self, path: str) -> None:
        version = self.now.pop(path, None)
        if version is not None:
            version.gone = True

    def _make(self, path: str, event: FileEvent) -> None:
        version = self.now.get(path)
        if version is not None and version.made:
            version.copy = None
            version.perhaps = False
            return
        if version is not None and event.existed is False and version.before is None:
            # It was looked for, and not there.
            self.all.remove(version)
        self._drop(path)
        self.now[path] = self._add(Version(path, True))

    def _change(self, path: str, event: FileEvent) -> None:
        version = self.now.get(path)
        if version is not None and version.made:
            version.copy = None
            return
        if not self._existed(path, event):
            self.absent.add(path)
            self._make(path, event)
            return
        version = self._current(path, event)
        version.perhaps = True
        if event.access is Access.UPDATE:
            version.read = True

    def _remove(self, path: str, event: FileEvent) -> None:
        if path in self.now:
            version = self.now[path]
            if version.before is None and not version.made:
                version.before = event.before
        self._drop(path)

    def _rename(self, event: FileEvent, path: str, target: str) -> None:
        if path in self.now or path in self.before.files:
            self._move(event, path, target)
            return
        inside = [p for p in self.now if p.startswith(f"{path}/")]
        if inside or os.path.isdir(target):
            self.moved_folders.append((path, target))
            for old in inside:
                self._move(event, old, target + old[len(path) :])
            return
        self._move(event, path, target)

    def _move(self, event: FileEvent, path: str, target: str) -> None:
        version = self._current(path, event)
        if event.is_folder:
            # Whatever is in it has moved on, or is found where it is at the end.
            self.all.remove(version)
            del self.now[path]
            return
        if event.access is Access.MOVE:
            self.now.pop(path)
        self._drop(target)
        if version.made and event.access is Access.MOVE:
            version.path = target
            self.now[target] = version
            return
        if not version.made:
            version.read = True
        version.gone = version.gone or event.access is Access.MOVE
        self.now[target] = self._add(Version(target, True, copy=version))


def trace_footprint(
    events: Iterable[FileEvent], selection: Selection, before: Before, started_ns: int
) -> Footprint:
    """Return the inputs, outputs and internal files of a run that has ended.

    Parameters
    ----------
    events
        What it did to files, in order.
    selection
        Which files are captured.
    before
        The files below the roots as they were before.
    started_ns
        When it started, nanoseconds since the Unix epoch.
    """
    course = _Course(before)
    for event in events:
        path = selection.locate(_source_of(event.path))
        target = None if event.target is None else selection.locate(event.target)
        if path is not None and (event.target is None or target is not None):
            course.apply(event, path, target)
        elif path is not None:
            course.leave(event, path)
        elif target is not None:
            course.enter(target)
    _add_moved_folders(course, selection)
    return _settle(course, lambda version: _is_changed(version, started_ns))


def _source_of(path: str) -> str:
    """Return the source of a compiled module, which is read in its place."""
    folder, _, name = path.rpartition("/")
    if name.endswith(".pyc") and folder.endswith("/__pycache__"):
        return f"{folder.removesuffix('__pycache__')}{name.partition('.')[0]}.py"
    return path


def _add_moved_folders(course: _Course, selection: Selection) -> None:
    """Files that were moved with their folder and never opened."""
    for source, target in course.moved_folders:
        for folder, _, names in os.walk(target):
            for name in names:
                place = selection.locate(f"{folder}/{name}")
                if place is None or place in course.now:
                    continue
                old = source + place[len(target) :]
                version = Version(
                    old, False, read=True, before=course.before.files.get(old), gone=True
                )
                course.all.append(version)
                course.now[place] = Version(place, True, copy=version)
                course.all.append(course.now[place])


def _settle(course: _Course, is_changed: Callable[[Version], bool]) -> Footprint:
    found = Footprint(unsure=course.unsure, absent=course.absent)
    known: Mapping[str, Fingerprint] = course.before.files
    for version in course.all:
        there = not version.gone and _is_regular(version.path)
        if version.made:
            if there:
                found.outputs.append(version)
            elif version.gone or not os.path.exists(version.path):
                found.internal.append(version.path)
            continue
        if version.perhaps and there and is_changed(version):
            found.outputs.append(Version(version.path, True))
            version.gone = version.read = True
        if not version.read:
            continue
        if there or version.path in known or version.before is not None:
            found.inputs.append(version)
        elif version.gone and not course.before.whole:
            found.unsure.append(f"{version.path} was gone at the end: it may have been an input")
    return found


def _is_changed(version: Version, started_ns: int) -> bool:
    try:
        now = Fingerprint.of(os.stat(version.path))
    except OSError:
        return False
    if version.before is not None:
        return now != version.before
    return max(now.mtime_ns, now.ctime_ns) >= started_ns


def _is_regular(path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return False
