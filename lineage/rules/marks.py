"""What is a legal mark, and which marks stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lineage.errors import InvalidValue
from lineage.model import Kind, Mark, Node
from lineage.ports.reader import Reader
from lineage.rules.values import (
    MAX_NAME_BYTES,
    MAX_URI_BYTES,
    validate_id,
    validate_int64,
    validate_text,
)


def is_standing(mark: Mark, now_ms: int, as_of_ms: int | None = None) -> bool:
    """Whether it stands, or stood at a time: recorded, neither lifted nor ended.

    What is in the store is known now, whatever the clock said that recorded it: the clocks of
    several machines differ.
    """
    if as_of_ms is None:
        return mark.lifted_ms is None and (mark.until_ms is None or mark.until_ms > now_ms)
    return (
        mark.recorded_ms <= as_of_ms
        and (mark.lifted_ms is None or mark.lifted_ms > as_of_ms)
        and (mark.until_ms is None or mark.until_ms > as_of_ms)
    )


def select_standing(
    reader: Reader,
    now_ms: int,
    as_of_ms: int | None = None,
    *,
    labels: Sequence[str] | None = None,
    nodes: Mapping[Kind, Sequence[int]] | None = None,
) -> list[Mark]:
    """The marks that stand, or that stood at a time, by id."""
    return [m for m in reader.marks(labels=labels, nodes=nodes) if is_standing(m, now_ms, as_of_ms)]


def validate_label(label: str) -> str:
    """The label, or InvalidValue."""
    if isinstance(label, str) and label != label.strip():
        raise InvalidValue(f"label {label!a} has blanks around it; leave them out")
    return validate_text(label, "label", MAX_NAME_BYTES)


def validate_labels(given: str | Iterable[str] | None) -> list[str]:
    """The labels that are asked about, each once; none where none is named. Raises InvalidValue."""
    if given is None:
        return []
    listed = [given] if isinstance(given, str) or not isinstance(given, Iterable) else given
    return list(dict.fromkeys(map(validate_label, listed)))


def validate_mark(mark: Mark) -> Mark:
    """The mark, or InvalidValue naming the field."""
    validate_label(mark.label)
    for field, limit in (
        ("reason", MAX_URI_BYTES),
        ("who", MAX_NAME_BYTES),
        ("lifted_reason", MAX_URI_BYTES),
        ("lifted_by", MAX_NAME_BYTES),
    ):
        value = getattr(mark, field)
        if value is not None:
            validate_text(value, f"mark.{field}", limit)
    for field in ("node_id", "time_ms", "until_ms", "recorded_ms", "lifted_ms"):
        value = getattr(mark, field)
        if value is not None:
            validate_int64(value, f"mark.{field}")
    if mark.id is not None:
        validate_id(mark.id, "mark.id")
    return mark


def check_can_be_marked(node: Node) -> None:
    """Raise InvalidValue for a context: a mark travels with data, which a context has none of."""
    if node.kind is Kind.CONTEXT:
        raise InvalidValue(
            f"{node.label} is a context; mark the artifacts and executions in it, or forbid it "
            "labels by a policy"
        )
