"""Put policies in force, and take them out of it. Former versions stay in the history."""

from __future__ import annotations

from lineage.errors import NotFound
from lineage.model import Policy
from lineage.rules.known_names import describe_unknown
from lineage.rules.policies import (
    get_recorded_ms,
    next_version_at,
    policies_in_force,
    validate_policy,
    was_in_force,
)
from lineage.session.transaction import Transaction


def put_policy(transaction: Transaction, policy: Policy) -> Policy:
    """Make the policy of this name what is given; return it as stored."""
    checked, writer = validate_policy(policy), transaction.writer
    # Policies go with the types: whoever holds these holds those.
    writer.lock_types()
    versions = [there for there in writer.policies() if there.name == checked.name]
    before = [there for there in versions if was_in_force(there, None)]
    if before and _content(before[0]) == _content(checked):
        return before[0]
    begins = next_version_at(versions, transaction.clock())
    for there in before:
        writer.put_policy(there.model_copy(update={"ended_ms": begins}))
    put = checked.model_copy(update={"recorded_ms": begins, "ended_ms": None})
    writer.put_policy(put)
    return put


def drop_policy(transaction: Transaction, name: str) -> None:
    """Take a policy out of force.

    Raises
    ------
    NotFound
        No policy of that name is in force.
    """
    writer = transaction.writer
    writer.lock_types()
    there = policies_in_force(writer)
    found = [policy for policy in there if policy.name == name]
    if not found:
        known = [policy.name for policy in there]
        raise NotFound(describe_unknown("there is no policy", name, known))
    for policy in found:
        ended_ms = max(transaction.clock(), get_recorded_ms(policy))
        writer.put_policy(policy.model_copy(update={"ended_ms": ended_ms}))


def _content(policy: Policy) -> Policy:
    return policy.model_copy(update={"recorded_ms": None, "ended_ms": None})
