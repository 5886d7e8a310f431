"""Where an ML Metadata database is: a SQLite file, or a MySQL server. Both are only read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from lineage.errors import InvalidValue, NotFound, StoreUnavailable

Rows = list[tuple[Any, ...]]

# How long a writer of the file is waited for.
_WAIT_SECONDS = 60.0


class Connection(Protocol):
    """Runs statements whose values stand as `?`."""

    @property
    def name(self) -> str:
        """What tells it from others, without a password."""

    def rows(self, statement: str, values: Sequence[Any] = ()) -> Rows:
        """All rows of a statement."""

    def columns(self) -> dict[str, set[str]]:
        """The tables and their columns."""

    def close(self) -> None:
        """Let go of it."""


def open_connection(where: str | Path) -> Connection:
    """A file by its path, or a server by `mysql://user:password@host:port/database`.

    Raises NotFound, or StoreUnavailable where it can't be reached.
    """
    text = str(where)
    if text.startswith("mysql://"):
        return MySql(text)
    return SqliteFile(Path(text))


class SqliteFile:
    """A SQLite file."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise NotFound(f"there is no file {path}")
        self._path = path.resolve()
        # In this mode, SQLite would leave files beside it; without its log, nobody is writing.
        still = self._has_log() and not Path(f"{self._path}-wal").exists()
        uri = f"{self._path.as_uri()}?mode=ro{'&immutable=1' if still else ''}"
        with self._translated():
            # Whoever transfers reads ahead in another thread.
            self._connection = sqlite3.connect(
                uri, uri=True, timeout=_WAIT_SECONDS, check_same_thread=False
            )

    def _has_log(self) -> bool:
        """Whether its header says that it is written ahead (sqlite.org/fileformat2.html)."""
        try:
            with self._path.open("rb") as file:
                return file.read(20)[18:] == b"\x02\x02"
        except OSError as error:
            raise StoreUnavailable(f"{self._path}: {error.strerror}") from error

    @property
    def name(self) -> str:
        return str(self._path)

    def rows(self, statement: str, values: Sequence[Any] = ()) -> Rows:
        with self._translated():
            return self._connection.execute(statement, values).fetchall()

    def columns(self) -> dict[str, set[str]]:
        return _by_table(
            self.rows(
                "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c "
                "WHERE m.type = 'table'"
            )
        )

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            other = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB
            hint = "; it is not a SQLite database: name another file" if other else ""
            raise StoreUnavailable(f"{self._path}: {error}{hint}") from error


class MySql:
    """A MySQL or MariaDB server, in one transaction that sees one state of it."""

    def __init__(self, url: str) -> None:
        try:
            import pymysql
        except ModuleNotFoundError as error:
            raise StoreUnavailable(
                "reading a MySQL server needs pymysql: pip install 'lineage-engine[mysql]'"
            ) from error
        parts = urlsplit(url)
        database = unquote(parts.path.removeprefix("/"))
        if not parts.hostname or not database:
            raise InvalidValue("write a MySQL server as mysql://user:password@host:3306/database")
        self._error = pymysql.MySQLError
        self._name = f"mysql://{parts.hostname}:{parts.port or 3306}/{database}"
        with self._translated():
            self._connection = pymysql.connect(
                host=parts.hostname,
                port=parts.port or 3306,
                user=unquote(parts.username or "root"),
                password=unquote(parts.password or ""),
                database=database,
                charset="utf8mb4",
            )
        self.rows("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        self.rows("START TRANSACTION READ ONLY, WITH CONSISTENT SNAPSHOT")

    @property
    def name(self) -> str:
        return self._name

    def rows(self, statement: str, values: Sequence[Any] = ()) -> Rows:
        with self._translated(), self._connection.cursor() as cursor:
            # None of our statements has a percent sign or a question mark of its own.
            cursor.execute(statement.replace("?", "%s"), tuple(values))
            return [
                tuple(_repair(value) if isinstance(value, str) else value for value in row)
                for row in cursor.fetchall()
            ]

    def columns(self) -> dict[str, set[str]]:
        return _by_table(
            self.rows(
                "SELECT table_name, column_name FROM information_schema.columns "
                "WHERE table_schema = database()"
            )
        )

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except self._error as error:
            raise StoreUnavailable(f"{self._name}: {error}") from error


def _by_table(pairs: Rows) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for table, column in pairs:
        found.setdefault(table, set()).add(column)
    return found


def _repair(text: str) -> str:
    """What the library meant: it sends UTF-8 over a connection that the server takes for latin1."""
    if text.isascii():
        return text
    try:
        # MySQL's latin1 is cp1252, and latin1 where that has nothing.
        sent = b"".join(
            c.encode("latin-1") if c in _NOT_IN_CP1252 else c.encode("cp1252") for c in text
        )
        return sent.decode()
    except UnicodeError:
        return text


_NOT_IN_CP1252 = frozenset("\x81\x8d\x8f\x90\x9d")
