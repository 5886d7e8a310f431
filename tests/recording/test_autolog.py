"""`lineage.autolog`: scripts that say nothing of Lineage but that word, run as they are."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

# Imported here, so that the scripts need not.
import joblib  # noqa: F401
import pandas  # noqa: F401
import pytest
import sklearn.ensemble
import sklearn.model_selection
import sklearn.pipeline

import lineage
from lineage.errors import InvalidValue
from lineage.model import Artifact, Execution
from tests.recording.script import run_forked

Script = Callable[[str], str]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[lineage.Store]:
    """The store that the scripts record into."""
    with lineage.connect(f"sqlite:///{tmp_path}/.lineage/lineage.db") as opened:
        yield opened


@pytest.fixture
def run(store: lineage.Store, tmp_path: Path) -> Script:
    """Run a script in a process of its own, after `import lineage; lineage.autolog()`."""

    def run(code: str, first: str = "import lineage\nlineage.autolog()\n") -> str:
        script = tmp_path / "train.py"
        script.write_text(first + textwrap.dedent(code))
        done = run_forked(script, {"LINEAGE_URL": store.url})
        assert done.code == 0, done.err
        assert "RecordingWarning" not in done.err, done.err
        return done.out

    table = "\n".join(f"{n},{n % 7},{n % 2}" for n in range(60))
    (tmp_path / "raw.csv").write_text(f"a,b,y\n{table}\n")
    return run


def at(store: lineage.Store, tmp_path: Path, name: str) -> Artifact:
    """The artifact that lies in a file."""
    return store.artifact((tmp_path / name).resolve().as_uri())


def ports(store: lineage.Store, execution: Execution, flow: str) -> list[Artifact]:
    """What an execution read or wrote."""
    assert execution.id is not None
    return [
        store.artifact(event.artifact_id)
        for event in store.events(execution=execution.id)
        if event.type.flow is not None and event.type.flow.value == flow
    ]


TRAIN = """
    import joblib
    import pandas as pd
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import accuracy_score, f1_score
    from sklearn.model_selection import train_test_split

    df = pd.read_csv("raw.csv")
    X, y = df.drop(columns="y"), df["y"]
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    model = LogisticRegression(C=0.5).fit(X_train, y_train)
    predicted = model.predict(X_test)
    print(accuracy_score(y_test, predicted), f1_score(y_test, predicted))
    joblib.dump(model, "model.joblib")
