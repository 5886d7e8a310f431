"""Writers race with `apply`: whenever the graph that the plan read has changed, it refuses.

A recorder ties a new step to a node and reads, in the same transaction, whether that node is
deleted by then. One that saw a node alive came before the deletion; so the plan that was applied
must have read its step. A recorder that came after saw a deleted node (or none, after a purge).
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lineage import Artifact, Execution, Kind, Step, Store
from lineage.errors import NotFound, PlanApplied, PlanRefused, PlanStale
from lineage.model import EventType, Plan
from lineage.session.transaction import Transaction

ROUNDS = 25 if os.environ.get("LINEAGE_LONG") else 5
A, X = Kind.ARTIFACT, Kind.EXECUTION
# A node with more relationships than this has other locks in Neo4j.
DENSE = 60


def chain(store: Store, name: str, *, dense: bool = False) -> list[int]:
    """Dataset -> Split -> Dataset -> Train -> Model; the ids of the three."""
    steps = [
        Step(
            execution=Execution(type="Split", name=f"{name}-split"),
            inputs=[Artifact(type="Dataset", name=f"{name}-raw")],
            outputs=[Artifact(type="Dataset", name=f"{name}-train")],
        ),
        Step(
            execution=Execution(type="Train", name=f"{name}-fit"),
            inputs=[f"Dataset:{name}-train"],
            outputs=[Artifact(type="Model", name=f"{name}-model")],
        ),
    ]
    if dense:
        steps += [
            Step(execution=Execution(type="Train"), inputs=[f"Dataset:{name}-raw"])
            for _ in range(DENSE)
        ]
    store.record_steps(steps)
    return [
        store.artifact(ref).id or 0
        for ref in (f"Dataset:{name}-raw", f"Dataset:{name}-train", f"Model:{name}-model")
    ]


def tie(store: Store, artifact: int) -> tuple[int, str] | None:
    """A new step that reads the artifact, and the artifact's state in the same transaction."""

    def work(transaction: Transaction) -> tuple[int, str]:
        builder = transaction.builder
        step = builder.create(Execution(type="Train"))
        builder.event(builder.reference(A, artifact), step, EventType.INPUT)
        ids = transaction.apply()
        [node] = transaction.reader.nodes(A, [artifact])
        assert isinstance(node, Artifact)
        return ids[step], str(node.state)

    try:
        return store.transact(work)
    except NotFound:
        return None


def applied(store: Store, target: int, turns: int, **how: Any) -> tuple[Plan | None, Counter[str]]:
    """Plan and apply until it goes through; the plan that did, and what came of the attempts."""
    told: Counter[str] = Counter()
    for _ in range(turns):
        plan = store.plan_deletion(target, **how)
        try:
            store.apply(plan)
        except (PlanStale, PlanRefused) as error:
            told[type(error).__name__] += 1
        else:
            told["applied"] += 1
            return plan, told
    return None, told


def check(plan: Plan | None, seen: list[tuple[int, int, str]], deleted: set[int]) -> None:
    """Every step that saw a node of the plan alive had been read by the plan."""
    if plan is None:
        return
    read = set(plan.read[X])
    for artifact, step, state in seen:
        if artifact in deleted and state != "DELETED":
            assert step in read, f"{step} on artifact {artifact}, which it saw {state}"


def record(
    store: Store,
    seed: int,
    targets: list[int],
    barrier: threading.Barrier,
    seen: list[tuple[int, int, str]],
) -> None:
    """Tie steps to some of these, together with others."""
    choose = random.Random(seed)
    barrier.wait()
    for _ in range(6):
        artifact = choose.choice(targets)
        tied = tie(store, artifact)
        if tied is not None:
            seen.append((artifact, *tied))


def attempt(store: Store, barrier: threading.Barrier, plan: Plan) -> str:
    """Apply a plan together with others; what came of it."""
    barrier.wait()
    try:
        store.apply(plan)
    except (PlanApplied, PlanStale) as error:
        return type(error).__name__
    return "applied"


@pytest.mark.backends("sqlite", "neo4j")
@pytest.mark.parametrize(
    "how",
    [{"policy": "restrict"}, {"policy": "cascade"}, {"policy": "cascade", "purge": True}],
    ids=["restrict", "cascade", "purge"],
)
def test_recorders_race_with_apply(store: Store, how: dict[str, Any]) -> None:
    for turn in range(ROUNDS):
        ids = chain(store, f"c{turn}", dense=turn % 2 == 1)
        # Of what nothing live depends on yet, a restricted deletion may succeed.
        targets = ids[2:] if how["policy"] == "restrict" else ids
        barrier = threading.Barrier(4)
        seen: list[tuple[int, int, str]] = []

        with ThreadPoolExecutor(3) as pool:
            recorders = [
                pool.submit(record, store, 100 * turn + n, targets, barrier, seen) for n in range(3)
            ]
            barrier.wait()
            plan, _ = applied(store, targets[0], 60, **how)
            for recorder in recorders:
                recorder.result()
        if plan is None:
            plan, _ = applied(store, targets[0], 1, **how)
        assert plan is not None
        check(plan, seen, {n.id for n in plan.nodes if n.kind is A})


