"""What has been replaced by something clean already.

An affected artifact is **replaced** by a later artifact (of a greater id) of its type which is live
and not affected, and which is

- of the same series (`lineage.questions.versions`), where the affected one has a name or a uri; and
  unless the affected one is a source or nothing is known to have written it, one that a step of
  the same type as its writer wrote;
- otherwise one that a **replacing run** wrote under the same path: a later run of the writer's
  type, not affected, which neither failed nor was cancelled, and which read under each path what
  the writer read there: of an affected artifact one that replaces it, of any other the same or one
  of its series.

Of several, the last counts.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

from lineage.backends.base import Filter, Reader
from lineage.model import Artifact, Event, Execution, ExecutionState, Flow, Kind, Path
from lineage.questions.region import Key
from lineage.questions.versions import series_of
from lineage.rules.liveness import is_live

_WITHOUT_RESULT = frozenset({ExecutionState.FAILED, ExecutionState.CANCELED})
_Series = tuple[int | None, Hashable]


class Flows:
    """Affected artifacts and steps, with all events of these steps."""

    def __init__(self, reader: Reader, affected: Mapping[Key, int], sources: set[Key]) -> None:
        self.affected = affected
        self.sources = sources
        artifact_ids = sorted(id for kind, id in affected if kind is Kind.ARTIFACT)
        step_ids = sorted(id for kind, id in affected if kind is Kind.EXECUTION)
        self.artifacts: dict[int, Artifact] = _artifacts(reader, artifact_ids)
        self.steps: dict[int, Execution] = _executions(reader, step_ids)
        self.inputs: dict[int, list[Event]] = {id: [] for id in step_ids}
        self.outputs: dict[int, list[Event]] = {id: [] for id in step_ids}
        self.writers: dict[int, list[Event]] = {id: [] for id in artifact_ids}
        for event in reader.events(execution_ids=step_ids):
            if event.type.flow is Flow.INPUT:
                self.inputs[event.execution_id].append(event)
            elif event.type.flow is Flow.OUTPUT:
                self.outputs[event.execution_id].append(event)
                if event.artifact_id in self.writers:
                    self.writers[event.artifact_id].append(event)

    def order(self) -> list[int]:
        """The steps, each after those whose outputs it reads; else, and in circles, by id."""
        import networkx as nx

        graph: Any = nx.DiGraph()
        graph.add_nodes_from(self.steps)
        for events in self.writers.values():
            for event in events:
                graph.add_edge(event.execution_id, ("artifact", event.artifact_id))
        for step, events in self.inputs.items():
            graph.add_edges_from(
                (("artifact", e.artifact_id), step) for e in events if e.artifact_id in self.writers
            )
        circles: Any = nx.condensation(graph)
        members = {
            at: sorted(member for member in data["members"] if isinstance(member, int))
            for at, data in circles.nodes(data=True)
        }
        first = {at: some[0] if some else -1 for at, some in members.items()}
        order = nx.lexicographical_topological_sort(circles, key=first.__getitem__)
        return [step for at in order for step in members[at]]

    def is_affected(self, artifact_id: int) -> bool:
        """Whether an artifact is."""
        return (Kind.ARTIFACT, artifact_id) in self.affected


class Replacements:
    """For affected artifacts, what replaces them."""

    def __init__(self, reader: Reader, flows: Flows) -> None:
        self._reader = reader
        self._flows = flows
        self._series: dict[_Series, list[Artifact]] = {}
        self._read_series()
        self._runs: dict[int | None, list[Execution]] = {}
        self._events: dict[int, list[Event]] = {}
        self._writer_types: dict[int, set[str]] = {}
        self._found: dict[int, Artifact | None] = {}
        for artifact in self._in_order():
            found = max(self._candidates(artifact), key=lambda a: a.id or 0, default=None)
            self._found[artifact.id or 0] = found

    def of(self, artifact_id: int) -> Artifact | None:
        """What replaces an affected artifact, if anything does."""
        return self._found.get(artifact_id)

    def _in_order(self) -> list[Artifact]:
        """Each artifact after what its writers read, circles aside: by its last writer."""
        place = {step: at for at, step in enumerate(self._flows.order())}
        return sorted(
            self._flows.artifacts.values(),
            key=lambda a: max(
                (place[event.execution_id] for event in self._flows.writers[a.id or 0]), default=-1
            ),
        )

    def clean_versions(self, artifact: Artifact) -> list[Artifact]:
        """The live versions of an artifact that are not affected, earlier ones too, by id."""
        return [
            other
            for other in self._series.get(_place(artifact), ())
            if other.id != artifact.id and self._is_clean(other)
        ]

    def _candidates(self, artifact: Artifact) -> Iterable[Artifact]:
        assert artifact.id is not None
        writers = self._flows.writers[artifact.id]
        if series_of(artifact) is not None:
            later = [v for v in self.clean_versions(artifact) if (v.id or 0) > (artifact.id or 0)]
            if not writers or (Kind.ARTIFACT, artifact.id) in self._flows.sources:
                return later
            types = {self._flows.steps[event.execution_id].type for event in writers}
            self._read_writers(later)
            return [v for v in later if types & self._writer_types[v.id or 0]]
        return [
            written
            for event in writers
            for run in self._replacing_runs(self._flows.steps[event.execution_id])
            for written in self._written(run, event.path)
            if written.type == artifact.type
            and (written.id or 0) > artifact.id
            and self._is_clean(written)
        ]

    def _replacing_runs(self, step: Execution) -> list[Execution]:
        assert step.id is not None
        if step.type_id not in self._runs:
            type_ids = [step.type_id] if step.type_id is not None else []
            self._runs[step.type_id] = [
                run
                for run in self._reader.find(Kind.EXECUTION, Filter(type_ids=type_ids))
                if isinstance(run, Execution)
            ]
        return [
            run
            for run in self._runs[step.type_id]
            if (run.id or 0) > step.id
            and (Kind.EXECUTION, run.id or 0) not in self._flows.affected
            and run.state not in _WITHOUT_RESULT
            and all(self._reads_instead(run, event) for event in self._flows.inputs[step.id])
        ]

    def _reads_instead(self, run: Execution, was: Event) -> bool:
        """Whether a run read, under the path of an input, what may stand there instead."""
        read = self._at(run, Flow.INPUT, was.path)
        if self._flows.is_affected(was.artifact_id):
            instead = self.of(was.artifact_id)
            return instead is not None and instead.id in read
        if was.artifact_id in read:
            return True
        nodes = _artifacts(self._reader, [was.artifact_id, *read])
        place = _place(nodes[was.artifact_id])
        return place[1] is not None and any(_place(nodes[id]) == place for id in read)

    def _at(self, run: Execution, flow: Flow, path: Path) -> list[int]:
        return [
            e.artifact_id for e in self._events_of(run) if e.type.flow is flow and e.path == path
        ]

    def _written(self, run: Execution, path: Path) -> list[Artifact]:
        return list(_artifacts(self._reader, self._at(run, Flow.OUTPUT, path)).values())

    def _events_of(self, run: Execution) -> list[Event]:
        assert run.id is not None
        if run.id not in self._events:
            self._events[run.id] = self._reader.events(execution_ids=[run.id])
        return self._events[run.id]

    def _is_clean(self, artifact: Artifact) -> bool:
        return is_live(artifact) and not self._flows.is_affected(artifact.id or 0)

    def _read_series(self) -> None:
        affected = self._flows.artifacts.values()
        wanted = {_place(artifact) for artifact in affected}
        type_ids = sorted({id for id, _ in wanted if id is not None})
        for other in self._reader.find(Kind.ARTIFACT, Filter(type_ids=type_ids)):
            if isinstance(other, Artifact) and (place := _place(other)) in wanted:
                self._series.setdefault(place, []).append(other)

    def _read_writers(self, artifacts: Iterable[Artifact]) -> None:
        asked = [a.id for a in artifacts if a.id is not None and a.id not in self._writer_types]
        self._writer_types.update((id, set()) for id in asked)
        events = [e for e in self._reader.events(artifact_ids=asked) if e.type.flow is Flow.OUTPUT]
        steps = _executions(self._reader, sorted({e.execution_id for e in events}))
        for event in events:
            step = steps[event.execution_id]
            if step.state not in _WITHOUT_RESULT:
                self._writer_types[event.artifact_id].add(step.type)


def _place(artifact: Artifact) -> _Series:
    return artifact.type_id, series_of(artifact)


def _artifacts(reader: Reader, ids: Iterable[int]) -> dict[int, Artifact]:
    found = reader.nodes(Kind.ARTIFACT, list(ids))
    return {a.id: a for a in found if isinstance(a, Artifact) and a.id is not None}


def _executions(reader: Reader, ids: Iterable[int]) -> dict[int, Execution]:
    found = reader.nodes(Kind.EXECUTION, list(ids))
    return {x.id: x for x in found if isinstance(x, Execution) and x.id is not None}
