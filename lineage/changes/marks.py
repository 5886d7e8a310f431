"""Mark nodes, and lift marks from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lineage.errors import Conflict, InvalidValue, NotFound
from lineage.model import Kind, Mark, Node
from lineage.model.times import Time, to_milliseconds
from lineage.questions.marks import nodes_to_mark
from lineage.rules.marks import select_standing, validate_label, validate_mark
from lineage.session.snapshot import Ref
from lineage.session.transaction import Transaction


def put_marks(
    transaction: Transaction,
    refs: Sequence[Ref],
    *,
    label: str,
    reason: str | None = None,
    who: str | None = None,
    time: Time | None = None,
    until: Time | None = None,
    clean: bool = False,
) -> list[Mark]:
    """Mark artifacts and executions with a label; return the mark of each.

    Raises
    ------
    Conflict
        A mark of the opposite meaning stands.
    """
    validate_label(label)
    since_ms, until_ms = to_milliseconds(time), to_milliseconds(until, ahead=True)
    nodes = nodes_to_mark(transaction, refs, "mark")
    at_ms, there = _lock_standing(transaction, nodes, label)
    if until_ms is not None and until_ms <= at_ms:
        raise InvalidValue(
            f"until is {until!r}, which is past: the mark would never stand; give a later time"
        )
    marks: dict[tuple[Kind, int | None], Mark] = {}
    fresh: list[Mark] = []
    for node in nodes:
        key = (node.kind, node.id)
        if key in marks:
            continue
        assert node.id is not None
        mark = validate_mark(
            Mark(
                label=label,
                kind=node.kind,
                node_id=node.id,
                clean=clean,
                reason=reason,
                who=who,
                time_ms=since_ms,
                until_ms=until_ms,
                recorded_ms=at_ms,
            )
        )
        opposite = [m for m in there.get(key, ()) if m.clean is not clean]
        if opposite:
            raise Conflict(
                f"{node.label} is marked {_meaning(opposite[0])} (mark {opposite[0].id}); "
                f"lift that before you mark it {_meaning(mark)}"
            )
        same = [m for m in there.get(key, ()) if _says(m) == _says(mark)]
        marks[key] = same[0] if same else mark
        if not same:
            fresh.append(mark)
    ids = transaction.writer.put_marks(fresh) if fresh else ()
    marks.update(
        ((mark.kind, mark.node_id), mark.model_copy(update={"id": id}))
        for mark, id in zip(fresh, ids, strict=True)
    )
    return [marks[node.kind, node.id] for node in nodes]


def lift_marks(
    transaction: Transaction,
    refs: Sequence[Ref],
    *,
    label: str,
    reason: str | None = None,
    who: str | None = None,
    clean: bool = False,
) -> list[Mark]:
    """Lift the standing marks with a label from nodes; return them as they then are.

    Raises
    ------
    NotFound
        A node carries no such mark.
    """
    validate_label(label)
    nodes = nodes_to_mark(transaction, refs, "lift")
    at_ms, there = _lock_standing(transaction, nodes, label)
    lifted: dict[int | None, Mark] = {}
    for node in nodes:
        marks = [m for m in there.get((node.kind, node.id), ()) if m.clean is clean]
        if not marks:
            meaning = f"clean of {label!a}" if clean else f"{label!a}"
            raise NotFound(f"{node.label} is not marked {meaning}; nothing was lifted")
        for mark in marks:
            lifted[mark.id] = validate_mark(
                mark.model_copy(
                    update={
                        # A clock that ran back must not lift a mark before it was put.
                        "lifted_ms": max(at_ms, mark.recorded_ms),
                        "lifted_by": who,
                        "lifted_reason": reason,
                    }
                )
            )
    transaction.writer.put_marks(list(lifted.values()))
    return list(lifted.values())


def _lock_standing(
    transaction: Transaction, nodes: Sequence[Node], label: str
) -> tuple[int, Mapping[tuple[Kind, int | None], Sequence[Mark]]]:
    """What time it is and which marks with a label stand on nodes, until the write ends.

    Without the locks, two who mark a node at once would both find it without a mark.
    """
    ids: dict[Kind, list[int]] = {kind: [] for kind in Kind}
    for node in nodes:
        ids[node.kind].append(node.id or 0)
    for kind, some in ids.items():
        transaction.writer.lock(kind, some)
    at_ms = transaction.clock()
    wanted = {kind: some for kind, some in ids.items() if some}
    return at_ms, _by_node(select_standing(transaction.reader, at_ms, labels=[label], nodes=wanted))


def _by_node(marks: Iterable[Mark]) -> dict[tuple[Kind, int | None], list[Mark]]:
    found: dict[tuple[Kind, int | None], list[Mark]] = {}
    for mark in marks:
        found.setdefault((mark.kind, mark.node_id), []).append(mark)
    return found


def _says(mark: Mark) -> tuple[object, ...]:
    """What a mark says, but for when it was recorded."""
    return (mark.clean, mark.reason, mark.who, mark.time_ms, mark.until_ms)


def _meaning(mark: Mark) -> str:
    return f"clean of {mark.label!a}" if mark.clean else f"{mark.label!a}"