_RECORDER = """
import random, sys
import lineage
from tests.concurrency.test_racing_deletions import tie
url, seed, *ids = sys.argv[1:]
choose = random.Random(seed)
with lineage.connect(url) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(15):
        artifact = int(choose.choice(ids))
        tied = tie(store, artifact)
        if tied is not None:
            print(artifact, *tied, flush=True)
"""


@pytest.mark.backends("sqlite", "neo4j")
def test_processes_race_with_apply(store: Store, url: str) -> None:
    ids = chain(store, "c", dense=True)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _RECORDER, url, str(seed), *map(str, ids)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for seed in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    plan, _ = applied(store, ids[0], 200, policy="cascade")
    seen = []
    for process in processes:
        output, _ = process.communicate(timeout=500)
        assert process.returncode == 0
        for line in output.splitlines():
            artifact, step, state = line.split()
            seen.append((int(artifact), int(step), state))
    assert len(seen) == 30
    if plan is None:
        plan, _ = applied(store, ids[0], 1, policy="cascade")
    assert plan is not None
    check(plan, seen, set(ids))


@pytest.mark.backends("memory", "sqlite", "neo4j")
def test_one_of_many_who_apply_a_plan_succeeds(store: Store) -> None:
    for turn in range(3):
        ids = chain(store, f"c{turn}")
        plan = store.plan_deletion(ids[0], policy="cascade")
        barrier = threading.Barrier(4)

        with ThreadPoolExecutor(4) as pool:
            told = Counter(pool.map(partial(attempt, store, barrier), [plan] * 4))
        assert told["applied"] == 1
        assert len(store.receipts()) == turn + 1


@pytest.mark.backends("sqlite", "neo4j")
def test_plans_that_overlap_do_not_both_succeed(store: Store) -> None:
    """Each was made on the other's being there."""
    for turn in range(3):
        ids = chain(store, f"c{turn}")
        plans = [
            store.plan_deletion(ids[0], policy="tombstone"),
            store.plan_deletion(ids[2], policy="restrict"),
        ]
        barrier = threading.Barrier(2)

        with ThreadPoolExecutor(2) as pool:
            told = Counter(pool.map(partial(attempt, store, barrier), plans))
        # The first reads the model, which the second deletes; the second reads what made the
        # model and what that read, but not the raw data.
        assert told["applied"] >= 1
        assert store.artifact(ids[2]).state == "DELETED" or told["PlanStale"]


@pytest.mark.backends("sqlite", "neo4j")
def test_writers_race_with_the_deletion_of_what_they_write(store: Store) -> None:
    """Either the plan is stale, or the artifact is there again with what was written to it."""
    for turn in range(ROUNDS):
        name = f"c{turn}"
        [raw, *_] = chain(store, name)
        store.delete(raw, policy="tombstone")
        store.record(Execution(type="Split"), outputs=[raw])
        plan = store.plan_deletion(raw, policy="tombstone")
        barrier = threading.Barrier(3)

        def write(number: int, id: int = raw, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            # By its id: under its name, another run writes its next version.
            artifact = Artifact(type="Dataset", id=id, custom_properties={f"p{number}": number})
            store.record(Execution(type="Split"), outputs=[artifact])

        with ThreadPoolExecutor(2) as pool:
            writers = [pool.submit(write, number) for number in range(2)]
            told = attempt(store, barrier, plan)
            for writer in writers:
                writer.result()
        found = store.artifact(raw)
        assert told in ("applied", "PlanStale")
        assert found.state == "LIVE"
        # Deleted before both, or not at all: after either, the plan is stale.
        assert dict(found.custom_properties) == {"p0": 0, "p1": 1}


@pytest.mark.backends("memory", "sqlite", "neo4j")
def test_a_deployment_that_ends_or_stands_again_is_noticed(store: Store) -> None:
    """The plan depends on a step that is tied to none of its nodes: what ended its deployment."""
    [_, _, model] = chain(store, "c")
    store.record(
        Execution(type="Deploy", custom_properties={"endpoint": "prod"}), inputs=[model], time_ms=1
    )
    after = store.record(
        Execution(type="Deploy", custom_properties={"endpoint": "prod"}),
        inputs=[Artifact(type="Model", name="next")],
        time_ms=2,
    )
    plan = store.plan_deletion(model)
    assert not plan.blockers
    assert after.execution in plan.read[X]
    ending = store.execution(after.execution)
    store.update(ending.model_copy(update={"state": "FAILED"}))
    with pytest.raises(PlanStale):
        store.apply(plan)
    assert "deployed to prod" in store.plan_deletion(model).blockers[0].why
