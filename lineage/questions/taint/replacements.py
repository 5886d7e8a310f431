"""What has been replaced by something clean already.

An affected artifact is **replaced** by a later artifact (of a greater id) of its type, in whatever
version, which is live and not affected, and which is

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

from bisect import bisect_right
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

from lineage.model import Artifact, Event, Execution, ExecutionState, Flow, Kind, Path
from lineage.ports.filters import Filter
from lineage.ports.reader import Reader
from lineage.questions.subgraph import Key
from lineage.questions.versions import series_of
from lineage.rules.liveness import is_live
from lineage.rules.type_index import TypeIndex

_WITHOUT_RESULT = frozenset({ExecutionState.FAILED, ExecutionState.CANCELED})
_Series = tuple[str, Hashable]
# A path, and the artifact that was read under it, or the series of that.
_Read = tuple[Path, int | _Series]


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
    """For affected artifacts, what replaces them.

    Looked up by what an artifact and its writer have in common with others, so that the cost is
    linear however many of them there are.
    """

    def __init__(self, reader: Reader, flows: Flows) -> None:
        self._reader = reader
        self._bases = TypeIndex(reader)
        self._flows = flows
        # By id, of the series of what is affected.
        self._clean: dict[_Series, list[Artifact]] = {}
        self._read_series()
        self._newest: dict[tuple[_Series, frozenset[str]], Artifact | None] = {}
        self._writer_types: dict[int, set[str]] = {}
        self._runs: dict[str, _Runs] = {}
        self._again: dict[Hashable, _Latest] = {}
        self._places: dict[int, _Series] | None = None
        self._found: dict[int, Artifact] = {}
        for artifact in self._in_order():
            found = self._replacement(artifact)
            if found is not None and (found.id or 0) > (artifact.id or 0):
                self._found[artifact.id or 0] = found

    def of(self, artifact_id: int) -> Artifact | None:
        """What replaces an affected artifact, if anything does."""
        return self._found.get(artifact_id)

    def clean_version(self, artifact: Artifact) -> Artifact | None:
        """The newest other version of an artifact, be it an earlier one, that is live and clean."""
        clean = self._clean.get(_place(artifact), ())
        return next((other for other in reversed(clean) if other.id != artifact.id), None)

    def _in_order(self) -> list[Artifact]:
        """Each artifact after what its writers read, circles aside: by its last writer."""
        place = {step: at for at, step in enumerate(self._flows.order())}
        return sorted(
            self._flows.artifacts.values(),
            key=lambda a: max(
                (place[event.execution_id] for event in self._flows.writers[a.id or 0]), default=-1
            ),
        )

    def _replacement(self, artifact: Artifact) -> Artifact | None:
        """The last of what may stand for an artifact; none does where that is not a later one."""
        assert artifact.id is not None
        writers = self._flows.writers[artifact.id]
        if series_of(artifact) is None:
            written = (
                self._written_again(self._flows.steps[event.execution_id], event.path, artifact)
                for event in writers
            )
            return max((a for a in written if a is not None), key=_id, default=None)
        if not writers or (Kind.ARTIFACT, artifact.id) in self._flows.sources:
            return self.clean_version(artifact)
        types = frozenset(self._flows.steps[event.execution_id].type for event in writers)
        return self._newest_written(_place(artifact), types)

    def _newest_written(self, place: _Series, types: frozenset[str]) -> Artifact | None:
        """The newest clean one of a series that a step of one of these types wrote."""
        if (place, types) not in self._newest:
            clean = self._clean.get(place, ())
            self._read_writers(clean)
            self._newest[place, types] = next(
                (a for a in reversed(clean) if types & self._writer_types[_id(a)]), None
            )
        return self._newest[place, types]

    def _written_again(self, step: Execution, path: Path, was: Artifact) -> Artifact | None:
        """The last of the type of `was` that a replacing run of a step wrote under a path."""
        assert step.id is not None
        wanted = [self._instead_of(event) for event in self._flows.inputs[step.id]]
        if not all(wanted):
            return None
        key = (step.type, frozenset(wanted), path, was.type)
        if key not in self._again:
            runs = self._runs_of(step.type)
            self._again[key] = _Latest(
                (run, artifact)
                for run in runs.that_read(wanted)
                for artifact in runs.wrote(run, path)
                if artifact.type == was.type and self._is_clean(artifact)
            )
        return self._again[key].after(step.id)

    def _instead_of(self, was: Event) -> frozenset[_Read]:
        """What a replacing run may have read, under the path of an input, instead of it."""
        if self._flows.is_affected(was.artifact_id):
            instead = self.of(was.artifact_id)
            return frozenset() if instead is None else frozenset({(was.path, _id(instead))})
        if self._places is None:
            unaffected = {
                event.artifact_id
                for events in self._flows.inputs.values()
                for event in events
                if not self._flows.is_affected(event.artifact_id)
            }
            read = _artifacts(self._reader, sorted(unaffected))
            self._places = {id: _place(artifact) for id, artifact in read.items()}
        place = self._places[was.artifact_id]
        same = {(was.path, place)} if place[1] is not None else set()
        return frozenset({(was.path, was.artifact_id), *same})

    def _runs_of(self, type: str) -> _Runs:
        """The runs of a step's type that could replace another."""
        if type not in self._runs:
            where = Filter(type_ids=self._bases.versions(Kind.EXECUTION, {type}))
            found = [
                run.id
                for run in self._reader.find(Kind.EXECUTION, where)
                if isinstance(run, Execution)
                and run.id is not None
                and (Kind.EXECUTION, run.id) not in self._flows.affected
                and run.state not in _WITHOUT_RESULT
            ]
            self._runs[type] = _Runs(self._reader, found)
        return self._runs[type]

    def _is_clean(self, artifact: Artifact) -> bool:
        return is_live(artifact) and not self._flows.is_affected(artifact.id or 0)

    def _read_series(self) -> None:
        affected = self._flows.artifacts.values()
        wanted = {_place(artifact) for artifact in affected}
        type_ids = self._bases.versions(Kind.ARTIFACT, {type for type, _ in wanted})
        for other in self._reader.find(Kind.ARTIFACT, Filter(type_ids=type_ids)):
            place = _place(other) if isinstance(other, Artifact) else None
            if isinstance(other, Artifact) and place in wanted and self._is_clean(other):
                self._clean.setdefault(place, []).append(other)

    def _read_writers(self, artifacts: Iterable[Artifact]) -> None:
        asked = [a.id for a in artifacts if a.id is not None and a.id not in self._writer_types]
        self._writer_types.update((id, set()) for id in asked)
        events = [e for e in self._reader.events(artifact_ids=asked) if e.type.flow is Flow.OUTPUT]
        steps = _executions(self._reader, sorted({e.execution_id for e in events}))
        for event in events:
            step = steps[event.execution_id]
            if step.state not in _WITHOUT_RESULT:
                self._writer_types[event.artifact_id].add(step.type)


