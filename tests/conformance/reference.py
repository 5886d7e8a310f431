"""The definition of each tracing question, in a few obvious lines over plain dictionaries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from lineage import EventType, Kind

Key = tuple[Kind, int]


@dataclass
class Graph:
    """Where data flows: from each node to the nodes that one event carries it to."""

    onward: dict[Key, set[Key]] = field(default_factory=dict)

    def add(self, artifact: int, execution: int, type: EventType) -> None:
        a, x = (Kind.ARTIFACT, artifact), (Kind.EXECUTION, execution)
        if type in ("INPUT", "DECLARED_INPUT", "INTERNAL_INPUT"):
            self.onward.setdefault(a, set()).add(x)
        elif type in ("OUTPUT", "DECLARED_OUTPUT", "INTERNAL_OUTPUT"):
            self.onward.setdefault(x, set()).add(a)

    def reversed(self) -> Graph:
        back = Graph()
        for source, targets in self.onward.items():
            for target in targets:
                back.onward.setdefault(target, set()).add(source)
        return back

    def depths(self, starts: Iterable[Key], limit: int | None = None) -> dict[Key, int]:
        """Each node reached, with the length of the shortest way there."""
        found = dict.fromkeys(starts, 0)
        frontier = set(found)
        depth = 0
        while frontier and (limit is None or depth < limit):
            depth += 1
            frontier = {t for s in frontier for t in self.onward.get(s, ())} - found.keys()
            found.update(dict.fromkeys(frontier, depth))
        return found
