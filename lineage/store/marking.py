"""Marks and policies: what is known of a node, and where that matters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lineage.errors import Conflict, InvalidValue, NotFound
from lineage.model import Kind, Mark, Node, Policy
from lineage.model.times import Time, to_milliseconds
from lineage.ports.reader import Reader
from lineage.ports.writer import Writer
from lineage.questions.starting import Ref
from lineage.rules.marks import (
    check_can_be_marked,
    is_standing,
    select_standing,
    validate_label,
    validate_mark,
)
from lineage.rules.policies import (
    next_version_at,
    policies_in_force,
    recording_time,
    unknown_step_types,
    validate_policy,
    was_in_force,
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
        validate_label(label)
        since_ms, until_ms = to_milliseconds(time), to_milliseconds(until)

        def wanted(node: Node, at_ms: int) -> Mark:
            assert node.id is not None
            return validate_mark(
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

        def work(tx: Writer, types: TypeSession) -> list[Mark]:
            nodes = self._nodes_to_mark(tx, types, refs, "mark")
            at_ms, there = self._standing_on(tx, nodes, label)
            if until_ms is not None and until_ms <= at_ms:
                raise InvalidValue(f"until is {until!r}, which is past: the mark would never stand")
            marks: dict[tuple[Kind, int | None], Mark] = {}
            fresh: list[Mark] = []
            for node in nodes:
                key = (node.kind, node.id)
                if key in marks:
                    continue
                mark = wanted(node, at_ms)
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
        validate_label(label)

        def work(tx: Writer, types: TypeSession) -> list[Mark]:
            nodes = self._nodes_to_mark(tx, types, refs, "lift")
            at_ms, there = self._standing_on(tx, nodes, label)
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
        at_ms = to_milliseconds(as_of)
        labels = None if label is None else [validate_label(label)]
        with self._reading() as (reader, types):
            found = reader.marks(
                labels=labels,
                nodes=_ids(self._nodes_to_mark(reader, types, refs, "ask about")) if refs else None,
            )
        if history:
            return [m for m in found if at_ms is None or m.recorded_ms <= at_ms]
        return [m for m in found if is_standing(m, self._clock(), at_ms)]

    # Policies

    def policies(self, *, as_of: Time | None = None, history: bool = False) -> list[Policy]:
        """The policies in force now (or at `as_of`), by name.

        With `history`, all their versions that were known by then, those replaced or dropped too.
        """
        at_ms = to_milliseconds(as_of)
        with self._reading() as (reader, _):
            found = reader.policies()
        if history:
            return [p for p in found if at_ms is None or recording_time(p) <= at_ms]
        return [p for p in found if was_in_force(p, at_ms)]

    def put_policy(self, policy: Policy) -> Policy:
        """Make the policy of this name what is given; returns it as stored.

        The same policy put again changes nothing. The version that it replaces stays in the
        history.
        """
        checked = validate_policy(policy)

        def work(tx: Writer, types: TypeSession) -> Policy:
            # Policies go with the types: whoever holds these holds those.
            tx.lock_types()
            versions = [there for there in tx.policies() if there.name == checked.name]
            before = [there for there in versions if was_in_force(there, None)]
            if before and _content(before[0]) == _content(checked):
                return before[0]
            begins = next_version_at(versions, self._clock())
            for there in before:
                tx.put_policy(there.model_copy(update={"ended_ms": begins}))
            put = checked.model_copy(update={"recorded_ms": begins, "ended_ms": None})
            tx.put_policy(put)
            return put

        return self._write(work)

    def drop_policy(self, name: str) -> None:
        """Take a policy out of force; it stays in the history. Raises NotFound."""

        def work(tx: Writer, types: TypeSession) -> None:
            tx.lock_types()
            there = policies_in_force(tx)
            found = [policy for policy in there if policy.name == name]
            if not found:
                names = ", ".join(repr(policy.name) for policy in there) or "none"
                raise NotFound(f"there is no policy {name!a} (there are: {names})")
            for policy in found:
                ended_ms = max(self._clock(), recording_time(policy))
                tx.put_policy(policy.model_copy(update={"ended_ms": ended_ms}))

        self._write(work)

    def unknown_step_types(self, policy: Policy) -> list[str]:
        """The step types that a policy names and that nothing was recorded of yet."""
        with self._reading() as (reader, _):
            return unknown_step_types(reader, policy)

    def _standing_on(
        self, tx: Writer, nodes: Sequence[Node], label: str
    ) -> tuple[int, Mapping[tuple[Kind, int | None], Sequence[Mark]]]:
        """What time it is and which marks with a label stand on nodes, until the write ends.

        Without the locks, two who mark a node at once would both find it without a mark.
        """
        ids = _ids(nodes)
        for kind in Kind:
            tx.lock(kind, ids.get(kind, ()))
        at_ms = self._clock()
        return at_ms, _by_node(select_standing(tx, at_ms, labels=[label], nodes=ids))

    def _nodes_to_mark(
        self, reader: Reader, types: TypeSession, refs: Sequence[Ref], verb: str
    ) -> list[Node]:
        if not refs:
            raise InvalidValue(f"say what to {verb}: give at least one artifact or execution")
        # Whole nodes may be many, as from a list: they are looked up together.
        given = [ref for ref in refs if isinstance(ref, Node)]
        there = {
            (kind, node.id): node
            for kind, ids in _ids(given).items()
            for node in reader.nodes(kind, ids)
        }
        nodes: list[Node] = []
        for ref in refs:
            key = (ref.kind, ref.id) if isinstance(ref, Node) else None
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
    return policy.model_copy(update={"recorded_ms": None, "ended_ms": None})
