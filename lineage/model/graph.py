"""What a query answers beside the three kinds of node and their events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lineage.model.events import Event
from lineage.model.nodes import Node


@dataclass(frozen=True, slots=True)
class Vertex:
    """A node that is no artifact, execution or context: a type, a mark, a label."""

    labels: tuple[str, ...]
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Link:
    """A relationship that is no event: membership in a context, a mark on a node …"""

    type: str
    start: Node | Vertex
    end: Node | Vertex
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Walk:
    """A path of a query: `links[i]` joins `nodes[i]` and `nodes[i + 1]`."""

    nodes: tuple[Node | Vertex, ...]
    links: tuple[Event | Link, ...]

    def __len__(self) -> int:
        return len(self.links)
