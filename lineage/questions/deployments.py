"""What is deployed where, since when, and what replaced it.

A deployment is an execution whose type has the base type DEPLOY. Its models are the artifacts of
base type MODEL that it read, or, if it read none, wrote. When it happened is the latest time of its
data-carrying events (the execution's created time where it has none).

**Where**: the first of the properties `endpoint`, `target`, `deployment_target`,
`push_destination`, `pushed_destination` and `destination` that the execution has, else one of its
outputs; of a struct, or of a JSON text that is one, its leaves. Else the uri of the first model
that it wrote. Else nobody knows: such a deployment is in effect for good, and replaces nothing.

**It took effect** unless its state is NEW, RUNNING, FAILED, CANCELED or CACHED (what is cached was
not pushed again), or it or an output says that nothing was pushed (TFX's `pushed` is 0).

**It lasts** until the next deployment to the same place that took effect, by time, then by id.
A step of base type DEPLOY that neither reads nor writes a model takes away what was there.

Two times are kept apart. `at` is when things happened: what was deployed then. `as_of` is what was
known: only events recorded by then are seen, and a deployment of which no output was recorded yet
(no input, where it has no outputs; the execution itself, where it has no events) had not been
heard of. States are not kept over time: a run that failed since is seen as failed. What an output
said that was deleted since is the deployment's own, and so was known from its beginning.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from lineage.errors import InvalidValue
from lineage.model import Artifact, BaseType, Event, Execution, ExecutionState, Flow, Kind, Value
from lineage.model.times import Time, to_milliseconds
from lineage.ports.filters import Filter
from lineage.ports.reader import Reader
from lineage.questions.node_json import node_to_json
from lineage.questions.run_facets import leaves
from lineage.questions.versions import versions_of
from lineage.rules.known_names import check_place, is_at_place
from lineage.rules.type_index import TypeIndex
from lineage.session.snapshot import Ref, Snapshot

N = TypeVar("N", Execution, Artifact)

_PLACES = (
    "endpoint",
    "target",
    "deployment_target",
    "push_destination",
    "pushed_destination",
    "destination",
)
_WITHOUT_EFFECT = frozenset(
    {
        ExecutionState.NEW,
        ExecutionState.RUNNING,
        ExecutionState.FAILED,
        ExecutionState.CANCELED,
        ExecutionState.CACHED,
    }
)


@dataclass(frozen=True, slots=True)
class Deployment:
    """A step that deployed models: which, where, from when until when.

    `until_ms` is None as long as nothing came after it; `ended_by` is the step that did, and
    `replaced_by` the models which that one deployed (none where it only took this one away).
    """

    execution: Execution
    time_ms: int | None
    outputs: tuple[Artifact, ...]
    models: tuple[Artifact, ...] = ()
    where: str | None = None
    took_effect: bool = True
    until_ms: int | None = None
    ended_by: Execution | None = None
    replaced_by: tuple[Artifact, ...] = ()

    def in_effect(self, at_ms: int | None) -> bool:
        """Whether it stood at a time; None asks about what stands last."""
        if not self.took_effect:
            return False
        if at_ms is None:
            return self.until_ms is None
        return (self.time_ms or 0) <= at_ms and (self.until_ms is None or at_ms < self.until_ms)

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return node_to_json(
            self.execution,
            time_ms=self.time_ms,
            where=self.where,
            models=[node_to_json(model) for model in self.models],
            took_effect=self.took_effect,
            until_ms=self.until_ms,
            ended_by=f"execution:{self.ended_by.id}" if self.ended_by else None,
            replaced_by=[node_to_json(model) for model in self.replaced_by],
            outputs=[node_to_json(output) for output in self.outputs],
        )


def list_deployments(
    snapshot: Snapshot,
    model: Ref | None = None,
    *,
    at: Time | None = None,
    where: str | None = None,
    as_of: Time | None = None,
    versions: bool = False,
    history: bool | None = None,
    last: bool = False,
) -> list[Deployment]:
    """Return the deployments in effect, or those of a model; see `Store.deployments`.

    Raises
    ------
    NotFound, InvalidValue
        The model isn't there, or none is named where its versions are asked about.
    """
    if versions and model is None:
        raise InvalidValue("versions=True asks about the versions of a model; name one")
    models: list[Artifact] | None = None
    if model is not None:
        found = snapshot.artifact(model)
        models = versions_of(snapshot.reader, found) if versions else [found]
    return read_deployments(
        snapshot.reader,
        models,
        at_ms=to_milliseconds(at),
        where=where,
        as_of_ms=to_milliseconds(as_of),
        history=model is not None if history is None else history,
        last=last,
    )


def read_deployments(
    reader: Reader,
    models: Sequence[Artifact] | None = None,
    *,
    at_ms: int | None = None,
    where: str | None = None,
    as_of_ms: int | None = None,
    history: bool = False,
    last: bool = False,
) -> list[Deployment]:
    """The deployments in effect (at a time), or all of them with `history`, oldest first.

    With `last`, only the last that took effect (by that time), whether or not it has ended.

    With `models`, only those of these models, or of models made of them by no training (pushed,
    converted), and those that wrote one of them. `where` is a place, or a pattern such as `prod-*`.
    """
    bases = TypeIndex(reader)
    found = _all(reader, bases, as_of_ms)
    if where is not None and not any(d.where and is_at_place(d.where, where) for d in found):
        ever = found if as_of_ms is None else _all(reader, bases, None)
        check_place(where, (d.where for d in ever if d.where))
    if models is not None:
        meant = pass_on(reader, bases, models, as_of_ms=as_of_ms)
        found = [d for d in found if any(m.id in meant for m in (*d.models, *d.outputs))]
    if where is not None:
        found = [d for d in found if d.where is not None and is_at_place(d.where, where)]
    if last:
        began = [d for d in found if d.took_effect and (at_ms is None or (d.time_ms or 0) <= at_ms)]
        return began[-1:]
    if at_ms is not None or not history:
        found = [d for d in found if d.in_effect(at_ms)]
    return found


def pass_on(
    reader: Reader, bases: TypeIndex, models: Sequence[Artifact], *, as_of_ms: int | None = None
) -> set[int]:
    """The ids of these models and of all models made of them by steps that train nothing."""
    found = {model.id for model in models if model.id is not None}
    frontier = sorted(found)
    while frontier:
        read = reader.events(artifact_ids=frontier)
        steps = reader.nodes(Kind.EXECUTION, _ends(read, Flow.INPUT, as_of_ms))
        passing = [s.id for s in steps if bases.of(s) is not BaseType.TRAIN and s.id is not None]
        made = reader.events(execution_ids=passing)
        ids = set(_ends(made, Flow.OUTPUT, as_of_ms)) - found
        fresh = reader.nodes(Kind.ARTIFACT, sorted(ids))
        frontier = [a.id for a in fresh if bases.of(a) is BaseType.MODEL and a.id is not None]
        found.update(frontier)
    return found


def _ends(events: Iterable[Event], flow: Flow, as_of_ms: int | None) -> list[int]:
    """The ids of the nodes that data of a flow went to."""
    known = (e for e in events if e.type.flow is flow and e.is_known_at(as_of_ms))
    return sorted({event.target[1] for event in known})


def said_of(
    step: Execution,
    outputs: Sequence[Artifact],
    bases: TypeIndex,
    going: Container[tuple[Kind, int]],
) -> dict[str, Value]:
    """What would be known of a deployment no more once what is `going` of it and its outputs is
    deleted, as properties of its own: where it went, and that nothing was pushed.
    """
    after = [_empty(a) if (Kind.ARTIFACT, a.id or 0) in going else a for a in outputs]
    left = _empty(step) if (Kind.EXECUTION, step.id or 0) in going else step
    said: dict[str, Value] = {}
    where = _where(step, outputs, _models(outputs, bases))
    if where is not None and _where(left, after, _models(after, bases)) != where:
        # None of these names tells a place here, but one may be there with nothing in it.
        there = {*left.properties, *left.custom_properties}
        # A text that reads as a struct is a place only inside of one.
        told: Value = where if _place(where) == where else {"place": where}
        said.update([(name, told) for name in _PLACES if name not in there][:1])
    if _pushed_nothing(step, *outputs) and not _pushed_nothing(left, *after):
        said["pushed"] = 0
    return said


def find_standing_deployments(reader: Reader) -> tuple[list[Deployment], set[int]]:
    """Find the deployments in effect, and the ids of the steps that say so.

    These are theirs, and those of the steps that took away what was somewhere.
    """
    found = read_deployments(reader, history=True)
    in_effect = [d for d in found if d.in_effect(None)]
    taking_away = {d.ended_by.id for d in found if d.ended_by} - {d.execution.id for d in found}
    steps = {d.execution.id for d in in_effect} | taking_away
    return in_effect, {id for id in steps if id is not None}


def _all(reader: Reader, bases: TypeIndex, as_of_ms: int | None) -> list[Deployment]:
    """Every deployment that had been heard of, with its end, oldest first."""
    steps = reader.find(Kind.EXECUTION, Filter(type_ids=bases.ids([BaseType.DEPLOY])))
    by_id = {s.id: s for s in steps if isinstance(s, Execution) and s.id is not None}
    events: dict[int, list[Event]] = {id: [] for id in by_id}
    for event in reader.events(execution_ids=list(by_id)):
        if event.carries_data:
            events[event.execution_id].append(event)
    artifacts = {
        a.id: a
        for a in reader.nodes(
            Kind.ARTIFACT, sorted({e.artifact_id for some in events.values() for e in some})
        )
        if isinstance(a, Artifact)
    }
    found: list[Deployment] = []
    for id, step in by_id.items():
        if not _heard_of(step, events[id], as_of_ms):
            continue
        seen = [e for e in events[id] if e.is_known_at(as_of_ms)]
        inputs, outputs = _artifacts(seen, Flow.INPUT), _artifacts(seen, Flow.OUTPUT)
        made = tuple(artifacts[a] for a in outputs)
        read = tuple(m for a in inputs if bases.of(m := artifacts[a]) is BaseType.MODEL)
        pushed = tuple(m for m in made if bases.of(m) is BaseType.MODEL)
        found.append(
            Deployment(
                execution=step,
                time_ms=max((e.time_ms or 0 for e in seen), default=step.created_ms),
                outputs=made,
                models=read or pushed,
                where=_where(step, made, pushed),
                took_effect=step.state not in _WITHOUT_EFFECT and not _pushed_nothing(step, *made),
            )
        )
    found.sort(key=lambda d: (d.time_ms or 0, d.execution.id or 0))
    ended = _with_ends(found)
    return [d for d in ended if not _takes_away(d)]


def _heard_of(step: Execution, events: Sequence[Event], as_of_ms: int | None) -> bool:
    if as_of_ms is None:
        return True
    telling = [e for e in events if e.type.flow is Flow.OUTPUT] or events
    if not telling:
        return (step.created_ms or 0) <= as_of_ms
    return any(e.is_known_at(as_of_ms) for e in telling)


def _artifacts(events: Iterable[Event], flow: Flow) -> list[int]:
    return list(dict.fromkeys(e.artifact_id for e in events if e.type.flow is flow))


def _models(artifacts: Iterable[Artifact], bases: TypeIndex) -> list[Artifact]:
    return [artifact for artifact in artifacts if bases.of(artifact) is BaseType.MODEL]


def _empty(node: N) -> N:
    """A node as its deletion leaves it, but for its state."""
    without: dict[str, Any] = {"properties": {}, "custom_properties": {}}
    if isinstance(node, Artifact):
        without["uri"] = None
    return node.model_copy(update=without)


def _takes_away(deployment: Deployment) -> bool:
    return deployment.took_effect and not deployment.models


def _with_ends(found: Sequence[Deployment]) -> list[Deployment]:
    """The same, each ended by the next at its place; `found` is in the order of time."""
    next_at: dict[str, Deployment] = {}
    ended: list[Deployment] = []
    for deployment in reversed(found):
        place = deployment.where
        if deployment.took_effect and place is not None:
            after = next_at.get(place)
            next_at[place] = deployment
            if after is not None:
                deployment = replace(
                    deployment,
                    until_ms=after.time_ms,
                    ended_by=after.execution,
                    replaced_by=after.models,
                )
        ended.append(deployment)
    return ended[::-1]


def _where(step: Execution, outputs: Sequence[Artifact], pushed: Sequence[Artifact]) -> str | None:
    for node in (step, *outputs):
        for name in _PLACES:
            place = _place(node.get(name))
            if place:
                return place
    return next((m.uri for m in pushed if m.uri), None)


def _pushed_nothing(*nodes: Execution | Artifact) -> bool:
    return any(node.get("pushed", 1) in (0, "0") for node in nodes)


def _place(value: Any) -> str | None:
    if isinstance(value, str) and value.startswith("{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return str(value)
    if isinstance(value, dict):
        return " ".join(str(leaf) for _, leaf in leaves(value) if leaf not in (None, {})) or None
    # A number is no place; nor is TFX's "None", which stands for an absent parameter.
    return value if isinstance(value, str) and value not in ("", "None") else None
