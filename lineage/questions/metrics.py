"""What was measured of a model: numbers by name.

They are the numbers among the properties of

- the model itself;
- artifacts of base type METRICS that a step wrote which wrote the model too;
- artifacts of base type METRICS that a step wrote which read the model and wrote none. Where such a
  step read several models, those under a path that begins with `baseline` were only compared with.

Of a struct, its leaves. Sizes (`bytes`, `rows` …) are no metrics. Where a name was measured more
than once, the newest artifact counts, and one that was measured counts before the model's own.

**Higher is better**, but for names with a word such as `loss`, `error`, `rmse`, `perplexity`,
`latency`; a leading `neg` turns that round, as in scikit-learn's `neg_mean_squared_error`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lineage.errors import InvalidValue
from lineage.model import Artifact, BaseType, Event, Flow, Kind
from lineage.ports.reader import Reader
from lineage.questions.run_facets import leaves
from lineage.rules.known_names import check_known_metric
from lineage.rules.type_index import TypeIndex

_SIZE_NAMES = """
    bytes size size_bytes file_size num_bytes rows columns num_rows num_columns num_examples
    span version"""
_LOWER_NAMES = """
    loss losses error errors err rmse mse mae mape smape msle rmsle logloss perplexity ppl wer
    cer fpr fnr eer fid brier ece nll bpc bpb latency time duration seconds cost deviance aic bic
    divergence entropy crossentropy regret distance misclassification"""
_SIZES = frozenset(_SIZE_NAMES.split())
_LOWER = frozenset(_LOWER_NAMES.split())
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


@dataclass(frozen=True, slots=True)
class Measurement:
    """A number that was measured of a model, and the artifact that says so."""

    name: str
    value: float
    source: Artifact


def higher_is_better(name: str) -> bool:
    """Whether more of a metric is better, by its name."""
    words = [word.lower() for word in _WORD.findall(name)]
    lower = any(word in _LOWER or word.endswith(("loss", "error")) for word in words)
    turned = bool(words) and words[0] in ("neg", "negative")
    return lower is turned


def validate_direction(better: str | None, metric: str) -> bool:
    """Whether higher is better: as said (`higher`, `lower`), else by the metric's name."""
    if better is None:
        return higher_is_better(metric)
    if better not in ("higher", "lower"):
        raise InvalidValue(f"better is {better!r}; say 'higher' or 'lower'")
    return better == "higher"


def read_measurements(
    reader: Reader, bases: TypeIndex, models: Sequence[Artifact], *, as_of_ms: int | None = None
) -> dict[int, dict[str, Measurement]]:
    """All that was measured of each of these models, by model id and name."""
    found: dict[int, dict[str, Measurement]] = {m.id: {} for m in models if m.id is not None}
    for model in models:
        if model.id is not None:
            found[model.id].update((m.name, m) for m in _numbers(model))
    around = _select_seen(reader.events(artifact_ids=list(found)), as_of_ms)
    events = _select_seen(
        reader.events(execution_ids=sorted({e.execution_id for e in around})), as_of_ms
    )
    ids = sorted({e.artifact_id for e in events})
    known = {n.id: n for n in reader.nodes(Kind.ARTIFACT, ids) if isinstance(n, Artifact)}
    steps: dict[int, list[Event]] = {}
    for event in events:
        steps.setdefault(event.execution_id, []).append(event)
    said = [
        (metrics, of)
        for some in steps.values()
        for metrics, of in _group_said(some, known, bases)
        if of in found
    ]
    for metrics, of in sorted(said):
        found[of].update((m.name, m) for m in _numbers(known[metrics]))
    return found


def check_metric(
    reader: Reader,
    bases: TypeIndex,
    metric: str,
    models: Sequence[Artifact],
    seen: Mapping[int, Mapping[str, Measurement]],
    of: str,
) -> None:
    """Raise NotFound for a metric that was measured of none of these models, by any time.

    `seen` is what had been measured of them by the time that is asked about.
    """
    if not any(metric in some for some in seen.values()):
        check_known_metric(metric, read_measurements(reader, bases, models).values(), of)


def _select_seen(events: Iterable[Event], as_of_ms: int | None) -> list[Event]:
    return [e for e in events if e.carries_data and e.is_known_at(as_of_ms)]


def _group_said(
    step: Sequence[Event], known: dict[int | None, Artifact], bases: TypeIndex
) -> list[tuple[int, int]]:
    """Pairs (metrics id, model id): of which models a step's metrics are."""
    written: list[Event] = []
    read: list[Event] = []
    metrics: list[int] = []
    for event in step:
        base = bases.of(known[event.artifact_id])
        if base is BaseType.MODEL:
            (written if event.type.flow is Flow.OUTPUT else read).append(event)
        elif base is BaseType.METRICS and event.type.flow is Flow.OUTPUT:
            metrics.append(event.artifact_id)
    if not metrics:
        return []
    models = written
    if not written:
        judged = [e for e in read if not (e.path and str(e.path[0]).startswith("baseline"))]
        models = judged or read
    return [(of, m.artifact_id) for of in metrics for m in models]


def numbers_of(artifact: Artifact) -> dict[str, float]:
    """Return the numbers that an artifact says were measured, by name; declared ones count."""
    return {measured.name: measured.value for measured in _numbers(artifact)}


def _numbers(artifact: Artifact) -> Iterable[Measurement]:
    for properties in (artifact.custom_properties, artifact.properties):
        for name, value in properties.items():
            for inner, leaf in leaves(value):
                dotted = f"{name}.{inner}" if inner else name
                if _is_number(leaf) and name.lower() not in _SIZES:
                    yield Measurement(dotted, leaf, artifact)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
