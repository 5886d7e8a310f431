"""A path names what was recorded there, and a misspelt reference gets its nearest."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineage import Artifact, Execution, Store
from lineage.errors import NotFound


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "project"
    (place / "data").mkdir(parents=True)
    monkeypatch.chdir(place)
    return place


def test_a_path_names_what_was_recorded_there(store: Store, folder: Path) -> None:
    file = folder / "data" / "raw data.csv"
    put = store.put(Artifact(type="Dataset", name="raw", uri=file.as_uri()))
    # Whether the file is still there makes no difference.
    for ref in ("data/raw data.csv", "./data/raw data.csv", "data/../data//raw data.csv",
                str(file), Path("data", "raw data.csv"), file):  # fmt: skip
        assert store.get(ref) == put
        assert store.artifact(ref) == put
        assert [at.node.id for at in store.downstream(ref).nodes] == [put.id]
    assert store.taint(source="data/raw data.csv").sources
    with pytest.raises(NotFound, match="nothing is named 'data/other'"):
        store.upstream("data/other")
    with pytest.raises(NotFound, match="nothing is named"):
        store.get(Path("data", "other"))


def test_another_name_comes_before_a_path(store: Store, folder: Path) -> None:
    by_path = store.put(Artifact(type="Model", name="p", uri=(folder / "team" / "run-1").as_uri()))
    assert store.get("team/run-1") == by_path
    by_id = store.put(Artifact(type="Model", name="i", external_id="team/run-1"))
    assert store.get("team/run-1") == by_id
    assert store.get("./team/run-1") == by_path


def test_a_path_is_an_input(store: Store, folder: Path) -> None:
    put = store.put(Artifact(type="Dataset", name="raw", uri=str(folder / "raw.csv")))
    if store.url.startswith("http"):
        pytest.skip("of a step, a server gets references as they are")
    run = store.record(Execution(type="Train"), inputs={"data": "raw.csv"})
    assert list(run.inputs.values()) == [put.id]


@pytest.mark.parametrize(
    ("reference", "meant"),
    [
        ("Model:chrun", "Model:churn"),
        ("Model:Churn@2", "Model:churn"),
        ("churn", "Model:churn"),
        ("chrun", "Model:churn"),
        ("s3://bucket/models/chrun", "s3://bucket/models/churn"),
        ("custmers.csv", "file:///data/customers.csv"),
        ("team/fit-7", "team/fit-1"),
        ("Model:zebra", None),
        ("Dataset:churn", None),
        ("\x00", None),
    ],
)
def test_a_misspelt_reference_gets_its_nearest(
    store: Store, reference: str, meant: str | None
) -> None:
    store.put(Artifact(type="Model", name="churn", uri="s3://bucket/models/churn"))
    store.put(Artifact(type="Dataset", name="other", uri="file:///data/customers.csv"))
    store.put(Execution(type="Train", name="fit", external_id="team/fit-1"))
    with pytest.raises(NotFound) as caught:
        store.get(reference)
    assert (f"did you mean '{meant}'?" in str(caught.value)) is (meant is not None)
    assert ("did you mean" in str(caught.value)) is (meant is not None)
