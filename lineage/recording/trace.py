"""What a step read besides its declared inputs: files, folders and variables, as it ran.

A cached result depends on these too. They are seen by Python's audit events, in the context of the
step alone; what a library opens by itself, past Python, is seen where `autolog` knows the library.
"""

from __future__ import annotations

import hashlib
import linecache
import os
import sys
import threading
import tokenize
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from lineage.errors import LineageError
from lineage.recording.content import DigestCache, digest_path
from lineage.recording.project import is_project_module
from lineage.recording.redaction import is_secret_name

_SKIPPED = ("/proc/", "/sys/", "/dev/", "/run/")
_SKIPPED_NAMES = frozenset({"__pycache__", ".git", ".lineage", "site-packages", "dist-packages"})
_SKIPPED_VARIABLES = ("LINEAGE_", "PYTEST_", "COVERAGE")
_PREFIXES = tuple(
    {os.path.realpath(path) + os.sep for path in (sys.prefix, sys.base_prefix, sys.exec_prefix)}
)
_ABSENT = "absent"
_SOURCE_READERS = frozenset({linecache.__file__, tokenize.__file__})


class Trace:
    """What one call of a step read and wrote.

    Attributes
    ----------
    reads
        The digest of each file and folder as it was when it was opened first, by its path.
    variables
        The digest of each environment variable that was looked up.
    writes
        The files that were opened for writing.
    """

    def __init__(self, cache: DigestCache | None = None) -> None:
        self.reads: dict[str, str] = {}
        self.variables: dict[str, str] = {}
        self.writes: dict[str, None] = {}
        self._listings: dict[str, frozenset[str]] = {}
        self._cache = cache
        self._modules = set(sys.modules)
        self._lock = threading.Lock()

    def read(self, path: str) -> None:
        """Take in that a file or folder is read."""
        with self._lock:
            if path not in self.reads and path not in self.writes:
                self.reads[path] = digest_place(path, self._cache)

    def list_folder(self, path: str) -> None:
        """Take in that the names in a folder are read."""
        with self._lock, suspend_tracing():
            if path not in self._listings:
                self._listings[path] = frozenset(os.listdir(path) if os.path.isdir(path) else ())

    def settled_reads(self) -> dict[str, str] | None:
        """Return the digests of what was read; None where something of it changed meanwhile.

        What it wrote itself does not count as a change.
        """
        found: dict[str, str] = {}
        for path, digest in self.reads.items():
            if path not in self.writes and digest_place(path, self._cache) != digest:
                return None
            if path not in self.writes or digest != _ABSENT:
                found[path] = digest
        for path, names in self._listings.items():
            digest = _digest_names(path, names, self.writes)
            if digest_place(path, without=self.writes) != digest:
                return None
            found[path] = digest
        return found

    def write(self, path: str, *, keeps: bool) -> None:
        """Take in that a file is written; `keeps` says that what was in it stays."""
        if keeps and os.path.exists(path):
            self.read(path)
        with self._lock:
            self.writes[path] = None

    def look_up(self, name: str) -> None:
        """Take in that an environment variable is looked up."""
        if not is_secret_name(name) and not name.startswith(_SKIPPED_VARIABLES):
            self.variables.setdefault(name, digest_variable(name))

    def settle(self) -> None:
        """Take in the modules of the project that were imported meanwhile."""
        for name in set(sys.modules) - self._modules:
            module = sys.modules.get(name)
            file = getattr(module, "__file__", None)
            if (
                isinstance(module, ModuleType)
                and isinstance(file, str)
                and is_project_module(module)
            ):
                self.read(os.path.realpath(file))


# None where nobody said anything, as in a thread that a step started; False for no trace.
_tracing: ContextVar[Trace | Literal[False] | None] = ContextVar("lineage_trace", default=None)
_active: list[Trace] = []
_hooked = threading.Lock()
_is_hooked = False


@contextmanager
def trace_reads(trace: Trace) -> Iterator[None]:
    """Trace what the code of a `with` block reads."""
    _hook()
    token = _tracing.set(trace)
    _active.append(trace)
    try:
        yield
    finally:
        _active.remove(trace)
        _tracing.reset(token)
        trace.settle()


