"""Rows many at a time, and what is read of their nodes fetched at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from lineage.opencypher.semantics.free_variables import PropertyReads
from lineage.opencypher.values.entities import Node, Value
from lineage.opencypher.values.graph import Graph

Row = dict[str, Value]
Rows = Iterable[Row]

_LARGEST_BATCH = 2048


def split_batches(rows: Rows) -> Iterator[list[Row]]:
    """Lists of rows, short ones first: so that who wants few rows does not wait for many."""
    iterator = iter(rows)
    size = 16
    while batch := list(islice(iterator, size)):
        yield batch
        size = min(size * 4, _LARGEST_BATCH)


def load_reads(graph: Graph, rows: Sequence[Row], looks: PropertyReads) -> None:
    """Fetch what is read of the nodes that rows have under these names, all at once."""
    for name, keys in looks.items():
        missing: list[Node] = []
        for row in rows:
            value = row.get(name)
            if value.__class__ is Node and not value.knows(keys):
                missing.append(value)
        if missing:
            graph.load(missing, keys)
