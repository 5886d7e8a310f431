"""A dbt project and its runs, whose files were written by dbt itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lineage import Artifact, Store
from lineage.errors import InvalidValue, NotFound
from lineage.formats.dbt import import_dbt

pytestmark = pytest.mark.backends("sqlite")

PROJECT = Path(__file__).parent / "dbt_project"
MANIFEST, RUN, TEST = (
    PROJECT / name for name in ("manifest.json", "run_results.json", "test_results.json")
)


def tables(store: Store, name: str, direction: str = "upstream") -> set[str]:
    return {f.node.name or "" for f in getattr(store, direction)(f"Table:{name}")
            if isinstance(f.node, Artifact) and f.node.type == "Table"}  # fmt: skip


def test_what_a_project_declares(store: Store) -> None:
    done = import_dbt([MANIFEST], store)
    assert (done.tables, done.results) == (6, 0)
    # The ephemeral model between them is none of its own.
    assert tables(store, "shop.main.customers") == {
        "shop.main.customers", "shop.main.stg_orders", "shop.main.raw_orders", "shop.crm.people",
    }  # fmt: skip
    customers = store.artifact("Table:shop.main.customers")
    assert {k: customers.get(k) for k in ("columns", "owners", "tags", "materialized")} == {
        "columns": "customer: varchar, total", "owners": "risk", "tags": "pii",
        "materialized": "table",
    }  # fmt: skip
    types = {step.type for step in store.executions()}
    assert types == {"DbtDefinition", "DbtExposure"}
    assert {step.state for step in store.executions()} == {"UNKNOWN"}
    used = {f.node.label for f in store.downstream("Table:shop.crm.people")}
    assert "DbtExposure:shop/churn_model" in used


def test_what_was_run(store: Store) -> None:
    done = import_dbt([RUN, MANIFEST, TEST], store)
    assert (done.tables, done.results, done.invalid) == (6, 7, ())
    steps = {step.get("dbt_id"): step for step in store.executions() if step.get("dbt_id")}
    states = {id.split(".")[2]: step.state for id, step in steps.items() if step.type == "DbtRun"}
    assert states == {
        "stg_orders": "COMPLETE", "customers": "COMPLETE", "broken": "FAILED",
        "after_broken": "CANCELED",
    }  # fmt: skip
    broken = steps["model.shop.broken"]
    assert "Binder Error" in broken.get("error")
    assert store.events(execution=steps["model.shop.after_broken"]) == []
    assert "sum(amount)" in steps["model.shop.customers"].get("sql")
    assert "{{" not in steps["model.shop.customers"].get("compiled_sql")
    assert tables(store, "shop.main.customers") == {
        "shop.main.customers", "shop.main.stg_orders", "shop.main.raw_orders", "shop.crm.people",
    }  # fmt: skip
    [event] = [e for e in store.events(execution=steps["model.shop.customers"])
               if e.type == "OUTPUT"]  # fmt: skip
    executed = json.loads(RUN.read_text())["results"][1]["timing"][1]["completed_at"]
    assert f"{event.time:%Y-%m-%dT%H:%M:%S}" == executed[:19]


def test_tests_say_what_they_found(store: Store) -> None:
    import_dbt([MANIFEST, TEST], store)
    found = {
        f.node.name.partition("/")[0]: f.node.get("failures")
        for f in store.downstream("Table:shop.main.stg_orders")
        if isinstance(f.node, Artifact) and f.node.type == "Metrics" and f.node.name
    }
    assert found == {"not_null_stg_orders_amount": 1}
    assert {step.state for step in store.executions(type="DbtTest")} == {"COMPLETE"}


def test_runs_are_in_their_pipeline(store: Store) -> None:
    import_dbt([MANIFEST, RUN], store)
    [run] = store.contexts(type="PipelineRun")
    assert run.get("command") == "dbt run"
    assert [c.label for c in store.parents_of(run)] == ["Pipeline:shop"]
    assert len(store.executions(context=run)) == 4


@pytest.mark.parametrize("files", [[MANIFEST], [MANIFEST, RUN, TEST]])
def test_importing_twice_changes_nothing(store: Store, files: list[Path]) -> None:
    def everything() -> Any:
        nodes = (*store.artifacts(), *store.executions(), *store.contexts())
        return store.counts(), [(n.label, n.updated_ms) for n in nodes]

    import_dbt(files, store)
    before = everything()
    import_dbt(files, store)
    assert everything() == before


def test_two_projects_with_tables_of_one_name(store: Store, tmp_path: Path) -> None:
    import_dbt([MANIFEST], store)
    other = json.loads(MANIFEST.read_text())
    other["metadata"].update(project_id="0" * 32, project_name="other")
    (tmp_path / "other.json").write_text(json.dumps(other))
    import_dbt([tmp_path / "other.json"], store)
    assert len(store.artifacts(type="Table")) == 12


def changed(tmp_path: Path, source: Path, change: Any) -> Path:
    document = json.loads(source.read_text())
    change(document)
    file = tmp_path / source.name
    file.write_text(json.dumps(document))
    return file


@pytest.mark.parametrize(
    ("source", "change", "named"),
    [
        (MANIFEST, lambda d: d["metadata"].pop("dbt_schema_version"), "dbt_schema_version is None"),
        (MANIFEST, lambda d: d["metadata"].update(
            dbt_schema_version="https://schemas.getdbt.com/dbt/manifest/v1.json"), "4 and later"),
        (MANIFEST, lambda d: d["nodes"]["model.shop.broken"].pop("unique_id"),
         r"manifest.nodes.model.shop.broken.unique_id: Field required"),
        (RUN, lambda d: d["results"][0].update(status=3), r"run-results.results.0.status"),
        (RUN, lambda d: d["results"][1].update(unique_id="model.shop.gone"),
         r"run_results.json: results.1.unique_id: 'model.shop.gone' is not in the manifest"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_nothing_written(
    store: Store, tmp_path: Path, source: Path, change: Any, named: str
) -> None:
    wrong = changed(tmp_path, source, change)
    files = [wrong] if source is MANIFEST else [MANIFEST, wrong]
    with pytest.raises(InvalidValue, match=named):
        import_dbt(files, store)
    assert store.counts().artifacts + store.counts().executions == 0


def test_a_result_of_nothing_known_is_skipped_when_asked(store: Store, tmp_path: Path) -> None:
    wrong = changed(tmp_path, RUN, lambda d: d["results"][1].update(unique_id="model.shop.gone"))
    done = import_dbt([MANIFEST, wrong], store, skip_invalid=True)
    assert (done.results, len(done.invalid)) == (3, 1)


def test_what_is_no_file_of_dbt(store: Store, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("{")
    (tmp_path / "list").write_text("[]")
    for name in ("text", "list"):
        with pytest.raises(InvalidValue, match=name):
            import_dbt([tmp_path / name], store)
    with pytest.raises(NotFound):
        import_dbt([tmp_path / "none"], store)
    with pytest.raises(InvalidValue, match=r"no manifest\.json"):
        import_dbt([RUN], store)
    with pytest.raises(InvalidValue, match="second manifest"):
        import_dbt([MANIFEST, MANIFEST], store)


def test_import_dbt_on_the_command_line(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/s.db"
    command = [sys.executable, "-m", "lineage.cli", "--store", url, "import", "dbt"]
    done = subprocess.run([*command, MANIFEST, RUN], capture_output=True, text=True, check=True)
    assert done.stdout == f"imported 6 tables and 4 results into {url}\n"
    assert subprocess.run([*command, RUN], capture_output=True).returncode == 2
