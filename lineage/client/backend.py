"""The ports of a backend that is behind a server: readers and writers, one call after another."""

from __future__ import annotations

import abc
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Any, TypeVar

from lineage.client.connection import Connection
from lineage.errors import Conflict, LineageError
from lineage.ports.backend import Backend
from lineage.ports.batch import FoundDeleted
from lineage.ports.capabilities import Capabilities
from lineage.ports.reader import Reader
from lineage.ports.writer import Writer

T = TypeVar("T")

# How often a transaction is run again that another one crossed.
_TRIES = 5
_FOUND_DELETED = {"found_deleted": True}


class RemoteBackend(Backend):
    """A backend behind a server. Its readers and writers need a token of an admin."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @property
    def url(self) -> str:
        """Where the server is, without the token."""
        return self.connection.url

    @cached_property
    def _told(self) -> dict[str, Any]:
        told: dict[str, Any] = self.connection.get("/store")
        return told

    @cached_property
    def capabilities(self) -> Capabilities:  # type: ignore[override]
        """What the backend can do; Cypher it is asked by the store's own `query`."""
        return Capabilities(**{**self._told["capabilities"], "cypher": False})

    def describe(self) -> dict[str, str]:
        """What it is, as the server says."""
        hidden = ("url", "lineage", "wire", "capabilities", "roles")
        told = {name: value for name, value in self._told.items() if name not in hidden}
        return {**told, "server": f"Lineage {self._told['lineage']}"}

    @contextmanager
    def read(self) -> Iterator[Reader]:
        """One state of the store, to the end of the block."""
        session = self._begin("read")
        try:
            yield RemoteReader(self.connection, session)  # type: ignore[abstract]
        finally:
            with suppress(LineageError):
                self._end(session, "commit")

    def write(self, work: Callable[[Writer], T]) -> T:
        """Run `work` in one transaction; see `Backend.write`."""
        for _ in range(_TRIES - 1):
            try:
                return self._write(work)
            except Conflict as error:
                if "run the transaction again" not in str(error):
                    raise
        return self._write(work)

    def close(self) -> None:
        """Let go of the connections."""
        self.connection.close()

    def _write(self, work: Callable[[Writer], T]) -> T:
        session = self._begin("write")
        try:
            answer = work(RemoteWriter(self.connection, session))  # type: ignore[abstract]
        except BaseException:
            with suppress(LineageError):
                self._end(session, "abort")
            raise
        self._end(session, "commit")
        return answer

    def _begin(self, mode: str) -> str:
        return str(self.connection.call("/sessions", [mode], {}, again=False))

    def _end(self, session: str, how: str) -> None:
        self.connection.call(f"/sessions/{session}/{how}", [], {}, again=False)


class _Port:
    """One end of a session."""

    def __init__(self, connection: Connection, session: str) -> None:
        self._connection = connection
        self._session = session


class RemoteReader(_Port, Reader):
    """A reader in a session."""


class RemoteWriter(_Port, Writer):
    """A writer in a session."""


def _forward(name: str) -> Callable[..., Any]:
    def call(self: _Port, *positional: Any, **keywords: Any) -> Any:
        path = f"/sessions/{self._session}/{name}"
        answer = self._connection.call(path, positional, keywords, again=False)
        if answer == _FOUND_DELETED:
            raise FoundDeleted
        return answer

    return call


for _port, _base in ((RemoteReader, Reader), (RemoteWriter, Writer)):
    for _name, _ in inspect.getmembers(_base, inspect.isfunction):
        if not _name.startswith("_"):
            setattr(_port, _name, _forward(_name))
    abc.update_abstractmethods(_port)
