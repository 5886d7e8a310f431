"""Values as the kit writes them: `(:A {n: 1})`, `[:T]`, `<(:A)-[:T]->()>`, lists, maps, scalars."""

from __future__ import annotations

import re
from typing import Any

from tools.tck.canonical import Form, list_form, map_form, node_form, path_form, scalar_form

_NUMBER = re.compile(r"-?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?|-?Inf|NaN")
_NAME = re.compile(r"[A-Za-z_]\w*|`[^`]*`")
_WORDS: dict[str, Any] = {"null": None, "true": True, "false": False}
_NOTHING = map_form({}, scalar_form)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def expected_form(text: str, *, lists_in_order: bool = True) -> Form:
    """The form of a cell of an expected table."""
    return _Reading(text, lists_in_order).whole()


def parameter_value(text: str) -> Any:
    """The plain value of a parameter: scalars, lists and maps."""
    return _plain(expected_form(text))


def _plain(form: Any) -> Any:
    kind, content = form
    if kind == "list":
        return [_plain(item) for item in content]
    if kind == "map":
        return {key: _plain(item) for key, item in content}
    return float(content) if kind == "float" else content


class _Reading:
    def __init__(self, text: str, lists_in_order: bool) -> None:
        self._text = text
        self._at = 0
        self._lists_in_order = lists_in_order

    def whole(self) -> Form:
        form = self._value()
        self._space()
        if self._at != len(self._text):
            raise ValueError(f"{self._text!r} goes on after its value")
        return form

    def _value(self) -> Form:
        self._space()
        match self._next():
            case "'":
                return scalar_form(self._string())
            case "[":
                return self._relationship() if self._text[self._at + 1] == ":" else self._list()
            case "{":
                return self._map()
            case "(":
                return self._node()
            case "<":
                return self._path()
        if found := _NUMBER.match(self._text, self._at):
            self._at = found.end()
            return scalar_form(_number(found[0]))
        return scalar_form(_WORDS[self._name()])

    def _string(self) -> str:
        self._take("'")
        said = ""
        while self._next() != "'":
            character = self._text[self._at]
            self._at += 1
            if character == "\\":
                following = self._text[self._at]
                self._at += 1
                character = _ESCAPES.get(following, following)
            said += character
        self._take("'")
        return said

    def _list(self) -> Form:
        self._take("[")
        items = []
        while not self._taken("]"):
            items.append(self._value())
            self._taken(",")
        return list_form(items, in_order=self._lists_in_order)

    def _map(self) -> Form:
        self._take("{")
        items = {}
        while not self._taken("}"):
            self._space()
            key = self._name()
            self._take(":")
            items[key] = self._value()
            self._taken(",")
        return map_form(items, lambda item: item)

    def _node(self) -> Form:
        self._take("(")
        labels = []
        while self._taken(":"):
            labels.append(self._name())
        properties = _NOTHING if self._taken(")") else self._map()
        if self._text[self._at - 1] != ")":
            self._take(")")
        return node_form(labels, properties)

    def _relationship(self) -> Form:
        self._take("[")
        self._take(":")
        type = self._name()
        if self._taken("]"):
            return "relationship", type, _NOTHING
        properties = self._map()
        self._take("]")
        return "relationship", type, properties

    def _path(self) -> Form:
        self._take("<")
        start = self._node()
        steps = []
        while not self._taken(">"):
            along = not self._taken("<")
            self._take("-")
            relationship = self._relationship()
            self._take("-")
            if along:
                self._take(">")
            steps.append((along, relationship, self._node()))
        return path_form(start, steps)

    def _space(self) -> None:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1

    def _next(self) -> str:
        return self._text[self._at] if self._at < len(self._text) else ""

    def _taken(self, what: str) -> bool:
        self._space()
        if self._text.startswith(what, self._at):
            self._at += len(what)
            return True
        return False

    def _take(self, what: str) -> None:
        if not self._taken(what):
            raise ValueError(f"{self._text!r} has no {what!r} at {self._at}")

    def _name(self) -> str:
        found = _NAME.match(self._text, self._at)
        if found is None:
            raise ValueError(f"{self._text!r} has no name at {self._at}")
        self._at = found.end()
        return found[0].strip("`")


def _number(text: str) -> float:
    if text.endswith("Inf"):
        return float(text)
    return float(text) if re.search(r"[.eEN]", text) else int(text)
