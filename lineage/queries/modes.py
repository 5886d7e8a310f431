"""How a query is asked: for its rows, or for its plan by EXPLAIN or PROFILE before it."""

from __future__ import annotations

from lineage.opencypher.syntax.prefix import split_prefix
from lineage.ports.query import QueryMode

_MODES = {None: QueryMode.ROWS, "EXPLAIN": QueryMode.EXPLAIN, "PROFILE": QueryMode.PROFILE}


def split_mode(text: str) -> tuple[QueryMode, str]:
    """Return the mode that a query asks for, and the query without the word that says so.

    Spaces stand where the word was, so that every place in the text stays what it is.

    Parameters
    ----------
    text: a query, perhaps with EXPLAIN or PROFILE before it.

    Raises
    ------
    CypherSyntaxError: there are two such words.

    Examples
    --------
    >>> mode, text = split_mode("PROFILE RETURN 1")
    >>> str(mode), text.strip()
    ('profile', 'RETURN 1')
    """
    word, rest = split_prefix(text)
    return _MODES[word], rest