@contextmanager
def suspend_tracing() -> Iterator[None]:
    """Leave out what Lineage itself reads."""
    token = _tracing.set(False)
    try:
        yield
    finally:
        _tracing.reset(token)


def digest_place(
    path: str, cache: DigestCache | None = None, *, without: Collection[str] = ()
) -> str:
    """Return the digest of a file, or of the names in a folder; `absent` where nothing is.

    Parameters
    ----------
    without
        Files whose names don't count.
    """
    with suspend_tracing():
        try:
            if os.path.isdir(path):
                return _digest_names(path, os.listdir(path), without)
            return digest_path(path, cache=cache).digest
        except (LineageError, OSError):
            return _ABSENT


def _digest_names(folder: str, names: Iterable[str], without: Collection[str]) -> str:
    kept = sorted(
        name
        for name in names
        if name not in _SKIPPED_NAMES and os.path.join(folder, name) not in without
    )
    return "names:" + hashlib.sha256("\n".join(kept).encode("utf-8", "replace")).hexdigest()


def digest_variable(name: str) -> str:
    """Return the digest of an environment variable's value; `absent` where it is not set."""
    value = os.environ._data.get(os.environ.encodekey(name))  # type: ignore[attr-defined]
    if value is None:
        return _ABSENT
    return hashlib.sha256(name.encode() + b"=" + bytes(value)).hexdigest()[:32]


def _hook() -> None:
    """Python keeps an audit hook for good: there is one, and it does nothing outside of a trace."""
    global _is_hooked
    with _hooked:
        if _is_hooked:
            return
        sys.addaudithook(_audit)
        _watch_variables()
        _is_hooked = True


def _traces() -> list[Trace]:
    """The traces that what happens in this context belongs to."""
    found = _tracing.get()
    if found is None:
        # Which of several steps started this thread is not known: it may be any.
        return list(_active)
    return [found] if found else []


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in ("open", "os.listdir", "os.scandir", "sqlite3.connect"):
        return
    traces = _traces() if _active else []
    if not traces or _is_import():
        return
    # An exception here would be raised by what is audited.
    try:
        with suspend_tracing():
            for trace in traces:
                _take_in(trace, event, arguments)
    except Exception:
        return


def _is_import() -> bool:
    """Whether the import system, or a message that shows a line of code, opens a file.

    Which modules are used, and what is in them, is asked otherwise.
    """
    opener = sys._getframe(2).f_code.co_filename
    return opener.startswith("<frozen importlib") or opener in _SOURCE_READERS


def _take_in(trace: Trace, event: str, arguments: tuple[Any, ...]) -> None:
    given = arguments[0] if arguments else None
    if isinstance(given, int):
        return
    path = os.path.realpath(os.fsdecode(given) if given is not None else ".")
    if _is_skipped(path):
        return
    if event in ("os.listdir", "os.scandir"):
        trace.list_folder(path)
        return
    if event != "open":
        trace.read(path)
        return
    flags = arguments[2] if len(arguments) > 2 and isinstance(arguments[2], int) else 0
    mode = arguments[1] if isinstance(arguments[1], str) else ""
    if flags & (os.O_WRONLY | os.O_RDWR) or set(mode) & set("wax+"):
        keeps = not flags & os.O_TRUNC and "w" not in mode and "x" not in mode
        trace.write(path, keeps=keeps)
    else:
        trace.read(path)


def _is_skipped(path: str) -> bool:
    if path.startswith(_SKIPPED) or path.startswith(_PREFIXES):
        return True
    return bool(_SKIPPED_NAMES & set(Path(path).parts)) or path.endswith((".pyc", ".pyo", ".so"))


def _watch_variables() -> None:
    environment = type(os.environ)
    original = environment.__getitem__

    def look_up(self: Any, key: Any) -> Any:
        if _active and isinstance(key, str) and self is os.environ:
            for trace in _traces():
                trace.look_up(key)
        return original(self, key)

    environment.__getitem__ = look_up  # type: ignore[method-assign]
