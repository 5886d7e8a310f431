"""OpenLineage events become the same lineage in whatever order they come."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lineage
from lineage import Artifact, Execution, Store
from lineage.errors import InvalidValue, LineageError, NotFound
from lineage.formats.openlineage_events import (
    Received,
    import_files,
    read_events,
    receive,
    receive_all,
)
from lineage.formats.openlineage_events.facets import STAMPS
from lineage.model import Kind

RUN = "01936893-9751-7a91-a2a0-a51101a3970c"
OTHER_RUN = "019299c5-12f5-7946-b5b2-c6abab662e20"
FACET = {"_producer": "https://example.com", "_schemaURL": "https://example.com/facet"}


def event(
    state: str = "COMPLETE",
    *,
    at: str = "2026-11-28T14:00:00Z",
    run: str = RUN,
    job: str = "dag.copy",
    inputs: Any = (),
    outputs: Any = (),
    facets: Mapping[str, Any] | None = None,
    job_facets: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "eventType": state,
        "eventTime": at,
        "producer": "https://example.com",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": run, "facets": dict(facets or {})},
        "job": {"namespace": "airflow", "name": job, "facets": dict(job_facets or {})},
        "inputs": [dataset(each) if isinstance(each, str) else each for each in inputs],
        "outputs": [dataset(each) if isinstance(each, str) else each for each in outputs],
    }


def dataset(name: str, version: str | None = None, **facets: Any) -> dict[str, Any]:
    found = {key: {**FACET, **facet} for key, facet in facets.items()}
    if version is not None:
        found["version"] = {**FACET, "datasetVersion": version}
    return {"namespace": "s3://b", "name": name, "facets": found}


def parent(run: str, job: str, **root: Any) -> dict[str, Any]:
    named = {"run": {"runId": run}, "job": {"namespace": "airflow", "name": job}}
    return {"parent": {**FACET, **named, **root}}


def shape(store: Store) -> dict[str, Any]:
    """All that a store holds, without ids and the times of recording."""
    with store.backend.read() as reader:
        known: dict[tuple[Kind, int], str] = {}
        nodes: dict[str, Any] = {}
        contexts = store.contexts()
        for node in (*store.artifacts(), *store.executions(), *contexts):
            name = f"{node.kind} {node.external_id}"
            known[node.kind, node.id or 0] = name
            fields = (
                node.type,
                node.name,
                getattr(node, "uri", None),
                getattr(node, "state", None),
            )
            nodes[name] = (*fields, dict(node.custom_properties))
        events = sorted(
            (
                known[Kind.ARTIFACT, e.artifact_id],
                known[Kind.EXECUTION, e.execution_id],
                e.type,
                e.path,
                e.time_ms,
            )
            for e in reader.events()
        )
        ids = [context.id or 0 for context in contexts]
        members = sorted(
            (known[kind, node], known[Kind.CONTEXT, context])
            for kind in (Kind.ARTIFACT, Kind.EXECUTION)
            for context, node in reader.members_of(ids, kind)
        )
        above = sorted(
            (known[Kind.CONTEXT, child], known[Kind.CONTEXT, up])
            for child, up in reader.parents_of(ids)
        )
    return {"nodes": nodes, "events": events, "members": members, "parents": above}


def real_events(data: Path) -> list[object]:
    return [told for _, told in read_events([data / "openlineage"])]


def labels(store: Store, ref: str, direction: str) -> set[str]:
    answer = getattr(store, direction)(ref)
    return {f.node.label.removeprefix("Dataset:") for f in answer if isinstance(f.node, Artifact)}


# Real events


def test_the_lineage_of_real_events_reads_right(store: Store, data: Path) -> None:
    done = import_files(store, [data / "openlineage" / "airflow", data / "openlineage" / "spark"])
    assert (done.events, done.invalid) == (48, ())
    bucket = "gs://mock-bucket"
    assert labels(store, f"{bucket}/result.csv", "upstream") == {
        f"{bucket}/result.csv",
        "bigquery/mock-project.test.upload_cp",
        "bigquery/mock-project.test.upload",
        f"{bucket}/copied.csv",
        f"{bucket}/test.csv",
    }
    assert labels(store, "file:///files/temp/data.txt", "downstream") == {
        "file//files/temp/data.txt",
        "file//files/temp/downloaded_file.txt",
        f"{bucket}/uploaded_file.txt",
        f"{bucket}/copy_of_uploaded_file.txt",
        f"{bucket}/compose_result.txt",
    }
    warehouse = "hdfs://dataproc-producer-test-m/user/hive/warehouse"
    t2 = store.artifact(f"{warehouse}/t2")
    assert f"{warehouse}/t1" in {
        f.node.uri for f in store.upstream(f"{warehouse}/t2") if isinstance(f.node, Artifact)
    }
    assert t2.get("columns") == "a: integer, b: string"
    assert t2.get("symlinks") == "hive://dataproc-producer-test-m:9083/default.t2"
    assert (t2.get("row_count"), t2.get("size_bytes")) == (2, 8)
    assert {run.state for run in store.executions()} == {"COMPLETE"}


def test_real_runs_are_parts_of_their_parents(store: Store, data: Path) -> None:
    import_files(store, [data / "openlineage"])
    group = store.context("openlineage:pipeline-run/01936898-5bd1-70bf-9ca2-4953116e45e1")
    assert [context.label for context in store.parents_of(group)] == ["Pipeline:airflow/gcs_hook"]
    parts = store.executions(context=group)
    # Nine tasks, and the run of the DAG itself.
    assert len(parts) == 10
    assert {run.get("job") for run in parts} >= {"airflow/gcs_hook", "airflow/gcs_hook.delete"}


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(random=st.randoms(use_true_random=False))
def test_real_events_in_any_order_give_the_same_graph(data: Path, random: Any) -> None:
    told = real_events(data)
    with lineage.connect("memory://") as store:
        assert all(isinstance(a, Received) for a in receive_all(store, told))
        expected = shape(store)
    shuffled = random.sample(told, len(told)) + random.sample(told, 10)
    with lineage.connect("memory://") as store:
        while shuffled:
            size = random.randint(1, 20)
            receive_all(store, shuffled[:size])
            del shuffled[:size]
        assert shape(store) == expected


def test_receiving_again_changes_nothing(store: Store, data: Path) -> None:
    told = real_events(data)
    receive_all(store, told)
    before = shape(store), [node.updated_ms for node in (*store.artifacts(), *store.executions())]
    for each in reversed(told):
        receive(store, each)
    after = shape(store), [node.updated_ms for node in (*store.artifacts(), *store.executions())]
    assert after == before


# Generated events


RUNS = [str(UUID(int=at)) for at in range(1, 4)]


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, Any]]:
    """The events of a few runs, one parent of others; facets differ from event to event."""
    names = st.sampled_from(["a", "b", "c"])
    versions = st.sampled_from([None, "1", "2"])
    said = st.fixed_dictionaries(
        {},
        optional={
            "schema": st.fixed_dictionaries(
                {"fields": st.lists(names.map(lambda n: {"name": n, "type": "int"}), max_size=2)}
            ),
            "ownership": st.fixed_dictionaries(
                {"owners": st.lists(names.map(lambda n: {"name": n}), max_size=2)}
            ),
            "documentation": st.sampled_from([{"description": "x"}, {"_deleted": True}]),
        },
    )
    datasets = st.lists(
        st.builds(lambda n, v, f: dataset(n, v, **f), names, versions, said), max_size=3
    )
    found: list[dict[str, Any]] = []
    for at, run in enumerate(RUNS):
        # Spec: a run starts once and ends once; what happens between has times of its own.
        states = ["START", *draw(st.lists(st.sampled_from(["RUNNING", "OTHER"]), max_size=2))]
        states += draw(st.lists(st.sampled_from(["COMPLETE", "FAIL", "ABORT"]), max_size=1))
        for step, state in enumerate(states):
            above = RUNS[:at] if draw(st.booleans()) else []
            found.append(
                event(
                    state,
                    at=f"2026-11-28T14:0{at}:0{draw(st.integers(0, 2)) if step else 0}.{step}Z",
                    run=run,
                    job=draw(st.sampled_from(["dag.copy", "dag.copy.more"])),
                    inputs=draw(datasets),
                    outputs=draw(datasets),
                    facets=parent(draw(st.sampled_from(above)), "dag") if above else None,
                )
            )
    return found


@settings(max_examples=60)
@given(told=histories(), data=st.data())
@pytest.mark.parametrize("backend", ["memory", "sqlite"])
def test_generated_events_in_any_order_and_twice_give_the_same_graph(
    backend: str, told: list[dict[str, Any]], data: st.DataObject, tmp_path_factory: Any
) -> None:
    def opened() -> Store:
        folder = tmp_path_factory.mktemp("events") if backend == "sqlite" else None
        return lineage.connect(f"sqlite:///{folder}/s.db" if folder else "memory://")

    again = [*told, *data.draw(st.lists(st.sampled_from(told), max_size=3))]
    order = data.draw(st.permutations(again))
    with opened() as one, opened() as other:
        receive_all(one, told)
        for each in order:
            receive(other, each)
        assert shape(other) == shape(one)


# Runs


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["START"], "RUNNING"),
        (["RUNNING"], "RUNNING"),
        (["OTHER"], "UNKNOWN"),
        (["COMPLETE", "START"], "COMPLETE"),
        (["FAIL", "RUNNING"], "FAILED"),
        (["START", "ABORT"], "CANCELED"),
    ],
)
def test_the_state_of_a_run(store: Store, states: list[str], expected: str) -> None:
    for state in states:
        told = receive(store, event(state))
    assert store.execution(told.execution or 0).state == expected


@pytest.mark.backends("memory")
def test_the_latest_end_of_a_run_counts(store: Store) -> None:
    receive(store, event("COMPLETE", at="2026-11-28T14:02:00Z"))
    told = receive(store, event("FAIL", at="2026-11-28T14:01:00Z"))
    run = store.execution(told.execution or 0)
    assert (run.state, run.get("ended")) == ("COMPLETE", "2026-11-28T14:02:00.000000+00:00")


@pytest.mark.backends("memory")
def test_a_run_that_starts_twice_keeps_both_times(store: Store) -> None:
    times = ["2026-11-28T14:00:00Z", "2026-11-28T14:05:00Z"]
    for at in times:
        told = receive(store, event("START", at=at, inputs=["a"]))
    events = store.events(execution=told.execution)
    assert [f"{e.time:%H:%M}" for e in sorted(events, key=lambda e: e.time_ms or 0)] == [
        "14:00", "14:05",
    ]  # fmt: skip


@pytest.mark.backends("memory")
def test_a_failed_run_says_why(store: Store) -> None:
    facets = {"errorMessage": {**FACET, "message": "out of disk", "programmingLanguage": "PYTHON"}}
    told = receive(store, event("FAIL", facets=facets, job_facets={"sql": {"query": "SELECT 1"}}))
    run = store.execution(told.execution or 0)
    assert (run.get("error"), run.get("sql")) == ("out of disk", "SELECT 1")
    assert store.context("Job:airflow/dag.copy").get("sql") == "SELECT 1"


def test_nested_runs_come_in_any_order(store: Store) -> None:
    """A part of a part is told of first, the outermost run last."""
    inner, middle, outer = RUNS
    receive(store, event(run=inner, job="app.sql", facets=parent(middle, "app")))
    receive(store, event(run=middle, job="app", facets=parent(outer, "dag")))
    receive(store, event(run=outer, job="dag"))
    group = store.context(f"openlineage:pipeline-run/{middle}")
    assert {c.label for c in store.parents_of(group)} == {
        "Pipeline:airflow/app", f"PipelineRun:airflow/dag/{outer}",
    }  # fmt: skip
    assert {run.get("run_id") for run in store.executions(context=group)} == {inner, middle}


@pytest.mark.backends("memory")
def test_a_run_that_names_itself_its_parent_has_none(store: Store) -> None:
    told = receive(store, event(facets=parent(RUN, "dag.copy")))
    assert [c.type for c in store.contexts_of(told.execution or 0, kind=Kind.EXECUTION)] == ["Job"]


# Datasets


def test_versions_are_told_apart(store: Store) -> None:
    """What was written to the second version is not upstream of who read the first."""
    receive(store, event(run=RUNS[0], inputs=["old"], outputs=[dataset("t", "1")]))
    receive(store, event(run=RUNS[1], inputs=["new"], outputs=[dataset("t", "2")]))
    receive(store, event(run=RUNS[2], inputs=[dataset("t", "1")], outputs=["report"]))
    assert labels(store, "s3://b/report", "upstream") == {
        "s3://b/report", "s3://b/t#1", "s3://b/old",
    }  # fmt: skip


def test_who_reads_no_version_reads_all_that_was_written(store: Store) -> None:
    receive(store, event(run=RUNS[0], inputs=["old"], outputs=[dataset("t", "1")]))
    receive(store, event(run=RUNS[2], inputs=["t"], outputs=["report"]))
    assert labels(store, "s3://b/report", "upstream") == {"s3://b/report", "s3://b/t", "s3://b/old"}


def test_a_dataset_is_one_by_all_its_names(store: Store) -> None:
    """Spark writes a folder that is a table, too; others know the table alone, or the folder."""
    table = {"namespace": "hive://h:9083", "name": "default.t2"}
    symlinks = {"identifiers": [{**table, "type": "TABLE"}]}
    schema = {"fields": [{"name": "a", "type": "integer"}]}
    sources = [{"namespace": "s3://b", "name": "t1", "field": "x"}]
    columns = {"fields": {"a": {"inputFields": sources}}}
    folder = dataset("t2", symlinks=symlinks, schema=schema, columnLineage=columns)
    receive(store, event(run=RUNS[1], inputs=[table], outputs=["by-table"]))
    receive(store, event(run=RUNS[0], inputs=["t1"], outputs=[folder]))
    receive(store, event(run=RUNS[2], inputs=["t2"], outputs=["by-folder"]))
    found = store.artifact("openlineage:dataset/hive://h:9083/default.t2")
    assert (found.get("symlink_of"), found.uri) == ("s3://b/t2", "hive://h:9083/default.t2")
    assert {"s3://b/by-table", "s3://b/by-folder"} <= labels(store, "s3://b/t1", "downstream")
    reached = store.column_lineage(found, "a")
    assert [(c.dataset.uri, c.name) for c in reached.columns[1:]] == [("s3://b/t1", "x")]


def test_facets_go_by_the_time_of_their_events(store: Store) -> None:
    new = dataset("t", schema={"fields": [{"name": "email", "type": "string"}]})
    old = dataset("t", schema={"fields": [{"name": "id", "type": "int"}]},
                  ownership={"owners": [{"name": "team:risk", "type": "OWNER"}]})  # fmt: skip
    receive(store, event(at="2026-11-28T14:02:00Z", outputs=[new]))
    receive(store, event("RUNNING", at="2026-11-28T14:01:00Z", outputs=[old]))
    answer = store.query("MATCH (d:Dataset) WHERE d.columns CONTAINS 'email' RETURN d.id")
    found = store.artifact(answer.rows[0][0])
    assert found.get("columns") == "email: string"
    assert found.get("owners") == "team:risk (OWNER)"
    assert found.get("facet_schema")["fields"] == [{"name": "email", "type": "string"}]


@pytest.mark.backends("memory")
def test_what_facets_say_in_words(store: Store) -> None:
    nested = {"name": "address", "type": "struct", "fields": [{"name": "zip", "type": "string"}]}
    told = dataset(
        "t",
        schema={"fields": [nested, {"name": "id"}]},
        dataQualityMetrics={"rowCount": 7, "bytes": 70, "columnMetrics": {}},
        lifecycleStateChange={"lifecycleStateChange": "TRUNCATE"},
    )
    told["inputFacets"] = {
        "dataQualityAssertions": {
            "assertions": [
                {"assertion": "not_null", "column": "id", "success": False},
                {"assertion": "unique", "column": "id", "success": True},
            ]
        }
    }
    done = receive(store, event(inputs=[told]))
    found = store.artifact(done.inputs[0])
    assert {k: found.get(k) for k in ("columns", "row_count", "size_bytes", "lifecycle",
                                      "failed_assertions", "failed_assertion")} == {
        "columns": "address: struct, id, address.zip: string",
        "row_count": 7,
        "size_bytes": 70,
        "lifecycle": "TRUNCATE",
        "failed_assertions": 1,
        "failed_assertion": "not_null(id)",
    }  # fmt: skip
    assert len(store.execution(done.execution or 0).get(
        "input s3://b/t dataQualityAssertions")["assertions"]) == 2  # fmt: skip


@pytest.mark.backends("memory")
def test_a_facet_that_is_taken_away_goes(store: Store) -> None:
    receive(store, event(outputs=[dataset("t", documentation={"description": "x"})]))
    assert store.artifact("s3://b/t").get("description") == "x"
    gone = dataset("t", documentation={"_deleted": True})
    receive(store, event(at="2026-11-28T15:00:00Z", outputs=[gone]))
    found = store.artifact("s3://b/t")
    assert (found.get("description"), found.get("facet_documentation")) == (None, None)


@pytest.mark.backends("memory")
@pytest.mark.parametrize("value", [2**70, "x" * 2_000_000, "a\x00b"], ids=["huge", "long", "nul"])
def test_a_facet_that_can_not_be_kept_is_left_out_and_says_so(store: Store, value: Any) -> None:
    receive(store, event(outputs=[dataset("t", plan={"value": value}, ownership={"owners": []})]))
    found = store.artifact("s3://b/t")
    assert "facet" in found.get("facet_plan")["left_out"]
    assert found.get("facet_ownership")["owners"] == []


@pytest.mark.backends("memory")
def test_a_facet_whose_name_can_not_be_kept_says_so(store: Store) -> None:
    receive(store, event(outputs=[dataset("t", **{"a\x00b": {}, "x" * 500: {}})]))
    found = store.artifact("s3://b/t")
    assert "left_out" in found.get("facet_a\\x00b")
    assert "left_out" in found.get(f"facet_{'x' * 200}")


@pytest.mark.backends("memory")
def test_job_and_dataset_events(store: Store) -> None:
    base = {"eventTime": "2026-11-28T14:00:00Z", "producer": "https://example.com",
            "schemaURL": "https://example.com"}  # fmt: skip
    job = {"namespace": "airflow", "name": "nightly",
           "facets": {"documentation": {**FACET, "description": "every night"}}}  # fmt: skip
    told = receive(store, {**base, "job": job, "inputs": [dataset("a")], "outputs": [dataset("b")]})
    definition = store.execution(told.execution or 0)
    assert (definition.type, definition.state) == ("JobDefinition", "UNKNOWN")
    assert {e.type for e in store.events(execution=definition)} == {
        "DECLARED_INPUT", "DECLARED_OUTPUT",
    }  # fmt: skip
    assert labels(store, "s3://b/a", "downstream") == {"s3://b/a", "s3://b/b"}
    assert store.context("openlineage:job/airflow/nightly").get("description") == "every night"
    schema = {"fields": [{"name": "x", "type": "int"}]}
    told = receive(store, {**base, "dataset": dataset("a", schema=schema)})
    assert (told.execution, store.artifact(told.outputs[0]).get("columns")) == (None, "x: int")


@pytest.mark.backends("memory")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a/b", "c"), ("a", "b/c")),
        (("s3://b/a", "c"), ("s3://b", "a/c")),
        (("a", "b#1"), ("a%2Fb", "1")),
        (("n", "x" * 5_000), ("n", "x" * 5_001)),
        (("n", "%23"), ("n", "#")),
    ],
)
def test_two_datasets_are_never_one(store: Store, one: Any, other: Any) -> None:
    for namespace, name in (one, other):
        receive(store, event(outputs=[{"namespace": namespace, "name": name}]))
    assert len(store.artifacts()) == 2


@pytest.mark.backends("memory")
def test_a_name_with_a_hash_is_no_version(store: Store) -> None:
    receive(store, event(outputs=["t#1"]))
    receive(store, event(outputs=[dataset("t", "1")]))
    assert len(store.artifacts()) == 3


def test_a_deleted_dataset_comes_back_by_being_written(store: Store) -> None:
    first = event(run=RUNS[0], outputs=[dataset("t", ownership={"owners": [{"name": "ann"}]})])
    told = receive(store, first)
    store.apply(store.plan_deletion(told.outputs[0], policy="tombstone"))
    receive(store, first)
    receive(store, event(run=RUNS[1], inputs=["t"]))
    gone = store.artifact(told.outputs[0])
    assert (gone.state, gone.get("owners")) == ("DELETED", None)
    receive(store, event(run=RUNS[2], outputs=["t"]))
    assert store.artifact(told.outputs[0]).state == "LIVE"


@pytest.mark.backends("memory")
def test_what_others_say_of_a_dataset_stays(store: Store) -> None:
    told = receive(store, event(outputs=["t"]))
    found = store.artifact(told.outputs[0])
    store.update(found.model_copy(update={
        "custom_properties": {**found.custom_properties, "owners": "ann", "tier": 1}}))  # fmt: skip
    receive(store, event(at="2026-11-28T15:00:00Z", outputs=["t"]))
    found = store.artifact(told.outputs[0])
    assert (found.get("owners"), found.get("tier")) == ("ann", 1)


# What is refused


@pytest.mark.backends("memory")
@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"run": {"runId": "x"}}, "RunEvent.run.runId: .*must be a UUID.*'x'"),
        ({"run": None}, r"RunEvent.run: Field required"),
        ({"run": {}}, r"RunEvent.run.runId: Field required"),
        ({"job": None}, "RunEvent.job: Field required"),
        ({"job": {"namespace": "n"}}, "RunEvent.job.name: Field required"),
        ({"job": {"namespace": "n", "name": ""}}, "RunEvent.job.name: .*must not be empty"),
        ({"job": {"namespace": "n", "name": 7}}, "RunEvent.job.name: .*valid string"),
        ({"job": {"namespace": "n", "name": "\x00"}}, "RunEvent.job.name: .*NUL"),
        ({"job": {"namespace": "n", "name": "\ud800"}}, "RunEvent.job.name: .*surrogate"),
        ({"eventTime": None}, "RunEvent.eventTime: Field required"),
        ({"eventTime": "yesterday"}, "RunEvent.eventTime: .*ISO 8601"),
        ({"eventTime": "2026-11-28T14:00:00"}, "RunEvent.eventTime: .*with its zone"),
        ({"eventTime": 1732626329}, "RunEvent.eventTime: .*ISO 8601"),
        ({"eventTime": "0001-01-01T00:00:00+14:00"}, "RunEvent.eventTime: .*ISO 8601"),
        ({"eventType": "DONE"}, "RunEvent.eventType: .*'START'"),
        ({"producer": None}, "RunEvent.producer: Field required"),
        ({"schemaURL": None}, "RunEvent.schemaURL: Field required"),
        ({"inputs": "a"}, "RunEvent.inputs: "),
        ({"inputs": [{"name": "a"}]}, r"RunEvent.inputs.0.namespace: Field required"),
        ({"outputs": [dataset("a"), {"namespace": "n", "name": "b", "facets": 3}]},
         "RunEvent.outputs.1.facets: "),
        ({"outputs": [{"namespace": "n", "name": "b", "facets": {"schema": 3}}]},
         "RunEvent.outputs.0.facets.schema: "),
        ({"run": {"runId": RUN, "facets": {"parent": {"run": {"runId": "y"}}}}},
         r"run.facets.parent.run.runId: .*UUID"),
    ],
)  # fmt: skip
def test_an_invalid_event_is_refused_and_the_field_named(
    store: Store, change: dict[str, Any], named: str
) -> None:
    with pytest.raises(InvalidValue, match=named):
        receive(store, {**event(inputs=["a"], outputs=["b"]), **change})
    assert store.counts().artifacts + store.counts().executions + store.counts().contexts == 0


@pytest.mark.backends("memory")
@pytest.mark.parametrize("nonsense", [None, 3, "x", [], {}, {"a": 1}])
def test_what_is_no_event_is_refused(store: Store, nonsense: object) -> None:
    with pytest.raises(InvalidValue, match="event"):
        receive(store, nonsense)


def test_a_batch_is_answered_for_each_event(store: Store) -> None:
    cyclic = event(run=RUNS[1], job="b", facets=parent(RUNS[0], "a"))
    told = [
        event(run=RUNS[0], job="a", facets=parent(RUNS[1], "b")),
        {"eventType": "START"},
        event(run=RUNS[2], outputs=["t"]),
        cyclic,
    ]
    answers = receive_all(store, told)
    assert [type(answer).__name__ for answer in answers] == [
        "Received", "InvalidValue", "Received", "ContextCycle",
    ]  # fmt: skip
    assert labels(store, "s3://b/t", "upstream") == {"s3://b/t"}
    assert {run.get("run_id") for run in store.executions()} == {RUNS[0], RUNS[2]}


# Files


def lines(events: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(told) + "\n" for told in events)


@pytest.mark.backends("memory")
def test_files_of_every_form(store: Store, tmp_path: Path) -> None:
    told = [event(run=run, outputs=[run]) for run in RUNS]
    (tmp_path / "lines.ndjson").write_text("\n" + lines(told[:1]) + "\n")
    (tmp_path / "list.json").write_text(json.dumps(told[1:2], indent=2))
    (tmp_path / "one.json").write_text("\ufeff" + json.dumps(told[2], indent=2))
    with gzip.open(tmp_path / "again.jsonl.gz", "wt") as text:
        text.write(lines(told))
    (tmp_path / "notes.txt").write_text("not an event")
    assert import_files(store, [tmp_path]).events == 6
    assert len(store.executions()) == 3


@pytest.mark.backends("memory")
def test_an_invalid_event_in_a_file_stops_or_is_listed(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    wrong = {**event(), "run": {"runId": "x"}}
    file.write_text(lines([event(run=RUNS[0]), wrong]) + "{\n" + lines([event(run=RUNS[1])]))
    with pytest.raises(InvalidValue, match=r"events.ndjson:2 \(1 before it stay recorded\).*runId"):
        import_files(store, [file])
    assert len(store.executions()) == 1
    done = import_files(store, [file], skip_invalid=True)
    assert done.events == 2
    assert [invalid.where.rpartition(":")[2] for invalid in done.invalid] == ["2", "3"]


@pytest.mark.backends("memory")
def test_a_broken_first_line_does_not_hide_the_others(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    file.write_text("{broken\n" + lines([event(run=RUNS[0]), event(run=RUNS[1])]))
    done = import_files(store, [file], skip_invalid=True)
    assert (done.events, len(done.invalid)) == (2, 1)


@pytest.mark.backends("memory")
def test_files_that_are_no_events(store: Store, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no such"):
        import_files(store, [tmp_path / "no such"])
    (tmp_path / "latin.json").write_bytes(b'{"a": "\xe9"}')
    with pytest.raises(InvalidValue, match="UTF-8"):
        import_files(store, [tmp_path / "latin.json"])
    (tmp_path / "empty.json").write_text("")
    assert import_files(store, [tmp_path / "empty.json"]).events == 0


def test_what_was_exported_comes_back(store: Store) -> None:
    """The events of our own export, into another store."""
    store.record(
        Execution(type="Train", state="COMPLETE"),
        inputs=[Artifact(type="Dataset", name="raw", uri="s3://b/raw")],
        outputs=[Artifact(type="Model", name="m", uri="s3://b/m")],
        time_ms=1_000,
    )
    told = store.upstream("Model:m")
    text = export_as_openlineage(store, told)
    with lineage.connect("memory://") as other:
        answers = receive_all(other, map(json.loads, text.splitlines()))
        assert not [answer for answer in answers if isinstance(answer, LineageError)]
        assert labels(other, "s3://b/m", "upstream") == {"s3://b/raw", "s3://b/m"}


def export_as_openlineage(store: Store, answer: Any) -> str:
    from lineage.formats.export import export

    return export(store, answer, "openlineage")


def test_bookkeeping_is_one_property(store: Store) -> None:
    told = receive(store, event(outputs=[dataset("t", ownership={"owners": []})]))
    stamps = store.artifact(told.outputs[0]).get(STAMPS)
    assert stamps == {"facet_ownership": "2026-11-28T14:00:00.000000+00:00"}


@pytest.mark.backends("memory")
def test_the_events_of_the_openlineage_client(store: Store, tmp_path: Path) -> None:
    from openlineage.client import OpenLineageClient
    from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent
    from openlineage.client.event_v2 import RunState as State
    from openlineage.client.facet_v2 import schema_dataset
    from openlineage.client.transport.file import FileConfig, FileTransport

    file = tmp_path / "client.ndjson"
    client = OpenLineageClient(
        transport=FileTransport(FileConfig(log_file_path=str(file), append=True))
    )
    columns = schema_dataset.SchemaDatasetFacet(
        fields=[schema_dataset.SchemaDatasetFacetFields(name="id", type="int")]
    )
    for state, at in ((State.START, "14:00:00"), (State.COMPLETE, "14:01:00")):
        client.emit(
            RunEvent(
                eventType=state,
                eventTime=f"2026-11-28T{at}.000000+00:00",
                run=Run(runId=RUN),
                job=Job(namespace="airflow", name="copy"),
                inputs=[InputDataset(namespace="s3://b", name="raw", facets={"schema": columns})],
                outputs=[OutputDataset(namespace="s3://b", name="clean")],
            )
        )
    client.close()
    assert import_files(store, [file]).events == 2
    assert labels(store, "s3://b/clean", "upstream") == {"s3://b/raw", "s3://b/clean"}
    assert store.artifact("s3://b/raw").get("columns") == "id: int"


def test_receivers_at_once_make_the_same_graph(store: Store, data: Path) -> None:
    """Each of four threads receives all events, in an order of its own."""
    told = real_events(data)
    with lineage.connect("memory://") as alone:
        receive_all(alone, told)
        expected = shape(alone)

    def run(at: int) -> None:
        turned = told[at * 11 :] + told[: at * 11]
        for start in range(0, len(turned), 6):
            for answer in receive_all(store, turned[start : start + 6]):
                assert isinstance(answer, Received), answer

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(4)))
    assert shape(store) == expected
