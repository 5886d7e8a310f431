"""What a graph has: its labels, relationship types and property keys, for `CALL db.labels()`.

They have names that no query can write: procedures are called, not functions.
"""

from __future__ import annotations

from lineage.opencypher.functions.registry import Context, function
from lineage.opencypher.values.entities import Value
from lineage.opencypher.values.graph import EndView

# By the name of a procedure in small letters: the column that it yields, and its function.
PROCEDURES = {
    "db.labels": ("label", "\0labels"),
    "db.relationshiptypes": ("relationshipType", "\0relationshipTypes"),
    "db.propertykeys": ("propertyKey", "\0propertyKeys"),
}
_ANY_END = EndView(None, False, frozenset())


@function("\0labels", 0)
def list_labels(context: Context) -> Value:
    """The labels that nodes have, in order."""
    graph, found = context.graph, set[str]()
    groups = graph.node_groups(None, frozenset())
    for node in graph.nodes(None) if groups is None else (node for node, _ in groups):
        context.budget.step()
        found.update(node.labels)
    return sorted(found)


@function("\0relationshipTypes", 0)
def list_relationship_types(context: Context) -> Value:
    """The types that relationships have, in order."""
    graph, found = context.graph, set[str]()
    groups = graph.relationship_groups(None, _ANY_END, _ANY_END)
    for one in graph.relationships(None) if groups is None else (one for one, _ in groups):
        context.budget.step()
        found.add(one.type)
    return sorted(found)


@function("\0propertyKeys", 0)
def list_property_keys(context: Context) -> Value:
    """The keys of the properties of nodes and relationships, in order."""
    found: set[str] = set()
    for node in context.graph.nodes(None):
        context.budget.step()
        found.update(node.properties)
    for relationship in context.graph.relationships(None):
        context.budget.step()
        found.update(relationship.properties)
    return sorted(found)
