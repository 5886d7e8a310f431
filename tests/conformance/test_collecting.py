"""Retention, gc and forgetting: against a plain reference, and their laws, on every backend."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage import Artifact, Context, Event, Execution, Kind, Store
from lineage.errors import InvalidValue, PlanStale
from lineage.model import Flow, Policy, Retention
from tests.conformance.test_deletion import (
    A,
    X,
    artifact_states,
    deploying,
    events,
    execution_states,
    keys_of,
    put,
    relaxed,
)
from tests.series import declare_series

# Each example looks at the whole store, which grows.
relaxed = settings(relaxed, max_examples=100 if os.environ.get("LINEAGE_LONG") else 10)
DAY = 86_400_000

# A policy that makes labels known and says nothing else.
KNOWN_LABELS = Policy(name="known", forbids={"nowhere": ("hold", "pii")})


@pytest.fixture
def clock(store: Store) -> list[int]:
    """The time that the store goes by; to be set."""
    now = [1_000 * DAY]
    store.clock = lambda: now[0]
    return now


def with_dates(store: Store, known: Any, ages: list[tuple[int, int]], now: int) -> None:
    """Give artifacts names of two series; `ages` are days since it was recorded, and changed."""
    declare_series(store)
    with store.backend.read() as reader:
        old = reader.nodes(A, list(known.artifacts))
    store.mirror(
        nodes=[
            node.model_copy(
                update={
                    "name": f"{'ab'[at % 2]}-{node.id}",
                    "created_ms": now - max(age) * DAY,
                    "updated_ms": now - min(age) * DAY,
                }
            )
            for at, (node, age) in enumerate(zip(old, ages, strict=True))
        ]
    )


@given(
    events,
    artifact_states,
    execution_states,
    deploying,
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=8, max_size=8),
    st.lists(st.integers(0, 9), min_size=30, max_size=30),
    st.sampled_from([None, 1, 2, 3]),
    st.sampled_from([None, 3, 6]),
    st.sets(st.integers(0, 7), max_size=2),
    st.sets(st.integers(0, 7), max_size=2),
)
@relaxed
def test_gc_proposes_what_the_definition_says(
    store: Store,
    clock: list[int],
    made: Any,
    states: Any,
    runs: Any,
    where: Any,
    ages: list[tuple[int, int]],
    event_ages: list[int],
    last: int | None,
    days: int | None,
    held: set[int],
    inside: set[int],
) -> None:
    clock[0] += 1_000 * DAY
    now = clock[0]
    known = put(store, made, states, runs, where, lambda at: now - event_ages[at] * DAY)
    with_dates(store, known, ages, now)
    ids = list(known.artifacts)
    written: dict[int, int] = {}
    for at, (a, _, type) in enumerate(made):
        if type.flow is Flow.OUTPUT:
            written[ids[a]] = max(written.get(ids[a], 0), now - event_ages[at] * DAY)
    place = store.put(Context(type="Project", name=f"p{now}"))
    above = store.put(Context(type="Project", name=f"q{now}"))
    store.put_parent(place.id or 0, above.id or 0)
    store.put_in_context(place.id or 0, artifacts=[ids[at] for at in inside])
    store.put_policy(KNOWN_LABELS)
    if held:
        store.mark(*[ids[at] for at in held], label="hold")
    rules = [Retention(keep_in=(f"Project:q{now}",), keep_labelled=("hold",))]
    if last or days:
        rules.append(Retention(type="MODEL", keep_last=last, keep_days=days))

    # Every example's graph is of its own; what is asked is only about this one.
    everything = [a for a in store.find(A) if isinstance(a, Artifact)]
    # What earlier examples wrote is older, whatever wrote it.
    produced = {a.id: max(a.created_ms or 0, written.get(a.id or 0, 0)) for a in everything}
    changed = {a.id: max(produced[a.id], a.updated_ms or 0) for a in everything}
    series: dict[str, list[Artifact]] = {}
    for artifact in everything:
        if artifact.state not in ("DELETED", "ABANDONED", "MARKED_FOR_DELETION"):
            series.setdefault(str(artifact.name)[0], []).append(artifact)
    newest = {
        a.id
        for some in series.values()
        for a in sorted(some, key=lambda a: (produced[a.id], a.id or 0))[-(last or 0) :]
        if last
    }
    live = {id for id in ids if known.live((A, id))}
    kept = {ids[at] for at in held | inside}
    kept |= {id for id in live if id in newest or (days and changed[id] > now - days * DAY)}
    expired = live - kept if last or days else set()
    protected = {ids[at] for at in held | inside}
    spent = expired | {id for id in ids if known.artifacts[id] == "ABANDONED"} - protected
    deployed = {a.id for d in store.deployments() for a in (*d.models, *d.outputs)}
    needing = {(A, id) for id in ids if id in deployed or (id in live and id not in expired)}
    needing |= {(A, id) for id in protected if known.artifacts[id] != "DELETED"}
    needing |= {(X, x) for x in known.executions if known.live((X, x))}
    needing |= known.written_by_open_runs()
    history = store.deployments(history=True)
    needing |= {(X, d.execution.id or 0) for d in history if d.in_effect(None)}
    rows = {d.execution.id for d in history}
    needing |= {
        (X, d.ended_by.id or 0) for d in history if d.ended_by and d.ended_by.id not in rows
    }
    needed = set(known.graph.reversed().depths(needing))
    expected = {(A, id) for id in spent} - needed

    plan = store.plan_gc(rules=rules)
    assert {k for k in keys_of(plan.nodes) if k[1] in ids} == expected
    assert not plan.blockers
    if not plan.nodes:
        return
    store.apply(plan)
    assert not store.plan_gc(rules=rules).nodes
    deleted = {id for kind, id in expected} | {id for id in ids if known.artifacts[id] == "DELETED"}
    with store.backend.read() as reader:
        left = reader.nodes(A, ids)
    assert {a.id for a in left if isinstance(a, Artifact) and a.state == "DELETED"} == deleted


@given(
    events,
    artifact_states,
    execution_states,
    st.integers(0, 7),
    st.sets(st.integers(0, 7), max_size=2),
    st.booleans(),
)
@relaxed
def test_forgetting_is_a_taint_and_a_plan(
    store: Store, made: Any, states: Any, runs: Any, subject: int, clean: set[int], purge: bool
) -> None:
    known = put(store, made, states, runs, [None] * 6)
    ids = list(known.artifacts)
    barriers = [ids[at] for at in clean if at != subject]
    store.put_policy(KNOWN_LABELS)
    if barriers:
        store.mark(*barriers, label="pii", clean=True)
    affected = keys_of(row.node for row in store.taint(source=ids[subject], label="pii").nodes)
    affected.add((A, ids[subject]))
    plan = store.plan_forget(ids[subject], label="pii", purge=purge)
    gone = {key for key in affected if key[0] is A and known.artifacts[key[1]] == "DELETED"}
    assert keys_of(plan.nodes) == (affected if purge else affected - gone)
    if plan.blockers or not plan.nodes:
        assert purge or not plan.nodes
        return
    taint = store.taint(source=ids[subject], label="pii")
    receipt = store.apply(plan)
    assert store.receipt(plan.id) == receipt
    assert receipt.plan.operation == "forget"
    if not purge:
        after = store.taint(source=ids[subject], label="pii")
        assert [(row.node.id, row.depth) for row in after.nodes] == [
            (row.node.id, row.depth) for row in taint.nodes
        ]


def versions(store: Store, count: int) -> None:
    declare_series(store)
    for n in range(count):
        store.record(
            Execution(type="Train", state="COMPLETE"),
            inputs=[Artifact(type="Dataset", name=f"raw-{n}")],
            outputs=[Artifact(type="Model", name=f"churn-{n}")],
        )


def test_nothing_expires_without_a_rule(store: Store) -> None:
    versions(store, 3)
    assert not store.plan_gc().nodes
    store.update(store.artifact("Model:churn-1").model_copy(update={"state": "ABANDONED"}))
    assert [(n.name, n.why) for n in store.plan_gc().nodes] == [("churn-1", "is abandoned")]


def test_rules_of_policies_count(store: Store) -> None:
    versions(store, 4)
    rule = Retention(type="MODEL", keep_last=2)
    store.put_policy(Policy(name="keep", retention=(rule,)))
    assert [n.name for n in store.plan_gc().nodes] == ["churn-0", "churn-1"]
    # What any rule keeps stays.
    everything = Retention(keep_last=3)
    assert [n.name for n in store.plan_gc(rules=[everything]).nodes] == ["raw-0", "churn-0"]
    store.put_policy(Policy(name="keep", retention=()))
    assert not store.plan_gc().nodes


def pushes(store: Store, count: int, **pushed: Any) -> None:
    """Models, each pushed to one place, of which only what was pushed says which."""
    declare_series(store)
    for n in range(count):
        store.record(Execution(type="Train"), outputs=[Artifact(type="Model", name=f"m-{n}")])
        store.record(
            Execution(type="Pusher", name=f"push-{n}"),
            inputs=[f"Model:m-{n}"],
            outputs=[
                Artifact.parse(
                    {
                        "type": "PushedModel",
                        "name": f"pushed-{n}",
                        "custom_properties": {"pushed_destination": "prod"},
                        **pushed,
                    }
                )
            ],
        )


def deployed(store: Store, **asked: Any) -> list[tuple[Any, ...]]:
    return [(d.where, [m.name for m in d.models], d.until_ms) for d in store.deployments(**asked)]


@pytest.mark.parametrize("by", ["custom_properties", "uri"])
def test_what_is_deployed_stays_so_when_older_pushes_are_collected(store: Store, by: str) -> None:
    pushes(store, 3, **({} if by == "custom_properties" else {"uri": "s3://x", by: "s3://prod"}))
    now, ever = deployed(store), deployed(store, history=True)
    assert [models for _, models, _ in now] == [["m-2"]]
    rules = [Retention(keep_last=1)]
    plan = store.plan_gc(rules=rules)
    assert {n.name for n in plan.nodes} == {"m-0", "m-1", "pushed-0", "pushed-1"}
    store.apply(plan)
    assert (deployed(store), deployed(store, history=True)) == (now, ever)
    assert store.artifact("PushedModel:pushed-0").uri is None
    assert not store.plan_gc(rules=rules).nodes


def test_a_push_of_nothing_stays_one_when_its_output_is_collected(store: Store) -> None:
    store.record(
        Execution(type="Deploy", custom_properties={"endpoint": "prod"}),
        inputs=[Artifact(type="Model", name="good")],
    )
    store.record(
        Execution(type="Pusher", custom_properties={"endpoint": "prod"}),
        inputs=[Artifact(type="Model", name="unblessed")],
        outputs=[Artifact(type="PushedModel", name="none", custom_properties={"pushed": 0})],
    )
    store.put(Context(type="Project", name="nothing"))
    rules = [Retention(type="MODEL", keep_days=1), Retention(keep_in=("nothing",))]
    at = store.clock() + 9 * DAY
    store.clock = lambda: at
    for _ in range(2):
        plan = store.plan_gc(rules=rules)
        if plan.nodes:
            assert {n.name for n in plan.nodes} == {"unblessed", "none"}
            store.apply(plan)
    assert [models for _, models, _ in deployed(store)] == [["good"]]
    assert store.artifact("Model:unblessed").state == "DELETED"


def test_a_purging_gc_takes_no_step_that_says_what_is_deployed(store: Store) -> None:
    """Though what it read besides the model is of no more use."""
    declare_series(store)
    rules = [Retention(keep_last=1), Retention(keep_labelled=("hold",))]
    for n in range(3):
        store.record(
            Execution(type="Deploy", custom_properties={"endpoint": "prod"}),
            inputs=[
                Artifact(type="Model", name=f"m-{n}"),
                Artifact(type="Dataset", name=f"c-{(n + 1) % 3}"),
            ],
        )
    store.put(Artifact(type="Model", name="taken-1"))
    store.mark("Model:taken-1", label="hold")
    store.record(
        Execution(type="Deploy", custom_properties={"endpoint": "test"}), inputs=["Model:taken-1"]
    )
    store.put(Artifact(type="File", name="f-1"))
    store.record(
        Execution(type="Deploy", custom_properties={"endpoint": "test"}), inputs=["File:f-1"]
    )
    store.put_all([Artifact(type="File", name="f-2"), Artifact(type="Model", name="taken-2")])
    now = deployed(store)
    assert [(where, models) for where, models, _ in now] == [("prod", ["m-2"])]
    for _ in range(2):
        plan = store.plan_gc(rules=rules, purge=True)
        assert not plan.blockers
        if plan.nodes:
            store.apply(plan)
        assert deployed(store) == now
    assert [a.name for a in store.artifacts(type="Model")] == ["m-2", "taken-1", "taken-2"]
    # It came of the step that deploys; the flag, of the one that took something away.
    assert {"c-0", "f-1"} <= {a.name for a in store.artifacts()}


def test_a_purging_gc_leaves_what_a_deployment_that_stays_wrote(store: Store) -> None:
    pushes(store, 3)
    ever = deployed(store, history=True)
    store.mark("Model:m-0", label="hold")
    rules = [Retention(keep_last=1), Retention(keep_labelled=("hold",))]
    plan = store.plan_gc(rules=rules, purge=True)
    assert not plan.blockers
    assert {n.name for n in plan.nodes if n.kind is A} == {"m-1", "pushed-1"}
    store.apply(plan)
    assert deployed(store, history=True)[1:] == ever[2:]
    assert [models for _, models, _ in deployed(store)] == [["m-2"]]


@pytest.mark.parametrize("state", ["ABANDONED", "MARKED_FOR_DELETION"])
def test_a_hold_holds_what_was_given_up(store: Store, state: str) -> None:
    for name in ("held", "inside", "neither"):
        store.put(Artifact(type="Model", name=name, state=state))
    store.mark("Model:held", label="hold")
    store.put(Context(type="Project", name="audit"))
    store.put_in_context("Project:audit", artifacts=["Model:inside"])
    rules = [
        Retention(type="MODEL", keep_labelled=("hold",)),
        Retention(keep_in=("Project:audit",)),
        # Neither the newest nor the youngest is protected where it was given up.
        Retention(keep_last=9, keep_days=9),
    ]
    assert [n.name for n in store.plan_gc(rules=rules).nodes] == ["neither"]


@pytest.mark.parametrize("purge", [False, True])
def test_what_is_held_needs_what_it_came_of(store: Store, purge: bool) -> None:
    """And so is not taken as what is downstream of it."""
    store.record(
        Execution(type="Train"),
        inputs=[Artifact(type="Dataset", name="raw", state="ABANDONED")],
        outputs=[
            Artifact(type="Model", name="held", state="ABANDONED"),
            Artifact(type="Model", name="other", state="ABANDONED"),
        ],
    )
    store.mark("Model:held", label="hold")
    plan = store.plan_gc(rules=[Retention(keep_labelled=("hold",))], purge=purge)
    assert [n.name for n in plan.nodes] == ["other"]


def test_a_context_is_protected_by_its_very_name(store: Store) -> None:
    """Though a pattern would see brackets in it."""
    store.put(Context(type="Project", name="audit[2026]"))
    for name in ("in", "out"):
        store.put(Artifact(type="Model", name=name, state="ABANDONED"))
    store.put_in_context("Project:audit[2026]", artifacts=["Model:in"])
    for named in ("audit[2026]", "Project:audit[2026]", "Project:audit*"):
        plan = store.plan_gc(rules=[Retention(keep_in=(named,))])
        assert [n.name for n in plan.nodes] == ["out"]


def test_a_purging_gc_takes_the_runs_too(store: Store) -> None:
    versions(store, 3)
    plan = store.plan_gc(rules=[Retention(keep_last=1)], purge=True)
    assert not plan.blockers
    store.apply(plan)
    assert [a.name for a in store.artifacts()] == ["raw-2", "churn-2"]
    assert store.counts().executions == 1


@pytest.mark.parametrize(
    "change",
    [
        # The newer version, for which the older one expired, goes.
        lambda s: s.delete("Model:churn-2"),
        lambda s: (
            s.put_policy(Policy(name="more", retention=(Retention(keep_labelled=("hold",)),))),
            s.mark("Model:churn-0", label="hold"),
        ),
        lambda s: s.put_policy(
            Policy(name="more", retention=(Retention(type="MODEL", keep_days=9),))
        ),
        lambda s: s.record(Execution(type="Deploy"), inputs=["Model:churn-0"]),
        # It is needed by what runs, and by something live that came of it.
        lambda s: s.record(Execution(type="Train", state="RUNNING"), inputs=["Model:churn-0"]),
        lambda s: s.record(
            Execution(type="Train"),
            inputs=["Model:churn-0"],
            outputs=[Artifact(type="Dataset", name="scores")],
        ),
        lambda s: s.put(Artifact(type="Model", name="churn-9")),
    ],
)
def test_a_collection_is_stale_when_what_it_was_kept_for_changes(store: Store, change: Any) -> None:
    versions(store, 3)
    plan = store.plan_gc(rules=[Retention(type="MODEL", keep_last=1)])
    assert {n.name for n in plan.nodes} == {"churn-0", "churn-1"}
    change(store)
    with pytest.raises(PlanStale):
        store.apply(plan)


AGAIN: dict[str, Any] = {
    "as an output": lambda s: s.record(Execution(type="Train"), outputs=["Model:churn-0"]),
    "by itself": lambda s: s.put(Artifact(type="Model", name="churn-0"), reuse=True),
    "as an input, with a state": lambda s: s.record(
        Execution(type="Evaluate"), inputs=[Artifact(type="Model", name="churn-0", state="LIVE")]
    ),
}


@pytest.mark.parametrize("again", AGAIN.values(), ids=AGAIN)
def test_what_is_recorded_again_is_kept_as_long_as_what_is_new(
    store: Store, clock: list[int], again: Any
) -> None:
    versions(store, 1)
    first = store.artifact("Model:churn-0").created_ms
    store.delete("Model:churn-0")
    clock[0] += 100 * DAY
    again(store)
    rules = [Retention(type="Model", keep_days=30)]
    assert not store.plan_gc(rules=rules).nodes
    clock[0] += 29 * DAY
    assert not store.plan_gc(rules=rules).nodes
    clock[0] += 2 * DAY
    assert [n.name for n in store.plan_gc(rules=rules).nodes] == ["churn-0"]
    # Since when the store knows of it is another thing.
    assert store.artifact("Model:churn-0").created_ms == first


def test_the_last_version_is_the_one_that_was_produced_last(store: Store, clock: list[int]) -> None:
    versions(store, 3)
    rules = [Retention(type="Model", keep_last=1)]
    store.delete("Model:churn-0")
    clock[0] += DAY
    store.record(Execution(type="Train"), outputs=["Model:churn-0"])
    assert [n.name for n in store.plan_gc(rules=rules).nodes] == ["churn-1", "churn-2"]
    # Written over, without ever having been deleted.
    clock[0] += DAY
    store.record(Execution(type="Train"), outputs=["Model:churn-1"])
    assert [n.name for n in store.plan_gc(rules=rules).nodes] == ["churn-0", "churn-2"]
    # To read it, or to say something about it, makes it no newer.
    clock[0] += DAY
    store.record(
        Execution(type="Evaluate"),
        inputs=[Artifact(type="Model", name="churn-2", custom_properties={"auc": 0.9})],
    )
    assert [n.name for n in store.plan_gc(rules=rules).nodes] == ["churn-0", "churn-2"]


def test_a_log_that_is_replayed_makes_nothing_newer(store: Store, clock: list[int]) -> None:
    versions(store, 1)
    run = Execution(type="Train", name="nightly", external_id="monday's")
    store.record(run, outputs={"model": "Model:churn-0"})
    clock[0] += 100 * DAY
    store.record(run, outputs={"model": "Model:churn-0"})
    plan = store.plan_gc(rules=[Retention(type="Model", keep_days=30)])
    assert [n.name for n in plan.nodes] == ["churn-0"]


def test_what_is_produced_again_after_a_plan_makes_it_stale(store: Store, clock: list[int]) -> None:
    versions(store, 3)
    plan = store.plan_gc(rules=[Retention(type="Model", keep_last=1)])
    assert {n.name for n in plan.nodes} == {"churn-0", "churn-1"}
    clock[0] += DAY
    store.record(Execution(type="Train"), outputs=["Model:churn-0"])
    with pytest.raises(PlanStale):
        store.apply(plan)


def test_backends_say_when_something_was_written_last(store: Store) -> None:
    ids = [store.put(Artifact(type="Model")).id or 0 for _ in range(3)]
    run = store.put(Execution(type="Train")).id or 0
    store.mirror(
        events=[
            Event(artifact_id=ids[at], execution_id=run, type=type, path=(n,), recorded_ms=n)
            for n, (at, type) in enumerate(
                [
                    (0, "OUTPUT"),
                    (1, "INPUT"),
                    (0, "DECLARED_OUTPUT"),
                    (2, "OUTPUT"),
                    (0, "INPUT"),
                    (0, "PENDING_OUTPUT"),
                ]
            )
        ]
    )
    with store.backend.read() as reader:
        assert sorted(reader.last_written([*ids, 99, ids[0]])) == [(ids[0], 2), (ids[2], 3)]
        assert reader.last_written([]) == []


def test_an_age_is_that_of_when_it_was_planned(store: Store, clock: list[int]) -> None:
    versions(store, 1)
    clock[0] += 10 * DAY
    rules = [Retention(type="MODEL", keep_days=5)]
    plan = store.plan_gc(rules=rules)
    assert [n.name for n in plan.nodes] == ["churn-0"]
    clock[0] += DAY
    store.apply(plan)


def test_a_receipt_of_forgetting_holds_nothing_of_what_was_forgotten(store: Store) -> None:
    secret = "4711-secret"
    store.record(
        Execution(type="Train", custom_properties={"told": secret}),
        inputs=[Artifact(type="Dataset", name="subject", custom_properties={"ssn": secret})],
        outputs=[Artifact(type="Model", name="m", custom_properties={"sample": secret})],
    )
    store.delete("Model:m", who="me")
    store.apply(store.plan_forget("Dataset:subject", reason="asked to"))
    with store.backend.read() as reader:
        everything = [
            *(n.model_dump_json() for kind in Kind for n in reader.nodes(kind, range(9))),
            *(text for _, text in reader.metadata_under("")),
        ]
    assert len(everything) >= 5
    assert not any(secret in text for text in everything)


def test_anonymised_data_is_not_forgotten_and_deployments_say_where(store: Store) -> None:
    store.put_policy(Policy(name="privacy", stops={"pii": ("Anonymize",)}))
    store.record(
        Execution(type="Train", custom_properties={"told": "x"}),
        inputs=[Artifact(type="Dataset", name="subject")],
        outputs=[Artifact(type="Model", name="m")],
    )
    from lineage import Type

    store.put_type(Type(kind=X, name="Anonymize"))
    store.record(
        Execution(type="Anonymize"),
        inputs=["Dataset:subject"],
        outputs=[Artifact(type="Dataset", name="clean")],
    )
    store.record(
        Execution(type="Deploy", name="d", custom_properties={"endpoint": "prod"}),
        inputs=["Model:m"],
    )
    plan = store.plan_forget("Dataset:subject", label="pii")
    assert {n.label for n in plan.nodes} == {"Dataset:subject", "Model:m", "execution:1"}
    store.apply(plan)
    assert store.artifact("Dataset:clean").state == "UNKNOWN"
    assert [d.where for d in store.deployments()] == ["prod"]


def test_a_barrier_put_after_the_plan_makes_it_stale(store: Store) -> None:
    versions(store, 1)
    store.put_policy(KNOWN_LABELS)
    plan = store.plan_forget("Dataset:raw-0", label="pii")
    store.mark("Model:churn-0", label="pii", clean=True)
    with pytest.raises(PlanStale):
        store.apply(plan)


def test_a_rule_that_keeps_nothing_is_refused(store: Store) -> None:
    for rule in (Retention(), Retention(type="Model"), Retention(keep_last=0)):
        with pytest.raises(InvalidValue, match="retention"):
            store.plan_gc(rules=[rule])
    # A policy may speak of a type that nothing was recorded of yet.
    store.put_policy(Policy(retention=(Retention(type="Nope", keep_last=1),)))
    assert not store.plan_gc().nodes
