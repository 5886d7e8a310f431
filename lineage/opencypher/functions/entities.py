"""Functions of nodes, relationships and paths."""

from __future__ import annotations

from lineage.opencypher.errors import CypherTypeError
from lineage.opencypher.functions.registry import Context, function
from lineage.opencypher.values.entities import Node, Path, Relationship, Value
from lineage.opencypher.values.kinds import kind_of

_NODE = frozenset({"node"})
_RELATIONSHIP = frozenset({"relationship"})
_PATH = frozenset({"path"})
_ENTITY = _NODE | _RELATIONSHIP
_WITH_PROPERTIES = _ENTITY | {"map"}


def _path(value: Value, name: str) -> Path:
    if not isinstance(value, Path):
        raise CypherTypeError(f"{name}() takes a path, not a {kind_of(value)}")
    return value


def _relationship(value: Value, name: str) -> Relationship:
    if not isinstance(value, Relationship):
        raise CypherTypeError(f"{name}() takes a relationship, not a {kind_of(value)}")
    return value


def _entity(value: Value, name: str) -> Node | Relationship:
    if not isinstance(value, Node | Relationship):
        raise CypherTypeError(f"{name}() takes a node or a relationship, not a {kind_of(value)}")
    return value


@function("labels", 1, accepts=(_NODE,))
def labels(context: Context, value: Value) -> Value:
    """The labels of a node."""
    if not isinstance(value, Node):
        raise CypherTypeError(f"labels() takes a node, not a {kind_of(value)}")
    return list(value.labels)


@function("type", 1, accepts=(_RELATIONSHIP,))
def type_(context: Context, value: Value) -> Value:
    """The type of a relationship."""
    return _relationship(value, "type").type


@function("id", 1, accepts=(_ENTITY,))
def id_(context: Context, value: Value) -> Value:
    """A number that no other node (or no other relationship) has."""
    return _entity(value, "id").id


@function("elementId", 1, accepts=(_ENTITY,))
def element_id(context: Context, value: Value) -> Value:
    """The same as text."""
    return str(_entity(value, "elementId").id)


@function("startNode", 1, accepts=(_RELATIONSHIP,))
def start_node(context: Context, value: Value) -> Value:
    """Where a relationship begins."""
    return _relationship(value, "startNode").start


@function("endNode", 1, accepts=(_RELATIONSHIP,))
def end_node(context: Context, value: Value) -> Value:
    """Where a relationship ends."""
    return _relationship(value, "endNode").end


@function("properties", 1, accepts=(_WITH_PROPERTIES,))
def properties(context: Context, value: Value) -> Value:
    """The properties of a node or relationship as a map; a map as it is."""
    return value if isinstance(value, dict) else dict(_entity(value, "properties").properties)


@function("keys", 1, accepts=(_WITH_PROPERTIES,))
def keys(context: Context, value: Value) -> Value:
    """The names of the properties, or the keys of a map."""
    return list(value if isinstance(value, dict) else _entity(value, "keys").properties)


@function("length", 1, accepts=(_PATH,))
def length(context: Context, value: Value) -> Value:
    """How many relationships a path has."""
    return len(_path(value, "length"))


@function("nodes", 1, accepts=(_PATH,))
def nodes(context: Context, value: Value) -> Value:
    """The nodes of a path, in order."""
    return list(_path(value, "nodes").nodes)


@function("relationships", 1, accepts=(_PATH,))
@function("rels", 1, accepts=(_PATH,))
def relationships(context: Context, value: Value) -> Value:
    """The relationships of a path, in order."""
    return list(_path(value, "relationships").relationships)
