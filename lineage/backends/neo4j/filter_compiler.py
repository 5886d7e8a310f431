"""Finding by predicates: a statement of fixed fragments, into which values enter as parameters.

Keys of properties are computed by `naming` and enter as parameters too, by `n[$key]`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
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
from lineage.model.fields import ALL_GIVEN_FIELDS, ALL_OWN_FIELDS
from lineage.model.values import INT64_MAX, INT64_MIN
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
# What an index finds of every kind of node.
_KEYS = frozenset({"id", "name", "external_id"})
_EVENT_FIELDS = frozenset({"type", "time", "artifact_id", "execution_id"})
_KINDS = {
    PropertyKind.INT: "INTEGER",
    PropertyKind.DOUBLE: "FLOAT",
    PropertyKind.STRING: "STRING",
    PropertyKind.BOOL: "BOOLEAN",
}
_LIKES = {"is": "=", "starts": "STARTS WITH", "ends": "ENDS WITH", "contains": "CONTAINS"}
_SIGNS = {"!=": "<>"}


def compile_statements(kind: Kind, where: Filter) -> Iterator[tuple[str, dict[str, Any]]]:
    """Compile a filter to statements, which together find the nodes in order.

    What is not asked for is not in the text, so that an index finds what is. Nodes without a name
    are a statement of their own, since an index has no entry for them. Each is limited alone.

    Yields
    ------
    The Cypher of a statement, whose column is `node`, and its parameters.
    """
    if where.order.field != "name" or where.name is not None:
        yield _compile(kind, where, named=None)
        return
    descending = where.order.descending or where.newest_first
    for named in (True, False) if descending else (False, True):
        # What comes after a node in one part comes after all of the part before it.
        passed = where.after is not None and (where.after[0] is not None) is not named
        if passed and named is descending:
            continue
        yield _compile(kind, replace(where, after=None) if passed else where, named=named)


def _compile(kind: Kind, where: Filter, *, named: bool | None) -> tuple[str, dict[str, Any]]:
    """Compile to one statement. `named` tells which part of the order by name it is."""
    compiler = _Compiler()
    value = compiler.value
    source = f"(n:{_LABELS[kind]})"
    parts = [] if where.where is None else list(where.where.parts())
    if where.context_id is not None:
        relation = "CHILD_OF" if kind is Kind.CONTEXT else "IN_CONTEXT"
        source = f"(:Context {{id: {value(where.context_id)}}})<-[:{relation}]-{source}"
    seed = next(filter(_is_seed, parts), None) if where.context_id is None else None
    if seed is not None:
        parts.remove(seed)
        found = compiler.seed(seed, source)
    else:
        found = [f"MATCH {source}"]
    keyed = {
        field: given
        for field in ALL_GIVEN_FIELDS
        if field != "state" and (given := getattr(where, field)) is not None
    }
    conditions = [f"n.{field} = {value(given)}" for field, given in keyed.items()]
    if where.place is not None:
        place = value(where.place)
        conditions.append(f"(n.uri = {place} OR n._place = {place})")
    if where.state is not None:
        conditions.append(f"n.state = {value(where.state)}")
    if where.newest and kind is not Kind.CONTEXT:
        conditions.append(
            f"NOT EXISTS {{ MATCH (m:{_LABELS[kind]}) WHERE m.type_id = n.type_id "
            "AND m.name = n.name AND m.version > n.version }"
        )
    # Elsewhere the order comes from an index; what these find is sorted.
    is_small = bool(
        seed is not None
        or where.context_id is not None
        or where.place is not None
        or keyed.keys() - {"version"}
    )
    types = None if where.type_ids is None else list(dict.fromkeys(where.type_ids))
    by_type = not is_small and where.order.field == "id" and bool(types)
    if types is not None and len(types) == 1:
        conditions.append(f"n.type_id = {value(types[0])}")
    elif types is not None and not by_type:
        conditions.append(f"n.type_id IN {value(types)}")
    descending = where.order.descending or where.newest_first
    conditions += _after(where, descending, compiler)
    if named is not None:
        conditions.append(f"n.name IS {'NOT NULL' if named else 'NULL'}")
    if not is_small:
        conditions += _bounds(where, descending, compiler, named=named)
    conditions += [compiler.part(part) for part in parts]
    limit = value(INT64_MAX if where.limit is None else where.limit)
    field = where.order.field if named is not False else "id"
    keys = ["n.id"] if field == "id" else [f"n.{field}", "n.id"]
    # The first column of an index of two is the same in all; the server sees the order so.
    inner = keys
    if by_type:
        inner = ["n.type_id", *keys]
    elif not is_small and field == "id" and where.state is not None and named is None:
        inner = ["n.state", *keys]
    several = value(types) if by_type and types is not None and len(types) > 1 else None
    if several:
        conditions.insert(0, "n.type_id = type_id")
    if conditions:
        found.append(f"WHERE {join_words(conditions, 'AND')}")
    way = " DESC" if descending else ""

    def sort(keys: list[str]) -> str:
        return f"ORDER BY {', '.join(key + way for key in keys)}\nLIMIT {limit}"

    if several:
        found = [
            f"UNWIND {several} AS type_id\nCALL (type_id) {{",
            *found,
            f"RETURN n\n{sort(inner)}\n}}",
        ]
        inner = keys
    return "\n".join([*found, "RETURN properties(n) AS node", sort(inner)]), compiler.parameters


def _after(where: Filter, descending: bool, compiler: _Compiler) -> list[str]:
    """The conditions for what comes after `where.after_id` and `where.after`."""
    sign = "<" if descending else ">"
    conditions = []
    if where.after_id is not None:
        conditions.append(f"n.id {sign} {compiler.value(where.after_id)}")
    if where.after is None:
        return conditions
    found, id = where.after
    after = f"n.id {sign} {compiler.value(id)}"
    if where.order.field == "id" or found is None:
        return [*conditions, after]
    column, there = f"n.{where.order.field}", compiler.value(found)
    # A range that an index has, and what of its edge was seen.
    return [*conditions, f"{column} {sign}= {there}", f"({column} <> {there} OR {after})"]


def _bounds(
    where: Filter, descending: bool, compiler: _Compiler, *, named: bool | None
) -> list[str]:
    """A condition that always holds, so that the index of the order is walked."""
    edge = f"{'<=' if descending else '>='} {{}}"
    last = INT64_MAX if descending else INT64_MIN
    if where.order.field == "id" or named is False:
        if where.after_id is not None or (where.after is not None):
            return []
        return [f"n.id {edge.format(compiler.value(last))}"]
    if where.order.field == "name" or where.after is not None:
        return []
    return [f"n.{where.order.field} {edge.format(compiler.value(last))}"]


def _is_seed(part: Part) -> bool:
    """Whether a condition names a neighbour by what an index has."""
    if not part.aliases or any(alias.relation is Relation.EVENT for alias in part.aliases):
        return False
    condition = part.condition
    return any(
        isinstance(one, Comparison)
        and one.operator == "="
        and any(
            isinstance(key, Attribute) and key.of is not None and key.field in _KEYS
            and isinstance(other, Constant) and other.value is not None
            for key, other in ((one.left, one.right), (one.right, one.left))
        )
        for one in (condition.operands if isinstance(condition, And) else (condition,))
    )  # fmt: skip


class _Compiler:
    """Conditions of one statement, with its parameters."""

    def __init__(self) -> None:
        self.parameters: dict[str, Any] = {}

    def value(self, value: Any) -> str:
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f"${name}"

    def seed(self, part: Part, source: str) -> list[str]:
        """Clauses that find `n` from a neighbour that is named."""
        names, patterns = self._patterns(part)
        clauses = [f"MATCH {source}", *patterns]
        return [*clauses, f"WHERE {self._cypher(part.condition, names)}", "WITH DISTINCT n"]

    def part(self, part: Part) -> str:
        """A condition on `n`."""
        names, patterns = self._patterns(part)
        condition = self._cypher(part.condition, names)
        if not patterns:
            return condition
        return f"EXISTS {{ {' '.join(patterns)} WHERE {condition} }}"

    def _patterns(self, part: Part) -> tuple[dict[Alias | None, str], list[str]]:
        """The names of the aliases, and the clauses that find them."""
        names: dict[Alias | None, str] = {None: "n"}
        patterns = []
        for at, alias in enumerate(part.aliases):
            name = names[alias] = f"a{at}"
            # A clause each: inside one, two patterns can't take the same relationship.
            patterns.append(f"MATCH {_PATTERNS[alias.relation].format(a=name)}")
        return names, patterns

    def _cypher(self, expression: Expression, names: dict[Alias | None, str]) -> str:
        match expression:
            case Attribute(field, of):
                known = _EVENT_FIELDS if of and of.relation is Relation.EVENT else ALL_OWN_FIELDS
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
