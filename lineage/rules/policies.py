"""What is a legal policy, which policies are in force, and what they say of a label.

A policy that is put again or dropped leaves its former version behind, which then has an end. So
of each name at most one version was in force at any time, and a question `as_of` a time goes by
the policies as they were known then.

A step stops a label only if it did its work: one that failed, was cancelled or has not ended stops
nothing. A run of which no state is known counts as done, and answers say that it is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import groupby

from lineage.model import BaseType, Context, ExecutionState, Kind, Policy
from lineage.model.type_catalog import is_called
from lineage.ports.reader import Reader
from lineage.rules.marks import validate_label
from lineage.rules.retention import validate_retention
from lineage.rules.series import validate_series
from lineage.rules.values import MAX_NAME_BYTES, validate_growing, validate_text

# In which states a step of a type that stops a label does so.
STOPPING_STATES = frozenset(
    {ExecutionState.COMPLETE, ExecutionState.CACHED, ExecutionState.UNKNOWN}
)


def validate_policy(policy: Policy) -> Policy:
    """The policy with its lists sorted and without repeats, or InvalidValue."""
    validate_text(policy.name, "policy.name", MAX_NAME_BYTES)
    for label in (*policy.stops, *(label for some in policy.forbids.values() for label in some)):
        validate_label(label)
    for name in (*policy.forbids, *(type for some in policy.stops.values() for type in some)):
        validate_text(name, "a name in a policy", MAX_NAME_BYTES)
    for field in ("recorded_ms", "ended_ms"):
        value = getattr(policy, field)
        if value is not None:
            validate_growing(value, f"policy.{field}")
    return policy.model_copy(
        update={
            "stops": _in_order(policy.stops),
            "forbids": _in_order(policy.forbids),
            "retention": tuple(map(validate_retention, policy.retention)),
            "series": tuple(map(validate_series, policy.series)),
        }
    )


def policies_in_force(reader: Reader, as_of_ms: int | None = None) -> list[Policy]:
    """The policies that are in force, or that were at a time, by name."""
    return [policy for policy in reader.policies() if was_in_force(policy, as_of_ms)]


def was_in_force(policy: Policy, as_of_ms: int | None) -> bool:
    """Whether this version was in force at a time; None asks about now.

    What has no end is in force now, whatever the clock says that recorded it.
    """
    if as_of_ms is None:
        return policy.ended_ms is None
    return get_recorded_ms(policy) <= as_of_ms and (
        policy.ended_ms is None or policy.ended_ms > as_of_ms
    )


def get_recorded_ms(policy: Policy) -> int:
    """Return when the store learned of a policy; 0 where it came without a time."""
    return policy.recorded_ms or 0


def next_version_at(versions: Iterable[Policy], now_ms: int) -> int:
    """When a new version begins: now, but after all others of its name."""
    return max([now_ms, *(max(get_recorded_ms(v) + 1, v.ended_ms or 0) for v in versions)])


def merge_policies(there: Iterable[Policy], given: Iterable[Policy]) -> list[Policy]:
    """The versions that a store has, and those given to it, as one history of each name.

    A given one replaces the one that was recorded at the same time; each ends when the next one
    begins, if it did not before.
    """
    by_key = {(p.name, get_recorded_ms(p)): p for p in (*there, *given)}
    found: list[Policy] = []
    for _, some in groupby(sorted(by_key.items()), lambda item: item[0][0]):
        versions = [policy for _, policy in some]
        for policy, after in zip(versions, [*versions[1:], None], strict=True):
            next_ms = None if after is None else get_recorded_ms(after)
            ends = [end for end in (policy.ended_ms, next_ms) if end is not None]
            found.append(
                policy.model_copy(
                    update={
                        "recorded_ms": get_recorded_ms(policy),
                        "ended_ms": min(ends) if ends else None,
                    }
                )
            )
    return found


def find_stopping_types(reader: Reader, policies: Iterable[Policy], label: str) -> list[int]:
    """Find the ids of the step types that stop a label; a name means a type, or a base type."""
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


def forbidden_labels(policies: Iterable[Policy], contexts: Sequence[Context]) -> list[str]:
    """The labels that policies forbid in any of these contexts."""
    return sorted(
        {
            label
            for policy in policies
            for pattern, labels in policy.forbids.items()
            if any(is_named_by(context, pattern) for context in contexts)
            for label in labels
        }
    )


def is_named_by(context: Context, pattern: str) -> bool:
    """Whether a policy that says so is about this context: by its name, or by type and name."""
    names = (context.name, context.label)
    # A name in which a pattern would see brackets is meant by itself, too.
    return any(name == pattern or fnmatchcase(name, pattern) for name in names)


def _in_order(lists: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(sorted(set(some))) for name, some in sorted(lists.items()) if some}
