"""Columns are followed from step to step, and masking stops them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lineage
from lineage import Artifact, Execution, Store
from lineage.errors import NotFound
from lineage.formats.openlineage_events import import_files, receive, receive_all
from lineage.questions.column_lineage import ColumnLineage
from tests.formats.test_openlineage_events import FACET, dataset, event

# The search reads by means that every backend has; three of these hold that to it.
pytestmark = pytest.mark.backends("memory", "sqlite")
everywhere = pytest.mark.backends("memory", "sqlite", "neo4j")


def came_of(
    *sources: tuple[str, str], masked: bool = False, how: str = "DIRECT IDENTITY"
) -> dict[str, Any]:
    """One column's part of the facet."""
    type, _, subtype = how.partition(" ")
    transformation = {"type": type, "subtype": subtype, "masking": masked}
    return {
        "inputFields": [
            {"namespace": "s3://b", "name": name, "field": column,
             "transformations": [transformation]}
            for name, column in sources
        ]
    }  # fmt: skip


def step(
    number: int, inputs: list[str], outputs: dict[str, dict[str, Any] | None], **more: Any
) -> dict[str, Any]:
    """A run that reads and writes; None for an output whose columns it does not know."""
    written = [
        dataset(name) if fields is None
        else dataset(name, columnLineage={"fields": fields, **more})
        for name, fields in outputs.items()
    ]  # fmt: skip
    return event(run=str(UUID(int=number)), job=f"job-{number}", inputs=inputs, outputs=written)


def places(answer: ColumnLineage, which: str = "columns") -> set[tuple[str, str, int]]:
    return {
        (str(column.dataset.get("dataset")), column.name, column.depth)
        for column in getattr(answer, which)
    }


def upstream(store: Store, name: str, column: str, **more: Any) -> ColumnLineage:
    return store.column_lineage(f"s3://b/{name}", column, **more)


def downstream(store: Store, name: str, column: str, **more: Any) -> ColumnLineage:
    return store.column_lineage(f"s3://b/{name}", column, downstream=True, **more)


@everywhere
def test_the_columns_of_real_events(store: Store, data: Path) -> None:
    import_files(store, [data / "openlineage"])
    up = store.column_lineage("gs://mock-bucket/result.csv", "a")
    assert places(up) == {
        ("result.csv", "a", 0), ("mock-project.test.upload_cp", "a", 1),
        ("mock-project.test.upload", "a", 2), ("copied.csv", "a", 3), ("test.csv", "a", 3),
    }  # fmt: skip
    assert up.complete
    down = store.column_lineage("gs://mock-bucket/test.csv", "b", downstream=True)
    assert places(down) == {
        ("test.csv", "b", 0), ("mock-project.test.upload", "b", 1),
        ("mock-project.test.upload_cp", "b", 2), ("result.csv", "b", 3),
    }  # fmt: skip
    table = "hdfs://dataproc-producer-test-m/user/hive/warehouse/t2"
    spark = store.column_lineage(table, "b")
    folder = "/user/hive/warehouse"
    assert places(spark) == {(f"{folder}/t2", "b", 0), (f"{folder}/t1", "b", 1)}
    assert {column.how for column in spark.columns if column.step} == {"DIRECT IDENTITY"}


@everywhere
def test_a_mask_is_a_barrier(store: Store) -> None:
    receive(store, step(1, ["raw"], {"safe": {
        "email": came_of(("raw", "email"), masked=True, how="DIRECT TRANSFORMATION"),
        "city": came_of(("raw", "city"))}}))  # fmt: skip
    receive(store, step(2, ["safe"], {"report": {"mail": came_of(("safe", "email"))}}))
    down = downstream(store, "raw", "email")
    assert places(down) == {("raw", "email", 0)}
    assert places(down, "masked") == {("safe", "email", 1)}
    assert down.complete
    up = upstream(store, "report", "mail")
    assert (places(up), places(up, "masked")) == (
        {("report", "mail", 0), ("safe", "email", 1)}, {("raw", "email", 2)},
    )  # fmt: skip


def test_another_way_leads_around_a_mask(store: Store) -> None:
    receive(store, step(1, ["raw"], {"safe": {"x": came_of(("raw", "email"), masked=True)}}))
    receive(store, step(2, ["raw"], {"copy": {"email": came_of(("raw", "email"))}}))
    receive(store, step(3, ["copy"], {"safe": {"x": came_of(("copy", "email"))}}))
    down = downstream(store, "raw", "email")
    assert ("safe", "x", 2) in places(down)
    assert down.masked == ()


