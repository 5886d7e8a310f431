"""Define how a backend that runs Cypher itself is asked, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lineage.model.query_plan import Operator


class QueryMode(StrEnum):
    """What is asked of an ad-hoc query.

    ROWS: to be run. EXPLAIN: to be planned, and not run. PROFILE: to be run, and to say what each
    operator of its plan did.
    """

    ROWS = "rows"
    EXPLAIN = "explain"
    PROFILE = "profile"


@dataclass(frozen=True, slots=True)
class QueryRows:
    """The columns of an ad-hoc query, its rows in their order, and whether these are all.

    Values are None, bool, int, float, str, bytes, lists and maps of them, nodes, events, and the
    classes of `lineage.model.graph`. A date, time or duration is a class of
    `lineage.opencypher.values.temporal`, a point a map of its coordinates and its `srid`. `plan`
    is there where it was asked for.
    """

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    complete: bool
    plan: Operator | None = None
