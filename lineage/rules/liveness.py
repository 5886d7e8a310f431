"""What is live: the one rule, for impact, deletion, `gc` and the step cache alike.

An **artifact is live** unless its state says that it went or is to go: DELETED, ABANDONED or
MARKED_FOR_DELETION. (UNKNOWN is what nobody said anything about; PENDING is still to come.)

An **execution is running**, and uses what it reads, in the states NEW and RUNNING.

An execution **has a result that a cache may give out** where it is a good run
(`lineage.rules.run_outcome`), wrote something, and all that it wrote is live.

An execution **can be run again** where it read something and did not fail or get cancelled: what a
step without recorded inputs read is known to nobody.

What is **deployed** is `lineage.questions.deployments`' to say.
"""

from __future__ import annotations

from collections.abc import Iterable

from lineage.model import Artifact, ArtifactState, Execution, ExecutionState, Node
from lineage.rules.run_outcome import is_good_run, is_open_run

NOT_LIVE = frozenset(
    {ArtifactState.DELETED, ArtifactState.ABANDONED, ArtifactState.MARKED_FOR_DELETION}
)
_WITHOUT_RESULT = frozenset({ExecutionState.FAILED, ExecutionState.CANCELED})


def is_live(node: Node) -> bool:
    """Whether something relies on this by itself: a live artifact, or a running execution."""
    if isinstance(node, Artifact):
        return node.state not in NOT_LIVE
    return is_open_run(node)


def has_cached_result(execution: Execution, outputs: Iterable[Artifact]) -> bool:
    """Whether a cache may give out what this execution wrote."""
    made = list(outputs)
    return is_good_run(execution) and bool(made) and all(map(is_live, made))


def can_run_again(execution: Execution, inputs: int) -> bool:
    """Whether it is known what to run again; `inputs` is how many it read."""
    return inputs > 0 and execution.state not in _WITHOUT_RESULT and not is_open_run(execution)
