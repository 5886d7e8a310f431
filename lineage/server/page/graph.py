"""A part of the lineage, placed from left to right, as the page draws it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

from lineage.errors import InvalidValue, LimitExceeded
from lineage.model import Event, Kind, Node
from lineage.model.type_catalog import base_of
from lineage.pictures.drawing import Drawing
from lineage.pictures.layout import HEIGHT, Layout, layout
from lineage.questions.closure import Lineage, LineageNode
from lineage.server.page.grouping import Card, Grouped, as_cards, contract, group
from lineage.store import Store

DIRECTIONS = ("upstream", "downstream", "both", "between")
# Beyond these, nodes are drawn in groups unless the caller wants each.
_GROUPED_FROM = 120
# Beyond these, they always are: nobody can look at more boxes, and few machines can draw them.
_MOST_BOXES = 6_000
_MOST_ARROWS = 60_000
_MOMENTS = 60


def build_graph(
    store: Store,
    refs: Sequence[str],
    *,
    direction: str = "both",
    depth: int | None = None,
    types: Sequence[str] = (),
    as_of: int | None = None,
    label: str | None = None,
    grouped: bool | None = None,
    opened: Collection[str] = (),
) -> dict[str, Any]:
    """Return boxes with their places, arrows, and what is affected by a label.

    Parameters
    ----------
    store: where the nodes are.
    refs: where it starts.
    direction: `upstream`, `downstream`, `both`; `between` follows nothing: these nodes alone.
    depth: how many events to follow at most; None follows all.
    types: the types (or base types) that are shown; none shows all. What is not shown still
        conducts: boxes on both sides of it are joined.
    as_of: what was known by then, in milliseconds.
    label: colours what this label affects; `*` stands for every label in use.
    grouped: one box for what has the same type and layer; None decides by the size.
    opened: keys of groups that are drawn one by one.

    Raises
    ------
    InvalidValue: there is no such direction.
    NotFound: there is no such node or label.
    LimitExceeded: more arrows than can be drawn would join the shown types.
    """
    found = trace(store, refs, direction, depth, as_of)
    roles = {type.id: base_of(type) for type in store.types()}
    drawing = found.drawing()
    counted = Counter((n.node.kind, n.node.type, roles.get(n.node.type_id)) for n in found)
    if types:
        wanted = set(types)
        starts = {(node.kind, node.id) for node in found.starts}
        shown = [
            n.node
            for n in found
            if n.node.type in wanted
            or str(roles.get(n.node.type_id)) in wanted
            or (n.node.kind, n.node.id) in starts
        ]
        contracted = contract(drawing, shown, _MOST_ARROWS)
        if contracted is None:
            raise LimitExceeded(
                f"{len(shown):,} nodes of these types are joined by more than {_MOST_ARROWS:,} "
                "arrows; show more types, or go less deep"
            )
        drawing = contracted
    size = len(drawing.boxes)
    forced = grouped is False and size > _MOST_BOXES
    if grouped is None:
        grouped = size > _GROUPED_FROM
    cards = group(drawing, opened) if grouped or forced else as_cards(drawing)
    placed = _place(cards.drawing)
    taint = _find_taint(store, label, as_of)
    depths = {f"{n.node.kind}{n.node.id}": n.depth for n in found}
    return {
        "starts": [f"{node.kind}:{node.id}" for node in found.starts],
        "direction": direction,
        "complete": found.complete,
        "node_count": size,
        "event_count": len(found.events),
        "grouped": bool(grouped or forced),
        "forced": forced,
        "groups": dict(cards.groups),
        "types": [
            {"kind": str(kind), "type": type, "base": base and str(base), "count": count}
            for (kind, type, base), count in sorted(counted.items(), key=lambda item: str(item[0]))
        ],
        "moments": _moments(found.events),
        "width": placed.width,
        "height": placed.height,
        "box_height": HEIGHT,
        "label": label,
        "barriers": taint["barriers"],
        "affected": taint["count"],
        **_render(placed, cards, depths, roles, taint),
    }


def trace(
    store: Store, refs: Sequence[str], direction: str, depth: int | None, as_of: int | None
) -> Lineage:
    """Return the lineage of nodes in a direction. Raises InvalidValue, NotFound."""
    if direction not in DIRECTIONS:
        raise InvalidValue(f"direction is {direction!r}; it can be {', '.join(DIRECTIONS)}")
    if not refs:
        raise InvalidValue("say where the graph starts: give at least one node")
    asked: dict[str, Any] = {"depth": depth, "as_of": as_of}
    if direction == "between":
        return _between(store, refs, as_of)
    if direction == "upstream":
        return store.upstream(*refs, **asked)
    if direction == "downstream":
        return store.downstream(*refs, **asked)
    return store.upstream(*refs, **asked) | store.downstream(*refs, **asked)


def _between(store: Store, refs: Sequence[str], as_of: int | None) -> Lineage:
    """The nodes alone, and the events from one to another of them."""
    nodes = {(node.kind, node.id): node for node in map(store.get, refs)}
    for node in nodes.values():
        if node.kind is Kind.CONTEXT:
            raise InvalidValue(f"{node.label} is a context; a graph is of artifacts and executions")
    ids = {
        kind: [id or 0 for one, id in nodes if one is kind]
        for kind in (Kind.ARTIFACT, Kind.EXECUTION)
    }
    events: list[Event] = []
    if all(ids.values()):
        with store.snapshot() as view:
            events = view.reader.events(
                artifact_ids=ids[Kind.ARTIFACT], execution_ids=ids[Kind.EXECUTION]
            )
    return Lineage(
        None,
        (),
        tuple(LineageNode(node, 0) for node in nodes.values()),
        tuple(e for e in events if as_of is None or (e.recorded_ms or 0) <= as_of),
    )


def _place(drawing: Drawing) -> Layout:
    # Told apart by what decides where a box stands; nodes may differ in anything else.
    boxes = tuple((box.key, box.caption) for box in drawing.boxes)
    pairs = tuple((arrow.source, arrow.target) for arrow in drawing.arrows)
    return _Placed(drawing, hash((boxes, pairs)), boxes, pairs).layout()


class _Placed:
    """A drawing that is the same one as another if both are placed alike."""

    __slots__ = ("_boxes", "_hash", "_pairs", "drawing")

    def __init__(self, drawing: Drawing, digest: int, boxes: Any, pairs: Any) -> None:
        self.drawing = drawing
        self._hash = digest
        self._boxes = boxes
        self._pairs = pairs

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Placed)
            and self._boxes == other._boxes
            and self._pairs == other._pairs
        )

    def layout(self) -> Layout:
        return _lay_out(self)


@lru_cache(maxsize=32)
def _lay_out(placed: _Placed) -> Layout:
    return layout(placed.drawing)


def _find_taint(store: Store, label: str | None, as_of: int | None) -> dict[str, Any]:
    if label is None:
        return {"nodes": {}, "barriers": [], "sources": set(), "count": None}
    found = store.taint(label=None if label == "*" else label, as_of=as_of)
    return {
        "nodes": {f"{row.node.kind}{row.node.id}": list(row.labels) for row in found},
        "sources": {f"{source.node.kind}{source.node.id}" for source in found.sources},
        "barriers": [
            {
                "key": f"{met.node.kind}{met.node.id}",
                "label": met.label,
                "why": met.why,
                "shielded": met.shielded,
            }
            for met in found.barriers
        ],
        "count": found.affected,
    }


def _render(
    placed: Layout,
    cards: Grouped,
    depths: dict[str, int],
    roles: dict[int | None, Any],
    taint: dict[str, Any],
) -> dict[str, Any]:
    blocked = {met["key"]: met["why"] for met in taint["barriers"]}
    drawn = {box.key: box for box in cards.drawing.boxes}
    place = {placed_box.box.key: at for at, placed_box in enumerate(placed.boxes)}
    nodes = []
    for item in placed.boxes:
        card = drawn[item.box.key]
        assert isinstance(card, Card)
        inside = card.members or (card,)
        base = roles.get(card.node.type_id)
        told: dict[str, Any] = {
            "key": card.key,
            "kind": str(card.node.kind),
            "type": card.node.type,
            "base": base and str(base),
            "x": round(item.x, 1),
            "y": round(item.y, 1),
            "w": round(item.width, 1),
            "depth": min(depths[box.key] for box in inside),
        }
        if card.group is not None:
            told["group"] = card.group
        if card.members:
            told["count"] = len(card.members)
            told["states"] = dict(Counter(_state(box.node) for box in inside))
        else:
            told |= {"id": card.node.id, "name": card.node.name, "state": _state(card.node)}
            told["version"] = getattr(card.node, "version", None)
        if card.start:
            told["start"] = True
        affected = [box.key for box in inside if box.key in taint["nodes"]]
        if affected:
            told["tainted"] = len(affected)
            told["labels"] = sorted(
                {str(label) for key in affected for label in taint["nodes"][key]}
            )
        if any(box.key in taint["sources"] for box in inside):
            told["source"] = True
        why = next((blocked[box.key] for box in inside if box.key in blocked), None)
        if why is not None:
            told["barrier"] = why
        nodes.append(told)
    edges = []
    # In the order of the drawing; a layout that was kept has another drawing's labels.
    for arrow, way in zip(cards.drawing.arrows, placed.arrows, strict=True):
        edges.append(
            [
                place[arrow.source],
                place[arrow.target],
                arrow.label,
                cards.counts.get((arrow.source, arrow.target), 1),
                [[round(x, 1), round(y, 1)] for x, y in way.points[1:-1]],
            ]
        )
    return {"nodes": nodes, "edges": edges}


def _state(node: Node) -> str | None:
    state = getattr(node, "state", None)
    return None if state is None else str(state)


def _moments(events: Sequence[Event]) -> list[int]:
    """Times at which something was recorded, thinned out to what a slider can have."""
    times = sorted({event.recorded_ms for event in events if event.recorded_ms is not None})
    if len(times) <= _MOMENTS:
        return times
    step = (len(times) - 1) / (_MOMENTS - 1)
    return [times[round(at * step)] for at in range(_MOMENTS)]
