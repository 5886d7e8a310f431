"""gc of 100,000 artifacts, beside a tenth as many: what it costs grows as what there is."""

from __future__ import annotations

from collections.abc import Iterator

import lineage
from benchmarks.bench import Bench
from benchmarks.measuring import Measured, seconds, shown
from lineage import Artifact, Context, Execution, Retention, Step

RULES = [Retention(keep_last=5)]
A_CONTEXT = 100


def measure(bench: Bench) -> list[Measured]:
    """On SQLite: planned, and applied, which finds everything anew."""
    large = bench.size(100_000, 2_000)
    small = large // 10
    times = {count: _times(bench, count) for count in (small, large)}
    made = []
    for at, what in enumerate(("plan", "apply")):
        ours, tenth = times[large][at], times[small][at]
        made.append(
            Measured(
                name=f"gc_{what}",
                what=f"gc over {large:,} artifacts, all but the last few expired: {what}, SQLite",
                against=f"the same over {small:,}",
                target="at most 15 times as long",
                ours=shown(ours),
                peer=shown(tenth),
                ratio=f"{ours / tenth:.1f}x as long",
                met=ours <= 15 * tenth,
            )
        )
    return made


def _times(bench: Bench, count: int) -> tuple[float, float]:
    """Seconds to plan and to apply."""
    with lineage.connect(bench.sqlite_url(f"gc-{count}")) as store:
        bench.say(f"recording {count:,} artifacts")
        store.record_steps(_steps(count // 2))
        planned = seconds(lambda: store.plan_gc(rules=RULES))
        plan = store.plan_gc(rules=RULES)
        applied = seconds(lambda: store.apply(plan))
        assert len(plan.nodes) > 0.9 * count
        return planned, applied


def _steps(count: int) -> Iterator[Step]:
    """Each reads a version of a dataset and writes one of a model."""
    for at in range(count):
        yield Step(
            execution=Execution(type="Train", name=f"fit-{at}"),
            inputs=[Artifact(type="Dataset", name=f"data-{at}", uri=f"s3://lake/data/{at}")],
            outputs=[Artifact(type="Model", name=f"model-{at}", uri=f"s3://lake/model/{at}")],
            contexts=[Context(type="PipelineRun", name=f"run-{at // A_CONTEXT}")],
        )
