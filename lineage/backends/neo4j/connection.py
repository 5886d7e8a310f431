"""The driver, its address and password, and its errors as ours."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import neo4j
from neo4j import exceptions

from lineage.errors import InvalidValue, StoreError, StoreUnavailable

# A transaction that is retried is no news, unless somebody has asked to be told.
logging.getLogger("neo4j").addHandler(logging.NullHandler())

# Writers take milliseconds, so those that met in a deadlock try again soon, and then ever later.
_RETRY_SECONDS = 60.0
_RETRIES: dict[str, Any] = {
    "initial_retry_delay": 0.02,
    "retry_delay_multiplier": 1.7,
    "retry_delay_jitter_factor": 0.7,
}


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server is and who asks, taken apart from a store URL."""

    uri: str
    user: str
    password: str
    database: str | None

    @classmethod
    def parsed(cls, url: str) -> Address:
        """`neo4j://user:password@host:port/database`; user and password may instead come from
        NEO4J_USERNAME and NEO4J_PASSWORD. Raises InvalidValue."""
        parts = urlsplit(url)
        user = unquote(parts.username or "") or os.environ.get("NEO4J_USERNAME", "neo4j")
        password = unquote(parts.password or "") or os.environ.get("NEO4J_PASSWORD", "")
        if not parts.hostname:
            raise InvalidValue(f"store URL {parts.scheme}://… names no host")
        if not password:
            raise InvalidValue(
                f"no password for {parts.scheme}://{parts.hostname}: write "
                f"{parts.scheme}://USER:PASSWORD@{parts.hostname}, or set NEO4J_PASSWORD"
            )
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        port = f":{parts.port}" if parts.port else ""
        query = f"?{parts.query}" if parts.query else ""
        return cls(
            f"{parts.scheme}://{host}{port}{query}",
            user,
            password,
            unquote(parts.path.strip("/")) or None,
        )

    @property
    def shown(self) -> str:
        """The URL without the password."""
        return f"{self.uri}/{self.database}" if self.database else self.uri

    def driver(self) -> neo4j.Driver:
        """A driver that reads its own writes: all its sessions share their bookmarks."""
        return neo4j.GraphDatabase.driver(
            self.uri,
            auth=(self.user, self.password),
            notifications_min_severity="OFF",
            user_agent="lineage-engine",
            max_transaction_retry_time=_RETRY_SECONDS,
            **_RETRIES,
        )


@contextmanager
def translate_errors(address: Address) -> Iterator[None]:
    """Raise the driver's errors as StoreUnavailable or StoreError."""
    try:
        yield
    except exceptions.AuthError as error:
        raise StoreUnavailable(
            f"{address.shown} refused user {address.user!r}: check user and password"
        ) from error
    except (exceptions.ServiceUnavailable, exceptions.SessionExpired) as error:
        raise StoreUnavailable(
            f"{address.shown} can't be reached ({error}); check that the server is up "
            "(`make neo4j` starts one)"
        ) from error
    except exceptions.ConfigurationError as error:
        raise InvalidValue(f"store URL {address.shown}: {error}") from error
    except (exceptions.Neo4jError, exceptions.DriverError) as error:
        raise StoreError(f"{address.shown}: {error}") from error
