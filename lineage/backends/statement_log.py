"""Log each statement and its time by the standard library, quiet unless somebody asks.

`lineage.sqlite`, `lineage.neo4j` and `lineage.http_client` say at the level DEBUG what they sent
and how long it took, to the first row. Values are not logged. `LINEAGE_LOG=debug` shows all that
is below `lineage` on standard error; a program sets it up as any other logger.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lineage.errors import InvalidValue

_LEVELS = ("debug", "info", "warning", "error")
# Of a statement that is longer, the beginning is logged.
_LONGEST = 2_000
_ROOT = logging.getLogger("lineage")
# Without any handler, the standard library prints warnings itself.
_ROOT.addHandler(logging.NullHandler())
_shown: list[logging.Handler] = []


def configure() -> None:
    """Show on standard error what `LINEAGE_LOG` asks for.

    Raises
    ------
    InvalidValue
        It names no level.
    """
    asked = os.environ.get("LINEAGE_LOG", "").strip().lower()
    if not asked or _shown:
        return
    if asked not in _LEVELS:
        raise InvalidValue(f"LINEAGE_LOG is {asked[:80]!r}; it can be {', '.join(_LEVELS)}")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))
    _ROOT.addHandler(handler)
    _ROOT.setLevel(asked.upper())
    _shown.append(handler)


def is_logged(part: str) -> bool:
    """Tell whether the statements of a part are logged."""
    return logging.getLogger(f"lineage.{part}").isEnabledFor(logging.DEBUG)


@contextmanager
def log_statement(part: str, statement: object) -> Iterator[None]:
    """Log a statement when the block ends, with how long that took, or why it failed."""
    began = time.perf_counter()
    failed = ""
    try:
        yield
    except BaseException as error:
        failed = f", {type(error).__name__}"
        raise
    finally:
        took = (time.perf_counter() - began) * 1000
        text = " ".join(str(statement).split())
        shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"
        logging.getLogger(f"lineage.{part}").debug("%.1f ms%s: %s", took, failed, shown)


class LoggedTransaction:
    """A transaction of the driver of Neo4j that logs what it runs."""

    def __init__(self, transaction: Any) -> None:
        self._transaction = transaction

    def run(self, query: Any, *positional: Any, **keywords: Any) -> Any:
        """Run a statement, and log it."""
        with log_statement("neo4j", getattr(query, "text", query)):
            return self._transaction.run(query, *positional, **keywords)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transaction, name)
