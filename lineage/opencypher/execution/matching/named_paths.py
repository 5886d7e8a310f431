"""Paths that have a name: their values, made when all of their links were walked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lineage.opencypher.execution.matching.var_length_expand import ReachedPath, Segment
from lineage.opencypher.execution.operators import Step
from lineage.opencypher.planning.pattern_graph import PathShape
from lineage.opencypher.syntax.unparser import name_of
from lineage.opencypher.values.entities import Node, Path, Relationship, Value

Row = dict[str, Value]
Rows = Iterable[Row]


def named(path: PathShape) -> Step:
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

    return Step("Projection", name, lambda: f"path {name_of(path.name)}")


def lengths(path: PathShape) -> Step:
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

    return Step("Projection", name, lambda: f"length of path {name_of(path.name)}")
