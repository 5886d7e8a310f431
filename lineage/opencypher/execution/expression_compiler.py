"""Expressions become Python closures over a row: made once for a query, called for each row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import itemgetter
from typing import Any, Protocol
from unicodedata import is_normalized

from lineage.opencypher.errors import (
    CypherError,
    CypherParameterMissing,
    CypherSyntaxError,
    CypherTypeError,
    CypherUnsupported,
    locate_error,
)
from lineage.opencypher.execution.degree_lookup import (
    DegreeLookup,
    DegreePattern,
    match_degree_patterns,
    match_degree_query,
)
from lineage.opencypher.execution.list_expressions import (
    compile_list_comprehension,
    compile_quantifier,
    compile_reduce,
)
from lineage.opencypher.execution.list_membership import ListMembership
from lineage.opencypher.execution.matching.matcher import Matcher, MatchUse
from lineage.opencypher.execution.matching.multiplicity import TIMES
from lineage.opencypher.execution.operators import (
    ExecutionContext,
    InnerPlan,
    Names,
    PlacedOperator,
)
from lineage.opencypher.functions.registry import find_function
from lineage.opencypher.semantics.free_variables import find_property_reads, find_variables
from lineage.opencypher.syntax import ast
from lineage.opencypher.syntax.type_names import parse_type
from lineage.opencypher.values import operations
from lineage.opencypher.values.comparison import and_, equal, not_, or_, xor
from lineage.opencypher.values.entities import Node, Path, Relationship, Value
from lineage.opencypher.values.kinds import kind_of
from lineage.opencypher.values.memory_estimate import weigh, weigh_nested
from lineage.opencypher.values.normal_forms import check_normalizable
from lineage.opencypher.values.value_types import is_of_type

Row = dict[str, Value]
Evaluate = Callable[[Row], Value]


class RunnableQuery(Protocol):
    """A query that may use the names of a row."""

    def run(self, row: Row) -> Iterator[Row]:
        """The rows that it answers for a row."""

    def list_operators(self, names: Names) -> Sequence[PlacedOperator]:
        """Its steps, for a row with these names."""


class SubqueryPlanner(Protocol):
    """What runs the queries inside expressions."""

    def prepare(self, query: ast.Query, *, duplicates: bool) -> RunnableQuery:
        """A query, ready to run; `duplicates`: whether it matters how often the same row comes."""


class ExpressionCompiler:
    """Makes closures. `subqueries` is set by who runs queries."""

    subqueries: SubqueryPlanner

    def __init__(self, context: ExecutionContext, parameters: Mapping[str, Value]) -> None:
        self.context = context
        self._parameters = parameters
        self._met: list[list[InnerPlan]] = []
        self._local: Names = frozenset()

    @contextmanager
    def collect_inner(self) -> Iterator[list[InnerPlan]]:
        """Within it, the queries and patterns of expressions that are made are listed."""
        self._met.append([])
        try:
            yield self._met[-1]
        finally:
            self._met.pop()

    def _meet(
        self,
        steps: Callable[[Names], Sequence[PlacedOperator]],
        foresee: Callable[[Sequence[Row]], None] | None = None,
    ) -> None:
        if self._met:
            self._met[-1].append(InnerPlan(steps, self._local, foresee))

    @contextmanager
    def within(self, names: Iterable[str], *, alone: bool = False) -> Iterator[None]:
        """Expressions made within it see these names too; `alone`: no others of expressions
        around it."""
        before = self._local
        self._local = frozenset(names) if alone else before.union(names)
        try:
            yield
        finally:
            self._local = before

    def expression(self, expression: ast.Expression) -> Evaluate:
        """Its value for a row."""
        make = _MAKERS.get(type(expression))
        if make is None:
            raise CypherUnsupported(f"{type(expression).__name__} is", position=expression.position)
        made: Evaluate = make(self, expression)
        return made

    def predicate(self, expression: ast.Expression) -> Callable[[Row], bool]:
        """Whether it is true for a row: neither false nor null."""
        evaluate = self.expression(expression)
        position, budget = expression.position, self.context.budget

        def holds(row: Row) -> bool:
            before = budget.made
            value = evaluate(row)
            budget.made = before
            if value is True:
                return True
            if value is False or value is None:
                return False
            raise CypherTypeError(
                f"a predicate must be true, false or null, not {kind_of(value)}",
                detail="InvalidArgumentType",
                position=position,
            )

        return holds

    def optional(self, expression: ast.Expression | None, default: Value) -> Evaluate:
        """Its value for a row; where it was not written, a default."""
        return (lambda row: default) if expression is None else self.expression(expression)

    # --- Constants and names ---

    def _literal(self, e: ast.Literal) -> Evaluate:
        value = e.value
        return lambda row: value

    def _parameter(self, e: ast.Parameter) -> Evaluate:
        if e.name not in self._parameters:
            raise CypherParameterMissing(e.name, position=e.position)
        value = self._parameters[e.name]
        return lambda row: value

    def _variable(self, e: ast.Variable) -> Evaluate:
        name = e.name
        if name.upper() in ast.FLOAT_NAMES:
            constant = ast.FLOAT_NAMES[name.upper()]
            return lambda row: row.get(name, constant)
        return itemgetter(name)

    # --- Access ---

    def _property(self, e: ast.Property) -> Evaluate:
        key, position = e.key, e.position
        subject = self.expression(e.subject)

        def evaluate(row: Row) -> Value:
            value = subject(row)
            if value.__class__ is Node:
                return value.get(key)
            if value is None:
                return None
            try:
                return operations.get_property(value, key)
            except CypherError as error:
                raise locate_error(error, position) from None

        return evaluate

    def _index(self, e: ast.Index) -> Evaluate:
        return self._two(e.subject, e.index, operations.get_element, e.position)

    def _slice(self, e: ast.Slice) -> Evaluate:
        subject = self.expression(e.subject)
        start, end = self.optional(e.start, 0), self.optional(e.end, 2**62)
        position = e.position

        def evaluate(row: Row) -> Value:
            try:
                return operations.slice_list(subject(row), start(row), end(row))
            except CypherError as error:
                raise locate_error(error, position) from None

        return evaluate

    def _two(
        self,
        left: ast.Expression,
        right: ast.Expression,
        apply: Callable[[Value, Value], Value],
        position: ast.Position,
    ) -> Evaluate:
        one, other = self.expression(left), self.expression(right)

        def evaluate(row: Row) -> Value:
            try:
                return apply(one(row), other(row))
            except CypherError as error:
                raise locate_error(error, position) from None

        return evaluate

    # --- Collections ---

    def _list(self, e: ast.ListLiteral) -> Evaluate:
        items = [self.expression(item) for item in e.items]
        if not _may_nest(e.items):
            return lambda row: [item(row) for item in items]
        budget, depth = self.context.budget, self.context.budget.limits.depth

        def evaluate(row: Row) -> Value:
            made = [item(row) for item in items]
            for value in made:
                if value.__class__ is list or value.__class__ is dict:
                    budget.make(weigh_nested(value, depth))
            return made

        return evaluate

    def _map(self, e: ast.MapLiteral) -> Evaluate:
        items = [(key, self.expression(value)) for key, value in e.items]
        if not _may_nest([value for _, value in e.items]):
            return lambda row: {key: value(row) for key, value in items}
        budget, depth = self.context.budget, self.context.budget.limits.depth

        def evaluate(row: Row) -> Value:
            made = {key: value(row) for key, value in items}
            for value in made.values():
                if value.__class__ is list or value.__class__ is dict:
                    budget.make(weigh_nested(value, depth))
            return made

        return evaluate

    def _map_projection(self, e: ast.MapProjection) -> Evaluate:
        subject = self.expression(e.subject)
        position = e.position
        items = [(key, None if value is None else self.expression(value)) for key, value in e.items]

        def evaluate(row: Row) -> Value:
            of = subject(row)
            if of is None:
                return None
            try:
                properties = operations.get_properties(of)
            except CypherError as error:
                raise locate_error(error, position) from None
            made: dict[str, Value] = {}
            for key, value in items:
                if value is not None:
                    made[key] = value(row)
                elif key == "*":
                    made.update(properties)
                else:
                    made[key] = properties.get(key)
            return made

        return evaluate

    # --- Operators ---

    def _unary(self, e: ast.Unary) -> Evaluate:
        operand = self.expression(e.operand)
        position = e.position
        apply: Callable[[Value], Value]
        if e.operator == "NOT":

            def apply(value: Value) -> Value:
                return not_(operations.to_truth(value))

        elif e.operator == "-":
            apply = operations.negate
        else:
            apply = operations.positive

        def evaluate(row: Row) -> Value:
            try:
                return apply(operand(row))
            except CypherError as error:
                raise locate_error(error, position) from None

        return evaluate

    def _binary(self, e: ast.Binary) -> Evaluate:
        if e.operator == "AND":
            return self._logical(e, and_, False)
        if e.operator == "OR":
            return self._logical(e, or_, True)
        if e.operator == "XOR":
            return self._logical(e, xor, None)
        budget = self.context.budget
        apply: Callable[[Value, Value], Value]
        if e.operator == "IN":
            apply = ListMembership(budget).is_in
        elif e.operator in operations.WITH_BUDGET:
            by = operations.WITH_BUDGET[e.operator]

            def apply(left: Value, right: Value) -> Value:
                return by(budget, left, right)

        else:
            apply = operations.PLAIN[e.operator]
        return self._two(e.left, e.right, apply, e.position)

    def _logical(
        self,
        e: ast.Binary,
        join: Callable[[bool | None, bool | None], bool | None],
        decisive: bool | None,
    ) -> Evaluate:
        left, right = self.expression(e.left), self.expression(e.right)
        position = e.position

        def evaluate(row: Row) -> Value:
            try:
                one = operations.to_truth(left(row))
                if one is decisive and decisive is not None:
                    return one
                return join(one, operations.to_truth(right(row)))
            except CypherError as error:
                raise locate_error(error, position) from None

        return evaluate

    def _comparison(self, e: ast.Comparison) -> Evaluate:
        first = self.expression(e.first)
        rest = [(operations.COMPARE[operator], self.expression(side)) for operator, side in e.rest]
        if len(rest) == 1:
            [(compare, other)] = rest
            return lambda row: compare(first(row), other(row))

        def evaluate(row: Row) -> Value:
            answer: bool | None = True
            left = first(row)
            for compare, side in rest:
                right = side(row)
                answer = and_(answer, compare(left, right))
                if answer is False:
                    return False
                left = right
            return answer

        return evaluate

    def _is_null(self, e: ast.IsNull) -> Evaluate:
        operand = self.expression(e.operand)
        if e.negated:
            return lambda row: operand(row) is not None
        return lambda row: operand(row) is None

    def _is_type(self, e: ast.IsType) -> Evaluate:
        operand, type, negated = self.expression(e.operand), parse_type(e.type), e.negated
        return lambda row: is_of_type(operand(row), type) is not negated

    def _is_normalized(self, e: ast.IsNormalized) -> Evaluate:
        operand, form, negated = self.expression(e.operand), e.form, e.negated
        budget = self.context.budget

        def evaluate(row: Row) -> Value:
            value = operand(row)
            if not isinstance(value, str):
                return None
            check_normalizable(budget, value)
            return is_normalized(form, value) is not negated  # type: ignore[arg-type]

        return evaluate

    def _case_test(self, e: ast.CaseTest) -> Evaluate:
        with self.within((ast.SUBJECT,)):
            return self.expression(e.condition)

    def _has_labels(self, e: ast.HasLabels) -> Evaluate:
        subject, test = self.expression(e.subject), self._label_test(e.labels)
        position = e.position

        def evaluate(row: Row) -> Value:
            value = subject(row)
            if value is None:
                return None
            if value.__class__ is Node:
                return test(value.labels, row)
            if value.__class__ is Relationship:
                return test((value.type,), row)
            raise CypherTypeError(
                f"{kind_of(value)} has no labels",
                detail="InvalidArgumentType",
                position=position,
            )

        return evaluate

    def _label_test(self, labels: ast.LabelExpression) -> Callable[[Sequence[str], Row], bool]:
        if labels.operator == "is":
            name = labels.name
            return lambda mine, row: name in mine
        if labels.operator == "any":
            return lambda mine, row: bool(mine)
        if labels.operator == "dynamic":
            assert labels.expression is not None
            return self._dynamic_label(labels.expression)
        tests = [self._label_test(operand) for operand in labels.operands]
        if labels.operator == "not":
            return lambda mine, row: not tests[0](mine, row)
        join = all if labels.operator == "and" else any
        return lambda mine, row: join(test(mine, row) for test in tests)

    def _dynamic_label(self, e: ast.Expression) -> Callable[[Sequence[str], Row], bool]:
        """Whether all labels are there that an expression names: one, or a list of them."""
        named, position = self.expression(e), e.position

        def test(mine: Sequence[str], row: Row) -> bool:
            value = named(row)
            names = value if value.__class__ is list else [value]
            for name in names:
                if name.__class__ is not str:
                    raise CypherTypeError(
                        f"a label is a string, not {kind_of(name)}", position=position
                    )
            return all(name in mine for name in names)

        return test

    def _call(self, e: ast.FunctionCall) -> Evaluate:
        match e.arguments:
            case (
                ast.PatternComprehension(
                    pattern=pattern, where=None, projection=ast.Variable() | ast.Literal()
                ),
            ) if e.name.lower() == "size" and (asked := match_degree_patterns(pattern)):
                with self.collect_inner():
                    otherwise = self._call_function(e)
                return self._count_relationships(asked, otherwise, any=False)
        return self._call_function(e)

    def _call_function(self, e: ast.FunctionCall) -> Evaluate:
        function = find_function(e.name)
        if function is None:
            raise CypherSyntaxError(
                f"there is no function {e.name}()", detail="UnknownFunction", position=e.position
            )
        arguments = [self.expression(argument) for argument in e.arguments]
        call, nulls, context, position = function.call, function.nulls, self.context, e.position
        budget = context.budget

        def evaluate(row: Row) -> Value:
            budget.step()
            values = [argument(row) for argument in arguments]
            if not nulls and None in values:
                for value in values:
                    if value is None:
                        return None
            try:
                return call(context, *values)
            except CypherError as error:
                raise locate_error(error, position) from None

        return evaluate

    def _case(self, e: ast.Case) -> Evaluate:
        default = self.optional(e.default, None)
        if e.subject is None:
            tests = [(self.predicate(when), self.expression(then)) for when, then in e.alternatives]

            def search(row: Row) -> Value:
                for when, then in tests:
                    if when(row):
                        return then(row)
                return default(row)

            return search
        subject = self.expression(e.subject)
        values = [(self.expression(when), self.expression(then)) for when, then in e.alternatives]

        of_subject = [isinstance(when, ast.CaseTest) for when, _ in e.alternatives]

        def choose(row: Row) -> Value:
            value = subject(row)
            known = {**row, ast.SUBJECT: value} if any(of_subject) else row
            for test, (when, then) in zip(of_subject, values, strict=True):
                found = when(known)
                if found is True if test else equal(value, found):
                    return then(row)
            return default(row)

        return choose

    # --- What goes through a list ---

    def items(self, e: ast.Expression) -> Callable[[Row], list[Value] | None]:
        """The list that an expression gives for a row, or null."""
        source, position, budget = self.expression(e), e.position, self.context.budget

        def items(row: Row) -> list[Value] | None:
            value = source(row)
            if value is None or value.__class__ is list:
                budget.step(1 + len(value or ()))
                return value
            raise CypherTypeError(
                f"a list is needed here, not {kind_of(value)}",
                detail="InvalidArgumentType",
                position=position,
            )

        return items

    # --- What looks into the graph ---

    def _count_relationships(
        self, asked: Sequence[DegreePattern], otherwise: Evaluate, *, any: bool
    ) -> Evaluate:
        """How many, or whether `any`, relationships there are; `otherwise` for other rows."""
        degrees = DegreeLookup(self.context, asked)
        self._meet(lambda names: (), degrees.announce)

        def evaluate(row: Row) -> Value:
            degree = degrees.of(row)
            if degree is None:
                return otherwise(row)
            return degree > 0 if any else degree

        return evaluate

    def _pattern_predicate(self, e: ast.PatternPredicate) -> Evaluate:
        asked = match_degree_patterns(e.pattern)
        if asked:
            with self.collect_inner():
                otherwise = self._any_match(e)
            return self._count_relationships(asked, otherwise, any=True)
        return self._any_match(e)

    def _any_match(self, e: ast.PatternPredicate) -> Evaluate:
        matcher = Matcher(self, (e.pattern,), None, MatchUse(frozenset(), duplicates=False))
        names = _pattern_names(e.pattern)
        self._meet(matcher.list_operators)

        def evaluate(row: Row) -> Value:
            return matcher.any({name: row[name] for name in names if name in row})

        return evaluate

    def _pattern_comprehension(self, e: ast.PatternComprehension) -> Evaluate:
        looks = find_property_reads(e.projection)
        matcher = Matcher(
            self, (e.pattern,), e.where, MatchUse(find_variables(e.projection), looks=looks)
        )
        self._meet(matcher.list_operators)
        with self.within(matcher.names):
            projection = self.expression(e.projection)
        budget = self.context.budget

        def evaluate(row: Row) -> Value:
            made: list[Value] = []
            size = budget.made
            for found in matcher.rows((row,)):
                value = projection(found)
                budget.made = size
                budget.make(weigh(value))
                size = budget.made
                made.append(value)
            return made

        return evaluate

    def _path_value(self, e: ast.PathValue) -> Evaluate:
        name = "\0path"
        pattern = ast.PathPattern(e.position, name, e.pattern.selector, e.pattern.elements)
        matcher = Matcher(self, (pattern,), None, MatchUse(frozenset((name,))))
        selector = e.pattern.selector
        several = selector is not None and selector.kind == "allShortestPaths"
        self._meet(matcher.list_operators)

        def evaluate(row: Row) -> Value:
            paths: list[Path] = [found[name] for found in matcher.rows((row,))]
            if several:
                return paths
            return paths[0] if paths else None

        return evaluate

    def _subquery(self, e: ast.Subquery) -> Evaluate:
        asked = [] if e.kind == "collect" else match_degree_query(e.query)
        if asked:
            with self.collect_inner():
                otherwise = self._run_query(e)
            return self._count_relationships(asked, otherwise, any=e.kind == "exists")
        return self._run_query(e)

    def _run_query(self, e: ast.Subquery) -> Evaluate:
        with self.within((), alone=True):
            prepared = self.subqueries.prepare(e.query, duplicates=e.kind != "exists")
        self._meet(prepared.list_operators)
        budget = self.context.budget

        def query(row: Row) -> Iterator[Row]:
            # Inside, a row stands for itself.
            alone = {n: v for n, v in row.items() if n != TIMES} if TIMES in row else row
            return prepared.run(alone)

        if e.kind == "exists":
            return lambda row: next(query(row), None) is not None
        if e.kind == "count":
            return lambda row: sum(1 for _ in query(row))

        def collect(row: Row) -> Value:
            made: list[Value] = []
            for found in query(row):
                [value] = found.values()
                budget.make(weigh(value))
                made.append(value)
            return made

        return collect


def _may_nest(items: Sequence[ast.Expression]) -> bool:
    """Whether one of these may be a list or a map."""
    return not all(isinstance(item, ast.Literal | ast.Comparison | ast.IsNull) for item in items)


def _pattern_names(pattern: ast.PathPattern) -> frozenset[str]:
    return find_variables(pattern)


_MAKERS: dict[type, Callable[[ExpressionCompiler, Any], Evaluate]] = {
    ast.Literal: ExpressionCompiler._literal,
    ast.Parameter: ExpressionCompiler._parameter,
    ast.Variable: ExpressionCompiler._variable,
    ast.Property: ExpressionCompiler._property,
    ast.Index: ExpressionCompiler._index,
    ast.Slice: ExpressionCompiler._slice,
    ast.ListLiteral: ExpressionCompiler._list,
    ast.MapLiteral: ExpressionCompiler._map,
    ast.MapProjection: ExpressionCompiler._map_projection,
    ast.Unary: ExpressionCompiler._unary,
    ast.Binary: ExpressionCompiler._binary,
    ast.Comparison: ExpressionCompiler._comparison,
    ast.IsNull: ExpressionCompiler._is_null,
    ast.IsType: ExpressionCompiler._is_type,
    ast.IsNormalized: ExpressionCompiler._is_normalized,
    ast.CaseTest: ExpressionCompiler._case_test,
    ast.HasLabels: ExpressionCompiler._has_labels,
    ast.FunctionCall: ExpressionCompiler._call,
    ast.Case: ExpressionCompiler._case,
    ast.ListComprehension: compile_list_comprehension,
    ast.PatternComprehension: ExpressionCompiler._pattern_comprehension,
    ast.Quantifier: compile_quantifier,
    ast.Reduce: compile_reduce,
    ast.PatternPredicate: ExpressionCompiler._pattern_predicate,
    ast.PathValue: ExpressionCompiler._path_value,
    ast.Subquery: ExpressionCompiler._subquery,
}
