"""The searches with barriers: their parameters, and their answers put together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lineage.model import Kind
from lineage.ports.traversal import Barriers, Levels, Propagation


def barrier_parameters(barriers: Barriers | None) -> dict[str, list[int] | list[str]]:
    """What the templates call the barriers."""
    given = barriers or Barriers()
    return {
        "blocked_artifacts": sorted(given.artifact_ids),
        "blocked_executions": sorted(given.execution_ids),
        "blocked_types": sorted(given.execution_type_ids),
        "stopping_states": [str(state) for state in sorted(given.stopping_states)],
        "exempt_executions": sorted(given.exempt),
    }


def merge_levels(found: Iterable[Mapping[str, Any]]) -> Propagation:
    """One answer from the rows of several searches: each node at its least depth."""
    levels: dict[tuple[Kind, bool], dict[int, list[Iterable[int]]]] = {}
    for row in found:
        kind = row["kind"] if "kind" in row else _KINDS[row["artifact"]]
        by_depth = levels.setdefault((kind, row["blocked"]), {})
        by_depth.setdefault(row["depth"], []).append(row["ids"])
    passed: Levels = []
    met: Levels = []
    for (kind, blocked), by_depth in levels.items():
        seen: set[int] = set()
        for depth in sorted(by_depth):
            fresh = set().union(*by_depth[depth]) - seen
            seen |= fresh
            if fresh:
                (met if blocked else passed).append((depth, kind, sorted(fresh)))
    return Propagation(sorted(passed, key=_by_depth), sorted(met, key=_by_depth))


_KINDS = {True: Kind.ARTIFACT, False: Kind.EXECUTION}


def _by_depth(level: tuple[int, Kind, list[int]]) -> tuple[int, Kind]:
    return level[0], level[1]
