"""Lineage by the wire's own rules, complete unless the old limits are asked for.

A hop is one event. Other than the questions of the store, ML Metadata goes along PENDING_OUTPUT
too, and in both directions along events of every type. An ending node is where the search stops;
whether it and the events to it are in the answer is said by the request.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lineage.errors import InvalidValue, NotFound
from lineage.model import Event, EventType, Flow, Kind
from lineage.ports.filters import Filter
from lineage.ports.reader import Reader
from lineage.server.mlmd import nodes
from lineage.server.mlmd import types as wire_types
from lineage.server.mlmd.messages import LineageGraph, SubgraphOptions
from lineage.server.mlmd.pages import OLD_LIMIT, match, page
from lineage.server.mlmd.read_calls import Call, add_types, all_types, event_message
from lineage.session.snapshot import Snapshot

_MAX_HOPS = 100
_FLOWS = {type: type.flow for type in EventType} | {EventType.PENDING_OUTPUT: Flow.OUTPUT}
# By the kind that is expanded and the direction: what the events must carry.
_CARRIED = {
    (Kind.ARTIFACT, SubgraphOptions.UPSTREAM): Flow.OUTPUT,
    (Kind.ARTIFACT, SubgraphOptions.DOWNSTREAM): Flow.INPUT,
    (Kind.EXECUTION, SubgraphOptions.UPSTREAM): Flow.INPUT,
    (Kind.EXECUTION, SubgraphOptions.DOWNSTREAM): Flow.OUTPUT,
}
_NODE_FIELDS = {Kind.ARTIFACT: "artifacts", Kind.EXECUTION: "executions"}


def get_lineage_subgraph(old_limits: bool) -> Call:
    """The ids of all nodes around some, with the edges between them."""

    def call(view: Snapshot, request: Any, response: Any) -> None:
        options = request.lineage_subgraph_query_options
        kind, query = _find_starts(options)
        hops = _hops(options, options.HasField("max_num_hops"), old_limits)
        starts = match(view, kind, query)
        if old_limits:
            starts = starts[: OLD_LIMIT + 1]
        if not starts:
            raise NotFound("Cannot find qualified nodes to start the traversal.")
        search = _Search(view, options)
        search.run(kind, starts, hops)
        mask = set(request.read_mask.paths) or {f.name for f in LineageGraph.DESCRIPTOR.fields}
        _answer(view, search, mask, response.lineage_subgraph)

    return call


def get_lineage_graph(old_limits: bool) -> Call:
    """The older call: whole nodes around some artifacts, within boundaries, up to a number.

    ML Metadata has deprecated it and answers UNIMPLEMENTED; its definition is what is done here.
    """

    def call(view: Snapshot, request: Any, response: Any) -> None:
        options = request.options
        if not options.HasField("artifacts_options"):
            raise InvalidValue("Missing query_nodes conditions; give artifacts_options")
        stop = options.stop_conditions
        hops = _hops(stop, stop.HasField("max_num_hops"), old_limits)
        starts, _ = page(
            view, Kind.ARTIFACT, options.artifacts_options, Filter(), old_limits=old_limits
        )
        if not starts:
            raise NotFound("The query_nodes condition does not match any nodes to do traversal.")
        most = options.max_node_size if options.max_node_size > 0 else None
        search = _Bounded(view, stop, most)
        search.run([node.id for node in starts if node.id is not None], hops)
        graph = response.subgraph
        for kind, field in _NODE_FIELDS.items():
            found = view.reader.nodes(kind, sorted(search.visited[kind]))
            getattr(graph, field).extend(nodes.message(node) for node in found)
        graph.events.extend(event_message(event) for event in search.events)
        _add_types(view, graph, set(Kind), system=False)

    return call


class _Search:
    """Breadth first, one query a hop."""

    def __init__(self, view: Snapshot, options: Any) -> None:
        self._view = view
        self._direction = options.direction
        self._ends = {
            Kind.ARTIFACT: options.ending_artifacts,
            Kind.EXECUTION: options.ending_executions,
        }
        self._directed = self._direction in (SubgraphOptions.UPSTREAM, SubgraphOptions.DOWNSTREAM)
        self.visited: dict[Kind, set[int]] = {Kind.ARTIFACT: set(), Kind.EXECUTION: set()}
        self.ending: dict[Kind, set[int]] = {Kind.ARTIFACT: set(), Kind.EXECUTION: set()}
        self.events: list[Event] = []

    def run(self, kind: Kind, starts: Iterable[int], hops: int | None) -> None:
        """Search from these nodes, so many hops far; None: to the end."""
        frontier = set(starts)
        self.ending[kind] = self._ending(kind, frontier)
        frontier -= self.ending[kind]
        self.visited[kind] = set(frontier)
        while frontier and (hops is None or hops > 0):
            frontier = self._expand(kind, frontier)
            kind = kind.other
            hops = None if hops is None else hops - 1

    def nodes(self, kind: Kind) -> list[int]:
        """What was found of a kind, with the ending nodes where these are wanted."""
        found = self.visited[kind]
        if self._ends[kind].include_ending_nodes:
            found = found | self.ending[kind]
        return sorted(found)

    def _expand(self, kind: Kind, frontier: set[int]) -> set[int]:
        other = kind.other
        carried = _CARRIED.get((kind, self._direction))
        events = events_of(self._view.reader, kind, frontier)
        if carried is not None:
            events = [event for event in events if _FLOWS[event.type] is carried]
        elif self._directed:
            events = []
        reach = f"{other}_id"
        visited, ending = self.visited[other], self.ending[other]
        reached = {getattr(event, reach) for event in events}
        fresh = reached - visited - ending
        ending |= self._ending(other, fresh)
        fresh -= ending
        with_ends = self._ends[other].include_ending_nodes
        for event in events:
            id = getattr(event, reach)
            if id in fresh:
                self.events.append(event)
            elif id in ending:
                if with_ends:
                    self.events.append(event)
            elif self._directed:
                # Without a direction it was met from its other side already.
                self.events.append(event)
        visited |= fresh
        return fresh

    def _ending(self, kind: Kind, ids: set[int]) -> set[int]:
        ends = self._ends[kind]
        if not ends.HasField("filter_query") or not ids:
            return set()
        return set(match(self._view, kind, ends.filter_query, among=ids))


class _Bounded:
    """The older call's search: only through nodes that match, up to a number of them."""

    def __init__(self, view: Snapshot, stop: Any, most: int | None) -> None:
        self._view = view
        self._most = most
        self._bounds = {
            Kind.ARTIFACT: stop.boundary_artifacts if stop.HasField("boundary_artifacts") else "",
            Kind.EXECUTION: stop.boundary_executions
            if stop.HasField("boundary_executions")
            else "",
        }
        self.visited: dict[Kind, set[int]] = {Kind.ARTIFACT: set(), Kind.EXECUTION: set()}
        self.events: list[Event] = []

    def run(self, starts: list[int], hops: int | None) -> None:
        """Search from these artifacts, so many hops far."""
        kind, frontier = Kind.ARTIFACT, set(starts)
        self.visited[kind] = set(frontier)
        left = None if self._most is None else self._most - len(frontier)
        while frontier and (hops is None or hops > 0) and (left is None or left > 0):
            events = events_of(self._view.reader, kind, frontier)
            kind = kind.other
            reach = f"{kind}_id"
            fresh = {getattr(event, reach) for event in events} - self.visited[kind]
            if self._bounds[kind] and fresh:
                fresh = set(match(self._view, kind, self._bounds[kind], among=fresh))
            if left is not None:
                # There any of them are left out; here the newest, so that it is the same twice.
                fresh = set(sorted(fresh)[:left])
                left -= len(fresh)
            self.events += [event for event in events if getattr(event, reach) in fresh]
            self.visited[kind] |= fresh
            frontier = fresh
            hops = None if hops is None else hops - 1


