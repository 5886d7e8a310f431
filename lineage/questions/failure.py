"""What a failed run had, and the last good run of the same step beside it.

The same step: an execution of the same type which, where the failed one is in a pipeline, is in
that pipeline too. Good: see `lineage.rules.run_outcome`. Last: the one with the greatest id below
the failed run's; ids grow as runs are recorded. Where there is none, the first attempt after it at
the same step that was good.

The **attempts** are the runs of its type and name, if it has one, by their numbers.

Left out of what differs is what differs between any two runs: their ids, keys and durations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from lineage.errors import NotFound
from lineage.model import Artifact, Execution, Flow, Kind, Node, Path
from lineage.model.type_catalog import PIPELINE_TYPES
from lineage.ports.filters import Filter
from lineage.ports.reader import Reader
from lineage.questions.answer import Answer
from lineage.questions.node_json import node_to_json, to_json_value
from lineage.questions.open_runs import OpenRun, describe_open_run
from lineage.questions.run_facets import Part, part_of
from lineage.rules.membership import contexts_around, members_within
from lineage.rules.run_outcome import is_good_run, is_open_run
from lineage.session.snapshot import Ref, Snapshot

# How long it took and how it was printed tell nothing that `error` does not.
_OF_ANY_RUN = frozenset({"cpu_s", "duration_s", "peak_memory_bytes", "traceback"})


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that the failed run and the good run don't have alike; None where it lacks it."""

    what: str
    failed: Any
    good: Any


@dataclass(frozen=True, slots=True)
class Failure(Answer):
    """A run, its inputs by path, the last good run of the step, and what differs.

    `attempts` are all runs of its name, it itself too; `unended` says more of one that is open.
    """

    _main: ClassVar[str | None] = "differences"

    run: Execution
    inputs: tuple[tuple[Path, Artifact], ...]
    last_good: Execution | None
    differences: tuple[Difference, ...]
    attempts: tuple[Execution, ...] = ()
    unended: OpenRun | None = None

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON has it."""
        return {
            "run": node_to_json(self.run),
            "inputs": [node_to_json(a, path=list(path)) for path, a in self.inputs],
            "attempts": [node_to_json(attempt) for attempt in self.attempts],
            "unended": self.unended.to_dict() if self.unended else None,
            "last_good": node_to_json(self.last_good) if self.last_good else None,
            "differences": [
                {"what": d.what, "failed": to_json_value(d.failed), "good": to_json_value(d.good)}
                for d in self.differences
            ],
        }


def find_maker(reader: Reader, node: Node) -> Execution:
    """The run itself, or the newest that wrote an artifact. Raises NotFound where nothing did."""
    if isinstance(node, Execution):
        return node
    assert node.id is not None
    events = reader.events(artifact_ids=[node.id])
    writers = sorted(e.execution_id for e in events if e.type.flow is Flow.OUTPUT)
    for run in reader.nodes(Kind.EXECUTION, writers[-1:]):
        assert isinstance(run, Execution)
        return run
    raise NotFound(f"no run is on record that made {node.label}")


def compare_with_last_good(snapshot: Snapshot, ref: Ref) -> Failure:
    """Return a run beside the last good one of the same step.

    Parameters
    ----------
    snapshot : Snapshot
        The state that is asked.
    ref : Ref
        The run (an int is the id of an execution), or an artifact that it made.

    Raises
    ------
    NotFound, InvalidValue
        It isn't there, is a context, or no run is on record that made it.
    """
    reader = snapshot.reader
    found = snapshot.in_flow(ref, Kind.EXECUTION if isinstance(ref, int) else None)
    run = find_maker(reader, found)
    inputs = _inputs(reader, run)
    attempts = _attempts(reader, run)
    good = _last_good(reader, run) or next(
        (other for other in attempts if is_good_run(other) and (other.id or 0) > (run.id or 0)),
        None,
    )
    differences: list[Difference] = []
    if good is not None:
        ours = {f"input {_format(path)}": a.label for path, a in inputs}
        theirs = {f"input {_format(path)}": a.label for path, a in _inputs(reader, good)}
        for execution, values in ((run, ours), (good, theirs)):
            values.update(_told(execution))
        for what in sorted({*ours, *theirs}):
            if ours.get(what) != theirs.get(what):
                differences.append(Difference(what, ours.get(what), theirs.get(what)))
    unended = describe_open_run(run, snapshot.now_ms) if is_open_run(run) else None
    return Failure(run, tuple(inputs), good, tuple(differences), tuple(attempts), unended)


def _told(run: Execution) -> dict[str, Any]:
    """The properties of a run, but for those that are different in every run."""
    return {
        name: value
        for values in (run.properties, run.custom_properties)
        for name, value in values.items()
        if part_of(name) is not Part.IDENTITY and name not in _OF_ANY_RUN
    }


def _inputs(reader: Reader, run: Execution) -> list[tuple[Path, Artifact]]:
    assert run.id is not None
    events = [e for e in reader.events(execution_ids=[run.id]) if e.type.flow is Flow.INPUT]
    artifacts = {a.id: a for a in reader.nodes(Kind.ARTIFACT, [e.artifact_id for e in events])}
    return [(e.path, a) for e in events if isinstance(a := artifacts[e.artifact_id], Artifact)]


def _attempts(reader: Reader, run: Execution) -> list[Execution]:
    if run.name is None:
        return [run]
    found = reader.find(Kind.EXECUTION, Filter(type_ids=[run.type_id or 0], name=run.name))
    runs = [other for other in found if isinstance(other, Execution)]
    return sorted(runs, key=lambda other: (other.version or 1, other.id or 0))


def _last_good(reader: Reader, run: Execution) -> Execution | None:
    assert run.id is not None
    assert run.type_id is not None
    around = contexts_around(reader, Kind.EXECUTION, [run.id])[run.id]
    pipelines = [
        context.id
        for context in reader.nodes(Kind.CONTEXT, around)
        if context.type in PIPELINE_TYPES and context.id is not None
    ]
    in_pipeline = members_within(reader, pipelines, Kind.EXECUTION)
    before: int | None = run.id
    while before is not None:
        found = reader.find(
            Kind.EXECUTION,
            Filter(type_ids=[run.type_id], after_id=before, newest_first=True, limit=100),
        )
        for other in found:
            if (
                isinstance(other, Execution)
                and is_good_run(other)
                and (not pipelines or other.id in in_pipeline)
            ):
                return other
        before = found[-1].id if found else None
    return None


def _format(path: Path) -> str:
    return ".".join(map(str, path)) or "(no path)"
