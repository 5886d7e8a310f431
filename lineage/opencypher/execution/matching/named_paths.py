"""Paths that have a name: their values, made when all of their links were walked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lineage.opencypher.execution.matching.var_length_expand import ReachedPath, Segment
from lineage.opencypher.execution.operators import PhysicalOperator
from lineage.opencypher.planning.pattern_graph import NamedPath
from lineage.opencypher.syntax.unparser import quote_name
from lineage.opencypher.values.entities import Node, Path, Relationship, Value

Row = dict[str, Value]
Rows = Iterable[Row]


def bind_path(path: NamedPath) -> PhysicalOperator:
    """Give a path its value."""

    def name(rows: Rows) -> Iterator[Row]:
        for row in rows:
            nodes: list[Node] = [row[path.start]]
            relationships: list[Relationship] = []
            for link in path.links:
                if link.repeated:
                    segment: Segment = row[link.segment]
                    nodes += segment.nodes[1:]
                    relationships += segment.relationships
                else:
                    nodes.append(row[link.right])
                    relationships.append(row[link.hops[0].name])
            yield {**row, path.name: Path(nodes, relationships)}

    return PhysicalOperator("Projection", name, lambda: f"path {quote_name(path.name)}")


def bind_path_length(path: NamedPath) -> PhysicalOperator:
    """Give a path of which only the length is asked for its length."""

    def name(rows: Rows) -> Iterator[Row]:
        for row in rows:
            length = 0
            for link in path.links:
                if not link.repeated:
                    length += 1
                elif isinstance(row[link.segment], Segment):
                    length += len(row[link.segment].relationships)
                else:
                    length += row[link.segment]
            yield {**row, path.name: ReachedPath(length)}

    return PhysicalOperator("Projection", name, lambda: f"length of path {quote_name(path.name)}")
