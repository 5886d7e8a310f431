"""Keep queries in the store under names."""

from __future__ import annotations

from lineage.errors import NotFound
from lineage.rules.values import is_text, validate_text
from lineage.session.snapshot import Snapshot
from lineage.session.transaction import Transaction

QUERIES = "query/"
MAX_QUERY_BYTES = 1_000_000
_MAX_NAME_BYTES = 200


def save_query(transaction: Transaction, name: str, cypher: str) -> None:
    """Keep a query under a name; one that has it is replaced.

    Raises
    ------
    InvalidValue
        The name or the query is no text, or too long.
    """
    validate_text(name, "the name of the query", _MAX_NAME_BYTES)
    text = validate_text(cypher, f"the query {name!r}", MAX_QUERY_BYTES)
    transaction.writer.set_metadata(QUERIES + name, text)


def drop_query(transaction: Transaction, name: str) -> None:
    """Forget a kept query.

    Raises
    ------
    NotFound
        None is kept under that name.
    """
    read_query(transaction, name)
    transaction.writer.set_metadata(QUERIES + name, None)


def read_query(snapshot: Snapshot, name: str) -> str:
    """Return the text of a kept query.

    Raises
    ------
    NotFound
        None is kept under that name.
    """
    text = snapshot.reader.metadata(QUERIES + name) if is_text(name) else None
    if text is None:
        there = ", ".join(list_queries(snapshot)) or "none"
        raise NotFound(f"no query is kept under the name {name!r} (there are: {there})")
    return text


def list_queries(snapshot: Snapshot) -> dict[str, str]:
    """Return all kept queries: text by name, in the order of the names."""
    kept = snapshot.reader.metadata_under(QUERIES)
    return {key.removeprefix(QUERIES): text for key, text in kept}
