"""One form for values, whoever made them, so that they can be compared.

The form is made of tuples and is hashable: ("node", labels, properties), ("list", items) … A number
keeps its type: 1 is not 1.0. Temporal values are text, as the kit writes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

from lineage.opencypher.values.entities import Node, Path, Relationship
from lineage.opencypher.values.kinds import Temporal

Form = Hashable

# The kit leaves out seconds that are zero.
_NO_SECONDS = re.compile(r"(?<=\d\d:\d\d):00(?=$|[Z+\-\[])")


def form_of(value: Any) -> Form:
    """The form of a value of the evaluator's, lists in their order."""

    def inner(value: Any) -> Form:
        if isinstance(value, Temporal):
            return text_form(temporal_text(str(value)))
        if isinstance(value, Node):
            return node_form(value.labels, map_form(value.properties, inner))
        if isinstance(value, Relationship):
            return "relationship", value.type, map_form(value.properties, inner)
        if isinstance(value, Path):
            steps = [
                (relationship.start == node, inner(relationship), inner(after))
                for node, relationship, after in zip(
                    value.nodes, value.relationships, value.nodes[1:], strict=False
                )
            ]
            return path_form(inner(value.nodes[0]), steps)
        if isinstance(value, list):
            return list_form(map(inner, value), in_order=True)
        if isinstance(value, Mapping):
            return map_form(value, inner)
        return scalar_form(value)

    return inner(value)


def temporal_text(text: str) -> str:
    """A temporal value's text as the kit writes it."""
    return _NO_SECONDS.sub("", text)


def scalar_form(value: Any) -> Form:
    """Null, booleans, numbers, strings and bytes."""
    if isinstance(value, str):
        return text_form(value)
    if isinstance(value, float):
        # Zero and its negative are equal.
        return "float", repr(value + 0.0)
    if value is None or isinstance(value, bool | int | bytes):
        return type(value).__name__, value
    raise TypeError(f"no form for a {type(value).__name__}")


def text_form(text: str) -> Form:
    """A string."""
    return "str", text


def list_form(items: Iterable[Form], *, in_order: bool) -> Form:
    """A list; where its order does not count, sorted somehow."""
    return "list", tuple(items) if in_order else tuple(sorted(items, key=_place))


def _place(form: Any) -> str:
    """The same for equal forms, whatever the order of a set."""
    if isinstance(form, frozenset):
        return repr(sorted(map(_place, form)))
    return repr(tuple(map(_place, form))) if isinstance(form, tuple) else repr(form)


def map_form(value: Mapping[str, Any], inner: Callable[[Any], Form]) -> Form:
    """A map."""
    return "map", frozenset((key, inner(item)) for key, item in value.items())


def node_form(labels: Iterable[str], properties: Form) -> Form:
    """A node: which one it is does not count."""
    return "node", frozenset(labels), properties


def path_form(start: Form, steps: Iterable[tuple[bool, Form, Form]]) -> Form:
    """A path: for each step whether it goes along, the relationship, and the next node."""
    return "path", start, tuple(steps)


def without_list_order(form: Any) -> Form:
    """The form with lists in an order that is the same for the same items."""
    if isinstance(form, frozenset):
        return frozenset(map(without_list_order, form))
    if not isinstance(form, tuple):
        return form  # type: ignore[no-any-return]
    if form and form[0] == "list":
        return list_form(map(without_list_order, form[1]), in_order=False)
    return tuple(map(without_list_order, form))
