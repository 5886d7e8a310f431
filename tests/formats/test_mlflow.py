"""What MLflow has is what its own client says: a folder, a database, and a running server."""

from __future__ import annotations

import json
import math
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import lineage
from lineage import Execution, Store
from lineage.errors import NotFound, StoreUnavailable
from lineage.formats.mlflow import import_mlflow, importer
from lineage.formats.mlflow.mapping import run_key
from lineage.model import Kind

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

LONG = bool(os.environ.get("LINEAGE_LONG"))

# The importer writes through the store alone; what it writes is the same on every backend.
pytestmark = pytest.mark.backends("sqlite")


def client_of(uri: str) -> Any:
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def fill(uri: str, folder: Path) -> None:
    """Two experiments, nested runs, data, models and a registry, as MLflow's client logs them."""
    import mlflow

    # A version of a logged model is looked up where the process tracks.
    mlflow.set_tracking_uri(uri)
    try:
        _fill(uri, folder)
    finally:
        mlflow.set_tracking_uri(None)  # type: ignore[arg-type]


def _fill(uri: str, folder: Path) -> None:
    from mlflow.entities import (
        Dataset,
        DatasetInput,
        InputTag,
        LoggedModelInput,
        LoggedModelOutput,
        Metric,
        Param,
        RunTag,
    )

    client = client_of(uri)

    def dataset(name: str, digest: str, use: str) -> Any:
        schema = json.dumps({"mlflow_colspec": [{"type": "long", "name": "id", "required": True}]})
        source = json.dumps({"uri": f"s3://bucket/{name}.csv"})
        data = Dataset(name, digest, "s3", source, schema, json.dumps({"num_rows": 7}))
        return DatasetInput(data, [InputTag("mlflow.data.context", use)])

    churn = client.create_experiment("churn", artifact_location=str(folder / "artifacts"))
    client.create_experiment("empty", artifact_location=str(folder / "none"))
    outer = client.create_run(churn, run_name="search", tags={"team": "risk", "lr": "a tag"})
    for at in range(3):
        tags = {"mlflow.parentRunId": outer.info.run_id, "mlflow.source.git.commit": "c0ffee"}
        run = client.create_run(churn, run_name=f"trial-{at}", tags=tags)
        id = run.info.run_id
        client.log_batch(
            id,
            metrics=[Metric("loss", 1 / (step + 1), 1_000 + step, step) for step in range(5)]
            + [Metric("accuracy", 0.9 + at / 100, 2_000, 0), Metric("odd", math.nan, 2_000, 0),
               Metric("huge", math.inf, 2_000, 0)],
            params=[Param("lr", str(0.1 * at)), Param("depth", "3"), Param("user", "a parameter"),
                    Param("booster", "dart"), Param("zero", "007"), Param("a/b c.d-e", "日本")],
            tags=[RunTag("note", "x" * 300)],
        )  # fmt: skip
        client.log_inputs(id, [dataset("train", "aaaa1111", "training"),
                               dataset("test", "bbbb2222", "eval")])  # fmt: skip
        model = client.create_logged_model(
            churn, name="booster", source_run_id=id, params={"lr": str(at)}, model_type="xgb"
        )
        client.log_outputs(id, [LoggedModelOutput(model.model_id, 0)])
        client.finalize_logged_model(model.model_id, "READY")
        client.set_terminated(id, "FAILED" if at == 2 else "FINISHED")
        if at == 1:
            judge = client.create_run(churn, run_name="evaluate")
            client.log_inputs(judge.info.run_id, [dataset("test", "bbbb2222", "eval")],
                              models=[LoggedModelInput(model.model_id)])  # fmt: skip
            client.log_metric(judge.info.run_id, "f1", 0.8, model_id=model.model_id)
            client.set_terminated(judge.info.run_id)
        if at == 0:
            client.create_registered_model("churn", description="will they go?")
        if at < 2:
            client.create_model_version(
                "churn", f"models:/{model.model_id}", id, model_id=model.model_id
            )
    client.set_registered_model_alias("churn", "champion", "1")
    client.transition_model_version_stage("churn", "2", "Staging")
    gone = client.create_run(churn, run_name="gone")
    client.delete_run(gone.info.run_id)
    client.set_terminated(outer.info.run_id)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("database")
    uri = f"sqlite:///{folder}/mlflow.db"
    fill(uri, folder)
    return uri


