"""From the grammar's rules to the tree: one method for each rule, called as it is recognised."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from lark import Token, Transformer

from lineage.opencypher.errors import CypherSyntaxError, CypherUnsupported, shorten
from lineage.opencypher.syntax import ast
from lineage.opencypher.syntax.type_names import FORMS
from lineage.opencypher.syntax.value_tests import OPERATORS, ValueTests, find_position

Children = list[Any]

_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_ESCAPES = {
    "\\": "\\", "'": "'", '"': '"', "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t",
    "`": "`", "_": "\\_", "%": "\\%",
}  # fmt: skip
_INTEGER = re.compile(r"(0x[0-9a-fA-F]+|0o[0-7]+|[0-9]+)\Z", re.IGNORECASE)
_FLOAT = re.compile(r"(\d*\.\d+([eE][+-]?\d+)?|\d+[eE][+-]?\d+)\Z")


class _Bracketed(list[Any]):
    """The elements of a path in brackets, with the predicate that stands with them."""

    where: ast.Expression | None = None


def _read_form(arguments: Sequence[ast.Expression]) -> tuple[ast.Expression, ...]:
    """The arguments of normalize(), of which the second is a word."""
    match tuple(arguments):
        case (text, ast.Variable(name=form) as word) if form.upper() in FORMS:
            return text, ast.Literal(word.position, "string", form.upper())
        case (_, other):
            raise CypherSyntaxError(
                f"a normal form is one of {', '.join(sorted(FORMS))}", position=other.position
            )
    return tuple(arguments)


def _read_integer(token: Token) -> int:
    text = str(token.value)
    if _INTEGER.match(text) is None:
        raise CypherSyntaxError(
            f"{shorten(text)} is no number",
            detail="InvalidNumberLiteral",
            position=find_position(token),
        )
    prefix = text[:2].lower()
    if len(text) > 400:
        value = 2**64
    else:
        value = int(text, 16 if prefix == "0x" else 8 if prefix == "0o" else 10)
    # 2**63 is kept for a minus before it; without one the analysis refuses it.
    if value > 2**63:
        raise CypherSyntaxError(
            f"{shorten(text)} is beyond 64 bits",
            detail="IntegerOverflow",
            position=find_position(token),
        )
    return value


def _read_bound(token: Token | None) -> int | None:
    return None if token is None else _read_integer(token)


def _read_string(token: Token) -> str:
    def unescape(found: re.Match[str]) -> str:
        what = found[1]
        if len(what) > 1:
            code = int(what[1:], 16)
            if code <= 0x10FFFF:
                return chr(code)
        elif what in _ESCAPES:
            return _ESCAPES[what]
        detail = "InvalidUnicodeLiteral" if what[0] in "uU" else "UnexpectedSyntax"
        raise CypherSyntaxError(
            f"\\{what} is no escape that a string can have",
            detail=detail,
            position=find_position(token),
        )

    text = _ESCAPE.sub(unescape, str(token.value)[1:-1])
    # Two escaped halves of a character outside the basic plane are that character.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


class Builder(ValueTests, Transformer[Any, Any]):
    """Makes the tree of a query."""

    # --- Queries and clauses ---

    def start(self, c: Children) -> ast.Query:
        query: ast.Query = c[0]
        return query

    def union(self, c: Children) -> ast.Union:
        return ast.Union(find_position(c[1]), c[0], c[3], c[2] is not None)

    def single_query(self, c: Children) -> ast.SingleQuery:
        return ast.SingleQuery(find_position(c), tuple(c))

    def match(self, c: Children) -> ast.Match:
        optional, token, patterns, where = c
        return ast.Match(find_position(optional or token), optional is not None, patterns, where)

    def unwind(self, c: Children) -> ast.Unwind:
        return ast.Unwind(find_position(c[0]), c[1], str(c[3]))

    def with_clause(self, c: Children) -> ast.With:
        return ast.With(find_position(c[0]), c[1], c[2])

    def return_clause(self, c: Children) -> ast.Return:
        return ast.Return(find_position(c[0]), c[1])

    def create(self, c: Children) -> ast.Create:
        return ast.Create(find_position(c[0]), c[1])

    def merge(self, c: Children) -> ast.Merge:
        actions = c[2:]
        return ast.Merge(
            find_position(c[0]),
            c[1],
            tuple(item for kind, items in actions if kind == "create" for item in items),
            tuple(item for kind, items in actions if kind == "match" for item in items),
        )

    def on_create(self, c: Children) -> tuple[str, tuple[ast.SetItem, ...]]:
        return "create", c[2]

    def on_match(self, c: Children) -> tuple[str, tuple[ast.SetItem, ...]]:
        return "match", c[2]

    def set_clause(self, c: Children) -> ast.SetClause:
        return ast.SetClause(find_position(c[0]), c[1])

    def set_items(self, c: Children) -> tuple[ast.SetItem, ...]:
        return tuple(item for item in c if isinstance(item, ast.SetItem))

    def assign(self, c: Children) -> ast.SetItem:
        target = c[0]
        if isinstance(target, ast.Property | ast.Index):
            return ast.SetItem(find_position(target), "property", target, c[2], ())
        if isinstance(target, ast.Variable):
            return ast.SetItem(find_position(target), "replace", target, c[2], ())
        raise CypherSyntaxError("nothing can be assigned to that", position=find_position(target))

    def add(self, c: Children) -> ast.SetItem:
        return ast.SetItem(
            find_position(c[0]), "add", ast.Variable(find_position(c[0]), str(c[0])), c[2], ()
        )

    def set_labels(self, c: Children) -> ast.SetItem:
        return ast.SetItem(
            find_position(c[0]), "labels", ast.Variable(find_position(c[0]), str(c[0])), None, c[1]
        )

    def node_labels(self, c: Children) -> tuple[str, ...]:
        return tuple(str(name) for name in c[1::2])

    def delete(self, c: Children) -> ast.Delete:
        expressions = tuple(part for part in c[2:] if isinstance(part, ast.Expression))
        return ast.Delete(find_position(c), expressions, c[0] is not None)

    def remove(self, c: Children) -> ast.Remove:
        return ast.Remove(find_position(c[0]), tuple(i for i in c if isinstance(i, ast.RemoveItem)))

    def remove_labels(self, c: Children) -> ast.RemoveItem:
        return ast.RemoveItem(
            find_position(c[0]), ast.Variable(find_position(c[0]), str(c[0])), c[1]
        )

    def remove_property(self, c: Children) -> ast.RemoveItem:
        if not isinstance(c[0], ast.Property | ast.Index):
            raise CypherSyntaxError("that can't be removed", position=find_position(c[0]))
        return ast.RemoveItem(find_position(c[0]), c[0], ())

    def foreach(self, c: Children) -> ast.Foreach:
        clauses = tuple(part for part in c[6:] if isinstance(part, ast.Clause))
        return ast.Foreach(find_position(c[0]), str(c[2]), c[4], clauses)

    def load_csv(self, c: Children) -> ast.LoadCsv:
        return ast.LoadCsv(find_position(c[0]), c[3], str(c[5]), c[1] is not None)

    def call_subquery(self, c: Children) -> ast.CallSubquery:
        optional, call, imports, _, query, _, in_transactions = c
        return ast.CallSubquery(
            find_position(optional or call),
            imports,
            query,
            optional is not None,
            in_transactions is not None,
        )

    def imports(self, c: Children) -> tuple[str, ...]:
        return tuple(str(token) for token in c if token.type in ("NAME", "STAR"))

    def call_with_arguments(self, c: Children) -> ast.CallProcedure:
        optional, call, name, _, arguments, _, yields = c
        return self._procedure(optional, call, str(name), arguments or (), yields)

    def call_alone(self, c: Children) -> ast.CallProcedure:
        optional, call, name, yields = c
        return self._procedure(optional, call, name, None, yields)

    def _procedure(
        self, optional: Any, call: Token, name: str, arguments: Any, yields: Any
    ) -> ast.CallProcedure:
        items, where = yields if yields is not None else (None, None)
        return ast.CallProcedure(
            find_position(optional or call), name, arguments, items, where, optional is not None
        )

    def procedure_name(self, c: Children) -> str:
        return "".join(str(part) for part in c)

    def yields(self, c: Children) -> tuple[Any, Any]:
        if isinstance(c[1], Token):
            return ((), None) if c[1].type == "MINUS" else ((("*", None),), None)
        where = c[-1] if isinstance(c[-1], ast.Expression) else None
        return tuple(part for part in c if isinstance(part, tuple)), where

    def yield_item(self, c: Children) -> tuple[str, str | None]:
        return str(c[0]), None if c[2] is None else str(c[2])

    # --- Projections ---

    def projection(self, c: Children) -> ast.Projection:
        distinct, (everything, items), sort, skip, limit = c
        place = find_position([distinct, *items, *sort])
        return ast.Projection(place, distinct is not None, everything, items, sort, skip, limit)

    def order(self, c: Children) -> tuple[ast.SortItem, ...]:
        return tuple(part for part in c if isinstance(part, ast.SortItem))

    def skip(self, c: Children) -> ast.Expression | None:
        return self._second(c)

    def limit(self, c: Children) -> ast.Expression | None:
        return self._second(c)

    def where(self, c: Children) -> ast.Expression | None:
        return self._second(c)

    @staticmethod
    def _second(c: Children) -> ast.Expression | None:
        expression: ast.Expression | None = c[1]
        return expression

    def distinct(self, c: Children) -> Any:
        return c[0]

    # What may be left out is None.
    name = labels = given = inside = distinct

    def all_and_items(self, c: Children) -> tuple[bool, tuple[ast.ProjectionItem, ...]]:
        return True, tuple(part for part in c if isinstance(part, ast.ProjectionItem))

    def items(self, c: Children) -> tuple[bool, tuple[ast.ProjectionItem, ...]]:
        return False, tuple(part for part in c if isinstance(part, ast.ProjectionItem))

    def projection_item(self, c: Children) -> ast.ProjectionItem:
        text, expression, _, alias = c
        if alias is not None:
            return ast.ProjectionItem(find_position(text), expression, str(alias), True)
        if isinstance(expression, ast.Variable):
            return ast.ProjectionItem(find_position(text), expression, expression.name, False)
        return ast.ProjectionItem(find_position(text), expression, str(text), False)

    def sort_item(self, c: Children) -> ast.SortItem:
        return ast.SortItem(find_position(c[0]), c[0], c[1] is not None and c[1].type == "DESC")

    # --- Patterns ---

    def patterns(self, c: Children) -> tuple[ast.PathPattern, ...]:
        return tuple(part for part in c if isinstance(part, ast.PathPattern))

    def pattern(self, c: Children) -> ast.PathPattern:
        name, _, selector, path = c
        variable = None if name is None else str(name)
        if isinstance(path, ast.PathPattern):
            return replace(path, variable=variable)
        where = path.where if isinstance(path, _Bracketed) else None
        return ast.PathPattern(
            find_position(name or selector or path),
            variable,
            selector,
            _check_alternation(path),
            where,
        )

    def shortest_path(self, c: Children) -> ast.PathPattern:
        name, _, function, _, path, _ = c
        return replace(self._shortest(function, path), variable=None if name is None else str(name))

    def _shortest(self, function: Token, path: Any) -> ast.PathPattern:
        all_of_them = str(function).lower() == "allshortestpaths"
        selector = ast.Selector(
            find_position(function), "allShortestPaths" if all_of_them else "shortestPath"
        )
        return ast.PathPattern(find_position(function), None, selector, _check_alternation(path))

    def any_paths(self, c: Children) -> ast.Selector:
        return ast.Selector(find_position(c[0]), "any", 1 if c[1] is None else _read_integer(c[1]))

    def shortest(self, c: Children) -> ast.Selector:
        return ast.Selector(find_position(c[0]), "shortest", _read_integer(c[1]))

    def shortest_groups(self, c: Children) -> ast.Selector:
        return ast.Selector(
            find_position(c[0]), "shortest groups", 1 if c[1] is None else _read_integer(c[1])
        )

    def any_shortest(self, c: Children) -> ast.Selector:
        return ast.Selector(find_position(c[0]), "shortest")

    def all_shortest(self, c: Children) -> ast.Selector:
        return ast.Selector(find_position(c[0]), "all shortest")

    def all_paths(self, c: Children) -> None:
        return None

    def path(self, c: Children) -> list[ast.Element]:
        if len(c) == 1 and isinstance(c[0], _Bracketed):
            return c[0]
        elements: list[ast.Element] = []
        for part in c:
            if isinstance(part, _Bracketed) and part.where is not None:
                raise CypherUnsupported(
                    "WHERE inside a pattern in brackets that is not all of the path is",
                    position=part.where.position,
                )
            elements += part if isinstance(part, list) else [part]
        return elements

    def node(self, c: Children) -> ast.NodePattern:
        opening, name, labels, properties, where, _ = c
        return ast.NodePattern(
            find_position(opening), None if name is None else str(name), labels, properties, where
        )

    def _relationship(self, c: Children, direction: Any) -> ast.RelationshipPattern:
        detail = next((part for part in c if isinstance(part, tuple)), (None,) * 5)
        return ast.RelationshipPattern(
            find_position(c[0]), detail[0], detail[1], direction, *detail[2:]
        )

    def both_arrows(self, c: Children) -> ast.RelationshipPattern:
        return self._relationship(c, "both")

    def arrow_in(self, c: Children) -> ast.RelationshipPattern:
        return self._relationship(c, "in")

    def arrow_out(self, c: Children) -> ast.RelationshipPattern:
        return self._relationship(c, "out")

    def no_arrow(self, c: Children) -> ast.RelationshipPattern:
        return self._relationship(c, "both")

    def detail(self, c: Children) -> tuple[Any, ...]:
        _, name, types, length, properties, where, _ = c
        return None if name is None else str(name), types, length, properties, where

    def any_length(self, c: Children) -> ast.Length:
        return ast.Length(find_position(c[0]), None, None)

    def exact_length(self, c: Children) -> ast.Length:
        count = _read_integer(c[1])
        return ast.Length(find_position(c[0]), count, count)

    def from_length(self, c: Children) -> ast.Length:
        return ast.Length(find_position(c[0]), _read_integer(c[1]), None)

    def upto_length(self, c: Children) -> ast.Length:
        return ast.Length(find_position(c[0]), None, _read_integer(c[2]))

    def between_length(self, c: Children) -> ast.Length:
        return ast.Length(find_position(c[0]), _read_integer(c[1]), _read_integer(c[3]))

    def quantified_relationship(self, c: Children) -> ast.QuantifiedPattern:
        relationship, (minimum, maximum) = c
        if relationship.length is not None:
            raise CypherSyntaxError(
                "a relationship has either a length or a quantifier",
                position=find_position(relationship),
            )
        end = ast.NodePattern(find_position(relationship), None, None, None, None)
        return ast.QuantifiedPattern(
            find_position(relationship), (end, relationship, end), None, minimum, maximum
        )

    def group(self, c: Children) -> ast.QuantifiedPattern | list[ast.Element]:
        opening, path, where, _, quantifier = c
        elements = _check_alternation(path)
        if quantifier is None:
            made = _Bracketed(elements)
            made.where = where
            return made
        if isinstance(path, _Bracketed) and path.where is not None:
            raise CypherUnsupported(
                "WHERE inside two pairs of brackets is", position=path.where.position
            )
        if any(isinstance(element, ast.QuantifiedPattern) for element in elements):
            raise CypherUnsupported(
                "a quantified pattern inside another is", position=find_position(opening)
            )
        minimum, maximum = quantifier
        if len(elements) == 1:
            raise CypherSyntaxError(
                "a quantified pattern needs a relationship", position=find_position(opening)
            )
        return ast.QuantifiedPattern(find_position(opening), elements, where, minimum, maximum)  # type: ignore[arg-type]

    def one_or_more(self, c: Children) -> tuple[int, int | None]:
        return 1, None

    def zero_or_more(self, c: Children) -> tuple[int, int | None]:
        return 0, None

    def exactly(self, c: Children) -> tuple[int, int | None]:
        count = _read_integer(c[1])
        if count == 0:
            raise CypherSyntaxError(
                "a quantifier is for one repetition at least", position=find_position(c[0])
            )
        return count, count

    def between(self, c: Children) -> tuple[int, int | None]:
        maximum = _read_bound(c[3])
        minimum = _read_bound(c[1]) or 0
        if maximum is not None and (maximum < minimum or maximum == 0):
            raise CypherSyntaxError("no length is in that range", position=find_position(c[0]))
        return minimum, maximum

    def label_expression(self, c: Children) -> ast.LabelExpression:
        label: ast.LabelExpression = c[1]
        return label

    def either_label(self, c: Children) -> ast.LabelExpression:
        return ast.LabelExpression(find_position(c[0]), "or", operands=(c[0], c[-1]))

    def both_labels(self, c: Children) -> ast.LabelExpression:
        return ast.LabelExpression(find_position(c[0]), "and", operands=(c[0], c[-1]))

    def no_label(self, c: Children) -> ast.LabelExpression:
        return ast.LabelExpression(find_position(c[0]), "not", operands=(c[1],))

    def label(self, c: Children) -> ast.LabelExpression:
        return ast.LabelExpression(find_position(c[0]), "is", str(c[0]))

    def any_label(self, c: Children) -> ast.LabelExpression:
        return ast.LabelExpression(find_position(c[0]), "any")

    def label_group(self, c: Children) -> ast.LabelExpression:
        label: ast.LabelExpression = c[1]
        return label

    def dynamic_label(self, c: Children) -> ast.LabelExpression:
        return ast.LabelExpression(find_position(c[0]), "dynamic", expression=c[2])

    # --- Expressions ---

    def binary(self, c: Children) -> ast.Binary:
        left, operator, right = c
        name = OPERATORS.get(operator.type, operator.type)
        return ast.Binary(find_position(left), name, left, right)

    def unary(self, c: Children) -> ast.Expression:
        operator, operand = c
        if operator.type == "NOT":
            return ast.Unary(find_position(operator), "NOT", operand)
        if isinstance(operand, ast.Literal) and operand.kind in ("integer", "float"):
            value = -operand.value if operator.type == "MINUS" else operand.value
            return ast.Literal(find_position(operator), operand.kind, value)
        return ast.Unary(find_position(operator), "-" if operator.type == "MINUS" else "+", operand)

    def compare(self, c: Children) -> ast.Comparison:
        return ast.Comparison(find_position(c[0]), c[0], tuple(zip(c[1::2], c[2::2], strict=True)))

    def comparator(self, c: Children) -> str:
        return str(c[0])

    def property(self, c: Children) -> ast.Property:
        return ast.Property(find_position(c[0]), c[0], str(c[2]))

    def index(self, c: Children) -> ast.Index:
        return ast.Index(find_position(c[0]), c[0], c[2])

    def slice(self, c: Children) -> ast.Slice:
        return ast.Slice(find_position(c[0]), c[0], c[2], c[4])

    def has_labels(self, c: Children) -> ast.HasLabels:
        return ast.HasLabels(find_position(c[0]), c[0], c[1])

    def bracketed(self, c: Children) -> ast.Expression:
        inner: ast.Expression = c[1]
        return replace(inner, position=find_position(c[0]))

    def list_literal(self, c: Children) -> ast.ListLiteral:
        return ast.ListLiteral(find_position(c[0]), c[1] or ())

    def arguments(self, c: Children) -> tuple[ast.Expression, ...]:
        return tuple(c[::2])

    def call(self, c: Children) -> ast.FunctionCall:
        name, _, distinct, arguments, _ = c
        if str(name).lower() == "normalize":
            arguments = _read_form(arguments or ())
        return ast.FunctionCall(
            find_position(name), str(name), arguments or (), distinct is not None
        )

    def call_star(self, c: Children) -> ast.CountStar:
        if str(c[0]).lower() != "count":
            raise CypherSyntaxError(f"{c[0]}(*) means nothing", position=find_position(c[0]))
        return ast.CountStar(find_position(c[0]))

    def case(self, c: Children) -> ast.Case:
        token, subject, *rest, _, default, _ = c
        alternatives = tuple(alternative for several in rest for alternative in several)
        if subject is None:
            for several in rest:
                for when, _then in several:
                    if len(several) > 1 or isinstance(when, ast.CaseTest):
                        raise CypherSyntaxError(
                            "this can only be asked of a value that stands after CASE",
                            position=when.position,
                        )
        return ast.Case(find_position(token), subject, alternatives, default)

    def case_alternative(self, c: Children) -> list[tuple[ast.Expression, ast.Expression]]:
        *values, _, then = c
        return [(value, then) for value in values[1::2]]

    def list_comprehension(self, c: Children) -> ast.ListComprehension:
        opening, name, _, source, where, _, projection, _ = c
        return ast.ListComprehension(find_position(opening), str(name), source, where, projection)

    def pattern_comprehension(self, c: Children) -> ast.PatternComprehension:
        opening, name, _, pattern, where, _, projection, _ = c
        pattern = replace(pattern, variable=None if name is None else str(name))
        return ast.PatternComprehension(find_position(opening), pattern, where, projection)

    def quantifier_expression(self, c: Children) -> ast.Quantifier:
        kind, _, name, _, source, where, _ = c
        return ast.Quantifier(find_position(kind), str(kind).lower(), str(name), source, where)  # type: ignore[arg-type]

    def reduce(self, c: Children) -> ast.Reduce:
        token, _, accumulator, _, initial, _, name, _, source, _, expression, _ = c
        return ast.Reduce(
            find_position(token), str(accumulator), initial, str(name), source, expression
        )

    def subquery_expression(self, c: Children) -> ast.Subquery:
        return ast.Subquery(find_position(c[0]), str(c[0]).lower(), c[2])  # type: ignore[arg-type]

    def subquery(self, c: Children) -> ast.Query:
        query: ast.Query = c[0]
        return query

    def bare_patterns(self, c: Children) -> ast.SingleQuery:
        patterns, where = c
        place = find_position(patterns)
        return ast.SingleQuery(place, (ast.Match(place, False, patterns, where),))

    def path_value(self, c: Children) -> ast.PathValue:
        return ast.PathValue(find_position(c[0]), self._shortest(c[0], c[2]))

    def pattern_predicate(self, c: Children) -> ast.PatternPredicate:
        return ast.PatternPredicate(find_position(c[0]), c[0])

    def pattern_expression(self, c: Children) -> ast.PathPattern:
        return ast.PathPattern(find_position(c[0]), None, None, tuple(c))

    def string(self, c: Children) -> ast.Literal:
        return ast.Literal(find_position(c[0]), "string", _read_string(c[0]))

    def integer(self, c: Children) -> ast.Literal:
        return ast.Literal(find_position(c[0]), "integer", _read_integer(c[0]))

    def float(self, c: Children) -> ast.Literal:
        if _FLOAT.match(c[0]) is None:
            raise CypherSyntaxError(
                f"{c[0]} is no number", detail="InvalidNumberLiteral", position=find_position(c[0])
            )
        value = float(c[0])
        if math.isinf(value):
            raise CypherSyntaxError(
                f"{c[0]} is too large for a float",
                detail="FloatingPointOverflow",
                position=find_position(c[0]),
            )
        return ast.Literal(find_position(c[0]), "float", value)

    def true(self, c: Children) -> ast.Literal:
        return ast.Literal(find_position(c[0]), "boolean", True)

    def false(self, c: Children) -> ast.Literal:
        return ast.Literal(find_position(c[0]), "boolean", False)

    def null(self, c: Children) -> ast.Literal:
        return ast.Literal(find_position(c[0]), "null", None)

    def parameter(self, c: Children) -> ast.Parameter:
        return ast.Parameter(find_position(c[0]), str(c[0]))

    def variable(self, c: Children) -> ast.Variable:
        return ast.Variable(find_position(c[0]), str(c[0]))

    def map(self, c: Children) -> ast.MapLiteral:
        return ast.MapLiteral(
            find_position(c[0]), tuple(part for part in c if isinstance(part, tuple))
        )

    def map_entry(self, c: Children) -> tuple[str, ast.Expression]:
        return str(c[0]), c[2]

    def map_projection(self, c: Children) -> ast.MapProjection:
        subject = ast.Variable(find_position(c[0]), str(c[0]))
        items = tuple(part for part in c if isinstance(part, tuple))
        return ast.MapProjection(find_position(c[0]), subject, items)

    def select_property(self, c: Children) -> tuple[str, None]:
        return str(c[1]), None

    def select_all(self, c: Children) -> tuple[str, None]:
        return "*", None

    def select_expression(self, c: Children) -> tuple[str, ast.Expression]:
        return str(c[0]), c[2]

    def select_variable(self, c: Children) -> tuple[str, ast.Expression]:
        return str(c[0]), ast.Variable(find_position(c[0]), str(c[0]))

    def schema_name(self, c: Children) -> Token:
        token: Token = c[0]
        return token


def _check_alternation(elements: Sequence[ast.Element]) -> tuple[ast.Element, ...]:
    """Refuse two nodes, or two relationships, beside each other; a quantified pattern may stand
    beside a node or another quantified pattern."""
    before: ast.Element | None = None
    for element in elements:
        wrong = (
            (isinstance(element, ast.NodePattern) and isinstance(before, ast.NodePattern))
            or (
                isinstance(element, ast.RelationshipPattern)
                and not isinstance(before, ast.NodePattern)
            )
            or (
                isinstance(before, ast.RelationshipPattern)
                and not isinstance(element, ast.NodePattern)
            )
        )
        if wrong:
            raise CypherSyntaxError(
                "nodes and relationships of a pattern alternate", position=element.position
            )
        before = element
    if isinstance(before, ast.RelationshipPattern):
        raise CypherSyntaxError("a pattern ends with a node", position=before.position)
    return tuple(elements)
