"""Questions that take too long: they are stopped, on every backend, and nothing is left behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import lineage
from lineage import Artifact, Execution, Kind, Store
from lineage.errors import QueryStopped
from lineage.ports.deadline import get_remaining_seconds, is_over, limit_time
from lineage.ports.filters import Filter

QUESTIONS: list[Callable[[Store], Any]] = [
    lambda store: store.downstream("Dataset:raw"),
    lambda store: store.about("Model:churn"),
    lambda store: store.taint(source="Dataset:raw"),
    lambda store: store.impact("Dataset:raw"),
    lambda store: store.find("artifact", where="name LIKE '%a%'"),
]


@pytest.mark.parametrize("ask", QUESTIONS)
def test_a_question_is_stopped(store: Store, ask: Callable[[Store], Any]) -> None:
    store.record(
        Execution(type="Train", name="fit"),
        inputs={"x": Artifact(type="Dataset", name="raw")},
        outputs={"m": Artifact(type="Model", name="churn")},
    )
    whole = ask(store)
    with limit_time(0), pytest.raises(QueryStopped, match="deadline of 0 s"):
        ask(store)
    with limit_time(600):
        assert ask(store) == whole
    assert ask(store) == whole


def test_a_write_is_not_stopped(store: Store) -> None:
    with limit_time(0):
        store.put(Artifact(type="Dataset", name="late"))
    assert store.artifact("Dataset:late").name == "late"


def test_one_statement_is_stopped_in_its_midst(tmp_path: Path) -> None:
    with lineage.connect(f"sqlite:///{tmp_path}/lineage.db") as store:
        store.put_all([Artifact(type="Dataset", name=f"d-{at}") for at in range(2_000)])
        with limit_time(0), pytest.raises(QueryStopped), store.backend.read() as reader:
            reader.find(Kind.ARTIFACT, Filter())
        with store.backend.read() as reader:
            assert reader.counts().artifacts == 2_000


def test_a_deadline_is_the_block_s_own() -> None:
    assert get_remaining_seconds() is None
    with limit_time(0):
        assert is_over()
        with limit_time(None):
            assert not is_over()
        with limit_time(60):
            assert 59 < (get_remaining_seconds() or 0) <= 60
        assert is_over()
    assert not is_over()
