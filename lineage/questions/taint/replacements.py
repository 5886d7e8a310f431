"""What has been replaced by something clean already.

An affected artifact is **replaced** where there is evidence: another artifact of its type, in
whatever version, which is live, not affected, not of the same content as anything affected, was
recorded since the marks that it is affected by, and which is

- a later version of the same series (`lineage.rules.series`); and unless the affected one is a
  source or nothing is known to have written it, one that a step of the same type as its writer
  wrote;
- or one that a **replacing run** wrote under the same path: a later run of the writer's step (of
  its series; without a name, of its type and with its parameters), not affected, which neither
  failed nor was cancelled, and which read under each path what the writer read there: of an
  affected artifact one that replaces it, of any other the same or one of its series.

Of several, the last version counts, then the last that was written. A source is marked since the
first of its marks; what several sources lead to, since the last of theirs.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

from lineage.model import Artifact, Event, Execution, ExecutionState, Flow, Kind, Path
from lineage.ports.filters import Filter
from lineage.ports.reader import Reader
from lineage.questions.run_facets import Part, comparable, leaves_of
from lineage.questions.subgraph import Key
from lineage.questions.taint.copies import Copies
from lineage.rules.digests import is_trivial
from lineage.rules.liveness import is_live
from lineage.rules.series import SeriesIndex, SeriesKey
from lineage.rules.type_index import TypeIndex

_WITHOUT_RESULT = frozenset({ExecutionState.FAILED, ExecutionState.CANCELED})
# A path, and the artifact that was read under it, or the series of that.
_Read = tuple[Path, int | SeriesKey]
# When something was recorded, and its id where several were at once.
_Moment = tuple[int, int]


class Flows:
    """Affected artifacts and steps, with all events of these steps.

    `sources` has since when each source is marked, as the store learned it; 0 where it was given.
    What no affected step wrote is one, too: it has the content of something affected, and running
    nothing again would change that.
    """

    def __init__(
        self,
        reader: Reader,
        affected: Mapping[Key, int],
        sources: Mapping[Key, int],
        copies: Copies,
    ) -> None:
        self.affected = affected
        self.sources = dict(sources)
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

        self.since = self._marked_since(copies)
        for id, writers in self.writers.items():
            if not writers:
                key = (Kind.ARTIFACT, id)
                self.sources.setdefault(key, self.since.get(key, 0))

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

    def _marked_since(self, copies: Copies) -> dict[Key, int]:
        """Since when what leads to each affected node is marked; the last of several."""
        onward: dict[Key, set[Key]] = {}
        for some in (*self.inputs.values(), *self.outputs.values()):
            for event in some:
                onward.setdefault(event.source, set()).add(event.target)
        for here, there in copies.rings((), self.affected):
            onward.setdefault(here, set()).add(there)
        since: dict[Key, int] = {}
        # The latest first, so that each node is visited once.
        for source, at_ms in sorted(self.sources.items(), key=lambda item: -item[1]):
            waiting = [source]
            while waiting:
                key = waiting.pop()
                if key not in since and key in self.affected:
                    since[key] = at_ms
                    waiting += onward.get(key, ())
        return since

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
        self._index = SeriesIndex(reader)
        self._since = flows.since
        self._affected_content = {a.digest for a in flows.artifacts.values() if _tells(a)}
        # In order, of the series of what is affected.
        self._clean: dict[SeriesKey, list[Artifact]] = {}
        self._several: set[SeriesKey] = set()
        self._read_series()
        self._newest: dict[tuple[SeriesKey, frozenset[str] | None], _Latest] = {}
        self._writer_types: dict[int, set[str]] = {}
        self._runs: dict[str, _Runs] = {}
        self._parameters: dict[int | None, Hashable] = {}
        self._again: dict[Hashable, _Latest] = {}
        self._places: dict[int, SeriesKey | None] | None = None
        self._found: dict[int, Artifact] = {}
        for artifact in self._in_order():
            found = self._replacement(artifact)
            if found is not None:
                self._found[artifact.id or 0] = found

    def of(self, artifact_id: int) -> Artifact | None:
        """What replaces an affected artifact, if anything does."""
        return self._found.get(artifact_id)

    def clean_version(self, artifact: Artifact) -> Artifact | None:
        """The newest other version of an artifact, be it an earlier one, that is live and clean."""
        key = self._index.key_of(artifact)
        clean = self._clean.get(key, ()) if key is not None else ()
        return next((other for other in reversed(clean) if other.id != artifact.id), None)

    def is_known(self, artifact: Artifact) -> bool:
        """Whether other versions of an artifact are recorded, or its series is declared."""
        key = self._index.key_of(artifact)
        return key in self._several or self._index.declaration_of(artifact) is not None

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
        """The last of what there is evidence for that it stands for an artifact."""
        assert artifact.id is not None
        writers = self._flows.writers[artifact.id]
        since = self._since.get((Kind.ARTIFACT, artifact.id), 0)
        version = self._later_version(artifact, writers, since)
        if version is not None:
            return version
        written = (self._written_again(event, artifact, since) for event in writers)
        return max((a for a in written if a is not None), key=_id, default=None)

    def _later_version(
        self, was: Artifact, writers: Sequence[Event], since: int
    ) -> Artifact | None:
        """The newest clean version after one that was recorded since a time."""
        key = self._index.key_of(was)
        if key is None:
            return None
        types: frozenset[str] | None = None
        if writers and (Kind.ARTIFACT, was.id) not in self._flows.sources:
            types = frozenset(self._flows.steps[event.execution_id].type for event in writers)
        if (key, types) not in self._newest:
            clean = self._clean.get(key, ())
            if types is not None:
                self._read_writers(clean)
                clean = [a for a in clean if types & self._writer_types[_id(a)]]
            self._newest[key, types] = _Latest(
                (((a.created_ms or 0, _id(a)), a) for a in clean), self._index.order_of
            )
        found = self._newest[key, types].after((since, 0))
        order = self._index.order_of
        return found if found is not None and order(found) > order(was) else None

    def _written_again(self, event: Event, was: Artifact, since: int) -> Artifact | None:
        """The last of the type of `was` that a replacing run wrote as its writer wrote it."""
        step, path = self._flows.steps[event.execution_id], event.path
        assert step.id is not None
        wanted = [self._instead_of(event) for event in self._flows.inputs[step.id]]
        if not all(wanted):
            return None
        key = (step.type, self._step_of(step), frozenset(wanted), path, was.type)
        if key not in self._again:
            runs = self._runs_of(step.type)
            self._again[key] = _Latest(
                (
                    ((recorded, run), artifact)
                    for run in runs.that_read(wanted)
                    if self._step_of(runs.run(run)) == self._step_of(step)
                    for recorded, artifact in runs.wrote(run, path)
                    if artifact.type == was.type and self._is_clean(artifact)
                ),
                _id,
            )
        return self._again[key].after(max((since, 0), (event.recorded_ms or 0, step.id)))

    def _step_of(self, run: Execution) -> Hashable:
        """What runs of one step have in common."""
        if run.name is not None:
            return self._index.key_of(run)
        if run.id not in self._parameters:
            self._parameters[run.id] = frozenset(
                (leaf.name, comparable(leaf.value))
                for leaf in leaves_of(run)
                if leaf.part is Part.PARAMETER
            )
        return self._parameters[run.id]

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
            self._places = {id: self._index.key_of(artifact) for id, artifact in read.items()}
        place = self._places[was.artifact_id]
        same = {(was.path, place)} if place is not None else set()
        return frozenset({(was.path, was.artifact_id), *same})

    def _runs_of(self, type: str) -> _Runs:
        """The runs of a step's type that could replace another."""
        if type not in self._runs:
            where = Filter(type_ids=self._bases.versions(Kind.EXECUTION, {type}))
            found = {
                run.id: run
                for run in self._reader.find(Kind.EXECUTION, where)
                if isinstance(run, Execution)
                and run.id is not None
                and (Kind.EXECUTION, run.id) not in self._flows.affected
                and run.state not in _WITHOUT_RESULT
            }
            self._runs[type] = _Runs(self._reader, found, self._index)
        return self._runs[type]

    def _is_clean(self, artifact: Artifact) -> bool:
        return (
            is_live(artifact)
            and not self._flows.is_affected(artifact.id or 0)
            and not (_tells(artifact) and artifact.digest in self._affected_content)
        )

    def _read_series(self) -> None:
        affected = self._flows.artifacts.values()
        wanted = {self._index.key_of(artifact) for artifact in affected}
        type_ids = self._bases.versions(Kind.ARTIFACT, {artifact.type for artifact in affected})
        others = self._reader.find(Kind.ARTIFACT, Filter(type_ids=type_ids)) if affected else []
        groups = self._index.group(others)
        for key in groups.keys() & wanted:
            if len(groups[key]) > 1:
                self._several.add(key)
            found = (a for a in groups[key] if isinstance(a, Artifact) and self._is_clean(a))
            self._clean[key] = list(found)

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

    def __init__(self, reader: Reader, runs: Mapping[int, Execution], index: SeriesIndex) -> None:
        events = reader.events(execution_ids=list(runs))
        artifacts = _artifacts(reader, sorted({event.artifact_id for event in events}))
        self._by_id = runs
        self._ids = frozenset(runs)
        self._that_read: dict[_Read, set[int]] = {}
        self._wrote: dict[tuple[int, Path], list[tuple[int, Artifact]]] = {}
        for event in events:
            artifact = artifacts[event.artifact_id]
            if event.type.flow is Flow.INPUT:
                for read in (event.artifact_id, index.key_of(artifact)):
                    if read is not None:
                        readers = self._that_read.setdefault((event.path, read), set())
                        readers.add(event.execution_id)
            elif event.type.flow is Flow.OUTPUT:
                wrote = self._wrote.setdefault((event.execution_id, event.path), [])
                wrote.append((event.recorded_ms or 0, artifact))

    def run(self, id: int) -> Execution:
        """One of the runs."""
        return self._by_id[id]

    def that_read(self, wanted: Iterable[frozenset[_Read]]) -> set[int]:
        """The runs that read one of each of these."""
        each = [set().union(*(self._that_read.get(r, ()) for r in some)) for some in wanted]
        return set(self._ids.intersection(*each))

    def wrote(self, run: int, path: Path) -> Sequence[tuple[int, Artifact]]:
        """What a run wrote under a path, each with when that was recorded."""
        return self._wrote.get((run, path), ())


