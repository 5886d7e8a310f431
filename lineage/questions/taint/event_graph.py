"""The events around nodes, each read once, and the ports of steps."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import Any

from lineage.model import Event, Execution, Flow, Kind, Path, PropertyKind
from lineage.ports.reader import Reader
from lineage.ports.traversal import Barriers
from lineage.questions.subgraph import Key

CAME_OF = "came_of"


def types_with_ports(reader: Reader) -> frozenset[int]:
    """The ids of the step types that declare which outputs came of which inputs."""
    return frozenset(
        type.id
        for type in reader.types()
        if type.kind is Kind.EXECUTION
        and type.id is not None
        and type.properties.get(CAME_OF) is PropertyKind.STRUCT
    )


def port_of(path: Path) -> str:
    """The port that an event's path belongs to: its first part."""
    return str(path[0]) if path else ""


def get_event_ms(event: Event) -> int:
    """Return when an event happened, else when it was recorded."""
    return event.happened_ms


class EventGraph:
    """Where events lead from a node, and what steps say of their ports."""

    def __init__(self, reader: Reader, *, as_of_ms: int | None) -> None:
        self._reader = reader
        self._as_of_ms = as_of_ms
        self._with_ports = types_with_ports(reader)
        self._onward: dict[Key, list[Event]] = {}
        self._by_time: dict[Key, list[tuple[int, int]]] = {}
        self._executions: dict[int, Execution] = {}
        self._ports: dict[int, Mapping[str, frozenset[str]]] = {}

    def load(self, keys: Iterable[Key]) -> None:
        """Read the events that lead on from these nodes, those that are not read yet."""
        asked: dict[Kind, list[int]] = {Kind.ARTIFACT: [], Kind.EXECUTION: []}
        for key in keys:
            if key not in self._onward:
                self._onward[key] = []
                asked[key[0]].append(key[1])
        if asked[Kind.ARTIFACT]:
            for event in self._reader.events(artifact_ids=asked[Kind.ARTIFACT]):
                if event.type.flow is Flow.INPUT and self._known(event):
                    self._onward[Kind.ARTIFACT, event.artifact_id].append(event)
        if asked[Kind.EXECUTION]:
            for event in self._reader.events(execution_ids=asked[Kind.EXECUTION]):
                if event.type.flow is Flow.OUTPUT and self._known(event):
                    self._onward[Kind.EXECUTION, event.execution_id].append(event)

    def load_executions(self, ids: Iterable[int]) -> None:
        """Read these executions, those that are not read yet."""
        asked = sorted({id for id in ids if id not in self._executions})
        for node in self._reader.nodes(Kind.EXECUTION, asked):
            if isinstance(node, Execution) and node.id is not None:
                self._executions[node.id] = node
                if node.type_id in self._with_ports:
                    self._ports[node.id] = ports_of(node)

    def onward(self, key: Key) -> list[Event]:
        """The events by which data left a node, as read by `load`."""
        return self._onward[key]

    def onward_between(self, key: Key, since_ms: int, until_ms: int) -> list[Event]:
        """Those of them that happened since a time, and before another."""
        events = self._onward[key]
        if key not in self._by_time:
            self._by_time[key] = sorted(
                (get_event_ms(event), at) for at, event in enumerate(events)
            )
        order = self._by_time[key]
        first, last = (bisect_left(order, (time, 0)) for time in (since_ms, until_ms))
        return [events[at] for at in sorted(at for _, at in order[first:last])]

    def execution(self, execution_id: int) -> Execution:
        """Return an execution that was read by `load_executions`."""
        return self._executions[execution_id]

    def ports(self, execution_id: int) -> Mapping[str, frozenset[str]]:
        """For output ports, the input ports that they came of; nothing where that is not said."""
        return self._ports.get(execution_id, {})

    @property
    def has_ports(self) -> bool:
        """Whether a step that was read says which ports came of which."""
        return any(self._ports.values())

    def needs_executions(self, barriers: Barriers) -> bool:
        """Whether a search has to know the executions that it reaches."""
        return bool(self._with_ports or barriers.execution_type_ids)

    def _known(self, event: Event) -> bool:
        return event.is_known_at(self._as_of_ms)


def ports_of(step: Execution) -> dict[str, frozenset[str]]:
    """What a step says of its ports; what is not of that form says nothing."""
    given: Any = step.get(CAME_OF)
    if not isinstance(given, Mapping):
        return {}
    return {
        str(output): frozenset(map(str, inputs))
        for output, inputs in given.items()
        if isinstance(inputs, list | tuple)
    }
