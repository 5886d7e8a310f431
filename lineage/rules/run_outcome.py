"""How a run turned out, and which runs have not ended, or never will.

A run is **open** in the states NEW and RUNNING. While its process lives, an open run that was
recorded as a side effect holds a **lease**: a time, in the property `lease_until`, that its process
moves on. It is **stale** where its lease has ended, or, without a lease, where nothing was written
to it for a day. What an open run writes are its outputs and its pending outputs; nobody else
deletes these.
"""

from __future__ import annotations

from collections.abc import Iterable

from lineage.model import Event, EventType, Execution, ExecutionState, Flow, Kind, Node
from lineage.ports.filters import Filter
from lineage.ports.reader import Reader

IDLE_MS = 86_400_000
_GOOD = frozenset({ExecutionState.COMPLETE, ExecutionState.CACHED})
_OPEN = (ExecutionState.NEW, ExecutionState.RUNNING)
# The states that say how a run ended, and that somebody may say of one that did not.
ENDED = (ExecutionState.COMPLETE, ExecutionState.FAILED, ExecutionState.CANCELED)


def is_good_run(node: Node) -> bool:
    """Whether it is a run that did its work, or took the result of one that did.

    One that has not ended, or of which no state is known, is neither good nor bad.
    """
    return isinstance(node, Execution) and node.state in _GOOD


def is_bad_run(node: Node) -> bool:
    """Whether it is a run that failed."""
    return isinstance(node, Execution) and node.state is ExecutionState.FAILED


def is_open_run(node: Node) -> bool:
    """Whether it is a run that has not ended."""
    return isinstance(node, Execution) and node.state in _OPEN


def is_stale_run(node: Node, now_ms: int, idle_ms: int = IDLE_MS) -> bool:
    """Whether it is a run that has not ended and, by its lease or its silence, never will."""
    if not isinstance(node, Execution) or not is_open_run(node):
        return False
    if node.lease_until_ms is not None:
        return node.lease_until_ms < now_ms
    return (node.updated_ms or node.created_ms or 0) + idle_ms < now_ms


def find_open_runs(reader: Reader) -> list[Execution]:
    """Return all runs that have not ended, by id."""
    found = [n for state in _OPEN for n in reader.find(Kind.EXECUTION, Filter(state=state))]
    runs = [node for node in found if isinstance(node, Execution)]
    return sorted(runs, key=lambda run: run.id or 0)


def read_open_writers(reader: Reader, artifact_ids: Iterable[int]) -> dict[int, Execution]:
    """Return the open run that writes each of these artifacts, where there is one."""
    writing = [e for e in reader.events(artifact_ids=sorted(artifact_ids)) if is_writing(e)]
    ids = sorted({event.execution_id for event in writing})
    runs = {run.id: run for run in reader.nodes(Kind.EXECUTION, ids) if is_open_run(run)}
    return {
        event.artifact_id: run
        for event in writing
        if isinstance(run := runs.get(event.execution_id), Execution)
    }


def read_written_by_open_runs(reader: Reader) -> set[int]:
    """Return the ids of the artifacts that open runs write."""
    ids = [run.id or 0 for run in find_open_runs(reader)]
    return {e.artifact_id for e in reader.events(execution_ids=ids) if is_writing(e)}


def is_writing(event: Event) -> bool:
    """Whether by this event a step wrote an artifact, or is to write it."""
    return event.type.flow is Flow.OUTPUT or event.type is EventType.PENDING_OUTPUT
