"""The same content is the same data: what conducts a taint, both ways, on every backend."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from lineage import Artifact, Execution, Policy, Store
from lineage.rules.digests import is_trivial


def digest(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def table(name: str, text: str | None = None, **more: object) -> Artifact:
    content = None if text is None else digest(text)
    return Artifact.parse({"type": "Dataset", "name": name, "digest": content, **more})


def train(store: Store, reads: str | Artifact, writes: str) -> None:
    model = Artifact(type="Model", name=writes, digest=digest(f"model {writes}"))
    step = Execution(type="Train", name=writes, state="COMPLETE")
    store.record(step, inputs={"d": reads}, outputs={"m": model})


def copied(store: Store) -> None:
    """A raw table, a copy that nobody recorded as one, another table, and a model of each."""
    train(store, table("raw", "rows"), "of-raw")
    train(store, table("copy", "rows"), "of-copy")
    train(store, table("other", "others"), "of-other")


def affected(store: Store, **asked: Any) -> list[tuple[str, int]]:
    found = store.taint(**asked)
    return [(row.node.label, row.depth) for row in found if row.node.kind == "artifact"]


def test_a_copy_is_tainted_and_what_came_of_it(store: Store) -> None:
    copied(store)
    store.mark("Dataset:raw", label="bad")
    whole = [("Dataset:raw", 0), ("Dataset:copy", 1), ("Model:of-raw", 2), ("Model:of-copy", 3)]
    assert affected(store, label="bad") == whole
    assert affected(store, label="bad", causal=True) == whole
    assert affected(store, label="bad", by_content=False) == [
        ("Dataset:raw", 0), ("Model:of-raw", 2),
    ]  # fmt: skip
    levels = store.taint_levels(label="bad")
    assert [(depth, len(ids)) for depth, kind, ids in levels if kind == "artifact"] == [
        (0, 1), (1, 1), (2, 1), (3, 1),
    ]  # fmt: skip
    # The other way round it is the same.
    store.lift("Dataset:raw", label="bad")
    store.mark("Dataset:copy", label="bad")
    assert ("Model:of-raw", 3) in affected(store, label="bad")


@pytest.mark.parametrize("causal", [False, True])
def test_the_witness_says_where_the_content_is_the_same(store: Store, causal: bool) -> None:
    copied(store)
    store.mark("Dataset:raw", label="bad")
    answer = store.taint(label="bad", causal=causal)
    witness = answer.witness(store.artifact("Model:of-copy"))
    chain = ["Dataset:raw", "Dataset:copy", "Train:of-copy", "Model:of-copy"]
    assert [node.label for node in witness.nodes] == chain
    assert [hop and hop.path for hop in witness.hops] == [None, ("d",), ("m",)]
    assert witness.to_dict()["same_content"] == [1]
    [verdict] = store.check("Model:of-copy", label="bad", causal=causal).verdicts
    assert verdict.witness is not None
    assert [node.label for node in verdict.witness.nodes] == chain


def test_a_gate_refuses_the_copy(store: Store) -> None:
    copied(store)
    store.mark("Dataset:raw", label="bad")
    for ref in ("Dataset:copy", "Model:of-copy"):
        assert not store.check(ref, label="bad").clean
        assert store.check(ref, label="bad", by_content=False).clean
    assert store.check("Model:of-other", label="bad").clean


def test_a_barrier_stops_what_came_by_content(store: Store) -> None:
    copied(store)
    store.record(
        Execution(type="Transform", name="a", state="COMPLETE"),
        inputs={"d": "Dataset:copy"},
        outputs={"d": table("safe", "safe")},
    )
    train(store, "Dataset:safe", "of-safe")
    store.put_policy(Policy(stops={"bad": ("Transform",)}))
    store.mark("Dataset:raw", label="bad")
    answer = store.taint(label="bad")
    assert [met.node.label for met in answer.barriers] == ["Transform:a"]
    assert answer.barriers[0].shielded == 4
    [verdict] = store.check("Model:of-safe", label="bad").verdicts
    assert (verdict.clean, [s.node.label for s in verdict.stopped]) == (True, ["Transform:a"])
    # A copy that is marked clean is a barrier, and what is known to be clean of it stays so.
    store.mark("Dataset:copy", label="bad", clean=True)
    answer = store.taint(label="bad")
    assert [met.node.label for met in answer.barriers] == ["Dataset:copy"]
    assert store.check("Model:of-copy", label="bad").clean
    assert not store.check("Model:of-raw", label="bad").clean


@pytest.mark.parametrize("causal", [False, True])
def test_what_a_barrier_shields_is_counted_through_copies(store: Store, causal: bool) -> None:
    """Behind the barrier lies a table with a copy, of which a model was made."""
    step = Execution(type="Transform", name="a", state="COMPLETE")
    store.record(step, inputs={"d": table("raw", "rows")}, outputs={"d": table("safe", "safe")})
    train(store, table("safe-copy", "safe"), "of-safe")
    store.put_policy(Policy(stops={"bad": ("Transform",)}))
    store.mark("Dataset:raw", label="bad")
    answer = store.taint(label="bad", causal=causal)
    assert [(met.node.label, met.shielded) for met in answer.barriers] == [("Transform:a", 5)]
    assert answer.shielded == 5
    [verdict] = store.check("Model:of-safe", label="bad", causal=causal).verdicts
    assert [stopped.node.label for stopped in verdict.stopped] == ["Transform:a"]


def test_a_copy_is_no_replacement(store: Store) -> None:
    now = [1_000]
    store.clock = lambda: now[0]
    train(store, table("raw", "rows"), "m")
    now[0] += 1
    store.mark("Dataset:raw", label="bad")
    now[0] += 1
    # The same bytes again, at another place: another version, of which nothing is cleaner.
    store.put(table("raw", "rows", version=2, uri="s3://elsewhere"))
    assert [a.label for a in store.taint_progress(label="bad").dirty] == [
        "Dataset:raw", "Model:m", "Dataset:raw@2",
    ]  # fmt: skip
    for by_content in (True, False):
        progress = store.taint_progress(label="bad", by_content=by_content)
        assert progress.replaced == ()
    store.put(table("raw", "mended", version=3))
    progress = store.taint_progress(label="bad")
    assert {was.label: by.label for was, by in progress.replaced} == {
        "Dataset:raw": "Dataset:raw@3", "Dataset:raw@2": "Dataset:raw@3",
    }  # fmt: skip


def test_a_copy_needs_a_replacement_of_its_own(store: Store) -> None:
    copied(store)
    store.mark("Dataset:raw", label="bad")
    plan = store.plan_rebuild(label="bad")
    assert [a.label for a in plan.inputs] == ["Dataset:raw", "Dataset:copy"]
    assert [again.step.label for again in plan.steps] == ["Train:of-raw", "Train:of-copy"]
    assert plan.lost == ()


def test_impact_and_forget_take_the_copies_in(store: Store) -> None:
    copied(store)
    assert [m.model.label for m in store.impact("Dataset:raw").models] == [
        "Model:of-raw", "Model:of-copy",
    ]  # fmt: skip
    assert len(store.impact("Dataset:raw", by_content=False).models) == 1
    # Nothing that is deleted breaks its copy.
    assert "Model:of-copy" not in {n.label for n in store.plan_deletion("Dataset:raw").blockers}
    assert len(store.plan_forget("Dataset:raw", by_content=False).nodes) == 3
    plan = store.plan_forget("Dataset:raw")
    assert {node.name for node in plan.nodes} == {"raw", "copy", "of-raw", "of-copy"}
    store.apply(plan)
    assert store.artifact("Dataset:copy").state == "DELETED"
    assert store.artifact("Model:of-other").state != "DELETED"


def test_what_is_deleted_still_conducts_by_its_content(store: Store) -> None:
    copied(store)
    store.mark("Dataset:raw", label="bad")
    store.delete("Dataset:raw", policy="tombstone")
    assert not store.check("Model:of-copy", label="bad").clean


def test_the_cheapest_cut_goes_through_copies(store: Store) -> None:
    copied(store)
    store.mark("Dataset:raw", label="bad")
    found = store.cheapest_cut("Model:of-copy", label="bad")
    assert [step.label for step in found.steps] == ["Train:of-copy"]
    # Between a marked table and its copy is no step.
    assert not store.cheapest_cut("Dataset:copy", label="bad").possible


def test_siblings_trained_on_copies(store: Store) -> None:
    copied(store)
    [row] = store.siblings("Model:of-raw")
    assert (row.model.label, row.same_data) == ("Model:of-copy", True)


@pytest.mark.parametrize("text", ["", "\n", "{}", "[]\n", "null", "0\n", "true"])
def test_trivial_content_conducts_nothing(store: Store, text: str) -> None:
    train(store, table("raw", text), "of-raw")
    train(store, table("log", text), "of-log")
    store.mark("Dataset:raw", label="bad")
    assert store.check("Model:of-log", label="bad").clean
    assert is_trivial(digest(text))


def test_what_says_too_little_conducts_nothing() -> None:
    for weak in (
        "crc32c:00000000",
        "tfx:split:single_split,num_files:0,total_bytes:0,xor_checksum:0,sum_checksum:0",
        f"md5:{hashlib.md5(b'', usedforsecurity=False).hexdigest()}",
        "git:e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    ):
        assert is_trivial(weak)
    assert not is_trivial(
        "tfx:split:single_split,num_files:1,total_bytes:10,xor_checksum:1,sum_checksum:1"
    )


def test_copies_are_seen_as_they_were_known(store: Store) -> None:
    now = [1_000]
    store.clock = lambda: now[0]
    train(store, table("raw", "rows"), "of-raw")
    store.mark("Dataset:raw", label="bad")
    now[0] = 2_000
    train(store, table("copy", "rows"), "of-copy")
    assert len(affected(store, label="bad", as_of=1_500)) == 2
    assert len(affected(store, label="bad", as_of=2_500)) == 4


def test_many_copies_cost_no_more_than_each_once(store: Store) -> None:
    """A group of copies is a hub: no pair of them is looked at."""
    for at in range(60):
        store.put(table(f"c{at}", "rows"))
    train(store, "Dataset:c59", "m")
    store.mark("Dataset:c0", label="bad")
    found = store.taint(label="bad")
    assert {row.depth for row in found if row.node.type == "Dataset"} == {0, 1}
    assert found.affected == 62
    assert store.cheapest_cut("Model:m", label="bad").steps != ()
