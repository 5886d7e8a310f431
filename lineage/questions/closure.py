"""Upstream and downstream: where it came from, what came of it.

Definition: data flows from an artifact to an execution by an event of an input type, and from an
execution to an artifact by one of an output type; PENDING_OUTPUT and UNKNOWN carry nothing. A node
is downstream of a start where a chain of such events leads from the start to it, upstream where
one leads from it to the start. Its depth is the number of events in the shortest such chain; a
start's is 0. With `as_of`, only events recorded by then count; with `causal`, only chains in which
no event happened before the one ahead of it (`causal_closure`).

Where an artifact was written more than once without versions, an answer that is not causal has
nodes that only chains against time lead to: `against_time` says how many of those that are shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lineage.captions import align, caption, printable, short_type
from lineage.errors import InvalidValue, Unsupported
from lineage.model import Event, Flow, Kind, Node
from lineage.model.gc_pause import pause_collector
from lineage.model.times import Time, to_milliseconds
from lineage.model.type_catalog import is_called
from lineage.pictures.drawing import Drawing, draw
from lineage.ports.reader import Reader
from lineage.ports.traversal import Direction, Frontier
from lineage.questions.causal_closure import CausalClosure, keys_of, read_causal_closure
from lineage.questions.node_json import event_to_json, node_to_json
from lineage.rules.values import validate_int64
from lineage.session.snapshot import Ref, Snapshot

_MOST_IN_A_NOTEBOOK = 400


class LineageNode(NamedTuple):
    """A node of an answer, with its least distance in events from the nearest start."""

    node: Node
    depth: int


@dataclass(frozen=True, slots=True)
class Lineage:
    """Nodes by depth, and the events between them. Complete, unless `complete` says otherwise.

    `direction` is None where it is of both.
    """

    direction: Direction | None
    starts: tuple[Node, ...]
    nodes: tuple[LineageNode, ...]
    events: tuple[Event, ...] = field(default=())
    complete: bool = True
    causal: bool = False
    against_time: int = 0

    def __iter__(self) -> Iterator[LineageNode]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)

    def of_type(self, name: str) -> list[Node]:
        """The nodes of a type, nearest first."""
        return [found.node for found in self.nodes if found.node.type == name]

    def __str__(self) -> str:
        """Return the nodes as a table, nearest first, and whether these are all."""
        from lineage.questions.plain_text import MOST_ROWS

        shown = [(str(found.depth), f"{found.node.kind}:{found.node.id}",
                  short_type(found.node.type), found.node.name or "-",
                  getattr(found.node, "uri", None) or "-")
                 for found in self.nodes[:MOST_ROWS]]  # fmt: skip
        rows = [tuple(map(printable, row)) for row in shown]
        count = f"{len(self):,} node{'' if len(self) == 1 else 's'}"
        more = f", of which {MOST_ROWS} are shown" if len(self) > MOST_ROWS else ""
        complete = "complete" if self.complete else "not complete"
        return "\n".join(
            [*align(("DEPTH", "ID", "TYPE", "NAME", "URI"), rows), f"{count}{more}, {complete}."]
        )

    def to_arrow(self) -> Any:
        """Return a pyarrow Table with one row a node; needs the `arrow` extra."""
        from lineage.questions.table import to_arrow

        return to_arrow([node_to_json(found.node, depth=found.depth) for found in self.nodes])

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Return the nodes as an Arrow stream, as `polars.DataFrame(answer)` reads it."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON has it."""
        return {
            "direction": str(self.direction) if self.direction else "both",
            "starts": [f"{n.kind}:{n.id}" for n in self.starts],
            "nodes": [node_to_json(found.node, depth=found.depth) for found in self.nodes],
            "events": [event_to_json(event) for event in self.events],
            "complete": self.complete,
            "causal": self.causal,
            "against_time": self.against_time,
        }

    def __or__(self, other: Lineage) -> Lineage:
        """Both answers as one; a node that is in both has the lesser depth."""
        nodes: dict[tuple[Kind, int | None], LineageNode] = {}
        for found in (*self.nodes, *other.nodes):
            key = (found.node.kind, found.node.id)
            if key not in nodes or found.depth < nodes[key].depth:
                nodes[key] = found
        return Lineage(
            self.direction if self.direction is other.direction else None,
            (*self.starts, *(node for node in other.starts if node not in self.starts)),
            tuple(sorted(nodes.values(), key=_nearest_first)),
            tuple(dict.fromkeys((*self.events, *other.events))),
            self.complete and other.complete,
            self.causal and other.causal,
            self.against_time + other.against_time,
        )

    def drawing(self) -> Drawing:
        """What pictures of it show."""
        return draw((found.node for found in self.nodes), self.events, self.starts)

    def to_mermaid(self) -> str:
        """A Mermaid flowchart."""
        from lineage.pictures.mermaid import mermaid

        return mermaid(self.drawing())

    def to_dot(self) -> str:
        """A graph in Graphviz's DOT language."""
        from lineage.pictures.dot import dot

        return dot(self.drawing())

    def to_svg(self) -> str:
        """A picture as SVG."""
        from lineage.pictures.svg import svg

        return svg(self.drawing())

    def to_html(self, title: str | None = None) -> str:
        """A page that needs nothing else, to be moved, zoomed, searched and clicked in."""
        from lineage.pictures.page import page

        drawing = self.drawing()
        details = {box.key: node_to_json(box.node) for box in drawing.boxes}
        return page(drawing, self._title if title is None else title, details)

    @property
    def _title(self) -> str:
        way = f"{self.direction} of " if self.direction else "Upstream and downstream of "
        shown = ", ".join(caption(node) for node in self.starts[:3])
        return way.capitalize() + shown + (" …" if len(self.starts) > 3 else "")

    def _repr_html_(self) -> str:
        """What a notebook shows: the picture, as long as it can be read there."""
        from html import escape

        note = f"<p>{escape(self._title)}: {len(self):,} nodes, {len(self.events):,} events"
        if not self.complete:
            note += ", <b>not complete</b>"
        if len(self) > _MOST_IN_A_NOTEBOOK:
            return f"{note}; too many for a notebook: write <code>to_html()</code> to a file.</p>"
        return f'{note}.</p><div style="overflow:auto;background:#fff">{self.to_svg()}</div>'

    def to_networkx(self) -> Any:
        """A MultiDiGraph whose nodes are (kind, id), with `node` and `depth`.

        Each event is an edge the way the data flows, with `event`.
        """
        import networkx as nx

        graph: Any = nx.MultiDiGraph()
        for found in self.nodes:
            key = (str(found.node.kind), found.node.id)
            graph.add_node(key, node=found.node, depth=found.depth)
        for event in self.events:
            (source_kind, source), (target_kind, target) = event.source, event.target
            graph.add_edge((str(source_kind), source), (str(target_kind), target), event=event)
        return graph

    def to_dataframe(self) -> Any:
        """A pandas DataFrame with one row a node; needs the `dataframe` extra."""
        try:
            import pandas as pd
        except ModuleNotFoundError:
            raise Unsupported(
                "a DataFrame needs pandas: pip install 'lineage-engine[dataframe]'"
            ) from None
        columns = ["depth", "kind", "id", "type", "name", "uri", "state", "created", "properties"]
        rows = [
            (
                found.depth, str(found.node.kind), found.node.id, found.node.type,
                found.node.name, getattr(found.node, "uri", None),
                str(getattr(found.node, "state", "")), found.node.created,
                {**found.node.properties, **found.node.custom_properties},
            )
            for found in self.nodes
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)


