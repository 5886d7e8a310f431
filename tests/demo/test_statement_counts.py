"""How many statements each question sends to SQLite, of the demo's store.

Each is asked of a store that was just opened. A number that grows is a question that got slower
over a network; one that falls is to be written down here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import lineage
from lineage import Policy, demo
from tests.demo.statements import traced_statements

MODEL, OTHER, RAW = "Model:cancer/logistic", "Model:cancer/linear", "Dataset:cancer/raw"
FAILED = "Train:cancer/train/linear-sparse"

QUESTIONS: dict[str, tuple[int, Callable[[lineage.Store], Any]]] = {
    "about": (25, lambda s: s.about(MODEL)),
    "bisect": (12, lambda s: s.bisect(MODEL, good=[RAW])),
    "blame": (14, lambda s: s.blame(type="Train")),
    "cheapest_cut": (28, lambda s: s.cheapest_cut(MODEL, source=RAW)),
    "check": (24, lambda s: s.check(MODEL, label="pii")),
    "deployments": (9, lambda s: s.deployments(MODEL)),
    "diff": (27, lambda s: s.diff(MODEL, OTHER)),
    "downstream": (12, lambda s: s.downstream(RAW)),
    "environment_of": (10, lambda s: s.environment_of(MODEL)),
    "evaluations": (6, lambda s: s.evaluations(MODEL)),
    "failure": (14, lambda s: s.failure(FAILED)),
    "history": (8, lambda s: s.history(RAW)),
    "hyperparameters": (9, lambda s: s.hyperparameters(MODEL)),
    "impact": (23, lambda s: s.impact(RAW)),
    "materials": (15, lambda s: s.materials(MODEL)),
    "pipeline_of": (15, lambda s: s.pipeline_of(MODEL)),
    "plan_deletion": (21, lambda s: s.plan_deletion(RAW)),
    "plan_forget": (34, lambda s: s.plan_forget(RAW)),
    "plan_gc": (9, lambda s: s.plan_gc()),
    "plan_rebuild": (21, lambda s: s.plan_rebuild(source=RAW)),
    "siblings": (30, lambda s: s.siblings(MODEL)),
    "taint": (15, lambda s: s.taint(source=RAW)),
    "taint_progress": (21, lambda s: s.taint_progress(source=RAW)),
    "trained_on": (12, lambda s: s.trained_on(MODEL)),
    "upstream": (11, lambda s: s.upstream(MODEL)),
    "why": (17, lambda s: s.why(RAW, MODEL)),
}


@pytest.fixture(scope="module")
def demo_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("demo")
    with lineage.connect(f"sqlite:///{folder}/demo.db") as store:
        demo.run(store, work=folder, tainted=False)
        store.put_policy(Policy(forbids={"nowhere": ("pii",)}))
        return store.url


def test_what_each_question_sends(demo_url: str) -> None:
    sent: dict[str, int] = {}
    with traced_statements() as seen:
        for name, (_, ask) in QUESTIONS.items():
            with lineage.connect(demo_url) as store:
                store.counts()
                seen.clear()
                ask(store)
                sent[name] = len(seen)
    assert sent == {name: count for name, (count, _) in QUESTIONS.items()}
    assert sent["about"] <= 25
