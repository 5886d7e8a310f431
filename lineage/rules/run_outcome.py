"""How a run turned out."""

from __future__ import annotations

from lineage.model import Execution, ExecutionState, Node

_GOOD = frozenset({ExecutionState.COMPLETE, ExecutionState.CACHED})


def is_good_run(node: Node) -> bool:
    """Whether it is a run that did its work, or took the result of one that did.

    One that has not ended, or of which no state is known, is neither good nor bad.
    """
    return isinstance(node, Execution) and node.state in _GOOD


def is_bad_run(node: Node) -> bool:
    """Whether it is a run that failed."""
    return isinstance(node, Execution) and node.state is ExecutionState.FAILED
