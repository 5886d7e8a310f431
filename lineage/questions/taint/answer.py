"""What a taint question answers."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from lineage.captions import caption
from lineage.errors import NotFound
from lineage.model import Event, Mark, Node
from lineage.questions.answer import Answer
from lineage.questions.node_json import event_to_json, node_to_json
from lineage.questions.subgraph import Key
from lineage.questions.taint.propagation import WitnessNode
from lineage.questions.why import Witness

# Each witness of a chain of n events would be written out with all that are in it: n * n names.
MOST_WRITTEN_OUT = 200


@dataclass(frozen=True, slots=True)
class Source:
    """Where a taint starts, with the marks that say so; none where it was given."""

    node: Node
    label: str | None
    marks: tuple[Mark, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return node_to_json(
            self.node, label=self.label, marks=[mark.model_dump(mode="json") for mark in self.marks]
        )


@dataclass(frozen=True, slots=True)
class Reached:
    """How one label reached a node: from its nearest source, in how many events."""

    label: str | None
    depth: int
    source: Node


@dataclass(frozen=True, slots=True)
class Affected:
    """An affected node, with how each label reached it, the nearest first."""

    node: Node
    reached: tuple[Reached, ...]

    @property
    def depth(self) -> int:
        """The least distance in events from a source of any of the labels."""
        return self.reached[0].depth

    @property
    def labels(self) -> tuple[str | None, ...]:
        """The labels that reached it."""
        return tuple(found.label for found in self.reached)

    @property
    def source(self) -> Node:
        """The nearest source."""
        return self.reached[0].source


@dataclass(frozen=True, slots=True)
class BarrierHit:
    """A barrier that was met. `shielded`: so many more would be affected if it alone were none."""

    node: Node
    label: str | None
    depth: int
    why: str
    shielded: int
    mark: Mark | None = None

    @property
    def saved(self) -> int:
        """Return `shielded`, by the name that it had before version 0.2."""
        return _warn_of_saved(self.shielded)

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return node_to_json(
            self.node,
            label=self.label,
            depth=self.depth,
            why=self.why,
            shielded=self.shielded,
            saved=self.shielded,
            mark=self.mark.model_dump(mode="json") if self.mark else None,
        )


@dataclass(frozen=True, slots=True)
class Taint(Answer):
    """What is affected, nearest first, and what stopped it.

    `nodes` are those that were asked for, `affected` is how many are affected in all. `shielded`
    is how many more would be if there were no barriers.
    """

    _main: ClassVar[str | None] = "nodes"

    labels: tuple[str | None, ...]
    sources: tuple[Source, ...]
    nodes: tuple[Affected, ...]
    barriers: tuple[BarrierHit, ...]
    affected: int
    shielded: int
    as_of_ms: int | None = None
    causal: bool = False
    complete: bool = True
    _ways: Mapping[str | None, Mapping[Key, WitnessNode]] = field(default_factory=dict, repr=False)
    _known: Mapping[Key, Node] = field(default_factory=dict, repr=False)
    _rows: dict[Key, Affected] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __iter__(self) -> Iterator[Affected]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)

    @property
    def saved(self) -> int:
        """Return `shielded`, by the name that it had before version 0.2."""
        return _warn_of_saved(self.shielded)

    def of_type(self, name: str) -> list[Node]:
        """The affected nodes of a type, nearest first."""
        return [found.node for found in self.nodes if found.node.type == name]

    def witness(self, node: Node, label: str | None = None) -> Witness:
        """The chain of events by which a node of the answer is affected.

        Without `label`, by the label that is nearest. Raises NotFound for a node that is not in
        the answer, or that the label did not reach.
        """
        if not self._rows:
            # Made when it is first asked for: many may be asked for, or none.
            self._rows.update(((row.node.kind, row.node.id or 0), row) for row in self.nodes)
        key = (node.kind, node.id or 0)
        found = self._rows.get(key)
        for reached in found.reached if found is not None else ():
            if label is None or reached.label == label:
                return witness_of(self._ways[reached.label][key], self._known)
        what = "affected" if label is None else f"affected by {label!a}"
        raise NotFound(f"{node.label} is not among what is {what}")

    @property
    def events(self) -> tuple[Event, ...]:
        """The events of all witnesses: a shortest chain to each node for each label."""
        found: dict[tuple[Any, ...], Event] = {}
        for ways in self._ways.values():
            seen: set[int] = set()
            for way in ways.values():
                at: WitnessNode | None = way
                while at is not None and id(at) not in seen:
                    seen.add(id(at))
                    if at.event is not None:
                        event = at.event
                        place = (event.execution_id, event.artifact_id, event.type, event.path)
                        found[place] = event
                    at = at.before
        return tuple(found[place] for place in sorted(found, key=repr))

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON has it.

        `events` has those of all witnesses; where one has more than 200, `witness` is None.
        `saved` is `shielded`, by its former name.
        """
        return {
            "labels": list(self.labels),
            "sources": [source.to_dict() for source in self.sources],
            "nodes": [self._row(found) for found in self.nodes],
            "events": [event_to_json(event) for event in self.events],
            "barriers": [barrier.to_dict() for barrier in self.barriers],
            "affected": self.affected,
            "shielded": self.shielded,
            "saved": self.shielded,
            "as_of_ms": self.as_of_ms,
            "causal": self.causal,
            "complete": self.complete,
        }

    def _shown(self) -> dict[str, Any]:
        # Without the witnesses, of which each row would make one.
        return {
            "labels": [label for label in self.labels if label is not None],
            "affected": self.affected,
            "shielded": self.shielded,
            "complete": self.complete,
            "sources": [
                node_to_json(
                    source.node, label=source.label, reasons=[mark.reason for mark in source.marks]
                )
                for source in self.sources
            ],
            "barriers": [
                node_to_json(met.node, label=met.label, why=met.why, shielded=met.shielded)
                for met in self.barriers
            ],
            "nodes": [
                node_to_json(
                    found.node, depth=found.depth, labels=found.labels, source=caption(found.source)
                )
                for found in self.nodes
            ],
        }

    def _row(self, found: Affected) -> dict[str, Any]:
        key = (found.node.kind, found.node.id or 0)
        return node_to_json(
            found.node,
            depth=found.depth,
            labels=list(found.labels),
            source=_name(found.source),
            reached=[
                {
                    "label": reached.label,
                    "depth": reached.depth,
                    "source": _name(reached.source),
                    "witness": self._written_out(reached, key),
                }
                for reached in found.reached
            ],
        )

    def _written_out(self, reached: Reached, key: Key) -> list[str] | None:
        """The witness of a node by name, or None where it is too long to be written for each."""
        if reached.depth > MOST_WRITTEN_OUT:
            return None
        return [f"{way.key[0]}:{way.key[1]}" for way in self._ways[reached.label][key].chain()]


def witness_of(way: WitnessNode, known: Mapping[Key, Node]) -> Witness:
    """The chain to the end of a way, from nodes that were read."""
    chain = way.chain()
    return Witness(
        known[way.source],
        known[way.key],
        tuple(known[at.key] for at in chain),
        tuple(at.event for at in chain if at.event is not None),
    )


def _warn_of_saved(shielded: int) -> int:
    warnings.warn("`saved` is `shielded`", DeprecationWarning, stacklevel=3)
    return shielded


def _name(node: Node) -> str:
    return f"{node.kind}:{node.id}"
