"""Finding by predicates: a statement of fixed fragments, into which values enter as parameters.

Keys of properties are computed by `naming` and enter as parameters too, by `n[$key]`.
"""

from __future__ import annotations

from typing import Any

from lineage.backends.escaping import custom_key, property_key
from lineage.filters.patterns import regular_expression, split_plain
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
    Property,
    Relation,
    Surely,
    join_words,
)
from lineage.model import Kind, PropertyKind
from lineage.model.values import INT64_MAX
from lineage.ports.filters import Filter

_LABELS = {kind: kind.capitalize() for kind in Kind}
_PATTERNS = {
    Relation.CONTEXT: "(n)-[:IN_CONTEXT]->({a}:Context)",
    Relation.PARENT: "(n)-[:CHILD_OF]->({a}:Context)",
    Relation.CHILD: "(n)<-[:CHILD_OF]-({a}:Context)",
    Relation.ARTIFACT: "(n)<-[:IN_CONTEXT]-({a}:Artifact)",
    Relation.EXECUTION: "(n)<-[:IN_CONTEXT]-({a}:Execution)",
    Relation.EVENT: "(n)-[{a}:INPUT|OUTPUT|PENDING_OUTPUT|UNKNOWN_EVENT]-()",
}
_FIELDS = frozenset(
    {"id", "type_id", "type", "name", "uri", "state", "external_id", "created", "updated"}
    | {"version", "digest"}
)
_EVENT_FIELDS = frozenset({"type", "time", "artifact_id", "execution_id"})
_KINDS = {
    PropertyKind.INT: "INTEGER",
    PropertyKind.DOUBLE: "FLOAT",
    PropertyKind.STRING: "STRING",
    PropertyKind.BOOL: "BOOLEAN",
}
_LIKES = {"is": "=", "starts": "STARTS WITH", "ends": "ENDS WITH", "contains": "CONTAINS"}
_SIGNS = {"!=": "<>"}


def statement(kind: Kind, where: Filter) -> tuple[str, dict[str, Any]]:
    """The Cypher that finds the nodes, with its parameters. Its column is `node`."""
    compiler = _Compiler()
    value = compiler.value
    source = f"(n:{_LABELS[kind]})"
    if where.context_id is not None:
        relation = "CHILD_OF" if kind is Kind.CONTEXT else "IN_CONTEXT"
        source = f"(:Context {{id: {value(where.context_id)}}})<-[:{relation}]-{source}"
    conditions = [
        f"n.{field} = {value(given)}"
        for field in ("name", "external_id", "uri", "state", "version", "digest")
        if (given := getattr(where, field)) is not None
    ]
    if where.place is not None:
        place = value(where.place)
        conditions.append(f"(n.uri = {place} OR n._place = {place})")
    if where.newest and kind is not Kind.CONTEXT:
        conditions.append(
            f"NOT EXISTS {{ MATCH (m:{_LABELS[kind]}) WHERE m.type_id = n.type_id "
            "AND m.name = n.name AND m.version > n.version }"
        )
    if where.type_ids is not None:
        conditions.append(f"n.type_id IN {value(list(where.type_ids))}")
    descending = where.order.descending or where.newest_first
    if where.after_id is not None:
        conditions.append(f"n.id {'<' if descending else '>'} {value(where.after_id)}")
    if where.where is not None:
        conditions += [compiler.part(part) for part in where.where.parts()]
    conditions += _beyond(where, descending, compiler)
    limit = value(INT64_MAX if where.limit is None else where.limit)
    way, field = " DESC" if descending else "", where.order.field
    keys = ["n.id"] if field == "id" else [f"n.{field} IS NOT NULL", f"n.{field}", "n.id"]
    text = (
        f"MATCH {source}\n"
        + (f"WHERE {join_words(conditions, 'AND')}\n" if conditions else "")
        + f"RETURN properties(n) AS node\nORDER BY {', '.join(key + way for key in keys)}\n"
        + f"LIMIT {limit}"
    )
    return text, compiler.parameters


def _beyond(where: Filter, descending: bool, compiler: _Compiler) -> list[str]:
    """The condition for what comes after `where.after`."""
    if where.after is None:
        return []
    (found, id), column = where.after, f"n.{where.order.field}"
    sign = "<" if descending else ">"
    if where.order.field == "id":
        return [f"n.id {sign} {compiler.value(id)}"]
    same = f"{column} IS NULL" if found is None else f"{column} = {compiler.value(found)}"
    further = [f"{same} AND n.id {sign} {compiler.value(id)}"]
    if found is not None:
        further.append(f"{column} {sign} {compiler.value(found)}")
    if (found is None) is not descending:
        further.append(f"{column} IS {'NULL' if found is not None else 'NOT NULL'}")
    return [f"({' OR '.join(further)})"]


