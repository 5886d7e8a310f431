"""Record steps: executions with all that they touched."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from lineage.changes.nodes import transact_settled
from lineage.errors import InvalidValue
from lineage.model import Recorded, Step
from lineage.ports.chunks import split_into_chunks
from lineage.rules.resurrection import settle
from lineage.rules.values import validate_int64
from lineage.session.batch_builder import BatchBuilder
from lineage.session.session import Session
from lineage.session.transaction import Transaction


def record_together(session: Session, steps: Sequence[Step]) -> list[Recorded]:
    """Record some steps in one transaction; return the ids of what each consists of."""

    def work(transaction: Transaction, looking: bool) -> list[Recorded]:
        now = transaction.now_ms
        builder = BatchBuilder(
            transaction.reader, transaction.types, now, reviving=True, paths=transaction.paths
        )
        built = [builder.step(step) for step in steps]
        builder.settle()
        if looking:
            settle(transaction.reader, transaction.types, builder.batch, now)
        ids = transaction.writer.apply(builder.batch)
        return [
            Recorded(
                execution=ids[execution],
                inputs={p.path: ids[i] for p, i in zip(step.inputs, inputs, strict=True)},
                outputs={p.path: ids[o] for p, o in zip(step.outputs, outputs, strict=True)},
                contexts=tuple(ids[c] for c in contexts),
            )
            for step, (execution, inputs, outputs, contexts) in zip(steps, built, strict=True)
        ]

    return transact_settled(session, work)


def record_in_batches(
    session: Session,
    steps: Iterable[Step],
    *,
    batch_size: int = 500,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Record steps from an iterator, `batch_size` in a transaction; return how many.

    Raises
    ------
    InvalidValue
        The batch size is below 1.
    """
    if validate_int64(batch_size, "batch_size") < 1:
        raise InvalidValue(f"batch_size is {batch_size}; it must be at least 1")
    total = 0
    for chunk in split_into_chunks(steps, batch_size):
        total += len(record_together(session, chunk))
        if progress is not None:
            progress(len(chunk))
    return total
