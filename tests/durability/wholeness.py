"""What a store must hold after its recorder was killed: all that was acknowledged, nothing half."""

from __future__ import annotations

from collections import Counter
from itertools import count

import lineage
from lineage import EventType
from tests.durability.recorder import SIZES

_PORTS = sorted(
    [
        (EventType.INPUT, ("shared",)),
        (EventType.INPUT, ("own",)),
        (EventType.OUTPUT, ("model",)),
        (EventType.OUTPUT, ("metrics",)),
    ]
)


def check(url: str, run: str, acknowledged: list[str]) -> int:
    """Assert it of one run, and that the store as a whole adds up; returns the run's steps."""
    with lineage.connect(url) as store:
        counts = store.counts()
        shared = len(
            [a for a in store.artifacts(type="Dataset") if "step" not in a.custom_properties]
        )
        assert counts.events == 4 * counts.executions
        assert counts.artifacts == 3 * counts.executions + shared
        if not counts.executions:
            assert not acknowledged
            return 0
        context = next((c for c in store.contexts(type="PipelineRun") if c.name == run), None)
        if context is None:
            assert not acknowledged
            return 0
        executions = store.executions(context=context.id)
        steps = Counter(e.custom_properties["step"] for e in executions)
        assert set(steps.values()) <= {1}
        assert set(acknowledged) <= steps.keys()
        _check_batches(run, set(steps))
        outputs = {a.id for a in store.artifacts(context=context.id)}
        assert len(outputs) == 2 * len(executions)
        with store.backend.read() as reader:
            events = reader.events(execution_ids=[e.id for e in executions if e.id is not None])
            by_execution: dict[int | None, list[lineage.Event]] = {}
            for event in events:
                by_execution.setdefault(event.execution_id, []).append(event)
        for execution in executions:
            found = by_execution[execution.id]
            assert sorted((e.type, e.path) for e in found) == _PORTS
            assert {e.artifact_id for e in found if e.type is EventType.OUTPUT} <= outputs
        grown = store.artifacts(type="Grown", context=context.id)
        assert {a.name for a in grown} == {f"out-{step}" for step in steps}
        assert all(len(a.properties) == 1 for a in grown)
        return len(executions)


def _check_batches(run: str, steps: set[str]) -> None:
    """Of each batch all steps are there, or none; and no batch before one that is there lacks."""
    numbers = count()
    there = True
    left = set(steps)
    for turn in count():
        batch = {f"{run}-{next(numbers)}" for _ in range(SIZES[turn % len(SIZES)])}
        found = batch & steps
        assert found in (set(), batch)
        assert there or not found
        there = bool(found)
        left -= found
        if not left:
            return
