"""Queries: clauses one after the other, each a generator of rows from the rows before it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lineage.opencypher.errors import CypherUnsupported
from lineage.opencypher.execution.count_store import build_count
from lineage.opencypher.execution.expression_compiler import ExpressionCompiler
from lineage.opencypher.execution.matching.matcher import Matcher, MatchUse
from lineage.opencypher.execution.matching.multiplicity import Multiplicity
from lineage.opencypher.execution.operators import (
    ClauseOperators,
    InnerPlan,
    Names,
    PhysicalOperator,
    PlacedOperator,
    wrap_operator,
)
from lineage.opencypher.execution.projection import ProjectionPlan
from lineage.opencypher.planning.predicate_pushdown import push_down_predicates
from lineage.opencypher.semantics.aggregation import find_projection_reads, is_duplicate_insensitive
from lineage.opencypher.semantics.determinism import is_volatile
from lineage.opencypher.semantics.free_variables import (
    PropertyReads,
    find_property_reads,
    find_variables,
    merge_reads,
)
from lineage.opencypher.syntax import ast
from lineage.opencypher.syntax.ast_walk import walk_parts
from lineage.opencypher.syntax.unparser import quote_name, unparse
from lineage.opencypher.values.comparison import identity_key
from lineage.opencypher.values.entities import Value
from lineage.opencypher.values.memory_estimate import weigh_row

Row = dict[str, Value]
Rows = Iterable[Row]

_REFUSED: dict[type[ast.Clause], str] = {
    ast.Create: "CREATE is",
    ast.Merge: "MERGE is",
    ast.SetClause: "SET is",
    ast.Remove: "REMOVE is",
    ast.Delete: "DELETE is",
    ast.Foreach: "FOREACH is",
    ast.LoadCsv: "LOAD CSV is",
    ast.CallProcedure: "CALL of a procedure is",
}


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A query that can run for a row; `columns` are empty where it returns nothing."""

    columns: Sequence[str]
    stages: Sequence[ClauseOperators]

    def run(self, row: Row) -> Iterator[Row]:
        """The rows that it answers for a row."""
        rows: Iterator[Row] = iter((row,))
        for stage in self.stages:
            rows = stage.run(rows)
        return rows

    def list_operators(self, names: Names) -> list[PlacedOperator]:
        """Its steps, for a row with these names."""
        found: list[PlacedOperator] = []
        for stage in self.stages:
            found += stage.steps(names)
            names = stage.names(names)
        return found


