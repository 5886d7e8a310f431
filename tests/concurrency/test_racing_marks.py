"""Two who mark, lift or set a policy at once: what is left is what one after the other leaves."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from lineage import Artifact, Execution, Policy, Store
from lineage.errors import Conflict, NotFound

ROUNDS = 40 if os.environ.get("LINEAGE_LONG") else 8
WRITERS = 3


def at_once(*works: Callable[[], object]) -> Counter[str]:
    """Run these together; how often each outcome came."""
    barrier = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> str:
        barrier.wait()
        try:
            work()
        except (Conflict, NotFound) as error:
            return type(error).__name__
        return "done"

    with ThreadPoolExecutor(len(works)) as pool:
        return Counter(pool.map(run, works))


@pytest.mark.backends("sqlite", "neo4j")
def test_opposite_marks_do_not_both_stand(store: Store) -> None:
    for turn in range(ROUNDS):
        name = f"Dataset:d{turn}"
        store.put(Artifact(type="Dataset", name=f"d{turn}"))
        told = at_once(
            *(
                partial(store.mark, name, label="tainted", clean=n % 2 == 1)
                for n in range(WRITERS + 1)
            )
        )
        marks = store.marks(name, history=True)
        assert len(marks) == 1
        assert told == {"done": 2, "Conflict": 2}


@pytest.mark.backends("sqlite", "neo4j")
def test_the_same_mark_put_at_once_is_one(store: Store) -> None:
    for turn in range(ROUNDS):
        store.put(Execution(type="Train", name=f"t{turn}"))
        store.put(Artifact(type="Dataset", name=f"d{turn}"))
        both = (f"Train:t{turn}", f"Dataset:d{turn}")
        # In opposite orders, so that whoever locked as given would wait for the other for ever.
        told = at_once(
            *(partial(store.mark, *both[:: (-1) ** n], label="pii") for n in range(WRITERS))
        )
        assert told == {"done": WRITERS}
        assert len(store.marks(*both, history=True)) == 2


@pytest.mark.backends("sqlite", "neo4j")
def test_a_mark_is_lifted_once(store: Store) -> None:
    for turn in range(ROUNDS):
        name = f"Dataset:d{turn}"
        store.put(Artifact(type="Dataset", name=f"d{turn}"))
        store.mark(name, label="pii")
        told = at_once(
            *(partial(store.lift, name, label="pii", who=f"w{n}") for n in range(WRITERS))
        )
        assert told == {"done": 1, "NotFound": WRITERS - 1}
        assert len(store.marks(name, history=True)) == 1


@pytest.mark.backends("sqlite", "neo4j")
def test_lifting_and_marking_the_opposite_come_one_after_the_other(store: Store) -> None:
    for turn in range(ROUNDS):
        name = f"Dataset:d{turn}"
        store.put(Artifact(type="Dataset", name=f"d{turn}"))
        store.mark(name, label="pii")
        told = at_once(
            partial(store.lift, name, label="pii"),
            partial(store.mark, name, label="pii", clean=True),
        )
        standing = store.marks(name)
        assert all(mark.clean for mark in standing)
        assert len(standing) == told["done"] - 1


@pytest.mark.backends("sqlite", "neo4j")
def test_of_a_policy_one_version_is_in_force(store: Store) -> None:
    for turn in range(ROUNDS):
        puts = [
            partial(store.put_policy, Policy(stops={"pii": (f"T{turn}-{n}",)}))
            for n in range(WRITERS)
        ]
        assert at_once(*puts) == {"done": WRITERS}
        assert len(store.policies()) == 1
        history = store.policies(history=True)
        assert len(history) == WRITERS * (turn + 1)
        ends = [policy.ended_ms for policy in history]
        assert ends == [policy.recorded_ms for policy in history[1:]] + [None]
    told = at_once(*[partial(store.drop_policy, "default")] * WRITERS)
    assert told == {"done": 1, "NotFound": WRITERS - 1}
