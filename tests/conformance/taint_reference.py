"""The definition of taint, in a few obvious lines over plain events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lineage import Event, Kind

Key = tuple[Kind, int]


@dataclass
class Tainting:
    """What a taint is computed from. `sources` gives since when each is one, or None."""

    events: list[Event]
    sources: Mapping[Key, int | None]
    blocked: set[Key] = field(default_factory=set)
    came_of: Mapping[int, Mapping[str, list[str]]] = field(default_factory=dict)
    causal: bool = False
    as_of: int | None = None
    # By artifact, the digest of what is the same data wherever it lies.
    digests: Mapping[int, str] = field(default_factory=dict)

    def depths(self, blocked: Iterable[Key] | None = None) -> tuple[dict[Key, int], dict[Key, int]]:
        """Depth of what is affected, and of the barriers that are met.

        By walking every chain: a chain's state is where it is, through which port it got there,
        and when.
        """
        found, met = self.walk(self.starts(), self.blocked if blocked is None else set(blocked))
        return found, {key: depth for (key, _, _), depth in reversed(met.items())}

    def beyond(self, barrier: Key) -> set[Key]:
        """What chains lead to that go on from where they met a barrier, as if there were none."""
        _, met = self.walk(self.starts(), self.blocked)
        return set(self.walk({state for state in met if state[0] == barrier}, set())[0])

    def starts(self) -> set[Any]:
        """The states that chains start in."""
        return {
            (key, None, since if self.causal and since is not None else -(10**9))
            for key, since in self.sources.items()
        }

    def walk(self, states: set[Any], stopping: set[Key]) -> tuple[dict[Key, int], dict[Any, int]]:
        """Depth of the nodes that are passed, and of the states in which barriers are met."""
        found: dict[Key, int] = {}
        met: dict[Any, int] = {}
        seen: set[Any] = set()
        depth = 0
        while states:
            seen |= states
            onward: set[Any] = set()
            for key, port, time in states:
                if key in stopping:
                    met.setdefault((key, port, time), depth)
                    continue
                found.setdefault(key, depth)
                for event in self.events:
                    onward |= self.step(event, key, port, time)
                onward |= {(copy, None, time) for copy in self.copies(key)}
            states = onward - seen
            depth += 1
        return found, met

    def copies(self, key: Key) -> set[Key]:
        """The other artifacts of the same content."""
        digest = self.digests.get(key[1]) if key[0] is Kind.ARTIFACT else None
        if digest is None:
            return set()
        alike = {(Kind.ARTIFACT, id) for id, other in self.digests.items() if other == digest}
        return alike - {key}

    def step(self, event: Event, key: Key, port: str | None, time: int) -> set[Any]:
        """Where an event leads from a state: nowhere, or to one other."""
        at = event.time_ms or 0
        name = str(event.path[0]) if event.path else ""
        if self.as_of is not None and (event.recorded_ms or 0) > self.as_of:
            return set()
        if self.causal and at < time:
            return set()
        at = at if self.causal else -(10**9)
        inward = event.type in ("INPUT", "DECLARED_INPUT", "INTERNAL_INPUT")
        outward = event.type in ("OUTPUT", "DECLARED_OUTPUT", "INTERNAL_OUTPUT")
        if inward and key == (Kind.ARTIFACT, event.artifact_id):
            return {((Kind.EXECUTION, event.execution_id), name, at)}
        if outward and key == (Kind.EXECUTION, event.execution_id):
            ports = self.came_of.get(event.execution_id, {})
            if port is None or name not in ports or port in ports[name]:
                return {((Kind.ARTIFACT, event.artifact_id), None, at)}
        return set()
