"""What retention rules keep.

A rule is about the live artifacts of a type (or base type), or about all. With `keep_last` or
`keep_days` it lets them **expire**, but for those that some rule about them keeps: the
`keep_last` of each series (`lineage.rules.series`) that were produced last (then by version), those
of which no other version is known where `keep_last` is given, those produced or changed in the last
`keep_days` days, those in one of the contexts `keep_in` or in one below it, those that a standing
mark puts one of the labels `keep_labelled` on. A rule with only
`keep_in` or `keep_labelled` lets nothing expire; it protects. These two also protect what is
ABANDONED or MARKED_FOR_DELETION: a hold is a hold, whoever gave the thing up.

When an artifact was **produced** last is when it was recorded that a step wrote it, or when it was
recorded itself, whichever is later: one that was deleted and is written again is new, and so is a
name that is used for each day's output. To have **changed** makes nothing the newer version, but
what somebody set something on, or put back by itself after it was deleted, is not old.

What no rule lets expire stays for good.
"""

from __future__ import annotations

from lineage.errors import InvalidValue
from lineage.model import Artifact, Retention
from lineage.rules.values import MAX_NAME_BYTES, validate_int64, validate_text


def validate_retention(rule: Retention) -> Retention:
    """The rule, or InvalidValue."""
    if rule.type is not None:
        validate_text(rule.type, "retention.type", MAX_NAME_BYTES)
    for field in ("keep_last", "keep_days"):
        value = getattr(rule, field)
        if value is not None and validate_int64(value, f"retention.{field}") < 1:
            raise InvalidValue(f"retention.{field} is {value}; it must be at least 1")
    for text in (*rule.keep_in, *rule.keep_labelled):
        validate_text(text, "a name in a retention rule", MAX_NAME_BYTES)
    if not (rule.keep_last or rule.keep_days or rule.keep_in or rule.keep_labelled):
        raise InvalidValue(
            "a retention rule keeps something: give keep_last, keep_days, keep_in or keep_labelled"
        )
    return rule


def lets_expire(rule: Retention) -> bool:
    """Whether a rule lets anything expire, or only protects."""
    return rule.keep_last is not None or rule.keep_days is not None


def production_time(artifact: Artifact, written_ms: int | None) -> int:
    """When it was produced last; `written_ms` is when it was last recorded that a step wrote it."""
    return max(artifact.created_ms or 0, written_ms or 0)


def age_start(artifact: Artifact, written_ms: int | None) -> int:
    """The time from which its days count."""
    return max(production_time(artifact, written_ms), artifact.updated_ms or 0)
