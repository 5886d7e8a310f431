"""What people write seeks: a pattern by a type's label gets the label whose properties are indexed.

Indexes are on `Artifact`, `Execution` and `Context`: an index of every type's own would be written
with every node. In `(d:Dataset {name: $name})` Neo4j would look at each `Dataset`; a node of that
type is an `Artifact`, and to say so lets it seek.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from lineage.backends.escaping import type_label
from lineage.errors import InvalidQuery
from lineage.model import Kind, Type
from lineage.opencypher.syntax import ast
from lineage.opencypher.syntax.ast_walk import walk_parts
from lineage.opencypher.syntax.parser import parse
from lineage.queries.node_labels import restrict_nodes
from lineage.queries.visible_nodes import ESCAPED

INDEXED = frozenset({"id", "name", "external_id", "uri", "digest"})
_KIND_LABELS = {kind.value.title(): kind for kind in Kind}


def add_kind_labels(text: str, read_types: Callable[[], Iterable[Type]]) -> str:
    """Return a query whose patterns by a type's label also have the label of the type's kind.

    Only patterns that ask for an indexed property are changed, and only where all types that have
    the label are of one kind: the answer is the same.

    Parameters
    ----------
    text: a query that Neo4j will run. One that can't be read here is returned as it is.
    read_types: reads the types of the store; called where the query has such a pattern.

    Examples
    --------
    >>> dataset = Type(kind="artifact", name="Dataset")
    >>> add_kind_labels("MATCH (d:Dataset {name: $name}) RETURN d", lambda: [dataset])
    'MATCH (d:Artifact&(Dataset) {name: $name}) RETURN d'
    """
    if ESCAPED.search(text):
        return text
    try:
        query = parse(text)
    except InvalidQuery:
        return text
    parts = list(walk_parts(query))
    asked = {
        part.subject.name
        for part in parts
        if isinstance(part, ast.Property)
        and part.key in INDEXED
        and isinstance(part.subject, ast.Variable)
    }
    nodes = [
        (part, label)
        for part in parts
        if isinstance(part, ast.NodePattern)
        and (label := _single_label(part)) is not None
        and (part.variable in asked or _has_key(part))
    ]
    if not nodes:
        return text
    kinds: dict[str, set[Kind]] = {}
    for type in read_types():
        kinds.setdefault(type_label(type.name), set()).add(type.kind)
    return restrict_nodes(
        text,
        [
            (node, next(iter(kinds[label])).value.title())
            for node, label in nodes
            if len(kinds.get(label, ())) == 1
        ],
    )


def _single_label(node: ast.NodePattern) -> str | None:
    """The label of a pattern that has just one, of a type."""
    labels = node.labels
    if labels is None or labels.operator != "is" or labels.name in _KIND_LABELS:
        return None
    return labels.name


def _has_key(node: ast.NodePattern) -> bool:
    return isinstance(node.properties, ast.MapLiteral) and any(
        key in INDEXED for key, _ in node.properties.items
    )
