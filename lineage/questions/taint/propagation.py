"""Two searches with one answer: what is reached, what is met, and by which ways.

The plain one is the backend's own. Where times or ports matter, the search goes event by event: a
step is reached once for each of its input ports, and again whenever it is reached earlier than
before. In each round it goes one event further, so that the first round in which a node is reached
gives its depth. A node is expanded at most once for each port and each time at which something
reached it, so that the work is polynomial however many chains there are.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field

from lineage.model import Event, Kind
from lineage.ports.reader import Reader
from lineage.ports.traversal import Barriers, Direction, Levels, is_stopping_by_type
from lineage.questions.subgraph import Key, Subgraph, count_bits, propagate_bits
from lineage.questions.taint.copies import Copies
from lineage.questions.taint.event_graph import EventGraph, get_event_ms, port_of, types_with_ports
from lineage.questions.taint.sources import TaintQuery
from lineage.questions.taint.temporal_propagation import (
    Hop,
    State,
    earliest_passage,
    latest_departure,
)

_ALWAYS = -(2**63)
# The events of so many steps are read at once, instead of level by level.
_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class WitnessNode:
    """The end of a shortest chain to a node, linked to what comes before; None at a source.

    Without an event it has the same content as what comes before.
    """

    key: Key
    source: Key
    before: WitnessNode | None = None
    event: Event | None = None

    def chain(self) -> list[WitnessNode]:
        """From the source to here."""
        found: list[WitnessNode] = []
        at: WitnessNode | None = self
        while at is not None:
            found.append(at)
            at = at.before
        return found[::-1]


class Search(ABC):
    """What one label reaches."""

    depths: Mapping[Key, int]
    met: Mapping[Key, int]

    @abstractmethod
    def ways(self, keys: Collection[Key]) -> dict[Key, WitnessNode]:
        """The way to each of these nodes from a nearest source."""

    @abstractmethod
    def find_shielded(self) -> tuple[set[Key], dict[Key, int]]:
        """All that would be affected without any barrier; and for each barrier that was met, how
        many would be if it alone were none."""


def search(reader: Reader, what: TaintQuery, *, as_of_ms: int | None, causal: bool) -> Search:
    """The search that fits."""
    if causal or types_with_ports(reader):
        # Times and ports only ever make it less, so that this much is enough to read.
        passed, met = find_levels(reader, what, as_of_ms)
        at_most = {(kind, id) for _, kind, ids in (*passed, *met) for id in ids}
        steps = sum(kind is Kind.EXECUTION for kind, _ in at_most)
        return EventSearch(
            reader,
            what,
            as_of_ms=as_of_ms,
            causal=causal,
            ahead=at_most if steps <= _AT_ONCE else frozenset(),
        )
    return PlainSearch(reader, what, as_of_ms=as_of_ms)


def find_levels(reader: Reader, what: TaintQuery, as_of_ms: int | None) -> tuple[Levels, Levels]:
    """What is passed and what is met, without loading a node: only where ports don't matter."""
    if what.marks:
        found = reader.propagate_marks(
            what.marks, barriers=what.barriers, as_of_ms=as_of_ms, content=what.content
        )
    else:
        found = reader.propagate(
            what.starts,
            Direction.DOWNSTREAM,
            barriers=what.barriers,
            as_of_ms=as_of_ms,
            content=what.content,
        )
    return found.passed, found.met