class PipelineBuilder:
    """Makes generators of a query's clauses. `stars` has the names that each `*` stands for, by
    the identity of its projection."""

    def __init__(self, compiler: ExpressionCompiler, stars: Mapping[int, tuple[str, ...]]) -> None:
        self._compiler = compiler
        self._budget = compiler.context.budget
        self._profile = compiler.context.profile
        self._stars = stars
        compiler.subqueries = self

    def prepare(self, query: ast.Query, *, duplicates: bool = True) -> Pipeline:
        """A query, ready to run. Raises CypherUnsupported for what only a writer may do."""
        if isinstance(query, ast.Union):
            return self._union(query, duplicates)
        stages: list[ClauseOperators] = []
        hidden = not duplicates
        columns: list[str] = []
        projecting: ProjectionPlan | None = None
        clauses = push_down_predicates(query.clauses)
        for place in range(len(clauses) - 1, -1, -1):
            clause = clauses[place]
            rest = clauses[place + 1 :]
            if isinstance(clause, ast.With | ast.Return):
                projecting = self._plan_projection(clause)
                stages.append(projecting.stage())
                if isinstance(clause, ast.Return):
                    columns = projecting.columns
                hidden = is_duplicate_insensitive(clause.projection, after=hidden)
            elif projecting is not None and isinstance(clause, ast.Match) and place > 0:
                stages.append(self._match(clause, rest, hidden, projecting))
                projecting = None
            elif projecting is not None and isinstance(clause, ast.Match):
                match, projection = self._first(clause, rest, hidden, projecting), stages[-1]
                count = build_count(
                    clauses[:2], projecting.columns[0], self._compiler.context.graph,
                    self._profile, (match, projection),
                )  # fmt: skip
                if count is None:
                    stages.append(match)
                else:
                    stages[-1] = count
            else:
                stages.append(self._build_operators(clause, rest, hidden, again=place > 0))
                projecting = None
        stages.reverse()
        return Pipeline(columns, stages)

    def _union(self, query: ast.Union, duplicates: bool) -> Pipeline:
        matter = duplicates and query.all
        left = self.prepare(query.left, duplicates=matter)
        right = self.prepare(query.right, duplicates=matter)
        return self._both(left, right, query.all)

    def _plan_projection(self, clause: ast.With | ast.Return) -> ProjectionPlan:
        where = clause.where if isinstance(clause, ast.With) else None
        stars = self._stars.get(id(clause.projection), ())
        last = isinstance(clause, ast.Return)
        return ProjectionPlan(self._compiler, clause.projection, stars, where, last=last)

    def _first(
        self, clause: ast.Match, rest: tuple[ast.Clause, ...], hidden: bool, then: ProjectionPlan
    ) -> ClauseOperators:
        """A MATCH that a query begins with, and whose rows are projected next: in their order."""
        observed = replace(
            _observe_projected(clause, rest, hidden, then), order=then.preferred_order
        )
        matcher = Matcher(self._compiler, clause.patterns, clause.where, observed)
        then.trust_order(lambda: matcher.in_order)
        return matcher.stage(optional=clause.optional)

    def _match(
        self, clause: ast.Match, rest: tuple[ast.Clause, ...], hidden: bool, then: ProjectionPlan
    ) -> ClauseOperators:
        """A MATCH whose rows are projected next."""
        observed = replace(_observe_projected(clause, rest, hidden, then), again=True)
        matcher = Matcher(self._compiler, clause.patterns, clause.where, observed)
        return matcher.stage(optional=clause.optional)

    def _build_operators(
        self, clause: ast.Clause, rest: tuple[ast.Clause, ...], hidden: bool, *, again: bool
    ) -> ClauseOperators:
        match clause:
            case ast.Match():
                observed = _observe(rest, [p.variable for p in clause.patterns], hidden)
                observed = replace(observed, again=again)
                matcher = Matcher(self._compiler, clause.patterns, clause.where, observed)
                return matcher.stage(optional=clause.optional)
            case ast.Unwind():
                return self._unwind(clause)
            case ast.CallSubquery():
                return self._call(clause, hidden)
        raise CypherUnsupported(
            _REFUSED.get(type(clause), f"{type(clause).__name__} is"), position=clause.position
        )

    def _unwind(self, clause: ast.Unwind) -> ClauseOperators:
        with self._compiler.collect_inner() as inner:
            items = self._compiler.expression(clause.expression)
        name, budget = clause.variable, self._budget

        def unwind(rows: Rows) -> Iterator[Row]:
            for row in rows:
                before = budget.made
                value = items(row)
                budget.made = before
                if value is None:
                    continue
                for item in value if isinstance(value, list) else (value,):
                    budget.step()
                    yield {**row, name: item}

        def details() -> str:
            return f"{unparse(clause.expression)} AS {quote_name(name)}"

        step = PhysicalOperator("Unwind", unwind, details, inner=tuple(inner))
        return wrap_operator(step, self._profile, lambda names: names | {name})

    def _call(self, clause: ast.CallSubquery, hidden: bool) -> ClauseOperators:
        if clause.in_transactions:
            raise CypherUnsupported("CALL … IN TRANSACTIONS is", position=clause.position)
        if clause.imports is None:
            inner = self._resolve_import(clause.query, hidden)
        else:
            inner = self.prepare(clause.query, duplicates=not hidden)
        imports = clause.imports
        some = None if imports is None or imports == ("*",) else frozenset(imports)

        def call(rows: Rows) -> Iterator[Row]:
            for row in rows:
                given = row if some is None else {name: row[name] for name in some}
                empty = True
                for found in inner.run(dict(given)):
                    empty = False
                    yield {**row, **found}
                if empty and clause.optional:
                    yield {**row, **dict.fromkeys(inner.columns)}

        def list_inner(names: Names) -> list[PlacedOperator]:
            return inner.list_operators(names if some is None else some)

        def details() -> str:
            scope = "" if imports is None else ", ".join(map(quote_name, imports))
            return f"{'OPTIONAL ' if clause.optional else ''}CALL ({scope})"

        step = PhysicalOperator("Apply", call, details, inner=(InnerPlan(list_inner),))
        return wrap_operator(step, self._profile, lambda names: names.union(inner.columns))

    def _resolve_import(self, query: ast.Query, hidden: bool) -> Pipeline:
        """A sub-query without a scope: a WITH at its beginning says what it imports."""
        if isinstance(query, ast.Union):
            left = self._resolve_import(query.left, hidden or not query.all)
            right = self._resolve_import(query.right, hidden or not query.all)
            return self._both(left, right, query.all)
        prepared = self.prepare(query, duplicates=not hidden)
        if query.clauses and isinstance(query.clauses[0], ast.With):
            return prepared
        return Pipeline(prepared.columns, (_IMPORT_NOTHING, *prepared.stages))

    def _both(self, left: Pipeline, right: Pipeline, all: bool) -> Pipeline:
        budget = self._budget

        def every(row: Row) -> Iterator[Row]:
            for side in (left, right):
                yield from side.run(dict(row))

        def once(row: Row) -> Iterator[Row]:
            seen: set[Hashable] = set()
            held = 0
            try:
                for found in every(row):
                    values = [found.get(name) for name in left.columns]
                    key = tuple(map(identity_key, values))
                    if key not in seen:
                        seen.add(key)
                        size = weigh_row(values)
                        budget.hold(size)
                        held += size
                        yield found
            finally:
                budget.release(held)

        def unite(rows: Rows) -> Iterator[Row]:
            for row in rows:
                yield from every(row) if all else once(row)

        step = PhysicalOperator(
            "Union",
            unite,
            lambda: "ALL" if all else "",
            inner=(InnerPlan(left.list_operators), InnerPlan(right.list_operators)),
        )
        return Pipeline(
            left.columns,
            (wrap_operator(step, self._profile, lambda names: frozenset(left.columns)),),
        )


