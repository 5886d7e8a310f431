"""Rows of an answer as a data frame, or as an Arrow table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lineage.errors import Unsupported
from lineage.model import to_datetime
from lineage.questions.facts import name_node

_TIME = "_ms"
_NODE = frozenset({"kind", "id", "type", "name"})


def to_dataframe(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Return a pandas DataFrame. Raises Unsupported without pandas."""
    try:
        import pandas as pd
    except ModuleNotFoundError:
        raise Unsupported(
            "a DataFrame needs pandas: pip install 'lineage-engine[dataframe]'"
        ) from None
    return pd.DataFrame(_columns(rows))


def to_arrow(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Return a pyarrow Table; a column of mixed values is of JSON texts.

    Raises
    ------
    Unsupported
        There is no pyarrow.
    """
    from lineage.questions.query_result import QueryResult

    columns = _columns(rows)
    values = [
        [value.isoformat() if hasattr(value, "isoformat") else value for value in column]
        for column in columns.values()
    ]
    return QueryResult(tuple(columns), list(zip(*values, strict=True))).to_arrow()


def _columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The rows by column: nodes by what they are called, times as datetimes."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {
        name.removesuffix(_TIME): [_cell(name, row.get(name)) for row in rows] for name in names
    }


def _cell(name: str, value: Any) -> Any:
    if name.endswith(_TIME) and isinstance(value, int):
        return to_datetime(value)
    if isinstance(value, Mapping) and value.keys() >= _NODE:
        return name_node(value)
    if isinstance(value, list | tuple):
        return [_cell("", item) for item in value]
    return value
