"""Marks and policies: put, lifted, kept, the same on every backend."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

import lineage
from lineage import Artifact, Context, Execution, Kind, Mark, Policy, Store
from lineage.errors import Conflict, InvalidValue, NotFound
from lineage.formats.store_copy import copy_store


def at(store: Store, now: int) -> Store:
    store.clock = lambda: now
    return store


def recorded(store: Store) -> Store:
    store.record(
        Execution(type="Train", name="t"),
        inputs={"d": Artifact(type="Dataset", name="raw", uri="s3://raw")},
        outputs={"m": Artifact(type="Model", name="churn")},
        contexts=[Context(type="Project", name="prod")],
    )
    return store


def test_a_mark_says_all_that_it_was_given(store: Store) -> None:
    at(recorded(store), 1_000)
    made = store.mark(
        "Dataset:raw",
        "Train:t",
        label="license:nc",
        reason="found on the web",
        who="ann",
        time=500,
        until=9_000,
    )
    assert [(m.node, m.label, m.reason, m.who) for m in made] == [
        (f"artifact:{store.artifact('Dataset:raw').id}", "license:nc", "found on the web", "ann"),
        (f"execution:{store.execution('Train:t').id}", "license:nc", "found on the web", "ann"),
    ]
    assert store.marks() == made
    assert store.marks("Train:t") == [made[1]]
    assert store.marks("Model:churn") == []
    assert store.marks(label="license:nc") == made
    with pytest.raises(NotFound, match="'pii'"):
        store.marks(label="pii")
    assert (made[0].time_ms, made[0].recorded_ms, made[0].until_ms) == (500, 1_000, 9_000)
    assert made[0].lifted_ms is None


def test_a_mark_ends_by_itself(store: Store) -> None:
    at(recorded(store), 1_000)
    [mark] = store.mark("Dataset:raw", label="hold", until=2_000)
    assert store.marks() == [mark]
    at(store, 2_000)
    assert store.marks() == []
    assert store.marks(history=True) == [mark]
    assert store.marks(as_of=1_999) == [mark]
    assert store.marks(as_of=999) == []
    with pytest.raises(InvalidValue, match="past"):
        store.mark("Dataset:raw", label="hold", until=2_000)


def test_lifting_keeps_the_history(store: Store) -> None:
    at(recorded(store), 1_000)
    [mark] = store.mark("Dataset:raw", label="tainted", reason="bad labels", who="ann")
    at(store, 3_000)
    [lifted] = store.lift("Dataset:raw", label="tainted", reason="checked", who="bob")
    assert store.marks() == []
    assert store.marks(as_of=2_999) == [lifted]
    assert store.marks(history=True) == [lifted]
    assert (lifted.id, lifted.reason, lifted.who) == (mark.id, "bad labels", "ann")
    assert (lifted.lifted_ms, lifted.lifted_by, lifted.lifted_reason) == (3_000, "bob", "checked")
    with pytest.raises(NotFound, match="Dataset:raw"):
        store.lift("Dataset:raw", label="tainted")
    [again] = store.mark("Dataset:raw", label="tainted", reason="bad labels", who="ann")
    assert again.id != mark.id
    assert store.marks(history=True) == [lifted, again]


def test_the_same_mark_put_twice_is_one(store: Store) -> None:
    at(recorded(store), 1_000)
    first = store.mark("Dataset:raw", "Dataset:raw", label="tainted", reason="a")
    assert len({m.id for m in first}) == 1
    at(store, 2_000)
    assert store.mark("s3://raw", label="tainted", reason="a") == first[:1]
    other = store.mark("Dataset:raw", label="tainted", reason="b")
    assert len(store.marks()) == 2
    assert store.lift("Dataset:raw", label="tainted")[1].id == other[0].id
    assert store.marks() == []


def test_what_is_tainted_is_not_marked_clean_by_accident(store: Store) -> None:
    at(recorded(store), 1_000)
    store.mark("Dataset:raw", label="pii")
    with pytest.raises(Conflict, match=r"Dataset:raw is marked 'pii'"):
        store.mark("Model:churn", "Dataset:raw", label="pii", clean=True)
    assert len(store.marks()) == 1
    store.mark("Dataset:raw", label="tainted", clean=True)
    with pytest.raises(Conflict, match="clean of 'tainted'"):
        store.mark("Dataset:raw", label="tainted")
    with pytest.raises(NotFound):
        store.lift("Dataset:raw", label="tainted")
    assert store.lift("Dataset:raw", label="tainted", clean=True)[0].clean


@pytest.mark.parametrize("label", ["", " pii", "a\x00b", "\ud800", "x" * 2_000])
def test_a_label_is_a_text(store: Store, label: str) -> None:
    recorded(store)
    with pytest.raises(InvalidValue, match="label"):
        store.mark("Dataset:raw", label=label)
    assert store.marks(history=True) == []


def test_odd_labels_come_back(store: Store) -> None:
    recorded(store)
    labels = ["a`b", "'; DROP", "emoji 🦊", "license:nc", "Ä"]
    for label in labels:
        store.mark("Dataset:raw", label=label)
    assert [m.label for m in store.marks()] == labels
    assert [m.label for m in store.marks(label="a`b")] == ["a`b"]


def test_marking_is_all_or_nothing(store: Store) -> None:
    recorded(store)
    with pytest.raises(NotFound, match="nope"):
        store.mark("Dataset:raw", "Dataset:nope", label="tainted")
    with pytest.raises(InvalidValue, match="Project:prod is a context"):
        store.mark("Dataset:raw", "Project:prod", label="tainted")
    with pytest.raises(InvalidValue, match="at least one"):
        store.mark(label="tainted")
    assert store.marks(history=True) == []


POLICY = Policy(
    stops={"pii": ("Anonymize", "Aggregate", "Anonymize")}, forbids={"prod": ("license:nc",)}
)


def test_a_policy_is_put_whole_and_once(store: Store) -> None:
    at(store, 1_000)
    put = store.put_policy(POLICY)
    assert put.stops == {"pii": ("Aggregate", "Anonymize")}
    at(store, 2_000)
    assert store.put_policy(POLICY) == put
    assert store.policies() == [put]
    changed = store.put_policy(POLICY.model_copy(update={"stops": {}}))
    assert (changed.stops, changed.recorded_ms) == ({}, 2_000)
    other = store.put_policy(Policy(name="another"))
    assert store.policies() == [other, changed]
    store.drop_policy("default")
    assert store.policies() == [other]
    with pytest.raises(NotFound, match="another"):
        store.drop_policy("default")
    assert store.unknown_step_types(POLICY) == ["Aggregate", "Anonymize"]


def test_a_mark_stands_whatever_clock_recorded_it(store: Store) -> None:
    """The clocks of two machines differ; what is in the store is known to both."""
    at(recorded(store), 9_000)
    [ahead] = store.mark("Dataset:raw", label="pii")
    at(store, 1_000)
    assert store.marks() == [ahead]
    assert [n.name for n in store.taint(label="pii").of_type("Model")] == ["churn"]
    assert not store.check("Model:churn", label="pii").clean
    with pytest.raises(Conflict, match="Dataset:raw is marked 'pii'"):
        store.mark("Dataset:raw", label="pii", clean=True)
    [lifted] = store.lift("Dataset:raw", label="pii")
    assert store.marks() == []
    [clean] = store.mark("Dataset:raw", label="pii", clean=True)
    at(store, 20_000)
    assert store.marks(history=True) == [lifted, clean]


def policies_then(store: Store) -> dict[int, list[tuple[str, dict[str, tuple[str, ...]]]]]:
    return {
        then: [(p.name, dict(p.stops)) for p in store.policies(as_of=then)]
        for then in (999, 1_000, 2_000, 3_000, 4_000, 5_000)
    }


def test_policies_have_a_history(store: Store) -> None:
    first = Policy(stops={"pii": ("Anonymize",)})
    second = Policy(stops={"pii": ("Aggregate",)})
    other = Policy(name="other")
    for now, policy in ((1_000, first), (2_000, second), (2_500, second), (4_000, other)):
        at(store, now)
        store.put_policy(policy)
        if now == 2_500:
            at(store, 3_000)
            store.drop_policy("default")
    at(store, 5_000)
    store.put_policy(first)
    assert policies_then(store) == {
        999: [],
        1_000: [("default", {"pii": ("Anonymize",)})],
        2_000: [("default", {"pii": ("Aggregate",)})],
        3_000: [],
        4_000: [("other", {})],
        5_000: [("default", {"pii": ("Anonymize",)}), ("other", {})],
    }
    versions = [(p.name, p.recorded_ms, p.ended_ms) for p in store.policies(history=True)]
    assert versions == [
        ("default", 1_000, 2_000),
        ("default", 2_000, 3_000),
        ("default", 5_000, None),
        ("other", 4_000, None),
    ]
    known = store.policies(history=True, as_of=4_500)
    assert [(p.name, p.recorded_ms) for p in known] == [
        ("default", 1_000),
        ("default", 2_000),
        ("other", 4_000),
    ]


def test_versions_of_one_moment_follow_each_other(store: Store) -> None:
    at(store, 1_000)
    for stops in ("A", "B", "C"):
        store.put_policy(Policy(stops={"pii": (stops,)}))
    store.drop_policy("default")
    assert store.policies() == []
    last = store.put_policy(Policy(stops={"pii": ("D",)}))
    assert store.policies() == [last]
    spans = [(p.recorded_ms or 0, p.ended_ms) for p in store.policies(history=True)]
    assert len({begins for begins, _ in spans}) == 4
    assert all(ends == after for (_, ends), (after, _) in pairwise(spans[:3]))


def test_policies_of_two_stores_become_one_history(store: Store) -> None:
    from lineage.formats.store_copy import copy_store

    with lineage.connect("memory://") as other:
        at(other, 1_000)
        other.put_policy(Policy(stops={"pii": ("A",)}))
        at(store, 2_000)
        store.put_policy(Policy(stops={"pii": ("B",)}))
        at(other, 3_000)
        other.put_policy(Policy(stops={"pii": ("C",)}))
        for _ in range(2):
            copy_store(other, store)
            spans = [
                (*p.stops["pii"], p.recorded_ms, p.ended_ms) for p in store.policies(history=True)
            ]
            assert spans == [("A", 1_000, 2_000), ("B", 2_000, 3_000), ("C", 3_000, None)]
        at(other, 4_000)
        other.drop_policy("default")
        copy_store(other, store)
        assert store.policies() == []


def test_a_copy_has_marks_and_policies(store: Store, tmp_path: Path) -> None:
    with (
        lineage.connect(f"sqlite:///{tmp_path}/a.db") as first,
        lineage.connect(f"sqlite:///{tmp_path}/b.db") as last,
    ):
        recorded(first)
        first.mark("Dataset:raw", "Train:t", label="tainted", who="ann", time=-1)
        first.mark("Model:churn", label="tainted", clean=True)
        first.lift("Dataset:raw", label="tainted", reason="checked")
        first.put_policy(Policy(forbids={"prod": ("pii",)}))
        first.put_policy(POLICY)
        first.put_policy(Policy(name="dropped"))
        first.drop_policy("dropped")
        for source, target in ((first, store), (store, last), (first, store)):
            copy_store(source, target)
            assert target.marks(history=True) == first.marks(history=True)
            assert target.policies() == first.policies()
            assert target.policies(history=True) == first.policies(history=True)
            assert len(first.policies(history=True)) == 3
        [new] = store.mark("Dataset:raw", label="pii")
        assert new.id not in {m.id for m in first.marks(history=True)}


def test_a_mark_needs_its_node(store: Store) -> None:
    recorded(store)
    mark = Mark(label="x", kind=Kind.ARTIFACT, node_id=10**6, recorded_ms=1, id=7)
    with pytest.raises(NotFound, match="1000000"):
        store.mirror(marks=[mark])
    assert store.marks(history=True) == []
