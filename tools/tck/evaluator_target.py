"""The evaluator as a target, over the plain graph in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from lineage.opencypher import ast, run
from lineage.opencypher.analysis import analyse
from lineage.opencypher.compiling import Compiler
from lineage.opencypher.errors import CypherError, CypherUnsupported, QueryStopped
from lineage.opencypher.evaluating import Evaluator
from lineage.opencypher.functions.registry import Context
from lineage.opencypher.graph import PropertyGraph
from lineage.opencypher.limits import Budget, Limits
from tools.tck.canonical import form_of
from tools.tck.running import DEADLINE, Answer, Failed, Refused, Target
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
        context = Context(self._graph, Budget(Limits()), datetime.now(UTC))
        evaluator = Evaluator(Compiler(context, dict(parameters)), analysis.stars)
        return list(evaluator.prepare(analysis.query).run({}))
