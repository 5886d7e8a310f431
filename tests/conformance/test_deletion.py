"""Impact, plans and their application: against a plain reference, on every backend."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineage import (
    Artifact,
    ArtifactState,
    Context,
    Event,
    EventType,
    Execution,
    ExecutionState,
    Kind,
    Store,
    Type,
)
from lineage.errors import InvalidValue, NotFound, PlanApplied, PlanRefused, PlanStale
from lineage.model import Flow, Plan
from lineage.ports.traversal import Direction
from tests.conformance.readable import listing
from tests.conformance.reference import Graph, Key

EXAMPLES = 150 if os.environ.get("LINEAGE_LONG") else 15

A, X, C = Kind.ARTIFACT, Kind.EXECUTION, Kind.CONTEXT
NOT_LIVE = ("DELETED", "ABANDONED", "MARKED_FOR_DELETION")

# Up to 8 artifacts and 6 executions, with states; many are live, few are gone.
artifact_states = st.lists(
    st.sampled_from(["UNKNOWN", "LIVE", "LIVE", "PENDING", "DELETED", "ABANDONED", "REFERENCE"]),
    min_size=8,
    max_size=8,
)
execution_states = st.lists(
    st.sampled_from(["COMPLETE", "COMPLETE", "UNKNOWN", "RUNNING", "FAILED", "CACHED"]),
    min_size=6,
    max_size=6,
)
deploying = st.lists(st.sampled_from([None, None, "p1", "p2"]), min_size=6, max_size=6)
events = st.lists(
    st.tuples(
        st.integers(0, 7),
        st.integers(0, 5),
        st.sampled_from([*[EventType.INPUT, EventType.OUTPUT] * 3, *EventType]),
    ),
    max_size=30,
)
relaxed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass
class Known:
    """A generated graph as plain dictionaries."""

    artifacts: dict[int, str]
    executions: dict[int, str]
    graph: Graph = field(default_factory=Graph)
    inputs: dict[int, set[int]] = field(default_factory=dict)
    outputs: dict[int, set[int]] = field(default_factory=dict)
    pending: dict[int, set[int]] = field(default_factory=dict)

    def written_by_open_runs(self) -> set[Key]:
        return {
            (A, a)
            for x in self.executions
            if self.live((X, x))
            for a in self.outputs.get(x, set()) | self.pending.get(x, set())
        }

    def live(self, key: Key) -> bool:
        if key[0] is A:
            return self.artifacts[key[1]] not in NOT_LIVE
        return self.executions[key[1]] in ("NEW", "RUNNING")

    def rebuildable(self, without: set[int]) -> set[int]:
        at_hand = {a for a in self.artifacts if self.live((A, a))} - without
        found: set[int] = set()
        while True:
            fresh = {
                a
                for x, read in self.inputs.items()
                if self.executions[x] not in ("FAILED", "CANCELED", "NEW", "RUNNING")
                and read <= at_hand | found
                for a in self.outputs.get(x, ())
            } - found
            if not fresh:
                return found
            found |= fresh


def put(
    store: Store,
    made: Any,
    artifact_states: Any,
    execution_states: Any,
    where: Any,
    recorded: Callable[[int], int] | None = None,
) -> Known:
    """The graph in the store; `recorded` says of the event at a place when it was recorded."""
    artifacts = store.put_all([Artifact(type="Model", state=s) for s in artifact_states])
    executions = store.put_all(
        [
            Execution(type="Train", state=s)
            if place is None
            else Execution(type="Deploy", state=s, custom_properties={"endpoint": place})
            for s, place in zip(execution_states, where, strict=True)
        ]
    )
    known = Known(
        {a.id or 0: str(a.state) for a in artifacts}, {x.id or 0: str(x.state) for x in executions}
    )
    put_events = []
    for at, (a, x, type) in enumerate(made):
        artifact, execution = artifacts[a].id or 0, executions[x].id or 0
        put_events.append(
            Event(
                artifact_id=artifact,
                execution_id=execution,
                type=type,
                path=(at,),
                recorded_ms=recorded(at) if recorded else None,
            )
        )
        known.graph.add(artifact, execution, type)
        if type.flow is not None:
            ends = known.inputs if type.flow is Flow.INPUT else known.outputs
            ends.setdefault(execution, set()).add(artifact)
        elif type == "PENDING_OUTPUT":
            known.pending.setdefault(execution, set()).add(artifact)
    if recorded is None:
        store.put_events(put_events)
    else:
        store.mirror(events=put_events)
    return known


def keys_of(nodes: Any) -> set[Key]:
    return {(n.kind, n.id) for n in nodes}


@given(events, artifact_states, execution_states, deploying, st.sets(st.integers(0, 7), min_size=1))
@relaxed
def test_impact_is_what_the_definition_says(
    store: Store, made: Any, states: Any, runs: Any, where: Any, chosen: set[int]
) -> None:
    known = put(store, made, states, runs, where)
    targets = [list(known.artifacts)[at] for at in sorted(chosen)]
    keys = {(A, a) for a in targets}
    reached = set(known.graph.depths(keys))
    found = store.impact(*targets)
    assert {(n.kind, n.id) for n in found.targets} == keys
    after = {t for key in keys for t in known.graph.onward.get(key, ())}
    assert keys_of(found.direct) == after - keys
    beyond = reached - keys
    counted: dict[Any, int] = {}
    for kind, id in beyond:
        type = (store.artifact(id) if kind is A else store.execution(id)).type
        counted[kind, type] = counted.get((kind, type), 0) + 1
    assert dict(found.downstream) == counted
    deployed = {a.id: d.where for d in store.deployments() for a in (*d.models, *d.outputs)}
    at_stake = {
        (id, known.live((A, id)), id in deployed)
        for kind, id in reached
        if kind is A and (known.live((A, id)) or id in deployed)
    }
    assert {(m.model.id, m.live, bool(m.deployments)) for m in found.models} == at_stake
    cached = {
        x
        for x, outputs in known.outputs.items()
        if outputs & set(targets)
        and known.executions[x] in ("COMPLETE", "CACHED")
        and all(known.live((A, a)) for a in outputs)
    }
    assert {x.id for x in found.cached} == cached
    before, afterwards = known.rebuildable(set()), known.rebuildable(set(targets))
    lost = {
        id
        for kind, id in reached
        if kind is A
        and known.live((A, id))
        and id not in afterwards
        and (id in targets or id in before)
    }
    assert {a.id for a in found.lost} == lost


@given(
    events,
    artifact_states,
    execution_states,
    deploying,
    st.sets(st.integers(0, 7), min_size=1, max_size=3),
    st.sampled_from(["restrict", "tombstone", "cascade"]),
    st.booleans(),
)
@relaxed
def test_each_policy_does_what_the_definition_says(
    store: Store,
    made: Any,
    states: Any,
    runs: Any,
    where: Any,
    chosen: set[int],
    policy: str,
    purge: bool,
) -> None:
    known = put(store, made, states, runs, where)
    targets = [list(known.artifacts)[at] for at in sorted(chosen)]
    keys = {(A, a) for a in targets}
    reached = set(known.graph.depths(keys))
    deployed = {(A, a.id) for d in store.deployments() for a in (*d.models, *d.outputs)}
    going = set(keys)
    if policy == "cascade":
        going |= {key for key in reached if key[0] is A or purge}
    if not purge:
        going = {k for k in going if k[0] is not A or known.artifacts[k[1]] != "DELETED"}
    in_the_way = going & known.written_by_open_runs()
    if policy == "restrict":
        in_the_way |= {k for k in reached - going if known.live(k)} | (reached & deployed)
    if purge:
        in_the_way |= {t for k in going for t in known.graph.onward.get(k, ())} - going
        deploy = {(X, x) for x, place in zip(known.executions, where, strict=True) if place}
        in_the_way |= {
            (X, x) for x, made in known.outputs.items() if going & {(A, a) for a in made}
        } & (deploy - going)

    plan = store.plan_deletion(*targets, policy=policy, purge=purge)
    assert keys_of(plan.nodes) == going
    assert keys_of(plan.blockers) == in_the_way
    if in_the_way:
        before = listing(store)
        with pytest.raises(PlanRefused):
            store.apply(plan)
        assert listing(store) == before
        return
    if not going:
        with pytest.raises(InvalidValue, match="deletes nothing"):
            store.apply(plan)
        return
    closures = [store.closure(*known.artifacts, direction=d) for d in Direction]
    tainted = store.closure(*targets)
    receipt = store.apply(plan)
    assert receipt.done
    assert store.receipt(plan.id) == receipt
    with store.backend.read() as reader:
        left = {
            (k, n.id): n
            for k in (A, X)
            for n in reader.nodes(k, list(known.artifacts if k is A else known.executions))
        }
    everything = {(A, a) for a in known.artifacts} | {(X, x) for x in known.executions}
    assert set(left) == (everything - going if purge else everything)
    for key, node in left.items():
        if key in going and key[0] is A:
            assert isinstance(node, Artifact)
            assert (node.state, node.uri, dict(node.custom_properties)) == ("DELETED", None, {})
        elif key[0] is A:
            assert isinstance(node, Artifact)
            assert str(node.state) == known.artifacts[key[1]]
    if not purge:
        # What was deleted still conducts.
        assert closures == [store.closure(*known.artifacts, direction=d) for d in Direction]
        assert tainted == store.closure(*targets)
    with pytest.raises(PlanApplied):
        store.apply(plan)


def pipeline(store: Store) -> None:
    store.record(
        Execution(type="Split", name="split", state=ExecutionState.COMPLETE),
        inputs={
            "raw": Artifact(
                type="Dataset",
                name="raw",
                uri="mem/raw",
                custom_properties={"owner": "ann", "bytes": 7},
            )
        },
        outputs={"train": Artifact(type="Dataset", name="train")},
        contexts=[Context(type="PipelineRun", name="monday")],
    )
    store.record(
        Execution(type="Train", name="fit", state=ExecutionState.COMPLETE),
        inputs={"train": "Dataset:train"},
        outputs={"model": Artifact(type="Model", name="m")},
    )
    store.record(
        Execution(type="Deploy", custom_properties={"endpoint": "prod"}),
        inputs={"model": "Model:m"},
    )


def test_a_plan_survives_its_file(store: Store) -> None:
    pipeline(store)
    plan = store.plan_deletion("Dataset:raw", policy="tombstone", who="bob", reason="mislabelled")
    again = Plan.parse(json.loads(json.dumps(plan.model_dump(mode="json"))))
    assert again == plan
    receipt = store.apply(again)
    assert (receipt.who, receipt.plan.reason) == ("bob", "mislabelled")
    assert [r.id for r in store.receipts()] == [plan.id]
    assert store.receipt(plan.id[:6]).id == plan.id
    with pytest.raises(NotFound):
        store.receipt("zz")


def test_a_plan_names_nodes_and_holds_nothing_else_of_them(store: Store) -> None:
    """So that it can be kept, however much there is, and whatever is to be forgotten."""
    pipeline(store)
    for ref in ("Dataset:train", "Model:m"):
        node = store.artifact(ref)
        told = node.model_copy(update={"custom_properties": {"told": "secret"}, "uri": "secret"})
        store.update(told)
    plan = store.plan_deletion("Dataset:train", policy="tombstone")
    assert "secret" not in plan.model_dump_json()
    impact = store.impact("Dataset:train").to_dict()
    assert "secret" in json.dumps(impact)
    naming = ("kind", "id", "type", "name")
    for part in ("direct", "lost", "cached"):
        assert plan.impact[part] == [{k: node[k] for k in naming} for node in impact[part]]
    [model] = plan.impact["models"]
    assert (model["name"], model["live"], model["deployed"]) == ("m", True, ["prod"])
    assert {"downstream", "contexts", "owners", "bytes", "unsized"} <= plan.impact.keys()


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.record(Execution(type="Train"), inputs=["Dataset:train"]),
        lambda s: s.record(Execution(type="Train"), outputs=["Dataset:raw"]),
        lambda s: s.record(Execution(type="Deploy"), inputs=["Model:m"]),
        lambda s: s.put_in_context("PipelineRun:monday", artifacts=["Model:m"]),
        lambda s: s.update(s.artifact("Model:m").model_copy(update={"state": "ABANDONED"})),
        lambda s: s.update(s.execution("Train:fit").model_copy(update={"state": "FAILED"})),
        lambda s: s.record(
            Execution(type="Deploy", custom_properties={"endpoint": "prod"}),
            inputs=[Artifact(type="Model", name="next")],
        ),
        lambda s: s.delete("Dataset:train", policy="tombstone"),
    ],
)
def test_whatever_changes_makes_a_plan_stale(store: Store, change: Any) -> None:
    pipeline(store)
    plan = store.plan_deletion("Dataset:raw", policy="cascade")
    change(store)
    before = listing(store)
    with pytest.raises(PlanStale):
        store.apply(plan)
    assert listing(store) == before


def test_what_has_nothing_to_do_with_a_plan_leaves_it_fresh(store: Store) -> None:
    pipeline(store)
    plan = store.plan_deletion("Dataset:raw", policy="cascade")
    store.record(
        Execution(type="Deploy", custom_properties={"endpoint": "test"}),
        inputs=[Artifact(type="Model", name="other")],
        contexts=["PipelineRun:monday"],
    )
    store.apply(plan)


def test_an_edited_plan_is_refused(store: Store) -> None:
    pipeline(store)
    plan = store.plan_deletion("Dataset:raw", policy="tombstone")
    before = listing(store)
    for change in (
        {"policy": "cascade"},
        {"targets": ((Kind.ARTIFACT, 2),)},
        {"targets": ((Kind.ARTIFACT, 99),)},
        {"purge": True},
        {"read": {}},
        {"nodes": [{"kind": "artifact", "id": 2, "type": "Dataset", "why": "asked for"}]},
    ):
        with pytest.raises(PlanStale):
            store.apply(Plan.parse({**plan.model_dump(mode="json"), **change}))
    assert listing(store) == before


def test_what_is_in_the_way_cannot_be_edited_out_of_a_plan(store: Store) -> None:
    pipeline(store)
    plan = store.plan_deletion("Model:m")
    assert plan.refused
    before = listing(store)
    edited = Plan.parse({**plan.model_dump(mode="json"), "blockers": ()})
    with pytest.raises(PlanStale):
        store.apply(edited)
    assert listing(store) == before


def test_receipts_are_copied(store: Store) -> None:
    from lineage.connection import connect
    from lineage.formats.store_copy import copy_store

    pipeline(store)
    store.mark("Dataset:raw", label="tainted")
    store.delete("Dataset:raw", policy="cascade", reason="mislabelled")
    with connect("memory://") as other:
        copy_store(store, other)
        assert other.receipts() == store.receipts()
        assert other.artifact("Dataset:raw").state is ArtifactState.DELETED


def test_contexts(store: Store) -> None:
    pipeline(store)
    store.put(Context(type="Pipeline", name="p", custom_properties={"owner": "ann"}))
    store.put_parent("PipelineRun:monday", "Pipeline:p")
    [blocker] = store.plan_deletion("Pipeline:p", purge=True).blockers
    assert blocker.why.startswith("holds context:")
    store.delete("Pipeline:p")
    assert store.context("Pipeline:p").custom_properties == {}
    assert store.parents_of("PipelineRun:monday")[0].name == "p"
    empty = store.put(Context(type="Pipeline", name="empty"))
    store.delete("Pipeline:empty", purge=True)
    with pytest.raises(NotFound):
        store.context(empty.id or 0)


def test_an_execution_keeps_its_state_and_loses_what_it_was_told(store: Store) -> None:
    pipeline(store)
    store.delete("Train:fit", policy="tombstone")
    fit = store.execution("Train:fit")
    assert fit.state is ExecutionState.COMPLETE
    assert store.plan_deletion("Train:fit").blockers


def test_what_deploys_something_is_not_deleted_without_a_word(store: Store) -> None:
    pipeline(store)
    run = store.record(
        Execution(type="Deploy", name="d", custom_properties={"endpoint": "prod"}),
        inputs=["Model:m"],
    ).execution
    [blocker] = store.plan_deletion("Deploy:d").blockers
    assert (blocker.id, blocker.why) == (run, "is what deploys something now")
    # The one before it is in effect no more.
    assert not store.plan_deletion(f"execution:{run - 1}").blockers


def test_what_a_push_said_is_said_by_the_deployment_itself(store: Store) -> None:
    store.record(
        Execution(type="Pusher", name="p"),
        inputs=[Artifact(type="Model", name="m")],
        outputs=[Artifact(type="PushedModel", name="pushed", uri="s3://serving/m")],
    )
    before = [(d.where, d.until_ms) for d in store.deployments()]
    assert before == [("s3://serving/m", None)]
    store.delete("PushedModel:pushed", policy="tombstone")
    assert store.execution("Pusher:p").custom_properties == {"endpoint": "s3://serving/m"}
    assert [(d.where, d.until_ms) for d in store.deployments()] == before
    # It can't be taken out of the graph as long as the deployment is in it.
    plan = store.plan_deletion("PushedModel:pushed", policy="tombstone", purge=True)
    assert [b.label for b in plan.blockers] == ["Pusher:p"]


@given(
    events,
    artifact_states,
    execution_states,
    deploying,
    st.sets(st.tuples(st.sampled_from([A, X, X]), st.integers(0, 5)), min_size=1, max_size=3),
    st.sampled_from(["restrict", "tombstone", "cascade"]),
    st.booleans(),
)
@relaxed
def test_no_deletion_changes_what_is_deployed_where(
    store: Store,
    made: Any,
    states: Any,
    runs: Any,
    where: Any,
    chosen: set[Key],
    policy: str,
    purge: bool,
) -> None:
    known = put(store, made, states, runs, where)
    targets = [
        f"{kind}:{list(known.artifacts if kind is A else known.executions)[at]}"
        for kind, at in sorted(chosen)
    ]

    def deployed(**asked: Any) -> list[tuple[Any, ...]]:
        return [
            (d.execution.id, d.where, [m.id for m in d.models], d.took_effect, d.until_ms)
            for d in store.deployments(**asked)
        ]

    ever, now = deployed(history=True), deployed()
    plan = store.plan_deletion(*targets, policy=policy, purge=purge)
    if plan.refused or not plan.nodes:
        return
    store.apply(plan)
    if not purge:
        assert deployed(history=True) == ever
    left = [row for row in now if (X, row[0]) not in keys_of(plan.nodes)]
    assert [row[:2] for row in deployed()] == [row[:2] for row in left]


def test_a_deployment_that_is_deleted_says_where_it_went_and_what_it_ended(store: Store) -> None:
    odd = '{"a": 1}'  # a text, though it reads as a struct
    for at, place in enumerate(["prod", "prod", odd], start=1):
        store.record(
            Execution(type="Deploy", name=f"d{at}", custom_properties={"target": {"on": place}}),
            inputs=[Artifact(type="Model", name=f"m{at}")],
            time_ms=at,
        )
    away = Execution(type="Deploy", name="away", custom_properties={"endpoint": {"on": odd}})
    store.record(away, outputs=[Artifact(type="File", name="log")], time_ms=4)
    skipped = Execution(type="Deploy", name="skipped", custom_properties={"pushed": 0})
    flag = Artifact(type="File", name="flag", custom_properties={"endpoint": "prod"})
    store.record(skipped, inputs=["Model:m1"], outputs=[flag], time_ms=5)
    before = [(d.execution.name, d.where, d.until_ms) for d in store.deployments(history=True)]
    assert [d.execution.name for d in store.deployments()] == ["d2"]
    steps = ("Deploy:d1", "Deploy:d2", "Deploy:d3", "Deploy:away", "Deploy:skipped")
    store.delete(*steps, policy="tombstone", reason="once")
    store.apply(store.plan_forget(*steps))
    found = [(d.execution.name, d.where, d.until_ms) for d in store.deployments(history=True)]
    assert found == before
    assert store.execution("Deploy:d2").custom_properties == {"endpoint": "prod"}
    assert [d.execution.name for d in store.deployments()] == ["d2"]


def test_a_step_that_is_deleted_says_which_ports_came_of_which(store: Store) -> None:
    store.put_type(Type(kind=X, name="Halve", properties={"came_of": "struct", "note": "string"}))
    came_of = {"b": ["two"], "c": [], "told": "of nobody"}
    step = Execution(type="Halve", name="h", properties={"came_of": came_of, "note": "of ann"})
    store.record(
        step,
        inputs={port: Artifact(type="Dataset", name=port) for port in ("one", "two")},
        outputs={port: Artifact(type="Dataset", name=port) for port in "abc"},
    )
    store.mark("Dataset:one", label="pii")
    assert [row.node.name for row in store.taint(label="pii", kind=A)] == ["one", "a"]
    store.delete("Halve:h", policy="tombstone")
    assert [row.node.name for row in store.taint(label="pii", kind=A)] == ["one", "a"]
    assert store.execution("Halve:h").properties == {"came_of": {"b": ["two"], "c": []}}
    # What is forgotten, too: of its ports it says nothing of anybody.
    store.apply(store.plan_forget("Dataset:one"))
    assert [row.node.name for row in store.taint(label="pii", kind=A)] == ["one", "a"]


def test_what_came_last_at_a_place_is_not_purged_from_under_what_was_there_before(
    store: Store,
) -> None:
    for at in (1, 2):
        step = Execution(type="Deploy", name=f"d{at}", custom_properties={"endpoint": "prod"})
        store.record(step, inputs=[Artifact(type="Model", name=f"m{at}")], time_ms=at)
    plan = store.plan_deletion("Deploy:d2", policy="cascade", purge=True)
    [blocker] = plan.blockers
    assert (blocker.label, blocker.why) == (
        "Deploy:d2",
        "is why Deploy:d1 is not deployed to prod any more",
    )
    away = Execution(type="Deploy", name="away", custom_properties={"endpoint": "prod"})
    store.put(away.model_copy(update={"state": "COMPLETE"}))
    assert store.deployments() == []
    # Nothing comes back by the going of what is deployed no more.
    assert not store.plan_deletion("Deploy:d2", purge=True).blockers
    plan = store.plan_deletion("Deploy:d2", "Deploy:away", purge=True)
    assert [b.label for b in plan.blockers] == ["Deploy:away"]
    store.delete("Deploy:d1", "Deploy:d2", "Deploy:away", purge=True)
    assert store.deployments(history=True) == []


def test_marks_stay_with_the_deleted_and_go_with_the_purged(store: Store) -> None:
    pipeline(store)
    store.put(Artifact(type="Dataset", name="alone"))
    store.mark("Dataset:raw", "Dataset:alone", label="tainted")
    store.delete("Dataset:raw", policy="tombstone")
    assert len(store.marks(label="tainted")) == 2
    store.delete("Dataset:alone", purge=True)
    assert [m.node for m in store.marks(label="tainted")] == ["artifact:1"]


def test_a_purged_name_and_id_are_free_but_the_id_is_not_used_again(store: Store) -> None:
    old = store.put(Artifact(type="Dataset", name="alone", external_id="e", uri="u"))
    store.delete("Dataset:alone", purge=True)
    assert store.counts().artifacts == 0
    new = store.put(Artifact(type="Dataset", name="alone", external_id="e", uri="u"))
    assert new.id != old.id


def test_wrong_use_is_named(store: Store) -> None:
    pipeline(store)
    with pytest.raises(InvalidValue, match="'drop'"):
        store.plan_deletion("Dataset:raw", policy="drop")
    with pytest.raises(InvalidValue, match="at least one"):
        store.plan_deletion()
    with pytest.raises(NotFound):
        store.plan_deletion("Dataset:nope")
    with pytest.raises(InvalidValue, match="context"):
        store.impact("PipelineRun:monday")


def test_owners_contexts_and_bytes(store: Store) -> None:
    pipeline(store)
    found = store.impact("Dataset:raw")
    assert dict(found.owners) == {"ann": 1}
    assert [(c.name, n) for c, n in found.contexts] == [("monday", 2)]
    assert (found.bytes, found.unsized) == (7, 0)
    assert store.impact("Dataset:raw", sizes={"mem/raw": 12}).bytes == 12
    assert [m.places for m in found.models] == [["prod"]]


def test_backends_find_what_is_stored_at_a_place(store: Store) -> None:
    uris = ["s3://b/x", "s3://b/x/", "s3://b/x/y", "s3://b/xy", "s3://b", "s3://b/x0", "S3://b/x/y"]
    ids = [store.put(Artifact(type="Dataset", uri=uri)).id for uri in uris]
    with store.backend.read() as reader:
        assert reader.stored_at(["s3://b/x"]) == list(zip(ids[:3], uris[:3], strict=True))
        assert reader.stored_at([]) == []
        both = ["s3://b/x", "s3://b/x/", "s3://nope", "s3://b/x"]
        assert reader.stored_at(both, below=False) == list(zip(ids[:2], uris[:2], strict=True))
        assert len(reader.stored_at(["s3://b/x", "s3://b"])) == 6


def test_backends_list_metadata_by_prefix(store: Store) -> None:
    def work(tx: Any) -> None:
        for key in ("a/2", "a/1", "a", "b/1", "a0"):
            tx.set_metadata(key, key.upper())

    store.backend.write(work)
    with store.backend.read() as reader:
        assert reader.metadata_under("a/") == [("a/1", "A/1"), ("a/2", "A/2")]
        assert reader.metadata_under("zz") == []


def test_a_failed_write_brings_purged_nodes_back(store: Store) -> None:
    pipeline(store)
    store.mark("Dataset:raw", label="tainted")
    before = listing(store)

    def work(tx: Any) -> None:
        tx.tombstone(A, [2], 5)
        tx.purge(A, [1, 3])
        tx.purge(X, [1])
        tx.purge(C, [1])
        raise KeyError("enough")

    with pytest.raises(KeyError):
        store.backend.write(work)
    assert listing(store) == before
    assert ArtifactState.DELETED not in {a.state for a in store.artifacts()}
