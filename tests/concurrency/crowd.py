"""`python -m tests.concurrency.crowd URL PROCESS THREADS STEPS`: one process of a crowd.

Its threads record steps through one store, and all threads of all processes use the same names:
shared inputs and external ids, an output that everybody sets something on, contexts, and a type
that grows by a property in every step.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import lineage
from lineage import Artifact, Context, Execution, Kind, Type

INPUTS, EXTERNAL, LATEST, RUNS, PROPERTIES = 3, 2, 2, 2, 8


def record(store: lineage.Store, who: str, number: int) -> None:
    """One step of one thread. Every other one names what it shares in the opposite order."""
    turn = -1 if number % 2 else 1
    inputs = {
        "shared": Artifact(type="Dataset", name=f"shared-{number % INPUTS}", uri="s3://shared"),
        "external": Artifact(type="Table", external_id=f"external-{number % EXTERNAL}"),
        "also": Artifact(type="Dataset", name=f"shared-{(number + 1) % INPUTS}"),
    }
    contexts = [
        Context(type="PipelineRun", name=f"run-{number % RUNS}"),
        Context(type="Pipeline", name="all"),
    ]
    grown = f"p{number % PROPERTIES}_{who.partition('-')[2]}"
    store.record(
        Execution(type="Train", custom_properties={"step": f"{who}-{number}"}),
        inputs=dict(list(inputs.items())[::turn]),
        outputs={
            "own": Artifact(type="Grown", name=f"{who}-{number}", properties={grown: number}),
            "latest": Artifact(
                type="Model", name=f"latest-{number % LATEST}", custom_properties={who: number}
            ),
        },
        contexts=contexts[::turn],
        types=[Type(kind=Kind.ARTIFACT, name="Grown", properties={grown: "int"})],
    )


def main(url: str, process: str, threads: str, steps: str) -> None:
    """Wait until all are ready, then record as fast as it goes."""
    print("ready", flush=True)
    sys.stdin.readline()
    together = Barrier(int(threads))
    with lineage.connect(url) as store, ThreadPoolExecutor(int(threads)) as pool:

        def work(thread: int) -> None:
            together.wait()
            for number in range(int(steps)):
                record(store, f"{process}-{thread}", number)

        for done in [pool.submit(work, thread) for thread in range(int(threads))]:
            done.result()


if __name__ == "__main__":
    main(*sys.argv[1:])
