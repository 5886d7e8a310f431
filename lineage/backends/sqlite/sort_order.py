"""In which order nodes are found, and where to go on in it."""

from __future__ import annotations

from typing import Any

from lineage.ports.filters import Filter


def order_by(where: Filter) -> str:
    """What comes after ORDER BY. SQLite has NULL before everything, as `Order` has it."""
    field, way = where.order.field, "DESC" if _descending(where) else "ASC"
    return f"n.id {way}" if field == "id" else f"n.{field} {way}, n.id {way}"


def after_position(where: Filter, values: list[Any]) -> list[str]:
    """The condition for what comes after `where.after`; adds to the parameters."""
    if where.after is None:
        return []
    (value, id), column = where.after, f"n.{where.order.field}"
    sign = "<" if _descending(where) else ">"
    if where.order.field == "id":
        values.append(id)
        return [f"n.id {sign} ?"]
    # IS compares NULL too.
    values += [value, id]
    further = [f"{column} IS ? AND n.id {sign} ?"]
    if value is not None:
        values.append(value)
        further.append(f"{column} {sign} ?")
    if (value is None) is not _descending(where):
        further.append(f"{column} IS {'NULL' if value is not None else 'NOT NULL'}")
    return [f"({' OR '.join(further)})"]


def _descending(where: Filter) -> bool:
    return where.order.descending or where.newest_first
