"""Everyday mistakes in Python: one short error of ours, with a remedy, and nothing written."""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas
import pytest

import lineage
from lineage import Artifact, Context, Execution, Store, Type
from lineage.errors import LineageError


@pytest.fixture
def store() -> Store:
    store = lineage.connect("memory://")
    store.record(
        Execution(type="Train", name="fit"),
        inputs={"data": Artifact(type="Dataset", name="raw")},
        outputs={"model": Artifact(type="Model", name="churn")},
    )
    return store


MISTAKES: dict[str, tuple[Callable[[Store], Any], str]] = {
    "a file as URL": (lambda s: lineage.connect("lineage.db"), "sqlite:///lineage.db"),
    "another database": (lambda s: lineage.connect("postgres://x"), "begin with one of memory://"),
    "a folder as store": (lambda s: lineage.connect(Path("/")), "name a file in it"),
    "a number as store": (lambda s: lineage.connect(5), "give sqlite:///path"),  # type: ignore[arg-type]
    "no store there": (
        lambda s: lineage.connect(Path("none.db"), create=False), "`lineage record` makes one"),
    "None": (lambda s: s.upstream(None), "give one, its id, or a reference"),  # type: ignore[arg-type]
    "nothing": (lambda s: s.upstream(), "Give at least one node"),
    "a truth value": (lambda s: s.upstream(True), "give one, its id, or a reference"),
    "a list of references": (lambda s: s.upstream(["Model:churn"]), "one by one: *refs"),  # type: ignore[arg-type]
    "a node that was never stored": (
        lambda s: s.upstream(Artifact(type="Model", name="churn")), "what the store gave you"),
    "an unknown reference": (lambda s: s.get("Model:chrun"), "did you mean 'Model:churn'?"),
    "an unknown type of an answer": (
        lambda s: s.downstream("Dataset:raw", type="Modle"), "did you mean 'Model'?"),
    "an unknown type": (lambda s: s.put(Artifact(type="Modle", name="x")), "did you mean 'Model'?"),
    "a property of no type": (
        lambda s: s.put(Artifact(type="Model", name="x", properties={"acc": 1})),
        "declare it with put_type, or give it in custom_properties"),
    "no type at all": (lambda s: Artifact(name="x"), "Artifact.type: Field required"),  # type: ignore[call-arg]
    "a misspelt field": (lambda s: Artifact(type="Model", nam="x"), "check its spelling"),  # type: ignore[call-arg]
    "a Path as uri": (
        lambda s: Artifact(type="Model", uri=Path("/x")), "path.absolute().as_uri()"),  # type: ignore[arg-type]
    "an unknown state": (lambda s: Artifact(type="Model", state="ALIVE"), "'LIVE'"),  # type: ignore[arg-type]
    "changing what was read": (
        lambda s: setattr(s.get("Model:churn"), "name", "x"), "model_copy(update={'name': ...})"),
    "an input that is None": (
        lambda s: s.record(Execution(type="Train"), inputs={"data": None}), "an Artifact, its id"),  # type: ignore[dict-item]
    "an input that is a Path": (
        lambda s: s.record(Execution(type="Train"), inputs={"data": Path("x.csv")}),  # type: ignore[dict-item]
        "uri=path.absolute().as_uri()"),
    "an output that is a data frame": (
        lambda s: s.record(Execution(type="Train"), outputs={"data": pandas.DataFrame({"a": [1]})}),  # type: ignore[dict-item]
        "the port data is no artifact"),
    "one input, and no mapping": (
        lambda s: s.record(Execution(type="Train"), inputs="Dataset:raw"),  # type: ignore[arg-type]
        "a mapping from path to artifact, or a list"),
    "a data frame as property": (
        lambda s: s.put(Artifact(type="Model", custom_properties={"m": pandas.DataFrame()})),
        "of no kind that a property can have"),
    "too large a number": (
        lambda s: s.put(Artifact(type="Model", custom_properties={"m": 2**70})),
        "does not fit in 64 bits"),
    "a digest without algorithm": (
        lambda s: s.put(Artifact(type="Model", name="d", digest="abc")), "write ALGORITHM:VALUE"),
    "no time": (lambda s: s.upstream("Model:churn", as_of="soonish"), "write it as 2026-11-23"),
    "seconds as time": (
        lambda s: s.upstream("Model:churn", as_of=1.7e9), "milliseconds since 1970"),  # type: ignore[arg-type]
    "an unknown label": (lambda s: s.check("Model:churn", label="nope"), "there are: none yet"),
    "a mark that has ended": (
        lambda s: s.mark("Model:churn", label="x", until="2001-01-01"), "give a later time"),
    "a depth in words": (lambda s: s.upstream("Model:churn", depth="2"), "must be an integer"),  # type: ignore[arg-type]
    "a query that writes": (lambda s: s.query("CREATE (n)"), "only read here"),
    "a lost parameter": (lambda s: s.query("RETURN $x"), "needs a parameter $x"),
    "putting it twice": (lambda s: s.put(Artifact(type="Model", name="churn")), "reuse=True"),
    "deleting what is used": (lambda s: s.delete("Dataset:raw"), "Choose policy=tombstone"),
    "comparing unlike things": (
        lambda s: s.diff("Model:churn", "Train:fit"), "compare two of one kind"),
    "a run for a model": (lambda s: s.about("Train:fit"), "an artifact is asked for here"),
    "its own parent": (
        lambda s: s.put_parent(s.put(Context(type="Pipeline", name="p")), "Pipeline:p"),
        "it is the same context"),
    "a wrong kind of property": (
        lambda s: Type(kind="artifact", name="T", properties={"a": "number"}),  # type: ignore[arg-type, dict-item]
        "'int', 'double', 'string'"),
    "another process": (lambda s: pickle.dumps(s), "sqlite:///lineage.db"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake(
    store: Store, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    mistake, remedy = MISTAKES[name]
    before = store.counts()
    with pytest.raises(LineageError) as caught:
        mistake(store)
    message = str(caught.value)
    assert remedy in message
    assert len(message) < 400
    assert "\n" not in message
    assert "pydantic" not in message
    after = store.counts()
    assert (after.artifacts, after.executions, after.events) == (
        before.artifacts, before.executions, before.events,
    )  # fmt: skip


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = lineage.connect(tmp_path / "s.db")
    store.close()
    for asked in (store.counts, lambda: store.put(Artifact(type="Model", name="x"))):
        with pytest.raises(LineageError, match="this store was closed; connect again"):
            asked()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_store_works_in_a_forked_child(tmp_path: Path) -> None:
    with lineage.connect(tmp_path / "s.db") as store:
        store.put(Artifact(type="Model", name="parent"))
        child = os.fork()
        if child == 0:
            code = 1
            try:
                signal.alarm(60)
                store.put(Artifact(type="Model", name="child"))
                code = 0
            finally:
                os._exit(code)
        assert os.waitpid(child, 0)[1] == 0
        assert {model.name for model in store.artifacts()} == {"parent", "child"}
