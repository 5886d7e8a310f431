"""The statements that set a scenario's graph up: CREATE and DELETE between reading clauses.

The evaluator only reads. What a statement reads, and the values that it writes, are asked of the
evaluator, over the rows so far as a parameter; the writing is done here, on the plain graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from lineage.opencypher.syntax import ast
from lineage.opencypher.syntax.parser import parse
from lineage.opencypher.values.entities import Node, Path, Relationship
from lineage.opencypher.values.property_graph import PropertyGraph

Row = dict[str, Any]
# Evaluates a tree with parameters, over the graph that is set up.
Read = Callable[[ast.SingleQuery, Mapping[str, Any]], list[Row]]
# Names that no statement has.
_ROWS, _ROW, _VALUE = " rows", " row", " value"


def execute(
    statement: str, graph: PropertyGraph, parameters: Mapping[str, Any], read: Read
) -> None:
    """Run one statement. Raises ValueError for what set-ups never do."""
    query = parse(statement)
    if not isinstance(query, ast.SingleQuery):
        raise ValueError("a set-up has no UNION")
    _Execution(graph, parameters, read).clauses(query.clauses)


class _Execution:
    def __init__(self, graph: PropertyGraph, parameters: Mapping[str, Any], read: Read) -> None:
        self._graph = graph
        self._parameters = parameters
        self._read = read
        self._rows: list[Row] = [{}]

    def clauses(self, clauses: Sequence[ast.Clause]) -> None:
        reading: list[ast.Clause] = []
        for clause in clauses:
            if isinstance(clause, ast.Create | ast.Delete):
                self._advance(reading)
                reading = []
                if isinstance(clause, ast.Create):
                    for pattern in clause.patterns:
                        self._create(pattern)
                else:
                    self._delete(clause)
            elif isinstance(clause, ast.WRITES):
                raise ValueError(f"a set-up has no {type(clause).__name__}")
            else:
                reading.append(clause)

    def _advance(self, clauses: list[ast.Clause]) -> None:
        """The rows after these reading clauses."""
        if clauses:
            place = clauses[0].position
            everything = ast.Projection(place, False, True, (), (), None, None)
            self._rows = self._asked([*clauses, ast.Return(place, everything)])

    def _asked(self, clauses: list[ast.Clause]) -> list[Row]:
        """What clauses answer over the rows so far."""
        place = clauses[0].position
        names = list(self._rows[0]) if self._rows else []
        if not names:
            start: list[ast.Clause] = []
        else:
            items = tuple(
                ast.ProjectionItem(
                    place, ast.Property(place, ast.Variable(place, _ROW), name), name, True
                )
                for name in names
            )
            start = [
                ast.Unwind(place, ast.Parameter(place, _ROWS), _ROW),
                ast.With(place, ast.Projection(place, False, False, items, (), None, None), None),
            ]
        query = ast.SingleQuery(place, (*start, *clauses))
        return self._read(query, {**self._parameters, _ROWS: self._rows})

    def _values(self, expressions: Sequence[ast.Expression]) -> list[list[Any]]:
        """For each row, what the expressions are there."""
        if not expressions:
            return [[] for _ in self._rows]
        place = expressions[0].position
        item = ast.ProjectionItem(place, ast.ListLiteral(place, tuple(expressions)), _VALUE, True)
        returned = ast.Return(place, ast.Projection(place, False, False, (item,), (), None, None))
        return [row[_VALUE] for row in self._asked([returned])]

    def _create(self, pattern: ast.PathPattern) -> None:
        maps = [
            element.properties
            for element in pattern.elements
            if isinstance(element, ast.NodePattern | ast.RelationshipPattern)
            and element.properties is not None
        ]
        for row, values in zip(self._rows, self._values(maps), strict=True):
            self._create_in(row, pattern.elements, iter(values))

    def _create_in(self, row: Row, elements: Sequence[ast.Element], maps: Iterator[Any]) -> None:
        nodes: list[Node] = []
        between: list[tuple[ast.RelationshipPattern, Any]] = []
        for element in elements:
            if isinstance(element, ast.QuantifiedPattern):
                raise ValueError("a set-up creates no quantified pattern")
            properties = next(maps) if element.properties is not None else {}
            if isinstance(element, ast.RelationshipPattern):
                between.append((element, properties))
                continue
            node = row.get(element.variable or "")
            if node is None:
                node = self._graph.create_node(_names(element.labels), properties)
            if element.variable:
                row[element.variable] = node
            nodes.append(node)
        for place, (written, properties) in enumerate(between):
            start, end = nodes[place], nodes[place + 1]
            if written.direction == "in":
                start, end = end, start
            (type,) = _names(written.types)
            made = self._graph.create_relationship(start, type, end, properties)
            if written.variable:
                row[written.variable] = made

    def _delete(self, clause: ast.Delete) -> None:
        for values in self._values(clause.expressions):
            for value in values:
                self._remove(value, clause.detach)

    def _remove(self, value: Any, detach: bool) -> None:
        if isinstance(value, Relationship):
            self._graph.delete_relationship(value)
        elif isinstance(value, Node):
            for relationship in self._graph.relationships_of(value) if detach else ():
                self._graph.delete_relationship(relationship)
            self._graph.delete_node(value)
        elif isinstance(value, Path):
            for part in (*value.relationships, *value.nodes):
                self._remove(part, detach)
        elif value is not None:
            raise ValueError(f"{value!r} can't be deleted")


def _names(labels: ast.LabelExpression | None) -> list[str]:
    if labels is None:
        return []
    if labels.operator == "is" and labels.name is not None:
        return [labels.name]
    if labels.operator == "and":
        return [name for operand in labels.operands for name in _names(operand)]
    raise ValueError(f"a set-up creates no label expression with {labels.operator!r}")
