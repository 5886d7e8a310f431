"""WITH and RETURN: columns, grouping and aggregates, DISTINCT, ORDER BY, SKIP and LIMIT."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from lineage.opencypher.errors import CypherSyntaxError
from lineage.opencypher.execution.expression_compiler import Evaluate, ExpressionCompiler
from lineage.opencypher.execution.matching.batches import load_reads, split_batches
from lineage.opencypher.execution.matching.multiplicity import TIMES
from lineage.opencypher.execution.operators import (
    ClauseOperators,
    ExecutionContext,
    InnerPlan,
    PhysicalOperator,
    announce_rows,
    run_operators,
)
from lineage.opencypher.functions.registry import AggregateSpec, find_aggregate
from lineage.opencypher.planning.match_planner import RowOrder
from lineage.opencypher.semantics.aggregation import (
    _INSENSITIVE,
    find_aggregates,
    find_projection_reads,
    map_to_columns,
)
from lineage.opencypher.semantics.free_variables import (
    find_exposed_variables,
    find_uncounted_variables,
)
from lineage.opencypher.syntax import ast
from lineage.opencypher.syntax.ast_walk import substitute
from lineage.opencypher.syntax.unparser import quote_name, unparse
from lineage.opencypher.values.comparison import identity_key, order_key
from lineage.opencypher.values.entities import Value
from lineage.opencypher.values.kinds import kind_of
from lineage.opencypher.values.memory_estimate import weigh, weigh_row

Row = dict[str, Value]
# What came in (for a group: its first row), and what goes out.
Pair = tuple[Row, Row]


# So many rows are sorted at once.
_RUN = 50_000


class ProjectionPlan:
    """One projection, ready to run; `where` is that of WITH. The `last` one is a RETURN."""

    def __init__(
        self,
        compiler: ExpressionCompiler,
        projection: ast.Projection,
        stars: Sequence[str],
        where: ast.Expression | None,
        *,
        last: bool,
    ) -> None:
        self._compiler = compiler
        self._context = compiler.context
        place = projection.position
        self._items = [
            *((name, ast.Variable(place, name)) for name in stars),
            *((item.name, item.expression) for item in projection.items),
        ]
        self.columns = [name for name, _ in self._items]
        self._projection = projection
        self._condition = where
        self._aggregates: dict[ast.Expression, str] = {}
        self._grouped = any(True for _, e in self._items for _ in find_aggregates(e))
        sorted_by = map_to_columns(self._items, sorting=True)
        named = map_to_columns(self._items, sorting=False)
        with compiler.collect_inner() as ordered:
            self._order = [
                (
                    compiler.expression(self._resolve_after(item.expression, sorted_by)),
                    item.descending,
                )
                for item in projection.order_by
            ]
        with compiler.collect_inner() as filtered:
            self._where = (
                None if where is None else compiler.predicate(self._resolve_after(where, named))
            )
        self.looks = find_projection_reads(projection, where, last=last)
        self._skip = None if projection.skip is None else self._bound(projection.skip)
        self._limit = None if projection.limit is None else self._bound(projection.limit)
        self._plain: list[tuple[str, Evaluate]] = []
        self._summed: list[tuple[str, Evaluate]] = []
        with compiler.collect_inner() as projected:
            for name, e in self._items:
                if self._grouped and any(True for _ in find_aggregates(e)):
                    self._summed.append((name, compiler.expression(self._hide_aggregates(e))))
                else:
                    self._plain.append((name, compiler.expression(e)))
            self._counters = [_build_cell(compiler, e) for e in self._aggregates]
        self._in_order: Callable[[], bool] = lambda: False
        self._hidden = list(self._aggregates.values())
        self._inner = tuple(projected)
        self._first = self._build_projection(self._inner)
        self._then = [
            *self._build_bounds(tuple(ordered)),
            *self._filter_rows(where, tuple(filtered)),
        ]

    def rows(self, rows: Iterable[Row]) -> Iterator[Row]:
        """What comes out."""
        pairs = run_operators((self._first, *self._then), rows, self._context.profile)
        return (new for _, new in pairs)

    @property
    def preferred_order(self) -> RowOrder | None:
        """The order of rows that would spare it to look at more than the first few."""
        projection, named = self._projection, dict(self._items)
        if self._grouped or projection.distinct or self._limit is None:
            return None
        if len(projection.order_by) != 1:
            return None
        [item] = projection.order_by
        match item.expression:
            case ast.Variable(name=alias) if alias in named:
                by = named[alias]
            case ast.Property(subject=ast.Variable(name=node) as subject) as by:
                if named.get(node, subject) != subject:
                    # What has that name is something else there.
                    return None
            case _:
                return None
        match by:
            case ast.Property(subject=ast.Variable(name=node), key=key):
                return RowOrder(node, key, item.descending)
        return None

    @property
    def tells_how_many(self) -> bool:
        """Whether a row may stand for several, as many as it has under TIMES."""
        return self._grouped and all(map(_is_countable, self._aggregates))

    @property
    def exposed_names(self) -> frozenset[str]:
        """The names of values of which more is told than properties, labels and how many."""
        return frozenset().union(*map(find_exposed_variables, self._expressions()))

    @property
    def uncounted_names(self) -> frozenset[str]:
        """The names of values of which more is told than how many they are."""
        return frozenset().union(*map(find_uncounted_variables, self._expressions()))

    def _expressions(self) -> Iterator[ast.Expression]:
        yield from (e for _, e in self._items)
        yield from (item.expression for item in self._projection.order_by)
        if self._condition is not None:
            yield self._condition

    def trust_order(self, told: Callable[[], bool]) -> None:
        """What comes in has the wanted order if this is so, once the first row has come."""
        self._in_order = told

    def stage(self) -> ClauseOperators:
        """The clause that it is."""
        columns = frozenset(self.columns)
        return ClauseOperators(
            self.rows,
            # ORDER BY and WHERE see what came in, and what goes out.
            lambda names: [(self._first, names), *((s, names | columns) for s in self._then)],
            lambda names: columns,
        )

    # --- Steps: all make pairs of pairs, but for the first, which makes them of rows ---

    def _build_projection(self, inner: tuple[InnerPlan, ...]) -> PhysicalOperator:
        def details() -> str:
            return ", ".join(
                text if (text := unparse(e)) == name else f"{text} AS {quote_name(name)}"
                for name, e in self._items
            )

        if self._grouped:
            return PhysicalOperator("EagerAggregation", self._groups, details, inner=inner)
        return PhysicalOperator("Projection", self._each, details, inner=inner)

    def _build_bounds(self, inner: tuple[InnerPlan, ...]) -> Iterator[PhysicalOperator]:
        projection, skip, limit = self._projection, self._skip, self._limit
        if projection.distinct:
            yield PhysicalOperator(
                "Distinct", self._drop_duplicates, lambda: ", ".join(map(quote_name, self.columns))
            )
        if self._order:

            def order() -> str:
                return ", ".join(
                    unparse(item.expression) + (" DESC" if item.descending else "")
                    for item in projection.order_by
                )

            yield PhysicalOperator(
                "Sort" if limit is None else "Top", self._sort_pairs, order, inner=inner
            )
        if projection.skip is not None:
            yield PhysicalOperator(
                "Skip", lambda rows: islice(rows, skip, None), _defer_text(projection.skip)
            )
        if projection.limit is not None:
            yield PhysicalOperator(
                "Limit", lambda rows: islice(rows, limit), _defer_text(projection.limit)
            )

    def _filter_rows(
        self, where: ast.Expression | None, inner: tuple[InnerPlan, ...]
    ) -> Iterator[PhysicalOperator]:
        holds = self._where
        if where is None or holds is None:
            return

        def keep(pairs: Iterable[Pair]) -> Iterator[Pair]:
            return (pair for pair in pairs if holds({**pair[0], **pair[1]}))

        yield PhysicalOperator("Filter", keep, _defer_text(where), inner=inner)

    # --- Names that ORDER BY and WHERE see ---

    def _resolve_after(
        self, expression: ast.Expression, named: dict[ast.Expression, ast.Variable]
    ) -> ast.Expression:
        """What was projected is meant by the same expression; aggregates are those of the group."""
        seen = substitute(expression, named)
        return self._hide_aggregates(seen) if self._grouped else seen

    def _hide_aggregates(self, expression: ast.Expression) -> ast.Expression:
        for aggregate in find_aggregates(expression):
            self._aggregates.setdefault(aggregate, f"\0aggregate{len(self._aggregates)}")
        return substitute(
            expression,
            {e: ast.Variable(e.position, name) for e, name in self._aggregates.items()},
        )

    def _bound(self, expression: ast.Expression) -> int:
        value = self._compiler.expression(expression)({})
        if value.__class__ is not int:
            raise CypherSyntaxError(
                f"SKIP and LIMIT need an integer, not {kind_of(value)}",
                detail="InvalidArgumentType",
                phase="runtime",
                position=expression.position,
            )
        if value < 0:
            raise CypherSyntaxError(
                f"SKIP and LIMIT can't be negative, as {value} is",
                detail="NegativeIntegerArgument",
                phase="runtime",
                position=expression.position,
            )
        return int(value)

    # --- Rows ---

    def _each(self, rows: Iterable[Row]) -> Iterator[Pair]:
        budget, graph, items = self._context.budget, self._context.graph, self._plain
        for batch in split_batches(rows):
            load_reads(graph, batch, self.looks)
            announce_rows(self._inner, batch)
            for row in batch:
                budget.step()
                before = budget.made
                new = {name: evaluate(row) for name, evaluate in items}
                budget.made = before
                yield row, new

    def _groups(self, rows: Iterable[Row]) -> Iterator[Pair]:
        budget, graph = self._context.budget, self._context.graph
        keys = self._plain
        counters = self._counters
        evaluates = [evaluate for _, evaluate in keys]
        groups: dict[Hashable, tuple[Row, Row, list[_AggregateCell]]] = {}
        held = 0
        for batch in split_batches(rows):
            load_reads(graph, batch, self.looks)
            announce_rows(self._inner, batch)
            budget.step(len(batch))
            for row in batch:
                before = budget.made
                values = [evaluate(row) for evaluate in evaluates]
                key = tuple(map(identity_key, values))
                group = groups.get(key)
                if group is None:
                    size = weigh_row(values) + len(keys) + len(counters)
                    budget.hold(size)
                    held += size
                    named = {name: value for (name, _), value in zip(keys, values, strict=True)}
                    group = groups[key] = (row, named, [make() for make in counters])
                for count in group[2]:
                    count.add(row)
                budget.made = before
        if not groups and not keys:
            groups[()] = ({}, {}, [make() for make in counters])
        try:
            for row, named, counts in groups.values():
                results = dict(zip(self._hidden, (c.result() for c in counts), strict=True))
                # An aggregate's expression reads what came in, whatever a column hides.
                known = {**row, **results}
                made = {name: evaluate(known) for name, evaluate in self._summed}
                yield (
                    known,
                    {name: made[name] if name in made else named[name] for name in self.columns},
                )
        finally:
            budget.release(held + sum(c.held for _, _, counts in groups.values() for c in counts))

    def _drop_duplicates(self, pairs: Iterable[Pair]) -> Iterator[Pair]:
        budget = self._context.budget
        seen: set[Hashable] = set()
        held = 0
        try:
            for pair in pairs:
                key = tuple(map(identity_key, pair[1].values()))
                if key not in seen:
                    seen.add(key)
                    size = weigh_row(pair[1].values())
                    budget.hold(size)
                    held += size
                    yield pair
        finally:
            budget.release(held)

    def _sort_pairs(self, pairs: Iterable[Pair]) -> Iterator[Pair]:
        budget = self._context.budget
        order = self._order
        wanted = None if self._limit is None else self._limit + (self._skip or 0)
        kept: list[tuple[list[Any], Pair, int]] = []
        # What comes after as many as are wanted.
        last: list[Any] | None = None
        pairs = iter(pairs)
        first = next(pairs, None)
        if first is None:
            return
        pairs = chain((first,), pairs)
        if self._in_order():
            yield from islice(pairs, wanted)
            return

        def sort() -> None:
            # In runs first, which can be stopped between; to merge them takes little.
            for first in range(0, len(kept), _RUN) if len(kept) > _RUN else ():
                kept[first : first + _RUN] = self._sort_run(kept[first : first + _RUN])
            # Sorting keeps the order of equals, so the last key comes first.
            for place in range(len(order) - 1, -1, -1):
                kept.sort(key=lambda item: item[0][place], reverse=order[place][1])

        for pair in pairs:
            seen = {**pair[0], **pair[1]}
            before = budget.made
            keys = [order_key(evaluate(seen)) for evaluate, _ in order]
            budget.made = before
            if last is not None and not self._comes_before(keys, last):
                budget.step()
                continue
            size = weigh_row(seen.values())
            budget.hold(size)
            kept.append((keys, pair, size))
            if wanted is not None and len(kept) > 2 * wanted + 1000:
                sort()
                budget.release(sum(size for _, _, size in kept[wanted:]))
                del kept[wanted:]
                last = kept[-1][0] if kept else None
        sort()
        budget.release(sum(size for _, _, size in kept))
        ordered = [pair for _, pair, _ in kept]
        kept.clear()
        yield from ordered

    def _sort_run(self, run: list[tuple[list[Any], Pair, int]]) -> list[Any]:
        for place in range(len(self._order) - 1, -1, -1):
            self._context.budget.step(len(run))
            run.sort(key=lambda item: item[0][place], reverse=self._order[place][1])
        return run

    def _comes_before(self, keys: Sequence[Any], others: Sequence[Any]) -> bool:
        for mine, other, (_, descending) in zip(keys, others, self._order, strict=True):
            if mine != other:
                return bool(mine < other) is not descending
        return False


class _AggregateCell:
    """One aggregate of one group."""

    __slots__ = ("_accumulate", "_accumulator", "_budget", "_first", "_held", "_rest", "_seen")

    def __init__(
        self,
        context: ExecutionContext,
        aggregate: AggregateSpec,
        arguments: list[Evaluate],
        distinct: bool,
    ) -> None:
        self._budget = context.budget
        self._held = 0
        self._accumulator = aggregate.make(context)
        self._accumulate = self._accumulator.add
        self._first, *self._rest = arguments
        self._seen: set[Hashable] | None = set() if distinct else None

    def add(self, row: Row) -> None:
        value = self._first(row)
        if value is None:
            return
        if self._seen is not None:
            key = identity_key(value)
            if key in self._seen:
                return
            self._seen.add(key)
            size = weigh(value)
            self._budget.hold(size)
            self._held += size
        if self._rest:
            self._accumulate(value, *(argument(row) for argument in self._rest))
        else:
            self._accumulate(value)

    def result(self) -> Value:
        return self._accumulator.result()

    @property
    def held(self) -> int:
        """How much it keeps, which is let go with the group."""
        return self._held + int(getattr(self._accumulator, "held", 0))


class _RowCount(_AggregateCell):
    __slots__ = ("_rows",)

    held = 0

    def __init__(self) -> None:
        self._rows = 0

    def add(self, row: Row) -> None:
        self._rows += row.get(TIMES, 1)

    def result(self) -> Value:
        return self._rows


class _ValueCount(_RowCount):
    __slots__ = ("_of",)

    def __init__(self, of: Evaluate) -> None:
        super().__init__()
        self._of = of

    def add(self, row: Row) -> None:
        if self._of(row) is not None:
            self._rows += row.get(TIMES, 1)


def _is_countable(aggregate: ast.Expression) -> bool:
    """Whether it can be told of a row how many it stands for, or need not be."""
    if isinstance(aggregate, ast.CountStar):
        return True
    assert isinstance(aggregate, ast.FunctionCall)
    return aggregate.distinct or aggregate.name.lower() in {"count", *_INSENSITIVE}


def _defer_text(expression: ast.Expression) -> Callable[[], str]:
    return lambda: unparse(expression)


def _build_cell(
    compiler: ExpressionCompiler, expression: ast.Expression
) -> Callable[[], _AggregateCell]:
    if isinstance(expression, ast.CountStar):
        return _RowCount
    assert isinstance(expression, ast.FunctionCall)
    aggregate = find_aggregate(expression.name)
    assert aggregate is not None
    arguments = [compiler.expression(argument) for argument in expression.arguments]
    if expression.name.lower() == "count" and not expression.distinct:
        [of] = arguments
        return lambda: _ValueCount(of)
    return lambda: _AggregateCell(compiler.context, aggregate, arguments, expression.distinct)
