"""What was read of one state is not read again, and is the same."""

from __future__ import annotations

from pathlib import Path

import lineage
from lineage import Artifact, Execution, Kind, Step
from lineage.ports.filters import Filter
from lineage.ports.traversal import Direction
from lineage.session import read_cache
from lineage.session.read_cache import cache_reads
from lineage.session.transaction import Transaction
from tests.demo.statements import traced_statements

A, X = Kind.ARTIFACT, Kind.EXECUTION


def chain(store: lineage.Store, steps: int) -> None:
    store.record_steps(
        Step(
            execution=Execution(type="Train", name=f"e{at}"),
            inputs=[Artifact(type="Dataset", name=f"a{at}")],
            outputs=[Artifact(type="Dataset", name=f"a{at + 1}")],
        )
        for at in range(steps)
    )


def test_it_answers_as_the_reader_does_and_asks_once(tmp_path: Path) -> None:
    with traced_statements() as seen, lineage.connect(f"sqlite:///{tmp_path}/l.db") as store:
        chain(store, 4)
        with store.backend.read() as reader:
            caching = cache_reads(reader)
            asked = [
                lambda r: r.types(),
                lambda r: r.nodes(A, [3, 1, 3, 99]),
                lambda r: r.nodes(A, [1, 2]),
                lambda r: r.find(X, Filter(name="e1")),
                lambda r: r.events(artifact_ids=[2, 3]),
                lambda r: r.events(execution_ids=[]),
                lambda r: r.events(artifact_ids=[2], execution_ids=[1]),
                lambda r: r.closure(A, [1], Direction.DOWNSTREAM),
                lambda r: r.contexts_of(A, [1]),
                lambda r: r.marks(labels=["x"], nodes={A: [1]}),
                lambda r: r.metadata("nothing"),
            ]
            wanted = [ask(reader) for ask in asked]
            assert [ask(caching) for ask in asked] == wanted
            seen.clear()
            # Finding is asked of the store each time; what it found is kept.
            again = [ask(caching) for ask in asked]
            assert again == wanted
            assert [text for text in seen if "FROM execution" not in text] == []


def test_what_is_done_to_an_answer_is_not_kept() -> None:
    with lineage.connect("memory://") as store:
        chain(store, 2)
        with store.snapshot() as snapshot:
            snapshot.reader.events(artifact_ids=[1]).clear()
            snapshot.reader.nodes(A, [1]).clear()
            assert len(snapshot.reader.events(artifact_ids=[1])) == 1
            assert len(snapshot.reader.nodes(A, [1])) == 1


def test_large_answers_are_not_kept() -> None:
    many = read_cache.MOST_KEPT + 1
    with lineage.connect("memory://") as store:
        chain(store, many)
        with store.snapshot() as snapshot:
            ids = list(range(1, many + 1))
            assert len(snapshot.reader.nodes(A, ids)) == many
            assert len(snapshot.reader.events(execution_ids=ids)) == 2 * many
            assert snapshot.reader.nodes(A, ids) == snapshot.reader.nodes(A, ids)


def test_a_transaction_sees_what_it_wrote() -> None:
    with lineage.connect("memory://") as store:

        def work(transaction: Transaction) -> list[int]:
            before = len(transaction.reader.find(A, Filter()))
            transaction.builder.create(Artifact(type="Dataset"))
            transaction.apply()
            return [before, len(transaction.reader.find(A, Filter()))]

        assert store.transact(work) == [0, 1]