class PlainSearch(Search):
    """By the backend's own search: by hops alone."""

    def __init__(self, reader: Reader, what: TaintQuery, *, as_of_ms: int | None) -> None:
        self._reader = reader
        self._what = what
        self._as_of_ms = as_of_ms
        self._copies = Copies(reader, what.content, as_of_ms)
        passed, met = find_levels(reader, what, as_of_ms)
        self.depths = {(kind, id): depth for depth, kind, ids in passed for id in ids}
        self.met = {(kind, id): depth for depth, kind, ids in met for id in ids}

    def ways(self, keys: Collection[Key]) -> dict[Key, WitnessNode]:
        """Back along falling depth, all nodes of one depth at once."""
        before = self._before(set(keys))
        events = self._events(before)
        made: dict[Key, WitnessNode] = {}
        for key in sorted({*keys, *before, *before.values()}, key=self.depths.__getitem__):
            if key in before:
                last = before[key]
                made[key] = WitnessNode(key, made[last].source, made[last], events.get((last, key)))
            else:
                made[key] = WitnessNode(key, key)
        return {key: made[key] for key in keys}

    def find_shielded(self) -> tuple[set[Key], dict[Key, int]]:
        if not self.met:
            return set(), {}
        starts: dict[Kind, list[int]] = {}
        for kind, id in self.met:
            starts.setdefault(kind, []).append(id)
        beyond = self._reader.propagate(
            starts, Direction.DOWNSTREAM, as_of_ms=self._as_of_ms, content=self._what.content
        )
        shielded = {(kind, id) for _, kind, ids in beyond.passed for id in ids} - self.depths.keys()
        passable = shielded - self._barriers_among(shielded)
        onward: dict[Key, set[Key]] = {}
        for kind in starts.keys() | {key[0] for key in shielded}:
            other = kind.other
            ids = [id for k, id in shielded if k is kind]
            for here, there in self._reader.neighbours(
                kind, ids, Direction.DOWNSTREAM, as_of_ms=self._as_of_ms
            ):
                if (other, there) in passable:
                    onward.setdefault((kind, here), set()).add((other, there))
        for copied, copy in self._copies.rings(self.met, passable):
            onward.setdefault(copied, set()).add(copy)
        # Those that are barriers themselves are reached from no other one.
        region = Subgraph(
            dict.fromkeys(shielded, 0), {key: [*ends] for key, ends in onward.items()}
        )
        places = {barrier: at for at, barrier in enumerate(self.met)}
        reached = count_bits((bits for _, bits in propagate_bits(places, region)), len(places))
        return shielded, dict(zip(places, reached, strict=True))

    def _barriers_among(self, keys: set[Key]) -> set[Key]:
        barriers = self._what.barriers
        found = {
            (kind, id)
            for kind, id in keys
            if id in (barriers.artifact_ids if kind is Kind.ARTIFACT else barriers.execution_ids)
        }
        if barriers.execution_type_ids:
            executions = sorted(id for kind, id in keys if kind is Kind.EXECUTION)
            found |= {
                (node.kind, node.id)
                for node in self._reader.nodes(Kind.EXECUTION, executions)
                if node.id is not None
                and node.id not in barriers.exempt
                and is_stopping_by_type(barriers, node)
            }
        return found

    def _before(self, keys: set[Key]) -> dict[Key, Key]:
        """For each of these nodes, and each before them, the least of the nodes before it."""
        steps = sorted(id for kind, id in self.depths if kind is Kind.EXECUTION)
        if len(steps) > _AT_ONCE:
            return self._before_by_depth(keys)
        every: dict[Key, Key] = {}
        for event in self._reader.events(execution_ids=steps):
            if not (event.carries_data and event.is_known_at(self._as_of_ms)):
                continue
            here, there = event.source, event.target
            depth = self.depths.get(there)
            if depth and self.depths.get(here) == depth - 1:
                every[there] = min(here, every.get(there, here))
        # What no event leads to from a nearer node has the same content as one.
        self._copies.load(
            id
            for (kind, id), depth in self.depths.items()
            if depth and kind is Kind.ARTIFACT and (kind, id) not in every
        )
        found: dict[Key, Key] = {}
        for key in keys:
            at = key
            while at not in found:
                before = every.get(at) or self._copied_by(at)
                if before is None:
                    break
                found[at] = before
                at = before
        return found

    def _copied_by(self, key: Key) -> Key | None:
        """The least artifact of the same content that is nearer to a source by one."""
        depth = self.depths[key] - 1
        if key[0] is not Kind.ARTIFACT or depth < 0:
            return None
        alike = ((Kind.ARTIFACT, id) for id in self._copies.of(key[1]))
        return next((other for other in alike if self.depths.get(other) == depth), None)

    def _before_by_depth(self, keys: set[Key]) -> dict[Key, Key]:
        """The same where there is much more than what is asked for: one look for each depth."""
        by_depth: dict[int, set[Key]] = {}
        for key in keys:
            by_depth.setdefault(self.depths[key], set()).add(key)
        before: dict[Key, Key] = {}
        for depth in range(max(by_depth, default=0), 0, -1):
            here = by_depth.get(depth, set())
            for kind in (Kind.ARTIFACT, Kind.EXECUTION):
                other = kind.other
                ids = sorted(id for k, id in here if k is kind)
                if not ids:
                    continue
                for id, earlier in self._reader.neighbours(
                    kind, ids, Direction.UPSTREAM, as_of_ms=self._as_of_ms
                ):
                    candidate = (other, earlier)
                    if self.depths.get(candidate) == depth - 1:
                        known = before.get((kind, id))
                        if known is None or candidate < known:
                            before[kind, id] = candidate
            left = [key for key in here if key not in before]
            self._copies.load(id for _, id in left)
            for key in left:
                copied = self._copied_by(key)
                assert copied is not None
                before[key] = copied
            by_depth.setdefault(depth - 1, set()).update(before[key] for key in here)
        return before

    def _events(self, before: Mapping[Key, Key]) -> dict[tuple[Key, Key], Event]:
        steps = {key for pair in before.items() for key in pair if key[0] is Kind.EXECUTION}
        found: dict[tuple[Key, Key], Event] = {}
        for event in self._reader.events(execution_ids=sorted(id for _, id in steps)):
            here, there = event.source, event.target
            if before.get(there) != here or not event.carries_data:
                continue
            if event.is_known_at(self._as_of_ms):
                found.setdefault((here, there), event)
        return found


