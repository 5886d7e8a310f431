"""The graph of a store in memory, with its indexes, and how a change of it is undone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import networkx as nx

from lineage.model import Kind, Mark, Node, Policy, Type

Key = tuple[Kind, int]


class State:
    """The graph with its indexes. Every change leaves its undoing in `undo`."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.graph: Any = nx.MultiDiGraph()
        self.types: dict[int, Type] = {}
        self.type_ids: dict[tuple[Kind, str, str | None], int] = {}
        self.ids: dict[Kind, dict[int, None]] = {kind: {} for kind in Kind}
        self.unique: dict[tuple[Any, ...], int] = {}
        self.shared: dict[tuple[Any, ...], dict[int, None]] = {}
        self.marks: dict[int, Mark] = {}
        self.policies: dict[tuple[str, int], Policy] = {}
        self.metadata: dict[str, str] = {}
        self.next_id: dict[str, int] = dict.fromkeys(("type", "mark", *Kind), 1)
        self.events = 0
        self.undo: list[Callable[[], object]] = []
        self.writing = False

    def put(self, mapping: dict[Any, Any], key: Any, value: Any) -> None:
        if key in mapping:
            old = mapping[key]
            self.undo.append(lambda: mapping.__setitem__(key, old))
        else:
            self.undo.append(lambda: mapping.pop(key))
        mapping[key] = value

    def drop(self, mapping: dict[Any, Any], key: Any) -> None:
        if key in mapping:
            old = mapping.pop(key)
            self.undo.append(lambda: mapping.__setitem__(key, old))

    def put_node(self, node: Node, place: str | None) -> None:
        """Put a node in; `place` is the one spelling of its uri."""
        key = (node.kind, node.id)
        attributes = self.graph.nodes.get(key)
        if attributes is None:
            self.graph.add_node(key, record=node, place=place)
            self.undo.append(lambda: self.graph.remove_node(key))
            self.put(self.ids[node.kind], node.id, None)
        else:
            old = attributes["record"]
            for unique in unique_keys(old):
                self.drop(self.unique, unique)
            for shared in list_shared_keys(old, attributes["place"]):
                self.drop(self.shared[shared], old.id)
            self.put(attributes, "record", node)
            self.put(attributes, "place", place)
        for unique in unique_keys(node):
            self.put(self.unique, unique, node.id)
        for shared in list_shared_keys(node, place):
            self.put(self.shared.setdefault(shared, {}), node.id, None)

    def drop_node(self, node: Node) -> None:
        """Take a node out, with its edges."""
        key = (node.kind, node.id)
        graph = self.graph
        edges = [*graph.out_edges(key, keys=True, data=True)]
        # An edge of a node with itself is in both lists.
        edges += [e for e in graph.in_edges(key, keys=True, data=True) if e[0] != key]
        attributes = dict(graph.nodes[key])
        graph.remove_node(key)

        def undo() -> None:
            graph.add_node(key, **attributes)
            graph.add_edges_from(edges)

        self.undo.append(undo)
        self.drop(self.ids[node.kind], node.id)
        for unique in unique_keys(node):
            self.drop(self.unique, unique)
        for shared in list_shared_keys(node, attributes["place"]):
            self.drop(self.shared[shared], node.id)

    def put_edge(self, source: Key, target: Key, key: tuple[str, ...], **attributes: Any) -> bool:
        if self.graph.has_edge(source, target, key):
            return False
        self.graph.add_edge(source, target, key, **attributes)
        self.undo.append(lambda: self.graph.remove_edge(source, target, key))
        return True


def unique_keys(node: Node) -> list[tuple[Any, ...]]:
    """What no other node may have."""
    keys: list[tuple[Any, ...]] = []
    if node.name is not None:
        keys.append((node.kind, "name", node.type_id, getattr(node, "version", None), node.name))
    if node.external_id is not None:
        keys.append((node.kind, "external_id", node.external_id))
    return keys


def list_shared_keys(node: Node, place: str | None) -> list[tuple[Any, ...]]:
    """List what several nodes may have, and is looked up by."""
    keys: list[tuple[Any, ...]] = [
        (node.kind, field, value)
        for field in ("name", "uri", "digest")
        if (value := getattr(node, field, None)) is not None
    ]
    if node.name is not None:
        keys.append((node.kind, "series", node.type_id, node.name))
    if place is not None:
        keys.append((node.kind, "place", node.type_id, place))
    return keys
