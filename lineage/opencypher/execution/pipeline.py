"""Queries: clauses one after the other, each a generator of rows from the rows before it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lineage.opencypher.errors import CypherUnsupported
from lineage.opencypher.execution.count_store import counting
from lineage.opencypher.execution.expression_compiler import Compiler
from lineage.opencypher.execution.matching.matcher import Matcher, Observed
from lineage.opencypher.execution.matching.multiplicity import Groups
from lineage.opencypher.execution.operators import Inner, Names, Placed, Stage, Step, alone
from lineage.opencypher.execution.projection import Projecting
from lineage.opencypher.planning.predicate_pushdown import pushed
from lineage.opencypher.semantics.aggregation import hides_duplicates, looks_of
from lineage.opencypher.semantics.determinism import changes
from lineage.opencypher.semantics.free_variables import Looks, looked_into, together, used_names
from lineage.opencypher.syntax import ast
from lineage.opencypher.syntax.ast_walk import everything
from lineage.opencypher.syntax.unparser import name_of, written
from lineage.opencypher.values.comparison import identity_key
from lineage.opencypher.values.entities import Value
from lineage.opencypher.values.memory_estimate import weight_of_row

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
class Prepared:
    """A query that can run for a row; `columns` are empty where it returns nothing."""

    columns: Sequence[str]
    stages: Sequence[Stage]

    def run(self, row: Row) -> Iterator[Row]:
        """The rows that it answers for a row."""
        rows: Iterator[Row] = iter((row,))
        for stage in self.stages:
            rows = stage.run(rows)
        return rows

    def placed(self, names: Names) -> list[Placed]:
        """Its steps, for a row with these names."""
        found: list[Placed] = []
        for stage in self.stages:
            found += stage.steps(names)
            names = stage.names(names)
        return found


class Evaluator:
    """Makes generators of a query's clauses. `stars` has the names that each `*` stands for, by
    the identity of its projection."""

    def __init__(self, compiler: Compiler, stars: Mapping[int, tuple[str, ...]]) -> None:
        self._compiler = compiler
        self._budget = compiler.context.budget
        self._profile = compiler.context.profile
        self._stars = stars
        compiler.subqueries = self

    def prepare(self, query: ast.Query, *, duplicates: bool = True) -> Prepared:
        """A query, ready to run. Raises CypherUnsupported for what only a writer may do."""
        if isinstance(query, ast.Union):
            return self._union(query, duplicates)
        stages: list[Stage] = []
        hidden = not duplicates
        columns: list[str] = []
        projecting: Projecting | None = None
        clauses = pushed(query.clauses)
        for place in range(len(clauses) - 1, -1, -1):
            clause = clauses[place]
            rest = clauses[place + 1 :]
            if isinstance(clause, ast.With | ast.Return):
                projecting = self._projecting(clause)
                stages.append(projecting.stage())
                if isinstance(clause, ast.Return):
                    columns = projecting.columns
                hidden = hides_duplicates(clause.projection, after=hidden)
            elif projecting is not None and isinstance(clause, ast.Match) and place > 0:
                stages.append(self._match(clause, rest, hidden, projecting))
                projecting = None
            elif projecting is not None and isinstance(clause, ast.Match):
                match, projection = self._first(clause, rest, hidden, projecting), stages[-1]
                count = counting(
                    clauses[:2], projecting.columns[0], self._compiler.context.graph,
                    self._profile, (match, projection),
                )  # fmt: skip
                if count is None:
                    stages.append(match)
                else:
                    stages[-1] = count
            else:
                stages.append(self._stage(clause, rest, hidden))
                projecting = None
        stages.reverse()
        return Prepared(columns, stages)

    def _union(self, query: ast.Union, duplicates: bool) -> Prepared:
        matter = duplicates and query.all
        left = self.prepare(query.left, duplicates=matter)
        right = self.prepare(query.right, duplicates=matter)
        return self._both(left, right, query.all)

    def _projecting(self, clause: ast.With | ast.Return) -> Projecting:
        where = clause.where if isinstance(clause, ast.With) else None
        stars = self._stars.get(id(clause.projection), ())
        last = isinstance(clause, ast.Return)
        return Projecting(self._compiler, clause.projection, stars, where, last=last)

    def _first(
        self, clause: ast.Match, rest: tuple[ast.Clause, ...], hidden: bool, then: Projecting
    ) -> Stage:
        """A MATCH that a query begins with, and whose rows are projected next: in their order."""
        observed = replace(_projected(clause, rest, hidden, then), order=then.wanted_order)
        matcher = Matcher(self._compiler, clause.patterns, clause.where, observed)
        then.given_in_order(lambda: matcher.in_order)
        return matcher.stage(optional=clause.optional)

    def _match(
        self, clause: ast.Match, rest: tuple[ast.Clause, ...], hidden: bool, then: Projecting
    ) -> Stage:
        """A MATCH whose rows are projected next."""
        observed = _projected(clause, rest, hidden, then)
        matcher = Matcher(self._compiler, clause.patterns, clause.where, observed)
        return matcher.stage(optional=clause.optional)

    def _stage(self, clause: ast.Clause, rest: tuple[ast.Clause, ...], hidden: bool) -> Stage:
        match clause:
            case ast.Match():
                observed = _observed(rest, [p.variable for p in clause.patterns], hidden)
                matcher = Matcher(self._compiler, clause.patterns, clause.where, observed)
                return matcher.stage(optional=clause.optional)
            case ast.Unwind():
                return self._unwind(clause)
            case ast.CallSubquery():
                return self._call(clause, hidden)
        raise CypherUnsupported(
            _REFUSED.get(type(clause), f"{type(clause).__name__} is"), position=clause.position
        )

    def _unwind(self, clause: ast.Unwind) -> Stage:
        with self._compiler.meeting() as inner:
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
            return f"{written(clause.expression)} AS {name_of(name)}"

        step = Step("Unwind", unwind, details, inner=tuple(inner))
        return alone(step, self._profile, lambda names: names | {name})

    def _call(self, clause: ast.CallSubquery, hidden: bool) -> Stage:
        if clause.in_transactions:
            raise CypherUnsupported("CALL … IN TRANSACTIONS is", position=clause.position)
        if clause.imports is None:
            inner = self._importing(clause.query, hidden)
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

        def seen(names: Names) -> list[Placed]:
            return inner.placed(names if some is None else some)

        def details() -> str:
            scope = "" if imports is None else ", ".join(map(name_of, imports))
            return f"{'OPTIONAL ' if clause.optional else ''}CALL ({scope})"

        step = Step("Apply", call, details, inner=(Inner(seen),))
        return alone(step, self._profile, lambda names: names.union(inner.columns))

    def _importing(self, query: ast.Query, hidden: bool) -> Prepared:
        """A sub-query without a scope: a WITH at its beginning says what it imports."""
        if isinstance(query, ast.Union):
            left = self._importing(query.left, hidden or not query.all)
            right = self._importing(query.right, hidden or not query.all)
            return self._both(left, right, query.all)
        prepared = self.prepare(query, duplicates=not hidden)
        if query.clauses and isinstance(query.clauses[0], ast.With):
            return prepared
        return Prepared(prepared.columns, (_NOTHING, *prepared.stages))

    def _both(self, left: Prepared, right: Prepared, all: bool) -> Prepared:
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
                        size = weight_of_row(values)
                        budget.hold(size)
                        held += size
                        yield found
            finally:
                budget.release(held)

        def unite(rows: Rows) -> Iterator[Row]:
            for row in rows:
                yield from every(row) if all else once(row)

        step = Step(
            "Union",
            unite,
            lambda: "ALL" if all else "",
            inner=(Inner(left.placed), Inner(right.placed)),
        )
        return Prepared(
            left.columns, (alone(step, self._profile, lambda names: frozenset(left.columns)),)
        )


# What a sub-query sees that imports nothing.
_NOTHING = Stage(lambda rows: ({} for _ in rows), lambda names: (), lambda names: frozenset())


def _projected(
    clause: ast.Match, rest: tuple[ast.Clause, ...], hidden: bool, then: Projecting
) -> Observed:
    observed = _observed(rest, [p.variable for p in clause.patterns], hidden)
    if observed.names is None or not (hidden or then.tells_how_many):
        return observed
    if changes(clause) or changes(rest[0]):
        # For each row it is asked anew.
        return observed
    return replace(observed, groups=Groups(then.told, then.uncounted))


def _observed(rest: tuple[ast.Clause, ...], paths: list[str | None], hidden: bool) -> Observed:
    """What the clauses after a MATCH can tell of its matches."""
    names: set[str] = set()
    looks: list[Looks] = []
    projection: ast.Projection | None = None
    for clause in rest:
        names |= used_names(clause)
        if isinstance(clause, ast.With | ast.Return):
            projection = clause.projection
            returned = isinstance(clause, ast.Return)
            where = None if isinstance(clause, ast.Return) else clause.where
            looks.append(looks_of(projection, where, last=returned))
            if projection.everything:
                return Observed(None, duplicates=not hidden)
            break
        looks.append(looked_into(clause))
        if isinstance(clause, ast.CallSubquery) and clause.imports != ():
            return Observed(None, duplicates=not hidden)
    lengths: set[str] = set()
    if projection is not None:
        before = rest[: next(i for i, c in enumerate(rest) if isinstance(c, ast.With | ast.Return))]
        last = rest[len(before)]
        for path in paths:
            if path is None or any(path in used_names(clause) for clause in before):
                continue
            uses = sum(isinstance(p, ast.Variable) and p.name == path for p in everything(last))
            if uses and uses == sum(_is_least_length(p, path) for p in everything(last)):
                lengths.add(path)
    return Observed(
        frozenset(names), frozenset(lengths), duplicates=not hidden, looks=together(looks)
    )


def _is_least_length(part: ast.Part, path: str) -> bool:
    """Whether it is `min(length(path))`."""
    if not (isinstance(part, ast.FunctionCall) and part.name.lower() == "min"):
        return False
    match part.arguments:
        case (ast.FunctionCall(name=name, arguments=(ast.Variable(name=of),)),):
            return name.lower() == "length" and of == path
    return False
