"""A store can be sent to another process, and connects anew there."""

from __future__ import annotations

import multiprocessing
import pickle
from pathlib import Path

import pytest

import lineage
from lineage import Artifact
from lineage.errors import NotFound, Unsupported


def count_and_add(store: lineage.Store) -> int:
    """What another process does with a store that it was sent."""
    store.put(Artifact(type="Dataset", name="from another process"))
    return store.counts().artifacts


def test_another_process_writes_into_the_same_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    # By a relative path, which would mean another file elsewhere.
    with lineage.connect("sqlite:///lineage.db") as store:
        store.put(Artifact(type="Dataset", name="from here"))
        monkeypatch.chdir("/")
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            assert pool.apply(count_and_add, (store,)) == 2
        assert store.artifact("Dataset:from another process").name == "from another process"


def test_joblib_carries_a_store(tmp_path: Path) -> None:
    joblib = pytest.importorskip("joblib", reason="comes with the extra demo")
    with lineage.connect(f"sqlite:///{tmp_path}/lineage.db") as store:
        store.put(Artifact(type="Dataset", name="from here"))
        run = joblib.delayed(count_and_add)
        assert joblib.Parallel(n_jobs=2)([run(store)]) == [2]


def test_the_clock_goes_along(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/lineage.db"
    with (
        lineage.connect(url, clock=frozen) as store,
        pickle.loads(pickle.dumps(store)) as again,
    ):
        assert again.put(Artifact(type="Dataset", name="raw")).created_ms == 1_000


def frozen() -> int:
    """A clock that stands still."""
    return 1_000


def test_a_store_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/lineage.db"
    with lineage.connect(url) as store:
        pickled = pickle.dumps(store)
    (tmp_path / "lineage.db").unlink()
    with pytest.raises(NotFound):
        pickle.loads(pickled)


def test_a_store_in_memory_stays_where_it_is() -> None:
    with lineage.connect("memory://") as store, pytest.raises(Unsupported, match="sqlite"):
        pickle.dumps(store)
