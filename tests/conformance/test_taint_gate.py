"""The gate and the cheapest cut, on every backend, against taint itself."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lineage
from lineage import Artifact, Context, Execution, Kind, Policy, Store, Type
from lineage.errors import InvalidValue, NotFound
from tests.conformance.taint_reference import Key
from tests.conformance.test_questions_tracing import ladder
from tests.conformance.test_taint import Drawn, depths, embedded, pipeline, relaxed

A, X = Kind.ARTIFACT, Kind.EXECUTION


def ref(key: Key) -> str:
    return f"{key[0]}:{key[1]}"


@embedded
@pytest.mark.parametrize("ports", [False, True])
@given(data=st.data(), causal=st.booleans(), as_of=st.none() | st.integers(0, 5))
@relaxed(15)
def test_a_gate_says_what_taint_says(
    store: Store, ports: bool, data: st.DataObject, causal: bool, as_of: int | None
) -> None:
    check_gate(Drawn(store, data, ports=ports, copies=True), causal, as_of)


@given(data=st.data(), causal=st.booleans())
@relaxed(3)
def test_a_gate_says_what_taint_says_on_neo4j(
    neo4j_url: str, data: st.DataObject, causal: bool
) -> None:
    with lineage.connect(neo4j_url) as store:
        check_gate(Drawn(store, data, copies=True), causal, None)


def check_gate(drawn: Drawn, causal: bool, as_of: int | None) -> None:
    store = drawn.store
    affected = store.taint(label=drawn.label, causal=causal, as_of=as_of)
    found = depths(affected)
    reference = drawn.reference(causal=causal, as_of=as_of)
    without, _ = reference.depths(blocked=())
    met = {(m.node.kind, m.node.id or 0) for m in affected.barriers}
    beyond = {barrier: reference.beyond(barrier) for barrier in met}
    nodes = [*drawn.artifacts, *drawn.executions]
    for node in nodes:
        key = (node.kind, node.id or 0)
        verdict = store.check(ref(key), label=drawn.label, causal=causal, as_of=as_of).verdicts[0]
        assert verdict.clean == (key not in found)
        stopped = {(b.node.kind, b.node.id or 0) for b in verdict.stopped}
        if not verdict.clean:
            assert verdict.witness is not None
            assert len(verdict.witness.hops) == found[key]
            assert not stopped
        else:
            # What keeps it clean was met, and it is only there if without barriers it were not.
            assert stopped == {barrier for barrier in met if key in beyond[barrier]}
            assert bool(stopped) == (key in without)


@embedded
@given(data=st.data())
@relaxed(20)
def test_no_fewer_steps_clear_it(store: Store, data: st.DataObject) -> None:
    check_cut(Drawn(store, data, copies=True), data)


@given(data=st.data())
@relaxed(2)
def test_no_fewer_steps_clear_it_on_neo4j(neo4j_url: str, data: st.DataObject) -> None:
    with lineage.connect(neo4j_url) as store:
        check_cut(Drawn(store, data, copies=True), data)


def check_cut(drawn: Drawn, data: st.DataObject) -> None:
    """By trying every smaller set of steps as barriers."""
    store = drawn.store
    numbers = data.draw(st.sets(st.integers(0, 7), min_size=1, max_size=2))
    targets = {(A, drawn.artifacts[n].id or 0) for n in numbers}
    cut = store.cheapest_cut(*map(ref, targets), label=drawn.label)
    sources = drawn.sources.keys() - drawn.blocked
    reference = drawn.reference()
    # Between a source and its copies is no step.
    sources |= {copy for key in sources for copy in reference.copies(key)} - drawn.blocked
    assert cut.possible == (not targets & sources)
    if not cut.possible:
        return

    def cleared(steps: set[Key]) -> bool:
        return not reference.depths(blocked=reference.blocked | steps)[0].keys() & targets

    assert cleared({(X, step.id or 0) for step in cut.steps})
    every = [(X, x.id or 0) for x in drawn.executions]
    for size in range(len(cut.steps)):
        assert not any(cleared(set(some)) for some in combinations(every, size))


def test_a_gate_says_why_and_why_not(store: Store) -> None:
    pipeline(store)
    store.put_policy(Policy(stops={"pii": ("Anonymize",)}))
    store.mark("Dataset:raw", label="pii", reason="names")
    tainted = store.check("Model:m2", label="pii")
    assert not tainted.clean
    [verdict] = tainted.verdicts
    assert verdict.witness is not None
    assert [n.label for n in verdict.witness.nodes] == ["Dataset:raw", "Train:t-m2", "Model:m2"]
    assert [m.reason for m in verdict.marks] == ["names"]
    clean = store.check("Model:m1", label="pii")
    assert clean.clean
    assert [(b.node.label, b.why) for b in clean.verdicts[0].stopped] == [
        ("Anonymize:a", "Anonymize stops it (policy default)")
    ]
    itself = store.check("Anonymize:a", label="pii")
    assert [b.node.label for b in itself.verdicts[0].stopped] == ["Anonymize:a"]
    with pytest.raises(NotFound, match="'never used'"):
        store.check("Model:m2", label="never used")
    assert [v.label for v in store.check("Model:m2").verdicts] == ["pii"]


@pytest.mark.parametrize("state", ["FAILED", "CANCELED", "RUNNING", "NEW"])
@pytest.mark.parametrize("many", [1, 12])
def test_a_step_that_did_not_do_its_work_is_no_barrier(store: Store, state: str, many: int) -> None:
    runs = [
        store.record(
            Execution(type="Anonymize", name=f"a{n}", state=state),
            inputs={"d": Artifact(type="Dataset", name=f"raw{n}")},
            outputs={"d": Artifact(type="Model", name=f"m{n}")},
            types=[Type(kind=X, name="Anonymize")],
        )
        for n in range(many)
    ]
    store.put_policy(Policy(stops={"pii": ("Anonymize",)}))
    sources = [f"artifact:{run.inputs[('d',)]}" for run in runs]
    for source in sources:
        store.mark(source, label="pii")
    assert [len(store.taint(label="pii", type="Model", causal=c)) for c in (False, True)] == [
        many,
        many,
    ]
    assert len(store.taint(source=sources, label="pii", type="Model")) == many
    assert store.taint(label="pii").barriers == ()
    assert not store.check("Model:m0", label="pii").clean
    assert "Model:m0" in {
        f"{n.type}:{n.name}" for n in store.plan_forget(sources[0], label="pii").nodes
    }
    # Once it is done, it counts.
    store.update(store.get("Anonymize:a0").model_copy(update={"state": "COMPLETE"}))
    assert store.check("Model:m0", label="pii").clean


def test_a_policy_says_what_a_context_may_not_contain(store: Store) -> None:
    pipeline(store)
    store.put_policy(Policy(forbids={"prod": ("license:nc",), "Project:*": ("pii",)}))
    store.put(Context(type="Project", name="prod"))
    store.put_parent(Context(type="Experiment", name="inner"), "Project:prod")
    store.put_in_context("Experiment:inner", artifacts=["Model:m1"])
    store.mark("Dataset:raw", label="license:nc")
    store.mark("Dataset:raw", label="other")
    answer = store.check("Project:prod")
    assert [v.label for v in answer.verdicts] == ["license:nc", "pii"]
    assert [[n.label for n in v.affected] for v in answer.verdicts] == [["Model:m1"], []]
    assert not answer.clean
    gate = store.check("Model:m2", context="Project:prod")
    assert [(v.label, v.clean) for v in gate.verdicts] == [("license:nc", False), ("pii", True)]
    # What is put below a context is in it, too.
    inner = store.check("Model:m2", context="Experiment:inner")
    assert [(v.label, v.clean) for v in inner.verdicts] == [("license:nc", False), ("pii", True)]
    assert not store.check("Experiment:inner").clean
    store.put(Context(type="Experiment", name="outside"))
    assert store.check("Experiment:outside").verdicts == ()
    assert store.check("Experiment:outside").clean
    assert not store.check("Experiment:inner", label="other").clean
    with pytest.raises(NotFound):
        store.check("Model:m2", context="Project:nope")


def test_the_cheapest_way_to_clear_a_model(store: Store) -> None:
    """Ten steps make one table of ten tainted files: it's the one step after them."""
    files = []
    for n in range(10):
        run = store.record(
            Execution(type="Ingest", name=f"i{n}"),
            inputs={"f": Artifact(type="File", name=f"f{n}")},
            outputs={"d": Artifact(type="Dataset", name=f"d{n}")},
        )
        files.append(f"artifact:{run.inputs[('f',)]}")
    store.record(
        Execution(type="Process", name="join"),
        inputs={"d": [f"Dataset:d{n}" for n in range(10)]},
        outputs={"d": Artifact(type="Dataset", name="all")},
    )
    store.record(
        Execution(type="Train", name="t"),
        inputs={"d": "Dataset:all", "more": "Dataset:d0"},
        outputs={"m": Artifact(type="Model", name="m")},
    )
    store.mark(*files, label="tainted")
    assert [s.label for s in store.cheapest_cut("Dataset:all", label="tainted").steps] == [
        "Process:join"
    ]
    assert [s.label for s in store.cheapest_cut("Model:m", label="tainted").steps] == ["Train:t"]
    marked = store.cheapest_cut("File:f0", label="tainted")
    assert (marked.possible, [n.label for n in marked.marked]) == (False, ["File:f0"])
    store.mark("File:f1", label="lifted")
    store.lift("File:f1", label="lifted")
    assert store.cheapest_cut("Model:m", label="lifted").steps == ()
    with pytest.raises(NotFound, match="unused"):
        store.cheapest_cut("Model:m", label="unused")
    with pytest.raises(InvalidValue):
        store.cheapest_cut("Model:m")


