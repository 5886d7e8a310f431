"""What differs in where two nodes came from.

Each node of the one upstream is set beside at most one of the other, as `pairing` says; the rest
only one of the two has. Two artifacts of a pair have the same content where both have the same
digest (`versions`); without digests nobody knows, and they count as different. A difference is
**derived** where both artifacts were made of others: then it may follow from theirs. Steps are
compared value by value (`settings`); how they ended and which run they were is left out, and the
same difference in several steps is one.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any

from lineage.errors import InvalidValue
from lineage.model import Artifact, ArtifactState, Execution, Node
from lineage.model.times import Time, to_milliseconds
from lineage.ports.reader import Reader
from lineage.questions.alignment import Alignment, align
from lineage.questions.answer import Answer
from lineage.questions.content import DIGESTS, digest_of
from lineage.questions.metrics import higher_is_better, read_measurements
from lineage.questions.node_json import node_to_json, to_json_value
from lineage.questions.run_facets import Part, comparable, leaves_of
from lineage.rules.type_index import TypeIndex
from lineage.session.snapshot import Ref, Snapshot, check_in_flow

COMPARED = (Part.CODE, Part.PARAMETER, Part.LIBRARY, Part.MACHINE)


@dataclass(frozen=True, slots=True)
class DataDifference:
    """Two artifacts in the same place that aren't the same; `known`: their digests say so.

    `values` are the properties that differ: name, first, second.
    """

    first: Artifact
    second: Artifact
    derived: bool
    known: bool
    values: tuple[tuple[str, Any, Any], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return {
            "first": node_to_json(self.first),
            "second": node_to_json(self.second),
            "derived": self.derived,
            "known": self.known,
            "values": [
                {"name": name, "first": to_json_value(a), "second": to_json_value(b)}
                for name, a, b in self.values
            ],
        }


@dataclass(frozen=True, slots=True)
class SettingDifference:
    """A value that pairs of steps don't have alike; None where it is lacking.

    `part` says what it is: code, parameter, library or machine. `steps` are the pairs.
    """

    part: Part
    name: str
    first: Any
    second: Any
    steps: tuple[tuple[Execution, Execution], ...]

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return {
            "part": str(self.part),
            "name": self.name,
            "first": to_json_value(self.first),
            "second": to_json_value(self.second),
            "steps": [[f"execution:{a.id}", f"execution:{b.id}"] for a, b in self.steps],
        }


@dataclass(frozen=True, slots=True)
class MetricDifference:
    """What was measured of the two; None where nothing was. `better`: whether the second is."""

    name: str
    first: float | None
    second: float | None
    better: bool | None

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return {
            "name": self.name,
            "first": to_json_value(self.first),
            "second": to_json_value(self.second),
            "better": self.better,
        }


@dataclass(frozen=True, slots=True)
class Diff(Answer):
    """What differs between two nodes and their upstreams; `shared` nodes are in both.

    Of what is `deleted`, what was recorded is gone, so that a difference in it doesn't show.
    """

    first: Node
    second: Node
    data: tuple[DataDifference, ...]
    settings: tuple[SettingDifference, ...]
    only_first: tuple[Node, ...]
    only_second: tuple[Node, ...]
    metrics: tuple[MetricDifference, ...]
    shared: int
    deleted: tuple[Artifact, ...] = ()

    @property
    def same(self) -> bool:
        """Whether nothing that was recorded differs."""
        return not (
            self.data or self.settings or self.only_first or self.only_second or self.metrics
        )

    def of(self, part: Part) -> list[SettingDifference]:
        """The differences in code, parameters, libraries or machines."""
        return [row for row in self.settings if row.part is part]

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON has it."""
        return {
            "first": node_to_json(self.first),
            "second": node_to_json(self.second),
            "same": self.same,
            "data": [row.to_dict() for row in self.data],
            "settings": [row.to_dict() for row in self.settings],
            "only_first": [node_to_json(node) for node in self.only_first],
            "only_second": [node_to_json(node) for node in self.only_second],
            "metrics": [row.to_dict() for row in self.metrics],
            "shared": self.shared,
            "deleted": [f"artifact:{node.id}" for node in self.deleted],
            "complete": True,
        }


