"""Names in scope and what is known of the kinds of values, as far as a query's text shows.

Kinds are "node", "relationship", "path", "relationships" (of a variable-length pattern), "list",
"map", "string", "integer", "float", "boolean", "null"; None where nothing is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from lineage.opencypher.errors import (
    COMPILE_TIME,
    CypherSyntaxError,
    CypherTypeError,
    CypherUnsupported,
    shorten,
)
from lineage.opencypher.functions.registry import FunctionSpec, find_aggregate, find_function
from lineage.opencypher.semantics.aggregation import find_aggregates
from lineage.opencypher.syntax import ast
from lineage.opencypher.syntax.ast_walk import child_parts, walk_parts
from lineage.opencypher.syntax.interruption import take_steps

Kind = str | None
# Functions of Neo4j that are not here.
_ELSEWHERE = frozenset(
    {"point", "point.distance", "point.withinbbox", "vector.similarity.cosine",
     "vector.similarity.euclidean", "linenumber", "file", "graph.names", "graph.byname"}
)  # fmt: skip
_LISTS = frozenset({"list", "relationships"})
_BOOLEAN = frozenset({"AND", "OR", "XOR"})
_ARITHMETIC = frozenset({"-", "*", "/", "%", "^"})
_NO_NUMBERS = frozenset({"string", "boolean", "map", "node", "relationship", "path", *_LISTS})
_TEXTS = frozenset({"STARTS WITH", "ENDS WITH", "CONTAINS", "=~"})


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that can be used, with their kinds."""

    kinds: dict[str, Kind] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.kinds

    def kind(self, name: str) -> Kind:
        """What is known of a name's value."""
        return self.kinds.get(name)

    def names(self) -> set[str]:
        """All of them."""
        return set(self.kinds)

    def with_(self, name: str, kind: Kind) -> Scope:
        """One name more."""
        take_steps(1 + len(self.kinds) // 50)
        return Scope({**self.kinds, name: kind})

    def only(self, names: Iterable[str]) -> Scope:
        """Nothing but these."""
        return Scope({name: self.kinds.get(name) for name in names})


class TypeChecker:
    """Checks expressions and patterns; `subquery` checks a query inside one."""

    def __init__(self, subquery: Callable[[ast.Subquery, Scope], None]) -> None:
        self._subquery = subquery

    # --- Expressions ---

    def check(self, e: ast.Expression, scope: Scope, *, predicate: bool = False) -> Kind:
        """What is known of its kind. Raises CypherSyntaxError for what can't be right.

        `predicate`: it stands where a pattern may be a predicate.
        """
        take_steps()
        match e:
            case ast.Literal(kind=kind):
                if kind == "integer" and e.value == 2**63:
                    raise CypherSyntaxError(
                        f"{shorten(str(e.value))} is beyond 64 bits",
                        detail="IntegerOverflow",
                        position=e.position,
                    )
                return kind
            case ast.Variable(name=name):
                if name not in scope:
                    if name.upper() in ast.FLOAT_NAMES:
                        return "float"
                    raise _report_undefined(name, e.position)
                return scope.kind(name)
            case ast.Parameter():
                return None
            case ast.ListLiteral():
                self._all(e.items, scope)
                return "list"
            case ast.MapLiteral():
                self._all((value for _, value in e.items), scope)
                return "map"
            case ast.Unary():
                return self._unary(e, scope)
            case ast.Binary():
                return self._binary(e, scope)
            case ast.Comparison():
                self._all((e.first, *(side for _, side in e.rest)), scope)
                return "boolean"
            case ast.IsNull() | ast.IsType() | ast.IsNormalized():
                self.check(e.operand, scope)
                return "boolean"
            case ast.CaseTest():
                return self.check(e.condition, scope.with_(ast.SUBJECT, None))
            case ast.FunctionCall():
                return self._call(e, scope)
            case ast.CountStar():
                return "integer"
            case ast.PatternPredicate():
                return self._pattern_predicate(e, scope, predicate)
            case ast.Subquery():
                self._subquery(e, scope)
                return {"exists": "boolean", "count": "integer", "collect": "list"}[e.kind]
        return self._rest(e, scope)

    def _rest(self, e: ast.Expression, scope: Scope) -> Kind:
        match e:
            case ast.Property(subject=subject):
                kind = self.check(subject, scope)
                if kind == "path":
                    self._wrong(subject, "a path has no properties")
                if kind in ("string", "integer", "float", "boolean", *_LISTS):
                    raise CypherTypeError(
                        f"{kind} values have no properties",
                        detail="InvalidArgumentType",
                        phase=COMPILE_TIME,
                        position=subject.position,
                    )
                return None
            case ast.Index():
                self._all((e.subject, e.index), scope)
                return None
            case ast.Slice():
                self._all((p for p in (e.subject, e.start, e.end) if p is not None), scope)
                return "list"
            case ast.HasLabels():
                self._labels(e.labels, scope)
                kind = self.check(e.subject, scope)
                if kind not in (None, "null", "node", "relationship"):
                    self._wrong(e.subject, f"a {kind} has no labels")
                return "boolean"
            case ast.MapProjection():
                self.check(e.subject, scope)
                self._all((value for _, value in e.items if value is not None), scope)
                return "map"
            case ast.Case():
                for when, then in e.alternatives:
                    self.check(when, scope, predicate=e.subject is None)
                    self.check(then, scope)
                self._all((p for p in (e.subject, e.default) if p is not None), scope)
                return None
            case ast.ListComprehension():
                self._source(e.source, scope)
                inner = scope.with_(e.variable, None)
                self._local(e.where, inner, predicate=True)
                self._local(e.projection, inner)
                return "list"
            case ast.Quantifier():
                items = self._source(e.source, scope)
                self._local(e.where, scope.with_(e.variable, items), predicate=True)
                return "boolean"
            case ast.Reduce():
                self.check(e.initial, scope)
                self._source(e.source, scope)
                inner = scope.with_(e.variable, None).with_(e.accumulator, None)
                self._local(e.expression, inner)
                return None
            case ast.PatternComprehension():
                inner = self.patterns((e.pattern,), scope)
                self._local(e.where, inner, predicate=True)
                self._local(e.projection, inner)
                return "list"
            case ast.PathValue():
                self.patterns((e.pattern,), scope)
                return None
        raise AssertionError(f"nothing is known of {type(e).__name__}")

    def _labels(self, labels: ast.LabelExpression | None, scope: Scope) -> None:
        """Labels that expressions give."""
        for part in walk_parts(labels):
            if isinstance(part, ast.LabelExpression) and part.expression is not None:
                self._local(part.expression, scope)

    def _all(self, expressions: Iterable[ast.Expression], scope: Scope) -> None:
        for expression in expressions:
            self.check(expression, scope)

    def _local(self, e: ast.Expression | None, scope: Scope, *, predicate: bool = False) -> None:
        """An expression inside a comprehension, where no aggregate may be."""
        if e is None:
            return
        for aggregate in find_aggregates(e):
            raise CypherSyntaxError(
                "an aggregate can't stand inside a comprehension",
                detail="InvalidAggregation",
                position=aggregate.position,
            )
        self.check(e, scope, predicate=predicate)

    def _source(self, e: ast.Expression, scope: Scope) -> Kind:
        """What a comprehension goes through; what is known of its items' kind."""
        kind = self.check(e, scope)
        if kind not in (None, "null", *_LISTS):
            self._wrong(e, f"a list is needed here, not a {kind}")
        if isinstance(e, ast.ListLiteral) and e.items:
            kinds = {self.check(item, scope) for item in e.items}
            if len(kinds) == 1:
                return kinds.pop()
        return None

    @staticmethod
    def _wrong(e: ast.Expression, said: str) -> None:
        raise CypherSyntaxError(said, detail="InvalidArgumentType", position=e.position)

    def _truth(self, e: ast.Expression, scope: Scope) -> None:
        kind = self.check(e, scope, predicate=True)
        if kind not in (None, "boolean", "null"):
            self._wrong(e, f"true or false is needed here, not a {kind}")

    def _unary(self, e: ast.Unary, scope: Scope) -> Kind:
        if e.operator == "NOT":
            self._truth(e.operand, scope)
            return "boolean"
        return self.check(e.operand, scope)

    def _binary(self, e: ast.Binary, scope: Scope) -> Kind:
        if e.operator in _BOOLEAN:
            self._truth(e.left, scope)
            self._truth(e.right, scope)
            return "boolean"
        left, right = self.check(e.left, scope), self.check(e.right, scope)
        if e.operator == "IN":
            if right not in (None, "null", *_LISTS):
                self._wrong(e.right, f"IN needs a list on its right, not a {right}")
            return "boolean"
        if e.operator in _TEXTS:
            return "boolean"
        if e.operator in _ARITHMETIC:
            for side, kind in ((e.left, left), (e.right, right)):
                if kind in _NO_NUMBERS:
                    self._wrong(side, f"{e.operator} can't be applied to a {kind}")
        if e.operator == "^":
            return "float"
        if left == right and left in ("integer", "float", "string", "list"):
            return left
        if e.operator == "+" and "list" in (left, right):
            return "list"
        return None

    def _pattern_predicate(self, e: ast.PatternPredicate, scope: Scope, predicate: bool) -> Kind:
        if not predicate:
            raise CypherSyntaxError(
                "a pattern can only be a predicate here; for a list of its matches write "
                "[pattern | value]",
                position=e.position,
            )
        self._no_parameters(e.pattern)
        for element in e.pattern.elements:
            name = getattr(element, "variable", None)
            if name is not None and name not in scope:
                raise _report_undefined(name, element.position)
        self.patterns((e.pattern,), scope)
        return "boolean"

    # --- Functions ---

    def _call(self, e: ast.FunctionCall, scope: Scope) -> Kind:
        name = e.name.lower()
        aggregate = find_aggregate(name)
        if aggregate is not None:
            self._arity(e, aggregate.arity, aggregate.arity)
            self._all(e.arguments, scope)
            return {"count": "integer", "collect": "list"}.get(name)
        function = find_function(name)
        if function is None:
            if name in _ELSEWHERE:
                raise CypherUnsupported(f"{e.name}() is", position=e.position)
            raise CypherSyntaxError(
                f"there is no function {e.name}()", detail="UnknownFunction", position=e.position
            )
        self._arity(e, function.minimum, function.maximum)
        kinds = [
            self.check(argument, scope, predicate=name in ("exists", "not"))
            for argument in e.arguments
        ]
        self._check_accepts(e, function, kinds)
        return _RESULTS.get(name)

    def _check_accepts(
        self, e: ast.FunctionCall, function: FunctionSpec, kinds: Sequence[Kind]
    ) -> None:
        for argument, kind, accepts in zip(e.arguments, kinds, function.accepts, strict=False):
            known = "list" if kind == "relationships" else kind
            if accepts is not None and known not in (None, "null") and known not in accepts:
                self._wrong(argument, f"{function.name}() can't be applied to a {kind}")

    @staticmethod
    def _arity(e: ast.FunctionCall, minimum: int, maximum: int | None) -> None:
        given = len(e.arguments)
        if given < minimum or (maximum is not None and given > maximum):
            wanted = (
                str(minimum) if minimum == maximum else f"{minimum} to {maximum or 'any number'}"
            )
            raise CypherSyntaxError(
                f"{e.name}() takes {wanted} arguments, not {given}",
                detail="InvalidNumberOfArguments",
                position=e.position,
            )

    def is_deterministic(self, e: ast.Expression) -> bool:
        """Whether it has the same value each time."""
        for part in walk_parts(e):
            if isinstance(part, ast.FunctionCall):
                function = find_function(part.name)
                if function is not None and not function.is_deterministic:
                    return False
        return True

    # --- Patterns ---

    def patterns(self, patterns: Sequence[ast.PathPattern], scope: Scope) -> Scope:
        """The scope with what the patterns of one MATCH bind."""
        relationships: set[str] = set()
        outside = scope
        for pattern in patterns:
            self._no_parameters(pattern)
            for element in pattern.elements:
                scope = self._element(element, scope, outside, relationships)
            if pattern.variable is not None:
                if pattern.variable in scope:
                    raise _report_bound(pattern.variable, pattern.position)
                scope = scope.with_(pattern.variable, "path")
        for pattern in patterns:
            for element in pattern.elements:
                self._inside(element, scope)
            if pattern.where is not None:
                self._local(pattern.where, scope, predicate=True)
        return scope

    @staticmethod
    def _no_parameters(pattern: ast.PathPattern) -> None:
        for element in pattern.elements:
            for part in (element, *child_parts(element)):
                given = getattr(part, "properties", None)
                if isinstance(given, ast.Parameter):
                    raise CypherSyntaxError(
                        f"${given.name} can't be the properties of a pattern; write them as "
                        "{name: $value}",
                        detail="InvalidParameterUse",
                        position=given.position,
                    )

    def _element(
        self, element: ast.Element, scope: Scope, outside: Scope, relationships: set[str]
    ) -> Scope:
        if isinstance(element, ast.QuantifiedPattern):
            for part in element.elements:
                if part.variable is not None:
                    if part.variable in scope:
                        raise _report_bound(part.variable, part.position)
                    scope = scope.with_(part.variable, "list")
            return scope
        name = element.variable
        if name is None:
            return scope
        if isinstance(element, ast.NodePattern):
            wanted = "node"
        else:
            wanted = "relationship" if element.length is None else "relationships"
            if name in relationships:
                raise CypherSyntaxError(
                    f"{name} can't stand for two relationships of one MATCH",
                    detail="RelationshipUniquenessViolation",
                    position=element.position,
                )
            relationships.add(name)
        if name in scope:
            known = scope.kind(name)
            if known not in (None, "null", wanted) and not (
                wanted == "relationships" and known == "list"
            ):
                raise CypherSyntaxError(
                    f"{name} is a {known}, not a {wanted}",
                    detail="VariableTypeConflict",
                    position=element.position,
                )
            if name in outside and outside.kind(name) is None:
                return scope.with_(name, wanted)
            return scope
        return scope.with_(name, wanted)

    def _inside(self, element: ast.Element, scope: Scope) -> None:
        """The properties and predicates of a pattern see everything that it binds."""
        if isinstance(element, ast.QuantifiedPattern):
            inner = scope
            for part in element.elements:
                if part.variable is not None:
                    kind = "node" if isinstance(part, ast.NodePattern) else "relationship"
                    inner = inner.with_(part.variable, kind)
            for part in element.elements:
                self._inside(part, inner)
            self._local(element.where, inner, predicate=True)
            return
        named = element.labels if isinstance(element, ast.NodePattern) else element.types
        self._labels(named, scope)
        if isinstance(element.properties, ast.MapLiteral):
            self._local(element.properties, scope)
        self._local(element.where, scope, predicate=True)


_RESULTS: dict[str, str] = {
    "type": "string",
    "labels": "list",
    "keys": "list",
    "nodes": "list",
    "relationships": "list",
    "size": "integer",
    "length": "integer",
    "id": "integer",
    "range": "list",
    "exists": "boolean",
    "tostring": "string",
    "tointeger": "integer",
    "tofloat": "float",
}


def _report_undefined(name: str, position: ast.Position) -> CypherSyntaxError:
    return CypherSyntaxError(
        f"nothing here is called {name}", detail="UndefinedVariable", position=position
    )


def _report_bound(name: str, position: ast.Position) -> CypherSyntaxError:
    return CypherSyntaxError(
        f"{name} has a value already", detail="VariableAlreadyBound", position=position
    )
