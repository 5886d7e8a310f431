"""Say which names are versions of one thing, as people do in a policy."""

from __future__ import annotations

from lineage import Policy, Series, Store


def declare_series(store: Store, *patterns: str) -> None:
    """Declare that names of these patterns are versions of one thing, whatever their type."""
    series = tuple(Series(pattern=pattern) for pattern in patterns or ("*-{version}",))
    store.put_policy(Policy(name="series", series=series))
