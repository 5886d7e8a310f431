"""Which columns came of which: what a step says of the columns of what it wrote.

An execution has a property for each output whose columns it knows, named `column_lineage` and the
external id of the output. It is a struct: under `columns`, by the name of each column of the
output, the list of its sources; under `dataset` the sources of all columns alike (a filter, a
join). A source is the list of the external id of a dataset, the name of its column, how it came in
(`DIRECT IDENTITY`, `INDIRECT FILTER`), and whether that masked it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lineage.model import Artifact, Execution

_PREFIX = "column_lineage "
# Of a version of a dataset: the external id of the dataset, which is what steps name.
DATASET_KEY = "dataset_key"


@dataclass(frozen=True, slots=True)
class ColumnSource:
    """A column that a column came of. `how` is empty where nothing is known of it."""

    dataset: str
    column: str
    how: str = ""
    is_masked: bool = False

    @property
    def is_indirect(self) -> bool:
        """Whether it had an influence, and its values did not come in."""
        return self.how.startswith("INDIRECT")


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """The sources of the columns of one output, and those of all its columns alike."""

    columns: Mapping[str, Sequence[ColumnSource]]
    dataset: Sequence[ColumnSource] = ()

    def sources_of(self, column: str) -> Iterator[ColumnSource]:
        """Yield the sources of a column, those of all columns among them."""
        yield from self.columns.get(column, ())
        yield from self.dataset

    def to_struct(self) -> dict[str, Any]:
        """Return it as the value of a property."""
        return {
            "columns": {name: _as_lists(sources) for name, sources in self.columns.items()},
            "dataset": _as_lists(self.dataset),
        }


def property_for(output: str) -> str:
    """Return the name of the property that has the columns of an output, by its external id."""
    return f"{_PREFIX}{output}"


def read_columns(execution: Execution) -> dict[str, ColumnMap]:
    """Return by external id the outputs whose columns a step knows."""
    found: dict[str, ColumnMap] = {}
    for name, value in execution.custom_properties.items():
        if name.startswith(_PREFIX) and isinstance(value, Mapping):
            columns = value.get("columns")
            if isinstance(columns, Mapping):
                found[name.removeprefix(_PREFIX)] = ColumnMap(
                    {column: _as_sources(sources) for column, sources in columns.items()},
                    _as_sources(value.get("dataset")),
                )
    return found


def read_schema(artifact: Artifact) -> dict[str, str]:
    """Return the columns of a dataset and their types, as far as its schema was recorded.

    Examples
    --------
    >>> from lineage import Artifact
    >>> columns = {"columns": "id: integer, name"}
    >>> read_schema(Artifact(type="Dataset", custom_properties=columns))
    {'id': 'integer', 'name': ''}
    """
    said = artifact.get("columns")
    pairs = said.split(", ") if isinstance(said, str) and said else []
    return {name: kind for name, _, kind in (pair.partition(": ") for pair in pairs)}


def key_of(artifact: Artifact) -> str | None:
    """Return what steps call the dataset that an artifact is, or is a version of."""
    found = artifact.get(DATASET_KEY)
    return found if isinstance(found, str) else artifact.external_id


def _as_lists(sources: Sequence[ColumnSource]) -> list[list[Any]]:
    return [[s.dataset, s.column, s.how, s.is_masked] for s in sources]


def _as_sources(value: Any) -> tuple[ColumnSource, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(
        ColumnSource(str(each[0]), str(each[1]), str(each[2]), each[3] is True)
        for each in value
        if isinstance(each, list) and len(each) == 4
    )
