"""Names of the version before go on working, and say what they are called."""

from __future__ import annotations

import pytest

import lineage


def test_former_names_warn_and_answer_the_same() -> None:
    store = lineage.connect("memory://")
    store.record(lineage.Execution(type="Train"), inputs=[lineage.Artifact(type="Dataset")])
    with pytest.warns(DeprecationWarning, match="plan_rebuild"):
        assert store.rebuild_plan(source=1) == store.plan_rebuild(source=1)
    with pytest.warns(DeprecationWarning, match="snapshot"), store.view() as snapshot:
        assert snapshot.resolve(1).kind is lineage.Kind.ARTIFACT
