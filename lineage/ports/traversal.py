"""Name what a traversal of the graph starts from, passes and returns."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lineage.model import Execution, ExecutionState, Kind, Node


class Direction(StrEnum):
    """Against the data (where it came from) or with it (what came of it)."""

    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"


Frontier = list[tuple[Kind, list[int]]]


# (depth, kind, sorted ids), by depth.
Levels = list[tuple[int, Kind, list[int]]]


@dataclass(frozen=True, slots=True)
class Barriers:
    """Nodes that a search reaches and does not pass: by id, and executions by the id of their type.

    By its type an execution stops a search only in one of `stopping_states`. One in `exempt` is
    passed whatever its type.
    """

    artifact_ids: frozenset[int] = frozenset()
    execution_ids: frozenset[int] = frozenset()
    execution_type_ids: frozenset[int] = frozenset()
    stopping_states: frozenset[ExecutionState] = frozenset(ExecutionState)
    exempt: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.artifact_ids or self.execution_ids or self.execution_type_ids)


@dataclass(frozen=True, slots=True)
class SameContent:
    """Which artifacts of one digest a search takes for the same data: these are one hop apart.

    Not those whose digest is one of `trivial`, has one of the `markers` of empty content in it, or
    is of an algorithm that is too `weak` to tell contents apart.
    """

    trivial: frozenset[str] = frozenset()
    markers: tuple[str, ...] = ()
    weak: frozenset[str] = frozenset()

    def conducts(self, digest: str) -> bool:
        """Return whether what has this digest is the same data wherever it lies."""
        return (
            digest not in self.trivial
            and digest.partition(":")[0] not in self.weak
            and not any(marker in digest for marker in self.markers)
        )


@dataclass(frozen=True, slots=True)
class Propagation:
    """What a search with barriers found: what it passed through, and the barriers that it met."""

    passed: Levels
    met: Levels


def is_stopping_by_type(barriers: Barriers, node: Node) -> bool:
    """Return whether barriers stop a search at an execution because of its type and state."""
    return (
        isinstance(node, Execution)
        and node.type_id in barriers.execution_type_ids
        and node.state in barriers.stopping_states
    )
