"""Reading what a search found."""

from __future__ import annotations

from collections.abc import Iterable

from lineage.model import Kind, Node
from lineage.ports.reader import Reader
from lineage.ports.traversal import Direction, SameContent
from lineage.questions.subgraph import Key


def nodes_of(reader: Reader, keys: Iterable[Key]) -> dict[Key, Node]:
    """The nodes with these keys, those that there are."""
    ids: dict[Kind, list[int]] = {}
    for kind, id in sorted(keys):
        ids.setdefault(kind, []).append(id)
    return {
        (kind, node.id): node
        for kind, some in ids.items()
        for node in reader.nodes(kind, some)
        if node.id is not None
    }


def upstream_of(
    reader: Reader,
    keys: Iterable[Key],
    as_of_ms: int | None,
    content: SameContent | None = None,
) -> set[Key]:
    """These nodes and everything upstream of them, whatever the barriers."""
    starts: dict[Kind, list[int]] = {}
    for kind, id in sorted(keys):
        starts.setdefault(kind, []).append(id)
    found = reader.propagate(starts, Direction.UPSTREAM, as_of_ms=as_of_ms, content=content)
    return {(kind, id) for _, kind, ids in found.passed for id in ids}
