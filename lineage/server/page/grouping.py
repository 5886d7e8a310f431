"""Nodes of one type in one layer as one box, so that a graph of any size can be looked at."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from lineage.captions import printable, short_type
from lineage.model import Node
from lineage.pictures.drawing import Arrow, Box, Drawing
from lineage.pictures.layout import layers

# With more groups than these, the layers count for nothing: a long chain is one box for each type.
_MOST_GROUPS = 400
# So many nodes of an opened group are drawn one by one; the others stay together.
MOST_OPENED = 300
_NARROWEST = 18


@dataclass(frozen=True, slots=True)
class Card(Box):
    """A box that stands for one node, or for all `members` of a group."""

    group: str | None = None
    members: tuple[Box, ...] = ()

    @property
    def caption(self) -> str:
        """The longest line in it."""
        kind = short_type(self.node.type)
        if self.members:
            return f"{len(self.members):,} x {kind}".ljust(_NARROWEST)
        name = printable(self.node.name or f"{self.node.kind}:{self.node.id}")
        return max(name, kind, key=len).ljust(_NARROWEST)


@dataclass(slots=True)
class Grouped:
    """A drawing of cards, and how many arrows each of its arrows stands for."""

    drawing: Drawing
    counts: Mapping[tuple[str, str], int]
    groups: Mapping[str, int] = field(default_factory=dict)


def as_cards(drawing: Drawing) -> Grouped:
    """Return a drawing with a card for each box."""
    cards = tuple(Card(box.key, box.node, box.start) for box in drawing.boxes)
    counts = {(arrow.source, arrow.target): 1 for arrow in drawing.arrows}
    return Grouped(Drawing(cards, drawing.arrows), counts)


def group(drawing: Drawing, opened: Collection[str] = ()) -> Grouped:
    """Return a drawing with one card for what has the same type and layer.

    Parameters
    ----------
    drawing: what is grouped; where it started stays apart.
    opened: keys of groups whose nodes are drawn one by one.
    """
    layer = layers(drawing)
    free = [box for box in drawing.boxes if not box.start]
    names = {box.key: f"{box.node.kind}/{box.node.type}/{layer[box.key]}" for box in free}
    if len(set(names.values())) > _MOST_GROUPS:
        names = {box.key: f"{box.node.kind}/{box.node.type}" for box in free}
    members: dict[str, list[Box]] = {}
    for box in free:
        members.setdefault(names[box.key], []).append(box)
    home: dict[str, str] = {}
    cards: list[Card] = []
    for box in drawing.boxes:
        name = names.get(box.key)
        if name is None or len(members[name]) == 1:
            home[box.key] = box.key
            cards.append(Card(box.key, box.node, box.start))
    for name, boxes in members.items():
        if len(boxes) == 1:
            continue
        apart = boxes[:MOST_OPENED] if name in opened else []
        if len(boxes) == len(apart) + 1:
            apart = boxes
        for box in apart:
            home[box.key] = box.key
            cards.append(Card(box.key, box.node, False, group=name))
        rest = tuple(boxes[len(apart) :])
        if rest:
            home.update((box.key, name) for box in rest)
            cards.append(Card(name, rest[0].node, False, group=name, members=rest))
    counts: dict[tuple[str, str], int] = {}
    labels: dict[tuple[str, str], str] = {}
    for arrow in drawing.arrows:
        pair = (home[arrow.source], home[arrow.target])
        if pair[0] != pair[1]:
            counts[pair] = counts.get(pair, 0) + 1
            labels.setdefault(pair, arrow.label)
    arrows = tuple(
        Arrow(*pair, labels[pair] if count == 1 else "") for pair, count in counts.items()
    )
    sizes = {name: len(boxes) for name, boxes in members.items() if len(boxes) > 1}
    return Grouped(Drawing(tuple(cards), arrows), counts, sizes)


def contract(drawing: Drawing, shown: Collection[Node], most: int) -> Drawing | None:
    """Return the drawing of some nodes alone, joined where others lead from one to the other.

    None where more than `most` arrows would have to be drawn.
    """
    there = {(node.kind, node.id) for node in shown}
    kept = {box.key for box in drawing.boxes if (box.node.kind, box.node.id) in there}
    onward: dict[str, list[str]] = {}
    for arrow in drawing.arrows:
        onward.setdefault(arrow.source, []).append(arrow.target)
    pairs: dict[tuple[str, str], str] = {
        (arrow.source, arrow.target): arrow.label
        for arrow in drawing.arrows
        if arrow.source in kept and arrow.target in kept
    }
    for box in drawing.boxes:
        if box.key not in kept:
            continue
        seen: set[str] = set()
        pending = [key for key in onward.get(box.key, ()) if key not in kept]
        while pending:
            key = pending.pop()
            if key in seen:
                continue
            seen.add(key)
            for target in onward.get(key, ()):
                if target not in kept:
                    pending.append(target)
                elif target != box.key:
                    pairs.setdefault((box.key, target), "")
            if len(pairs) > most:
                return None
    return Drawing(
        tuple(box for box in drawing.boxes if box.key in kept),
        tuple(Arrow(*pair, label) for pair, label in pairs.items()),
    )