class _Latest:
    """Of what was recorded at some moments the greatest, whichever moment one begins after."""

    def __init__(
        self, recorded: Iterable[tuple[_Moment, Artifact]], key: Callable[[Artifact], Any]
    ) -> None:
        self._moments: list[_Moment] = []
        self._last: list[Artifact] = []
        last: Artifact | None = None
        for moment, artifact in sorted(recorded, key=lambda pair: (pair[0], _id(pair[1])))[::-1]:
            last = artifact if last is None else max(last, artifact, key=key)
            self._moments.append(moment)
            self._last.append(last)
        self._moments.reverse()
        self._last.reverse()

    def after(self, moment: _Moment) -> Artifact | None:
        """The greatest that was recorded after a moment."""
        at = bisect_right(self._moments, moment)
        return self._last[at] if at < len(self._last) else None


def _id(artifact: Artifact) -> int:
    return artifact.id or 0


def _tells(artifact: Artifact) -> bool:
    """Whether its digest says where its content came from."""
    return artifact.digest is not None and not is_trivial(artifact.digest)


def _artifacts(reader: Reader, ids: Iterable[int]) -> dict[int, Artifact]:
    found = reader.nodes(Kind.ARTIFACT, list(ids))
    return {a.id: a for a in found if isinstance(a, Artifact) and a.id is not None}


def _executions(reader: Reader, ids: Iterable[int]) -> dict[int, Execution]:
    found = reader.nodes(Kind.EXECUTION, list(ids))
    return {x.id: x for x in found if isinstance(x, Execution) and x.id is not None}
