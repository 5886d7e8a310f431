"""What is found while somebody types: references, names, uris, types, marks, then properties."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from lineage.errors import InvalidFilter, LineageError, NotFound
from lineage.filters.shorthand import parse_terms
from lineage.filters.tree import Attribute, Expression, Like, Predicate, Property, Wildcard, any_of
from lineage.model import Kind, Node, PropertyKind
from lineage.model.fields import ALL_OWN_FIELDS
from lineage.questions.node_json import node_to_json
from lineage.questions.node_search import Page
from lineage.store import Store

_FIELDS = {
    Kind.ARTIFACT: ("name", "uri", "external_id", "type"),
    Kind.EXECUTION: ("name", "external_id", "type"),
    Kind.CONTEXT: ("name", "external_id", "type"),
}
_SIGNS = ("=", "<", ">", "~")
# So many properties are looked at: each is one more condition on every node.
_MOST_PROPERTIES = 60


def search(store: Store, text: str, limit: int) -> dict[str, Any]:
    """Return the nodes that a text means, the likeliest first.

    A reference (`artifact:42`, `Model:churn`) comes first. `accuracy>0.9 type=Model` are terms as
    `lineage ls` takes them; other text is looked for in names, uris, external ids, types and the
    labels and reasons of marks, case not counting.
    """
    text = text.strip()
    if not text:
        return {"nodes": [], "complete": True}
    found: dict[tuple[Kind, int | None], tuple[int, Node, str]] = {}

    def add(node: Node, why: str, rank: int) -> None:
        key = (node.kind, node.id)
        if key not in found or rank < found[key][0]:
            found[key] = (rank, node, why)

    named = _resolve(store, text)
    if named is not None:
        add(named, "reference", -1)
    complete = True
    terms = _terms(text)
    for kind in Kind:
        if terms is not None:
            predicate = terms.get(kind)
        else:
            predicate = Predicate(kind, _contains(text, map(Attribute, _FIELDS[kind])))
        if predicate is None:
            continue
        page = _find(store, kind, predicate, limit)
        complete = complete and page.next_page_token is None
        for node in page:
            why, rank = ("terms", 2) if terms is not None else _rank(node, text)
            add(node, why, rank)
    if terms is None:
        for node, label in _marked(store, text, limit):
            add(node, f"mark {label}", 1)
    ranked = sorted(found.values(), key=lambda item: item[0])
    return {
        "nodes": [node_to_json(node, why=why) for _, node, why in ranked[:limit]],
        "complete": complete and len(ranked) <= limit,
    }


def search_properties(store: Store, text: str, limit: int) -> dict[str, Any]:
    """Return the nodes that have a text in one of their properties, and which of these it is."""
    text = text.strip()
    if not text or _terms(text) is not None:
        return {"nodes": [], "complete": True}
    names = [name for name in store.vocabulary().properties if name not in ALL_OWN_FIELDS]
    looked_at = names[:_MOST_PROPERTIES]
    operands = [
        Property(name, custom, PropertyKind.STRING)
        for name in looked_at
        for custom in (False, True)
    ]
    complete = len(looked_at) == len(names)
    nodes = []
    for kind in Kind if operands else ():
        predicate = Predicate(kind, _contains(text, operands))
        page = _find(store, kind, predicate, limit)
        complete = complete and page.next_page_token is None
        nodes += [node_to_json(node, why=_property(node, text)) for node in page]
    return {"nodes": nodes[:limit], "complete": complete and len(nodes) <= limit}


def _find(store: Store, kind: Kind, predicate: Predicate, limit: int) -> Page[Node]:
    try:
        return store.find(kind, where=predicate, order_by="id desc", page_size=limit)
    except NotFound:
        # No node of this kind has such a type or property; one of another kind may.
        return Page()


def _resolve(store: Store, text: str) -> Node | None:
    try:
        return store.get(text)
    except LineageError:
        # It is no reference, or of nothing: there is more to look at.
        return None


def _terms(text: str) -> dict[Kind, Predicate] | None:
    """A text as conditions on each kind that has what they are about; None where it is none."""
    words = text.split()
    if "://" in text or not all(any(sign in word for sign in _SIGNS) for word in words):
        return None
    terms: dict[Kind, Predicate] = {}
    for kind in Kind:
        try:
            predicate = parse_terms(words, kind)
        except InvalidFilter:
            continue
        if predicate is not None:
            terms[kind] = predicate
    return terms or None


def _contains(text: str, operands: Iterable[Attribute | Property]) -> Expression:
    pattern = (Wildcard.ANY, text, Wildcard.ANY)
    return any_of([Like(operand, pattern, ignore_case=True) for operand in operands])


def _rank(node: Node, text: str) -> tuple[str, int]:
    low, name = text.lower(), (node.name or "").lower()
    if name == low:
        return "name", 0
    if name.startswith(low) or name.rpartition("/")[2].startswith(low):
        return "name", 2
    if low in name:
        return "name", 3
    if low in (getattr(node, "uri", None) or "").lower():
        return "uri", 4
    return ("external id", 4) if low in (node.external_id or "").lower() else ("type", 5)


def _marked(store: Store, text: str, limit: int) -> Sequence[tuple[Node, str]]:
    low = text.lower()
    ids: dict[Kind, dict[int, str]] = {}
    for mark in store.marks():
        if low in mark.label.lower() or low in (mark.reason or "").lower():
            ids.setdefault(mark.kind, {})[mark.node_id] = mark.label
    found: list[tuple[Node, str]] = []
    with store.snapshot() as view:
        for kind, labels in ids.items():
            some = sorted(labels, reverse=True)[:limit]
            found += [(node, labels[node.id or 0]) for node in view.reader.nodes(kind, some)]
    return found


def _property(node: Node, text: str) -> str:
    low = text.lower()
    for name, value in {**node.custom_properties, **node.properties}.items():
        if isinstance(value, str) and low in value.lower():
            return name
    return "property"