class _Runs:
    """Runs of one type, by what they read, with what they wrote."""

    def __init__(self, reader: Reader, ids: Sequence[int]) -> None:
        events = reader.events(execution_ids=ids)
        artifacts = _artifacts(reader, sorted({event.artifact_id for event in events}))
        self._ids = frozenset(ids)
        self._that_read: dict[_Read, set[int]] = {}
        self._wrote: dict[tuple[int, Path], list[Artifact]] = {}
        for event in events:
            artifact = artifacts[event.artifact_id]
            if event.type.flow is Flow.INPUT:
                for read in (event.artifact_id, _place(artifact)):
                    self._that_read.setdefault((event.path, read), set()).add(event.execution_id)
            elif event.type.flow is Flow.OUTPUT:
                self._wrote.setdefault((event.execution_id, event.path), []).append(artifact)

    def that_read(self, wanted: Iterable[frozenset[_Read]]) -> set[int]:
        """The runs that read one of each of these."""
        each = [set().union(*(self._that_read.get(r, ()) for r in some)) for some in wanted]
        return set(self._ids.intersection(*each))

    def wrote(self, run: int, path: Path) -> Sequence[Artifact]:
        """What a run wrote under a path."""
        return self._wrote.get((run, path), ())


class _Latest:
    """Of what runs wrote, the last, whichever run one begins after."""

    def __init__(self, written: Iterable[tuple[int, Artifact]]) -> None:
        self._runs: list[int] = []
        self._last: list[Artifact] = []
        last: Artifact | None = None
        for run, artifact in sorted(written, key=lambda pair: (pair[0], _id(pair[1])))[::-1]:
            last = artifact if last is None else max(last, artifact, key=_id)
            self._runs.append(run)
            self._last.append(last)
        self._runs.reverse()
        self._last.reverse()

    def after(self, run: int) -> Artifact | None:
        """The last that a run of a greater id wrote."""
        at = bisect_right(self._runs, run)
        return self._last[at] if at < len(self._last) else None


def _id(artifact: Artifact) -> int:
    return artifact.id or 0


def _place(artifact: Artifact) -> _Series:
    return artifact.type, series_of(artifact)


def _artifacts(reader: Reader, ids: Iterable[int]) -> dict[int, Artifact]:
    found = reader.nodes(Kind.ARTIFACT, list(ids))
    return {a.id: a for a in found if isinstance(a, Artifact) and a.id is not None}


def _executions(reader: Reader, ids: Iterable[int]) -> dict[int, Execution]:
    found = reader.nodes(Kind.EXECUTION, list(ids))
    return {x.id: x for x in found if isinstance(x, Execution) and x.id is not None}
