"""Blame: 10,000 runs with 100 suspects each."""

from __future__ import annotations

import random
from collections.abc import Iterator
from statistics import median

import lineage
from benchmarks.bench import Bench
from benchmarks.measuring import Measured, seconds, shown
from lineage import Artifact, Execution, Step

READS = 20
TOLD = 79  # with the step itself, and what is read, 100


def measure(bench: Bench) -> list[Measured]:
    """On the backends that need no server."""
    runs = bench.size(10_000, 200)
    made = []
    for name, url in (("SQLite", bench.sqlite_url("blame")), ("memory", "memory://blame")):
        with lineage.connect(url) as store:
            bench.say(f"recording {runs:,} runs in {name}")
            store.record_steps(_runs(runs))
            found = store.blame(type="Train")
            assert found.suspects[0].label == "Train p0=0"
            taken = [
                seconds(lambda store=store: store.blame(type="Train"))  # type: ignore[misc]
                for _ in range(bench.size(5, 1))
            ]
        made.append(
            Measured(
                name=f"blame_{name.lower()}",
                what=f"blame over {runs:,} runs with {READS + TOLD + 1} suspects each, {name}",
                against="-",
                target="under 5 s",
                ours=shown(median(taken)),
                peer="-",
                ratio="-",
                met=median(taken) < 5,
                note=f"{len(found):,} suspects, {len(found.bad):,} bad runs; "
                f"{shown(min(taken))} to {shown(max(taken))}",
            )
        )
    return made


def _runs(count: int) -> Iterator[Step]:
    """Runs that read 20 of 400 datasets and were told 79 values; they fail where p0 is 0."""
    choose = random.Random(7)
    for at in range(count):
        told = {f"p{name}": choose.randrange(8) for name in range(TOLD)}
        reads = choose.sample(range(400), READS)
        yield Step(
            execution=Execution(
                type="Train",
                name=f"run-{at}",
                state="FAILED" if told["p0"] == 0 else "COMPLETE",
                custom_properties=told,
            ),
            inputs=[Artifact(type="Dataset", name=f"d{name}") for name in reads],
        )
