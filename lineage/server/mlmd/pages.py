"""Listings: filtered, ordered, in pages.

A page begins behind the last node of the page before, by the ordering field and the id, so that
what is recorded meanwhile moves nothing. Tokens have the wire's own form.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Literal

from lineage.errors import InvalidValue
from lineage.filters.parser import parse_filter
from lineage.filters.tree import Predicate
from lineage.model import Kind, Node
from lineage.ports.filters import Filter, Order
from lineage.server.mlmd import values
from lineage.server.mlmd.messages import ListOperationOptions, NextPageToken
from lineage.session.snapshot import Snapshot

_FIELD = ListOperationOptions.OrderByField
_ORDERS: dict[int, Literal["id", "created", "updated"]] = {
    _FIELD.ID: "id",
    _FIELD.CREATE_TIME: "created",
    _FIELD.LAST_UPDATE_TIME: "updated",
}
# What ML Metadata cuts every page at, whatever was asked for.
OLD_LIMIT = 100


def page(
    view: Snapshot, kind: Kind, options: Any, where: Filter, *, old_limits: bool = False
) -> tuple[list[Node], str]:
    """The nodes of one page among those of `where`, and the token of the next, empty at the end.

    With `old_limits` a page that was asked to be longer than 100 ends after 101 nodes, without a
    token, as there. Raises InvalidValue for options that say nothing sensible.
    """
    size = options.max_result_size
    if size <= 0:
        raise InvalidValue(f"max_result_size is required to be greater than 0, not {size}")
    order = options.order_by_field
    if order.field not in _ORDERS:
        raise InvalidValue("Unsupported field specified in ListOperationOptions")
    cut = old_limits and size > OLD_LIMIT
    limit = OLD_LIMIT + 1 if cut else size
    found = view.reader.find(
        kind,
        replace(
            where,
            where=_condition(options.filter_query, kind) if options.filter_query else None,
            order=Order(_ORDERS[order.field], descending=not order.is_asc),
            after=_decode(options) if options.next_page_token else None,
            limit=limit + 1,
        ),
    )
    if len(found) <= limit:
        return found, ""
    return found[:limit], "" if cut else _token(found[limit - 1], options)


def match(
    view: Snapshot, kind: Kind, query: str, *, among: Iterable[int] | None = None
) -> list[int]:
    """The ids of the nodes that a filter query holds for, of these or of all, ordered."""
    found = view.reader.find(kind, Filter(where=_condition(query, kind)))
    wanted = None if among is None else set(among)
    return [n.id for n in found if n.id is not None and (wanted is None or n.id in wanted)]


def _condition(query: str | bytes, kind: Kind) -> Predicate:
    return parse_filter(values.text(query), kind, mlmd=True)


def _key(node: Node, order: Any) -> tuple[int, int]:
    assert node.id is not None
    offsets = {"id": node.id, "created": node.created_ms, "updated": node.updated_ms}
    return offsets[_ORDERS[order.field]] or 0, node.id


def _token(last: Node, options: Any) -> str:
    field, id = _key(last, options.order_by_field)
    token = NextPageToken(field_offset=field, id_offset=id, listed_ids=[id])
    token.set_options.CopyFrom(options)
    token.set_options.ClearField("next_page_token")
    return base64.urlsafe_b64encode(token.SerializeToString()).decode()


def _decode(options: Any) -> tuple[int, int]:
    """The ordering field and the id of the last node of the page before."""
    try:
        given = options.next_page_token
        padded = given + "=" * (-len(given) % 4)
        token = NextPageToken.FromString(base64.b64decode(padded, b"-_", validate=True))
    except Exception as error:
        raise InvalidValue(
            f"Failed to decode next page token {options.next_page_token[:60]!a}; "
            "give the one that the answer had"
        ) from error
    before, now = token.set_options.order_by_field, options.order_by_field
    if (before.field, before.is_asc) != (now.field, now.is_asc):
        raise InvalidValue(
            "ListOperationOptions mismatch between calls: the order is not that of the first page"
        )
    return token.field_offset, token.id_offset


def find_by(view: Snapshot, kind: Kind, filters: Sequence[Filter]) -> list[Node]:
    """What any of the filters finds, each node once, by id."""
    found: dict[int | None, Node] = {}
    for where in filters:
        found.update((node.id, node) for node in view.reader.find(kind, where))
    return [found[id] for id in sorted(found, key=lambda id: id or 0)]