def trace(
    snapshot: Snapshot,
    refs: Sequence[Ref],
    direction: Direction,
    type: str | None = None,
    kind: Kind | None = None,
    depth: int | None = None,
    as_of: Time | None = None,
    causal: bool = False,
) -> Lineage:
    """Return everything upstream or downstream of some nodes, with its events.

    Raises
    ------
    NotFound, InvalidValue
        A node or the type isn't there, a node is a context, or none was named.
    """
    starts = _starts(snapshot, refs, direction)
    if type is not None:
        snapshot.type_index.of_either_kind(type)
    return read_lineage(
        snapshot.reader,
        starts,
        direction,
        type=type,
        kind=kind,
        depth=validate_depth(depth),
        as_of_ms=to_milliseconds(as_of),
        causal=causal,
    )


def trace_levels(
    snapshot: Snapshot,
    refs: Sequence[Ref],
    direction: Direction,
    *,
    depth: int | None = None,
    as_of: Time | None = None,
    causal: bool = False,
) -> list[tuple[int, Kind, list[int]]]:
    """Return (depth, kind, ids) of the same, and load no nodes. Raises as `trace` does."""
    return read_levels(
        snapshot.reader,
        _starts(snapshot, refs, direction),
        direction,
        depth=validate_depth(depth),
        as_of_ms=to_milliseconds(as_of),
        causal=causal,
    )


