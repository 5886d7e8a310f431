"""What every answer can become: text, a table in a notebook, a data frame, Arrow, JSON."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from lineage.captions import brief_properties
from lineage.model import NODE_CLASSES, Event, Mark
from lineage.model.record import Record

T = TypeVar("T")
_NODES = tuple(NODE_CLASSES.values())


class Answer(ABC):
    """An answer that is shown, and tabled, by what `to_dict` says of it."""

    __slots__ = ()

    # Whose rows a table of the answer has; without it, those of all its parts.
    _main: ClassVar[str | None] = None

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return the answer as JSON has it."""

    def _shown(self) -> Mapping[str, Any]:
        return self.to_dict()

    def __str__(self) -> str:
        """Return the answer as people read it: what is one value on a line, rows as a table."""
        from lineage.questions.plain_text import render

        return render(self._shown())

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        from lineage.questions.notebook import render

        return render(self._shown())

    def to_dataframe(self) -> Any:
        """Return a pandas DataFrame of the rows; needs the `dataframe` extra.

        Where the answer has several parts, the column `part` says of which a row is.
        """
        from lineage.questions.table import to_dataframe

        return to_dataframe(self._rows_of_table())

    def to_arrow(self) -> Any:
        """Return the same rows as a pyarrow Table; needs the `arrow` extra."""
        from lineage.questions.table import to_arrow

        return to_arrow(self._rows_of_table())

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Return the same rows as an Arrow stream, as `polars.DataFrame(answer)` reads it."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def _rows_of_table(self) -> list[dict[str, Any]]:
        shown = self._shown()
        if self._main is not None:
            return [dict(row) for row in shown[self._main]]
        parts = {
            name: [row for row in value if isinstance(row, Mapping)]
            for name, value in shown.items()
            if isinstance(value, list | tuple)
        }
        return [{"part": name, **row} for name, rows in parts.items() for row in rows]


class Rows(list[T]):
    """The rows of an answer: a list that can be shown and tabled, as other answers can."""

    def to_dict(self) -> dict[str, Any]:
        """Return the rows as JSON has them, under `rows`."""
        return {"rows": [row_to_dict(row) for row in self], "complete": True}

    def __str__(self) -> str:
        """Return a table of the rows."""
        from lineage.questions.plain_text import render_rows

        return render_rows([shown_row(row) for row in self])

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        from lineage.questions.notebook import render_rows

        return render_rows([shown_row(row) for row in self])

    def to_dataframe(self) -> Any:
        """Return a pandas DataFrame with one row each; needs the `dataframe` extra."""
        from lineage.questions.table import to_dataframe

        return to_dataframe([row_to_dict(row) for row in self])

    def to_arrow(self) -> Any:
        """Return a pyarrow Table with one row each, as polars takes it; needs the `arrow` extra."""
        from lineage.questions.table import to_arrow

        return to_arrow([row_to_dict(row) for row in self])

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Return the rows as an Arrow stream; needs the `arrow` extra."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)


def row_to_dict(row: Any) -> dict[str, Any]:
    """Return a row as JSON has it."""
    from lineage.questions.node_json import event_to_json, node_to_json

    if isinstance(row, _NODES):
        return node_to_json(row)
    if isinstance(row, Event):
        return event_to_json(row)
    if isinstance(row, Mark):
        return {"node": row.node, **row.model_dump(mode="json")}
    if isinstance(row, Record):
        return row.model_dump(mode="json")
    told: dict[str, Any] = row.to_dict()
    return told


def shown_row(row: Any) -> dict[str, Any]:
    """Return what of a row is shown to people: of a node, its properties too."""
    if hasattr(row, "shown"):
        shown: dict[str, Any] = row.shown()
        return shown
    told = row_to_dict(row)
    if isinstance(row, _NODES):
        told["described"] = brief_properties(row)
    return told