@pytest.fixture(scope="module")
def runs_folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("folder") / "mlruns"
    fill(str(folder), folder.parent)
    return str(folder)


@pytest.fixture(scope="module")
def server(database: str) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port),
         "--backend-store-uri", database, "--workers", "1"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    said: list[str] = []
    try:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if "startup complete" in line:
                break
        else:
            pytest.fail(f"mlflow server ended: {''.join(said)}")
        # It would stop at a full pipe.
        threading.Thread(target=process.stdout.read, daemon=True).start()
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, 15)
        process.wait()


@pytest.fixture(scope="module", params=["runs_folder", "database", "server"])
def imported(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Store]]:
    """A source, and a store into which it was imported; for tests that only read."""
    source = request.getfixturevalue(request.param)
    with lineage.connect(f"sqlite:///{tmp_path_factory.mktemp('imported')}/s.db") as store:
        done = import_mlflow(source, store)
        assert (done.runs, done.models, done.registered_models, done.versions) == (6, 3, 1, 2)
        assert done.left_out == ()
        yield source, store


def run_of(store: Store, id: str) -> Execution:
    found = store.get(run_key(id), kind=Kind.EXECUTION)
    assert isinstance(found, Execution)
    return found


def all_runs(client: Any) -> list[Any]:
    ids = [e.experiment_id for e in client.search_experiments(view_type=3)]
    return list(client.search_runs(ids, run_view_type=3))


def same_number(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))


def test_everything_is_as_the_client_says(imported: tuple[str, Store]) -> None:
    source, store = imported
    runs = all_runs(client_of(source))
    assert len(store.executions(type="MlflowRun")) == len(runs) == 6
    states = {"FINISHED": "COMPLETE", "FAILED": "FAILED", "RUNNING": "RUNNING"}
    for run in runs:
        found = run_of(store, run.info.run_id)
        assert found.state == states[run.info.status]
        assert found.get("mlflow")["lifecycle_stage"] == run.info.lifecycle_stage
        for name, value in run.data.params.items():
            kept = found.get(f"param.{name}" if name == "user" else name)
            assert (str(kept), name) == (value, name)
        assert found.get("mlflow")["tags"] == run.data.tags
        assert found.get("start_time") == run.info.start_time
        around = [(e, store.artifact(e.artifact_id)) for e in store.events(execution=found)]
        metrics = [a for _, a in around if a.type == "Metrics"]
        assert len(metrics) == bool(run.data.metrics)
        for name, value in run.data.metrics.items():
            assert same_number(metrics[0].get(name), value)
        read = {(e.path, a.get("mlflow_digest"), a.uri)
                for e, a in around if e.type == "INPUT" and a.type == "Dataset"}  # fmt: skip
        assert read == {
            ((given.tags[0].value, given.dataset.name), f"mlflow:{given.dataset.digest}",
             json.loads(given.dataset.source)["uri"])
            for given in run.inputs.dataset_inputs
        }  # fmt: skip
        logged = run.outputs.model_outputs if run.outputs else ()
        for flow, given in (("INPUT", run.inputs.model_inputs), ("OUTPUT", logged)):
            ids = {a.get("model_id") for e, a in around if e.type == flow and a.type == "Model"}
            assert ids == {each.model_id for each in given}
        assert "Experiment:churn" in [c.label for c in store.contexts_of(found)]


