"""The rebuild plan and its progress: on every backend, and its laws on generated graphs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lineage
from lineage import Artifact, Context, Execution, Kind, Step, Store, Type
from lineage.errors import UnknownType
from lineage.questions.taint.rebuild import Rebuild
from tests.conformance.test_taint import Drawn, embedded, relaxed
from tests.series import declare_series

A, X = Kind.ARTIFACT, Kind.EXECUTION


def run(store: Store, type: str, name: str, reads: Any, writes: dict[str, Artifact]) -> int:
    step = Execution(type=type, name=name, state="COMPLETE")
    return store.record(step, inputs=reads, outputs=writes).execution


def dataset(name: str) -> Artifact:
    return Artifact(type="Dataset", name=name)


def model(name: str) -> Artifact:
    return Artifact(type="Model", name=name)


def first_run(store: Store, number: int) -> None:
    """raw-N, with a lookup table -> clean-N -> two models, one of which is evaluated."""
    declare_series(store)
    store.put(dataset("lookup"), reuse=True)
    run(
        store,
        "Transform",
        f"clean-{number}",
        {"d": dataset(f"raw-{number}"), "l": "Dataset:lookup"},
        {"d": dataset(f"clean-{number}")},
    )
    for name in ("a", "b"):
        reads = {"d": f"Dataset:clean-{number}"}
        run(store, "Train", f"{name}-{number}", reads, {"m": model(f"{name}-{number}")})
    metrics = {"m": Artifact(type="Metrics", name=f"metrics-{number}")}
    run(store, "Evaluate", f"e-{number}", {"m": f"Model:a-{number}"}, metrics)


def steps(plan: Rebuild) -> list[str]:
    return [again.step.label for again in plan.steps]


def test_what_to_run_again_from_what(store: Store) -> None:
    first_run(store, 1)
    store.mark("Dataset:raw-1", label="tainted")
    plan = store.plan_rebuild(label="tainted")
    assert [a.label for a in plan.inputs] == ["Dataset:raw-1"]
    assert steps(plan) == ["Transform:clean-1", "Train:a-1", "Train:b-1", "Evaluate:e-1"]
    first, second, *_ = plan.steps
    assert {t.path: (t.artifact and t.artifact.label, t.step) for t in first.inputs} == {
        ("d",): (None, None),
        ("l",): ("Dataset:lookup", None),
    }
    assert [(t.artifact, t.step and t.step.label) for t in second.inputs] == [
        (None, "Transform:clean-1")
    ]
    assert [a.label for a in second.rebuilds] == ["Model:a-1"]
    assert plan.lost == ()
    models = store.plan_rebuild(label="tainted", type="MODEL")
    assert steps(models) == ["Transform:clean-1", "Train:a-1", "Train:b-1"]
    picture = plan.to_mermaid()
    assert picture.startswith("flowchart LR\n")
    assert "Dataset:raw-1 (needs a replacement)" in picture
    assert "Evaluate:e-1 (run again: 4)" in picture
    with pytest.raises(UnknownType):
        store.plan_rebuild(label="tainted", type="Nope")


def test_progress_as_replacements_are_recorded(store: Store) -> None:
    first_run(store, 1)
    store.mark("Dataset:raw-1", label="tainted")

    def dirty() -> list[str]:
        return [a.label for a in store.taint_progress(label="tainted").dirty]

    assert dirty() == [
        "Dataset:raw-1",
        "Dataset:clean-1",
        "Model:a-1",
        "Model:b-1",
        "Metrics:metrics-1",
    ]
    raw, lookup = store.put(dataset("raw-2")), "Dataset:lookup"
    assert dirty() == ["Dataset:clean-1", "Model:a-1", "Model:b-1", "Metrics:metrics-1"]
    plan = store.plan_rebuild(label="tainted")
    assert plan.inputs == ()
    assert raw in [take.artifact for take in plan.steps[0].inputs]
    run(store, "Transform", "clean-2", {"d": raw.id, "l": lookup}, {"d": dataset("clean-2")})
    assert dirty() == ["Model:a-1", "Model:b-1", "Metrics:metrics-1"]
    # What was made of what is tainted replaces nothing.
    run(store, "Train", "a-2", {"d": "Dataset:clean-1"}, {"m": model("a-2")})
    assert "Model:a-1" in dirty()
    run(store, "Train", "a-3", {"d": "Dataset:clean-2"}, {"m": model("a-3")})
    # Nor does what a step of another type made.
    run(store, "Process", "b-2", {"d": "Dataset:clean-2"}, {"m": model("b-2")})
    assert dirty() == ["Model:b-1", "Metrics:metrics-1"]
    assert steps(store.plan_rebuild(label="tainted")) == ["Train:b-1", "Evaluate:e-1"]
    store.update(store.artifact("Model:b-1").model_copy(update={"state": "DELETED"}))
    progress = store.taint_progress(label="tainted")
    assert [a.label for a in progress.gone] == ["Model:b-1"]
    assert not progress.done
    metrics = {"m": Artifact(type="Metrics", name="metrics-3")}
    run(store, "Evaluate", "e-3", {"m": "Model:a-3"}, metrics)
    progress = store.taint_progress(label="tainted")
    assert progress.done
    assert [(was.label, by.label) for was, by in progress.replaced] == [
        ("Dataset:raw-1", "Dataset:raw-2"),
        ("Dataset:clean-1", "Dataset:clean-2"),
        ("Model:a-1", "Model:a-3"),
        ("Metrics:metrics-1", "Metrics:metrics-3"),
        ("Model:a-2", "Model:a-3"),
    ]
    assert store.plan_rebuild(label="tainted").steps == ()


def test_what_has_no_name_is_replaced_by_the_same_step_from_what_replaces(store: Store) -> None:
    def trained(reads: str) -> None:
        out = {"m": Artifact(type="Model"), "log": Artifact(type="File")}
        store.record(Execution(type="Train"), inputs={"d": reads}, outputs=out)

    declare_series(store)
    store.put_all([dataset("raw-1"), dataset("other-1")])
    trained("Dataset:raw-1")
    store.mark("Dataset:raw-1", label="tainted")
    assert len(store.taint_progress(label="tainted").dirty) == 3
    # A run from other data is no replacement, though of the same type.
    trained("Dataset:other-1")
    assert len(store.taint_progress(label="tainted").dirty) == 3
    store.put(dataset("raw-2"))
    trained("Dataset:raw-2")
    assert store.taint_progress(label="tainted").done


def test_a_type_has_one_series_through_all_its_versions(store: Store) -> None:
    declare_series(store)
    for version in ("1", "2"):
        store.put_type(Type(kind=A, name="Scorer", version=version, base="MODEL"))
        store.put_type(Type(kind=X, name="Fit", version=version, base="TRAIN"))
        store.put_type(Type(kind=A, name="Rows", version=version, base="DATASET"))
    for version in ("1", "2"):
        if version == "2":
            store.mark("Rows@1:rows-1", label="tainted")
        store.record(
            Execution(type="Fit", type_version=version, name=f"fit-{version}", state="COMPLETE"),
            inputs={"rows": Artifact(type="Rows", type_version=version, name=f"rows-{version}")},
            outputs={
                "named": Artifact(type="Scorer", type_version=version, name=f"scorer-{version}"),
                "unnamed": Artifact(type="Scorer", type_version=version),
            },
        )  # fmt: skip
    progress = store.taint_progress(label="tainted")
    assert [(a.name, b.name) for a, b in progress.replaced] == [
        ("rows-1", "rows-2"),
        ("scorer-1", "scorer-2"),
        (None, None),
    ]
    assert progress.done
    # So it is for those who look for copies, or for others of a type.
    assert len(store.blame("Scorer@1:scorer-1").good) == 3


def test_copies_are_found_in_all_versions_of_a_type(store: Store) -> None:
    for version in ("1", "2"):
        store.put_type(Type(kind=A, name="Rows", version=version, base="DATASET"))
        rows = Artifact(
            type="Rows", type_version=version, name=f"rows-{version}",
            custom_properties={"sha256": "the same"},
        )  # fmt: skip
        model = Artifact(type="Model", name=f"scorer-{version}")
        store.record(Execution(type="Train"), inputs={"rows": rows}, outputs={"model": model})
    [row] = store.siblings("Model:scorer-1")
    assert (row.model.name, row.same_data) == ("scorer-2", True)


def test_what_cannot_be_rebuilt_says_why(store: Store) -> None:
    store.put(dataset("raw"))
    store.put(Artifact(type="Dataset", name="extra", state="DELETED"))
    run(store, "Transform", "t", {"d": "Dataset:raw", "x": "Dataset:extra"}, {"d": dataset("c")})
    run(store, "Train", "m", {"d": "Dataset:c"}, {"m": model("m")})
    failed = Execution(type="Train", name="f", state="FAILED")
    store.record(failed, inputs={"d": "Dataset:raw"}, outputs={"m": model("half")})
    store.mark("Dataset:raw", "Model:m", label="tainted")
    plan = store.plan_rebuild(label="tainted")
    assert {x.artifact.label: x.why for x in plan.lost} == {
        "Dataset:c": "Transform:t read Dataset:extra, which is DELETED",
        "Model:half": "Train:f, which wrote Model:half, ended as FAILED",
    }
    assert plan.steps == ()
    store.lift("Model:m", label="tainted")
    lost = {x.artifact.label: x.why for x in store.plan_rebuild(label="tainted").lost}
    assert lost["Model:m"] == "Transform:t read Dataset:extra, which is DELETED"


def test_a_marked_step_is_mended_and_run_again(store: Store) -> None:
    first_run(store, 1)
    store.mark("Train:a-1", label="bug")
    plan = store.plan_rebuild(label="bug")
    assert steps(plan) == ["Train:a-1", "Evaluate:e-1"]
    assert [again.marked for again in plan.steps] == [True, False]
    assert plan.inputs == ()
    assert [t.artifact and t.artifact.label for t in plan.steps[0].inputs] == ["Dataset:clean-1"]


def deploy(store: Store, name: str, where: str, time: int) -> None:
    store.record(
        Execution(
            type="Deploy",
            name=f"{name}-to-{where}",
            state="COMPLETE",
            custom_properties={"endpoint": where},
        ),
        inputs={"m": f"Model:{name}"},
        time_ms=time,
        contexts=[Context(type="Pipeline", name="p")],
    )


def test_what_to_roll_back_to(store: Store) -> None:
    first_run(store, 1)
    for name in ("old-1", "old-2", "a-0"):
        store.put(model(name))
    deploy(store, "old-1", "prod", 10)
    deploy(store, "old-2", "prod", 20)
    deploy(store, "b-1", "prod", 30)
    deploy(store, "a-1", "prod", 40)
    deploy(store, "a-1", "canary", 50)
    deploy(store, "old-2", "dev", 60)
    store.mark("Dataset:raw-1", label="tainted")
    plan = store.plan_rebuild(label="tainted")
    assert [
        (r.deployment.where, r.to and r.to.execution.label, [m.label for m in r.models])
        for r in plan.rollbacks
    ] == [
        ("prod", "Deploy:old-2-to-prod", ["Model:old-2"]),
        ("canary", None, ["Model:a-0"]),
    ]
    # Deploying is decided, not run again.
    assert not any(again.step.type == "Deploy" for again in plan.steps)
    deploy(store, "a-0", "canary", 70)
    assert [d.where for d in store.taint_progress(label="tainted").deployed] == ["prod"]


def test_what_a_step_changes_in_place_it_takes_from_the_step_that_wrote_it_before(
    store: Store,
) -> None:
    # Its record came first, as where it was imported from another system.
    appended = store.put(Execution(type="Process", name="append", state="COMPLETE"))
    run(store, "Process", "make", {"raw": dataset("raw")}, {"table": dataset("table")})
    store.record(appended, inputs={"table": "Dataset:table"}, outputs={"table": "Dataset:table"})
    store.mark("Dataset:raw", label="tainted")
    plan = store.plan_rebuild(label="tainted")
    assert steps(plan) == ["Process:make", "Process:append"]
    [take] = plan.steps[1].inputs
    assert take.step is not None
    assert take.step.name == "make"


def test_what_is_made_of_something_deployed_needs_what_that_was_made_of(store: Store) -> None:
    run(store, "Train", "t", {"d": dataset("raw")}, {"m": model("m")})
    pushed = Artifact(type="PushedModel", name="pushed")
    run(store, "Pusher", "push", {"m": "Model:m"}, {"m": pushed})
    metrics = Artifact(type="Metrics", name="smoke")
    run(store, "Evaluate", "smoke", {"m": "PushedModel:pushed"}, {"e": metrics})
    store.mark("Dataset:raw", label="tainted")
    plan = store.plan_rebuild(label="tainted", type="METRICS")
    assert [a.label for a in plan.inputs] == ["Dataset:raw"]
    assert steps(plan) == ["Train:t", "Evaluate:smoke"]
    [take] = plan.steps[1].inputs
    assert take.step is not None
    assert (take.was.label, take.step.label) == ("PushedModel:pushed", "Pusher:push")


def test_a_long_chain_is_planned_whole(store: Store) -> None:
    made = [Artifact(type="Dataset", external_id=f"d{n}") for n in range(401)]
    store.record_steps(
        Step(
            execution=Execution(type="Process"),
            inputs={"d": made[n]},
            outputs={"d": made[n + 1]},
        )
        for n in range(400)
    )
    store.mark("d0", label="tainted")
    plan = store.plan_rebuild(label="tainted")
    assert len(plan.steps) == 400
    assert all(again.inputs[0].step is not None for again in plan.steps[1:])


@embedded
@given(data=st.data())
@relaxed(25)
def test_laws_of_the_plan(store: Store, data: st.DataObject) -> None:
    check_laws(Drawn(store, data))


@given(data=st.data())
@relaxed(3)
def test_laws_of_the_plan_on_neo4j(neo4j_url: str, data: st.DataObject) -> None:
    with lineage.connect(neo4j_url) as store:
        check_laws(Drawn(store, data))


def check_laws(drawn: Drawn) -> None:
    plan = drawn.store.plan_rebuild(label=drawn.label)
    affected, _ = drawn.reference().depths()
    place = {again.step.id or 0: at for at, again in enumerate(plan.steps)}
    lost = {x.artifact.id or 0 for x in plan.lost}
    reads: dict[int, set[int]] = {}
    writes: dict[int, set[int]] = {}
    for event in drawn.events:
        if event.type.flow == "INPUT":
            reads.setdefault(event.execution_id, set()).add(event.artifact_id)
        elif event.type.flow == "OUTPUT":
            writes.setdefault(event.execution_id, set()).add(event.artifact_id)
    onward = {x: {y for y in reads if reads[y] & some and y != x} for x, some in writes.items()}
    # The order respects the data flow, circles aside.
    for x in place:
        for y in onward.get(x, ()):
            if y in place and x not in _reach(onward, y):
                assert place[x] < place[y]
    # Only what is affected is run again, and all that is dirty is rebuilt, lost, or a source.
    assert all((X, x) in affected for x in place)
    rebuilt = {a.id or 0 for again in plan.steps for a in again.rebuilds}
    dirty = {a.id or 0 for a in plan.progress.dirty}
    sources = {id for kind, id in drawn.sources if kind is A}
    replaced = {was.id for was, _ in plan.progress.replaced}
    assert dirty | replaced == {id for kind, id in affected if kind is A}
    assert dirty <= rebuilt | lost | sources
    assert not rebuilt & lost
    # Every step can run in its place: what it reads is clean, to be replaced, or written before.
    had = {a.id or 0 for a in drawn.artifacts} - dirty | sources
    for again in plan.steps:
        x = again.step.id or 0
        circle = x in {z for y in onward.get(x, ()) for z in _reach(onward, y)}
        assert circle or reads[x] <= had
        had |= writes.get(x, set())


def _reach(onward: dict[int, set[int]], start: int) -> set[int]:
    seen = {start}
    waiting = [start]
    while waiting:
        for there in onward.get(waiting.pop(), set()) - seen:
            seen.add(there)
            waiting.append(there)
    return seen


def test_nothing_to_do_says_so(store: Store) -> None:
    first_run(store, 1)
    store.mark("Dataset:raw-1", label="tainted")
    store.lift("Dataset:raw-1", label="tainted")
    plan = store.plan_rebuild(label="tainted")
    assert (plan.steps, plan.inputs, plan.lost, plan.rollbacks) == ((), (), (), ())
    assert plan.progress.done
