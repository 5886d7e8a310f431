"""Columns: where the values of one came from, or what came of them.

The search goes from column to column, through the steps that say which columns came of which
(`lineage.rules.column_lineage`). **Masking** stops it: a column that came of another by a
transformation that masks is a barrier, reported and not passed. With `direct`, an influence without
values (a filter, a join, a grouping) is not followed.

A step that touched a dataset and says nothing about its columns is a **gap**: beyond it the answer
is not complete, and the lineage of whole datasets is all that is known. A column that a step knows
and names no source of came of none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lineage.errors import NotFound
from lineage.model import Artifact, Event, Execution, Flow, Kind
from lineage.model.times import Time, to_milliseconds
from lineage.ports.reader import Reader
from lineage.ports.traversal import Direction
from lineage.questions.closure import validate_depth
from lineage.questions.node_json import node_to_json
from lineage.rules.column_lineage import ColumnMap, ColumnSource, key_of, read_columns, read_schema
from lineage.rules.values import format_value
from lineage.session.snapshot import Ref, Snapshot

_Place = tuple[int, str]
# By dataset and column: the output and the column there that came of it, and how.
_Targets = dict[tuple[str, str], list[tuple[str, str, ColumnSource]]]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a dataset, how far away it is, and the step and way by which it was reached."""

    dataset: Artifact
    name: str
    depth: int
    step: Execution | None = None
    how: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the row as JSON has it."""
        step = None if self.step is None else f"execution:{self.step.id}"
        return node_to_json(
            self.dataset, column=self.name, depth=self.depth, step=step, how=self.how
        )


@dataclass(frozen=True, slots=True)
class ColumnArrow:
    """A step made a column of another; each is the id of a dataset and a column of it."""

    source: tuple[int, str]
    target: tuple[int, str]
    step: int
    how: str
    is_masked: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the row as JSON has it."""
        return {
            "source": {"dataset": f"artifact:{self.source[0]}", "column": self.source[1]},
            "target": {"dataset": f"artifact:{self.target[0]}", "column": self.target[1]},
            "step": f"execution:{self.step}",
            "how": self.how,
            "masked": self.is_masked,
        }


