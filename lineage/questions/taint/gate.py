"""The gate: is it clean, and if not, why?

Only what is upstream of the node is read, so that a gate costs what its node came of, not what
came of the sources.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from lineage.captions import caption, printable
from lineage.errors import InvalidValue
from lineage.model import Context, Kind, Mark, Node
from lineage.model.times import Time, to_milliseconds
from lineage.ports.reader import Reader
from lineage.questions.answer import Answer
from lineage.questions.node_json import node_to_json
from lineage.questions.notebook import render
from lineage.questions.subgraph import Key
from lineage.questions.taint.answer import witness_of
from lineage.questions.taint.node_lookup import nodes_of, upstream_of
from lineage.questions.taint.propagation import EventSearch
from lineage.questions.taint.sources import TaintQuery, build_taint_query
from lineage.questions.why import Witness, picture
from lineage.rules.marks import validate_labels
from lineage.rules.membership import contexts_above, members_within
from lineage.rules.policies import forbidden_labels, policies_in_force
from lineage.session.snapshot import Ref, Snapshot


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
class Check(Answer):
    """Whether a node is clean, with a verdict for each label that was asked about."""

    _main: ClassVar[str | None] = "verdicts"

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

    def __str__(self) -> str:
        """Return a line for each label, with the witness or what kept it clean."""
        name = f"{self.node.label} ({self.node.kind}:{self.node.id})"
        lines = [] if self.verdicts else [f"{name} is clean"]
        for verdict in self.verdicts:
            if verdict.clean:
                lines.append(f"{name} is clean of {verdict.label}")
                lines += [f"  stopped at {caption(s.node)}: {s.why}" for s in verdict.stopped]
                continue
            reasons = "; ".join(mark.reason for mark in verdict.marks if mark.reason)
            lines.append(
                f"{name} is NOT clean of {verdict.label}{f': {reasons}' if reasons else ''}"
            )
            lines += str(verdict.witness).splitlines() if verdict.witness else []
        return "\n".join(map(printable, lines))

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the verdicts, and the witness of each, drawn."""
        chains = [v.witness for v in self.verdicts if v.witness is not None]
        return render(self._shown()) + "".join(picture(chain) for chain in chains if chain.found)


def check_clean(
    snapshot: Snapshot,
    ref: Ref,
    *,
    label: str | Sequence[str] | None = None,
    context: int | str | None = None,
    as_of: Time | None = None,
    causal: bool = False,
    by_content: bool = True,
) -> Check:
    """Return whether a node is clean of a label, or of several; see `Store.check`.

    Raises
    ------
    NotFound, InvalidValue
        The node, or the context, isn't there.
    """
    reader, at_ms = snapshot.reader, to_milliseconds(as_of)
    node = snapshot.resolve(ref)
    labels = validate_labels(label)
    if context is not None or (not labels and isinstance(node, Context)):
        place = node if context is None else snapshot.resolve(context, Kind.CONTEXT)
        if not isinstance(place, Context):
            raise InvalidValue(f"{place.label} is an {place.kind}, not a context")
        labels += forbidden_labels(policies_in_force(reader, at_ms), _with_above(reader, place))
        if not labels:
            return Check(node, ())
    searched = build_taint_query(
        reader,
        snapshot.now_ms,
        at_ms,
        labels=list(dict.fromkeys(labels)),
        by_content=by_content,
    )
    return give_verdicts(reader, node, searched, as_of_ms=at_ms, causal=causal)


def give_verdicts(
    reader: Reader,
    node: Node,
    searched: Sequence[TaintQuery],
    *,
    as_of_ms: int | None = None,
    causal: bool = False,
) -> Check:
    """Return a verdict on a node for each label."""
    assert node.id is not None
    targets = _contents(reader, node) if isinstance(node, Context) else [(node.kind, node.id)]
    content = next((what.content for what in searched), None)
    upstream = upstream_of(reader, targets, as_of_ms, content)
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
                Stopped(barrier, what.why_blocked(barrier)[0])
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


def _with_above(reader: Reader, context: Context) -> list[Context]:
    """A context and all those above it."""
    assert context.id is not None
    ids = contexts_above(reader, [context.id])[context.id]
    return [c for c in reader.nodes(Kind.CONTEXT, sorted(ids)) if isinstance(c, Context)]


def _contents(reader: Reader, context: Context) -> list[Key]:
    """The artifacts and executions in a context."""
    assert context.id is not None
    return sorted(
        (kind, id)
        for kind in (Kind.ARTIFACT, Kind.EXECUTION)
        for id in members_within(reader, [context.id], kind)
    )
