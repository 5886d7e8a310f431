"""What went well and what didn't: runs by their state, models by a metric, or as told.

Runs: by their state (`lineage.rules.run_outcome`); a stale one is bad, for it never ended.
Models, or other artifacts: by a metric (`metrics`), bad `below` a number, or `above` one, and where
the value is not a number; those that were not measured say nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lineage.errors import InvalidValue
from lineage.model import Artifact, Execution, Kind, Node
from lineage.ports.filters import Filter
from lineage.ports.reader import Reader
from lineage.questions.metrics import check_metric, read_measurements
from lineage.questions.subgraph import key_of
from lineage.rules.membership import restrict_to_context
from lineage.rules.run_outcome import is_bad_run, is_good_run, is_open_run, is_stale_run
from lineage.rules.type_index import TypeIndex


@dataclass(frozen=True, slots=True)
class Threshold:
    """Where a metric's value is bad."""

    metric: str
    below: float | None = None
    above: float | None = None

    def is_bad(self, value: float) -> bool:
        """Whether a value is bad; what is no number is."""
        return (
            math.isnan(value)
            or (self.below is not None and value < self.below)
            or (self.above is not None and value > self.above)
        )


def validate_threshold(
    metric: str | None, below: float | None, above: float | None
) -> Threshold | None:
    """The threshold that is meant, if any. Raises InvalidValue where only half of it is said."""
    if metric is None:
        if below is None and above is None:
            return None
        raise InvalidValue("below and above need a metric; say which")
    if below is None and above is None:
        raise InvalidValue(f"say where {metric!r} is bad: below a number, or above one")
    return Threshold(metric, below, above)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Nodes of which it is known how they turned out, and runs that have not ended.

    Of the runs that have not ended, those that are stale are bad.
    """

    bad: tuple[Node, ...]
    good: tuple[Node, ...]
    open: tuple[Execution, ...] = ()


def outcomes(
    reader: Reader,
    bases: TypeIndex,
    bad: Sequence[Node],
    good: Sequence[Node],
    *,
    type: str | None = None,
    threshold: Threshold | None = None,
    context_id: int | None = None,
    as_of_ms: int | None = None,
    now_ms: int = 0,
) -> Outcomes:
    """Those given; and, of a type, by state or by a threshold.

    Where bad ones are given, no others are; where no good ones are given and no type, those of
    the types of the bad ones, in all versions, are looked at (without a threshold, every other
    artifact is good).
    Raises InvalidValue where it isn't said what is bad.
    """
    both = {key_of(node) for node in bad} & {key_of(node) for node in good}
    if both:
        named = ", ".join(sorted(n.label for n in bad if key_of(n) in both))
        raise InvalidValue(f"{named}: given as bad and as good; it can be only one of them")
    given = {key_of(node) for node in (*bad, *good)}
    others = [
        node
        for kind, ids in _types(bases, bad, good, type)
        for node in reader.find(kind, _within(reader, kind, Filter(type_ids=ids), context_id))
        if key_of(node) not in given and (as_of_ms is None or (node.created_ms or 0) <= as_of_ms)
    ]
    runs = [node for node in others if isinstance(node, Execution)]
    artifacts = [node for node in others if isinstance(node, Artifact)]
    found_bad: list[Node] = [run for run in runs if is_bad_run(run) or is_stale_run(run, now_ms)]
    found_good: list[Node] = [run for run in runs if is_good_run(run)]
    if artifacts and threshold is not None:
        for artifact, is_bad in judge(reader, bases, artifacts, threshold, as_of_ms=as_of_ms):
            (found_bad if is_bad else found_good).append(artifact)
    elif artifacts:
        if not bad:
            raise InvalidValue(
                f"which {artifacts[0].type} is bad? Name some, or give a metric and a number: "
                "metric='accuracy', below=0.8"
            )
        found_good += artifacts
    return Outcomes(
        bad=(*bad, *(() if bad else found_bad)),
        good=(*good, *(() if good else found_good)),
        open=tuple(run for run in runs if is_open_run(run)),
    )


def _within(reader: Reader, kind: Kind, where: Filter, context_id: int | None) -> Filter:
    return where if context_id is None else restrict_to_context(reader, kind, where, context_id)


def judge(
    reader: Reader,
    bases: TypeIndex,
    artifacts: Sequence[Artifact],
    threshold: Threshold,
    *,
    as_of_ms: int | None = None,
) -> list[tuple[Artifact, bool]]:
    """Those of which the metric was measured, each with whether it is bad.

    Raises NotFound for a metric that was measured of none.
    """
    values = read_measurements(reader, bases, artifacts, as_of_ms=as_of_ms)
    if artifacts:
        check_metric(reader, bases, threshold.metric, artifacts, values, "what is compared")
    return [
        (artifact, threshold.is_bad(some[threshold.metric].value))
        for artifact in artifacts
        if threshold.metric in (some := values[artifact.id or 0])
    ]


def _types(
    bases: TypeIndex, bad: Sequence[Node], good: Sequence[Node], type: str | None
) -> list[tuple[Kind, list[int]]]:
    if type is not None:
        return bases.of_either_kind(type)
    if not bad:
        raise InvalidValue("what is bad? Name nodes, or give a type: type='Train'")
    if good:
        return []
    names: dict[Kind, set[str]] = {}
    for node in bad:
        names.setdefault(node.kind, set()).add(node.type)
    return [(kind, bases.versions(kind, some)) for kind, some in names.items()]
