"""What is a legal mark, which marks stand, and what policies say of a label."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from lineage.backends.base import Reader
from lineage.errors import InvalidValue
from lineage.model import BaseType, Context, Kind, Mark, Node, Policy
from lineage.model.well_known import is_called
from lineage.rules.retention import checked_retention
from lineage.rules.values import (
    MAX_NAME_BYTES,
    MAX_URI_BYTES,
    checked_int64,
    checked_text,
)


def stands(mark: Mark, at_ms: int) -> bool:
    """Whether it was recorded by then, and had neither been lifted nor ended."""
    return (
        mark.recorded_ms <= at_ms
        and (mark.lifted_ms is None or mark.lifted_ms > at_ms)
        and (mark.until_ms is None or mark.until_ms > at_ms)
    )


def standing(
    reader: Reader,
    at_ms: int,
    *,
    labels: Sequence[str] | None = None,
    nodes: Mapping[Kind, Sequence[int]] | None = None,
) -> list[Mark]:
    """The marks that stood at a time, by id."""
    return [m for m in reader.marks(labels=labels, nodes=nodes) if stands(m, at_ms)]


def checked_label(label: str) -> str:
    """The label, or InvalidValue."""
    if isinstance(label, str) and label != label.strip():
        raise InvalidValue(f"label {label!a} has blanks around it; leave them out")
    return checked_text(label, "label", MAX_NAME_BYTES)


def checked_mark(mark: Mark) -> Mark:
    """The mark, or InvalidValue naming the field."""
    checked_label(mark.label)
    for field, limit in (
        ("reason", MAX_URI_BYTES),
        ("who", MAX_NAME_BYTES),
        ("lifted_reason", MAX_URI_BYTES),
        ("lifted_by", MAX_NAME_BYTES),
    ):
        value = getattr(mark, field)
        if value is not None:
            checked_text(value, f"mark.{field}", limit)
    for field in ("time_ms", "until_ms", "recorded_ms", "lifted_ms", "id"):
        value = getattr(mark, field)
        if value is not None:
            checked_int64(value, f"mark.{field}")
    return mark


def check_can_be_marked(node: Node) -> None:
    """Raise InvalidValue for a context: a mark travels with data, which a context has none of."""
    if node.kind is Kind.CONTEXT:
        raise InvalidValue(
            f"{node.label} is a context; mark the artifacts and executions in it, or forbid it "
            "labels by a policy"
        )


def checked_policy(policy: Policy) -> Policy:
    """The policy with its lists sorted and without repeats, or InvalidValue."""
    checked_text(policy.name, "policy.name", MAX_NAME_BYTES)
    for label in (*policy.stops, *(label for some in policy.forbids.values() for label in some)):
        checked_label(label)
    for name in (*policy.forbids, *(type for some in policy.stops.values() for type in some)):
        checked_text(name, "a name in a policy", MAX_NAME_BYTES)
    return policy.model_copy(
        update={
            "stops": _in_order(policy.stops),
            "forbids": _in_order(policy.forbids),
            "retention": tuple(map(checked_retention, policy.retention)),
        }
    )


def stopping_types(reader: Reader, policies: Iterable[Policy], label: str) -> list[int]:
    """The ids of the step types that stop a label; a name means a type, or a base type."""
    names = {name for policy in policies for name in policy.stops.get(label, ())}
    if not names:
        return []
    return [
        type.id
        for type in reader.types()
        if type.kind is Kind.EXECUTION and type.id is not None and is_called(type, names)
    ]


def unknown_step_types(reader: Reader, policy: Policy) -> list[str]:
    """The step types that a policy names and no execution type of the store has yet."""
    known = {base.value for base in BaseType if base.kind is Kind.EXECUTION}
    for type in reader.types():
        if type.kind is Kind.EXECUTION:
            known |= {type.name, type.label}
    return sorted({name for some in policy.stops.values() for name in some} - known)


def forbidden_labels(policies: Iterable[Policy], context: Context) -> list[str]:
    """The labels that policies forbid in a context."""
    names = (context.name, context.label)
    return sorted(
        {
            label
            for policy in policies
            for pattern, labels in policy.forbids.items()
            if any(name == pattern or fnmatchcase(name, pattern) for name in names)
            for label in labels
        }
    )


def _in_order(lists: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(sorted(set(some))) for name, some in sorted(lists.items()) if some}
