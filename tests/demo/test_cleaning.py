"""The demo's clean-up: every step of it real, and the same on every backend."""

from __future__ import annotations

import io
import pickle
from pathlib import Path

import numpy
from rich.console import Console

import lineage
from lineage import demo
from lineage.demo.catalogue import DATA_SETS
from lineage.demo.cleanup import LABEL, WITHDRAWN, CleanupOutcome, clean_up
from lineage.demo.pipeline import read_table
from tests.demo.test_demo import file_of


def cleaned(store: lineage.Store, work: Path) -> CleanupOutcome:
    console = Console(file=io.StringIO(), width=80)
    outcomes = demo.run(store, console, work=work, tainted=False)
    return clean_up(store, outcomes[0], DATA_SETS[0], console, work)


def test_a_withdrawal_is_carried_through(store: lineage.Store, tmp_path: Path) -> None:
    end = cleaned(store, tmp_path)
    old_raw = store.artifact("Dataset:cancer-1/raw")

    # The affected models, and the one that a barrier saved.
    affected = store.taint(label=LABEL, type="Model")
    assert len(affected) == 5
    assert {row.source.label for row in affected} == {old_raw.label}
    saved = store.check(end.saved, label=LABEL).verdicts[0]
    assert saved.clean
    assert [b.node.label for b in saved.stopped] == ["Aggregate:cancer-1/aggregate"]
    assert file_of(store.artifact(end.saved)).is_file()

    # The gate refuses the old and lets the new one pass, which is what is deployed.
    assert not store.check(end.old_best, label=LABEL).clean
    assert store.check(end.best, label=LABEL).clean
    [deployed] = store.deployments(where="cancer-classifier")
    assert [model.label for model in deployed.models] == [end.best]

    # The models were really trained again, without those rows, by the plan's steps.
    new_raw = store.artifact(end.raw)
    assert new_raw.get("rows") == 569 - len(WITHDRAWN)
    again = {a.name for a in store.artifacts(type="Model") if (a.name or "").startswith("cancer-2")}
    assert again == {(row.node.name or "").replace("-1/", "-2/") for row in affected}
    best = store.artifact(end.best)
    _, rows, target = read_table(file_of(best).parent / "eval.csv")
    measured = float(numpy.mean(pickle.loads(file_of(best).read_bytes()).predict(rows) == target))
    assert store.evaluations(end.best)[0].metrics.get("accuracy") == measured

    # Nothing dirty is left, and the tainted data is gone: in the store and on disk.
    progress = store.taint_progress(label=LABEL)
    assert progress.done
    assert {was.label: by.label for was, by in progress.replaced}[old_raw.label] == end.raw
    assert store.plan_rebuild(label=LABEL).steps == ()
    assert (old_raw.uri, str(old_raw.state)) == (None, "DELETED")
    assert not (tmp_path / "cancer-1" / "raw.csv").exists()
    assert not list((tmp_path / "cancer-1").glob("forest*"))
    assert (tmp_path / "cancer-1" / "class-means.csv").is_file()
    receipt = store.receipt(end.receipt)
    assert receipt.done
    assert receipt.who == "demo"

    # What differs between before and after is the data.
    found = store.diff(end.old_best, f"Model:cancer-2/{end.old_best.rpartition('/')[2]}")
    assert not found.of("parameter")  # type: ignore[arg-type]
