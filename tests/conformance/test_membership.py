"""In a context: directly, or in a context below it, for every question that says so.

The steps are in their runs alone, the runs below an experiment, and that below the pipeline: as
the README draws it, with one level more.
"""

from __future__ import annotations

import pytest

from lineage import Artifact, Context, Execution, Policy, Retention, Store
from lineage.formats.openlineage import run_events
from lineage.rules.membership import contexts_above, contexts_around, contexts_below


def step(store: Store, run: str, name: str, state: str, rate: float) -> None:
    """A training in a run."""
    store.record(
        Execution(type="Train", name=name, state=state, custom_properties={"lr": rate}),
        inputs={"examples": Artifact(type="Dataset", name=f"{name}-data")},
        outputs={"model": Artifact(type="Model", name=name, state="LIVE")},
        contexts=[Context(type="PipelineRun", name=run)],
    )


@pytest.fixture
def runs(store: Store) -> Store:
    """Runs of two pipelines; the last training of the first one failed."""
    for run, pipeline in (("monday", "churn"), ("tuesday", "churn"), ("other", "fraud")):
        experiment = Context(type="Experiment", name=f"{pipeline}-experiment")
        store.put_parent(Context(type="PipelineRun", name=run), experiment)
        store.put_parent(experiment, Context(type="Pipeline", name=pipeline))
    step(store, "monday", "good", "COMPLETE", 0.1)
    step(store, "other", "elsewhere", "COMPLETE", 0.5)
    step(store, "tuesday", "bad", "FAILED", 9.0)
    return store


def names(found: object) -> list[str]:
    return [node.name for node in found]  # type: ignore[attr-defined]


def test_find(runs: Store) -> None:
    assert names(runs.executions(context="Pipeline:churn")) == ["good", "bad"]
    assert names(runs.executions(context="Pipeline:churn", newest_first=True, limit=1)) == ["bad"]
    assert names(runs.artifacts(context="Experiment:fraud-experiment")) == ["elsewhere"]
    assert names(runs.executions(context="Pipeline:churn", where="state = FAILED")) == ["bad"]
    assert names(runs.contexts(context="Pipeline:churn", type="PipelineRun")) == [
        "monday",
        "tuesday",
    ]


def test_find_with_a_filter_over_contexts_too(runs: Store) -> None:
    where = "contexts_a.name = 'monday' AND contexts_a.type = 'PipelineRun'"
    assert names(runs.executions(context="Pipeline:churn", where=where)) == ["good"]
    assert names(runs.executions(context="Pipeline:fraud", where=where)) == []


def test_find_what_is_directly_in_it(runs: Store) -> None:
    runs.put_in_context("Pipeline:churn", executions=["Train:bad"])
    assert names(runs.executions(context="Pipeline:churn", direct=True)) == ["bad"]
    # In the pipeline and in its run: still once.
    assert names(runs.executions(context="Pipeline:churn")) == ["good", "bad"]
    assert names(runs.contexts(context="Pipeline:churn", direct=True)) == ["churn-experiment"]


def test_pages_of_what_is_below(runs: Store) -> None:
    for number in range(5):
        step(runs, "monday", f"more-{number}", "COMPLETE", 0.1)
    seen: list[str] = []
    token = None
    while True:
        page = runs.executions(context="Pipeline:churn", page_size=2, page_token=token)
        seen += names(page)
        token = page.next_page_token
        if token is None:
            break
    assert seen == ["good", "bad", *(f"more-{number}" for number in range(5))]


def test_blame(runs: Store) -> None:
    found = runs.blame(type="Train", context="Pipeline:churn")
    assert names(found.bad) == ["bad"]
    assert names(found.good) == ["good"]
    assert "9.0" in {str(suspect.value) for suspect in found}


def test_failure_is_compared_within_the_pipeline(runs: Store) -> None:
    # The other pipeline's good run is the later one.
    good = runs.failure("Train:bad").last_good
    assert good is not None
    assert good.name == "good"


def test_the_pipeline_of_a_model(runs: Store) -> None:
    assert names(runs.pipeline_of("Model:good").pipelines) == ["churn"]


def test_check(runs: Store) -> None:
    runs.put_policy(Policy(name="p", forbids={"churn": ("pii",)}))
    runs.mark("Dataset:good-data", label="pii")
    assert not runs.check("Pipeline:churn").clean
    assert not runs.check("Model:good", context="PipelineRun:monday").clean
    assert runs.check("Pipeline:fraud").clean


def test_gc_keeps_what_is_in_a_context_below(runs: Store) -> None:
    for model in ("Model:good", "Model:elsewhere"):
        node = runs.artifact(model)
        runs.update(node.model_copy(update={"state": "ABANDONED"}))
    plan = runs.plan_gc(rules=[Retention(type="Model", keep_in=("churn",))])
    assert [node.label for node in plan.nodes] == ["Model:elsewhere"]


def test_the_exported_job_names_its_pipeline(runs: Store) -> None:
    events = run_events(runs, runs.upstream("Model:good"))
    assert {event["job"]["name"] for event in events} == {"churn.Train"}


def test_a_diamond_of_contexts_is_climbed_once(store: Store) -> None:
    top, left, right, low = (
        store.put(Context(type="Project", name=name)).id or 0 for name in ("t", "l", "r", "b")
    )
    for child, parent in ((left, top), (right, top), (low, left), (low, right)):
        store.put_parent(child, parent)
    step_id = store.put(Execution(type="Train")).id or 0
    with store.snapshot() as snapshot:
        assert contexts_below(snapshot.reader, [top]) == {top, left, right, low}
        assert contexts_above(snapshot.reader, [low, top]) == {
            low: [low, left, right, top],
            top: [top],
        }
        kind = store.execution(step_id).kind
        assert contexts_around(snapshot.reader, kind, [step_id]) == {step_id: []}