def events_of(reader: Reader, kind: Kind, ids: set[int]) -> list[Event]:
    """The events of these artifacts or executions."""
    wanted = sorted(ids)
    if kind is Kind.ARTIFACT:
        return reader.events(artifact_ids=wanted)
    return reader.events(execution_ids=wanted)


def _find_starts(options: Any) -> tuple[Kind, str]:
    which = options.WhichOneof("starting_nodes")
    if which is None:
        raise InvalidValue("Missing arguments for listing starting nodes.")
    query = getattr(options, which).filter_query
    if not query:
        raise InvalidValue("Cannot list starting nodes if `filter_query` is unspecified.")
    return (Kind.ARTIFACT if which == "starting_artifacts" else Kind.EXECUTION), query


def _hops(options: Any, given: bool, old_limits: bool) -> int | None:
    if not given:
        return _MAX_HOPS if old_limits else None
    hops: int = options.max_num_hops
    if hops < 0:
        raise InvalidValue(f"max_num_hops cannot be negative: max_num_hops = {hops}")
    return min(hops, _MAX_HOPS) if old_limits else hops


def _answer(view: Snapshot, search: _Search, mask: set[str], graph: Any) -> None:
    # It is there even where it is empty.
    graph.SetInParent()
    found = {kind: search.nodes(kind) for kind in _NODE_FIELDS}
    for kind, field in _NODE_FIELDS.items():
        if field in mask:
            add = getattr(graph, field).add
            for id in found[kind]:
                add(id=id)
    wanted = mask & {"contexts", "attributions", "associations"}
    if wanted:
        members = {kind: view.reader.contexts_of(kind, found[kind]) for kind in found}
        if "contexts" in mask:
            for id in sorted({context for pairs in members.values() for _, context in pairs}):
                graph.contexts.add(id=id)
        if "attributions" in mask:
            for artifact, context in members[Kind.ARTIFACT]:
                graph.attributions.add(artifact_id=artifact, context_id=context)
        if "associations" in mask:
            for execution, context in members[Kind.EXECUTION]:
                graph.associations.add(execution_id=execution, context_id=context)
    if "events" in mask:
        graph.events.extend(event_message(event) for event in search.events)
    _add_types(view, graph, {kind for kind in Kind if f"{kind}_types" in mask}, system=True)


def _add_types(view: Snapshot, graph: Any, kinds: set[Kind], *, system: bool) -> None:
    for kind in kinds:
        found = all_types(view, kind)
        add_types(view, graph, kind, (t for t in found if system or not wire_types.is_system(t)))