@dataclass(slots=True)
class _Arrival:
    """A node as it was reached: by which port, after how many events, when, and from where."""

    key: Key
    port: str | None  # None: by any, as a source is, or a step that says nothing of its ports
    depth: int
    time_ms: int
    before: _Arrival | None = None
    event: Event | None = None


@dataclass(slots=True)
class _Found:
    """The first arrival at each node that is passed, all at each barrier that is met, and when
    each state was reached at the earliest."""

    first: dict[Key, _Arrival] = field(default_factory=dict)
    stopped: dict[Key, list[_Arrival]] = field(default_factory=dict)
    earliest: dict[State, int] = field(default_factory=dict)


class EventSearch(Search):
    """Event by event, where times or ports matter. With `within`, nothing else is visited."""

    def __init__(
        self,
        reader: Reader,
        what: TaintQuery,
        *,
        as_of_ms: int | None,
        causal: bool,
        within: Set[Key] | None = None,
        ahead: Set[Key] = frozenset(),
    ) -> None:
        """`ahead` is what to read at once, because it will be searched; `within` is, too."""
        self._what = what
        self._causal = causal
        self._within = within
        self._graph = EventGraph(reader, as_of_ms=as_of_ms)
        self._copies = Copies(reader, what.content, as_of_ms)
        ahead = ahead if within is None else within
        self._graph.load(ahead)
        self._copies.load(id for kind, id in ahead if kind is Kind.ARTIFACT)
        if self._graph.needs_executions(what.barriers):
            self._graph.load_executions(id for kind, id in ahead if kind is Kind.EXECUTION)
        starts = [
            _Arrival((kind, node.id), None, 0, self._since((kind, node.id)))
            for kind, ids in what.starts.items()
            for node in reader.nodes(kind, ids)
            if node.id is not None and (within is None or (kind, node.id) in within)
        ]
        found = self._run(starts, what.barriers)
        self._first, self._stopped, self._earliest = found.first, found.stopped, found.earliest
        self.depths = {key: arrival.depth for key, arrival in self._first.items()}
        self.met = {key: some[0].depth for key, some in self._stopped.items()}

    def ways(self, keys: Collection[Key]) -> dict[Key, WitnessNode]:
        made: dict[int, WitnessNode] = {}
        for key in keys:
            chain: list[_Arrival] = []
            at: _Arrival | None = self._first[key]
            while at is not None and id(at) not in made:
                chain.append(at)
                at = at.before
            for arrival in reversed(chain):
                last = made[id(arrival.before)] if arrival.before is not None else None
                source = arrival.key if last is None else last.source
                made[id(arrival)] = WitnessNode(arrival.key, source, last, arrival.event)
        return {key: made[id(self._first[key])] for key in keys}

    def find_shielded(self) -> tuple[set[Key], dict[Key, int]]:
        beyond = self._beyond()
        met = {state: at for state, at in self._earliest.items() if state[0] in self._stopped}
        if self._graph.needs_executions(self._what.barriers):
            self._graph.load_executions(id for kind, id in beyond.first if kind is Kind.EXECUTION)
        hops = [hop for hop in self._hops(beyond) if not self._was_in(hop.there, hop.time_ms)]
        return beyond.first.keys() - self.depths.keys(), earliest_passage(hops, met, self.depths)

    def cutting(self, targets: Collection[Key]) -> list[Key]:
        """The barriers that were met, and from which a chain leads on to one of the targets, where
        the search was `within` what is upstream of them."""
        if not self._causal and not self._graph.has_ports:
            # There is a chain from every node upstream.
            return list(self._stopped)
        beyond = self._beyond()
        wanted = set(targets)
        ends = [state for state in beyond.earliest if state[0] in wanted]
        latest = latest_departure(ends, self._hops(beyond))
        cutting: list[Key] = []
        for barrier, arrivals in self._stopped.items():
            for arrival in arrivals:
                state = (barrier, self._port(arrival))
                if state in latest:
                    until = latest[state]
                    if until is None or arrival.time_ms <= until:
                        cutting.append(barrier)
                        break
        return cutting

    def _beyond(self) -> _Found:
        """What is reached from the barriers that were met, if none of them stops it."""
        return self._run((a for some in self._stopped.values() for a in some), Barriers())

    def _hops(self, found: _Found) -> Iterator[Hop]:
        """The hops by which a search found what it found."""
        barriers = self._what.barriers
        times: dict[Key, set[int]] = {}
        for (key, port), since in found.earliest.items():
            times.setdefault(key, set()).add(since)
            for onward in self._onward(_Arrival(key, port, 0, since)):
                there = (onward.key, self._port(onward))
                blocked = self._is_blocked(onward.key, barriers)
                yield Hop(onward.time_ms, (key, port), there, blocked)
                times.setdefault(onward.key, set()).add(onward.time_ms)
        yield from self._hops_between_copies(found, times)

    def _hops_between_copies(
        self, found: _Found, times: Mapping[Key, Collection[int]]
    ) -> Iterator[Hop]:
        """Hops from each artifact that was found to its copies, whenever something arrives."""
        barriers = self._what.barriers
        artifacts = {key for key, _ in found.earliest if key[0] is Kind.ARTIFACT}
        blocked = {key for key in artifacts if self._is_blocked(key, barriers)}
        ring: dict[tuple[int, ...], list[tuple[Key, Key]]] = {}
        for here, there in self._copies.rings(blocked, artifacts - blocked):
            ring.setdefault(self._copies.of(here[1]), []).append((here, there))
        for group, hops in ring.items():
            members = [(Kind.ARTIFACT, id) for id in group]
            moments = sorted({at for key in members for at in times.get(key, ())})
            into = [(hops[-1][1], key) for key in members if key in blocked]
            for at in moments:
                for here, there in hops:
                    yield Hop(at, (here, None), (there, None), False)
                for here, there in into:
                    yield Hop(at, (here, None), (there, None), True)

    def _was_in(self, state: State, time_ms: int) -> bool:
        """Whether the search itself was there by then."""
        return state in self._earliest and self._earliest[state] <= time_ms

    def onward(self, key: Key) -> set[Key]:
        """The affected nodes that an event leads to from an affected one."""
        near = {event.target for event in self._graph.onward(key) if event.carries_data}
        if key[0] is Kind.ARTIFACT:
            # In a ring: from each copy on to all others.
            ring = [id for id in self._copies.of(key[1]) if (Kind.ARTIFACT, id) in self._first]
            if ring:
                near.add((Kind.ARTIFACT, ring[(ring.index(key[1]) + 1) % len(ring)]))
        return {target for target in near if target in self._first and target != key}

    def copies_of(self, keys: Iterable[Key]) -> set[Key]:
        """The affected artifacts that have the same content as one of these."""
        ids = [id for kind, id in keys if kind is Kind.ARTIFACT]
        self._copies.load(ids)
        alike = {(Kind.ARTIFACT, id) for group in self._copies.groups(ids) for id in group}
        return alike & self._first.keys()

    def _since(self, key: Key) -> int:
        since = self._what.since(key) if self._causal else None
        return _ALWAYS if since is None else since

    def _run(self, starts: Iterable[_Arrival], barriers: Barriers) -> _Found:
        graph = self._graph
        found = _Found()
        earliest = found.earliest
        left: dict[State, int] = {}
        copied: dict[tuple[int, ...], int] = {}
        arriving = list(starts)
        while arriving:
            if graph.needs_executions(barriers):
                graph.load_executions(a.key[1] for a in arriving if a.key[0] is Kind.EXECUTION)
            frontier: list[_Arrival] = []
            for arrival in arriving:
                state = (arrival.key, self._port(arrival))
                known = earliest.get(state)
                if known is not None and known <= arrival.time_ms:
                    continue
                earliest[state] = arrival.time_ms
                if self._is_blocked(arrival.key, barriers):
                    found.stopped.setdefault(arrival.key, []).append(arrival)
                    continue
                found.first.setdefault(arrival.key, arrival)
                frontier.append(arrival)
            graph.load(arrival.key for arrival in frontier)
            self._copies.load(a.key[1] for a in frontier if a.key[0] is Kind.ARTIFACT)
            frontier.sort(key=lambda a: (a.key, a.port or "", a.time_ms))
            arriving = []
            for arrival in frontier:
                state = (arrival.key, self._port(arrival))
                # Else reached again in this very round, and earlier.
                if earliest[state] == arrival.time_ms:
                    # Where an event led to and when is the same whatever came before it.
                    arriving += self._onward(arrival, left.get(state))
                    left[state] = arrival.time_ms
            # After the events, which tell more where both lead to a node.
            arriving += self._copied(frontier, copied)
        return found

    def _copied(
        self, frontier: Iterable[_Arrival], copied: dict[tuple[int, ...], int]
    ) -> Iterator[_Arrival]:
        """What has the same content, as soon as one of it is reached; once for each such time."""
        for arrival in frontier:
            group = self._copies.of(arrival.key[1]) if arrival.key[0] is Kind.ARTIFACT else ()
            if not group or copied.get(group, arrival.time_ms + 1) <= arrival.time_ms:
                continue
            copied[group] = arrival.time_ms
            for id in group:
                key = (Kind.ARTIFACT, id)
                if key != arrival.key and (self._within is None or key in self._within):
                    yield _Arrival(key, None, arrival.depth + 1, arrival.time_ms, arrival)

    def _onward(self, arrival: _Arrival, until_ms: int | None = None) -> Iterator[_Arrival]:
        """What comes next, by each event that left a node since something arrived there, and
        before `until_ms`."""
        kind, id = arrival.key
        ports = self._graph.ports(id) if kind is Kind.EXECUTION else {}
        events = (
            self._graph.onward(arrival.key)
            if until_ms is None
            else self._graph.onward_between(arrival.key, arrival.time_ms, until_ms)
        )
        for event in events:
            at = get_event_ms(event) if self._causal else _ALWAYS
            port: str | None = port_of(event.path)
            if kind is Kind.ARTIFACT:
                key = (Kind.EXECUTION, event.execution_id)
            else:
                came_of = ports.get(port or "")
                if came_of is not None and arrival.port is not None and arrival.port not in came_of:
                    continue
                key, port = (Kind.ARTIFACT, event.artifact_id), None
            if at >= arrival.time_ms and (self._within is None or key in self._within):
                yield _Arrival(key, port, arrival.depth + 1, at, arrival, event)

    def _port(self, arrival: _Arrival) -> str | None:
        """The port, where it matters."""
        kind, id = arrival.key
        return arrival.port if kind is Kind.EXECUTION and self._graph.ports(id) else None

    def _is_blocked(self, key: Key, barriers: Barriers) -> bool:
        kind, id = key
        if kind is Kind.ARTIFACT:
            return id in barriers.artifact_ids
        return id in barriers.execution_ids or (
            id not in barriers.exempt
            and bool(barriers.execution_type_ids)
            and is_stopping_by_type(barriers, self._graph.execution(id))
        )
