"""A context is deleted with what is in it and was made in it."""

from __future__ import annotations

import pytest

from lineage import Artifact, Context, Execution, Store
from lineage.errors import InvalidValue, PlanStale

RUN = Context(type="PipelineRun", name="monday")


def fill(store: Store) -> None:
    store.put(RUN)
    store.put_parent(Context(type="Experiment", name="inner"), "PipelineRun:monday")
    store.record(
        Execution(type="Split", name="split", state="COMPLETE"),
        inputs=[Artifact(type="Dataset", name="raw")],
        outputs=[Artifact(type="Dataset", name="train")],
        contexts=[RUN],
    )
    store.record(
        Execution(type="Train", name="fit", state="COMPLETE"),
        inputs=["Dataset:train"],
        outputs=[Artifact(type="Model", name="m")],
        contexts=["Experiment:inner"],
    )


def test_a_run_goes_with_what_only_it_made(store: Store) -> None:
    fill(store)
    assert [n.label for n in store.plan_deletion("PipelineRun:monday").nodes] == [
        "PipelineRun:monday"
    ]
    plan = store.plan_deletion("PipelineRun:monday", with_members=True)
    assert {n.label for n in plan.nodes} == {
        "PipelineRun:monday",
        "Experiment:inner",
        "Split:split",
        "Train:fit",
        "Dataset:train",
        "Model:m",
    }
    assert plan.blockers == ()
    assert store.apply(plan).done
    assert store.artifact("Dataset:raw").state != "DELETED"
    assert store.artifact("Model:m").state == "DELETED"


def test_what_another_run_made_too_is_not_its_own(store: Store) -> None:
    fill(store)
    store.record(Execution(type="Split", name="other", state="COMPLETE"), outputs=["Dataset:train"])
    plan = store.plan_deletion("PipelineRun:monday", with_members=True)
    assert [n.label for n in plan.blockers] == ["Dataset:train"]
    store.delete("PipelineRun:monday", with_members=True, policy="tombstone")
    assert store.artifact("Dataset:train").state != "DELETED"
    assert store.artifact("Model:m").state == "DELETED"


def test_what_depends_on_it_stands_in_the_way(store: Store) -> None:
    fill(store)
    store.record(
        Execution(type="Evaluate", name="test", state="COMPLETE"),
        inputs=["Model:m"],
        outputs=[Artifact(type="Metrics", name="auc")],
    )
    plan = store.plan_deletion("PipelineRun:monday", with_members=True)
    assert [n.label for n in plan.blockers] == ["Metrics:auc"]


def test_a_member_that_comes_later_makes_the_plan_stale(store: Store) -> None:
    fill(store)
    plan = store.plan_deletion("PipelineRun:monday", with_members=True)
    store.record(Execution(type="Train", name="late", state="COMPLETE"), contexts=[RUN])
    with pytest.raises(PlanStale):
        store.apply(plan)


def test_only_a_context_has_members(store: Store) -> None:
    fill(store)
    with pytest.raises(InvalidValue, match="about contexts"):
        store.plan_deletion("Model:m", with_members=True)
