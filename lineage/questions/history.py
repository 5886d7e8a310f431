"""What happened to a node, in the order of time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lineage.model import Flow, Kind, Node, Path
from lineage.model.deletion import RECEIPTS
from lineage.ports.reader import Reader
from lineage.questions.node_json import node_to_json
from lineage.session.snapshot import Ref, Snapshot


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened: `what` says it, `other` is the node on the other side, if any.

    `receipt` is the one that a deletion left, `why` who did it and for which reason.
    """

    time_ms: int | None
    what: str
    other: Node | None = None
    path: Path = ()
    receipt: str | None = None
    why: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return {
            "time_ms": self.time_ms,
            "what": self.what,
            "path": list(self.path),
            "other": node_to_json(self.other) if self.other else None,
            "receipt": self.receipt,
            "why": self.why,
        }


_WORDS = {
    (Kind.ARTIFACT, Flow.OUTPUT): "made by",
    (Kind.ARTIFACT, Flow.INPUT): "used by",
    (Kind.EXECUTION, Flow.OUTPUT): "made",
    (Kind.EXECUTION, Flow.INPUT): "used",
}


def list_history(snapshot: Snapshot, ref: Ref) -> list[Happening]:
    """Return what happened to a node, in the order of time.

    That is: recorded, made, used, marked, deleted, updated; of a context, what is in it.

    Raises
    ------
    NotFound
        It isn't there.
    """
    reader, node = snapshot.reader, snapshot.resolve(ref)
    assert node.id is not None
    deletions = list(_deletions(reader, node))
    found = [Happening(node.created_ms, "recorded"), *deletions]
    if node.updated_ms not in (node.created_ms, *(deletion.time_ms for deletion in deletions)):
        found.append(Happening(node.updated_ms, "updated"))
    if node.kind is Kind.CONTEXT:
        for kind in (Kind.EXECUTION, Kind.ARTIFACT):
            ids = [member for _, member in reader.members_of([node.id], kind)]
            found += [
                Happening(other.created_ms, "got", other) for other in reader.nodes(kind, ids)
            ]
    else:
        events = reader.events(**{f"{node.kind}_ids": [node.id]})
        other_kind = node.kind.other
        ids = [event.end(other_kind) for event in events]
        others = {n.id: n for n in reader.nodes(other_kind, sorted(set(ids)))}
        for event, id in zip(events, ids, strict=True):
            flow = event.type.flow
            what = _WORDS[node.kind, flow] if flow else f"{event.type} with"
            found.append(Happening(event.time_ms, what, others[id], event.path))
        found += _marks(reader, node)
        contexts = [c for _, c in reader.contexts_of(node.kind, [node.id])]
        found += [
            Happening(None, "in", context) for context in reader.nodes(Kind.CONTEXT, contexts)
        ]
    return sorted(found, key=lambda h: (h.time_ms is None, h.time_ms or 0))


def _deletions(reader: Reader, node: Node) -> Iterator[Happening]:
    for _, text in reader.metadata_under(RECEIPTS):
        receipt = json.loads(text)
        plan = receipt["plan"]
        if any(n["kind"] == node.kind and n["id"] == node.id for n in plan["nodes"]):
            why = _said(receipt.get("who"), plan.get("reason"))
            yield Happening(receipt["applied_ms"], "deleted", receipt=receipt["id"], why=why)


def _marks(reader: Reader, node: Node) -> Iterator[Happening]:
    for mark in reader.marks(nodes={node.kind: [node.id or 0]}):
        meaning = f"clean of {mark.label}" if mark.clean else mark.label
        yield Happening(mark.recorded_ms, f"marked {meaning}", why=_said(mark.who, mark.reason))
        if mark.lifted_ms is not None:
            why = _said(mark.lifted_by, mark.lifted_reason)
            yield Happening(mark.lifted_ms, f"lifted {meaning}", why=why)


def _said(who: str | None, reason: str | None) -> str | None:
    return ": ".join(text for text in (who, reason) if text) or None