def test_the_values_of_a_metric_over_steps_are_kept(imported: tuple[str, Store]) -> None:
    source, store = imported
    client = client_of(source)
    compared = 0
    for run in all_runs(client):
        if "loss" not in run.data.metrics:
            continue
        points = sorted(client.get_metric_history(run.info.run_id, "loss"), key=lambda p: p.step)
        kept = store.get(f"mlflow:metrics/{run.info.run_id}").get("history.loss")
        assert kept["steps"] == [p.step for p in points] == list(range(5))
        assert kept["values"] == [p.value for p in points]
        assert kept["times"] == [p.timestamp for p in points]
        compared += 1
    assert compared == 3


def test_questions_are_answered_about_what_was_imported(imported: tuple[str, Store]) -> None:
    _, store = imported
    version = store.artifact("ModelVersion:churn/1")
    trained_on = {row.dataset.uri for row in store.trained_on(version)}
    assert "s3://bucket/train.csv" in trained_on
    settings = {s.name: s.value for s in store.hyperparameters(version)}
    assert (settings["depth"], settings["booster"], settings["zero"]) == (3, "dart", "007")
    assert not [name for name in settings if name.startswith("mlflow")]
    [deployed] = store.deployments(where="models:/churn@champion")
    assert [model.label for model in deployed.models] == ["ModelVersion:churn/1"]
    [staged] = store.deployments(where="models:/churn/Staging")
    assert [model.label for model in staged.models] == ["ModelVersion:churn/2"]
    reached = {f.node.label for f in store.downstream("s3://bucket/train.csv", type="MODEL")}
    assert {"ModelVersion:churn/1", "ModelVersion:churn/2"} <= reached


def test_nested_runs_are_together(imported: tuple[str, Store]) -> None:
    _, store = imported
    [outer] = [run for run in store.executions() if run.get("run_name") == "search"]
    [group] = [c for c in store.contexts_of(outer) if c.type == "PipelineRun"]
    names = {run.get("run_name") for run in store.executions(context=group)}
    assert names == {"search", "trial-0", "trial-1", "trial-2"}
    assert [c.label for c in store.parents_of(group)] == ["Experiment:churn"]


def test_importing_twice_changes_nothing(store: Store, database: str) -> None:
    def everything() -> Any:
        nodes = (*store.artifacts(), *store.executions(), *store.contexts())
        return store.counts(), [(n.label, n.updated_ms) for n in nodes]

    import_mlflow(database, store)
    before = everything()
    import_mlflow(database, store)
    assert everything() == before


def test_a_database_and_its_server_are_one(store: Store, database: str, server: str) -> None:
    import_mlflow(database, store)
    before = store.counts()
    import_mlflow(server, store)
    assert store.counts() == before


def test_two_stores_are_two(store: Store, database: str, runs_folder: str) -> None:
    import_mlflow(database, store)
    import_mlflow(runs_folder, store)
    assert len(store.executions(type="MlflowRun")) == 12
    assert len([c for c in store.contexts() if c.name.startswith("churn")]) == 4
    assert len(store.deployments()) == 4


@pytest.fixture
def own_database(database: str, tmp_path: Path) -> str:
    """A copy of the database, to be changed."""
    shutil.copy(database.removeprefix("sqlite:///"), tmp_path / "own.db")
    return f"sqlite:///{tmp_path}/own.db"


def test_what_changed_is_changed(store: Store, own_database: str) -> None:
    import_mlflow(own_database, store)
    client = client_of(own_database)
    [run] = [run for run in all_runs(client) if run.info.run_name == "search"]
    client.log_param(run.info.run_id, "late", "1.5")
    client.log_metric(run.info.run_id, "late", 3.0)
    client.set_tag(run.info.run_id, "team", "fraud")
    new = client.create_run(run.info.experiment_id, run_name="new")
    import_mlflow(own_database, store)
    found = run_of(store, run.info.run_id)
    assert (found.get("late"), found.get("mlflow")["tags"]["team"]) == (1.5, "fraud")
    assert store.get(f"mlflow:metrics/{run.info.run_id}").get("late") == 3.0
    assert run_of(store, new.info.run_id).state == "RUNNING"
    client.set_terminated(new.info.run_id, "KILLED")
    import_mlflow(own_database, store)
    assert run_of(store, new.info.run_id).state == "CANCELED"


