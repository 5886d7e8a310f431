"""What is to blame: suspects upstream of bad outcomes, ranked by how they tell bad from good.

A **suspect** of an outcome is, in its upstream (of a run, the run itself with it):

- **data**: an artifact; copies, of one type and with equal digests (`versions`), are one suspect.
  Of an outcome that is an artifact, not it itself;
- **code**, **parameter**: a value of a step, by the step's type and the name (`settings`);
- **library**, **machine**: a value of any step, by its name;
- **step**: that a step of a type ran at all.

Each is counted in bad and in good outcomes and scored (`spectrum`); what no bad outcome has is left
out. Equal scores share a rank. The outcomes of each node are a set of bits that is passed on from
node to node, so that the work is linear in the graph however many outcomes share it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from lineage.algorithms.fault_localization import Counts, validate_formula
from lineage.captions import caption
from lineage.model import Artifact, Execution, Kind, Node
from lineage.model.times import Time, to_milliseconds
from lineage.ports.chunks import split_into_chunks
from lineage.ports.reader import Reader
from lineage.ports.traversal import Direction
from lineage.questions.answer import Answer
from lineage.questions.content import digest_of
from lineage.questions.node_json import node_to_json, to_json_value
from lineage.questions.outcomes import Outcomes, outcomes, validate_threshold
from lineage.questions.run_facets import Part, comparable, leaves_of_value
from lineage.questions.subgraph import Key, build_subgraph, key_of, propagate_bits
from lineage.session.snapshot import Ref, Snapshot


class What(StrEnum):
    """What a suspect is."""

    DATA = "data"
    CODE = "code"
    PARAMETER = "parameter"
    LIBRARY = "library"
    MACHINE = "machine"
    STEP = "step"


@dataclass(frozen=True, slots=True)
class Suspect:
    """Something that bad outcomes have upstream, with its score and the counts behind it.

    `step` is the type of the step that a value belongs to, where that counts; `artifact` the
    dataset or other artifact, of copies the oldest.
    """

    rank: int
    score: float
    what: What
    name: str
    value: Any
    step: str | None
    artifact: Artifact | None
    counts: Counts

    @property
    def label(self) -> str:
        """How people name it: `Train lr=0.1`, `numpy=2.0`, `Dataset:raw`."""
        if self.artifact is not None:
            return caption(self.artifact)
        if self.what is What.STEP:
            return self.name
        shown = f"{self.name}={to_json_value(self.value)}"
        return f"{self.step} {shown}" if self.step else shown

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return {
            "rank": self.rank,
            "score": to_json_value(self.score),
            "what": str(self.what),
            "name": self.name,
            "value": to_json_value(self.value),
            "step": self.step,
            "artifact": node_to_json(self.artifact) if self.artifact else None,
            "bad_with": self.counts.bad_with,
            "bad_without": self.counts.bad_without,
            "good_with": self.counts.good_with,
            "good_without": self.counts.good_without,
        }


@dataclass(frozen=True, slots=True)
class Blame(Answer):
    """The suspects, the most suspicious first, and the outcomes that they were counted in.

    `open` are runs that have not ended; the stale ones among them are bad outcomes.
    """

    _main: ClassVar[str | None] = "suspects"

    formula: str
    bad: tuple[Node, ...]
    good: tuple[Node, ...]
    suspects: tuple[Suspect, ...]
    open: tuple[Execution, ...] = ()

    def __iter__(self) -> Iterator[Suspect]:
        return iter(self.suspects)

    def __len__(self) -> int:
        return len(self.suspects)

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON has it."""
        return {
            "formula": self.formula,
            "bad": [f"{node.kind}:{node.id}" for node in self.bad],
            "good": [f"{node.kind}:{node.id}" for node in self.good],
            "open": [f"{run.kind}:{run.id}" for run in self.open],
            "suspects": [suspect.to_dict() for suspect in self.suspects],
            "complete": True,
        }


# So many nodes are held with their bits, of which there is one for each outcome.
_AT_ONCE = 2_000
# What, step type, name, and what is equal for equal values.
_Key = tuple[What, str | None, str, Any]


def rank_suspects(
    snapshot: Snapshot,
    bad: Sequence[Ref],
    good: Sequence[Ref] = (),
    *,
    type: str | None = None,
    metric: str | None = None,
    below: float | None = None,
    above: float | None = None,
    context: Ref | None = None,
    formula: str = "ochiai",
    as_of: Time | None = None,
) -> Blame:
    """Rank what is upstream of bad runs or models by how suspicious it is; see `Store.blame`.

    Raises
    ------
    NotFound, InvalidValue
        Something that is named isn't there, or it isn't said what is bad.
    """
    threshold = validate_threshold(metric, below, above)
    given = [[snapshot.in_flow(ref) for ref in refs] for refs in (bad, good)]
    inside = context and snapshot.resolve(context, Kind.CONTEXT)
    found = outcomes(
        snapshot.reader,
        snapshot.type_index,
        *given,
        type=type,
        threshold=threshold,
        context_id=inside.id if inside else None,
        as_of_ms=to_milliseconds(as_of),
        now_ms=snapshot.now_ms,
    )
    return rank(snapshot.reader, found, formula=formula, as_of_ms=to_milliseconds(as_of))


