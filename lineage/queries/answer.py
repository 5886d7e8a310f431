"""A query over a store's reader, answered in values of the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from lineage.backends import row_mapping
from lineage.backends.from_properties import node_from_properties as stored
from lineage.errors import QueryStopped
from lineage.model import Event, Kind
from lineage.model import Node as StoredNode
from lineage.model.graph import Link, Vertex, Walk
from lineage.model.query_plan import Operator
from lineage.opencypher.api import RowStream, analyse_text, run
from lineage.opencypher.execution.operators import (
    PhysicalOperator,
    PlanOperator,
    Profile,
    draw_plan,
    run_operators,
)
from lineage.opencypher.syntax.unparser import quote_name
from lineage.opencypher.values.budget import Limits
from lineage.opencypher.values.entities import Node, Path, Relationship
from lineage.opencypher.values.memory_estimate import MemoryMeter, weigh_alone, weigh_entity
from lineage.ports.query import QueryMode, QueryRows
from lineage.ports.reader import Reader
from lineage.queries.profiled_reader import profile_reader
from lineage.queries.store_graph import StoreGraph

# As a parameter may be.
_DEEPEST = 100
_KINDS = {kind.capitalize(): kind for kind in Kind}
_EVENTS = frozenset({"INPUT", "OUTPUT", "PENDING_OUTPUT", "UNKNOWN_EVENT"})


def answer_query(
    reader: Reader,
    cypher: str,
    parameters: Mapping[str, Any],
    *,
    limit: int | None = None,
    timeout: float | None = None,
    asking: QueryMode = QueryMode.ROWS,
) -> QueryRows:
    """As `Backend.query`, by the evaluator. Raises CypherError, QueryStopped."""
    profile = Profile() if asking is QueryMode.PROFILE else None
    if profile is not None:
        reader = profile_reader(reader, profile)
    if asking is QueryMode.EXPLAIN:
        # What is not run needs no values; where one is looked at all the same, any number serves.
        parameters = {**dict.fromkeys(analyse_text(cypher).parameters, 0), **parameters}
    limits = Limits(seconds=timeout)
    result = run(StoreGraph(reader), cypher, parameters, limits=limits, profile=profile)
    columns = ", ".join(map(quote_name, result.columns))
    produce = PhysicalOperator(
        "ProduceResults", partial(map, _AnswerConverter().row), lambda: columns
    )
    if asking is QueryMode.EXPLAIN:
        return QueryRows(result.columns, [], True, _plan(result, produce, None))
    if profile is not None:
        # Planned before the first row comes, so that no step is charged for it.
        result.steps()
    rows = _LimitedRows(result.rows, limit)
    try:
        found = list(run_operators((produce,), rows, profile))
    except QueryStopped as stopped:
        if profile is not None:
            stopped.plan = _plan(result, produce, profile)
        raise
    plan = None if profile is None else _plan(result, produce, profile)
    return QueryRows(result.columns, found, rows.complete, plan)


def _plan(result: RowStream, produce: PhysicalOperator, profile: Profile | None) -> Operator | None:
    plan = draw_plan([*result.steps(), (produce, frozenset())], profile)
    return None if plan is None else _to_model(plan)


def _to_model(plan: PlanOperator) -> Operator:
    children = tuple(map(_to_model, plan.children))
    return Operator(
        plan.name, plan.details, plan.estimated_rows, plan.rows, plan.hits, plan.milliseconds,
        children,
    )  # fmt: skip


class _LimitedRows:
    """The first rows, and then whether there were more."""

    def __init__(self, rows: Iterator[tuple[Any, ...]], limit: int | None) -> None:
        self.complete = True
        self._rows = rows
        self._limit = limit

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        for place, row in enumerate(self._rows):
            if place == self._limit:
                self.complete = False
                return
            yield row


class _AnswerConverter:
    """Values of one answer; a node that comes often is made once."""

    def __init__(self) -> None:
        self._nodes: dict[Node, StoredNode | Vertex] = {}
        self._pile = MemoryMeter()

    def row(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(map(self.value, row))

    def value(self, value: Any, depth: int = 0) -> Any:
        self._pile.add(weigh_alone(value))
        if depth > _DEEPEST:
            raise QueryStopped(
                f"the answer has lists or maps inside each other more than {_DEEPEST} deep; "
                "return what is in them"
            )
        match value:
            case Node():
                return self._node(value)
            case Relationship():
                return self._link(value)
            case Path():
                return Walk(
                    tuple(map(self._node, value.nodes)),
                    tuple(map(self._link, value.relationships)),
                )
            case list():
                return [self.value(item, depth + 1) for item in value]
            case dict():
                return {name: self.value(item, depth + 1) for name, item in value.items()}
        return value

    def _node(self, node: Node) -> StoredNode | Vertex:
        known = self._nodes.get(node)
        if known is None:
            properties = node.properties
            self._pile.add(weigh_entity(properties))
            kinds = [_KINDS[label] for label in node.labels if label in _KINDS]
            if kinds and "type_id" in properties:
                known = stored(kinds[0], properties)
            else:
                own = {name: self.value(v) for name, v in properties.items()}
                known = Vertex(node.labels, own)
            self._nodes[node] = known
        return known

    def _link(self, link: Relationship) -> Event | Link:
        found = link.properties
        self._pile.add(weigh_entity(found))
        if link.type in _EVENTS and "execution_id" in found:
            return row_mapping.event_of(found)
        own = {name: self.value(value) for name, value in found.items()}
        return Link(link.type, self._node(link.start), self._node(link.end), own)
