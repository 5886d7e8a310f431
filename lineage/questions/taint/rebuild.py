"""What to do about a taint: what to run again, what to roll back, and what is still dirty.

**Dirty** is a live affected artifact that nothing has replaced yet (`replacing`).

The plan has, for the dirty artifacts that are asked for (all of them, or those of a type):

- **inputs**: the dirty sources among what the steps read, each of which needs a replacement from
  outside, before any step can run; a marked step is mended and run again instead;
- **steps**: which to run again: those that wrote a dirty artifact that is asked for, or one that
  such a step reads. Deploying steps are not among them; but where a step reads what was deployed,
  that is to be deployed anew before, and what the deploying step read is rebuilt as well. Each
  comes after the steps whose outputs it reads; of steps that could run at once, by id. Steps in a
  circle keep the order of their ids. For each input it says what to take: what it was, its
  replacement, or what an earlier step of the plan, or a deploying one, will write;
- **lost**: what can't be rebuilt, and why: nothing is known to have written it; or each step that
  wrote it is lost: it can't be run again (`lineage.rules.liveness`), or something that it reads is
  gone, or is lost itself, at the root of it;
- **rollbacks**: the deployments in effect of something affected, with the deployment to go back
  to: the last before it at the same place that took effect and whose models are clean and live.
  Where there was none, the newest clean version of its models, if there is one; where a series is
  not known, it says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from lineage.model import Artifact, BaseType, Event, Execution, Kind, Node, Path
from lineage.ports.reader import Reader
from lineage.questions.answer import Answer
from lineage.questions.deployments import Deployment, read_deployments
from lineage.questions.node_json import node_to_json
from lineage.questions.subgraph import Key
from lineage.questions.taint.copies import Copies
from lineage.questions.taint.effect import select_shown
from lineage.questions.taint.propagation import search
from lineage.questions.taint.replacements import Flows, Replacements
from lineage.questions.taint.sources import resolve_taint_queries
from lineage.questions.versions import explain_unknown
from lineage.rules.digests import define_same_content
from lineage.rules.liveness import can_run_again, is_live
from lineage.rules.type_index import TypeIndex
from lineage.session.snapshot import Ref, Snapshot


@dataclass(frozen=True, slots=True)
class InputBinding:
    """What a step is to read under a path: `artifact` itself, or what step `step` will write for
    it; where neither is there yet, `artifact` is None: a replacement is needed."""

    path: Path
    was: Artifact
    artifact: Artifact | None
    step: Execution | None = None

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return {
            "path": list(self.path),
            "was": _name(self.was),
            "artifact": _name(self.artifact) if self.artifact else None,
            "step": _name(self.step) if self.step else None,
        }


@dataclass(frozen=True, slots=True)
class Rerun:
    """A step to run again, after those before it; `for_` is what it rebuilds."""

    step: Execution
    inputs: tuple[InputBinding, ...]
    rebuilds: tuple[Artifact, ...]
    marked: bool

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return node_to_json(
            self.step,
            inputs=[take.to_dict() for take in self.inputs],
            rebuilds=[node_to_json(artifact) for artifact in self.rebuilds],
            marked=self.marked,
        )


@dataclass(frozen=True, slots=True)
class Lost:
    """What can't be rebuilt, and why."""

    artifact: Artifact
    why: str

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return node_to_json(self.artifact, why=self.why)


