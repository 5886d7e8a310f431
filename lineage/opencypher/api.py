"""One way in: a text, a graph, parameters, limits; columns and rows out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from lineage.opencypher.errors import CypherParameterMissing, CypherUnsupported
from lineage.opencypher.execution.expression_compiler import ExpressionCompiler
from lineage.opencypher.execution.operators import ExecutionContext, PlacedOperator, Profile
from lineage.opencypher.execution.pipeline import PipelineBuilder
from lineage.opencypher.semantics.procedures import expand_procedures
from lineage.opencypher.semantics.semantic_analysis import Analysis, analyse
from lineage.opencypher.syntax.interruption import interruptible
from lineage.opencypher.syntax.parser import parse
from lineage.opencypher.values.budget import Budget, Limits
from lineage.opencypher.values.entities import Value
from lineage.opencypher.values.graph import Graph


@dataclass(frozen=True, slots=True)
class RowStream:
    """The columns of an answer, and its rows: lazily, once, each a tuple in their order.

    `steps` are what makes the rows: its plan.
    """

    columns: tuple[str, ...]
    rows: Iterator[tuple[Value, ...]]
    steps: Callable[[], Sequence[PlacedOperator]]


@lru_cache(maxsize=256)
def analyse_text(text: str) -> Analysis:
    """A query's tree, checked. Raises CypherError for what is wrong with it."""
    try:
        return analyse(expand_procedures(parse(text)))
    except RecursionError:
        raise CypherUnsupported("an expression nested this deeply is") from None


def run(
    graph: Graph,
    text: str,
    parameters: Mapping[str, Value] | None = None,
    *,
    limits: Limits | None = None,
    now: datetime | None = None,
    profile: Profile | None = None,
) -> RowStream:
    """Run a query that only reads over a graph.

    Parameters
    ----------
    graph: it must not change until the last row was taken.
    text: openCypher; quantified path patterns and SHORTEST of newer Cypher too.
    parameters: null, booleans, numbers, strings, lists, maps, temporal values, nodes.
    limits: when to stop; by default only memory is bounded.
    now: the clock of the statement; the present by default.
    profile: told what each step does.

    Raises
    ------
    CypherError: the query is wrong (before any row is taken), or meets a wrong value (while rows
    are taken). CypherUnsupported: it is legal, but not run here; it names what, and where.
    QueryStopped: a limit was reached, while rows are taken.
    """
    budget = Budget(limits or Limits())
    given = dict(parameters or {})
    with interruptible(budget.step):
        analysis = analyse_text(text)
        for name, position in analysis.parameters.items():
            if name not in given:
                raise CypherParameterMissing(name, position=position)
        context = ExecutionContext(graph, budget, now or datetime.now(UTC), profile=profile)
        try:
            compiler = ExpressionCompiler(context, given)
            prepared = PipelineBuilder(compiler, analysis.stars).prepare(analysis.query)
        except RecursionError:
            raise CypherUnsupported("an expression nested this deeply is") from None
    columns = tuple(analysis.columns)
    return RowStream(
        columns, _rows(prepared.run, columns), lambda: prepared.list_operators(frozenset())
    )


def _rows(run: Any, columns: tuple[str, ...]) -> Iterator[tuple[Value, ...]]:
    try:
        for row in run({}):
            yield tuple(row[name] for name in columns)
    except RecursionError:
        raise CypherUnsupported("an expression nested this deeply is") from None
