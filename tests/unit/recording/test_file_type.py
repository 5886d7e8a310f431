"""The type of artifact that a file is taken for."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import joblib
import numpy
import pandas
import pytest
from sklearn.linear_model import LogisticRegression

from lineage.errors import InvalidValue
from lineage.recording.file_type import parse_rules, read_metrics, type_of_file


@pytest.mark.parametrize(
    ("name", "type"),
    [
        ("raw.csv", "Dataset"),
        ("raw.CSV.gz", "Dataset"),
        ("a.b.parquet", "Dataset"),
        ("x.npz", "Dataset"),
        ("net.onnx", "Model"),
        ("adapter.safetensors", "Model"),
        ("metrics.json", "Metrics"),
        ("eval-metrics.yaml", "Metrics"),
        ("metrics.png", "File"),
        ("biometrics.csv", "Dataset"),
        ("model.json", "Model"),
        ("remodel.json", "File"),
        ("params.yaml", "File"),
        ("train.py", "Code"),
        ("run.ipynb", "Code"),
        ("README", "File"),
        (".hidden", "File"),
    ],
)
def test_by_name(name: str, type: str) -> None:
    assert type_of_file(f"/nowhere/{name}") == type


class Own:
    """A class of a user."""


@pytest.mark.parametrize("suffix", ["pkl", "joblib", "pkl.gz"])
@pytest.mark.parametrize(
    ("value", "type"),
    [
        (LogisticRegression(), "Model"),
        ({"model": LogisticRegression(), "classes": [1, 2]}, "Model"),
        (Own(), "Model"),
        (pandas.DataFrame({"a": [1]}), "Dataset"),
        (numpy.zeros((300, 300)), "Dataset"),
        ([1, {"a": "text"}], "File"),
        ("text", "File"),
        ({"mean": numpy.float64(0.5)}, "File"),
        ({"x": numpy.zeros(300)}, "Dataset"),
    ],
)
def test_a_pickle_by_what_is_in_it(tmp_path: Path, suffix: str, value: object, type: str) -> None:
    path = tmp_path / f"x.{suffix}"
    joblib.dump(value, path)
    assert type_of_file(str(path)) == type
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        plain = tmp_path / f"plain{protocol}.pkl"
        plain.write_bytes(pickle.dumps(value, protocol))
        assert type_of_file(str(plain)) == type, protocol


def test_a_pickle_that_is_called_a_model(tmp_path: Path) -> None:
    for value, type in (
        ({"mean": numpy.float64(0.5)}, "Model"),
        ({"weights": numpy.zeros(300)}, "Model"),
        (pandas.DataFrame({"a": [1]}), "Dataset"),
    ):
        joblib.dump(value, tmp_path / "my_model.pkl")
        assert type_of_file(str(tmp_path / "my_model.pkl")) == type


def test_a_pickle_is_never_run(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> object:
            return (Path.touch, (tmp_path / "went off",))

    (tmp_path / "x.pkl").write_bytes(pickle.dumps(Bomb()))
    type_of_file(str(tmp_path / "x.pkl"))
    assert not (tmp_path / "went off").exists()


def test_by_the_folder_of_the_project() -> None:
    assert type_of_file("/x/data/posts.xml", below="data/posts.xml") == "Dataset"
    assert type_of_file("/data/x/posts.xml", below="posts.xml") == "File"
    assert type_of_file("/x/data/tool.py", below="data/tool.py") == "Code"
    assert type_of_file("/x/data/x.dvc", below="data/x.dvc") == "File"


def test_rules_go_first() -> None:
    rules = parse_rules(["*.csv=Examples", "/data/*.bin=Statistics"])
    assert type_of_file("/x/a.csv", rules) == "Examples"
    assert type_of_file("/data/a.bin", rules) == "Statistics"
    assert type_of_file("/x/a.parquet", rules) == "Dataset"
    for wrong in ("*.csv", "=Dataset", "*.csv="):
        with pytest.raises(InvalidValue, match="PATTERN=TYPE"):
            parse_rules([wrong])


def test_metrics_are_read(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps({"auc": 0.5, "test": {"f1": 1, "name": "x", "ok": True, "l": [1]}}))
    assert read_metrics(str(path)) == {"auc": 0.5, "test.f1": 1}
    path.write_text("{broken")
    assert read_metrics(str(path)) == {}
    path.write_text(json.dumps({str(at): at for at in range(500)}))
    assert len(read_metrics(str(path))) == 100
    assert read_metrics(str(tmp_path / "metrics.yaml")) == {}