def compare(
    snapshot: Snapshot, first_ref: Ref, second_ref: Ref, *, as_of: Time | None = None
) -> Diff:
    """Compare two artifacts, or two executions, and all that is upstream of them.

    Raises
    ------
    NotFound, InvalidValue
        One isn't there, is a context, or they are of two kinds.
    """
    reader, as_of_ms = snapshot.reader, to_milliseconds(as_of)
    first, second = (snapshot.resolve(ref) for ref in (first_ref, second_ref))
    for end in (first, second):
        check_in_flow(end)
    if first.kind is not second.kind:
        raise InvalidValue(
            f"{first.label} is an {first.kind} and {second.label} an {second.kind}: "
            "compare two of one kind"
        )
    pairing = Alignment() if first.id == second.id else align(reader, first, second, as_of_ms)
    return Diff(
        first=first,
        second=second,
        data=tuple(_data(pairing, first)),
        settings=tuple(_settings(pairing)),
        only_first=pairing.only_first,
        only_second=pairing.only_second,
        metrics=tuple(_metrics(reader, first, second, as_of_ms)),
        shared=pairing.shared,
        deleted=tuple(_is_deleted_node(pairing)),
    )


def _is_deleted_node(pairing: Alignment) -> Iterator[Artifact]:
    sides = (*zip(*pairing.pairs, strict=True), pairing.only_first, pairing.only_second)
    for node in (node for side in sides for node in side):
        if isinstance(node, Artifact) and node.state is ArtifactState.DELETED:
            yield node


def _data(pairing: Alignment, start: Node) -> list[DataDifference]:
    found: list[DataDifference] = []
    for a, b in pairing.pairs:
        if not (isinstance(a, Artifact) and isinstance(b, Artifact)) or a.id == start.id:
            continue
        digests = digest_of(a), digest_of(b)
        if digests[0] is not None and digests[0] == digests[1]:
            continue
        known = None not in digests and digests[0][0] == digests[1][0]  # type: ignore[index]
        derived = pairing.made_of_others(a) and pairing.made_of_others(b)
        found.append(DataDifference(a, b, derived, known, tuple(_values(a, b))))
    return sorted(found, key=lambda row: row.derived)


def _values(a: Artifact, b: Artifact) -> list[tuple[str, Any, Any]]:
    ours, theirs = ({**n.custom_properties, **n.properties} for n in (a, b))
    return [
        (name, ours.get(name), theirs.get(name))
        for name in sorted({*ours, *theirs} - set(DIGESTS))
        if comparable(ours.get(name)) != comparable(theirs.get(name))
    ]


def _settings(pairing: Alignment) -> list[SettingDifference]:
    values: dict[tuple[Part, str, Hashable, Hashable], tuple[Any, Any]] = {}
    steps: dict[tuple[Part, str, Hashable, Hashable], list[tuple[Execution, Execution]]] = {}
    for a, b in pairing.pairs:
        if not (isinstance(a, Execution) and isinstance(b, Execution)):
            continue
        ours, theirs = _tell(a), _tell(b)
        for part, name in {**ours, **theirs}:
            both = ours.get((part, name)), theirs.get((part, name))
            alike = comparable(both[0]), comparable(both[1])
            if alike[0] != alike[1]:
                values[part, name, *alike] = both
                steps.setdefault((part, name, *alike), []).append((a, b))
    found = [
        SettingDifference(key[0], key[1], *both, tuple(steps[key])) for key, both in values.items()
    ]
    return sorted(found, key=lambda row: (COMPARED.index(row.part), row.name, row.steps[0][0].id))


def _tell(step: Execution) -> dict[tuple[Part, str], Any]:
    told = {(leaf.part, leaf.name): leaf.value for leaf in leaves_of(step)}
    if step.type_version is not None:
        told[Part.CODE, f"version of {step.type}"] = step.type_version
    return {key: value for key, value in told.items() if key[0] in COMPARED}


def _metrics(
    reader: Reader, first: Node, second: Node, as_of_ms: int | None
) -> list[MetricDifference]:
    if not (isinstance(first, Artifact) and isinstance(second, Artifact)):
        return []
    found = read_measurements(reader, TypeIndex(reader), [first, second], as_of_ms=as_of_ms)
    ours, theirs = found[first.id or 0], found[second.id or 0]
    rows: list[MetricDifference] = []
    for name in sorted({*ours, *theirs}):
        a, b = (side[name].value if name in side else None for side in (ours, theirs))
        if comparable(a) != comparable(b):
            rows.append(MetricDifference(name, a, b, better_than(a, b, higher_is_better(name))))
    return rows


def better_than(a: float | None, b: float | None, higher: bool) -> bool | None:
    """Whether the second is better; None where one is lacking or no number."""
    if a is None or b is None or math.isnan(a) or math.isnan(b):
        return None
    return b > a if higher else b < a
