"""The part of the graph that removing some nodes could touch, read once.

It is: the nodes asked about and everything downstream; every step that wrote one of those
artifacts, with all that these steps read and wrote (and, where such an input is not live any more,
the steps that wrote it, and so on: it might be rebuilt); the contexts of what is downstream; the
deployments in it, with what ended them, and those that one of them ended.

`read` names every node read and `facts` all that was read, so that a plan can say later whether
any of it changed.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from lineage.model import Artifact, BaseType, Context, Event, Execution, Flow, Kind, Node
from lineage.ports.reader import Reader
from lineage.ports.traversal import Direction, Levels
from lineage.questions.closure import read_levels
from lineage.questions.deployments import Deployment, read_deployments
from lineage.questions.subgraph import Key
from lineage.rules.digests import define_same_content
from lineage.rules.liveness import is_live
from lineage.rules.membership import contexts_below, members_within
from lineage.rules.run_outcome import is_writing
from lineage.rules.type_index import TypeIndex


@dataclass(slots=True)
class DeletionScope:
    """What was read. `depths` has what was asked about (0) and everything downstream."""

    targets: list[Node]
    bases: TypeIndex
    depths: dict[Key, int] = field(default_factory=dict)
    artifacts: dict[int, Artifact] = field(default_factory=dict)
    executions: dict[int, Execution] = field(default_factory=dict)
    contexts: dict[int, Context] = field(default_factory=dict)
    inputs: dict[int, list[int]] = field(default_factory=dict)  # of executions
    outputs: dict[int, list[int]] = field(default_factory=dict)
    makers: dict[int, list[int]] = field(default_factory=dict)  # of artifacts
    users: dict[int, list[int]] = field(default_factory=dict)
    memberships: list[tuple[Kind, int, int]] = field(default_factory=list)
    deployed: dict[int, list[Deployment]] = field(default_factory=dict)  # by artifact, in effect
    # By the step that came last at a place: what was deployed there before, oldest first.
    before: dict[int, list[Deployment]] = field(default_factory=dict)
    members: list[tuple[int, Kind, int]] = field(default_factory=list)  # of contexts asked about
    children: list[tuple[int, int]] = field(default_factory=list)
    deploying: list[Any] = field(default_factory=list)  # what was read of deployments

    def node(self, key: Key) -> Node:
        """A node that was read."""
        kind, id = key
        if kind is Kind.ARTIFACT:
            return self.artifacts[id]
        return self.executions[id] if kind is Kind.EXECUTION else self.contexts[id]

    def downstream(self) -> list[Node]:
        """What was asked about and everything downstream, nearest first."""
        return [self.node(key) for key in sorted(self.depths, key=lambda k: (self.depths[k], k))]

    def after(self, key: Key) -> list[Key]:
        """The nodes one event downstream of one in `depths`."""
        kind, id = key
        if kind is Kind.ARTIFACT:
            return [(Kind.EXECUTION, x) for x in self.users.get(id, ())]
        return [(Kind.ARTIFACT, a) for a in self.outputs.get(id, ())]

    def read(self) -> dict[Kind, tuple[int, ...]]:
        """The ids of all nodes that were read."""
        return {
            Kind.ARTIFACT: tuple(sorted(self.artifacts)),
            Kind.EXECUTION: tuple(sorted(self.executions)),
            Kind.CONTEXT: tuple(sorted(self.contexts)),
        }

    def facts(self) -> Iterator[Any]:
        """All that was read, as JSON has it, in one order."""
        yield from self.deploying
        for nodes in (self.artifacts, self.executions, self.contexts):
            for id, node in sorted(nodes.items()):
                yield [str(node.kind), id, node.updated_ms, str(getattr(node, "state", ""))]
        yield ["near", sorted((str(kind), id) for kind, id in self.depths)]
        for step in sorted({*self.inputs, *self.outputs}):
            yield ["step", step, self.inputs.get(step, []), self.outputs.get(step, [])]
        yield ["in", sorted((str(kind), node, context) for kind, node, context in self.memberships)]
        yield ["holds", sorted((c, str(kind), node) for c, kind, node in self.members)]
        yield ["below", sorted(self.children)]


def expand_members(reader: Reader, targets: Sequence[Node]) -> list[Node]:
    """Return the targets, and for each context among them what is in it and was made in it.

    That is: the contexts below it, the executions in these, and the artifacts that only these
    executions wrote. What they only read, or others wrote too, is not theirs.
    """
    asked = [node.id or 0 for node in targets if node.kind is Kind.CONTEXT]
    contexts = contexts_below(reader, asked)
    steps = members_within(reader, contexts, Kind.EXECUTION)
    made = {e.artifact_id for e in reader.events(execution_ids=sorted(steps)) if is_writing(e)}
    writing = [e for e in reader.events(artifact_ids=sorted(made)) if is_writing(e)]
    made -= {event.artifact_id for event in writing if event.execution_id not in steps}
    found = {(node.kind, node.id): node for node in targets}
    members = ((Kind.CONTEXT, contexts), (Kind.EXECUTION, steps), (Kind.ARTIFACT, made))
    for kind, ids in members:
        for node in reader.nodes(kind, sorted(ids)):
            found.setdefault((kind, node.id), node)
    return list(found.values())


def read_deletion_scope(
    reader: Reader,
    targets: Sequence[Node],
    beside: Iterable[int] = (),
    *,
    by_content: bool = False,
) -> DeletionScope:
    """Read what removing `targets` could touch, and the artifacts `beside`, which stay for them.

    With `by_content`, copies of what is downstream are downstream, and what came of these.
    """
    reach = DeletionScope(list(targets), TypeIndex(reader))
    _keep(reach, targets)
    in_flow = [t for t in targets if t.kind is not Kind.CONTEXT]
    if in_flow:
        for depth, kind, ids in _read_levels(reader, in_flow, by_content):
            reach.depths.update(dict.fromkeys(((kind, id) for id in ids), depth))
        near = {k: sorted(i for kind, i in reach.depths if kind is k) for k in Kind}
        _read_nodes(reader, reach, near)
        _read_steps(reader, reach, near)
        _read_deployments(reader, reach)
        for kind in (Kind.ARTIFACT, Kind.EXECUTION):
            pairs = reader.contexts_of(kind, near[kind])
            reach.memberships += [(kind, node, context) for node, context in pairs]
    _read_nodes(reader, reach, {Kind.ARTIFACT: sorted(set(beside)), Kind.EXECUTION: []})
    _read_contexts(reader, reach)
    return reach


def _read_levels(reader: Reader, starts: Sequence[Node], by_content: bool) -> Levels:
    if not by_content:
        return read_levels(reader, starts, Direction.DOWNSTREAM)
    ids: dict[Kind, list[int]] = {}
    for node in starts:
        ids.setdefault(node.kind, []).append(node.id or 0)
    found = reader.propagate(ids, Direction.DOWNSTREAM, content=define_same_content())
    return found.passed


def _read_nodes(reader: Reader, reach: DeletionScope, ids: dict[Kind, list[int]]) -> None:
    known: dict[Kind, Container[int]] = {
        Kind.ARTIFACT: reach.artifacts,
        Kind.EXECUTION: reach.executions,
    }
    for kind, there in known.items():
        _keep(reach, reader.nodes(kind, [id for id in ids[kind] if id not in there]))


def _keep(reach: DeletionScope, nodes: Iterable[Node]) -> None:
    for node in nodes:
        if isinstance(node, Artifact):
            reach.artifacts[node.id or 0] = node
        elif isinstance(node, Execution):
            reach.executions[node.id or 0] = node


def _read_steps(reader: Reader, reach: DeletionScope, near: dict[Kind, list[int]]) -> None:
    """The steps by which what is near came about and is used, with all that they read and wrote."""
    artifacts, steps, asked = near[Kind.ARTIFACT], set(near[Kind.EXECUTION]), set[int]()
    while artifacts or steps:
        made = reader.neighbours(Kind.ARTIFACT, artifacts, Direction.UPSTREAM)
        steps |= {step for _, step in made}
        steps -= asked
        asked |= steps
        for event in reader.events(execution_ids=sorted(steps)):
            if event.carries_data:
                _tie(reach, event)
        touched = {
            a for x in steps for ends in (reach.inputs, reach.outputs) for a in ends.get(x, ())
        }
        unread = sorted(touched - reach.artifacts.keys())
        _read_nodes(
            reader,
            reach,
            {Kind.ARTIFACT: unread, Kind.EXECUTION: sorted(steps)},
        )
        read = {a for x in steps for a in reach.inputs.get(x, ())}
        artifacts = [a for a in unread if a in read and not is_live(reach.artifacts[a])]
        steps = set()


def _tie(reach: DeletionScope, event: Event) -> None:
    artifact, step = event.artifact_id, event.execution_id
    ways = (
        ((reach.inputs, step, artifact), (reach.users, artifact, step))
        if event.type.flow is Flow.INPUT
        else ((reach.outputs, step, artifact), (reach.makers, artifact, step))
    )
    for ends, owner, other in ways:
        others = ends.setdefault(owner, [])
        # Events are ordered by execution and artifact: the same two again come next.
        if not others or others[-1] != other:
            others.append(other)


def _read_deployments(reader: Reader, reach: DeletionScope) -> None:
    deploying = BaseType.DEPLOY
    steps = {id for id, step in reach.executions.items() if reach.bases.of(step) is deploying}
    if not steps:
        return
    found = read_deployments(reader, history=True)
    _read_before(reach, steps, found)
    for deployment in found:
        if deployment.execution.id not in steps:
            continue
        after = deployment.ended_by
        if after is not None and after.id is not None:
            # It counts only as long as that one did take effect, which is in it and its outputs.
            reach.executions.setdefault(after.id, after)
            ids = [
                a for _, a in reader.neighbours(Kind.EXECUTION, [after.id], Direction.DOWNSTREAM)
            ]
            _read_nodes(reader, reach, {Kind.ARTIFACT: sorted(set(ids)), Kind.EXECUTION: []})
        if deployment.in_effect(None):
            for artifact in (*deployment.models, *deployment.outputs):
                assert artifact.id is not None
                reach.deployed.setdefault(artifact.id, []).append(deployment)
        reach.deploying.append(
            ["deployment", deployment.execution.id, deployment.where, deployment.until_ms]
            + ([after.id] if after is not None else [])
        )


def _read_before(reach: DeletionScope, steps: Set[int], found: Sequence[Deployment]) -> None:
    at_place: dict[str, list[Deployment]] = {}
    for deployment in found:
        if deployment.took_effect and deployment.where is not None:
            at_place.setdefault(deployment.where, []).append(deployment)
    for there in at_place.values():
        # What took the last one away is no deployment itself.
        last = there[-1].ended_by
        before = there if last is not None else there[:-1]
        id = (last or there[-1].execution).id
        if before and id is not None and id in steps:
            reach.before[id] = before
            for deployment in before:
                reach.executions.setdefault(deployment.execution.id or 0, deployment.execution)
            reach.deploying.append(["before", id, [d.execution.id for d in before]])


def _read_contexts(reader: Reader, reach: DeletionScope) -> None:
    asked = [t.id for t in reach.targets if t.kind is Kind.CONTEXT and t.id is not None]
    for id in asked:
        reach.depths[Kind.CONTEXT, id] = 0
    if asked:
        for kind in (Kind.ARTIFACT, Kind.EXECUTION):
            reach.members += [(c, kind, n) for c, n in reader.members_of(asked, kind)]
        reach.children += reader.children_of(asked)
    ids = {context for _, _, context in reach.memberships} | set(asked)
    for node in reader.nodes(Kind.CONTEXT, sorted(ids)):
        assert isinstance(node, Context)
        reach.contexts[node.id or 0] = node
