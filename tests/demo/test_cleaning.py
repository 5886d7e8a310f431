"""The demo's clean-up: every step of it real, and the same on every backend."""

from __future__ import annotations

import pickle
from functools import partial
from pathlib import Path

import numpy

import lineage
from lineage import demo
from lineage.demo.catalogue import DATA_SETS
from lineage.demo.cleanup import LABEL, WITHDRAWN, CleanupOutcome, clean_up
from lineage.demo.pipeline import read_table
from lineage.demo.report import Silence
from tests.demo.test_demo import file_of


class Heard(Silence):
    """Remembers what the clean-up ended with, and what it asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def ask(self, question: str, *command: str) -> None:
        self.asked.append(command)


def cleaned(store: lineage.Store, work: Path) -> CleanupOutcome:
    report = Heard()
    first = DATA_SETS[0]
    outcomes = demo.run(store, report, work=work, tainted=False)
    again = partial(demo.run_once, store, first, work, report)
    end = clean_up(store, outcomes[0], first, again, report, work)
    assert ("check", end.old_best, "--label", LABEL) in report.asked
    return end


def test_a_withdrawal_is_carried_through(store: lineage.Store, tmp_path: Path) -> None:
    end = cleaned(store, tmp_path)
    old_raw = store.artifact(end.old_raw)

    # The affected models, and the one that a barrier saved.
    affected = store.taint(label=LABEL, type="Model")
    assert {row.node.name for row in affected} == {
        f"cancer/{name}"
        for name in ("logistic-strict", "logistic", "forest-small", "forest", "linear")
    }
    assert {row.source.label for row in affected} == {old_raw.label}
    saved = store.check(f"{end.saved}@1", label=LABEL).verdicts[0]
    assert saved.clean
    assert [b.node.label for b in saved.stopped] == ["Aggregate:cancer/aggregate"]
    assert file_of(store.artifact(f"{end.saved}@1")).is_file()

    # The gate refuses the old and lets the new one pass, which is what is deployed.
    assert not store.check(end.old_best, label=LABEL).clean
    assert store.check(end.best, label=LABEL).clean
    [deployed] = store.deployments(where="cancer-classifier")
    assert [model.id for model in deployed.models] == [store.artifact(end.best).id]

    # The models were really trained again, without those rows, and are the next versions.
    new_raw = store.artifact(end.raw)
    assert new_raw.version == 2
    assert len(file_of(new_raw).read_text().splitlines()) == 1 + 569 - len(WITHDRAWN)
    best = store.artifact(end.best)
    assert best.version == 2
    _, rows, target = read_table(file_of(best).parent / "eval.csv")
    measured = float(numpy.mean(pickle.loads(file_of(best).read_bytes()).predict(rows) == target))
    assert store.evaluations(end.best)[0].metrics.get("accuracy") == measured

    # Nothing dirty is left, and the tainted data is gone: in the store and on disk.
    progress = store.taint_progress(label=LABEL)
    assert progress.done
    assert {was.id: by.id for was, by in progress.replaced}[old_raw.id] == new_raw.id
    assert store.plan_rebuild(label=LABEL).steps == ()
    assert (old_raw.uri, str(old_raw.state)) == (None, "DELETED")
    assert not (tmp_path / "release-1" / "cancer" / "raw.csv").exists()
    assert not list((tmp_path / "release-1" / "cancer").glob("forest*"))
    assert (tmp_path / "release-1" / "cancer" / "class-means.csv").is_file()
    receipt = store.receipt(end.receipt)
    assert receipt.done
    assert receipt.who == "demo"

    # What differs between before and after is the data.
    found = store.diff(end.old_best, end.old_best.partition("@")[0])
    assert not found.of("parameter")  # type: ignore[arg-type]
