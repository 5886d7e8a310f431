"""What is wrong with a query can be seen without any data: names, kinds, aggregates, clauses.

`analyse` walks a query with the names in scope and what is known of their kinds, and raises what
openCypher says must be raised at compile time. It also finds what each `*` stands for.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass, field

from lineage.opencypher.errors import CypherError, CypherSyntaxError, CypherUnsupported
from lineage.opencypher.semantics.aggregation import find_aggregates, map_to_columns
from lineage.opencypher.semantics.free_variables import find_variables
from lineage.opencypher.semantics.type_inference import Scope, TypeChecker
from lineage.opencypher.syntax import ast
from lineage.opencypher.syntax.ast_walk import child_parts, substitute, walk_parts

_VOCABULARY = (
    "what labels, relationship types and properties there are, :schema tells in the shell, and "
    "`store.vocabulary()`"
)
_REFUSED: dict[type[ast.Clause], str] = {
    ast.Create: "CREATE",
    ast.Merge: "MERGE",
    ast.SetClause: "SET",
    ast.Remove: "REMOVE",
    ast.Delete: "DELETE",
    ast.Foreach: "FOREACH",
    ast.LoadCsv: "LOAD CSV",
    ast.CallProcedure: "CALL of a procedure",
}


@dataclass(slots=True)
class Analysis:
    """What is known of a query before it runs.

    columns: what it returns. stars: the names that each `*` stands for, by the identity of its
    projection, which lives as long as `query` does. parameters: where each is used first.
    """

    query: ast.Query
    columns: list[str] = field(default_factory=list)
    stars: dict[int, tuple[str, ...]] = field(default_factory=dict)
    parameters: dict[str, ast.Position] = field(default_factory=dict)


def analyse(query: ast.Query) -> Analysis:
    """Check a query. Raises CypherSyntaxError for what it gets wrong, CypherUnsupported for what
    is legal, but not run here: whatever writes, calls a procedure or loads a file."""
    analyser = _Analyser(query)
    analyser.found.columns = analyser.query(query, Scope(), inside=False)
    for part in walk_parts(query):
        if isinstance(part, ast.Parameter):
            analyser.found.parameters.setdefault(part.name, part.position)
    return analyser.found


class _Analyser:
    def __init__(self, query: ast.Query) -> None:
        self.found = Analysis(query)
        self._checker = TypeChecker(self._subquery)

    def _subquery(self, expression: ast.Subquery, scope: Scope) -> None:
        columns = self.query(expression.query, scope, inside=True)
        if expression.kind == "collect" and len(columns) != 1:
            raise CypherSyntaxError(
                "COLLECT { } returns exactly one column", position=expression.position
            )

    # --- Queries ---

    def query(self, query: ast.Query, scope: Scope, *, inside: bool) -> list[str]:
        """Check a query in a scope, and give its columns. `inside` an expression RETURN may be
        left out."""
        if isinstance(query, ast.Union):
            if isinstance(query.left, ast.Union) and query.left.all != query.all:
                raise CypherSyntaxError(
                    "UNION and UNION ALL can't be mixed",
                    detail="InvalidClauseComposition",
                    position=query.position,
                )
            left = self.query(query.left, scope, inside=inside)
            right = self.query(query.right, scope, inside=inside)
            if sorted(left) != sorted(right):
                raise CypherSyntaxError(
                    f"both sides of UNION return the same columns; these are {', '.join(left)} "
                    f"and {', '.join(right)}",
                    detail="DifferentColumnsInUnion",
                    position=query.position,
                )
            return left
        columns: list[str] = []
        last = query.clauses[-1]
        for clause in query.clauses:
            refused = _REFUSED.get(type(clause))
            if refused is not None and inside and isinstance(clause, ast.WRITES):
                raise CypherSyntaxError(
                    f"a query inside an expression only reads, so it can't have {refused}",
                    detail="InvalidClauseComposition",
                    position=clause.position,
                )
            if isinstance(clause, ast.CallProcedure):
                raise CypherUnsupported(
                    "CALL of a procedure is", instead=_VOCABULARY, position=clause.position
                )
            if refused is not None:
                raise CypherUnsupported(
                    f"this store is only read here: {refused} is", position=clause.position
                )
            if isinstance(clause, ast.Return):
                if clause is not last:
                    raise CypherSyntaxError(
                        "RETURN is the last clause of a query",
                        detail="InvalidClauseComposition",
                        position=clause.position,
                    )
                columns, _ = self._projection(clause, scope)
            else:
                scope = self._clause(clause, scope)
        if not isinstance(last, ast.Return) and not inside:
            raise CypherSyntaxError(
                "a query that only reads ends with RETURN",
                detail="InvalidClauseComposition",
                position=last.position,
            )
        return columns

    def _clause(self, clause: ast.Clause, scope: Scope) -> Scope:
        match clause:
            case ast.Match():
                return self._match(clause, scope)
            case ast.With():
                columns, visible = self._projection(clause, scope)
                return visible.only(columns)
            case ast.Unwind(expression=expression, variable=variable):
                self._check(expression, scope)
                self._no_aggregates(expression)
                self._free(variable, scope, clause.position)
                return scope.with_(variable, None)
            case ast.CallSubquery():
                return self._call(clause, scope)
        raise CypherUnsupported(f"{type(clause).__name__} is", position=clause.position)

    def _check(
        self, expression: ast.Expression, scope: Scope, *, predicate: bool = False
    ) -> str | None:
        return self._checker.check(expression, scope, predicate=predicate)

    @staticmethod
    def _free(name: str, scope: Scope, position: ast.Position) -> None:
        if name in scope:
            raise CypherSyntaxError(
                f"{name} has a value already", detail="VariableAlreadyBound", position=position
            )

    @staticmethod
    def _no_aggregates(part: ast.Part) -> None:
        for aggregate in find_aggregates(part):
            raise CypherSyntaxError(
                "an aggregate can only stand in WITH or RETURN",
                detail="InvalidAggregation",
                position=aggregate.position,
            )

    def _where(self, where: ast.Expression | None, scope: Scope) -> None:
        if where is None:
            return
        self._no_aggregates(where)
        kind = self._check(where, scope, predicate=True)
        if kind not in (None, "boolean", "null"):
            raise CypherSyntaxError(
                f"a predicate is needed here, not a {kind}",
                detail="InvalidArgumentType",
                position=where.position,
            )

    def _match(self, clause: ast.Match, scope: Scope) -> Scope:
        inner = self._checker.patterns(clause.patterns, scope)
        self._where(clause.where, inner)
        return inner

    def _call(self, clause: ast.CallSubquery, scope: Scope) -> Scope:
        if clause.in_transactions:
            raise CypherUnsupported("CALL … IN TRANSACTIONS is", position=clause.position)
        if clause.imports is None:
            columns = self._resolve_import(clause.query, scope)
        else:
            names = list(scope.names()) if clause.imports == ("*",) else clause.imports
            for name in names:
                if name not in scope:
                    raise _report_undefined(name, clause.position)
            columns = self.query(clause.query, scope.only(names), inside=False)
        for name in columns:
            self._free(name, scope, clause.position)
            scope = scope.with_(name, None)
        return scope

    def _resolve_import(self, query: ast.Query, scope: Scope) -> list[str]:
        """A sub-query without a scope: a WITH at the beginning says what it imports."""
        if isinstance(query, ast.Union):
            left = self._resolve_import(query.left, scope)
            right = self._resolve_import(query.right, scope)
            if sorted(left) != sorted(right):
                raise CypherSyntaxError(
                    "both sides of UNION return the same columns",
                    detail="DifferentColumnsInUnion",
                    position=query.position,
                )
            return left
        first = query.clauses[0]
        imports = isinstance(first, ast.With) and (
            first.projection.everything
            or any(find_variables(i.expression) & scope.names() for i in first.projection.items)
        )
        if imports and isinstance(first, ast.With):
            plain = first.where is None and all(
                isinstance(item.expression, ast.Variable) and item.name == item.expression.name
                for item in first.projection.items
            )
            if not plain:
                raise CypherSyntaxError(
                    "a WITH that imports names into a sub-query only names them",
                    position=first.position,
                )
        return self.query(query, scope if imports else Scope(), inside=False)

    # --- Projections ---

    def _projection(self, clause: ast.With | ast.Return, scope: Scope) -> tuple[list[str], Scope]:
        """The columns, and the scope with all that WHERE may see."""
        projection = clause.projection
        columns: list[str] = []
        if projection.everything:
            columns = sorted(scope.names())
            if not columns and isinstance(clause, ast.Return):
                raise CypherSyntaxError(
                    "there is nothing that * could stand for",
                    detail="NoVariablesInScope",
                    position=projection.position,
                )
            self.found.stars[id(projection)] = tuple(columns)
        new = scope
        for item in projection.items:
            kind = self._check(item.expression, scope)
            if item.name in columns:
                raise CypherSyntaxError(
                    f"two columns are called {item.name}",
                    detail="ColumnNameConflict",
                    position=item.position,
                )
            columns.append(item.name)
            new = new.with_(item.name, kind)
        grouped = self._check_grouping(projection)
        self._sort(projection, new, columns, grouped)
        if isinstance(clause, ast.With):
            self._check_names(projection)
        for bound in (projection.skip, projection.limit):
            if bound is not None:
                self._bound(bound)
        if isinstance(clause, ast.With) and clause.where is not None:
            narrow = grouped or projection.distinct
            seen = self._rename(projection, clause.where, sorting=False) if narrow else clause.where
            self._where(seen, new.only(columns) if narrow else new)
        return columns, new

    @staticmethod
    def _check_names(projection: ast.Projection) -> None:
        for item in projection.items:
            if not item.aliased and not isinstance(item.expression, ast.Variable):
                raise CypherSyntaxError(
                    f"{item.name} needs a name: AS …",
                    detail="NoExpressionAlias",
                    position=item.position,
                )

    @staticmethod
    def _rename(
        projection: ast.Projection, expression: ast.Expression, *, sorting: bool
    ) -> ast.Expression:
        items = [(item.name, item.expression) for item in projection.items]
        return substitute(expression, map_to_columns(items, sorting=sorting))

    def _sort(
        self,
        projection: ast.Projection,
        new: Scope,
        columns: Iterable[str],
        grouped: bool,
    ) -> None:
        for item in projection.order_by:
            renamed = self._rename(projection, item.expression, sorting=True)
            if not grouped:
                self._no_aggregates(item.expression)
            if grouped or projection.distinct:
                visible = new.only(columns)
                self._check(renamed, visible)
                if any(True for _ in find_aggregates(item.expression)):
                    self._ambiguous(item.expression, projection, named=set(columns))
                for aggregate in find_aggregates(renamed):
                    if isinstance(aggregate, ast.FunctionCall):
                        raise CypherUnsupported(
                            "an aggregate in ORDER BY that is no column is",
                            position=aggregate.position,
                        )
            else:
                self._check(renamed, new)

    def _bound(self, bound: ast.Expression) -> None:
        if any(isinstance(part, ast.Variable | ast.PatternPredicate) for part in walk_parts(bound)):
            raise CypherSyntaxError(
                "SKIP and LIMIT can't depend on what was matched",
                detail="NonConstantExpression",
                position=bound.position,
            )
        self._no_aggregates(bound)
        self._check(bound, Scope())
        if isinstance(bound, ast.Literal):
            if bound.kind != "integer":
                raise CypherSyntaxError(
                    "SKIP and LIMIT need an integer",
                    detail="InvalidArgumentType",
                    position=bound.position,
                )
            if bound.value < 0:
                raise CypherSyntaxError(
                    "SKIP and LIMIT can't be negative",
                    detail="NegativeIntegerArgument",
                    position=bound.position,
                )

    # --- Aggregates ---

    def _check_grouping(self, projection: ast.Projection) -> bool:
        """Whether rows are grouped; checks that what surrounds aggregates has one value a group."""
        grouped = False
        for item in projection.items:
            for aggregate in find_aggregates(item.expression):
                grouped = True
                self._aggregate(aggregate)
        if grouped:
            for item in projection.items:
                if any(True for _ in find_aggregates(item.expression)):
                    self._ambiguous(item.expression, projection)
        return grouped

    def _aggregate(self, aggregate: ast.FunctionCall | ast.CountStar) -> None:
        for argument in getattr(aggregate, "arguments", ()):
            for inner in find_aggregates(argument):
                raise CypherSyntaxError(
                    "an aggregate can't stand inside another",
                    detail="NestedAggregation",
                    position=inner.position,
                )
            if not self._checker.is_deterministic(argument):
                raise CypherSyntaxError(
                    "what is aggregated can't be random",
                    detail="NonConstantExpression",
                    position=argument.position,
                )

    def _ambiguous(
        self,
        expression: ast.Expression,
        projection: ast.Projection,
        named: Set[str] = frozenset(),
    ) -> None:
        keys = [
            item.expression
            for item in projection.items
            if not any(True for _ in find_aggregates(item.expression))
        ]
        if projection.everything:
            return

        def one_value(part: ast.Part, local: frozenset[str]) -> bool:
            if isinstance(part, ast.CountStar) or (
                isinstance(part, ast.FunctionCall) and any(a is part for a in find_aggregates(part))
            ):
                return True
            if isinstance(part, ast.Variable):
                return part.name in local or part.name in named or part in keys
            if isinstance(part, ast.Property) and isinstance(part.subject, ast.Variable):
                return part in keys or one_value(part.subject, local)
            if isinstance(part, ast.Subquery | ast.PatternComprehension | ast.PatternPredicate):
                return find_variables(part) <= local | {
                    key.name for key in keys if isinstance(key, ast.Variable)
                }
            inside = local | _find_locals(part)
            return all(one_value(inner, inside) for inner in child_parts(part))

        if not one_value(expression, frozenset()):
            raise CypherSyntaxError(
                "beside an aggregate stands something that is no column of its own, so that it may "
                "have several values in a group",
                detail="AmbiguousAggregationExpression",
                position=expression.position,
            )


def _find_locals(part: ast.Part) -> frozenset[str]:
    if isinstance(part, ast.ListComprehension | ast.Quantifier):
        return frozenset((part.variable,))
    if isinstance(part, ast.Reduce):
        return frozenset((part.variable, part.accumulator))
    return frozenset()


def _report_undefined(name: str, position: ast.Position) -> CypherError:
    return CypherSyntaxError(
        f"nothing here is called {name}", detail="UndefinedVariable", position=position
    )
