"""What could be rebuilt from what is there.

An artifact can be rebuilt where some step that wrote it can be run again
(`lineage.rules.liveness.can_run_again`) and each artifact that this step read is live or can be
rebuilt itself. One pass over the events, as in Kahn's topological sort: a step counts its inputs
down and, at none, gives its outputs out.
"""

from __future__ import annotations

from collections.abc import Set

from lineage.questions.deletion_scope import DeletionScope
from lineage.rules.liveness import can_run_again, is_live


def rebuildable(reach: DeletionScope, without: Set[int]) -> set[int]:
    """The ids of the artifacts that could be rebuilt if those in `without` were not there."""
    waiting = {
        x: len(read)
        for x, read in reach.inputs.items()
        if x in reach.executions and can_run_again(reach.executions[x], len(read))
    }
    readers: dict[int, list[int]] = {}
    for x in waiting:
        for artifact in reach.inputs[x]:
            readers.setdefault(artifact, []).append(x)
    at_hand = {a for a in readers if is_live(reach.artifacts[a]) and a not in without}
    found: set[int] = set()
    frontier = list(at_hand)
    while frontier:
        for x in readers.get(frontier.pop(), ()):
            waiting[x] -= 1
            if waiting[x] == 0:
                for artifact in reach.outputs.get(x, ()):
                    found.add(artifact)
                    if artifact not in at_hand:
                        at_hand.add(artifact)
                        frontier.append(artifact)
    return found
