"""Which marks stand, and on what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lineage.errors import InvalidValue
from lineage.model import Kind, Mark, Node
from lineage.model.times import Time, to_milliseconds
from lineage.rules.known_names import check_labels
from lineage.rules.marks import check_can_be_marked, is_standing, validate_label
from lineage.session.snapshot import Ref, Snapshot


def list_marks(
    snapshot: Snapshot,
    refs: Sequence[Ref],
    *,
    label: str | None = None,
    as_of: Time | None = None,
    history: bool = False,
) -> list[Mark]:
    """Return the marks that stand (or stood at `as_of`), on these nodes or on any, by id.

    With `history`, those that were lifted or have ended too.
    """
    at_ms = to_milliseconds(as_of)
    labels = None if label is None else [validate_label(label)]
    nodes = _ids(nodes_to_mark(snapshot, refs, "ask about")) if refs else None
    found = snapshot.reader.marks(labels=labels, nodes=nodes)
    if not found:
        check_labels(snapshot.reader, labels or ())
    if history:
        return [m for m in found if at_ms is None or m.recorded_ms <= at_ms]
    return [m for m in found if is_standing(m, snapshot.now_ms, at_ms)]


def nodes_to_mark(snapshot: Snapshot, refs: Sequence[Ref], verb: str) -> list[Node]:
    """Return the stored nodes that are meant, each of which can carry a mark.

    Raises
    ------
    InvalidValue
        Nothing was named, or a context was.
    """
    if not refs:
        raise InvalidValue(f"say what to {verb}: give at least one artifact or execution")
    # Whole nodes may be many, as from a list: they are looked up together.
    given = [ref for ref in refs if isinstance(ref, Node)]
    there = {
        (kind, node.id): node
        for kind, ids in _ids(given).items()
        for node in snapshot.reader.nodes(kind, ids)
    }
    nodes: list[Node] = []
    for ref in refs:
        key = (ref.kind, ref.id) if isinstance(ref, Node) else None
        nodes.append(there[key] if key in there else snapshot.resolve(ref))
        check_can_be_marked(nodes[-1])
    return nodes


def _ids(nodes: Iterable[Node]) -> Mapping[Kind, list[int]]:
    ids: dict[Kind, list[int]] = {}
    for node in nodes:
        if node.id is not None:
            ids.setdefault(node.kind, []).append(node.id)
    return ids
