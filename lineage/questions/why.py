"""Why: a shortest chain of events from one node to another, following the data.

Found by closing upstream from the target and walking from the source along falling depth, so that
the cost is one search, however many paths there are. Among chains of one length, the one whose
nodes have the smallest ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

from lineage.captions import caption, printable, short_type
from lineage.model import Event, Kind, Node
from lineage.model.times import Time, to_milliseconds
from lineage.pictures.drawing import draw
from lineage.pictures.svg import svg
from lineage.ports.reader import Reader
from lineage.ports.traversal import Direction
from lineage.questions.answer import Answer
from lineage.questions.causal_closure import Arrival, keys_of, read_causal_closure
from lineage.questions.closure import read_levels
from lineage.questions.node_json import event_to_json, node_to_json
from lineage.questions.notebook import render, text
from lineage.session.snapshot import Ref, Snapshot, check_in_flow


@dataclass(frozen=True, slots=True)
class Witness(Answer):
    """A chain of nodes, each reached from the one before. Empty where there is none.

    Two artifacts in a row have the same content; between all others is an event, in order.
    """

    _main: ClassVar[str | None] = "nodes"

    source: Node
    target: Node
    nodes: tuple[Node, ...] = ()
    events: tuple[Event, ...] = ()

    @property
    def found(self) -> bool:
        """Whether the target came of the source."""
        return bool(self.nodes)

    @property
    def hops(self) -> tuple[Event | None, ...]:
        """By what `nodes[i + 1]` is reached: its event; None where it has the same content."""
        events = iter(self.events)
        return tuple(
            None if here.kind is there.kind is Kind.ARTIFACT else next(events)
            for here, there in pairwise(self.nodes)
        )

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON has it."""
        return {
            "found": self.found,
            "source": f"{self.source.kind}:{self.source.id}",
            "target": f"{self.target.kind}:{self.target.id}",
            "nodes": [node_to_json(node, depth=at) for at, node in enumerate(self.nodes)],
            "events": [event_to_json(event) for event in self.events],
            "same_content": [at for at, hop in enumerate(self.hops, 1) if hop is None],
            "complete": True,
        }

    def __str__(self) -> str:
        """Return the chain, one node a line."""
        if not self.found:
            return f"{caption(self.target)} did not come of {caption(self.source)}."
        lines = []
        hops = self.hops
        for place, node in enumerate(self.nodes):
            hop = hops[place - 1] if place else None
            path = ".".join(map(str, hop.path)) if hop else "same content"
            arrow, port = ("-> ", f"  [{path}]") if place else ("", "")
            named = f"{short_type(node.type)}:{node.name}" if node.name else short_type(node.type)
            lines.append(f"{'  ' * place}{arrow}{named}  ({node.kind}:{node.id}){port}")
        return "\n".join(map(printable, lines))

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the chain, drawn, and as a table."""
        if not self.found:
            return f"<p>{text(str(self))}</p>"
        return picture(self) + render(self._shown())


def picture(witness: Witness) -> str:
    """Return the HTML of a chain, drawn."""
    drawn = svg(draw(witness.nodes, witness.events, (witness.source,)))
    return f'<div style="overflow:auto;background:#fff">{drawn}</div>'


def find_witness(
    snapshot: Snapshot,
    source_ref: Ref,
    target_ref: Ref,
    *,
    as_of: Time | None = None,
    causal: bool = False,
) -> Witness:
    """Return a shortest chain of events by which the target came of the source.

    Raises
    ------
    NotFound, InvalidValue
        One of them isn't there, or is a context.
    """
    reader, as_of_ms = snapshot.reader, to_milliseconds(as_of)
    source, target = (snapshot.resolve(ref) for ref in (source_ref, target_ref))
    for end in (source, target):
        check_in_flow(end)
    if causal:
        return _find_causal(reader, source, target, as_of_ms)
    depths: dict[tuple[Kind, int], int] = {}
    for at, kind, ids in read_levels(reader, [target], Direction.UPSTREAM, as_of_ms=as_of_ms):
        depths.update(((kind, id), at) for id in ids)
    assert source.id is not None
    here = (source.kind, source.id)
    if here not in depths:
        return Witness(source, target)
    chain, events = [here], []
    while depths[here] > 0:
        nearer = [
            step
            for step in _forward(reader, here, as_of_ms)
            if depths.get(step[0]) == depths[here] - 1
        ]
        here, event = min(nearer, key=lambda step: (step[0], step[1].type, str(step[1].path)))
        chain.append(here)
        events.append(event)
    nodes = {
        (kind, node.id): node
        for kind in (Kind.ARTIFACT, Kind.EXECUTION)
        for node in reader.nodes(kind, [id for k, id in chain if k is kind])
    }
    return Witness(source, target, tuple(nodes[key] for key in chain), tuple(events))


def _find_causal(reader: Reader, source: Node, target: Node, as_of_ms: int | None) -> Witness:
    [start], [end] = keys_of([source]), keys_of([target])
    found = read_causal_closure(
        reader, [start], Direction.DOWNSTREAM, as_of_ms=as_of_ms, target=end
    )
    chain: list[Arrival] = []
    at = found.first.get(end)
    while at is not None:
        chain.append(at)
        at = at.before
    chain.reverse()
    nodes = {
        (kind, node.id): node
        for kind in (Kind.ARTIFACT, Kind.EXECUTION)
        for node in reader.nodes(kind, [at.key[1] for at in chain if at.key[0] is kind])
    }
    return Witness(
        source,
        target,
        tuple(nodes[at.key] for at in chain),
        tuple(at.event for at in chain if at.event is not None),
    )


def _forward(
    reader: Reader, key: tuple[Kind, int], as_of_ms: int | None
) -> list[tuple[tuple[Kind, int], Event]]:
    kind, id = key
    found = reader.events(**{f"{kind}_ids": [id]})
    return [
        (event.target, event)
        for event in found
        if event.source == key and event.carries_data and event.is_known_at(as_of_ms)
    ]
