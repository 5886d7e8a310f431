"""A deleted artifact that is recorded again: there as an output, deleted still as an input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lineage import (
    Artifact,
    ArtifactState,
    Event,
    EventType,
    Execution,
    ExecutionState,
    Kind,
    Step,
    Store,
)
from lineage.errors import NotFound, PlanStale

LIVE, DELETED = ArtifactState.LIVE, ArtifactState.DELETED
FULL = {"owner": "ann"}
MAKE = Execution(type="Split", name="make", external_id="made")


def deleted(store: Store) -> int:
    """Split -> raw -> Train -> m, with raw deleted; returns the id of raw."""
    store.record(
        MAKE,
        outputs={
            "d": Artifact(
                type="Dataset", name="raw", external_id="ext", uri="s3://old", state=LIVE,
                custom_properties=FULL,
            )
        },
    )  # fmt: skip
    store.record(
        Execution(type="Train", name="t"),
        inputs={"d": "Dataset:raw"},
        outputs={"m": Artifact(type="Model", name="m")},
    )
    store.delete("Dataset:raw", policy="tombstone")
    return state(store)[0]


def state(store: Store) -> tuple[int, ArtifactState, str | None, dict[str, Any]]:
    raw = store.artifact("Dataset:raw")
    return raw.id or 0, raw.state, raw.uri, dict(raw.custom_properties)


WHOLE: list[Callable[[int], Any]] = [
    lambda id: Artifact(type="Dataset", name="raw", uri="s3://new", custom_properties={"n": 1}),
    lambda id: Artifact(
        type="Dataset", external_id="ext", uri="s3://new", custom_properties={"n": 1}
    ),
]
BARE: list[Callable[[int], Any]] = [
    lambda id: id,
    lambda id: "Dataset:raw",
    lambda id: "ext",
    lambda id: f"artifact:{id}",
    lambda id: Artifact(type="Dataset", name="raw"),
]


def test_what_is_written_under_its_name_is_the_next_version(store: Store) -> None:
    id = deleted(store)
    for at, given in enumerate((WHOLE[0](id), BARE[-1](id)), 2):
        run = store.record(Execution(type="Split"), outputs={"d": given})
        assert store.artifact(run.output()).version == at
    assert store.artifact(id).state is DELETED


@pytest.mark.parametrize("given", [WHOLE[1], *BARE[:-1]])
def test_an_output_is_live_again(store: Store, given: Callable[[int], Any]) -> None:
    store.clock = lambda: 1_000
    id = deleted(store)
    store.clock = lambda: 5_000
    store.mark("Dataset:raw", label="tainted")
    store.record(Execution(type="Split"), outputs={"d": given(id)})
    whole = given in WHOLE
    assert (store.artifact(id).updated_ms or 0) >= 5_000
    assert state(store) == (id, LIVE, "s3://new" if whole else None, {"n": 1} if whole else {})
    # What was known of it stays known: what was deleted and when, and that it was tainted.
    [receipt] = store.receipts()
    assert [n.name for n in receipt.plan.nodes] == ["raw"]
    assert [m.label for m in store.marks("Dataset:raw")] == ["tainted"]
    assert len(store.events(artifact=id)) == 3
    # It can be deleted again.
    store.delete("Dataset:raw", policy="tombstone")
    assert state(store) == (id, DELETED, None, {})
    assert len(store.receipts()) == 2


@pytest.mark.parametrize("given", [*WHOLE, *BARE])
def test_an_input_stays_deleted(store: Store, given: Callable[[int], Any]) -> None:
    id = deleted(store)
    store.record(
        Execution(type="Train"), inputs=[given(id)], outputs=[Artifact(type="Model", name="late")]
    )
    assert state(store) == (id, DELETED, None, {})
    assert [n.name for n in store.downstream("Dataset:raw").of_type("Model")] == ["m", "late"]


def test_a_given_state_has_the_last_word(store: Store) -> None:
    id = deleted(store)
    raw = Artifact(type="Dataset", name="raw", uri="s3://new", state=ArtifactState.REFERENCE)
    store.record(Execution(type="Train"), inputs=[raw])
    assert state(store) == (id, ArtifactState.REFERENCE, "s3://new", {})
    store.delete("Dataset:raw", policy="tombstone")
    known = {"name": None, "external_id": "ext", "uri": None}
    pending = raw.model_copy(update={**known, "state": ArtifactState.PENDING})
    store.record(Execution(type="Split"), outputs=[pending])
    assert state(store) == (id, ArtifactState.PENDING, None, {})
    store.delete("Dataset:raw", policy="tombstone")
    store.record(
        Execution(type="Split"),
        outputs=[Artifact(type="Dataset", external_id="ext", state=DELETED)],
    )
    assert state(store) == (id, DELETED, None, {})


def test_what_is_put_by_itself_is_live_again(store: Store) -> None:
    id = deleted(store)
    put = store.put(Artifact(type="Dataset", name="raw", uri="s3://new"), reuse=True)
    assert (put.id, put.state, put.uri) == (id, LIVE, "s3://new")
    store.delete("Dataset:raw", policy="tombstone")
    assert store.put(Artifact(type="Dataset", external_id="ext"), reuse=True).state is LIVE
    store.delete("Dataset:raw", policy="tombstone")
    marked = Artifact(type="Dataset", name="raw", state=ArtifactState.ABANDONED)
    assert store.put(marked, reuse=True).state is ArtifactState.ABANDONED
    # One that is there keeps its state.
    same = store.put(Artifact(type="Dataset", name="raw", uri="s3://x"), reuse=True)
    assert (same.state, same.uri) == (ArtifactState.ABANDONED, "s3://x")


def test_the_same_record_again_brings_nothing_back(store: Store) -> None:
    """As where a log is replayed."""
    id = deleted(store)
    raw = Artifact(type="Dataset", name="raw", uri="s3://old", custom_properties=FULL)
    for _ in range(2):
        store.record(MAKE, outputs={"d": raw})
        assert state(store) == (id, DELETED, None, {})
    # The same run, under another path, or another run.
    store.record(MAKE, outputs={"again": raw})
    assert state(store) == (id, LIVE, "s3://old", FULL)


def test_events_by_themselves_change_no_node(store: Store) -> None:
    id = deleted(store)
    run = store.put(Execution(type="Split", state=ExecutionState.RUNNING)).id or 0
    store.put_events(
        Event(artifact_id=id, execution_id=run, type=type)
        for type in (EventType.OUTPUT, EventType.INPUT)
    )
    assert state(store)[1] is DELETED


def test_several_in_one_write(store: Store) -> None:
    id = deleted(store)
    store.put_all([Artifact(type="Dataset", name=f"d{n}", uri=f"s3://{n}") for n in range(3)])
    store.delete("Dataset:d0", "Dataset:d1", policy="tombstone")
    store.record_steps(
        [
            # Read, and written by a later step of the same batch.
            Step(execution=Execution(type="Train", name="a"), inputs=["Dataset:raw", "Dataset:d0"]),
            Step(
                execution=Execution(type="Split", name="b"),
                inputs=[Artifact(type="Dataset", name="d1", uri="s3://late")],
                outputs=[
                    Artifact(type="Dataset", external_id="ext", uri="s3://new"),
                    Artifact(type="Dataset", name="d2", uri="s3://two"),
                    Artifact(type="Dataset", name="fresh", uri="s3://fresh"),
                ],
            ),
            Step(execution=Execution(type="Split", name="c"), inputs=[id], outputs=[id]),
        ]
    )
    found = {a.name: (a.state, a.uri) for a in store.artifacts(type="Dataset")}
    assert found == {
        "raw": (LIVE, "s3://new"),
        "d0": (DELETED, None),
        "d1": (DELETED, None),
        "d2": (ArtifactState.UNKNOWN, "s3://two"),
        "fresh": (ArtifactState.UNKNOWN, "s3://fresh"),
    }


class Counted:
    """A transaction that counts how often it is asked something, or told."""

    def __init__(self, tx: Any) -> None:
        self.tx = tx
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        self.calls += 1
        return getattr(self.tx, name)


@pytest.mark.parametrize("how", ["external_id", "put"])
def test_many_cost_no_more_questions_than_one(store: Store, how: str) -> None:
    asked: list[Counted] = []
    write = store.backend.write

    def counting(work: Callable[[Any], Any]) -> Any:
        def counted(tx: Any) -> Any:
            asked.append(Counted(tx))
            return work(asked[-1])

        return write(counted)

    def again(count: int) -> int:
        """How much is asked where so many are deleted, half of which are then live again."""
        key = "external_id" if how == "external_id" else "name"
        each = [
            Artifact.parse({"type": "Dataset", "uri": "s3://x", key: f"{count}-{n}"})
            for n in range(count)
        ]
        ids = [a.id or 0 for a in store.put_all(each)]
        made = Execution(type="Split", external_id=f"made-{count}")
        store.record(made, outputs=ids[::2])
        store.delete(*ids, policy="tombstone")
        asked.clear()
        store.backend.write = counting  # type: ignore[method-assign]
        if how == "put":
            store.put_all(each, reuse=True)
        else:
            # Every other one was an output of that step before.
            store.record(made, outputs=each[::2])
            store.record(Execution(type="Split"), inputs=each[::4], outputs=each[1::2])
        store.backend.write = write  # type: ignore[method-assign]
        back = {a.id for a in store.artifacts() if a.id in ids and a.state is LIVE}
        assert back == set(ids if how == "put" else ids[1::2])
        return sum(tx.calls for tx in asked)

    again(4)  # what is read of types is remembered
    assert again(60) == again(20)


def test_backends_find_by_keys(store: Store) -> None:
    words = ["a", "ä\U0001f600", 'q"uo\\te', "$[0]", "x\ny"]
    named = [store.put(Artifact(type="Dataset", name=w, external_id=f"e{w}")) for w in words]
    other = store.put(Artifact(type="Model", name="a"))
    of = named[0].type_id or 0
    with store.backend.read() as reader:
        every = reader.by_keys(
            Kind.ARTIFACT,
            external_ids=[f"e{w}" for w in (*reversed(words), "none")],
            names=[(of, w) for w in (*words, "none")],
        )
        assert every == named
        assert reader.by_keys(Kind.ARTIFACT, names=[(other.type_id or 0, "a")]) == [other]
        assert reader.by_keys(Kind.ARTIFACT, external_ids=["ea"], names=[(of, "a")]) == named[:1]
        assert reader.by_keys(Kind.EXECUTION, external_ids=["ea"], names=[(of, "a")]) == []
        assert reader.by_keys(Kind.ARTIFACT) == []


def test_a_plan_does_not_outlive_it(store: Store) -> None:
    """What would have been purged as deleted is not purged once it is there again."""
    deleted(store)
    plan = store.plan_deletion("Dataset:raw", policy="cascade", purge=True)
    store.record(Execution(type="Split"), outputs=["Dataset:raw"])
    with pytest.raises(PlanStale):
        store.apply(plan)


def test_what_was_purged_is_recorded_anew(store: Store) -> None:
    id = deleted(store)
    store.delete("Dataset:raw", policy="cascade", purge=True)
    with pytest.raises(NotFound):
        store.record(Execution(type="Split"), outputs=[id])
    store.record(Execution(type="Split"), outputs=[Artifact(type="Dataset", name="raw")])
    assert state(store)[0] != id
    assert state(store)[1] is ArtifactState.UNKNOWN


def test_nothing_is_half_written(store: Store) -> None:
    deleted(store)
    with pytest.raises(NotFound):
        store.record(
            Execution(type="Split", name="x"), outputs=["Dataset:raw"], inputs=["Dataset:nope"]
        )
    assert state(store)[1] is DELETED
    assert not store.find(Kind.EXECUTION, name="x")