def rank(
    reader: Reader, judged: Outcomes, *, formula: str = "ochiai", as_of_ms: int | None = None
) -> Blame:
    """Rank everything upstream of the bad outcomes; `formula`: ochiai, tarantula or dstar."""
    score = validate_formula(formula)
    starts = (*judged.bad, *judged.good)
    known = {key_of(node): node for node in starts}
    places = {key: at for at, key in enumerate(known)}
    around = build_subgraph(reader, starts, Direction.UPSTREAM, as_of_ms=as_of_ms)
    tally = _Tally()
    # In pieces, so that not every node is held with its bits at once.
    for piece in split_into_chunks(propagate_bits(places, around), _AT_ONCE):
        for node, bits in _load(reader, piece, known):
            # An artifact is no suspect of itself.
            if isinstance(node, Artifact) and key_of(node) in places:
                bits ^= 1 << places[key_of(node)]
            tally.add(node, bits)
    found: list[tuple[float, Counts, _Key, Any]] = []
    for key, value, bad_with, good_with in tally.counted(len(judged.bad)):
        if bad_with:
            counts = Counts(
                bad_with, len(judged.bad) - bad_with, good_with, len(judged.good) - good_with
            )
            found.append((score(counts), counts, key, value))
    found.sort(key=_most_suspicious_first)
    return Blame(formula, judged.bad, judged.good, tuple(_rank(found)), judged.open)


class _Tally:
    """Which suspects which outcomes have. Each suspect has a number."""

    def __init__(self) -> None:
        self._numbers: dict[_Key, int] = {}
        self._values: list[Any] = []
        # Outcomes that share a node come as bits; most runs are upstream of one outcome only.
        self._bits: dict[int, int] = {}
        self._alone: list[list[int]] = []
        self._known: dict[tuple[str, str, type, Any], tuple[int, ...]] = {}

    def add(self, node: Node, bits: int) -> None:
        """Count a node's suspects for these outcomes."""
        if not bits:
            return
        suspects = self._of_run(node) if isinstance(node, Execution) else [self._of_artifact(node)]
        if bits & (bits - 1):
            for suspect in suspects:
                self._bits[suspect] = self._bits.get(suspect, 0) | bits
        else:
            place = bits.bit_length() - 1
            for suspect in suspects:
                self._alone[suspect].append(place)

    def counted(self, bad: int) -> Iterator[tuple[_Key, Any, int, int]]:
        """Each suspect, its value, how many of the first `bad` outcomes have it and of the rest."""
        of_bad = (1 << bad) - 1
        for key, number in self._numbers.items():
            bits = self._bits.get(number, 0)
            alone = {place for place in self._alone[number] if not bits >> place & 1}
            alone_bad = sum(place < bad for place in alone)
            bad_with = (bits & of_bad).bit_count()
            good_with = bits.bit_count() - bad_with + len(alone) - alone_bad
            yield key, self._values[number], bad_with + alone_bad, good_with

    def _of_artifact(self, node: Node) -> int:
        assert isinstance(node, Artifact)
        number = self._number((What.DATA, None, node.type, digest_of(node) or node.id), node)
        oldest: Artifact = self._values[number]
        if (node.id or 0) < (oldest.id or 0):
            self._values[number] = node
        return number

    def _of_run(self, run: Execution) -> list[int]:
        suspects = [self._number((What.STEP, None, run.type, None), None)]
        if run.type_version is not None:
            version = run.type_version
            suspects.append(self._number((What.CODE, run.type, "version", version), version))
        for properties in (run.properties, run.custom_properties):
            for name, value in properties.items():
                kind = type(value)
                # What was seen before need not be taken apart again.
                seen = (run.type, name, kind, value if kind in _SCALARS else repr(value))
                known = self._known.get(seen)
                if known is None:
                    known = self._known[seen] = tuple(self._of_value(run.type, name, value))
                suspects += known
        return suspects

    def _of_value(self, step: str, name: str, value: Any) -> Iterator[int]:
        for leaf in leaves_of_value(name, value):
            what = _WHAT.get(leaf.part)
            if what is not None:
                of = step if what in _BY_STEP else None
                yield self._number((what, of, leaf.name, comparable(leaf.value)), leaf.value)

    def _number(self, key: _Key, value: Any) -> int:
        number = self._numbers.setdefault(key, len(self._numbers))
        if number == len(self._values):
            self._values.append(value)
            self._alone.append([])
        return number


def _load(
    reader: Reader, piece: Sequence[tuple[Key, int]], known: Mapping[Key, Node]
) -> Iterator[tuple[Node, int]]:
    reached = dict(piece)
    for kind in (Kind.ARTIFACT, Kind.EXECUTION):
        unknown = [id for of, id in reached if of is kind and (of, id) not in known]
        for node in reader.nodes(kind, unknown):
            yield node, reached[key_of(node)]
    for key, bits in piece:
        if key in known:
            yield known[key], bits


_WHAT = {
    Part.CODE: What.CODE,
    Part.PARAMETER: What.PARAMETER,
    Part.LIBRARY: What.LIBRARY,
    Part.MACHINE: What.MACHINE,
}
_BY_STEP = (What.CODE, What.PARAMETER)
_SCALARS = (str, int, float, bool)
_ORDER = {what: at for at, what in enumerate(What)}


def _most_suspicious_first(row: tuple[float, Counts, _Key, Any]) -> tuple[Any, ...]:
    score, counts, (what, step, name, value), _ = row
    return -score, -counts.bad_with, counts.good_with, _ORDER[what], step or "", name, str(value)


def _rank(found: Sequence[tuple[float, Counts, _Key, Any]]) -> Iterator[Suspect]:
    rank, before = 0, None
    for at, (score, counts, (what, step, name, _), value) in enumerate(found, start=1):
        if score != before:
            rank, before = at, score
        artifact = value if isinstance(value, Artifact) else None
        told = None if artifact else value
        yield Suspect(rank, score, what, name, told, step, artifact, counts)
