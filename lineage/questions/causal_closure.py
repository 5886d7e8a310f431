"""Closures in which nothing precedes what it came of.

A chain is **causal** where no event of it happened before the one ahead of it. An event happened
when it says so, else when it was recorded. The search goes one event further in each round, and
comes back to a node only where it is reached earlier (upstream: later) than before, so that its
work is polynomial however many chains there are. The first round in which a node is reached is its
depth.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from lineage.model import Event, Kind, Node
from lineage.ports.reader import Reader
from lineage.ports.traversal import Direction

Key = tuple[Kind, int]

_EVER = 2**63


@dataclass(frozen=True, slots=True)
class Arrival:
    """A node as it was reached first, by which event, and from where; a start by none."""

    key: Key
    depth: int
    time_ms: int
    before: Arrival | None = None
    event: Event | None = None


@dataclass(slots=True)
class CausalClosure:
    """What causal chains lead to, and by when.

    `bounds` are the earliest times at which nodes are reached downstream, the latest upstream.
    """

    direction: Direction
    first: dict[Key, Arrival] = field(default_factory=dict)
    bounds: dict[Key, int] = field(default_factory=dict)

    def levels(self) -> list[tuple[int, Kind, list[int]]]:
        """Return depth, kind and ids of what was reached, starts included."""
        grouped: dict[tuple[int, Kind], list[int]] = {}
        for (kind, id), arrival in self.first.items():
            grouped.setdefault((arrival.depth, kind), []).append(id)
        return [(depth, kind, sorted(ids)) for (depth, kind), ids in sorted(grouped.items())]

    def has_event(self, event: Event) -> bool:
        """Return whether an event is on a causal chain."""
        at = event.happened_ms
        if self.direction is Direction.DOWNSTREAM:
            return event.source in self.bounds and at >= self.bounds[event.source]
        return event.target in self.bounds and at <= self.bounds[event.target]


def read_causal_closure(
    reader: Reader,
    starts: Iterable[Key],
    direction: Direction,
    *,
    depth: int | None = None,
    as_of_ms: int | None = None,
    target: Key | None = None,
) -> CausalClosure:
    """Return everything that causal chains lead to; only until `target` is reached, if it is given.

    Starts that don't exist lead nowhere, and are in the answer.
    """
    downstream = direction is Direction.DOWNSTREAM
    found = CausalClosure(direction)
    events = _Events(reader, downstream, as_of_ms)
    arriving = [Arrival(key, 0, -_EVER if downstream else _EVER) for key in starts]
    while arriving:
        frontier: dict[Key, Arrival] = {}
        for arrival in arriving:
            known = found.bounds.get(arrival.key)
            earlier = known is None or (
                arrival.time_ms < known if downstream else arrival.time_ms > known
            )
            if earlier:
                found.bounds[arrival.key] = arrival.time_ms
                found.first.setdefault(arrival.key, arrival)
                frontier[arrival.key] = arrival
        if target in found.first:
            break
        arriving = [
            onward
            for key, some in events.leaving(sorted(frontier)).items()
            for onward in _go_on(frontier[key], some, downstream)
            if depth is None or onward.depth <= depth
        ]
    return found


def keys_of(nodes: Sequence[Node]) -> list[Key]:
    """Return the keys of nodes."""
    return [(node.kind, node.id) for node in nodes if node.id is not None]


def _go_on(at: Arrival, events: Iterable[Event], downstream: bool) -> Iterable[Arrival]:
    for event in events:
        time = event.happened_ms
        if time >= at.time_ms if downstream else time <= at.time_ms:
            key = event.target if downstream else event.source
            yield Arrival(key, at.depth + 1, time, at, event)


class _Events:
    """The events by which data leaves nodes (upstream: comes to them), each read once."""

    def __init__(self, reader: Reader, downstream: bool, as_of_ms: int | None) -> None:
        self._reader = reader
        self._downstream = downstream
        self._as_of_ms = as_of_ms
        self._known: dict[Key, list[Event]] = {}

    def leaving(self, keys: Sequence[Key]) -> dict[Key, list[Event]]:
        fresh = [key for key in keys if key not in self._known]
        self._known.update((key, []) for key in fresh)
        for kind in (Kind.ARTIFACT, Kind.EXECUTION):
            ids = [id for of, id in fresh if of is kind]
            if not ids:
                continue
            found = (
                self._reader.events(artifact_ids=ids)
                if kind is Kind.ARTIFACT
                else self._reader.events(execution_ids=ids)
            )
            for event in found:
                if not (event.carries_data and event.is_known_at(self._as_of_ms)):
                    continue
                end = event.source if self._downstream else event.target
                if end[0] is kind:
                    self._known[end].append(event)
        return {key: self._known[key] for key in keys}
