"""Bring what an older version of Lineage recorded to the present form."""

from __future__ import annotations

from lineage.model import Artifact, Kind
from lineage.ports.filters import Filter
from lineage.rules.digests import find_digest
from lineage.rules.uris import normalize
from lineage.session.session import Session
from lineage.session.transaction import Transaction

_AT_ONCE = 1_000


def upgrade_store(session: Session) -> int:
    """Write what is missing, and return how many artifacts got their digest or place.

    The first write brings the backend's schema forward. Artifacts of before there were digests get
    theirs from the properties that are known to hold one, and the one spelling of their uri.
    """
    upgraded, after = 0, -1
    while True:
        last, count = session.transact(lambda tx, after=after: _upgrade_after(tx, after))  # type: ignore[misc]
        upgraded += count
        if last is None:
            return upgraded
        after = last


def _upgrade_after(transaction: Transaction, after: int) -> tuple[int | None, int]:
    found = transaction.reader.find(Kind.ARTIFACT, Filter(after_id=after, limit=_AT_ONCE))
    lacking = [node for node in found if isinstance(node, Artifact) and _lacks(node)]
    for artifact in lacking:
        transaction.builder.upsert_exact(artifact)
    transaction.apply()
    return (found[-1].id if found else None), len(lacking)


def _lacks(artifact: Artifact) -> bool:
    if artifact.digest is None and find_digest(artifact.custom_properties, artifact.properties):
        return True
    # The place is no field of an artifact: where it may be missing, it is written again.
    return artifact.uri is not None and normalize(artifact.uri) != artifact.uri