def read_levels(
    reader: Reader,
    starts: Sequence[Node],
    direction: Direction,
    *,
    depth: int | None = None,
    as_of_ms: int | None = None,
    causal: bool = False,
) -> list[tuple[int, Kind, list[int]]]:
    """(depth, kind, ids) of everything reached, starts included; no node is loaded."""
    if causal:
        return read_causal_closure(
            reader, keys_of(starts), direction, depth=depth, as_of_ms=as_of_ms
        ).levels()
    levels: dict[tuple[Kind, int], int] = {}
    by_kind: dict[Kind, list[int]] = {}
    for start in starts:
        if start.id is not None:
            by_kind.setdefault(start.kind, []).append(start.id)
    frontiers: list[Frontier] = [
        reader.closure(kind, ids, direction, max_depth=depth, as_of_ms=as_of_ms)
        for kind, ids in by_kind.items()
    ]
    if len(frontiers) == 1:
        return [(at, kind, ids) for at, (kind, ids) in enumerate(frontiers[0])]
    for frontier in frontiers:
        for at, (kind, ids) in enumerate(frontier):
            for id in ids:
                levels[kind, id] = min(at, levels.get((kind, id), at))
    grouped: dict[tuple[int, Kind], list[int]] = {}
    for (kind, id), at in levels.items():
        grouped.setdefault((at, kind), []).append(id)
    return [(at, kind, sorted(ids)) for (at, kind), ids in sorted(grouped.items())]


def read_lineage(
    reader: Reader,
    starts: Sequence[Node],
    direction: Direction,
    *,
    type: str | None = None,
    kind: Kind | None = None,
    depth: int | None = None,
    as_of_ms: int | None = None,
    causal: bool = False,
) -> Lineage:
    """The closure with its nodes and events; `type` is a type's name or a base type's."""
    type_ids: set[int | None] | None = None
    if type is not None:
        called = [found for found in reader.types() if is_called(found, (type,))]
        type_ids = {found.id for found in called}
        if len(kinds := {found.kind for found in called}) == 1:
            # What can't be shown is not loaded.
            kind = kind or kinds.pop()

    def close_causally() -> CausalClosure:
        return read_causal_closure(
            reader, keys_of(starts), direction, depth=depth, as_of_ms=as_of_ms
        )

    in_time = close_causally() if causal else None
    levels = (
        in_time.levels()
        if in_time is not None
        else read_levels(reader, starts, direction, depth=depth, as_of_ms=as_of_ms)
    )
    reached: dict[Kind, list[int]] = {Kind.ARTIFACT: [], Kind.EXECUTION: []}
    for _, level_kind, level in levels:
        reached[level_kind] += level
    with pause_collector():
        loaded = {
            level_kind: {node.id: node for node in reader.nodes(level_kind, ids)}
            for level_kind, ids in reached.items()
            if kind is None or level_kind is kind
        }
        nodes = [
            LineageNode(node, at)
            for at, level_kind, level in levels
            if level_kind in loaded
            for node in map(loaded[level_kind].get, level)
            if node is not None
        ]
        artifacts = set(reached[Kind.ARTIFACT])
        events = [
            event
            # An event is shown where both of its ends are.
            for event in (reader.events(execution_ids=reached[Kind.EXECUTION]) if not kind else ())
            if event.artifact_id in artifacts and event.carries_data
        ]
        if as_of_ms is not None:
            events = [event for event in events if event.is_known_at(as_of_ms)]
        if in_time is not None:
            events = [event for event in events if in_time.has_event(event)]
    if in_time is None and _is_rewritten(reader, reached, None if kind else events):
        in_time = close_causally()
    if type_ids is not None:
        nodes = [found for found in nodes if found.node.type_id in type_ids]
    if type_ids is not None or kind is not None:
        shown = {(found.node.kind, found.node.id) for found in nodes}
        events = [
            e
            for e in events
            if (Kind.ARTIFACT, e.artifact_id) in shown and (Kind.EXECUTION, e.execution_id) in shown
        ]
    against_time = (
        0
        if in_time is None
        else sum((at.node.kind, at.node.id or 0) not in in_time.first for at in nodes)
    )
    return Lineage(
        direction,
        tuple(starts),
        tuple(nodes),
        tuple(events),
        causal=causal,
        against_time=against_time,
    )


def _is_rewritten(
    reader: Reader, reached: Mapping[Kind, list[int]], events: Sequence[Event] | None
) -> bool:
    """Whether more than one step wrote any of the artifacts; `events` has what they wrote."""
    if events is None:
        written = reader.degrees(Kind.ARTIFACT, reached[Kind.ARTIFACT], Flow.OUTPUT)
        return any(count > 1 for _, count in written)
    writers: dict[int, int] = {}
    return any(
        writers.setdefault(event.artifact_id, event.execution_id) != event.execution_id
        for event in events
        if event.type.flow is Flow.OUTPUT
    )


def _nearest_first(found: LineageNode) -> tuple[int, Kind, int]:
    return found.depth, found.node.kind, found.node.id or 0


def _starts(snapshot: Snapshot, refs: Sequence[Ref], direction: Direction) -> list[Node]:
    if not refs:
        raise InvalidValue(f"{direction} of what? Give at least one node")
    return [snapshot.in_flow(ref) for ref in refs]


def validate_depth(depth: int | None) -> int | None:
    """Return the depth, or raise InvalidValue where it is negative or no int64."""
    if depth is not None and validate_int64(depth, "depth") < 0:
        raise InvalidValue(f"depth is {depth}; it can't be negative")
    return depth
