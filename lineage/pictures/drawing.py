"""What is drawn: boxes and arrows that follow the data, whatever the picture is made with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lineage.captions import caption
from lineage.model import Event, Kind, Node


@dataclass(frozen=True, slots=True)
class Box:
    """A node with the name that the picture knows it by; `start` where it was asked about."""

    key: str
    node: Node
    start: bool

    @property
    def caption(self) -> str:
        """What is written in it."""
        return caption(self.node)

    @property
    def round(self) -> bool:
        """Steps are drawn round, what they read and write is not."""
        return self.node.kind is Kind.EXECUTION


@dataclass(frozen=True, slots=True)
class Arrow:
    """From one box to another; the paths of the events that lead along it, without repetition."""

    source: str
    target: str
    label: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """Boxes in order, and at most one arrow from each to each other."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def draw(nodes: Iterable[Node], events: Iterable[Event], starts: Sequence[Node] = ()) -> Drawing:
    """The drawing of some nodes and the data-carrying events between them."""
    asked = {(node.kind, node.id) for node in starts}
    boxes = tuple(
        Box(f"{node.kind}{node.id}", node, (node.kind, node.id) in asked) for node in nodes
    )
    there = {box.key for box in boxes}
    paths: dict[tuple[str, str], dict[str, None]] = {}
    for event in events:
        if not event.carries_data:
            continue
        source, target = (f"{kind}{id}" for kind, id in (event.source, event.target))
        if source in there and target in there:
            label = ".".join(map(str, event.path))
            paths.setdefault((source, target), {})[label] = None
    arrows = tuple(
        Arrow(source, target, ", ".join(filter(None, labels)))
        for (source, target), labels in paths.items()
    )
    return Drawing(boxes, arrows)
