"""Which types there are."""

from __future__ import annotations

from lineage.model import Kind, Type
from lineage.session.snapshot import Snapshot


def list_types(snapshot: Snapshot, kind: Kind | None = None) -> list[Type]:
    """Return all types, or those of one kind, ordered by kind, name and version."""
    found = [t for t in snapshot.reader.types() if kind is None or t.kind is kind]
    return sorted(found, key=lambda t: (list(Kind).index(t.kind), t.name, t.version or ""))