def test_one_transformation_that_masks_does_not_mask_another(store: Store) -> None:
    both = came_of(("raw", "email"), masked=True)
    both["inputFields"][0]["transformations"].append({"type": "INDIRECT", "subtype": "JOIN"})
    receive(store, step(1, ["raw"], {"out": {"x": both}}))
    assert places(downstream(store, "raw", "email")) == {("raw", "email", 0), ("out", "x", 1)}
    direct = downstream(store, "raw", "email", direct=True)
    assert (places(direct), places(direct, "masked")) == ({("raw", "email", 0)}, {("out", "x", 1)})


def test_the_older_form_of_the_facet(store: Store) -> None:
    sources = [{"namespace": "s3://b", "name": "raw", "field": "email"}]
    receive(store, step(1, ["raw"], {"out": {
        "a": {"inputFields": sources, "transformationType": "MASKED"},
        "b": {"inputFields": sources, "transformationType": "IDENTITY"}}}))  # fmt: skip
    down = downstream(store, "raw", "email")
    assert (places(down), places(down, "masked")) == (
        {("raw", "email", 0), ("out", "b", 1)}, {("out", "a", 1)},
    )  # fmt: skip


def test_what_all_columns_came_of(store: Store) -> None:
    """A filter is no source of values."""
    where = came_of(("raw", "age"), how="INDIRECT FILTER")["inputFields"]
    receive(store, step(1, ["raw"], {"out": {"x": came_of(("raw", "x"))}}, dataset=where))
    assert places(upstream(store, "out", "x")) == {
        ("out", "x", 0), ("raw", "x", 1), ("raw", "age", 1),
    }  # fmt: skip
    assert places(upstream(store, "out", "x", direct=True)) == {("out", "x", 0), ("raw", "x", 1)}
    assert places(downstream(store, "raw", "age")) == {("raw", "age", 0), ("out", "x", 1)}


def test_who_says_nothing_of_columns_is_a_gap(store: Store) -> None:
    receive(store, step(1, ["raw"], {"middle": None}))
    told = step(2, ["middle"], {"out": {"x": came_of(("middle", "x"))}})
    receive(store, told)
    up = upstream(store, "out", "x")
    assert places(up) == {("out", "x", 0), ("middle", "x", 1)}
    assert (up.complete, [gap.get("job") for gap in up.gaps]) == (False, ["airflow/job-1"])
    down = downstream(store, "middle", "x")
    assert down.complete
    receive(store, step(3, ["middle"], {"other": None}))
    assert not downstream(store, "middle", "x").complete


def test_who_read_nothing_leaves_no_gap(store: Store) -> None:
    made = step(1, [], {"raw": None})
    made["outputs"][0]["facets"]["schema"] = {**FACET, "fields": [{"name": "x", "type": "int"}]}
    receive(store, made)
    up = upstream(store, "raw", "x")
    assert (places(up), up.complete) == ({("raw", "x", 0)}, True)


@everywhere
def test_versions_keep_their_columns_apart(store: Store) -> None:
    for number, source, version in ((1, "old", "1"), (2, "new", "2")):
        told = step(number, [source], {"t": {"x": came_of((source, "x"))}})
        told["outputs"][0]["facets"]["version"] = {**FACET, "datasetVersion": version}
        receive(store, told)
    read = step(3, [], {"out": {"x": came_of(("t", "x"))}})
    read["inputs"] = [dataset("t", "1")]
    receive(store, read)
    assert places(upstream(store, "out", "x")) == {("out", "x", 0), ("t", "x", 1), ("old", "x", 2)}


def test_depth_and_time_limit_the_answer(store: Store) -> None:
    for number in range(3):
        receive(store, step(number + 1, [f"d{number}"], {
            f"d{number + 1}": {"x": came_of((f"d{number}", "x"))}}))  # fmt: skip
    cut = upstream(store, "d3", "x", depth=2)
    assert places(cut) == {("d3", "x", 0), ("d2", "x", 1), ("d1", "x", 2)}
    assert (cut.complete, cut.is_cut) == (False, True)
    assert upstream(store, "d3", "x", depth=3).complete
    assert places(upstream(store, "d1", "x", as_of="2020-01-01")) == {("d1", "x", 0)}