def test_an_alias_that_moves_is_a_deployment_after_the_other(
    store: Store, own_database: str
) -> None:
    place = "models:/churn@champion"

    def deployed() -> list[list[str]]:
        import_mlflow(own_database, store)
        return [[m.label for m in d.models] for d in store.deployments(where=place)]

    client = client_of(own_database)
    assert deployed() == [["ModelVersion:churn/1"]]
    client.set_registered_model_alias("churn", "champion", "2")
    assert deployed() == [["ModelVersion:churn/2"]]
    client.set_registered_model_alias("churn", "champion", "1")
    assert deployed() == [["ModelVersion:churn/1"]]
    client.delete_registered_model_alias("churn", "champion")
    assert deployed() == []
    history = store.deployments(where=place, history=True)
    assert [d.execution.get("time_from") for d in history] == [
        "last change of the version", "import", "import",
    ]  # fmt: skip
    assert all(d.until_ms is not None for d in history)


def test_an_interrupted_import_goes_on(
    store: Store, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "_TOGETHER", 2)

    class Stopped(Exception):
        pass

    def stop(done: int, total: int | None) -> None:
        if done == 4:
            raise Stopped

    with pytest.raises(Stopped):
        import_mlflow(database, store, progress=stop)
    assert len(store.executions(type="MlflowRun")) == 4
    # The run at which it stopped is read again, and none before it.
    assert import_mlflow(database, store).runs == 3
    assert len(store.executions(type="MlflowRun")) == 6
    assert import_mlflow(database, store).runs == 6


def test_models_of_mlflow_2(store: Store, tmp_path: Path) -> None:
    """Before MLflow 3, a model was a folder below its run, named in a tag."""
    uri = f"sqlite:///{tmp_path}/two.db"
    client = client_of(uri)
    run = client.create_run(client.create_experiment("two", str(tmp_path / "artifacts")))
    id = run.info.run_id
    logged = [{"run_id": id, "artifact_path": "model", "model_uuid": "u1",
               "flavors": {"sklearn": {"sklearn_version": "1.4.2"},
                           "python_function": {"python_version": "3.11.7"}}}]  # fmt: skip
    client.set_tag(id, "mlflow.log-model.history", json.dumps(logged))
    client.log_param(id, "lr", "0.5")
    client.set_terminated(id)
    client.create_registered_model("two")
    client.create_model_version("two", f"{run.info.artifact_uri}/model", id)
    import_mlflow(uri, store)
    assert {s.name: s.value for s in store.hyperparameters("ModelVersion:two/1")}["lr"] == 0.5
    libraries = {s.name: s.value for s in store.environment_of("ModelVersion:two/1")}
    assert libraries == {"sklearn": "1.4.2", "python": "3.11.7"}


