"""Predicates as SQL: fixed fragments, into which values enter only as parameters."""

from __future__ import annotations

import json
from typing import Any

from lineage.filters.patterns import split_plain, write_pattern
from lineage.filters.tree import (
    Alias,
    And,
    Arithmetic,
    Attribute,
    Comparison,
    Constant,
    Expression,
    Has,
    In,
    IsNull,
    Like,
    Not,
    Or,
    Part,
    Predicate,
    Property,
    Relation,
    Surely,
    join_words,
    walk,
)
from lineage.model import Kind, PropertyKind
from lineage.model.fields import ALL_OWN_FIELDS

# The node is n. A neighbour is a0, a1 …, and what leads to it a0m.
_MEMBERSHIP = (
    "membership {a}m JOIN context {a} ON {a}.id = {a}m.context_id",
    "{a}m.node_id",
    "{a}m.kind = '{kind}'",
)
_MEMBER = (
    "membership {a}m JOIN {target} {a} ON {a}.id = {a}m.node_id",
    "{a}m.context_id",
    "{a}m.kind = '{target}'",
)
_FAMILY = (
    "parent {a}m JOIN context {a} ON {a}.id = {a}m.{there}_id",
    "{a}m.{here}_id",
    "",
)
_EVENT = ("event {a}", "{a}.{kind}_id", "")

# By relation: what is joined, the column with the node's id, and what else must hold.
_JOINS: dict[Relation, tuple[tuple[str, str, str], dict[str, str]]] = {
    Relation.CONTEXT: (_MEMBERSHIP, {}),
    Relation.ARTIFACT: (_MEMBER, {"target": "artifact"}),
    Relation.EXECUTION: (_MEMBER, {"target": "execution"}),
    Relation.PARENT: (_FAMILY, {"there": "parent", "here": "child"}),
    Relation.CHILD: (_FAMILY, {"there": "child", "here": "parent"}),
    Relation.EVENT: (_EVENT, {}),
}
_EVENT_FIELDS = ("type", "time", "artifact_id", "execution_id")
_INFINITY = 9e999


