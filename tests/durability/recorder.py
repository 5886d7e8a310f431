"""`python -m tests.durability.recorder URL RUN`: records until it is killed.

It writes a line once a write is acknowledged: the names of the steps that were in it. Single steps
and batches take turns, and types grow on the way, so that a kill can meet any of them.
"""

from __future__ import annotations

import sys
from itertools import count

import lineage
from lineage import Artifact, Context, Execution, Kind, Step, Type

SIZES = (1, 1, 4)


def step(run: str, number: int) -> Step:
    """Two inputs, of which the runs share one, two new outputs, one context."""
    name = f"{run}-{number}"
    return Step(
        execution=Execution(type="Train", custom_properties={"step": name}),
        inputs={
            "shared": Artifact(type="Dataset", name=f"shared-{number % 5}"),
            "own": Artifact(type="Dataset", name=f"in-{name}", custom_properties={"step": name}),
        },
        outputs={
            "model": Artifact(type="Grown", name=f"out-{name}", properties={f"p{number % 7}": 1}),
            "metrics": Artifact(type="Metrics", custom_properties={"step": name}),
        },
        contexts=[Context(type="PipelineRun", name=run)],
        types=[
            Type(kind=Kind.ARTIFACT, name="Grown", properties={f"p{number % 7}": "int"}),
        ],
    )


def main(url: str, run: str) -> None:
    """Record for ever."""
    numbers = count()
    with lineage.connect(url) as store:
        for turn in count():
            batch = [step(run, next(numbers)) for _ in range(SIZES[turn % len(SIZES)])]
            store.record_steps(batch)
            names = [s.execution.custom_properties["step"] for s in batch]
            print(" ".join(names), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