@dataclass(frozen=True, slots=True)
class Rollback:
    """A deployment to take back, and to what: an earlier one there, or a clean version.

    Where there is neither, `why` says what is not known.
    """

    deployment: Deployment
    to: Deployment | None = None
    versions: tuple[Artifact, ...] = ()
    why: str | None = None

    @property
    def models(self) -> tuple[Artifact, ...]:
        """The models to deploy instead."""
        return self.to.models if self.to is not None else self.versions

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return {
            "deployment": self.deployment.to_dict(),
            "to": self.to.to_dict() if self.to else None,
            "models": [node_to_json(model) for model in self.models],
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class Progress(Answer):
    """How far the clean-up has come. `replaced` are pairs: what was, and what is instead.

    `notes` say what is not known.
    """

    _main: ClassVar[str | None] = "dirty"

    labels: tuple[str | None, ...]
    dirty: tuple[Artifact, ...]
    replaced: tuple[tuple[Artifact, Artifact], ...]
    gone: tuple[Artifact, ...]
    deployed: tuple[Deployment, ...]
    notes: tuple[str, ...] = ()
    complete: bool = True

    @property
    def done(self) -> bool:
        """Whether nothing dirty is left, and nothing affected is deployed."""
        return not self.dirty and not self.deployed

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON has it."""
        return {
            "labels": list(self.labels),
            "done": self.done,
            "dirty": [node_to_json(artifact) for artifact in self.dirty],
            "replaced": [
                {"was": node_to_json(was), "by": node_to_json(by)} for was, by in self.replaced
            ],
            "gone": [node_to_json(artifact) for artifact in self.gone],
            "deployed": [deployment.to_dict() for deployment in self.deployed],
            "notes": list(self.notes),
            "complete": self.complete,
        }


@dataclass(frozen=True, slots=True)
class Rebuild(Answer):
    """The plan: nothing of it has been done, and nothing is stored."""

    _main: ClassVar[str | None] = "steps"

    labels: tuple[str | None, ...]
    inputs: tuple[Artifact, ...]
    steps: tuple[Rerun, ...]
    lost: tuple[Lost, ...]
    rollbacks: tuple[Rollback, ...]
    progress: Progress
    complete: bool = True

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON has it."""
        return {
            "labels": list(self.labels),
            "inputs": [node_to_json(artifact) for artifact in self.inputs],
            "steps": [step.to_dict() for step in self.steps],
            "lost": [lost.to_dict() for lost in self.lost],
            "rollbacks": [rollback.to_dict() for rollback in self.rollbacks],
            "progress": self.progress.to_dict(),
            "complete": self.complete,
        }

    def to_mermaid(self) -> str:
        """A Mermaid flowchart: what is needed from outside, the steps, and what they rebuild."""
        from lineage.captions import caption
        from lineage.pictures.mermaid import in_label, whole

        lines = ["flowchart LR"]
        shown: set[str] = set()

        def show(node: Node, opening: str, closing: str, note: str = "") -> str:
            name = f"{node.kind}{node.id}"
            if name not in shown:
                shown.add(name)
                lines.append(f'    {name}{opening}"{in_label(caption(node))}{note}"{closing}')
            return name

        for artifact in self.inputs:
            show(artifact, "[/", "/]", " (needs a replacement)")
        for at, again in enumerate(self.steps, 1):
            step = show(again.step, "([", "])", f" (run again: {at})")
            for take in again.inputs:
                if take.artifact is not None:
                    lines.append(f"    {show(take.artifact, '[', ']')} --> {step}")
                else:
                    lines.append(f"    {show(take.was, '[', ']')} --> {step}")
            for artifact in again.rebuilds:
                lines.append(f"    {step} --> {show(artifact, '[', ']')}")
        for lost in self.lost:
            show(lost.artifact, "{{", "}}", " (can't be rebuilt)")
        return whole(lines)


def plan_rebuild(
    snapshot: Snapshot,
    *,
    label: str | Sequence[str] | None = None,
    source: Ref | Sequence[Ref] | None = None,
    type: str | None = None,
    causal: bool = False,
    by_content: bool = True,
) -> Rebuild:
    """Return what to run again, and how, for everything dirty, or for that of a type alone.

    Raises
    ------
    NotFound, InvalidValue, UnknownType
        A source, or the type, isn't there.
    """
    asked = select_shown(snapshot.reader, type, None, live=False, deployed=False, as_of_ms=None)
    return _clean_up(snapshot, label, source, causal=causal, by_content=by_content).plan(asked)


def measure_progress(
    snapshot: Snapshot,
    *,
    label: str | Sequence[str] | None = None,
    source: Ref | Sequence[Ref] | None = None,
    causal: bool = False,
    by_content: bool = True,
) -> Progress:
    """Return what has been replaced by something clean, what is dirty, what is deployed.

    Raises
    ------
    NotFound, InvalidValue
        A source isn't there.
    """
    return _clean_up(snapshot, label, source, causal=causal, by_content=by_content).progress()


def _clean_up(
    snapshot: Snapshot,
    label: str | Sequence[str] | None,
    source: Ref | Sequence[Ref] | None,
    *,
    causal: bool = False,
    by_content: bool = True,
) -> CleanUp:
    affected: dict[Key, int] = {}
    searched = resolve_taint_queries(snapshot, label=label, source=source, by_content=by_content)
    for what in searched:
        found = search(snapshot.reader, what, as_of_ms=None, causal=causal)
        for key, depth in found.depths.items():
            affected[key] = min(depth, affected.get(key, depth))
    sources: dict[Key, int] = {}
    for what in searched:
        for key in what.keys & affected.keys():
            since = min((mark.recorded_ms for mark in what.marks_on(key)), default=0)
            sources[key] = max(since, sources.get(key, since))
    labels = tuple(what.label for what in searched)
    copies = Copies(snapshot.reader, define_same_content() if by_content else None, None)
    flows = Flows(snapshot.reader, affected, sources, copies)
    return CleanUp(snapshot.reader, flows, labels)


class CleanUp:
    """A taint's affected nodes, and what has been done about them."""

    def __init__(self, reader: Reader, flows: Flows, labels: tuple[str | None, ...]) -> None:
        self._flows = flows
        self._labels = labels
        self._bases = TypeIndex(reader)
        self._replacements = Replacements(reader, flows)
        self._reader = reader
        self._all = read_deployments(reader, history=True)
        self._at_place: dict[str | None, list[Deployment]] = {}
        for deployment in self._all:
            self._at_place.setdefault(deployment.where, []).append(deployment)
        # What the steps read besides what is affected.
        others = {
            event.artifact_id
            for events in flows.inputs.values()
            for event in events
            if event.artifact_id not in flows.artifacts
        }
        self._others: dict[int, Artifact] = {
            a.id: a
            for a in reader.nodes(Kind.ARTIFACT, sorted(others))
            if isinstance(a, Artifact) and a.id is not None
        }
        self._had, self._runnable = self._can_be_had()
        self._reasons: dict[int, str] = {}

    def progress(self) -> Progress:
        """What is still dirty."""
        dirty: list[Artifact] = []
        replaced: list[tuple[Artifact, Artifact]] = []
        gone: list[Artifact] = []
        for id, artifact in sorted(self._flows.artifacts.items()):
            instead = self._replacements.of(id)
            if instead is not None:
                replaced.append((artifact, instead))
            elif is_live(artifact):
                dirty.append(artifact)
            else:
                gone.append(artifact)
        return Progress(
            self._labels,
            tuple(dirty),
            tuple(replaced),
            tuple(gone),
            tuple(self._affected_ones()),
            tuple(self._notes(dirty)),
        )

    def plan(self, asked: Callable[[Node], bool]) -> Rebuild:
        """What to run again for the dirty artifacts that are asked for, and what to roll back."""
        progress = self.progress()
        goals = [artifact for artifact in progress.dirty if asked(artifact)]
        lost = [
            Lost(artifact, why)
            for artifact in goals
            if (why := self._why_lost(artifact.id or 0)) is not None
        ]
        needed, wanted, inputs = self._needed(goals)
        order = [step for step in self._flows.order() if step in needed]
        places = {step: at for at, step in enumerate(order)}
        return Rebuild(
            labels=self._labels,
            inputs=tuple(self._flows.artifacts[id] for id in sorted(inputs)),
            steps=tuple(self._again(step, wanted, places) for step in order),
            lost=tuple(lost),
            rollbacks=tuple(self._rollback(d) for d in self._affected_ones()),
            progress=progress,
        )

    def _notes(self, dirty: Sequence[Artifact]) -> Iterator[str]:
        unknown = [artifact for artifact in dirty if not self._replacements.is_known(artifact)]
        if unknown:
            yield (
                f"of {len(unknown)} dirty no other version is known; see `lineage series suggest`"
            )

    def _is_source(self, kind: Kind, id: int) -> bool:
        return (kind, id) in self._flows.sources

    def _is_dirty(self, artifact_id: int) -> bool:
        return artifact_id in self._flows.artifacts and self._replacements.of(artifact_id) is None

    def _makers(self, artifact_id: int) -> list[int]:
        """The affected steps that can write it anew."""
        return [
            event.execution_id
            for event in self._flows.writers[artifact_id]
            if event.execution_id in self._runnable
        ]

    def _can_be_had(self) -> tuple[set[int], set[int]]:
        """The artifacts that are there, come from outside, or can be rebuilt; and the steps that
        can run. One pass, as in Kahn's sort: a step counts its inputs down."""
        flows = self._flows
        had = {id for id, other in self._others.items() if is_live(other)}
        had |= {
            id
            for id in flows.artifacts
            if self._is_source(Kind.ARTIFACT, id) or not self._is_dirty(id)
        }
        reads = {x: {e.artifact_id for e in events} for x, events in flows.inputs.items()}
        waiting = {x: len(read - had) for x, read in reads.items() if self._can_run(x)}
        readers: dict[int, list[int]] = {}
        for x in waiting:
            for id in reads[x] - had:
                readers.setdefault(id, []).append(x)
        ready = [x for x, missing in waiting.items() if missing == 0]
        runnable: set[int] = set()
        while ready:
            x = ready.pop()
            runnable.add(x)
            for id in {e.artifact_id for e in flows.outputs[x]} - had:
                had.add(id)
                for reader in readers.get(id, ()):
                    waiting[reader] -= 1
                    if waiting[reader] == 0:
                        ready.append(reader)
        return had, runnable

    def _can_run(self, step_id: int) -> bool:
        return can_run_again(self._flows.steps[step_id], len(self._flows.inputs[step_id]))

    def _why_lost(self, artifact_id: int) -> str | None:
        """Why an artifact can't be rebuilt, at the root of it; None where it can."""
        if artifact_id in self._had:
            return None
        walked: list[int] = []
        at = artifact_id
        while at not in self._reasons:
            walked.append(at)
            found = self._lost_by(at)
            # What leads on is in a circle, unless there is a reason further up.
            label = self._flows.artifacts[at].label
            self._reasons[at] = f"{label} is made of itself, and nothing else makes it"
            if isinstance(found, str):
                self._reasons[at] = found
                break
            at = found
        self._reasons.update(dict.fromkeys(walked, self._reasons[at]))
        return self._reasons[artifact_id]

    def _lost_by(self, artifact_id: int) -> str | int:
        """Why an artifact can't be rebuilt, or the one it was made of that can't be either."""
        artifact = self._flows.artifacts[artifact_id]
        writers = self._flows.writers[artifact_id]
        if not writers:
            return f"nothing is known to have written {artifact.label}"
        step = self._flows.steps[writers[0].execution_id]
        assert step.id is not None
        inputs = self._flows.inputs[step.id]
        if not inputs:
            return f"{step.label}, which wrote {artifact.label}, has no recorded inputs"
        if not self._can_run(step.id):
            return f"{step.label}, which wrote {artifact.label}, ended as {step.state}"
        missing = [e.artifact_id for e in inputs if e.artifact_id not in self._had]
        for other_id in missing:
            other = self._others.get(other_id)
            if other is not None:
                return f"{step.label} read {other.label}, which is {other.state}"
        return missing[0]

    def _needed(self, goals: Iterable[Artifact]) -> tuple[set[int], set[int], set[int]]:
        """The steps to run again, the artifacts that they rebuild, and the sources to replace."""
        steps: set[int] = set()
        passed: set[int] = set()
        wanted: set[int] = set()
        inputs: set[int] = set()
        seen: set[tuple[int, bool]] = set()
        # Each with whether a step that runs again reads it.
        waiting = [
            (a.id, False) for a in goals if a.id is not None and self._why_lost(a.id) is None
        ]
        while waiting:
            id, read = waiting.pop()
            if (id, read) in seen or not self._is_dirty(id):
                continue
            seen.add((id, read))
            wanted.add(id)
            if self._is_source(Kind.ARTIFACT, id):
                inputs.add(id)
                continue
            for maker in self._makers(id):
                if maker in passed or (self._deploys(maker) and not read):
                    continue
                passed.add(maker)
                if not self._deploys(maker):
                    steps.add(maker)
                waiting += [(event.artifact_id, True) for event in self._flows.inputs[maker]]
        return steps, wanted - inputs, inputs

    def _again(self, step_id: int, wanted: set[int], places: Mapping[int, int]) -> Rerun:
        rebuilds = {e.artifact_id for e in self._flows.outputs[step_id]} & wanted
        return Rerun(
            self._flows.steps[step_id],
            tuple(self._take(event, places) for event in self._flows.inputs[step_id]),
            tuple(self._flows.artifacts[id] for id in sorted(rebuilds)),
            self._is_source(Kind.EXECUTION, step_id),
        )

    def _take(self, event: Event, places: Mapping[int, int]) -> InputBinding:
        id = event.artifact_id
        if id in self._others:
            return InputBinding(event.path, self._others[id], self._others[id])
        was = self._flows.artifacts[id]
        instead = self._replacements.of(id)
        if instead is not None or self._is_source(Kind.ARTIFACT, id):
            return InputBinding(event.path, was, instead)
        writers = self._flows.writers[id]
        before = places[event.execution_id]
        # Where a step reads what it writes itself, another that runs before it may write it first.
        # The first that will do is enough: all that read it may ask, and it may have many writers.
        for most in (before, len(places)):
            for writer in writers:
                if places.get(writer.execution_id, most) < most:
                    return InputBinding(
                        event.path, was, None, self._flows.steps[writer.execution_id]
                    )
        maker = next((maker for maker in self._makers(id) if self._deploys(maker)), None)
        return InputBinding(
            event.path, was, None, None if maker is None else self._flows.steps[maker]
        )

    def _deploys(self, step_id: int) -> bool:
        return self._bases.of(self._flows.steps[step_id]) is BaseType.DEPLOY

    def _affected_ones(self) -> list[Deployment]:
        """The deployments in effect of something affected."""
        return [
            deployment
            for deployment in self._all
            if deployment.in_effect(None)
            and any(self._flows.is_affected(a.id or 0) for a in _find_deployed(deployment))
        ]

    def _rollback(self, deployment: Deployment) -> Rollback:
        place = (deployment.time_ms or 0, deployment.execution.id or 0)
        earlier = [
            other
            for other in self._at_place[deployment.where]
            if other.where is not None
            and other.took_effect
            and (other.time_ms or 0, other.execution.id or 0) < place
            and all(
                is_live(model) and not self._flows.is_affected(model.id or 0)
                for model in other.models
            )
        ]
        if earlier:
            return Rollback(deployment, earlier[-1])
        versions = [self._replacements.clean_version(model) for model in deployment.models]
        there = tuple(version for version in versions if version is not None)
        if len(there) == len(versions):
            return Rollback(deployment, None, there)
        unknown = [m for m in deployment.models if not self._replacements.is_known(m)]
        return Rollback(deployment, why=explain_unknown(unknown[0]) if unknown else None)


def _find_deployed(deployment: Deployment) -> Iterable[Artifact]:
    return (*deployment.models, *deployment.outputs)


def _name(node: Node) -> str:
    return f"{node.kind}:{node.id}"