# What a sub-query sees that imports nothing.
_IMPORT_NOTHING = ClauseOperators(
    lambda rows: ({} for _ in rows), lambda names: (), lambda names: frozenset()
)


def _observe_projected(
    clause: ast.Match, rest: tuple[ast.Clause, ...], hidden: bool, then: ProjectionPlan
) -> MatchUse:
    observed = _observe(rest, [p.variable for p in clause.patterns], hidden)
    if observed.names is None or not (hidden or then.tells_how_many):
        return observed
    if is_volatile(clause) or is_volatile(rest[0]):
        # For each row it is asked anew.
        return observed
    return replace(observed, groups=Multiplicity(then.exposed_names, then.uncounted_names))


def _observe(rest: tuple[ast.Clause, ...], paths: list[str | None], hidden: bool) -> MatchUse:
    """What the clauses after a MATCH can tell of its matches."""
    names: set[str] = set()
    looks: list[PropertyReads] = []
    projection: ast.Projection | None = None
    for clause in rest:
        names |= find_variables(clause)
        if isinstance(clause, ast.With | ast.Return):
            projection = clause.projection
            returned = isinstance(clause, ast.Return)
            where = None if isinstance(clause, ast.Return) else clause.where
            looks.append(find_projection_reads(projection, where, last=returned))
            if projection.everything:
                return MatchUse(None, duplicates=not hidden)
            break
        looks.append(find_property_reads(clause))
        if isinstance(clause, ast.CallSubquery) and clause.imports != ():
            return MatchUse(None, duplicates=not hidden)
    lengths: set[str] = set()
    if projection is not None:
        before = rest[: next(i for i, c in enumerate(rest) if isinstance(c, ast.With | ast.Return))]
        last = rest[len(before)]
        for path in paths:
            if path is None or any(path in find_variables(clause) for clause in before):
                continue
            uses = sum(isinstance(p, ast.Variable) and p.name == path for p in walk_parts(last))
            if uses and uses == sum(_is_least_length(p, path) for p in walk_parts(last)):
                lengths.add(path)
    return MatchUse(
        frozenset(names), frozenset(lengths), duplicates=not hidden, looks=merge_reads(looks)
    )


def _is_least_length(part: ast.Part, path: str) -> bool:
    """Whether it is `min(length(path))`."""
    if not (isinstance(part, ast.FunctionCall) and part.name.lower() == "min"):
        return False
    match part.arguments:
        case (ast.FunctionCall(name=name, arguments=(ast.Variable(name=of),)),):
            return name.lower() == "length" and of == path
    return False
