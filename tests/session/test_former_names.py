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


def test_a_taint_says_what_its_barriers_shielded_by_both_names() -> None:
    store = lineage.connect("memory://")
    for at in range(2):
        store.record(
            lineage.Execution(type="Train", name=f"step-{at}"),
            inputs=[lineage.Artifact(type="Dataset", name=f"data-{at}")],
            outputs=[lineage.Artifact(type="Dataset", name=f"data-{at + 1}")],
        )
    told = store.taint(source="Dataset:data-0", barrier="Train:step-1")
    assert (told.shielded, told.barriers[0].shielded) == (2, 2)
    for answer in (told, told.barriers[0]):
        with pytest.warns(DeprecationWarning, match="shielded"):
            assert answer.saved == answer.shielded
        assert answer.to_dict()["saved"] == answer.to_dict()["shielded"] == 2


def test_metadata_is_kept_and_read_by_both_names() -> None:
    store = lineage.connect("memory://")
    former = {"notes": [("a", "1")], "note": ("b", "2")}
    with pytest.warns(DeprecationWarning, match="metadata|progress"):
        store.mirror(**former)  # type: ignore[arg-type]
    assert (store.metadata("a"), store.metadata("b")) == ("1", "2")
    with pytest.warns(DeprecationWarning, match="metadata"):
        assert store.note("a") == "1"
    with pytest.raises(TypeError, match="former name"):
        store.mirror(**former, metadata=[])  # type: ignore[arg-type]
