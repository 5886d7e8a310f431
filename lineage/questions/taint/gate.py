"""The gate: is it clean, and if not, why?

Only what is upstream of the node is read, so that a gate costs what its node came of, not what
came of the sources.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lineage.model import Context, Kind, Mark, Node
from lineage.ports.reader import Reader
from lineage.questions.node_json import node_to_json
from lineage.questions.notebook import InNotebooks
from lineage.questions.subgraph import Key
from lineage.questions.taint.answer import witness_of
from lineage.questions.taint.loading import nodes_of, upstream_of
from lineage.questions.taint.propagation import EventSearch
from lineage.questions.taint.sources import TaintQuery
from lineage.questions.why import Witness


@dataclass(frozen=True, slots=True)
class Stopped:
    """A barrier on a chain from a source to the node, and why it is one."""

    node: Node
    why: str

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return node_to_json(self.node, why=self.why)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one label does to what was checked.

    `affected` are the affected nodes: the node itself, or those in the context; the witness is
    the nearest one's. `stopped` are the barriers that keep it clean: on every chain from a source
    to the node lies one of them. There are none where no source is upstream.
    """

    label: str | None
    affected: tuple[Node, ...] = ()
    witness: Witness | None = None
    marks: tuple[Mark, ...] = ()
    stopped: tuple[Stopped, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether the label does not reach it."""
        return not self.affected

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return {
            "label": self.label,
            "clean": self.clean,
            "affected": [node_to_json(node) for node in self.affected],
            "witness": self.witness.to_dict() if self.witness else None,
            "marks": [mark.model_dump(mode="json") for mark in self.marks],
            "stopped": [barrier.to_dict() for barrier in self.stopped],
        }


@dataclass(frozen=True, slots=True)
class Check(InNotebooks):
    """Whether a node is clean, with a verdict for each label that was asked about."""

    node: Node
    verdicts: tuple[Verdict, ...]
    complete: bool = True

    @property
    def clean(self) -> bool:
        """Whether none of the labels reaches it."""
        return all(verdict.clean for verdict in self.verdicts)

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON has it."""
        return {
            "node": node_to_json(self.node),
            "clean": self.clean,
            "verdicts": [verdict.to_dict() for verdict in self.verdicts],
            "complete": self.complete,
        }


def check(
    reader: Reader,
    node: Node,
    searched: Sequence[TaintQuery],
    *,
    as_of_ms: int | None = None,
    causal: bool = False,
) -> Check:
    """A verdict for each label."""
    assert node.id is not None
    targets = _contents(reader, node) if isinstance(node, Context) else [(node.kind, node.id)]
    upstream = upstream_of(reader, targets, as_of_ms)
    return Check(
        node,
        tuple(
            _verdict(reader, targets, upstream, what, as_of_ms, causal=causal) for what in searched
        ),
    )


def _verdict(
    reader: Reader,
    targets: Sequence[Key],
    upstream: set[Key],
    what: TaintQuery,
    as_of_ms: int | None,
    *,
    causal: bool,
) -> Verdict:
    if upstream.isdisjoint(what.keys):
        return Verdict(what.label)
    found = EventSearch(reader, what, as_of_ms=as_of_ms, causal=causal, within=upstream)
    affected = sorted((found.depths[key], key) for key in targets if key in found.depths)
    if not affected:
        cutting = found.cutting(targets)
        return Verdict(
            what.label,
            stopped=tuple(
                Stopped(barrier, what.why_barred(barrier)[0])
                for barrier in nodes_of(reader, cutting).values()
            ),
        )
    nearest = affected[0][1]
    way = found.ways([nearest])[nearest]
    keys = [key for _, key in affected]
    known = nodes_of(reader, {*keys, *(at.key for at in way.chain())})
    return Verdict(
        what.label,
        tuple(known[key] for key in keys),
        witness_of(way, known),
        what.marks_on(way.source),
    )


def _contents(reader: Reader, context: Context) -> list[Key]:
    """The artifacts and executions in a context and in those below it."""
    assert context.id is not None
    contexts, below = {context.id}, [context.id]
    while below:
        below = [child for child, _ in reader.children_of(below) if child not in contexts]
        contexts.update(below)
    return sorted(
        {
            (kind, id)
            for kind in (Kind.ARTIFACT, Kind.EXECUTION)
            for _, id in reader.members_of(sorted(contexts), kind)
        }
    )