def test_what_a_program_logs_appears_while_it_runs(tmp_path: Path) -> None:
    """As users do it, with nothing of ours in the program but the URI."""
    uri = f"sqlite:///{tmp_path}/real.db"
    program = tmp_path / "train.py"
    program.write_text(
        "import mlflow, pandas\n"
        "from sklearn.linear_model import LinearRegression\n"
        "mlflow.set_experiment('real')\n"
        "data = pandas.DataFrame({'x': [1.0, 2.0, 3.0], 'y': [2.0, 4.0, 6.0]})\n"
        "with mlflow.start_run():\n"
        "    mlflow.log_input(mlflow.data.from_pandas(data, source='s3://b/x.csv', name='x'))\n"
        "    mlflow.log_param('fit_intercept', True)\n"
        "    import lineage\n"
        "    with lineage.connect() as store:\n"
        "        print(*[run.state for run in store.executions()])\n"
        "    model = LinearRegression().fit(data[['x']], data['y'])\n"
        "    info = mlflow.sklearn.log_model(model, name='line', registered_model_name='line',\n"
        "                                    pip_requirements=[])\n"
        "    mlflow.log_metric('r2', 1.0, model_id=info.model_id)\n"
        "mlflow.MlflowClient().set_registered_model_alias('line', 'best', 1)\n"
    )
    url = f"sqlite:///{tmp_path}/live.db"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(program)],
        cwd=tmp_path,
        env={**os.environ, "MLFLOW_TRACKING_URI": f"lineage+{uri}", "LINEAGE_URL": url},
        check=True,
        capture_output=True,
        text=True,
    )
    assert "RUNNING\n" in done.stdout
    model = "ModelVersion:line/1"
    with lineage.connect(url) as store:
        assert [row.dataset.uri for row in store.trained_on(model)] == ["s3://b/x.csv"]
        assert {s.name: s.value for s in store.hyperparameters(model)}["fit_intercept"] is True
        assert [d.where for d in store.deployments()] == ["models:/line@best"]
        assert {run.state for run in store.executions(type="MlflowRun")} == {"COMPLETE"}
        before = store.counts()
        # An import afterwards has nothing to add but MLflow's own empty experiment.
        import_mlflow(uri, store)
        after = store.counts()
        assert (after.artifacts, after.executions) == (before.artifacts, before.executions)


@pytest.mark.skipif(not LONG, reason="MLflow takes seconds to start: in make test-long")
def test_a_store_that_fails_is_a_warning(database: str, tmp_path: Path) -> None:
    shutil.copy(database.removeprefix("sqlite:///"), tmp_path / "own.db")
    program = tmp_path / "log.py"
    program.write_text(
        "import mlflow\nwith mlflow.start_run():\n    mlflow.log_param('a', 1)\nprint('done')\n"
    )
    done = subprocess.run(
        [sys.executable, str(program)],
        env={**os.environ, "LINEAGE_URL": "sqlite:////dev/null/none.db",
             "MLFLOW_TRACKING_URI": f"lineage+sqlite:///{tmp_path}/own.db"},
        check=True, capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.stdout.endswith("done\n")
    assert "Lineage could not follow what MLflow logged" in done.stderr


def test_a_source_that_is_not_there_is_not_made(store: Store, tmp_path: Path) -> None:
    for uri in (str(tmp_path / "none"), f"sqlite:///{tmp_path}/none.db", str(tmp_path)):
        with pytest.raises(NotFound):
            import_mlflow(uri, store)
    assert list(tmp_path.glob("none*")) == []
    with pytest.raises(StoreUnavailable, match="MLflow can't read"):
        import_mlflow("http://user:secret@127.0.0.1:9", store)


def test_what_mlflow_can_not_read_is_named(store: Store, runs_folder: str, tmp_path: Path) -> None:
    folder = tmp_path / "mlruns"
    shutil.copytree(runs_folder, folder)
    (folder / "77").mkdir()
    done = import_mlflow(str(tmp_path), store)
    assert len(done.left_out) == 1
    assert "77" in done.left_out[0]


def test_importing_leaves_the_process_as_it_was(
    store: Store, runs_folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    before = mlflow.is_tracking_uri_set(), mlflow.get_tracking_uri()
    import_mlflow(runs_folder, store)
    assert (mlflow.is_tracking_uri_set(), mlflow.get_tracking_uri()) == before
    assert "MLFLOW_TRACKING_URI" not in os.environ
    assert list(tmp_path.glob("mlflow.db")) == []


def test_import_mlflow_on_the_command_line(database: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/s.db"
    command = [sys.executable, "-m", "lineage.cli", "--store", url, "import", "mlflow", database]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == (
        f"{url} has 3 experiments, 6 runs, 3 models, 1 registered model, 2 versions\n"
    )
    assert done.stderr == f"lineage: made the store {tmp_path}/s.db\n"
    with lineage.connect(url) as store:
        assert len(store.executions(type="MlflowRun")) == 6
