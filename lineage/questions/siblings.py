"""Who else trained on the same data, and whether theirs did better.

The **data** of a model are the datasets (base type DATASET) upstream of it. A sibling is another
model, written by a training step (base type TRAIN, or of the type of the step that wrote the model
asked about) which that data reached without passing through a model. What was made of the model
itself by steps that train nothing (pushed, converted) is no sibling.

The **shared** dataset is the one of least distance from the model asked about that reached the
sibling's training. Where a training step of each read one and the same dataset, or copies of it
(equal digests, see `content`), they trained on the same data; else on data of the same origin.

Ranked by a metric (`metrics`): the best first, those without it last, by id where equal.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, ClassVar

from lineage.model import Artifact, BaseType, Execution, Kind, Node
from lineage.model.times import Time, to_milliseconds
from lineage.ports.filters import Filter
from lineage.ports.reader import Reader
from lineage.ports.traversal import Direction
from lineage.questions.answer import Answer
from lineage.questions.content import digest_of
from lineage.questions.deployments import pass_on
from lineage.questions.diff import better_than
from lineage.questions.metrics import (
    Measurement,
    check_metric,
    read_measurements,
    validate_direction,
)
from lineage.questions.node_json import node_to_json, to_json_value
from lineage.questions.subgraph import Key, Subgraph, build_subgraph, key_of, propagate_bits
from lineage.rules.digests import is_trivial
from lineage.rules.type_index import TypeIndex
from lineage.session.snapshot import Ref, Snapshot


@dataclass(frozen=True, slots=True)
class Sibling:
    """A model that shares data, the step that trained it, and how it did.

    `same_data`: a training step of each read the very same, not only data of the same origin.
    `better` is None where one of the two was not measured.
    """

    model: Artifact
    training: Execution
    shared: Artifact
    same_data: bool
    value: float | None
    better: bool | None

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return node_to_json(
            self.model,
            training=f"execution:{self.training.id}",
            shared=node_to_json(self.shared),
            same_data=self.same_data,
            value=to_json_value(self.value),
            better=self.better,
        )


@dataclass(frozen=True, slots=True)
class Siblings(Answer):
    """The siblings of a model, best first. `metric` is None where nothing was measured of it."""

    _main: ClassVar[str | None] = "siblings"

    model: Artifact
    metric: str | None
    higher_is_better: bool | None
    value: float | None
    rows: tuple[Sibling, ...]

    def __iter__(self) -> Iterator[Sibling]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def better(self) -> list[Sibling]:
        """Those that did better."""
        return [row for row in self.rows if row.better]

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON has it."""
        return {
            "model": node_to_json(self.model),
            "metric": self.metric,
            "higher_is_better": self.higher_is_better,
            "value": to_json_value(self.value),
            "siblings": [row.to_dict() for row in self.rows],
            "complete": True,
        }


def rank_siblings(
    snapshot: Snapshot,
    ref: Ref,
    *,
    metric: str | None = None,
    better: str | None = None,
    as_of: Time | None = None,
) -> Siblings:
    """Return the siblings of a model, ranked by a metric, and how each did beside it.

    Without `metric`, the one of the model's that most siblings have too, by name where equal.

    Raises
    ------
    NotFound, InvalidValue
        The model isn't there, is no artifact, or nothing has the metric.
    """
    if better is not None:
        validate_direction(better, metric or "")
    reader, as_of_ms = snapshot.reader, to_milliseconds(as_of)
    model = snapshot.artifact(ref)
    bases = TypeIndex(reader)
    found = list(_find(reader, bases, model, as_of_ms))
    values = read_measurements(
        reader, bases, [model, *(row.model for row in found)], as_of_ms=as_of_ms
    )
    of_model = values[model.id or 0]
    if metric is None:
        metric = _most_common(of_model, [values[row.model.id or 0] for row in found])
    else:
        compared = [model, *(row.model for row in found)]
        check_metric(reader, bases, metric, compared, values, f"{model.label} or a sibling")
    if metric is None:
        rows = [Sibling(*row.parts, None, None) for row in found]
        return Siblings(model, None, None, None, tuple(rows))
    higher = validate_direction(better, metric)
    own = of_model[metric].value if metric in of_model else None
    rows = []
    for row in found:
        some = values[row.model.id or 0]
        value = some[metric].value if metric in some else None
        rows.append(Sibling(*row.parts, value, better_than(own, value, higher)))
    rows.sort(key=lambda row: _rank(row.value, higher))
    return Siblings(model, metric, higher, own, tuple(rows))


@dataclass(frozen=True, slots=True)
class _Shares:
    model: Artifact
    training: Execution
    shared: Artifact
    same_data: bool

    @property
    def parts(self) -> tuple[Artifact, Execution, Artifact, bool]:
        return self.model, self.training, self.shared, self.same_data


