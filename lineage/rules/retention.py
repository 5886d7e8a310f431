"""What retention rules keep.

A rule is about the live artifacts of a type (or base type), or about all. With `keep_last` or
`keep_days` it lets them **expire**, but for those that some rule about them keeps: the newest
`keep_last` of each series (`lineage.questions.versions`; by recorded time, then id), those
recorded in the last `keep_days` days, those in one of the contexts `keep_in` or in one below it,
those that a standing mark puts one of the labels `keep_labelled` on. A rule with only `keep_in` or
`keep_labelled` lets nothing expire; it protects.

What no rule lets expire stays for good.
"""

from __future__ import annotations

from lineage.errors import InvalidValue
from lineage.model import Retention
from lineage.rules.values import MAX_NAME_BYTES, checked_int64, checked_text


def checked_retention(rule: Retention) -> Retention:
    """The rule, or InvalidValue."""
    if rule.type is not None:
        checked_text(rule.type, "retention.type", MAX_NAME_BYTES)
    for field in ("keep_last", "keep_days"):
        value = getattr(rule, field)
        if value is not None and checked_int64(value, f"retention.{field}") < 1:
            raise InvalidValue(f"retention.{field} is {value}; it must be at least 1")
    for text in (*rule.keep_in, *rule.keep_labelled):
        checked_text(text, "a name in a retention rule", MAX_NAME_BYTES)
    if not (rule.keep_last or rule.keep_days or rule.keep_in or rule.keep_labelled):
        raise InvalidValue(
            "a retention rule keeps something: give keep_last, keep_days, keep_in or keep_labelled"
        )
    return rule


def lets_expire(rule: Retention) -> bool:
    """Whether a rule lets anything expire, or only protects."""
    return rule.keep_last is not None or rule.keep_days is not None
