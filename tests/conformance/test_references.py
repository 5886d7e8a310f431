"""References: what is read as what, and that an external id captures nobody else's."""

from __future__ import annotations

import pytest

from lineage import Artifact, Context, Execution, Store
from lineage.errors import InvalidValue, NotFound

URI = "s3://models/churn"
ODD = ["artifact:1", "Model:churn", URI, "/models/churn", "file:/models/churn", "runs:/1/model"]


@pytest.mark.parametrize("odd", ODD)
def test_an_external_id_that_reads_as_another_reference_is_refused(store: Store, odd: str) -> None:
    before = store.counts()
    for node in (
        Artifact(type="Model", external_id=odd),
        Execution(type="Train", external_id=odd),
        Context(type="Project", name="p", external_id=odd),
    ):
        with pytest.raises(InvalidValue, match="reads as a") as told:
            store.put(node)
        assert odd in str(told.value)
        with pytest.raises(InvalidValue, match="reads as a"):
            store.put_all([node], reuse=True)
    with pytest.raises(InvalidValue, match="reads as a"):
        store.record(
            Execution(type="Train"), outputs={"m": Artifact(type="Model", external_id=odd)}
        )
    there = store.put(Artifact(type="Model", name="x"))
    with pytest.raises(InvalidValue, match="reads as a"):
        store.update(there.model_copy(update={"external_id": odd}))
    assert store.counts().artifacts == before.artifacts + 1


@pytest.mark.parametrize("odd", [URI, "Model:churn", "artifact:1"])
def test_one_that_was_imported_stays_and_captures_nothing(store: Store, odd: str) -> None:
    """Whatever is asked for by the uri is not answered by who has it as an external id."""
    imported = Artifact(
        type="Model", name="imported", external_id=odd, id=7, created_ms=1, updated_ms=1
    )
    store.mirror(nodes=[imported])
    with pytest.raises(NotFound, match="artifact:7 has it as its external id"):
        store.get(odd)
    with pytest.raises(NotFound):
        store.mark(odd, label="tainted")
    with pytest.raises(NotFound):
        store.record(Execution(type="Deploy"), inputs={"m": odd})
    # It is written again, and updated, as it is.
    kept = store.get("Model:imported")
    again = store.update(kept.model_copy(update={"custom_properties": {"a": 1}}))
    assert again.external_id == odd
    store.put_all([Artifact(type="Model", external_id=odd)], reuse=True)
    if odd == "artifact:1":
        return
    model = store.put(Artifact(type="Model", name="churn", uri=URI))
    assert store.get(odd).id == model.id
    store.mark(odd, label="tainted")
    assert not store.check(odd, label="tainted").clean
    assert store.check("Model:imported", label="tainted").clean


def test_names_come_before_uris_and_uris_before_external_ids(store: Store) -> None:
    relative = store.put(Artifact(type="Dataset", name="by uri", uri="team/raw"))
    store.put(Artifact(type="Dataset", name="by key", external_id="team/raw"))
    assert store.get("team/raw").id == relative.id
    assert store.get("Dataset:by key").external_id == "team/raw"
    only = store.put(Artifact(type="Dataset", name="other", external_id="ours:1"))
    assert store.get("ours:1").id == only.id
