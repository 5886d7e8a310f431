"""The conformance suite, for those who write a backend of their own.

Subclass `BackendConformance` in a test module, say how a backend is opened, and pytest runs the
rest. The suite holds a backend to what the store above it relies on: transactions that are whole,
readers that see what was acknowledged, values that survive, and traversals that find least depths.

    from lineage.testing import BackendConformance

    class TestMyBackend(BackendConformance):
        def open_backend(self, folder):
            return MyBackend(folder / "store")
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lineage.model import (
    Artifact,
    Context,
    Event,
    EventType,
    Execution,
    Kind,
    Mark,
    Policy,
    Port,
    Step,
)
from lineage.ports.backend import Backend
from lineage.ports.filters import Filter
from lineage.ports.traversal import Barriers, Direction
from lineage.store import Store

if TYPE_CHECKING:
    from lineage.ports.writer import Writer

A, X = Kind.ARTIFACT, Kind.EXECUTION
_VALUES: dict[str, Any] = {
    "int": 2**63 - 1,
    "negative": -(2**63),
    "float": 0.1,
    "infinity": math.inf,
    "text": "naïve \N{SNOWMAN} 'quoted' \\ \n",
    "empty": "",
    "yes": True,
    "bytes": b"\x00\xff",
    "struct": {"nested": [1, {"deep": None}], "empty": {}},
}


def _dataset(name: str) -> Artifact:
    return Artifact(type="Dataset", name=name)


class BackendConformance:
    """What every backend must do. Each test has a backend with nothing in it."""

    @abstractmethod
    def open_backend(self, folder: Path) -> Backend:
        """Open an empty backend; `folder` is empty, and goes after the test.

        Parameters
        ----------
        folder : Path
            Where the backend may keep files.

        Returns
        -------
        Backend
            It is closed by the suite.
        """
        raise NotImplementedError

    @contextmanager
    def _store(self, folder: Path) -> Iterator[Store]:
        with Store(self.open_backend(folder), clock=lambda: 1_000) as store:
            yield store

    def test_values_survive(self, tmp_path: Path) -> None:
        """Every kind of value comes back as it was given, with its type."""
        with self._store(tmp_path) as store:
            id = store.put(Artifact(type="Dataset", custom_properties=_VALUES)).id
            found = store.artifact(id or 0).custom_properties
            assert found == _VALUES
            assert {k: type(v) for k, v in found.items()} == {
                k: type(v) for k, v in _VALUES.items()
            }
            nan = store.put(Artifact(type="Dataset", custom_properties={"nan": math.nan})).id
            assert math.isnan(store.artifact(nan or 0).get("nan"))

    def test_a_transaction_is_whole_or_not_at_all(self, tmp_path: Path) -> None:
        """What raises leaves nothing behind."""
        with self._store(tmp_path) as store:
            store.put(Artifact(type="Dataset", name="before"))

            def work(writer: Writer) -> None:
                writer.set_metadata("key", "value")
                writer.put_marks([Mark(label="pii", kind=A, node_id=1)])
                raise KeyError("stop")

            try:
                store.backend.write(work)
            except KeyError:
                pass
            else:
                raise AssertionError("the error was swallowed")
            assert store.metadata("key") is None
            assert store.marks() == []

    def test_a_reader_sees_what_was_acknowledged(self, tmp_path: Path) -> None:
        """A write that returned shows in every reader that is opened after it."""
        with self._store(tmp_path) as store:
            for count in range(1, 4):
                store.put(Artifact(type="Dataset", name=str(count)))
                with store.backend.read() as reader:
                    assert len(reader.find(A, Filter())) == count

    def test_nodes_come_in_the_order_of_the_ids(self, tmp_path: Path) -> None:
        """Ids that don't exist are left out."""
        with self._store(tmp_path) as store:
            made = store.put_all([Artifact(type="Dataset", name=str(at)) for at in range(5)])
            ids = [node.id or 0 for node in made]
            with store.backend.read() as reader:
                asked = [ids[3], ids[0], 999, ids[4]]
                assert [n.id for n in reader.nodes(A, asked)] == [ids[3], ids[0], ids[4]]
                assert reader.nodes(X, ids) == []

    def test_finding(self, tmp_path: Path) -> None:
        """Fields, members of contexts, order and limits."""
        with self._store(tmp_path) as store:
            made = store.put_all([_dataset(f"n{at}") for at in range(6)])
            place = store.put(Context(type="Project", name="p"))
            store.put_in_context(place, artifacts=made[1:4])
            with store.backend.read() as reader:
                where = Filter(context_id=place.id)
                assert reader.find(A, where) == made[1:4]
                assert reader.find(A, Filter(newest_first=True, limit=2)) == [made[5], made[4]]
                assert reader.find(A, Filter(name="n3")) == [made[3]]
                pairs = [(place.id or 0, node.id or 0) for node in made[1:4]]
                assert reader.members_of([place.id or 0], A) == pairs

    def test_traversal_of_a_ladder(self, tmp_path: Path) -> None:
        """Depths are least depths, also where there are 2^20 paths; barriers are not passed."""
        with self._store(tmp_path) as store:
            layers = 20
            store.record_steps(
                Step(
                    execution=Execution(type="Train", name=f"{layer}-{side}"),
                    inputs=[Port(artifact=_dataset(f"{layer}-{at}"), path=(at,)) for at in "ab"],
                    outputs=[Port(artifact=_dataset(f"{layer + 1}-{side}"))],
                )
                for layer in range(layers)
                for side in "ab"
            )
            start = store.artifact("Dataset:0-a").id or 0
            with store.backend.read() as reader:
                levels = reader.closure(A, [start], Direction.DOWNSTREAM)
                assert len(levels) == 2 * layers + 1
                assert all(len(ids) == 2 for _, ids in levels[1:])
                blocked = frozenset(levels[3][1])
                found = reader.propagate(
                    {A: [start]}, Direction.DOWNSTREAM, barriers=Barriers(execution_ids=blocked)
                )
                assert max(depth for depth, _, _ in found.passed) == 2
                assert [(d, k, set(ids)) for d, k, ids in found.met] == [(3, X, set(blocked))]

    def test_events_that_carry_no_data_are_not_followed(self, tmp_path: Path) -> None:
        """They are kept, and lead nowhere."""
        with self._store(tmp_path) as store:
            artifact = store.put(Artifact(type="Dataset")).id or 0
            execution = store.put(Execution(type="Train")).id or 0
            pending = Event(
                artifact_id=artifact, execution_id=execution, type=EventType.PENDING_OUTPUT
            )
            store.put_events([pending])
            with store.backend.read() as reader:
                assert len(reader.events(artifact_ids=[artifact])) == 1
                assert reader.closure(A, [artifact], Direction.UPSTREAM) == [(A, [artifact])]

    def test_deleting(self, tmp_path: Path) -> None:
        """A tombstone keeps its events; what is purged is gone with them."""
        with self._store(tmp_path) as store:
            run = store.record(
                Execution(type="Train"),
                inputs=[Artifact(type="Dataset", name="d", uri="s3://b/d")],
                outputs=[Artifact(type="Model", name="m")],
            )
            [dataset], [model] = run.inputs.values(), run.outputs.values()
            store.backend.write(lambda writer: writer.tombstone(A, [dataset], 2_000))
            gone = store.artifact(dataset)
            assert (gone.state.value, gone.uri, gone.name) == ("DELETED", None, "d")
            assert len(store.events(artifact=dataset)) == 1
            store.backend.write(lambda writer: writer.purge(A, [model]))
            assert store.counts().artifacts == 1
            assert store.put(Artifact(type="Model", name="m")).id != model

    def test_marks_policies_and_notes(self, tmp_path: Path) -> None:
        """They are kept, found by what they are asked by, and removed."""
        with self._store(tmp_path) as store:
            id = store.put(Artifact(type="Dataset")).id or 0
            [mark] = store.mark(id, label="pii", reason="names")
            assert store.marks(id, label="pii") == [mark]
            store.put_policy(Policy(name="p", stops={"pii": ("Anonymize",)}))
            assert [policy.name for policy in store.policies()] == ["p"]
            store.mirror(metadata=[("a/1", "x"), ("a/2", "y"), ("b", "z")])
            with store.backend.read() as reader:
                assert reader.metadata_under("a/") == [("a/1", "x"), ("a/2", "y")]
            store.mirror(progress=("a/1", None))
            assert store.metadata("a/1") is None