class Compiler:
    """Conditions of one statement, with their parameters in the order of the text."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self.values: list[Any] = []

    def predicate(self, predicate: Predicate) -> list[str]:
        """Conditions on `n`, all of which must hold."""
        return [self._part(part) for part in predicate.parts()]

    def _part(self, part: Part) -> str:
        if not part.aliases:
            return self._sql(part.condition, {None: "n"})
        names: dict[Alias | None, str] = {None: "n"}
        sources, conditions, columns = [], [], []
        for at, alias in enumerate(part.aliases):
            name = names[alias] = f"a{at}"
            (source, column, condition), words = _JOINS[alias.relation]
            words = {"a": name, "kind": str(self._kind), **words}
            sources.append(source.format(**words))
            columns.append(column.format(**words))
            if condition:
                conditions.append(condition.format(**words))
        if any(_speaks_of_node(part.condition)):
            sources.append(f"{self._kind} n")
            columns.append("n.id")
        conditions += [f"{column} = {columns[0]}" for column in columns[1:]]
        conditions.append(self._sql(part.condition, names))
        return (
            f"n.id IN (SELECT {columns[0]} FROM {' JOIN '.join(sources)} "
            f"WHERE {' AND '.join(conditions)})"
        )

    def _sql(self, expression: Expression, names: dict[Alias | None, str]) -> str:
        match expression:
            case Attribute(field, of):
                return _column(field, of, names[of])
            case Property():
                return self._property(expression)
            case Constant(value):
                return self._value(value)
            case Arithmetic(sign, left, right):
                a, b = self._sql(left, names), self._sql(right, names)
                return f"(CAST({a} AS REAL) {sign} CAST({b} AS REAL))"
            case Comparison(sign, left, right):
                a, b = self._sql(left, names), self._sql(right, names)
                return f"({a} {sign} {b})"
            case Like():
                return self._like(expression, names)
            case In(value, options):
                found = self._sql(value, names)
                if any(isinstance(o, float) and o in (_INFINITY, -_INFINITY) for o in options):
                    return f"({found} IN ({', '.join(map(self._value, options))}))"
                plain_options = [int(o) if isinstance(o, bool) else o for o in options]
                self.values.append(json.dumps(plain_options, ensure_ascii=False))
                return f"({found} IN (SELECT value FROM json_each(?)))"
            case IsNull(value):
                return f"({self._sql(value, names)} IS NULL)"
            case Has(name, custom):
                column = _properties(custom)
                self.values.append(name)
                return f"EXISTS (SELECT 1 FROM json_each({column}) WHERE key = ?)"
            case Not(operand):
                return f"(NOT {self._sql(operand, names)})"
            case Surely(operand):
                return f"coalesce({self._sql(operand, names)}, 0)"
            case And(operands):
                return join_words([self._sql(o, names) for o in operands], "AND")
            case Or(operands):
                return join_words([self._sql(o, names) for o in operands], "OR")

    def _value(self, value: Any) -> str:
        self.values.append(value)
        return "?"

    def _property(self, wanted: Property) -> str:
        column = _properties(wanted.custom)
        path = _path(wanted.name)
        if path is None:
            # A name that no path can say is looked up by itself.
            self.values.append(wanted.name)
            inner = _BY_KIND[wanted.kind].format(type="type", value="value", double="value")
            if wanted.kind is PropertyKind.DOUBLE:
                inner = _DOUBLE_OF_ROW
            return f"(SELECT {inner} FROM json_each({column}) WHERE key = ?)"
        text = _BY_KIND[wanted.kind].format(
            type=f"json_type({column}, ?)",
            value=f"json_extract({column}, ?)",
            double=f"json_extract({column}, ?)",
        )
        paths = [path] * text.count("?")
        if wanted.kind is PropertyKind.DOUBLE:
            paths[-1] = f'{path}."$double"'
        self.values += paths
        return text

    def _like(self, like: Like, names: dict[Alias | None, str]) -> str:
        value = self._sql(like.value, names)
        simple = split_plain(like.pattern)
        if like.ignore_case:
            escape = {c: f"\\{c}" for c in "\\%_"}
            self.values.append(write_pattern(like.pattern, any="%", one="_", escape=escape))
            return f"({value} LIKE ? ESCAPE '\\')"
        if simple is not None and simple[0] == "is":
            return f"({value} = {self._value(simple[1])})"
        self.values.append(
            write_pattern(like.pattern, any="*", one="?", escape={c: f"[{c}]" for c in "*?["})
        )
        return f"({value} GLOB ?)"


_DOUBLE_OF_ROW = (
    "CASE type WHEN 'real' THEN value WHEN 'object' THEN "
    "CASE json_extract(value, '$.\"$double\"') "
    "WHEN 'inf' THEN 9e999 WHEN '-inf' THEN -9e999 END END"
)
_BY_KIND = {
    PropertyKind.INT: "(CASE {type} WHEN 'integer' THEN {value} END)",
    PropertyKind.STRING: "(CASE {type} WHEN 'text' THEN {value} END)",
    PropertyKind.BOOL: "(CASE {type} WHEN 'true' THEN 1 WHEN 'false' THEN 0 END)",
    PropertyKind.DOUBLE: (
        "(CASE {type} WHEN 'real' THEN {value} WHEN 'object' THEN "
        "CASE {double} WHEN 'inf' THEN 9e999 WHEN '-inf' THEN -9e999 END END)"
    ),
}


def _properties(custom: bool) -> str:
    return "n.custom_properties" if custom else "n.properties"


def _path(name: str) -> str | None:
    """The JSON path of a property; None where SQLite's paths can't say the name."""
    if '"' in name or "\\" in name or any(c < " " for c in name):
        return None
    return f'$."{name}"'


def _column(field: str, of: Alias | None, name: str) -> str:
    if of is not None and of.relation is Relation.EVENT:
        assert field in _EVENT_FIELDS
        return f"{name}.{field}"
    if field == "type":
        return f"(SELECT name FROM type WHERE id = {name}.type_id)"
    assert field in ALL_OWN_FIELDS
    return f"{name}.{field}"


def _speaks_of_node(expression: Expression) -> list[bool]:
    return [
        isinstance(part, Property | Has) or (isinstance(part, Attribute) and part.of is None)
        for part in walk(expression)
    ]