def _find(
    reader: Reader, bases: TypeIndex, model: Artifact, as_of_ms: int | None
) -> Iterator[_Shares]:
    """All siblings, by the id of the model; each once, with its nearest shared dataset."""
    above = build_subgraph(reader, [model], Direction.UPSTREAM, as_of_ms=as_of_ms)
    trainings = _trainings(reader, bases, above)
    data = [
        a
        for a in _artifacts(reader, above.ids(Kind.ARTIFACT))
        if bases.of(a) is BaseType.DATASET and a.id != model.id
    ]
    copies = _copies(reader, bases, data)
    # The nearest first, each with its copies.
    alike = [(same, original) for original in data for same in (original, *copies[original.id])]
    originals = {key_of(same): original for same, original in alike}
    below = _downstream(reader, [same for same, _ in alike], above, as_of_ms)
    models = {
        key_of(a): a
        for a in _artifacts(reader, below.ids(Kind.ARTIFACT))
        if bases.of(a) is BaseType.MODEL
    }
    nearest = _nearest(originals, below, models.keys())
    read = {key for training in trainings for key in above.hops.get(key_of(training), ())}
    same = {key for key, original in originals.items() if key_of(original) in read}
    reads_same = {step for key in same for step in below.hops.get(key, ())}
    left_out = pass_on(reader, bases, [model], as_of_ms=as_of_ms)
    types = {training.type for training in trainings}
    best: dict[Key, _Shares] = {}
    for step in reader.nodes(
        Kind.EXECUTION, sorted(id for k, id in nearest if k is Kind.EXECUTION)
    ):
        if bases.of(step) is not BaseType.TRAIN and step.type not in types:
            continue
        key = key_of(step)
        for made in below.hops.get(key, ()):
            if made not in models or made[1] in left_out or not isinstance(step, Execution):
                continue
            row = _Shares(models[made], step, nearest[key], key in reads_same)
            # A model may be written by several trainings.
            if made not in best or (row.same_data and not best[made].same_data):
                best[made] = row
    yield from (best[key] for key in sorted(best))


def _downstream(
    reader: Reader, data: Sequence[Artifact], above: Subgraph, as_of_ms: int | None
) -> Subgraph:
    """Everything downstream of the data, asked of what no other data leads to where that is all."""
    own = {key_of(a): 0 for a in data if key_of(a) in above.depths}
    led_to = {key for key, bits in propagate_bits(own, above.reversed()) if bits}
    first = [a for a in data if led_to.isdisjoint(above.hops.get(key_of(a), ()))]
    below = build_subgraph(reader, first, Direction.DOWNSTREAM, as_of_ms=as_of_ms)
    # In a circle each is led to by another.
    if all(key_of(a) in below.depths for a in data):
        return below
    return build_subgraph(reader, data, Direction.DOWNSTREAM, as_of_ms=as_of_ms)


def _trainings(reader: Reader, bases: TypeIndex, above: Subgraph) -> list[Node]:
    """The nearest steps of base type TRAIN upstream, else the steps that made the start."""
    steps = reader.nodes(Kind.EXECUTION, above.ids(Kind.EXECUTION))
    for candidates in ([s for s in steps if bases.of(s) is BaseType.TRAIN], steps):
        nearest = min((above.depths[key_of(step)] for step in candidates), default=None)
        if nearest is not None:
            return [step for step in candidates if above.depths[key_of(step)] == nearest]
    return []


def _copies(
    reader: Reader, bases: TypeIndex, data: Sequence[Artifact]
) -> Mapping[int | None, list[Artifact]]:
    """For each of `data` by id, the artifacts of its type with its digest; each copy once."""
    copies: dict[int | None, list[Artifact]] = {a.id: [] for a in data}
    originals: dict[tuple[str, tuple[str, str]], Artifact] = {}
    for artifact in data:
        digest = digest_of(artifact)
        if digest is not None and not is_trivial(":".join(digest)):
            originals.setdefault((artifact.type, digest), artifact)
    if originals:
        type_ids = bases.versions(Kind.ARTIFACT, {type for type, _ in originals})
        for other in reader.find(Kind.ARTIFACT, Filter(type_ids=type_ids)):
            if isinstance(other, Artifact) and other.id not in copies:
                digest = digest_of(other)
                if digest is not None and (other.type, digest) in originals:
                    copies[originals[other.type, digest].id].append(other)
    return copies


def _nearest(
    originals: Mapping[Key, Artifact], below: Subgraph, models: Set[Key]
) -> dict[Key, Artifact]:
    """What data reached without passing through a model, with the first dataset to reach it.

    `originals` has the nearest datasets first; each node is walked through once.
    """
    found: dict[Key, Artifact] = {}
    for start, original in originals.items():
        waiting = [start]
        while waiting:
            key = waiting.pop()
            if key not in found and key not in models:
                found[key] = original
                waiting += below.hops.get(key, ())
    return found


def _most_common(
    of_model: Mapping[str, Measurement], of_others: Sequence[Mapping[str, Measurement]]
) -> str | None:
    shared = Counter(name for some in of_others for name in some if name in of_model)
    return min(of_model, key=lambda name: (-shared[name], name), default=None)


def _rank(value: float | None, higher: bool) -> tuple[bool, float]:
    if value is None or math.isnan(value):
        return True, 0.0
    return False, -value if higher else value


def _artifacts(reader: Reader, ids: Sequence[int]) -> list[Artifact]:
    return [a for a in reader.nodes(Kind.ARTIFACT, ids) if isinstance(a, Artifact)]
