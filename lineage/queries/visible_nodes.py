"""What the store keeps for itself in Neo4j is no part of the graph that an ad-hoc query sees.

Such nodes have no relationships, so only a pattern that may be a single node can meet them. These
get a label expression that leaves them out; every other text is sent as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lineage.errors import InvalidQuery
from lineage.opencypher.syntax import ast
from lineage.opencypher.syntax.ast_walk import walk_parts
from lineage.opencypher.syntax.parser import parse
from lineage.queries.node_labels import restrict_nodes

INTERNAL_LABELS = ("IdBlock", "LineageStore", "Note")
_HIDDEN = "&".join(f"!{label}" for label in INTERNAL_LABELS)
# Neo4j decodes these before it reads a query, so that it may read another than is read here.
ESCAPED = re.compile(r"\\u[0-9a-fA-F]{4}")


def hide_internal_nodes(text: str) -> str:
    """Return a query that does not see the store's own nodes, and is the same otherwise.

    Parameters
    ----------
    text: a query that Neo4j will run. One that can't be read here is returned as it is.

    Examples
    --------
    >>> hide_internal_nodes("MATCH (n) RETURN count(n)")
    'MATCH (n:!IdBlock&!LineageStore&!Note) RETURN count(n)'
    >>> hide_internal_nodes("MATCH (n:Model)-->(m) RETURN m")
    'MATCH (n:Model)-->(m) RETURN m'
    """
    if ESCAPED.search(text):
        return text
    try:
        query = parse(text)
    except InvalidQuery:
        return text
    hidden = [node for node in _single_nodes(query) if _may_be_internal(node.labels)]
    return restrict_nodes(text, [(node, _HIDDEN) for node in hidden])


def _single_nodes(query: ast.Query) -> Iterator[ast.NodePattern]:
    """Nodes of patterns that may be no more than one node."""
    for part in walk_parts(query):
        if isinstance(part, ast.PathPattern) and all(map(_may_be_nothing, part.elements)):
            yield from (e for e in part.elements if isinstance(e, ast.NodePattern))


def _may_be_nothing(element: ast.Element) -> bool:
    if isinstance(element, ast.NodePattern):
        return True
    if isinstance(element, ast.QuantifiedPattern):
        return element.minimum == 0
    return element.length is not None and element.length.minimum == 0


def _may_be_internal(labels: ast.LabelExpression | None) -> bool:
    return labels is None or any(_holds(labels, name) for name in INTERNAL_LABELS)


def _holds(labels: ast.LabelExpression, name: str) -> bool:
    """Whether a label expression may hold for a node with one label."""
    match labels.operator:
        case "is":
            return labels.name == name
        case "not":
            # What is negated may be any label that an expression gives.
            operand = labels.operands[0]
            return not _holds(operand, name) or operand.operator == "dynamic"
        case "and":
            return all(_holds(operand, name) for operand in labels.operands)
        case "or":
            return any(_holds(operand, name) for operand in labels.operands)
    return True
