"""The evaluator as a target, over the plain graph in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from lineage.opencypher import run
from lineage.opencypher.errors import CypherError, CypherUnsupported, QueryStopped
from lineage.opencypher.execution.expression_compiler import ExpressionCompiler
from lineage.opencypher.execution.operators import ExecutionContext
from lineage.opencypher.execution.pipeline import PipelineBuilder
from lineage.opencypher.semantics.semantic_analysis import analyse
from lineage.opencypher.syntax import ast
from lineage.opencypher.values.budget import Budget, Limits
from lineage.opencypher.values.property_graph import PropertyGraph
from tools.tck.canonical import form_of
from tools.tck.runner import DEADLINE, Answer, Failed, Refused, Target
from tools.tck.set_up import Row, execute


class EvaluatorTarget(Target):
    """A new graph for each scenario."""

    def __init__(self) -> None:
        self._graph = PropertyGraph()

    def prepare(self, statements: Sequence[str], parameters: Mapping[str, Any]) -> None:
        self._graph = PropertyGraph()
        for statement in statements:
            execute(statement, self._graph, parameters, self._read)

    def run(self, query: str, parameters: Mapping[str, Any]) -> Answer:
        try:
            result = run(self._graph, query, parameters, limits=Limits(seconds=DEADLINE))
            rows = [tuple(map(form_of, row)) for row in result.rows]
        except CypherUnsupported as refusal:
            raise Refused(str(refusal)) from refusal
        except CypherError as error:
            raise Failed(error.kind, error.phase, error.detail, str(error)) from error
        except QueryStopped as stop:
            raise Failed(type(stop).__name__, None, None, str(stop)) from stop
        return Answer(result.columns, rows)

    def _read(self, query: ast.SingleQuery, parameters: Mapping[str, Any]) -> list[Row]:
        analysis = analyse(query)
        context = ExecutionContext(self._graph, Budget(Limits()), datetime.now(UTC))
        evaluator = PipelineBuilder(ExpressionCompiler(context, dict(parameters)), analysis.stars)
        return list(evaluator.prepare(analysis.query).run({}))
