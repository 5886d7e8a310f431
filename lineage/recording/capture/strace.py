"""Trace the system calls of a process tree with strace, and read what it says.

strace runs beside the program, not above it: the program is a child of ours as without it, and its
exit status is its own. Only calls that open, rename, remove or connect stop it (`--seccomp-bpf`).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from lineage.recording.capture.file_events import Access, FileEvent, Seen

_TRACED = (
    "open,openat,openat2,creat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,"
    "unlinkat,truncate,ftruncate,chdir,fchdir,execve,execveat,clone,clone3,fork,vfork,connect,"
    "io_uring_setup,open_by_handle_at"
)
# What only looks: without it a result could not be used again safely, with it a run takes longer.
_LOOKING = ("stat", "lstat", "newfstatat", "statx", "access", "faccessat", "faccessat2", "readlink",
            "readlinkat")  # fmt: skip
_OPTIONS = ("-D", "-f", "-y", "--seccomp-bpf", "-ttt", "-e", "signal=none")
# How long strace may take to write the end of its log, in seconds, and how long to look away.
_PATIENCE = 2.0
_PAUSE = 0.002

_LINE = re.compile(r"(\d+) +(\d+)\.(\d+) (.*)")
_CALL = re.compile(r"(\w+)\((.*)\) += (-?\d+|\?)(.*)")
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>(.*)")
_UNFINISHED = " <unfinished ...>"
_STRING = r'"((?:[^"\\]|\\.)*)"'
_FOLDER = r"(?:AT_FDCWD|\d+)(?:<((?:[^>\\]|\\.)*)>)?"
_ONE_PATH = re.compile(_STRING)
_AT = re.compile(rf"{_FOLDER}, {_STRING}")
_TWO_PATHS = re.compile(rf"{_STRING}, {_STRING}")
_TWO_AT = re.compile(rf"{_FOLDER}, {_STRING}, {_FOLDER}, {_STRING}")
_DESCRIPTOR = re.compile(r"\d+<((?:[^>\\]|\\.)*)>(?:, (\d+))?")
_ANNOTATED = re.compile(r"<((?:[^>\\]|\\.)*)>")
_FLAGS = re.compile(r"O_\w+(?:\|\w+)*")
_ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|.)")
_PLAIN = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"v": b"\v", b"f": b"\f"}
_INET = re.compile(
    r"sa_family=AF_INET6?, sin6?_port=htons\((\d+)\).*?"
    r'(?:inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)")'
)
_UNIX = re.compile(r'sa_family=AF_UNIX, sun_path=@?"([^"]+)"')
# Sockets of the C library, of a display and of a log carry no data of the program.
_SYSTEM_SOCKETS = ("/var/run/nscd/", "/run/systemd/", "/dev/log", "/run/dbus", "/tmp/.X11")


def find_strace() -> str | None:
    """Return the path of a strace that can trace here, or None."""
    path = shutil.which("strace")
    if path is None:
        return None
    try:
        probe = subprocess.run(
            [path, "-f", "--seccomp-bpf", "-e", "trace=execve", "-o", os.devnull, path, "-V"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            timeout=10, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return path if probe.returncode == 0 else None


def trace_arguments(
    strace: str, log: Path, command: Iterable[str], *, looking: bool = False
) -> list[str]:
    """Return the command line that traces a command into a log.

    With `looking`, also what it only looks at, or looks for in vain.
    """
    traced = ",".join((_TRACED, *_LOOKING)) if looking else _TRACED
    return [strace, *_OPTIONS, "-e", f"trace={traced}", "-o", str(log), "--", *command]


def read_trace(log: Path, pid: int, folder: str) -> Seen:
    """Return what a trace says, when its first process has ended.

    Parameters
    ----------
    log
        The file that strace writes.
    pid
        The first process, which has ended.
    folder
        The working directory that it started in.
    """
    trace = _Trace(pid, folder)
    deadline = time.monotonic() + _PATIENCE
    with log.open("rb") as file:
        rest = b""
        while True:
            data = file.read(1 << 20)
            if data:
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    trace.add(line.decode("utf-8", "surrogateescape"))
            elif trace.is_over() or time.monotonic() > deadline:
                break
            else:
                time.sleep(_PAUSE)
    return trace.finish()


class _Trace:
    """The processes of a trace, and what they did."""

    def __init__(self, pid: int, folder: str) -> None:
        self.seen = Seen.nothing()
        self._pid = pid
        self._folders = {pid: folder}
        self._programs: dict[int, str] = {pid: ""}
        self._alive = {pid}
        self._ended: set[int] = set()
        self._begun: dict[int, str] = {}
        self._unparsed = 0

    def is_over(self) -> bool:
        """Return whether every process of the trace has ended.

        That a signal ended one is not in the log, as no signals are.
        """
        self._alive = {pid for pid in self._alive if os.path.exists(f"/proc/{pid}")}
        return not self._alive

    def finish(self) -> Seen:
        """Return what was seen."""
        self.seen.running = [self._programs.get(pid) or str(pid) for pid in sorted(self._alive)]
        if self._unparsed:
            self.seen.unseen.append(f"{self._unparsed} lines of strace that could not be read")
        self.seen.files.sort(key=lambda event: event.time_ns)
        return self.seen

    def add(self, line: str) -> None:
        """Take in one line of the log."""
        found = _LINE.fullmatch(line)
        if found is None:
            self._unparsed += 1
            return
        pid, text = int(found[1]), found[4]
        time_ns = int(found[2]) * 1_000_000_000 + int(found[3].ljust(9, "0"))
        if pid not in self._folders:
            self._begin(pid)
        if text.startswith("+++"):
            self._alive.discard(pid)
            self._ended.add(pid)
            self._begun.pop(pid, None)
            return
        if text.endswith(_UNFINISHED):
            self._begun[pid] = text.removesuffix(_UNFINISHED)
            self._alive.add(pid)
            return
        resumed = _RESUMED.match(text)
        if resumed is not None:
            text = self._begun.pop(pid, "") + resumed[1]
        call = _CALL.match(text)
        if call is None:
            # Signals, and `strace: Process … attached`.
            if not text.startswith(("---", "<...", "exit")):
                self._unparsed += 1
            return
        self._alive.add(pid)
        if call[1] in _LOOKING or "ENOENT" in call[4]:
            self._look(pid, call[1], call[2])
            return
        if call[3] == "?" or (call[3].startswith("-") and call[1] != "connect"):
            return
        self._call(pid, time_ns, call[1], call[2], int(call[3]), call[4])

    def _begin(self, pid: int) -> None:
        """A child may be seen before the call that makes it has returned in its parent."""
        for parent, text in self._begun.items():
            if text.startswith(("clone", "fork", "vfork")):
                self._folders[pid] = self._folder_of(parent)
                self._programs.setdefault(pid, self._programs.get(parent, ""))
                return

    def _call(self, pid: int, time_ns: int, name: str, given: str, result: int, after: str) -> None:
        if name in ("open", "openat", "openat2", "creat"):
            self._open(pid, time_ns, name, given, after)
        elif name in ("rename", "renameat", "renameat2", "link", "linkat"):
            pair = self._pair(pid, given)
            if pair is None:
                self._unparsed += 1
                return
            access = Access.MOVE if name.startswith("rename") else Access.LINK
            self._note(FileEvent(time_ns, access, *pair, existed=True))
            if "RENAME_EXCHANGE" in given:
                self.seen.unseen.append(f"{pair[0]} and {pair[1]} changed places")
        elif name in ("unlink", "unlinkat"):
            path = self._one(pid, given)
            if path is not None and "AT_REMOVEDIR" not in given:
                self._note(FileEvent(time_ns, Access.REMOVE, path, existed=True))
        elif name in ("truncate", "ftruncate"):
            self._cut(pid, time_ns, name, given)
        elif name in ("chdir", "fchdir"):
            path = self._one(pid, given) if name == "chdir" else _described(given)
            if path is not None:
                self._folders[pid] = path
        elif name in ("clone", "clone3", "fork", "vfork"):
            if result in self._ended:
                # The child was faster than the call that made it.
                self._ended.discard(result)
            elif result:
                self._alive.add(result)
            if result:
                self._folders.setdefault(result, self._folder_of(pid))
                self._programs.setdefault(result, self._programs.get(pid, ""))
        elif name in ("execve", "execveat"):
            path = self._one(pid, given)
            self._programs[pid] = path or self._programs.get(pid, "")
        elif name == "connect":
            self._connect(given)
        elif name in ("io_uring_setup", "open_by_handle_at"):
            self.seen.unseen.append(f"{name}, by which files can be read unseen")

    def _look(self, pid: int, name: str, given: str) -> None:
        path = self._one(pid, given) if name != "connect" else None
        if path is not None:
            self.seen.looked_at.add(path)

    def _open(self, pid: int, time_ns: int, name: str, given: str, after: str) -> None:
        path = self._one(pid, given)
        if path is None:
            self._unparsed += 1
            return
        if path.startswith(("/proc/", "/dev/")):
            # Other names of what is open: /dev/stdin, /proc/self/fd/3.
            real = _ANNOTATED.search(after)
            if real is None or not real[1].startswith("/"):
                return
            path = _unescape(real[1]).removesuffix(" (deleted)")
        flags = _FLAGS.search(given)
        words = set(flags[0].split("|")) if flags else set()
        if name == "creat":
            words = {"O_WRONLY", "O_CREAT", "O_TRUNC"}
        if "O_DIRECTORY" in words:
            self.seen.listed.add(path)
        if words & {"O_DIRECTORY", "O_PATH", "O_TMPFILE"}:
            return
        if not words & {"O_WRONLY", "O_RDWR"}:
            access = Access.READ
        elif words & {"O_TRUNC", "O_EXCL"}:
            access = Access.REPLACE
        else:
            access = Access.UPDATE if "O_RDWR" in words else Access.APPEND
        self._note(FileEvent(time_ns, access, path, exclusive="O_EXCL" in words))

    def _cut(self, pid: int, time_ns: int, name: str, given: str) -> None:
        if name == "truncate":
            path, length = self._one(pid, given), given.rpartition(", ")[2]
        else:
            found = _DESCRIPTOR.match(given)
            path = _unescape(found[1]) if found and found[1].startswith("/") else None
            length = (found[2] or "") if found else ""
        if path is not None:
            access = Access.REPLACE if length == "0" else Access.APPEND
            self._note(FileEvent(time_ns, access, path, existed=True))

    def _connect(self, given: str) -> None:
        inet = _INET.search(given)
        unix = _UNIX.search(given)
        if inet is not None:
            shown = f"{inet[2] or inet[3]}:{inet[1]}"
        elif unix is not None and not unix[1].startswith(_SYSTEM_SOCKETS):
            shown = unix[1]
        else:
            return
        if shown not in self.seen.sockets:
            self.seen.sockets.append(shown)

    def _note(self, event: FileEvent) -> None:
        self.seen.files.append(event)

    def _folder_of(self, pid: int) -> str:
        return self._folders.get(pid) or self._folders[self._pid]

    def _one(self, pid: int, given: str) -> str | None:
        at = _AT.match(given)
        if at is not None:
            if given.startswith("AT_FDCWD<"):
                # Threads share their working directory, and another one may have changed it.
                self._folders[pid] = _unescape(at[1])
            return self._whole(pid, at[1], at[2])
        found = _ONE_PATH.match(given)
        return None if found is None else self._whole(pid, None, found[1])

    def _pair(self, pid: int, given: str) -> tuple[str, str] | None:
        at = _TWO_AT.match(given)
        if at is not None:
            return self._whole(pid, at[1], at[2]), self._whole(pid, at[3], at[4])
        found = _TWO_PATHS.match(given)
        if found is None:
            return None
        return self._whole(pid, None, found[1]), self._whole(pid, None, found[2])

    def _whole(self, pid: int, folder: str | None, path: str) -> str:
        path = _unescape(path)
        if path.startswith("/"):
            return path
        above = _unescape(folder) if folder is not None else self._folder_of(pid)
        return f"{above}/{path}" if path else above


def _described(given: str) -> str | None:
    found = _DESCRIPTOR.match(given)
    return _unescape(found[1]) if found is not None else None


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    data = text.encode("utf-8", "surrogateescape")
    return os.fsdecode(_ESCAPE.sub(_unescaped, data))


def _unescaped(found: re.Match[bytes]) -> bytes:
    what = found[1]
    if what[:1] == b"x" and len(what) == 3:
        return bytes([int(what[1:], 16)])
    if what.isdigit():
        return bytes([int(what, 8) & 255])
    return _PLAIN.get(what, what)