"""


def test_from_a_table_to_a_saved_model_is_one_chain(
    run: Script, store: lineage.Store, tmp_path: Path
) -> None:
    printed = run(TRAIN)
    model = at(store, tmp_path, "model.joblib")
    assert model.type == "Model"
    assert [t.dataset.uri for t in store.trained_on(model)] == [
        (tmp_path / "raw.csv").resolve().as_uri()
    ]
    assert [t.direct for t in store.trained_on(model)] == [True]
    settings = {s.name: s.value for s in store.hyperparameters(model)}
    assert (settings["C"], settings["algorithm"]) == (
        0.5,
        "sklearn.linear_model.LogisticRegression",
    )
    assert "inputs_assumed" not in settings
    [evaluation] = store.evaluations(model)
    values = [evaluation.metrics.get(name) for name in ("accuracy", "f1")]
    assert values == [float(word) for word in printed.split()]
    environment = {s.name: s.value for s in store.environment_of(model)}
    assert environment["sklearn"] == sklearn.__version__


def test_a_script_that_runs_again_meets_its_own_artifacts(
    run: Script, store: lineage.Store, tmp_path: Path
) -> None:
    run(TRAIN)
    run(TRAIN)
    assert len(store.executions(type="Train")) == 2
    # The same bytes at the same place are one model, with two writers.
    assert len(store.artifacts(type="Model")) == 1
    assert len(store.artifacts(type="Dataset")) == 1


@pytest.mark.parametrize("before", [False, True])
def test_a_fresh_interpreter_tells_whenever_autolog_is_called(
    run: Script, store: lineage.Store, tmp_path: Path, before: bool
) -> None:
    word = "import lineage\nlineage.autolog()\n"
    imports, rest = (textwrap.dedent(part) for part in TRAIN.split("\n\n", 1))
    script = tmp_path / "whole.py"
    script.write_text(f"{imports}\n{word}{rest}" if before else f"{word}{imports}\n{rest}")
    subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path,
        env={**os.environ, "LINEAGE_URL": store.url},
        check=True,
    )
    assert len(store.trained_on(at(store, tmp_path, "model.joblib"))) == 1


def test_in_a_run_what_libraries_tell_is_the_run_s(
    run: Script, store: lineage.Store, tmp_path: Path
) -> None:
    code = textwrap.indent(textwrap.dedent(TRAIN), "    ")
    run(f"with lineage.run('fit', type='Train'):\n{code}")
    [execution] = store.executions()
    assert execution.get("C") == 0.5
    assert [a.uri for a in ports(store, execution, "INPUT")] == [
        (tmp_path / "raw.csv").resolve().as_uri()
    ]
    written = {a.type: a for a in ports(store, execution, "OUTPUT")}
    assert set(written) == {"Model", "Metrics"}
    assert written["Metrics"].get("accuracy") is not None


def test_steps_hand_a_model_on(run: Script, store: lineage.Store, tmp_path: Path) -> None:
    run(
        """
        import pandas as pd
        from pathlib import Path
        from sklearn.linear_model import LogisticRegression

        @lineage.step(type="Train")
        def fit(table):
            return LogisticRegression().fit(table[["a", "b"]], table["y"])

        @lineage.step(type="Evaluate")
        def judge(model, table):
            return {"accuracy": model.score(table[["a", "b"]], table["y"])}

        table = pd.read_csv("raw.csv")
        judge(fit(table), table)
        """
    )
    [model] = store.artifacts(type="Model")
    assert len(store.trained_on(model)) == 1
    [evaluation] = store.evaluations(model)
    assert evaluation.metrics.get("accuracy") is not None
    assert evaluation.execution.type == "Evaluate"


def test_frames_carry_their_origin_through_ordinary_use(
    run: Script, store: lineage.Store, tmp_path: Path
) -> None:
    (tmp_path / "more.csv").write_text("a,c\n1,2\n3,4\n")
    (tmp_path / "unused.csv").write_text("z\n1\n")
    run(
        """
        import pandas as pd
        unused = pd.read_csv("unused.csv")
        left, right = pd.read_csv("raw.csv"), pd.read_csv("more.csv")
        both = left.merge(right, on="a", how="left").fillna(0).copy()
        both["sum"] = both["a"] + both["b"]
        both.groupby("y").mean().to_parquet("means.parquet")
        left[left["a"] > 3].sort_values("b").head().to_csv("some.csv")
        pd.concat([left, right], ignore_index=True).to_json("all.json")
        """
    )

    def sources(name: str) -> set[str]:
        found = store.upstream(at(store, tmp_path, name)).nodes
        return {Path(n.node.uri).name for n in found if n.depth and isinstance(n.node, Artifact)}

    assert sources("means.parquet") == {"raw.csv", "more.csv"}
    assert sources("some.csv") == {"raw.csv"}
    assert sources("all.json") == {"raw.csv", "more.csv"}


def test_where_the_origin_is_not_known_all_that_was_read_is_taken_and_said(
    run: Script, store: lineage.Store, tmp_path: Path
) -> None:
    run(
        """
        import numpy as np
        import pandas as pd
        from sklearn.linear_model import LinearRegression
        rows = pd.read_csv("raw.csv").values.tolist()
        X = np.array(rows)
        LinearRegression().fit(X[:, :2], X[:, 2])
        """
    )
    [execution] = store.executions(type="Train")
    assert execution.get("inputs_assumed") is True
    assert [a.uri for a in ports(store, execution, "INPUT")] == [
        (tmp_path / "raw.csv").resolve().as_uri()
    ]


def test_a_model_that_is_never_saved_is_recorded_at_the_end(
    run: Script, store: lineage.Store
) -> None:
    run(
        """
        from sklearn.datasets import load_iris
        from sklearn.linear_model import LogisticRegression
        X, y = load_iris(return_X_y=True)
        model = LogisticRegression(max_iter=500).fit(X, y)
        model.score(X, y)
        """
    )
    [model] = store.artifacts(type="Model")
    assert model.uri is None
    [data] = store.trained_on(model)
    assert data.dataset.get("source") == "sklearn.datasets.load_iris"
    assert len(store.evaluations(model)) == 1


def test_a_fit_that_fails_is_recorded_and_raises(run: Script, store: lineage.Store) -> None:
    run(
        """
        from sklearn.linear_model import LogisticRegression
        try:
            LogisticRegression(C=-1).fit([[1], [2]], [0, 1])
        except ValueError as error:
            print(error)
        """
    )
    [execution] = store.executions(type="Train")
    assert execution.state.value == "FAILED"
    assert execution.get("C") == -1


def test_a_search_is_one_fit(run: Script, store: lineage.Store) -> None:
    run(
        """
        import pandas as pd
        from sklearn.ensemble import RandomForestClassifier
        from sklearn.model_selection import GridSearchCV
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        df = pd.read_csv("raw.csv")
        steps = make_pipeline(StandardScaler(), RandomForestClassifier(n_estimators=3, n_jobs=2))
        grid = {"randomforestclassifier__max_depth": [1, 2]}
        GridSearchCV(steps, grid, cv=2).fit(df[["a", "b"]], df["y"])
        """
    )
    [execution] = store.executions(type="Train")
    assert execution.get("algorithm") == "sklearn.model_selection.GridSearchCV"
    assert execution.get("best_randomforestclassifier__max_depth") in (1, 2)
    [metrics] = store.artifacts(type="Metrics")
    assert 0 <= metrics.get("best_score") <= 1


def test_an_estimator_of_the_user_s_own_tells_too(run: Script, store: lineage.Store) -> None:
    run(
        """
        import pickle
        import pandas as pd
        from sklearn.base import BaseEstimator, ClassifierMixin

        class Majority(ClassifierMixin, BaseEstimator):
            def __init__(self, ties=0):
                self.ties = ties
            def fit(self, X, y):
                self.most_ = y.mode().iloc[0]
                return self
            def predict(self, X):
                return [self.most_] * len(X)

        df = pd.read_csv("raw.csv")
        model = Majority(ties=1).fit(df[["a"]], df["y"])
        with open("model.pkl", "wb") as file:
            pickle.dump(model, file)
        """
    )
    [execution] = store.executions(type="Train")
    assert execution.get("ties") == 1
    [model] = ports(store, execution, "OUTPUT")
    assert (model.uri or "").endswith("model.pkl")


def test_a_model_that_is_loaded_is_the_one_that_was_saved(
    run: Script, store: lineage.Store, tmp_path: Path
) -> None:
    run(TRAIN)
    run(
        """
        import joblib
        import pandas as pd
        model, df = joblib.load("model.joblib"), pd.read_csv("raw.csv")
        model.score(df[["a", "b"]], df["y"])
        pd.DataFrame({"y": model.predict(df[["a", "b"]])}).to_csv("predicted.csv")
        """
    )
    model = at(store, tmp_path, "model.joblib")
    assert len(store.evaluations(model)) == 2
    found = store.upstream(at(store, tmp_path, "predicted.csv")).nodes
    assert model.id in {n.node.id for n in found if isinstance(n.node, Artifact)}


def test_numpy_files_and_seeds(run: Script, store: lineage.Store, tmp_path: Path) -> None:
    run(
        """
        import numpy as np
        np.random.seed(7)
        table = np.loadtxt("raw.csv", delimiter=",", skiprows=1)
        np.save("part.npy", table[:10, 1:])
        np.savez("both.npz", a=np.load("part.npy"), b=table)
        """
    )
    [first] = store.upstream(at(store, tmp_path, "part.npy"), depth=2).nodes[2:]
    assert first.node.uri == (tmp_path / "raw.csv").resolve().as_uri()
    found = store.upstream(at(store, tmp_path, "both.npz")).nodes
    assert {Path(n.node.uri).name for n in found if isinstance(n.node, Artifact)} == {
        "both.npz",
        "part.npy",
        "raw.csv",
    }
    assert {e.get("numpy_seed") for e in store.executions()} == {7}


def test_what_libraries_return_and_raise_is_unchanged(run: Script) -> None:
    code = """
        import inspect, io, pickle
        import joblib, numpy as np, pandas as pd
        from sklearn.base import clone
        from sklearn.linear_model import LogisticRegression
        print(pd.DataFrame({"a": [1]}).to_csv(None))
        try:
            pd.read_csv("nowhere.csv")
        except FileNotFoundError as error:
            print(error)
        print(pd.read_csv(io.StringIO("a,b\\n1,2")).to_dict())
        print(inspect.signature(pd.read_csv).parameters.keys())
        print(inspect.signature(LogisticRegression.fit))
        print(pickle.loads(pickle.dumps(pd.read_csv)) is pd.read_csv)
        print(clone(LogisticRegression(C=3)))
        print(joblib.dump([1], "x.joblib"), joblib.load("x.joblib"))
        print([len(chunk) for chunk in pd.read_csv("raw.csv", chunksize=25)])
        print(LogisticRegression().fit([[0], [1]], [0, 1]).predict([[2]]))
        print(pd.DataFrame({"a": [1]}).attrs, np.arange(4).reshape(2, 2).tolist())
        print(hasattr(LogisticRegression(), "predict_proba"))
        """
    assert run(code) == run(code, "")


def test_an_unreachable_store_leaves_the_program_alone(tmp_path: Path) -> None:
    (tmp_path / "raw.csv").write_text("a,b,y\n" + "\n".join(f"{n},1,{n % 2}" for n in range(60)))
    script = tmp_path / "train.py"
    script.write_text(f"import lineage\nlineage.autolog()\n{textwrap.dedent(TRAIN)}")
    done = run_forked(script, {"LINEAGE_URL": "sqlite:////proc/nowhere/lineage.db"})
    assert done.code == 0
    assert len(done.out.split()) == 2
    assert "lineage record --pending" in done.err
    assert list((tmp_path / ".lineage" / "pending").glob("*.jsonl"))


def test_a_library_that_nobody_knows_is_refused() -> None:
    with pytest.raises(InvalidValue, match="there is no adapter for 'cobol'"):
        lineage.autolog("cobol")


def test_exec_has_the_libraries_of_an_unchanged_script_tell(
    store: lineage.Store, tmp_path: Path
) -> None:
    rows = "\n".join(f"{n},{n % 7},{n % 2}" for n in range(60))
    (tmp_path / "raw.csv").write_text(f"a,b,y\n{rows}\n")
    (tmp_path / "train.py").write_text(textwrap.dedent(TRAIN))
    # An interpreter's own start-up goes on as it was.
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text("import os\nos.environ['OWN'] = '1'\n")
    (tmp_path / "train.py").open("a").write("import os\nprint(os.environ['OWN'])\n")
    command = [sys.executable, "-m", "lineage.cli", "--store", store.url, "exec", "--autolog"]
    done = subprocess.run(
        [*command, "--capture", "audit", "--", sys.executable, "train.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "1"
    model = at(store, tmp_path, "model.joblib")
    assert {s.name: s.value for s in store.hyperparameters(model)}["C"] == 0.5
    [fit] = store.executions(type="Train")
    [command_run] = store.executions(type="Command")
    assert fit.get("parent_run") == command_run.external_id
    # Both saw the same files.
    assert {a.id for a in ports(store, fit, "INPUT")} <= {
        a.id for a in ports(store, command_run, "INPUT")
    }


def test_files_that_pass_and_files_that_are_put_in_place(
    run: Script, store: lineage.Store, tmp_path: Path
) -> None:
    run(
        """
        import os
        import joblib
        import pandas as pd
        from sklearn.linear_model import LogisticRegression
        df = pd.read_csv("raw.csv")
        model = LogisticRegression().fit(df[["a", "b"]], df["y"])
        joblib.dump(model, "model.part")
        os.replace("model.part", "model.joblib")
        with lineage.run("write"):
            df.to_csv("scratch.csv")
            os.remove("scratch.csv")
            df.to_csv("table.part")
            os.rename("table.part", "table.csv")
        """
    )
    assert len(store.trained_on(at(store, tmp_path, "model.joblib"))) == 1
    [write] = [e for e in store.executions() if e.get("step_name") == "write"]
    assert [Path(a.uri or "").name for a in ports(store, write, "OUTPUT")] == ["table.csv"]


def test_models_that_say_what_they_are_only_once_fitted(run: Script, store: lineage.Store) -> None:
    run(
        """
        import pandas as pd
        from sklearn.cluster import KMeans
        from sklearn.ensemble import StackingClassifier
        from sklearn.linear_model import LogisticRegression
        from sklearn.preprocessing import StandardScaler
        df = pd.read_csv("raw.csv")
        X, y = df[["a", "b"]], df["y"]
        StandardScaler().fit(X)
        StackingClassifier([("one", LogisticRegression())]).fit(X, y).score(X, y)
        KMeans(n_clusters=2, n_init=1).fit(X)
        """
    )
    stacked, clustered = store.executions(type="Train")
    assert stacked.get("algorithm") == "sklearn.ensemble.StackingClassifier"
    assert clustered.get("algorithm") == "sklearn.cluster.KMeans"
    assert clustered.get("param.algorithm") == "lloyd"
    assert len(store.executions(type="Evaluate")) == 1