def test_a_column_that_nobody_named_is_an_error(store: Store) -> None:
    receive(store, step(1, ["raw"], {"out": {"x": came_of(("raw", "x"))}}))
    for name, column in (("raw", "y"), ("out", "y")):
        with pytest.raises(NotFound, match="column 'y'"):
            upstream(store, name, column)
    # Named as a source only, and by no schema.
    assert places(upstream(store, "raw", "x")) == {("raw", "x", 0)}
    with pytest.raises(NotFound):
        store.column_lineage("s3://b/none", "x")


def test_a_ladder_of_columns_is_no_matter_of_paths(store: Store) -> None:
    """2^40 paths lead from the first to the last."""
    last = 40
    receive_all(
        store,
        [
            step(at + 1, [f"d{at}"], {f"d{at + 1}": {
                name: came_of((f"d{at}", "x"), (f"d{at}", "y")) for name in ("x", "y")}})
            for at in range(last)
        ],
    )  # fmt: skip
    assert len(upstream(store, f"d{last}", "x").columns) == 2 * last + 1


def test_steps_of_others_can_say_it_too(store: Store) -> None:
    """The property is not OpenLineage's."""
    sources = {"columns": {"x": [["ours:raw", "y", "DIRECT", False]]}, "dataset": []}
    store.record(
        Execution(type="Transform", custom_properties={"column_lineage ours:out": sources}),
        inputs=[Artifact(type="Dataset", external_id="ours:raw")],
        outputs=[Artifact(type="Dataset", external_id="ours:out")],
    )
    assert [(c.dataset.external_id, c.name) for c in store.column_lineage("ours:out", "x").columns
            ] == [("ours:out", "x"), ("ours:raw", "y")]  # fmt: skip


# Against a plain reference


@st.composite
def flows(draw: st.DrawFn) -> list[tuple[int, str, str, str, str, bool]]:
    """(step, output, column, input, column, masked): who made which column of which."""
    names, columns = st.sampled_from("abcd"), st.sampled_from("xy")
    return draw(
        st.lists(
            st.tuples(st.integers(1, 4), names, columns, names, columns, st.booleans()),
            min_size=1,
            max_size=10,
        )
    )


def reached(
    flows: list[tuple[int, str, str, str, str, bool]], start: tuple[str, str], down: bool
) -> set[tuple[str, str]]:
    found = {start}
    while True:
        more = {
            (out, to) if down else (source, of)
            for _, out, to, source, of, masked in flows
            if not masked and ((source, of) if down else (out, to)) in found
        }
        if more <= found:
            return found
        found |= more


@settings(max_examples=60)
@given(told=flows(), down=st.booleans())
def test_generated_columns_are_as_the_reference_says(told: list[Any], down: bool) -> None:
    with lineage.connect("memory://") as store:
        for number in {flow[0] for flow in told}:
            outputs: dict[str, dict[str, Any]] = {}
            for _, out, to, source, of, masked in (f for f in told if f[0] == number):
                fields = outputs.setdefault(out, {})
                fields.setdefault(to, {"inputFields": []})["inputFields"] += came_of(
                    (source, of), masked=masked
                )["inputFields"]
            receive(store, step(number, sorted({f[3] for f in told if f[0] == number}), outputs))  # type: ignore[arg-type]
        _, out, to, source, of, _ = told[0]
        start = (source, of) if down else (out, to)
        answer = store.column_lineage(f"s3://b/{start[0]}", start[1], downstream=down)
        assert {place[:2] for place in places(answer)} == reached(told, start, down)
        assert answer.complete


def test_columns_on_the_command_line(tmp_path: Path, data: Path) -> None:
    url = f"sqlite:///{tmp_path}/s.db"
    command = [sys.executable, "-m", "lineage.cli", "--store", url]
    folder = str(data / "openlineage")
    subprocess.run([*command, "import", "openlineage", folder], check=True, capture_output=True)
    asked = [*command, "columns", "gs://mock-bucket/result.csv", "a"]
    wide = {**os.environ, "COLUMNS": "200"}
    done = subprocess.run(asked, check=True, capture_output=True, text=True, env=wide)
    document = (Path(__file__).parents[2] / "docs" / "importing.md").read_text()
    # Alone, Airflow's events come before those of Spark, by the names of their folders.
    assert done.stdout in document
    told = json.loads(subprocess.run([*asked, "--json"], check=True, capture_output=True).stdout)
    assert (len(told["columns"]), told["masked"], told["complete"]) == (5, [], True)
    wrong = subprocess.run([*asked[:-1], "none"], capture_output=True, text=True)
    assert (wrong.returncode, "a column 'none'" in wrong.stderr) == (3, True)