@dataclass(frozen=True, slots=True)
class ColumnLineage:
    """The columns that were reached, nearest first, those behind a mask, and the gaps.

    `arrows` are the ways between the columns, in the direction of the data.
    """

    columns: tuple[Column, ...]
    masked: tuple[Column, ...]
    gaps: tuple[Execution, ...]
    is_cut: bool = False
    arrows: tuple[ColumnArrow, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every step on the way says which columns came of which."""
        return not self.gaps and not self.is_cut

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as JSON has it."""
        return {
            "columns": [column.to_dict() for column in self.columns],
            "masked": [column.to_dict() for column in self.masked],
            "gaps": [node_to_json(step) for step in self.gaps],
            "arrows": [arrow.to_dict() for arrow in self.arrows],
            "complete": self.complete,
        }


def find_column_lineage(
    snapshot: Snapshot,
    dataset: Ref,
    column: str,
    *,
    downstream: bool = False,
    direct: bool = False,
    depth: int | None = None,
    as_of: Time | None = None,
) -> ColumnLineage:
    """Return which columns a column came of, or what came of it; see `Store.column_lineage`.

    Raises
    ------
    NotFound, InvalidValue
        The dataset isn't there, is no artifact, or has no such column on record.
    """
    return trace_column(
        snapshot.reader,
        snapshot.artifact(dataset),
        column,
        Direction.DOWNSTREAM if downstream else Direction.UPSTREAM,
        direct=direct,
        max_depth=validate_depth(depth),
        as_of_ms=to_milliseconds(as_of),
    )


def trace_column(
    reader: Reader,
    dataset: Artifact,
    column: str,
    direction: Direction,
    *,
    direct: bool = False,
    max_depth: int | None = None,
    as_of_ms: int | None = None,
) -> ColumnLineage:
    """Return the columns that a column came of, or that came of it.

    Parameters
    ----------
    reader
        The state of the store.
    dataset
        The dataset of the column.
    column
        Its name. It has to be known: by the schema, or by a step that names it.
    direction
        Upstream or downstream.
    direct
        Whether only values are followed, and no mere influence.
    max_depth
        How many steps to go at most; an answer that was cut by it is not complete.
    as_of_ms
        Only what was recorded by then is seen.

    Raises
    ------
    NotFound
        Where nothing says that the dataset has such a column.
    """
    search = _Search(reader, direction, direct, as_of_ms)
    search.run(dataset, column, max_depth)
    if len(search.columns) == 1 and not search.masked and not search.is_named(dataset, column):
        raise NotFound(
            f"nothing says that {dataset.label} has a column {format_value(column)}"
            f" (it has {_shown(dataset)})"
        )
    return ColumnLineage(
        tuple(sorted(search.columns.values(), key=_by_depth)),
        tuple(sorted(search.masked.values(), key=_by_depth)),
        tuple(search.gaps[id] for id in sorted(search.gaps)),
        search.is_cut,
        search.list_arrows(),
    )


@dataclass(frozen=True, slots=True)
class _Link:
    """One way from a column to the next."""

    dataset: Artifact
    column: str
    step: Execution
    source: ColumnSource


@dataclass(slots=True)
class _Search:
    """A breadth-first search over columns; what a level needs is read at once."""

    reader: Reader
    direction: Direction
    direct: bool
    as_of_ms: int | None
    columns: dict[_Place, Column] = field(default_factory=dict)
    masked: dict[_Place, Column] = field(default_factory=dict)
    gaps: dict[int, Execution] = field(default_factory=dict)
    is_cut: bool = False
    _arrows: dict[ColumnArrow, None] = field(default_factory=dict)
    _artifacts: dict[int, Artifact] = field(default_factory=dict)
    _steps: dict[int, Execution] = field(default_factory=dict)
    _maps: dict[int, Mapping[str, ColumnMap]] = field(default_factory=dict)
    _events: dict[int, list[Event]] = field(default_factory=dict)
    _near: dict[int, list[int]] = field(default_factory=dict)
    _targets: dict[int, _Targets] = field(default_factory=dict)

    def run(self, dataset: Artifact, column: str, max_depth: int | None) -> None:
        self._keep(dataset)
        self.columns[dataset.id or 0, column] = Column(dataset, column, 0)
        frontier = [(dataset, column)]
        depth = 0
        while frontier:
            depth += 1
            self._read([dataset for dataset, _ in frontier])
            links = [(here, link) for here in frontier for link in self._links(*here)]
            frontier = []
            if max_depth is not None and depth > max_depth:
                self.is_cut = any(
                    (link.dataset.id or 0, link.column) not in self.columns for _, link in links
                )
                return
            for (near, name), link in links:
                place = (link.dataset.id or 0, link.column)
                self._draw((near.id or 0, name), place, link)
                found = Column(link.dataset, link.column, depth, link.step, link.source.how)
                if link.source.is_masked:
                    self.masked.setdefault(place, found)
                elif place not in self.columns:
                    self.columns[place] = found
                    frontier.append((link.dataset, link.column))
        for place in self.columns:
            # Another way leads around the mask.
            self.masked.pop(place, None)

    def list_arrows(self) -> tuple[ColumnArrow, ...]:
        """Return the ways between the columns that were found, in the order of their finding."""
        return tuple(self._arrows)

    def _draw(self, near: _Place, far: _Place, link: _Link) -> None:
        ends = (far, near) if self.direction is Direction.UPSTREAM else (near, far)
        source = link.source
        self._arrows[ColumnArrow(*ends, link.step.id or 0, source.how, source.is_masked)] = None

    def is_named(self, dataset: Artifact, column: str) -> bool:
        """Whether the schema or a step has such a column."""
        if column in read_schema(dataset):
            return True
        key = key_of(dataset)
        events = self.reader.events(artifact_ids=[dataset.id or 0])
        steps = self.reader.nodes(Kind.EXECUTION, sorted({e.execution_id for e in events}))
        return any(
            column in columns.columns
            if output == key
            else any((s.dataset, s.column) == (key, column) for s in _all_sources(columns))
            for step in steps
            if isinstance(step, Execution)
            for output, columns in read_columns(step).items()
        )

    def _keep(self, artifact: Artifact) -> None:
        self._artifacts[artifact.id or 0] = artifact

    def _read(self, datasets: Sequence[Artifact]) -> None:
        """Read the steps around these datasets, and all datasets around the steps."""
        ids = sorted({d.id or 0 for d in datasets} - self._near.keys())
        if not ids:
            return
        for id in ids:
            self._near[id] = []
        flow = Flow.OUTPUT if self.direction is Direction.UPSTREAM else Flow.INPUT
        for event in self._seen(self.reader.events(artifact_ids=ids)):
            if event.type.flow is flow and event.execution_id not in self._near[event.artifact_id]:
                self._near[event.artifact_id].append(event.execution_id)
        steps = sorted({step for id in ids for step in self._near[id]} - self._steps.keys())
        for node in self.reader.nodes(Kind.EXECUTION, steps):
            assert isinstance(node, Execution)
            self._steps[node.id or 0] = node
            maps = self._maps[node.id or 0] = read_columns(node)
            if self.direction is Direction.DOWNSTREAM:
                self._targets[node.id or 0] = _turn_round(maps)
            self._events[node.id or 0] = []
        around = self._seen(self.reader.events(execution_ids=steps))
        for event in around:
            self._events[event.execution_id].append(event)
        missing = sorted({event.artifact_id for event in around} - self._artifacts.keys())
        for node in self.reader.nodes(Kind.ARTIFACT, missing):
            assert isinstance(node, Artifact)
            self._keep(node)

    def _seen(self, events: Sequence[Event]) -> list[Event]:
        return [
            event for event in events if event.carries_data and event.is_known_at(self.as_of_ms)
        ]

    def _links(self, dataset: Artifact, column: str) -> Iterator[_Link]:
        key = key_of(dataset)
        for id in self._near[dataset.id or 0]:
            step, maps = self._steps[id], self._maps[id]
            if self.direction is Direction.UPSTREAM:
                if key is None or key not in maps:
                    # Who read nothing made it up, and leaves nothing unsaid.
                    if any(event.type.flow is Flow.INPUT for event in self._events[id]):
                        self.gaps[id] = step
                    continue
                for source in self._followed(maps[key].sources_of(column)):
                    for other in self._touched(id, source.dataset, Flow.INPUT):
                        yield _Link(other, source.column, step, source)
            else:
                yield from self._links_down(id, step, key, column)

    def _links_down(
        self, id: int, step: Execution, key: str | None, column: str
    ) -> Iterator[_Link]:
        outputs = {
            key_of(self._artifacts[e.artifact_id])
            for e in self._events[id]
            if e.type.flow is Flow.OUTPUT
        }
        if outputs - self._maps[id].keys():
            self.gaps[id] = step
        for output, name, source in self._targets[id].get((key or "", column), ()):
            if not (self.direct and source.is_indirect):
                for other in self._touched(id, output, Flow.OUTPUT):
                    yield _Link(other, name, step, source)

    def _followed(self, sources: Iterator[ColumnSource]) -> Iterator[ColumnSource]:
        return (source for source in sources if not (self.direct and source.is_indirect))

    def _touched(self, step: int, key: str, flow: Flow) -> list[Artifact]:
        """Return what a step read or wrote of a dataset: it, or versions of it."""
        found = {
            event.artifact_id: self._artifacts[event.artifact_id]
            for event in self._events[step]
            if event.type.flow is flow and key_of(self._artifacts[event.artifact_id]) == key
        }
        return [found[id] for id in sorted(found)]


def _turn_round(maps: Mapping[str, ColumnMap]) -> _Targets:
    found: _Targets = {}
    for output, columns in maps.items():
        for name in columns.columns:
            for source in columns.sources_of(name):
                place = (source.dataset, source.column)
                found.setdefault(place, []).append((output, name, source))
    return found


def _all_sources(columns: ColumnMap) -> Iterator[ColumnSource]:
    for sources in (*columns.columns.values(), columns.dataset):
        yield from sources


def _by_depth(column: Column) -> tuple[int, int, str]:
    return column.depth, column.dataset.id or 0, column.name


def _shown(dataset: Artifact) -> str:
    return str(dataset.get("columns") or "none on record")[:200]
