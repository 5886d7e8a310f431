"""Listings: filtered, ordered, in pages.

A page begins behind the last node of the page before, by the ordering field and the id, so that
what is recorded meanwhile moves nothing. Tokens have the wire's own form.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from typing import Any

from lineage.backends.base import Filter
from lineage.errors import InvalidValue, Unsupported
from lineage.model import Kind, Node
from lineage.server.mlmd.messages import ListOperationOptions, NextPageToken
from lineage.store.transactions import View

_FIELD = ListOperationOptions.OrderByField
_TIMES = {_FIELD.CREATE_TIME: "created_ms", _FIELD.LAST_UPDATE_TIME: "updated_ms"}
# What ML Metadata cuts every page at, whatever was asked for.
OLD_LIMIT = 100


def page(
    view: View, kind: Kind, options: Any, where: Filter, *, old_limits: bool = False
) -> tuple[list[Node], str]:
    """The nodes of one page among those of `where`, and the token of the next, empty at the end.

    With `old_limits` a page that was asked to be longer than 100 ends after 101 nodes, without a
    token, as there. Raises InvalidValue for options that say nothing sensible.
    """
    size = options.max_result_size
    if size <= 0:
        raise InvalidValue(f"max_result_size is required to be greater than 0, not {size}")
    order = options.order_by_field
    if order.field not in (*_TIMES, _FIELD.ID):
        raise InvalidValue("Unsupported field specified in ListOperationOptions")
    after = _decoded(options) if options.next_page_token else None
    found = _sorted(view, kind, options, where)
    if after is not None:
        found = [n for n in found if _behind(n, after, order)]
    if old_limits and size > OLD_LIMIT and len(found) > OLD_LIMIT + 1:
        return found[: OLD_LIMIT + 1], ""
    if len(found) <= size:
        return found, ""
    return found[:size], _token(found[size - 1], options)


def _sorted(view: View, kind: Kind, options: Any, where: Filter) -> list[Node]:
    if options.filter_query:
        raise InvalidValue("filter_query is not supported yet")
    found = view.reader.find(kind, where)
    order = options.order_by_field
    return sorted(found, key=lambda n: _key(n, order), reverse=not order.is_asc)


def _key(node: Node, order: Any) -> tuple[int, int]:
    assert node.id is not None
    field = _TIMES.get(order.field)
    return (getattr(node, field) if field else node.id, node.id)


def _behind(node: Node, after: tuple[int, int], order: Any) -> bool:
    key = _key(node, order)
    return key > after if order.is_asc else key < after


def _token(last: Node, options: Any) -> str:
    field, id = _key(last, options.order_by_field)
    token = NextPageToken(field_offset=field, id_offset=id, listed_ids=[id])
    token.set_options.CopyFrom(options)
    token.set_options.ClearField("next_page_token")
    return base64.urlsafe_b64encode(token.SerializeToString()).decode()


def _decoded(options: Any) -> tuple[int, int]:
    """The ordering field and the id of the last node of the page before."""
    try:
        content = base64.urlsafe_b64decode(options.next_page_token + "==")
        token = NextPageToken.FromString(content)
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


def found_by(view: View, kind: Kind, filters: Sequence[Filter]) -> list[Node]:
    """What any of the filters finds, each node once, by id."""
    found: dict[int | None, Node] = {}
    for where in filters:
        found.update((node.id, node) for node in view.reader.find(kind, where))
    return [found[id] for id in sorted(found, key=lambda id: id or 0)]


def matching(
    view: View, kind: Kind, query: str, *, among: Iterable[int] | None = None
) -> list[int]:
    """The ids of the nodes that a filter query holds for, of these or of all, ordered."""
    raise Unsupported("filter_query is not supported yet")
