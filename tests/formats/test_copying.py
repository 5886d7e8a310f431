"""A store moved to another backend and back compares equal."""

from __future__ import annotations

from pathlib import Path

import pytest

import lineage
from lineage import Artifact, Context, Event, Execution, Kind, Store, Type
from lineage.errors import TypeConflict
from lineage.formats.mlmd import import_mlmd
from lineage.formats.store_copy import StoreSource, copy_store
from lineage.formats.transfer import transfer
from lineage.ports.filters import Filter


def everything(store: Store) -> dict[str, object]:
    """All that can be read, but for the ids of types."""
    with store.backend.read() as reader:
        nodes = {kind: reader.find(kind, Filter()) for kind in Kind}
        contexts = [n.id for n in nodes[Kind.CONTEXT] if n.id is not None]
        return {
            "types": sorted(
                t.model_copy(update={"id": None}).model_dump_json() for t in reader.types()
            ),
            "nodes": [
                n.model_copy(update={"type_id": None}) for found in nodes.values() for n in found
            ],
            "events": reader.events(),
            "members": [reader.members_of(contexts, k) for k in (Kind.ARTIFACT, Kind.EXECUTION)],
            "parents": reader.parents_of(contexts),
        }


def filled(store: Store, data: Path) -> None:
    import_mlmd(data / "mlmd" / "tfx_0_21.sqlite", store)
    store.put_type(Type(kind=Kind.ARTIFACT, name="Odd", version="2", properties={"name": "string"}))
    store.record(
        Execution(type="Train", name="t", state="FAILED"),
        inputs={"a": [8, 7]},
        outputs={
            "odd": Artifact(
                type="Odd",
                type_version="2",
                properties={"name": "emoji 🙂"},
                custom_properties={
                    "name": b"\x00\xff",
                    "nan": float("inf"),
                    "s": {"$struct": [1, None, 2.5]},
                    "big": 2**63 - 1,
                },
            )
        },
        contexts=[Context(type="Experiment", name="e")],
    )
    store.put_parent("Experiment:e", Context(type="Project", name="p"))


def test_what_it_is_not_a_copy_of_is_named(store: Store, tmp_path: Path) -> None:
    with lineage.connect(f"sqlite:///{tmp_path}/other.db") as other:
        for one, kind in ((store, "int"), (other, "string")):
            one.put_type(Type(kind=Kind.ARTIFACT, name="Table", properties={"rows": kind}))
        with pytest.raises(TypeConflict, match=r"other.db is neither empty nor a copy of .*'rows'"):
            copy_store(store, other)


def test_there_and_back(store: Store, tmp_path: Path, data: Path) -> None:
    with (
        lineage.connect(f"sqlite:///{tmp_path}/a.db") as first,
        lineage.connect(f"sqlite:///{tmp_path}/b.db") as last,
    ):
        filled(first, data)
        copy_store(first, store)
        assert everything(store) == everything(first)
        copy_store(store, last)
        assert everything(last) == everything(first)
        copy_store(first, store)
        assert everything(store) == everything(first)


def test_what_was_added_to_a_type_stays(store: Store) -> None:
    with lineage.connect("memory://") as first:
        first.put_type(Type(kind=Kind.ARTIFACT, name="Model", properties={"a": "int"}))
        first.put(Artifact(type="Model", properties={"a": 1}))
        for there in ({"a": "int"}, {"a": "int", "b": "int"}):
            copy_store(first, store)
            store.put_type(Type(kind=Kind.ARTIFACT, name="Model", properties=there))
        copy_store(first, store)
        assert store.get_type(Kind.ARTIFACT, "Model").properties.keys() == {"a", "b"}


class Stopped(Exception):
    pass


def test_goes_on_where_it_was_interrupted(store: Store, data: Path) -> None:
    with lineage.connect("memory://") as first:
        filled(first, data)
        seen: list[int] = []

        def stop(done: int, total: int) -> None:
            seen.append(done)
            if len(seen) == 4:
                raise Stopped

        with pytest.raises(Stopped):
            copy_store(first, store, progress=stop)
        assert store.counts() != first.counts()
        copy_store(first, store, progress=lambda done, total: seen.append(done))
        # It began after what was done, not anew.
        assert seen == sorted(seen)
        assert everything(store) == everything(first)


@pytest.mark.parametrize("interrupted_after", range(1, 9))
def test_what_came_during_an_interruption_comes_too(store: Store, interrupted_after: int) -> None:
    """Even where what was copied already now has edges to it."""
    with lineage.connect("memory://") as first:
        first.put_type(Type(kind=Kind.ARTIFACT, name="Model"))
        early = [
            first.record(
                Execution(type="Train"),
                outputs=[Artifact(type="Model", name=f"m{n}")],
                contexts=[Context(type="Pipeline", name=f"p{n}")],
            )
            for n in range(2)
        ]
        seen: list[int] = []

        def stop(done: int, total: int) -> None:
            seen.append(done)
            if len(seen) == interrupted_after:
                raise Stopped

        with pytest.raises(Stopped):
            transfer(StoreSource(first), store, progress=stop, batch=1)
        first.put_type(Type(kind=Kind.ARTIFACT, name="Late", properties={"n": "int"}))
        late = first.record(
            Execution(type="Train"),
            inputs=[early[0].output()],
            outputs=[Artifact(type="Late", properties={"n": 1})],
            contexts=[Context(type="Pipeline", name="late")],
        )
        first.put_in_context("Pipeline:late", artifacts=[early[1].output()])
        first.put_parent("Pipeline:late", "Pipeline:p0")
        first.put_events(
            [Event(artifact_id=late.output(), execution_id=early[1].execution, type="INPUT")]
        )
        # The second adds what came behind the place where the first went on.
        for _ in range(2):
            copy_store(first, store)
        assert everything(store) == everything(first)
