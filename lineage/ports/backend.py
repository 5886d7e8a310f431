"""Define an open store: readers, transactions, and what it says of itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from lineage.errors import Unsupported
from lineage.ports.capabilities import Capabilities
from lineage.ports.query import QueryMode, QueryRows
from lineage.ports.reader import Reader
from lineage.ports.writer import Writer

T = TypeVar("T")


class Backend(ABC):
    """An open store."""

    capabilities: ClassVar[Capabilities]

    # The URL that opens it again, with the password; None where nothing does.
    address: str | None = None

    # Whether opening it made it.
    made: bool = False

    @property
    @abstractmethod
    def url(self) -> str:
        """Where it is, without the password."""

    @property
    def file(self) -> str | None:
        """The path of the file that it is in; None where it is in none."""
        return None

    @abstractmethod
    def describe(self) -> dict[str, str]:
        """What it is, for people: `backend`, `version`, `location`, `schema` …"""

    @abstractmethod
    def read(self) -> AbstractContextManager[Reader]:
        """A reader. It sees every write that was acknowledged to this backend before."""

    @abstractmethod
    def write(self, work: Callable[[Writer], T]) -> T:
        """Run `work` in one transaction and commit; on any exception roll back and raise.

        `work` may be run again when the store asks for it (locks, deadlocks, a new leader).
        """

    def query(
        self,
        cypher: str,
        parameters: Mapping[str, Any],
        *,
        limit: int | None = None,
        timeout: float | None = None,
        asking: QueryMode = QueryMode.ROWS,
    ) -> QueryRows:
        """Run an ad-hoc query that only reads, or explain it. Only with `Capabilities.cypher`.

        `limit` is the most rows to answer, `timeout` the seconds after which it is stopped. The
        text has neither EXPLAIN nor PROFILE before it. Raises, whatever is asked, InvalidQuery for
        what can't be run, QueryRefused (before anything runs) for what does more than read,
        QueryStopped at the deadline or where memory runs out. Interrupted (Ctrl-C), it stops the
        query and lets the interruption pass.
        """
        raise NotImplementedError("this backend runs no Cypher itself")

    def find_damage(self, *, deep: bool = False) -> list[str]:
        """Return what is wrong with how the store is kept, one sentence each.

        That is what its database says of its own pages, indexes and keys; `deep` looks at all of
        them. What is wrong with what is stored is the business of `lineage.rules.integrity`.
        """
        return []

    def back_up(self, file: Path) -> None:
        """Write a consistent copy into a new file while others write.

        Raises Unsupported where the backend keeps no file.
        """
        raise Unsupported(f"{self.url} is kept in no file; `lineage copy` makes a copy of it")

    def restore(self, file: Path) -> None:
        """Become what `back_up` wrote: whole, or unchanged.

        Raises Unsupported where the backend keeps no file.
        """
        raise Unsupported(f"{self.url} is kept in no file; `lineage copy` fills an empty one")

    def erase_traces(self) -> bool:
        """Let nothing that was deleted be found in the store's files; return whether that is so.

        Where no files of ours are kept, there is nothing to do.
        """
        return True

    @abstractmethod
    def close(self) -> None:
        """Let go of files and connections. Twice is allowed."""