def test_a_gate_on_the_ladder(store: Store) -> None:
    first, last = ladder(store)
    store.mark(*first, label="tainted")
    assert not store.check(last[0], label="tainted").clean
    assert len(store.cheapest_cut(last[0], label="tainted").steps) == 1
    store.put_policy(Policy(stops={"tainted": ("Transform",)}))
    assert len(store.check(last[0], label="tainted").verdicts[0].stopped) == 2


def test_only_what_is_live_or_deployed(store: Store) -> None:
    pipeline(store)
    store.mark("Dataset:raw", label="tainted")
    store.record(
        Execution(type="Deploy", state="COMPLETE", custom_properties={"endpoint": "prod"}),
        inputs={"m": "Model:m2"},
        outputs={"p": Artifact(type="PushedModel", name="p")},
    )
    store.update(store.artifact("Model:m1").model_copy(update={"state": "DELETED"}))

    def shown(**asked: bool) -> list[str]:
        return [row.node.label for row in store.taint(label="tainted", type="MODEL", **asked)]

    assert shown() == ["Model:m2", "Model:m1", "PushedModel:p"]
    assert shown(live=True) == ["Model:m2", "PushedModel:p"]
    assert shown(deployed=True) == ["Model:m2", "PushedModel:p"]
    store.put_type(Type(kind=X, name="Undeploy", base="DEPLOY"))
    store.record(Execution(type="Undeploy", custom_properties={"endpoint": "prod"}))
    assert shown(deployed=True) == []


def test_what_a_context_may_not_contain_is_as_it_was_known_then(store: Store) -> None:
    store.clock = lambda: 1_000
    pipeline(store)
    store.put_in_context(store.put(Context(type="Project", name="prod")), artifacts=["Model:m1"])
    store.mark("Dataset:raw", label="pii")
    assert store.check("Project:prod").clean
    store.clock = lambda: 2_000
    store.put_policy(Policy(forbids={"prod": ("pii",)}))
    store.clock = lambda: 3_000
    store.drop_policy("default")
    assert store.check("Project:prod").clean
    assert not store.check("Project:prod", as_of=2_500).clean
    assert not store.check("Model:m1", context="Project:prod", as_of=2_500).clean
    assert store.check("Project:prod", as_of=1_500).clean
