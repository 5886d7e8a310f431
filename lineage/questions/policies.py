"""Which policies are in force, or were."""

from __future__ import annotations

from lineage.model import Policy
from lineage.model.times import Time, to_milliseconds
from lineage.rules.policies import get_recorded_ms, was_in_force
from lineage.session.snapshot import Snapshot


def list_policies(
    snapshot: Snapshot, *, as_of: Time | None = None, history: bool = False
) -> list[Policy]:
    """Return the policies in force (or at `as_of`), by name.

    With `history`, all their versions that were known by then, those replaced or dropped too.
    """
    at_ms = to_milliseconds(as_of)
    found = snapshot.reader.policies()
    if history:
        return [p for p in found if at_ms is None or get_recorded_ms(p) <= at_ms]
    return [p for p in found if was_in_force(p, at_ms)]
