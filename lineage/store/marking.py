"""Marks and policies: what is known of a node, and where that matters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lineage.backends.base import Reader, Writer
from lineage.errors import Conflict, InvalidValue, NotFound
from lineage.model import Kind, Mark, Node, Policy
from lineage.model.times import Time, milliseconds
from lineage.questions.starting import Ref
from lineage.rules.marks import (
    check_can_be_marked,
    checked_label,
    checked_mark,
    checked_policy,
    standing,
    stands,
    unknown_step_types,
)
from lineage.rules.types import TypeSession
from lineage.store.subject import Subject


class Marking(Subject):
    """Base of `Store`: marks and policies are put, lifted and read here."""

    def mark(
        self,
        *refs: Ref,
        label: str,
        reason: str | None = None,
        who: str | None = None,
        time: Time | None = None,
        until: Time | None = None,
        clean: bool = False,
    ) -> list[Mark]:
        """Mark artifacts and executions with a label; returns the mark of each.

        With `clean` they are marked clean of the label instead, and become barriers: nothing of it
        passes them. `time` is since when it is so, `until` when the mark ends by itself. Where the
        same mark stands already, it stays and nothing is written.

        Raises Conflict where a mark of the opposite meaning stands: lift that first.
        """
        at_ms = self._clock()
        until_ms = milliseconds(until)
        if until_ms is not None and until_ms <= at_ms:
            raise InvalidValue(f"until is {until!r}, which is past: the mark would never stand")

        def wanted(node: Node) -> Mark:
            assert node.id is not None
            return checked_mark(
                Mark(
                    label=label,
                    kind=node.kind,
                    node_id=node.id,
                    clean=clean,
                    reason=reason,
                    who=who,
                    time_ms=milliseconds(time),
                    until_ms=until_ms,
                    recorded_ms=at_ms,
                )
            )

        def work(tx: Writer, types: TypeSession) -> list[Mark]:
            nodes = self._nodes_to_mark(tx, types, refs, "mark")
            there = _by_node(standing(tx, at_ms, labels=[checked_label(label)], nodes=_ids(nodes)))
            marks: dict[tuple[Kind, int | None], Mark] = {}
            fresh: list[Mark] = []
            for node in nodes:
                key = (node.kind, node.id)
                if key in marks:
                    continue
                opposite = [m for m in there.get(key, ()) if m.clean is not clean]
                if opposite:
                    raise Conflict(
                        f"{node.label} is marked {_meaning(opposite[0])} (mark {opposite[0].id}); "
                        f"lift that before you mark it {_meaning(wanted(node))}"
                    )
                mark = wanted(node)
                same = [m for m in there.get(key, ()) if _says(m) == _says(mark)]
                marks[key] = same[0] if same else mark
                if not same:
                    fresh.append(mark)
            numbered: dict[tuple[Kind, int | None], Mark] = {
                (mark.kind, mark.node_id): mark.model_copy(update={"id": id})
                for mark, id in zip(fresh, tx.put_marks(fresh) if fresh else (), strict=True)
            }
            marks.update(numbered)
            return [marks[node.kind, node.id] for node in nodes]

        return self._write(work)

    def lift(
        self,
        *refs: Ref,
        label: str,
        reason: str | None = None,
        who: str | None = None,
        clean: bool = False,
    ) -> list[Mark]:
        """Lift the standing marks with a label from nodes; returns them as they then are.

        With `clean`, the marks that say they are clean of it. A lifted mark stays in the history,
        with who lifted it, when and why. Raises NotFound where a node carries no such mark.
        """
        at_ms = self._clock()

        def work(tx: Writer, types: TypeSession) -> list[Mark]:
            nodes = self._nodes_to_mark(tx, types, refs, "lift")
            there = _by_node(standing(tx, at_ms, labels=[checked_label(label)], nodes=_ids(nodes)))
            lifted: dict[int | None, Mark] = {}
            for node in nodes:
                marks = [m for m in there.get((node.kind, node.id), ()) if m.clean is clean]
                if not marks:
                    meaning = f"clean of {label!a}" if clean else f"{label!a}"
                    raise NotFound(f"{node.label} is not marked {meaning}; nothing was lifted")
                for mark in marks:
                    lifted[mark.id] = checked_mark(
                        mark.model_copy(
                            update={
                                # A clock that ran back must not lift a mark before it was put.
                                "lifted_ms": max(at_ms, mark.recorded_ms),
                                "lifted_by": who,
                                "lifted_reason": reason,
                            }
                        )
                    )
            tx.put_marks(list(lifted.values()))
            return list(lifted.values())

        return self._write(work)

    def marks(
        self,
        *refs: Ref,
        label: str | None = None,
        as_of: Time | None = None,
        history: bool = False,
    ) -> list[Mark]:
        """The marks that stand now (or stood at `as_of`), on these nodes or on any, by id.

        With `history`, those that were lifted or have ended too.
        """
        at_ms = milliseconds(as_of)
        with self._reading() as (reader, types):
            found = reader.marks(
                labels=None if label is None else [label],
                nodes=_ids(self._nodes_to_mark(reader, types, refs, "ask about")) if refs else None,
            )
        if history:
            return [m for m in found if at_ms is None or m.recorded_ms <= at_ms]
        return [m for m in found if stands(m, self._clock() if at_ms is None else at_ms)]

    # Policies

    def policies(self) -> list[Policy]:
        """All policies, by name."""
        with self._reading() as (reader, _):
            return reader.policies()

    def put_policy(self, policy: Policy) -> Policy:
        """Make the policy of this name what is given; returns it as stored.

        The same policy put again changes nothing.
        """
        now = self._clock()
        checked = checked_policy(policy)

        def work(tx: Writer, types: TypeSession) -> Policy:
            for there in tx.policies():
                if there.name == checked.name and _content(there) == _content(checked):
                    return there
            put = checked.model_copy(update={"recorded_ms": now})
            tx.put_policy(put)
            return put

        return self._write(work)

    def drop_policy(self, name: str) -> None:
        """Take a policy out. Raises NotFound."""

        def work(tx: Writer, types: TypeSession) -> None:
            names = [policy.name for policy in tx.policies()]
            if name not in names:
                there = ", ".join(map(repr, names)) or "none"
                raise NotFound(f"there is no policy {name!a} (there are: {there})")
            tx.drop_policy(name)

        self._write(work)

    def unknown_step_types(self, policy: Policy) -> list[str]:
        """The step types that a policy names and that nothing was recorded of yet."""
        with self._reading() as (reader, _):
            return unknown_step_types(reader, policy)

    def _nodes_to_mark(
        self, reader: Reader, types: TypeSession, refs: Sequence[Ref], verb: str
    ) -> list[Node]:
        if not refs:
            raise InvalidValue(f"say what to {verb}: give at least one artifact or execution")
        # Whole nodes may be many, as from a list: they are looked up together.
        given = [ref for ref in refs if not isinstance(ref, int | str)]
        there = {
            (kind, node.id): node
            for kind, ids in _ids(given).items()
            for node in reader.nodes(kind, ids)
        }
        nodes: list[Node] = []
        for ref in refs:
            key = None if isinstance(ref, int | str) else (ref.kind, ref.id)
            nodes.append(there[key] if key in there else self._start(reader, types, ref))
            check_can_be_marked(nodes[-1])
        return nodes


def _ids(nodes: Iterable[Node]) -> Mapping[Kind, list[int]]:
    ids: dict[Kind, list[int]] = {}
    for node in nodes:
        if node.id is not None:
            ids.setdefault(node.kind, []).append(node.id)
    return ids


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


def _content(policy: Policy) -> Policy:
    return policy.model_copy(update={"recorded_ms": None})
