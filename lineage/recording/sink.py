"""Where runs are written: a store, or the journal while the store can't be reached."""

from __future__ import annotations

import os
import sys
import threading
import time
import warnings
import weakref
from pathlib import Path

from lineage.errors import LineageError, StoreError
from lineage.recording.content import ContentCache
from lineage.recording.redaction import redact_text, redact_url
from lineage.recording.run_draft import RunDraft, write_run
from lineage.store import Recorded, Store

# A store that is down is not waited for again at each step.
_PATIENCE_S = 30.0


class RecordingWarning(UserWarning):
    """Lineage could not be recorded as it should; the program itself is not affected."""


_all_sinks: weakref.WeakSet[Sink] = weakref.WeakSet()


class Sink:
    """Takes runs: into the store where it can be reached, else into the journal.

    Parameters
    ----------
    store
        An open store, its url, or None for the default store.
    """

    def __init__(self, store: Store | str | None = None) -> None:
        self._store = store if isinstance(store, Store) else None
        self._given = isinstance(store, Store)
        self.url = _url(store)
        self.cache = ContentCache.beside(self.url)
        self._lock = threading.RLock()
        self._down_until = 0.0
        self._pid = os.getpid()
        _all_sinks.add(self)

    def start_anew(self) -> None:
        """Let go of what a fork has in common with its parent: locks and open files."""
        self._lock = threading.RLock()
        self.cache = ContentCache(self.cache.path)

    @property
    def store(self) -> Store:
        """The store, opened when it is first needed.

        Raises
        ------
        StoreError
            It can't be reached.
        """
        with self._lock:
            if self._store is None or self._forked:
                from lineage.connection import announce, connect

                if time.monotonic() < self._down_until:
                    from lineage.errors import StoreUnavailable

                    raise StoreUnavailable("the store could not be reached a moment ago")
                try:
                    # A connection does not survive a fork.
                    self._store = connect(self.url)
                    if sys.stderr.isatty():
                        # In a pipe or file, it is the output of the program that is recorded.
                        announce(self._store)
                except StoreError:
                    self._down_until = time.monotonic() + _PATIENCE_S
                    raise
                self._pid, self._given = os.getpid(), False
            return self._store

    @property
    def _forked(self) -> bool:
        return self._pid != os.getpid() and not self.url.startswith("memory:")

    def write(self, draft: RunDraft, acknowledged: set[tuple[str | int, ...]]) -> Recorded:
        """Write a run into the store; `acknowledged` are its ports that are there already.

        Raises
        ------
        LineageError
            The store can't be reached, or refuses it.
        """
        try:
            done = write_run(self.store, draft, known=acknowledged)
        except StoreError:
            with self._lock:
                self._down_until = time.monotonic() + _PATIENCE_S
                if not self._given:
                    self._store = None
            raise
        acknowledged |= {("input", *path) for path in draft.inputs}
        acknowledged |= {("output", *path) for path in draft.outputs}
        return done


_sinks: dict[str, Sink] = {}
_sinks_lock = threading.Lock()


def open_sink(store: Store | str | None = None) -> Sink:
    """Return the sink of a store; the same one for the same url."""
    if isinstance(store, Store):
        return Sink(store)
    with _sinks_lock:
        url = _url(store)
        if url not in _sinks:
            _sinks[url] = Sink(url)
        return _sinks[url]


def warn(message: str) -> None:
    """Warn of what could not be recorded, however strict the program's filters are."""
    text = f"lineage: {redact_text(message)}"
    try:
        warnings.warn(text, RecordingWarning, stacklevel=4)
    except RecordingWarning:
        # Where warnings are errors, this one still is none.
        print(text, file=sys.stderr)


def explain(error: BaseException) -> str:
    """Return an error as a warning shows it."""
    if isinstance(error, LineageError):
        return str(error)
    return f"{type(error).__name__}: {error}"


def _url(store: Store | str | None) -> str:
    if isinstance(store, Store):
        return store.url
    from lineage.connection import resolve_url

    url = resolve_url(store)
    if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        # The program may change its directory.
        url = f"sqlite:///{Path(url.removeprefix('sqlite:///')).absolute()}"
    return url


def shown_url(url: str) -> str:
    """Return a store's url without its password."""
    return redact_url(url)


def _forget_locks() -> None:
    """Another thread may have held these when the process was forked."""
    global _sinks_lock
    _sinks_lock = threading.Lock()
    for sink in list(_all_sinks):
        sink.start_anew()


os.register_at_fork(after_in_child=_forget_locks)
