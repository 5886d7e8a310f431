"""The plan of a query: what is done to answer it, operator by operator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator of a query's plan, which makes rows from the rows of its children.

    The first child is where its rows come from; a further one is run for each of them, or beside
    it. `estimated_rows` is what the planner expects, None where it expects nothing. The rest was
    counted while the query ran, and is None where it did not, or where nobody counts it: `rows`
    that came out; `hits`, how often the operator turned to the store (Neo4j's db hits; elsewhere
    the nodes, events and other rows that it was given); `milliseconds` of its own, its children's
    not among them.
    """

    name: str
    details: str = ""
    estimated_rows: float | None = None
    rows: int | None = None
    hits: int | None = None
    milliseconds: float | None = None
    children: tuple[Operator, ...] = ()

    def __iter__(self) -> Iterator[Operator]:
        """The operator and all below it, each before its children."""
        waiting = [self]
        while waiting:
            taken = waiting.pop()
            yield taken
            waiting += reversed(taken.children)
