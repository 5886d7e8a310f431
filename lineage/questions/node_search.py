"""Find nodes: by fields, by a filter expression, in an order, page by page."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, TypeVar

from lineage.errors import InvalidValue, UnknownType
from lineage.model import Kind, Node
from lineage.model.values import INT64_MAX
from lineage.ports.filters import Filter, Order
from lineage.questions.answer import Rows
from lineage.rules.known_names import check_filter
from lineage.rules.membership import restrict_to_context
from lineage.rules.values import format_value, is_text, validate_int64
from lineage.session.batch_builder import validate_state
from lineage.session.snapshot import Snapshot

if TYPE_CHECKING:
    from lineage.filters.tree import Predicate

N = TypeVar("N")

_FIELDS: dict[str, Literal["id", "created", "updated", "name"]] = {
    "id": "id",
    "created": "created",
    "updated": "updated",
    "name": "name",
}
_STORED = {"created": "created_ms", "updated": "updated_ms", "name": "name", "id": "id"}


class Page(Rows[N]):
    """Nodes that were found. `next_page_token` leads to the next ones, and is None at the end."""

    def __init__(self, nodes: Iterable[N] = (), next_page_token: str | None = None) -> None:
        super().__init__(nodes)
        self.next_page_token = next_page_token


def find_nodes(
    snapshot: Snapshot,
    kind: Kind,
    where: str | Predicate | None = None,
    type: str | None = None,
    name: str | None = None,
    external_id: str | None = None,
    uri: str | None = None,
    state: str | None = None,
    context: int | str | None = None,
    order_by: str | None = None,
    page_size: int | None = None,
    page_token: str | None = None,
    after_id: int | None = None,
    limit: int | None = None,
    newest_first: bool = False,
    direct: bool = False,
    newest_versions: bool = False,
) -> Page[Node]:
    """Return the nodes of a kind for which everything given holds; see `Store.find`.

    Raises
    ------
    InvalidFilter, InvalidValue
        What is asked for can't be.
    UnknownType, NotFound
        There is no such type, or no such context; or a filter that nothing passes names a type, a
        property or a context that isn't there.
    """
    order = _order(order_by, newest_first)
    for field_name, number in (("limit", limit), ("page_size", page_size), ("after_id", after_id)):
        if number is not None:
            validate_int64(number, field_name)
            if number < 0 and field_name != "after_id":
                raise InvalidValue(f"{field_name} is {number}; it can't be negative")
    if page_size is not None and limit is not None:
        raise InvalidValue("give limit or page_size, not both")
    if page_size == 0:
        raise InvalidValue("page_size is 0; it must be at least 1")
    predicate = _predicate(where, kind)
    # Non-text values never match a name.
    if any(text is not None and not is_text(text) for text in (name, external_id, uri)):
        return Page()
    if state is not None:
        state = validate_state(kind, state)
    type_ids = None if type is None else _types_called(snapshot, kind, type)
    context_id = None if context is None else snapshot.resolve(context, Kind.CONTEXT).id
    question = (
        kind, predicate, type, name, external_id, uri, state, context_id, direct, order,
        newest_versions,
    )  # fmt: skip
    wanted = Filter(
        type_ids=type_ids,
        name=name,
        external_id=external_id,
        uri=uri,
        state=state,
        after_id=after_id,
        limit=limit if page_size is None else min(page_size, INT64_MAX - 1) + 1,
        newest_first=newest_first,
        newest=newest_versions,
        where=predicate,
        order=order,
        after=None if page_token is None else _read(page_token, question),
    )
    if context_id is not None:
        wanted = restrict_to_context(snapshot.reader, kind, wanted, context_id, direct=direct)
    found = snapshot.reader.find(kind, wanted)
    if not found and predicate is not None:
        check_filter(snapshot.reader, predicate)
    if page_size is None or len(found) <= page_size:
        return Page(found)
    return Page(found[:page_size], _write(found[page_size - 1], order, question))


def _order(text: str | None, newest_first: bool) -> Order:
    if text is None:
        return Order()
    if newest_first:
        raise InvalidValue("give order_by or newest_first, not both")
    words = text.split()
    ways = [w.lower() for w in words[1:]]
    if not words or words[0] not in _FIELDS or ways not in ([], ["asc"], ["desc"]):
        raise InvalidValue(
            f"order_by is {format_value(text)}; it can be {', '.join(_FIELDS)}, "
            "and ' desc' after it"
        )
    return Order(_FIELDS[words[0]], ways == ["desc"])


def _predicate(where: str | Predicate | None, kind: Kind) -> Predicate | None:
    if isinstance(where, str):
        # Heavy, and only of use to those who filter.
        from lineage.filters.parser import parse_filter

        return parse_filter(where, kind)
    if where is not None and where.kind is not kind:
        raise InvalidValue(f"where is a filter of {where.kind}s, and can't find {kind}s")
    return where


def _write(last: Node, order: Order, question: object) -> str:
    """The token that leads on after a node."""
    value = getattr(last, _STORED[order.field])
    text = json.dumps([_digest(question), value, last.id])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(token: str, question: object) -> tuple[int | str | None, int]:
    """Where a token leads on: the last value in the order, and the last id."""
    try:
        padded = token + "=" * (-len(token) % 4)
        digest, value, id = json.loads(base64.b64decode(padded, b"-_", validate=True))
    except (ValueError, TypeError, RecursionError, binascii.Error):
        raise InvalidValue(
            f"{format_value(token)} is no page token; give next_page_token of the page before"
        ) from None
    placed = isinstance(value, str | int | None) and isinstance(id, int)
    if digest != _digest(question) or not placed:
        raise InvalidValue(
            "the page token belongs to another question; ask the same as for the page before"
        )
    return value, id


def _digest(question: object) -> str:
    return hashlib.sha256(repr(question).encode()).hexdigest()[:16]


def _types_called(snapshot: Snapshot, kind: Kind, name: str) -> list[int]:
    """The ids of all versions of a type; `Name@version` is one of them."""
    if not is_text(name):
        raise UnknownType(
            f"there is nothing of a type {format_value(name)}; give the name of a type"
        )
    return snapshot.type_index.named(kind, name)
