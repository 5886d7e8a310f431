"""A question that names what nobody ever recorded is refused, and not answered by nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lineage import Artifact, Context, Execution, Policy, Retention, Store
from lineage.errors import NotFound, UnknownType

Ask = Callable[[Store], Any]


def fill(store: Store) -> None:
    store.record(
        Execution(type="Train", name="fit", state="COMPLETE"),
        inputs={"examples": Artifact(type="Dataset", name="raw")},
        outputs={"model": Artifact(type="Model", name="churn", custom_properties={"lr": 0.1})},
        contexts=[Context(type="PipelineRun", name="monday")],
    )
    store.record(
        Execution(type="Evaluate", name="test", state="COMPLETE"),
        inputs={"model": "Model:churn"},
        outputs=[Artifact(type="Metrics", name="m", custom_properties={"accuracy": 0.9})],
    )
    store.record(
        Execution(type="Deploy", name="push", custom_properties={"endpoint": "eu"}),
        inputs={"model": "Model:churn"},
    )
    store.mark("Dataset:raw", label="tainted")
    store.mark("Dataset:raw", label="lifted")
    store.lift("Dataset:raw", label="lifted")
    store.put_policy(
        Policy(
            name="privacy",
            stops={"stopped": ("Aggregate",)},
            forbids={"Pipeline:*": ("forbidden",)},
            retention=(Retention(type="Model", keep_labelled=("kept",)),),
        )
    )
    store.put_policy(Policy(name="old", stops={"dropped": ("Aggregate",)}))
    store.drop_policy("old")


ASKED_BY_LABEL: dict[str, Callable[[Store, str], Any]] = {
    "taint": lambda store, label: store.taint(label=label),
    "taint of several": lambda store, label: store.taint(label=["tainted", label]),
    "taint from a source": lambda store, label: store.taint(source="Dataset:raw", label=label),
    "taint_levels": lambda store, label: store.taint_levels(label=label),
    "check": lambda store, label: store.check("Model:churn", label=label),
    "check of a run": lambda store, label: store.check("PipelineRun:monday", label=label),
    "check of what is upstream of nothing": lambda s, label: s.check("Metrics:m", label=label),
    "cheapest_cut": lambda store, label: store.cheapest_cut("Model:churn", label=label),
    "plan_rebuild": lambda store, label: store.plan_rebuild(label=label),
    "taint_progress": lambda store, label: store.taint_progress(label=label),
    "plan_forget": lambda store, label: store.plan_forget("Dataset:raw", label=label),
    "marks": lambda store, label: store.marks(label=label),
    "plan_gc": lambda store, label: store.plan_gc(rules=[Retention(keep_labelled=(label,))]),
}


@pytest.mark.parametrize("ask", ASKED_BY_LABEL.values(), ids=ASKED_BY_LABEL)
def test_an_unknown_label_is_refused(store: Store, ask: Callable[[Store, str], Any]) -> None:
    fill(store)
    with pytest.raises(NotFound, match=r"'taintd'; did you mean 'tainted'\?") as refused:
        ask(store, "taintd")
    assert refused.value.exit_code == 3
    for known in ("tainted", "lifted", "stopped", "forbidden", "kept", "dropped"):
        ask(store, known)


def test_a_label_that_was_known_later_than_asked_is_known(store: Store) -> None:
    store.clock = lambda: 1_000
    store.record(Execution(type="Train"), outputs=[Artifact(type="Model", name="churn")])
    store.clock = lambda: 2_000
    store.mark("Model:churn", label="tainted")
    assert store.check("Model:churn", label="tainted", as_of=1_500).clean
    assert not store.check("Model:churn", label="tainted", as_of=2_500).clean


UNKNOWN_TYPES: dict[str, Ask] = {
    "find": lambda store: store.artifacts(type="Modle"),
    "filter": lambda store: store.artifacts(where="type = 'Modle'"),
    "upstream": lambda store: store.upstream("Model:churn", type="Modle"),
    "downstream": lambda store: store.downstream("Dataset:raw", type="Modle"),
    "taint": lambda store: store.taint(label="tainted", type="Modle"),
    "plan_rebuild": lambda store: store.plan_rebuild(label="tainted", type="Modle"),
    "blame": lambda store: store.blame(type="Modle"),
    "bisect": lambda store: store.bisect("Model:churn", type="Modle"),
    "plan_gc": lambda store: store.plan_gc(rules=[Retention(type="Modle", keep_last=1)]),
}


@pytest.mark.parametrize("ask", UNKNOWN_TYPES.values(), ids=UNKNOWN_TYPES)
def test_an_unknown_type_is_refused(store: Store, ask: Ask) -> None:
    fill(store)
    with pytest.raises(UnknownType, match=r"'Modle'; did you mean 'Model'\?") as refused:
        ask(store)
    assert isinstance(refused.value, NotFound)
    assert refused.value.exit_code == 3


def test_a_type_of_another_kind_is_refused(store: Store) -> None:
    fill(store)
    with pytest.raises(UnknownType, match="Train is a type of executions, not of artifacts"):
        store.artifacts(type="Train")
    with pytest.raises(UnknownType, match="PipelineRun is a type of contexts"):
        store.downstream("Dataset:raw", type="PipelineRun")


def test_a_well_known_type_of_which_there_is_nothing_is_known(store: Store) -> None:
    fill(store)
    assert store.artifacts(type="Schema") == []
    assert len(store.downstream("Dataset:raw", type="Schema")) == 0
    assert len(store.taint(label="tainted", type="STATISTICS")) == 0
    assert [a.name for a in store.artifacts(type="MODEL")] == ["churn"]


UNKNOWN_NAMES: dict[str, tuple[Ask, str]] = {
    "siblings by a metric": (
        lambda store: store.siblings("Model:churn", metric="acuracy"),
        "'acuracy'; did you mean 'accuracy'",
    ),
    "blame by a metric": (
        lambda store: store.blame(type="Model", metric="acuracy", below=0.5),
        "'acuracy'; did you mean 'accuracy'",
    ),
    "bisect by a metric": (
        lambda store: store.bisect("Metrics:m", metric="acuracy", below=0.5),
        "'acuracy'; did you mean 'accuracy'",
    ),
    "a custom property": (
        lambda store: store.artifacts(where="custom_properties.acuracy.double_value > 0.1"),
        "custom property 'acuracy'; did you mean 'accuracy'",
    ),
    "a property": (
        lambda store: store.artifacts(where="properties.rows.int_value > 0"),
        "property 'rows'",
    ),
    "a context": (
        lambda store: store.artifacts(context="PipelineRun:mondy"),
        "nothing is named 'PipelineRun:mondy'",
    ),
    "a context in a filter": (
        lambda store: store.executions(where="contexts_a.name = 'mondy'"),
        "no context 'mondy'; did you mean 'PipelineRun:monday'",
    ),
    "a context of a check": (
        lambda store: store.check("Model:churn", context="PipelineRun:mondy"),
        "nothing is named 'PipelineRun:mondy'",
    ),
    "a context of blame": (
        lambda store: store.blame(type="Train", context="PipelineRun:mondy"),
        "nothing is named 'PipelineRun:mondy'",
    ),
    "a context of gc": (
        lambda store: store.plan_gc(rules=[Retention(keep_in=("PipelineRun:mondy",))]),
        "no context 'PipelineRun:mondy'; did you mean 'PipelineRun:monday'",
    ),
    "a policy": (
        lambda store: store.drop_policy("privcy"),
        "no policy 'privcy'; did you mean 'privacy'",
    ),
    "a place": (lambda store: store.deployments(where="ue"), r"deployed to 'ue'.*there are: 'eu'"),
    "a pattern of places": (lambda store: store.deployments(where="prod-*"), "'prod-"),
    "a place in the past": (
        lambda store: store.deployments(where="us", as_of=1),
        "deployed to 'us'",
    ),
}


@pytest.mark.parametrize(("ask", "said"), UNKNOWN_NAMES.values(), ids=UNKNOWN_NAMES)
def test_an_unknown_name_is_refused(store: Store, ask: Ask, said: str) -> None:
    fill(store)
    with pytest.raises(NotFound, match=said) as refused:
        ask(store)
    assert refused.value.exit_code == 3


def test_what_is_known_and_fits_nothing_is_an_empty_answer(store: Store) -> None:
    fill(store)
    assert store.artifacts(where="custom_properties.accuracy.double_value > 0.95") == []
    assert store.executions(where="contexts_a.name = 'monday' AND type = 'Evaluate'") == []
    assert store.artifacts(name="nothing") == []
    assert store.deployments(where="eu", as_of=1) == []
    assert store.deployments(where="e*", at=1) == []
    found = store.blame(type="Model", metric="accuracy", below=0.5)
    assert found.bad == ()
