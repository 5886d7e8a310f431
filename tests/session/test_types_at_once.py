"""Many types at once cost as many times one type, not its square."""

from __future__ import annotations

import cProfile

import lineage
from lineage import Execution, Kind, Step, Type


def count_calls(many: int) -> int:
    """How many functions are called to record one step that declares so many types."""
    step = Step(
        execution=Execution(type="Train"),
        types=tuple(Type(kind=Kind.ARTIFACT, name=f"T{n}") for n in range(many)),
    )
    with lineage.connect("memory://") as store:
        profile = cProfile.Profile()
        profile.runcall(store.record_steps, [step])
        assert len(store.types()) == many + 1
    return sum(entry.callcount for entry in profile.getstats())


def test_types_of_one_step_cost_no_more_than_their_number() -> None:
    assert count_calls(600) < 3 * count_calls(300)