class _Compiler:
    """Conditions of one statement, with its parameters."""

    def __init__(self) -> None:
        self.parameters: dict[str, Any] = {}

    def value(self, value: Any) -> str:
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f"${name}"

    def part(self, part: Part) -> str:
        """A condition on `n`."""
        names: dict[Alias | None, str] = {None: "n"}
        patterns = []
        for at, alias in enumerate(part.aliases):
            name = names[alias] = f"a{at}"
            # A clause each: inside one, two patterns can't take the same relationship.
            patterns.append(f"MATCH {_PATTERNS[alias.relation].format(a=name)}")
        condition = self._cypher(part.condition, names)
        if not patterns:
            return condition
        return f"EXISTS {{ {' '.join(patterns)} WHERE {condition} }}"

    def _cypher(self, expression: Expression, names: dict[Alias | None, str]) -> str:
        match expression:
            case Attribute(field, of):
                known = _EVENT_FIELDS if of and of.relation is Relation.EVENT else _FIELDS
                assert field in known
                return f"{names[of]}.{field}"
            case Property():
                return self._property(expression)
            case Constant(value):
                return self.value(value)
            case Arithmetic(sign, left, right):
                return self._arithmetic(sign, self._cypher(left, names), self._cypher(right, names))
            case Comparison(sign, left, right):
                a, b = self._cypher(left, names), self._cypher(right, names)
                return f"({a} {_SIGNS.get(sign, sign)} {b})"
            case Like():
                return self._like(expression, names)
            case In(value, options):
                return f"({self._cypher(value, names)} IN {self.value(list(options))})"
            case IsNull(value):
                return f"({self._cypher(value, names)} IS NULL)"
            case Has(name, custom):
                return f"({self._found(name, custom)} IS NOT NULL)"
            case Not(operand):
                return f"(NOT {self._cypher(operand, names)})"
            case Surely(operand):
                return f"coalesce({self._cypher(operand, names)}, false)"
            case And(operands):
                return join_words([self._cypher(o, names) for o in operands], "AND")
            case Or(operands):
                return join_words([self._cypher(o, names) for o in operands], "OR")

    def _found(self, name: str, custom: bool, *, struct: bool = True) -> str:
        """The value of a property, whatever its kind; without `struct`, NULL for a struct's text.

        A name may be declared and custom at once, and then has a key for each.
        """
        if custom:
            keys = [custom_key(name, declared=declared) for declared in (False, True)]
            owned = "{key} IN n._custom"
        else:
            keys, owned = [property_key(name)], "NOT {key} IN coalesce(n._custom, [])"
        if not struct:
            owned += " AND NOT {key} IN coalesce(n._struct, [])"
        named = [self.value(key) for key in dict.fromkeys(keys)]
        whens = (f"WHEN {owned.format(key=key)} THEN n[{key}]" for key in named)
        return f"CASE {' '.join(whens)} END"

    def _property(self, wanted: Property) -> str:
        # A list of one or none, so that what is computed is written only once.
        finite = " AND NOT isNaN(v)" if wanted.kind is PropertyKind.DOUBLE else ""
        found = self._found(wanted.name, wanted.custom, struct=False)
        return f"head([v IN [{found}] WHERE v IS :: {_KINDS[wanted.kind]} NOT NULL{finite}])"

    def _arithmetic(self, sign: str, a: str, b: str) -> str:
        b = f"toFloat({b})"
        if sign == "/":
            b = f"head([d IN [{b}] WHERE d <> 0])"
        return f"head([v IN [toFloat({a}) {sign} {b}] WHERE NOT isNaN(v)])"

    def _like(self, like: Like, names: dict[Alias | None, str]) -> str:
        value = self._cypher(like.value, names)
        simple = split_plain(like.pattern)
        if simple is not None and not like.ignore_case:
            how, text = simple
            return f"({value} {_LIKES[how]} {self.value(text)})"
        flags = "(?i)" if like.ignore_case else ""
        return f"({value} =~ {self.value(flags + regular_expression(like.pattern))})"
